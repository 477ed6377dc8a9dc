"""What becomes of a store of the previous version, schema 0003, when it is opened.

`0003.db.gz` was written by that version: articles that several sources tell, edits, comments that
it had merged into their post, bulletins under one link, a number used twice, and what was deleted.
"""

from __future__ import annotations

import gzip
import importlib
import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from aggregator.errors import StoreError
from aggregator.model import Capture, Outcome, Result
from aggregator.normalize.html import html_to_text
from aggregator.normalize.identity import url_key
from aggregator.normalize.url import fragment_key
from aggregator.parse.captures import parse_captures
from aggregator.parse.task import ParseTask
from aggregator.rules.loader import load_sites
from aggregator.store import Store
from aggregator.store.content import urn
from aggregator.store.engine import create_engines, write_transaction
from aggregator.store.migrations import upgrade
from aggregator.store.schema import HEAD, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OLD_STORE = gzip.decompress(
    (Path(__file__).parents[1] / "data/stores/0003.db.gz").read_bytes(),
)
SITES = load_sites()
START = datetime(2026, 3, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = START + 260 * HOUR  # after the last run of the previous version
KEEP = timedelta(days=5)
BLOG, FORGE = "https://blog.example", "https://forge.example"
MIGRATION: Any = importlib.import_module("aggregator.store.migrations.versions.0004_statements")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    path.write_bytes(OLD_STORE)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{path}", text_of=html_to_text) as store:
        yield store


@pytest.fixture
def old_url(bare_url: Any, path: Path) -> Iterator[str]:
    """The old store on either database; on PostgreSQL its rows are copied."""
    with bare_url() as url:
        if url.startswith("sqlite"):
            yield f"sqlite:///{path}"
            return
        engines = create_engines(url)
        with write_transaction(engines) as connection:
            upgrade(connection, to="0003")
            _copy_rows(path, connection)
        engines.read.dispose()
        engines.write.dispose()
        yield url


def _copy_rows(path: Path, connection: sa.Connection) -> None:
    source = sa.create_engine(f"sqlite:///{path}")
    old = sa.MetaData()
    present = set(sa.inspect(connection).get_table_names())
    old.reflect(
        connection, only=[one.name for one in metadata.sorted_tables if one.name in present]
    )
    with source.connect() as reader:
        for table in old.sorted_tables:
            names = ", ".join(column.name for column in table.columns)
            rows = reader.execute(sa.text(f"SELECT {names} FROM {table.name}")).mappings()
            values = [_typed(table, row) for row in rows]
            if values:
                connection.execute(sa.insert(table), values)
            if table.name in ("source", "revision", "capture", "outcome"):
                connection.execute(
                    sa.text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id))"
                        f" FROM {table.name}"
                    )
                )
    source.dispose()
    connection.execute(sa.text("UPDATE entry SET words_crc = NULL"))


def _typed(table: sa.Table, row: Any) -> dict[str, Any]:
    """SQLite has no booleans."""
    values = dict(row)
    for column in table.columns:
        if isinstance(column.type, sa.Boolean) and values[column.name] is not None:
            values[column.name] = bool(values[column.name])
    return values


