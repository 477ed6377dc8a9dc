"""Merging 34 entries of each of many feeds: unchanged ones, beside a SELECT a feed; new ones, beside raw inserts.

The store commits as the daemon's writer does, 64 feeds a transaction, with outcomes and states. The SELECT is of
the keys and hashes of a feed's entries. What is inserted raw are the very rows that the merge left, into the same
tables with the same indexes, in the same transactions; search index and copies are made later, in neither.
"""

from __future__ import annotations

import gc
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from time import process_time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.model import Capture, Image, Outcome, Result, Revision
from aggregator.normalize.identity import content_hash
from aggregator.normalize.text.size import measure_text
from aggregator.store import Store
from aggregator.store.schema import entry, entry_key
from aggregator.store.writer import RESULTS_PER_COMMIT
from benchmarks.measure import Figure, side_by_side
from benchmarks.words import CHINESE, ENGLISH, FRENCH, paragraph, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from aggregator.model import SourceState
    from benchmarks.measure import Size
    from benchmarks.words import Tongue

ITEMS = 34  # of a feed
START = datetime(2026, 1, 1, tzinfo=UTC)
_LEASE = timedelta(hours=1)
_TONGUES = (ENGLISH, FRENCH, CHINESE)
_WRITTEN = (
    "content",
    "entry",
    "revision",
    "entry_key",
    "entry_tag",
)  # tables of a merge, as foreign keys allow
_SELECT = (
    "SELECT k.key, e.hash FROM entry_key k JOIN entry e ON e.id = k.entry_id WHERE k.key IN ({})"
)

Feeds = list[tuple[Revision, ...]]


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    feeds = [feed(number) for number in range(size.feeds)]
    numbers = count()
    merged = place / "0.db"
    ours, raw = side_by_side(
        size.rounds,
        lambda: _merge_new(place / f"{next(numbers)}.db", feeds),
        lambda: _insert(merged, place / "raw.db"),
    )
    entries = f"{size.feeds * ITEMS:,} entries"
    new = Figure(
        "new entries, to executemany of their rows",
        ours / raw,
        "x",
        2.5,
        _detail(entries, ours, raw),
    )
    with closing(Store.open(f"sqlite:///{merged}", text_of=str)) as store:
        hours = count(1)
        ours, plain, core = side_by_side(
            2 * size.rounds + 1,
            lambda: _merge_again(store, feeds, START + next(hours) * _LEASE),
            lambda: _select_plainly(merged, feeds),
            lambda: _select_by_core(store, feeds),
        )
    return [
        new,
        Figure(
            "unchanged entries, to SELECTs (sqlite3)",
            ours / plain,
            "x",
            None,
            _detail(entries, ours, plain),
        ),
        Figure(
            "unchanged entries, to SELECTs (Core)",
            ours / core,
            "x",
            2.0,
            _detail(entries, ours, core),
        ),
    ]


def feed(number: int, items: int = ITEMS) -> tuple[Revision, ...]:
    """Make the entries of one feed, each of 2 to 3 KB."""
    random, tongue = Random(f"feed {number}"), _TONGUES[number % len(_TONGUES)]
    return tuple(article(random, tongue, f"feed-{number}", item) for item in range(items))


def article(random: Random, tongue: Tongue, source: str, number: int) -> Revision:
    """Make one entry as a feed with full texts states it."""
    url = f"https://{source}.example.org/{random.getrandbits(40):x}/{number}"
    published = START - timedelta(minutes=30 * number + random.randint(0, 29))
    html = "".join(
        f"<p>{paragraph(random, tongue, random.randint(380, 560))}</p>" for _ in range(5)
    )
    made = Revision(
        source=source,
        keys=(f"url:{url.removeprefix('https://')}", f"guid:tag:{source},2026:{number}"),
        guarded=False,
        at=START,
        captured=START,
        hash="",
        url=url,
        url_original=f"{url}?utm_source=rss",
        title=title(random, tongue),
        published=published,
        published_from="feed",
        summary=paragraph(random, tongue, 150),
        content_html=html,
        authors=(" ".join(random.sample(ENGLISH.words, 2)).title(),),
        tags=tuple(random.sample(tongue.words, 3)),
        language="zh-Hans" if tongue is CHINESE else tongue.code,
        publisher=f"The {source} Times",
        image=Image(f"https://{source}.example.org/{number}.jpg"),
        guid=f"tag:{source},2026:{number}",
        provenance={
            name: f"feed:{name}"
            for name in ("authors", "content_html", "guid", "published", "title", "summary", "url")
        },
    )
    content = content_hash({"title": made.title, "summary": made.summary, "content": html})
    # As the parser processes do: it is no part of merging.
    size = measure_text(made.title, html, made.summary)
    return replace(made, hash=content, text_size=size)


