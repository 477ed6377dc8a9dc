"""A whole store goes through a file: from one database to another and back it is the same."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa

from aggregator.errors import UsageError
from aggregator.model import Capture, Outcome, Result
from aggregator.source_health import VerdictChange
from aggregator.store import Store
from aggregator.store.health import store_changes
from aggregator.store.schema import HEAD, capture, metadata, revision, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def open_sqlite(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens new SQLite stores."""
    opened: list[Store] = []

    def open_new() -> Store:
        path = tmp_path / f"own-{len(opened)}.db"
        opened.append(Store.open(f"sqlite:///{path}", text_of=str))
        return opened[-1]

    yield open_new
    for store in opened:
        store.close()


@pytest.fixture
def fill(revise: Any, bring: Any, start: Any) -> Callable[[Store], None]:
    """Brings articles with edits, copies, tags and captures into a store, and deletes one."""

    def fill(store: Store) -> None:
        words = " ".join(f"word{number}" for number in range(60))
        bring(store, [revise("a", text=words, tags=("x", "y")), revise("b"), revise("gone")])
        bring(
            store,
            [revise("a", 2, text=f"{words} more", tags=("x",))],
            now=start + timedelta(hours=2),
        )
        bring(store, [revise("c", text=words, source="wire")], source="wire")
        store.delete_entries([store.find_entries("url:gone")[0].id], now=start)
        [state] = store.claim(
            start, limit=1, lease=timedelta(minutes=5), sources=["wire"], force=True
        )
        captured = Capture(
            source="wire",
            url="https://wire.example/",
            taken=start,
            status=200,
            headers={"etag": '"1"'},
            body=b"\x00\xff not text",
        )
        outcome = Outcome("wire", start, 7, "failed", error="http", message="HTTP 503")
        waits = {"wire.example": start + timedelta(hours=1)}
        store.commit([Result(state, outcome, captures=(captured,), host_waits=waits)], now=start)
        while store.update_indexes():
            pass
        with store._engines.write.begin() as connection:
            [source_id, *_] = connection.scalars(sa.select(source.c.id))
            change = VerdictChange("wire", start, "ok", "broken", ("HTTP 503",))
            store_changes(connection, [(source_id, change)])

    return fill


def tables_of(store: Store, *, without: tuple[sa.Table, ...] = ()) -> dict[str, list[Any]]:
    """Return all rows of all tables, as SQLAlchemy reads them."""
    found = {}
    with store._engines.read.connect() as connection:
        for table in metadata.sorted_tables:
            if table not in without:
                rows = connection.execute(sa.select(table).order_by(*table.primary_key))
                found[table.name] = [tuple(row) for row in rows]
    return found


def copy_into(store: Store, lines: list[bytes]) -> dict[str, int]:
    counts = store.upkeep.import_lines(lines, name="store.jsonl")
    while store.update_indexes():
        pass
    return counts


def test_a_store_comes_back_from_any_other_database_as_it_was(
    url: str, open_sqlite: Any, fill: Any
) -> None:
    first, last = open_sqlite(), open_sqlite()
    fill(first)
    lines = list(first.upkeep.export_lines(with_captures=True))
    with Store.open(url, text_of=str) as other:
        copy_into(other, lines)
        between = list(other.upkeep.export_lines(with_captures=True))
        found = [entry.url for entry in other.entries(search="word7")]
    copy_into(last, between)

    before = tables_of(first)
    empty = [name for name, rows in before.items() if not rows]
    assert empty == []
    assert tables_of(last) == before
    assert between == lines
    assert found == [entry.url for entry in first.entries(search="word7")] != []


def test_new_rows_are_numbered_after_those_that_came(
    url: str, open_sqlite: Any, fill: Any, revise: Any, bring: Any, start: Any
) -> None:
    first = open_sqlite()
    fill(first)
    with Store.open(url, text_of=str) as other:
        copy_into(other, list(first.upkeep.export_lines()))
        later = start + timedelta(days=1)
        bring(other, [revise("new", 24)], now=later)
        bring(other, [revise("other", 24, source="third")], source="third", now=later)
        with other._engines.read.connect() as connection:
            names = list(connection.scalars(sa.select(source.c.name).order_by(source.c.id)))
            numbers = list(connection.scalars(sa.select(revision.c.id).order_by(revision.c.id)))

    assert names == ["news", "wire", "third"]
    assert len(set(numbers)) == len(numbers) == 6