def rows_of(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def poll_again(store: Store, source: str, now: datetime = LATER) -> Outcome:
    """Let a source say what it said last: a folder all its files."""
    captures = list(store.captures(source))
    if source != "saved":
        captures = captures[-1:]
    return _commit(store, source, [replace(one, taken=now) for one in captures], now)


def poll(store: Store, source: str, items: Sequence[str], now: datetime = LATER) -> Outcome:
    body = f'<rss version="2.0"><channel><title>Feed</title>{"".join(items)}</channel></rss>'
    [*_, last] = store.captures(source)
    return _commit(store, source, [Capture(source, last.url, now, body.encode())], now)


def _commit(store: Store, source: str, captures: Sequence[Capture], now: datetime) -> Outcome:
    is_folder = source == "saved"
    adapter = "archive" if is_folder else "feed"
    parsed = parse_captures(captures, ParseTask(source, adapter, full_text="never"), SITES)
    [state] = store.claim(now, limit=1, lease=HOUR, sources=[source], force=True)
    outcome = Outcome(source, now, 1, "ok", found=len(parsed.revisions))
    result = Result(
        state,
        outcome,
        tuple(captures),
        parsed.revisions,
        keep_sightings=is_folder,
        shares=parsed.revisions_per_capture,
    )
    [done] = store.commit([result], now=now)
    return done


def item(title: str, link: str, published: datetime, guid: str | None = None) -> str:
    stated = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    return (
        f"<item><title>{title}</title><link>{link}</link>{stated}"
        f"<pubDate>{format_datetime(published)}</pubDate>"
        f"<description>{title}, in other words and at some length.</description></item>"
    )


def poll_all_again(store: Store) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """Return what came new and changed, and the notes, of the sources with any of it."""
    brought = {}
    for state in store.states():
        outcome = poll_again(store, state.source)
        if outcome.new or outcome.changed or outcome.notes or outcome.message:
            brought[state.source] = (outcome.new, outcome.changed, outcome.notes)
    return brought


def identities(rows: Sequence[Any]) -> list[Any]:
    return [tuple(row)[:4] for row in rows]


IDENTITY = "SELECT uid, first_seen, published, revision, updated FROM entry ORDER BY id"


def test_every_entry_keeps_id_dates_and_number_of_revisions(old_url: str, path: Path) -> None:
    before = rows_of(path, IDENTITY)
    with (
        Store.open(old_url, text_of=html_to_text) as store,
        store._engines.read.connect() as connection,
    ):
        after = [tuple(row) for row in connection.execute(sa.text(IDENTITY))]

    assert identities(after) == identities(before)
    assert all(new[4] >= old[4] for new, old in zip(after, before, strict=True))


def test_sources_that_say_the_same_again_bring_only_what_had_been_merged(old_url: str) -> None:
    """Comments on the post about honey and on jars, and a link blog's remark on a place in a page."""
    with Store.open(old_url, text_of=html_to_text) as store:
        before = len(list(store.entries()))
        brought = poll_all_again(store)
        again = poll_all_again(store)
        after = len(list(store.entries()))

    assert brought == {"comments": (1, 0, ()), "remarks": (1, 0, ()), "links": (1, 0, ())}
    assert again == {}
    assert after == before + 3


def test_the_best_statement_of_an_article_is_shown(store: Store) -> None:
    """The saved page, not the feed's excerpt; the post, neither its comment nor a link to it."""
    shown = {}
    for url in ("gazette.example/bridge", "blog.example/bees", "blog.example/honey"):
        [entry] = store.find_entries(f"https://{url}")
        text = entry.content_text or entry.summary or ""
        shown[url] = (entry.title, text[-30:])

    assert shown == {
        "gazette.example/bridge": ("The bridge opens", "ad by the mill. A choir sings."),
        "blog.example/bees": ("Bees on the roof", "irst one. And with the second."),
        "blog.example/honey": ("Honey, finally", "hat will never be clean again."),
    }


def test_a_comment_that_was_merged_leaves_its_posts_keys_alone(store: Store) -> None:
    poll_again(store, "comments")

    assert keys_of(store, f"{BLOG}/honey") == [
        "guid:url://blog.example/?p=12",
        "url://blog.example/honey",
    ]
    assert [one.title for one in store.find_entries(f"{BLOG}/honey#comment-3")] == [
        "Comment on Honey by Ann"
    ]


def test_the_first_of_merged_comments_keeps_the_entry_and_the_last_comes_new(store: Store) -> None:
    [before] = store.find_entries("url://glass.example/jars")
    outcome = poll_again(store, "remarks")
    [last] = store.find_entries("https://glass.example/jars#comment-3")

    assert (outcome.new, outcome.changed) == (1, 0)
    assert keys_of(store, before.id) == [
        "url://glass.example/jars",
        "url://glass.example/jars#comment-1",
    ]
    assert (last.title, last.revision) == ("Comment on Jars by Hal", 1)


def keys_of(store: Store, url: str) -> list[str]:
    [entry] = store.find_entries(url)
    query = sa.text(
        "SELECT k.key, e.uid FROM entry_key k JOIN entry e ON e.id = k.entry_id ORDER BY k.key"
    )
    with store._engines.read.connect() as connection:
        return [key for key, uid in connection.execute(query) if urn(bytes(uid)) == entry.id]


def test_notes_that_were_one_entry_are_apart_from_now_on(store: Store) -> None:
    notes = []
    for number in (3, 4, 5):
        published = datetime(2026, 3, 19, 14, number, tzinfo=UTC)
        guid = f"{FORGE}/issue/7#note-{number}"
        notes.append(item("Issue 7: comment", f"{FORGE}/issue/7", published, guid))
    outcome = poll(store, "notes", notes)

    assert (outcome.new, outcome.changed) == (2, 1)  # the third is written in other words


def test_what_was_deleted_does_not_return(store: Store) -> None:
    poll_all_again(store)
    later = store.prune(LATER + HOUR, dict.fromkeys(source_names(store), KEEP))
    poll_all_again(store)
    titles = {entry.title for entry in store.entries()}

    assert later.tombstones == 0
    assert titles.isdisjoint({"Library closes early", "Headlines", "Comment on Spam by Eve"})


def source_names(store: Store) -> list[str]:
    return [state.source for state in store.states()]


def test_what_appears_after_a_deletion_under_the_same_address_comes(store: Store) -> None:
    """Also where `prune` has seen in between that the deleted one is still listed."""
    published = LATER + HOUR / 2
    store.prune(LATER + HOUR, dict.fromkeys(source_names(store), KEEP))
    news = {
        "comments": item("Comment on Spam by Dot", f"{BLOG}/spam#comment-8", published),
        "headlines": item("Headlines", "https://radio.example/headlines", published, "h-260"),
    }
    outcomes = [
        poll(store, source, [new], now=LATER + 2 * HOUR).new for source, new in news.items()
    ]

    assert outcomes == [1, 1]


def test_what_was_deleted_stays_so_when_its_link_is_listed_for_others_too(store: Store) -> None:
    link, published = "https://radio.example/headlines", LATER - 2 * HOUR
    deleted = item("Headlines", link, datetime(2026, 3, 19, 9, 0, 30, tzinfo=UTC), "h-9")
    outcome = poll(store, "headlines", [item("Headlines", link, published, "h-258"), deleted])

    assert (outcome.new, outcome.same) == (1, 1)


def test_what_was_deleted_is_remembered_while_it_is_listed(store: Store) -> None:
    """Also if no source has said anything new since the migration."""
    much_later = START + 2000 * HOUR
    dropped = store.prune(much_later, dict.fromkeys(source_names(store), KEEP)).tombstones
    poll_again(store, "gazette", now=much_later)
    titles = {entry.title for entry in store.entries()}

    assert dropped == 3  # what the previous version pruned, and nobody lists
    assert titles.isdisjoint({"Library closes early", "A well is found"})


def test_an_item_without_guid_stays_deleted_when_its_link_has_others(store: Store) -> None:
    [second] = store.find_entries("url://tool.example/changes#version 2")
    store.delete_entries([second.id], now=LATER)
    outcome = poll_again(store, "changelog", now=LATER + HOUR)

    assert (outcome.new, outcome.changed) == (0, 0)


def test_pruning_deletes_only_what_is_listed_no_more(store: Store) -> None:
    before = {entry.id: entry.url for entry in store.entries()}
    keep = dict.fromkeys(source_names(store), KEEP)

    assert store.prune(LATER, keep).entries == ()
    deleted = store.prune(START + 400 * HOUR, keep)
    assert [before[one] for one in deleted.entries] == ["https://gazette.example/market"]


def test_what_drops_out_after_the_migration_is_marked_and_goes(store: Store) -> None:
    keep = dict.fromkeys(source_names(store), KEEP)
    poll(store, "courier", [item("Sun at last", "https://courier.example/sun", LATER)])
    before = {entry.id: entry.url for entry in store.entries(source="courier")}
    deleted = store.prune(LATER + KEEP + HOUR, keep)

    assert {before[one] for one in deleted.entries if one in before} == {
        "https://courier.example/ships",
        "https://courier.example/rain",
    }


def test_both_articles_of_a_number_that_was_used_again_were_listed(store: Store) -> None:
    url = "https://www.voanews.com/a/dam/7001.html"
    poll(store, "voa", [item("A dam is built", url, datetime(2026, 3, 10, 8, 7, tzinfo=UTC), url)])
    store.prune(LATER + KEEP + HOUR, dict.fromkeys(source_names(store), KEEP))

    assert [entry.title for entry in store.entries(source="voa")] == ["A dam is built"]


def test_entries_are_found_by_what_they_were_found_by(store: Store) -> None:
    found = {}
    for name in (
        "https://gazette.example/?p=3",
        "https://gazette.example/2026/crane",
        "https://gazette.example/news/harbour-crane",
        "https://gazette.example/school#ftag=RSS1",
        "voa:7001",
        "url://glass.example/jars",
    ):
        entries = store.find_entries(name, url_key=url_key)
        found[name] = sorted(entry.title for entry in entries)
    ids = [entry.id for entry in store.entries()]

    assert found == {
        "https://gazette.example/?p=3": ["Museum finds a map"],
        "https://gazette.example/2026/crane": ["Harbour gets a crane"],
        "https://gazette.example/news/harbour-crane": ["Harbour gets a crane"],
        "https://gazette.example/school#ftag=RSS1": ["School gets a roof"],
        "voa:7001": ["A dam is built", "A dance is banned"],
        "url://glass.example/jars": ["Comment on Jars by Hal"],
    }
    assert [store.find_entries(one)[0].id for one in ids] == ids


def test_an_entry_that_came_back_to_its_first_text_goes_on_counting(store: Store) -> None:
    [before] = store.find_entries("https://gazette.example/tram")
    published = datetime(2026, 3, 18, 9, 7, tzinfo=UTC)
    poll(store, "gazette", [item("Trams", "https://gazette.example/tram", published, "gz-2")])
    [after] = store.find_entries("https://gazette.example/tram")

    assert (before.revision, before.updated) == (3, START + 200 * HOUR)
    assert (after.revision, after.updated) == (4, LATER)


def test_copies_of_a_text_are_still_one_group(store: Store) -> None:
    store.update_indexes()  # copies are decided anew
    [copy] = store.find_entries("https://courier.example/ships")
    groups = {}
    for entry in store.view(100, now=LATER):
        if entry.duplicates:
            groups[entry.url] = entry.duplicates

    assert groups == {"https://gazette.example/port": (copy.id,)}


def test_a_migrated_store_has_the_tables_of_a_new_one(store: Store, template: Path) -> None:
    with Store.open(f"sqlite:///{template}", text_of=str) as new:
        assert schema_of(store) == schema_of(new)


def schema_of(store: Store) -> Any:
    with store._engines.read.connect() as connection:
        inspector = sa.inspect(connection)
        query = "SELECT name, replace(sql, '\"', '') FROM sqlite_master WHERE type = 'index' AND sql <> ''"
        indexes = sorted(map(tuple, connection.execute(sa.text(query))))
        columns = {}
        for name in inspector.get_table_names():
            columns[name] = [
                {**one, "type": str(one["type"])} for one in inspector.get_columns(name)
            ]
    return columns, indexes


def test_opening_it_again_changes_nothing(store: Store, path: Path) -> None:
    store.close()
    before = dump(path)
    Store.open(f"sqlite:///{path}", text_of=html_to_text).close()

    assert dump(path) == before


def test_a_migration_that_fails_leaves_the_old_store(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE content SET body = x'00' WHERE id = (SELECT max(id) FROM content)"
        )
    before = dump(path)

    with pytest.raises(StoreError, match="cannot be migrated and is as it was"):
        Store.open(f"sqlite:///{path}", text_of=html_to_text)
    assert dump(path) == before
    assert rows_of(path, "SELECT version_num FROM alembic_version") == [("0003",)]


def test_a_migration_says_when_it_begins_and_ends(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="aggregator")
    Store.open(f"sqlite:///{path}", text_of=html_to_text).close()
    copied, first, last = [
        one.getMessage() for one in caplog.records if one.name.startswith("aggregator")
    ]

    assert f"{path}.schema-0003" in copied
    assert first == f"{path}: migrating 24 entries from schema 0003 to {HEAD}"
    assert last.startswith(f"{path}: migrated 24 entries in ")


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/p",
        "https://a.example/p#",
        "https://a.example/p#comment-4",
        "https://a.example/p#Überschrift",
        "https://a.example/p#two words",
        "https://a.example/p#v1.2:~:text=more",
        "https://a.example/p#:~:text=more",
        "https://a.example/p#more-17",
        "https://a.example/p#Comments",
        "https://a.example/p#ftag=RSSbaffb68",
        "https://a.example/p#tk.rss_all",
        "https://a.example/p#ref=share",
        "https://a.example/p#ref=rss",
        "https://a.example/p#xtor=RSS-1",
    ],
)
def test_the_place_in_a_page_is_the_one_that_new_keys_have(url: str) -> None:
    assert MIGRATION._place_of_url(url) == fragment_key(url)