def commit(store: Store, group: Sequence[tuple[Revision, ...]], now: datetime) -> float:
    """Commit one run of each of these feeds; return the CPU seconds."""
    names = {revisions[0].source for revisions in group}
    claimed = store.claim(now, limit=len(names), lease=_LEASE, sources=names, force=True)
    states = {state.source: state for state in claimed}
    results = [_result(states[revisions[0].source], revisions, now) for revisions in group]
    gc.freeze()  # the collector shall not walk through what the benchmark made
    begun = process_time()
    store.commit(results, now=now)
    return process_time() - begun


def _result(state: SourceState, revisions: tuple[Revision, ...], now: datetime) -> Result:
    """Make the result of a poll; its capture is of a few bytes: the keeping of captures is not what is measured."""
    capture = Capture(state.source, f"https://{state.source}.example.org/feed", now, b"<rss/>")
    outcome = Outcome(state.source, now, 1, "ok", found=len(revisions))
    return Result(
        state, outcome, captures=(capture,), revisions=revisions, shares=(len(revisions),)
    )


def _groups(feeds: Feeds) -> Iterator[Feeds]:
    return (
        feeds[begin : begin + RESULTS_PER_COMMIT]
        for begin in range(0, len(feeds), RESULTS_PER_COMMIT)
    )


def _merge_new(path: Path, feeds: Feeds) -> float:
    """Merge everything into a new store; return the CPU seconds of it."""
    with closing(Store.open(f"sqlite:///{path}", text_of=str)) as store:
        store.sync_sources([(revisions[0].source, "", START) for revisions in feeds])
        return sum(commit(store, group, START) for group in _groups(feeds))


def _merge_again(store: Store, feeds: Feeds, now: datetime) -> float:
    """Poll everything once more, as it was; return the CPU seconds of it."""
    again = [
        tuple(replace(revision, at=now, captured=now) for revision in revisions)
        for revisions in feeds
    ]
    return sum(commit(store, group, now) for group in _groups(again))


def _insert(merged: Path, path: Path) -> float:
    """Insert the rows of a merged store into a new one, feed after feed; return the CPU seconds of it."""
    path.unlink(missing_ok=True)
    Store.open(f"sqlite:///{path}", text_of=str).close()
    with (
        closing(sqlite3.connect(merged)) as source,
        closing(sqlite3.connect(path, isolation_level=None)) as target,
    ):
        target.executescript("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
        sources = source.execute("SELECT * FROM source").fetchall()
        target.executemany(_insertion("source", sources), sources)
        feeds = sorted(number for number, *_ in sources)
        parts = [
            _rows(source, feeds[begin : begin + RESULTS_PER_COMMIT])
            for begin in range(0, len(feeds), RESULTS_PER_COMMIT)
        ]
        return sum(_insert_part(target, part) for part in parts)


def _rows(source: sqlite3.Connection, feeds: list[int]) -> dict[str, list[Any]]:
    """Read the rows that these feeds brought, in the order in which they were written."""
    own = f"IN (SELECT id FROM entry WHERE source_id BETWEEN {feeds[0]} AND {feeds[-1]})"
    of = {
        "content": f"id IN (SELECT content_id FROM entry WHERE id {own})",
        "entry": f"id {own}",
        "revision": f"entry_id {own}",
        "entry_key": f"entry_id {own}",
        "entry_tag": f"entry_id {own}",
    }
    return {
        table: source.execute(f"SELECT * FROM {table} WHERE {of[table]}").fetchall()
        for table in _WRITTEN
    }


def _insert_part(target: sqlite3.Connection, part: dict[str, list[Any]]) -> float:
    begun = process_time()
    target.execute("BEGIN IMMEDIATE")
    for table, rows in part.items():
        if rows:
            target.executemany(_insertion(table, rows), rows)
    target.execute("COMMIT")
    return process_time() - begun


def _insertion(table: str, rows: Sequence[Any]) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"


def _select_plainly(path: Path, feeds: Feeds) -> float:
    """Ask for the keys and hashes of each feed's entries through sqlite3; return the CPU seconds."""
    asked = [_keys(revisions) for revisions in feeds]
    with closing(sqlite3.connect(path)) as connection:
        begun = process_time()
        for keys in asked:
            dict(connection.execute(_SELECT.format(", ".join("?" * len(keys))), keys).fetchall())
        return process_time() - begun


def _select_by_core(store: Store, feeds: Feeds) -> float:
    """Ask for the same through SQLAlchemy Core."""
    asked = [_keys(revisions) for revisions in feeds]
    query = sa.select(entry_key.c.key, entry.c.hash).join(entry, entry.c.id == entry_key.c.entry_id)
    with store._engines.read.connect() as connection:  # noqa: SLF001 - beside the store, on its own connection
        begun = process_time()
        for keys in asked:
            dict(connection.execute(query.where(entry_key.c.key.in_(keys))).all())
        return process_time() - begun


def _keys(revisions: Sequence[Revision]) -> list[str]:
    return [key for revision in revisions for key in revision.keys]


def _detail(entries: str, ours: float, theirs: float) -> str:
    return f"{ours:.2f} s, {theirs:.2f} s for {entries}"


if __name__ == "__main__":
    from benchmarks.__main__ import main

    sys.exit(main(["merging", *sys.argv[1:]]))