def test_captures_stay_behind_unless_they_are_asked_for(open_sqlite: Any, fill: Any) -> None:
    first, last = open_sqlite(), open_sqlite()
    fill(first)

    counts = copy_into(last, list(first.upkeep.export_lines()))

    assert "capture" not in counts
    assert tables_of(last, without=(capture,)) == tables_of(first, without=(capture,))


def test_a_run_of_the_exported_store_is_none_of_the_new_one(
    open_sqlite: Any, fill: Any, start: Any
) -> None:
    first, last = open_sqlite(), open_sqlite()
    fill(first)
    first.claim(start, limit=9, lease=timedelta(days=9), force=True)

    copy_into(last, list(first.upkeep.export_lines()))

    claimed = last.claim(start, limit=9, lease=timedelta(minutes=5), force=True)
    assert [state.source for state in claimed] == ["news", "wire"]


def test_a_store_with_data_is_not_imported_into(open_sqlite: Any, fill: Any) -> None:
    first, last = open_sqlite(), open_sqlite()
    fill(first)
    last.sync_sources([("mine", "https://mine.example/", first.next_due(first.last_change()))])

    with pytest.raises(UsageError) as caught:
        copy_into(last, list(first.upkeep.export_lines()))

    assert str(caught.value) == (
        f"{last._engines.url}: has data already (1 rows in `source`):"
        " import into a store that nothing was written to"
    )


def damage(lines: list[bytes], kind: str) -> list[bytes]:
    changed = {
        "nothing": [],
        "entries": [b'{"id": "urn:uuid:1", "title": "x"}\n'],
        "older": [orjson.dumps({"aggregator store": 1, "schema": "0001"})],
        "cut": lines[:-1],
        "cut in a line": [*lines[:9], lines[9][:20]],
        "a row is missing": [*lines[:-2], lines[-1]],
        "unknown table": [lines[0], b'{"nonsense": {}}\n'],
        "unknown column": [lines[0], b'{"host": {"name": "a", "not_before": 1, "x": 1}}\n'],
        "missing column": [lines[0], b'{"host": {"name": "a"}}\n'],
        "no base64": [lines[0], lines[1], *_with_bad_bytes(lines)],
    }
    return changed[kind]


def _with_bad_bytes(lines: list[bytes]) -> list[bytes]:
    for line in lines:
        if line.startswith(b'{"entry":'):
            row = orjson.loads(line)
            row["entry"]["uid"] = "%%%"
            return [orjson.dumps(row)]
    return []


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nothing", "f: is not what `aggregator export --format jsonl` writes"),
        ("entries", "f: is not what `aggregator export --format jsonl` writes"),
        (
            "older",
            (
                f"f: exported by another version (schema 0001, ours {HEAD}):"
                " export and import with the same one"
            ),
        ),
        ("cut", "f: is not complete: export it again"),
        ("cut in a line", "f:10: is no row of a store: "),
        ("a row is missing", "f: is not complete: export it again"),
        ("unknown table", "f:2: is no row of a store: 'nonsense'"),
        ("unknown column", "f:2: is no row of a store: unknown column x"),
        ("missing column", "f:2: is no row of a store: 'not_before'"),
        ("no base64", "f:3: is no row of a store: uid: "),
    ],
)
def test_what_is_no_whole_store_changes_nothing(
    open_sqlite: Any, fill: Any, kind: str, message: str
) -> None:
    first, last = open_sqlite(), open_sqlite()
    fill(first)
    empty = tables_of(last)

    with pytest.raises(UsageError) as caught:
        last.upkeep.import_lines(damage(list(first.upkeep.export_lines()), kind), name="f")

    assert str(caught.value).startswith(message)
    assert tables_of(last) == empty


def test_memory_does_not_grow_with_the_store(open_sqlite: Any) -> None:
    store = open_sqlite()
    row = {"id": 0, "body": "x"}
    count = 30_000

    def lines() -> Iterator[bytes]:
        yield orjson.dumps({"aggregator store": 1, "schema": HEAD})
        for number in range(count):
            row["id"] = number
            yield orjson.dumps({"content": row})
        yield orjson.dumps({"end": count})

    tracemalloc.start()
    store.upkeep.import_lines(lines(), name="f")
    exported = sum(1 for _ in store.upkeep.export_lines())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert exported == count + 2
    assert most < 4 * 2**20