@pytest.mark.parametrize(
    ("old", "link", "guid", "new"),
    [
        (["url://a.example/p"], "https://a.example/p", None, ["url://a.example/p"]),
        (["item:a:title:"], None, None, ["item:a:title:"]),
        (["guid:a:7"], "https://a.example/", "7", ["guid:a:7"]),
        # the link of a comment, and the number of its page
        (
            ["a:7", "url://a.example/p", "guid:a:9"],
            "https://a.example/p#c-4",
            "9",
            ["a:7#c-4", "url://a.example/p#c-4", "guid:a:9"],
        ),
        # a guid that is another URL
        (
            ["url://a.example/p", "url://a.example/?p=3"],
            "https://a.example/p",
            "http://www.a.example/?p=3",
            ["url://a.example/p", "guid:url://a.example/?p=3"],
        ),
        # a guid that names a place in the page
        (
            ["url://a.example/p"],
            "https://a.example/p",
            "https://a.example/p#note-1",
            ["url://a.example/p", "guid:url://a.example/p#note-1"],
        ),
        # a guid that was not trusted
        (
            ["url://a.example/p"],
            "https://a.example/p",
            "https://a.example/same",
            ["url://a.example/p"],
        ),
        # the key by which an article was recognised after it moved is no guid
        (
            ["url://a.example/new", "url://a.example/old"],
            "https://a.example/new",
            "https://a.example/new",
            ["url://a.example/new"],
        ),
        # several items with one link: its title, and the guid that is a URL
        (
            ["url://a.example/p#title", "url://a.example/x"],
            "https://a.example/p",
            "https://a.example/x",
            ["url://a.example/p#title", "guid:url://a.example/x", "url://a.example/p"],
        ),
        # several comments without guids on one page
        (
            ["url://a.example/p#title"],
            "https://a.example/p#c-4",
            None,
            ["url://a.example/p#title", "url://a.example/p#c-4"],
        ),
        # a fragment that names a page
        (["url://a.example/#!/p"], "https://a.example/#!/p", None, ["url://a.example/#!/p"]),
    ],
)
def test_keys_are_made_anew_of_what_was_stated(
    old: list[str], link: str | None, guid: str | None, new: list[str]
) -> None:
    assert MIGRATION._new_keys(old, {"url_original": link, "guid": guid}) == new
