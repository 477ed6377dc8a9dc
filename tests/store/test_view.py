"""What a view shows: the newest, and what came too late to be among them."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from aggregator.store import Store
from aggregator.store.queries import NEWEST_FIRST
from aggregator.store.schema import entry as table

if TYPE_CHECKING:
    from aggregator.model import Entry

HOUR = timedelta(hours=1)


def titles(entries: list[Entry]) -> list[str]:
    return [entry.title.removeprefix("Title of ") for entry in entries]


@pytest.fixture
def item(revise: Any, start: Any) -> Any:
    """Makes a revision published `hours` after the start."""

    def make(name: str, hours: float, **fields: Any) -> Any:
        return revise(name, 1000, published=start + hours * HOUR, **fields)

    return make


def test_the_newest_come_first_and_ties_are_in_the_order_of_their_ids(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item("a", 1), item("b", 3), item("c", 2), item("d", 2), item("e", 2)])
    shown = store.view(4, now=start)

    assert (titles(shown)[0], len(shown)) == ("b", 4)
    assert [entry.id for entry in shown[1:]] == sorted(
        store.find_entries(f"url:{name}")[0].id for name in "cde"
    )


def test_an_edit_never_moves_an_entry(
    store: Store, item: Any, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [item("a", 1), item("b", 3)])
    bring(store, [revise("a", 2000, "edited", published=start + HOUR)])

    assert titles(store.view(9, now=start)) == ["b", "a"]


def test_language_source_tag_and_scan_select(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(
        store,
        [
            item("a", 1, language="zh-Hans", tags=("50%", 'a "b"')),
            item("b", 2, language="zh", source="other"),
            item("c", 3, language="zho", tags=("50", "A")),
            item("d", 4, language=None, tags=("a",)),
        ],
    )

    assert titles(store.view(9, language="zh", now=start)) == ["b", "a"]
    assert titles(store.view(9, source="other", now=start)) == ["b"]
    assert [titles(store.view(9, tag=tag, now=start)) for tag in ("50%", 'a "b"', "A", "a")] == [
        ["a"],
        ["a"],
        ["c"],
        ["d"],
    ]
    assert titles(
        store.view(1, predicate=lambda entry: entry.title.endswith(("a", "b")), now=start)
    ) == ["b"]
    assert store.view(0, now=start) == []


def test_a_late_arrival_is_carried_for_48_hours(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item(f"n{number}", number) for number in range(5)], now=start)
    bring(store, [item("late", -50)], now=start + HOUR)

    assert titles(store.view(3, now=start + 2 * HOUR)) == ["n4", "n3", "n2", "late"]
    assert titles(store.view(3, now=start + 48 * HOUR)) == ["n4", "n3", "n2", "late"]
    assert titles(store.view(3, now=start + 49 * HOUR)) == ["n4", "n3", "n2"]
    assert titles(store.view(3, predicate=lambda _: True, now=start + 2 * HOUR)) == [
        "n4",
        "n3",
        "n2",
        "late",
    ]
    assert titles(store.view(3, language="en", now=start + 2 * HOUR)) == []


def test_the_first_run_of_a_source_floods_no_view(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item(f"n{number}", number) for number in range(5)], now=start)
    bring(
        store,
        [item(f"o{number}", -number, source="old") for number in range(5)],
        now=start + HOUR,
        source="old",
    )

    assert titles(store.view(3, now=start + 2 * HOUR)) == ["n4", "n3", "n2"]


def test_what_was_shown_and_went_down_is_not_late(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item("zero", 0)], now=start)
    for number in range(1, 8):
        bring(store, [item(f"n{number}", number)], now=start + number * HOUR)
    bring(store, [item("late", 5.5)], now=start + 9 * HOUR)

    assert titles(store.view(2, now=start + 10 * HOUR)) == ["n7", "n6", "late"]


def test_late_arrivals_are_no_more_than_the_limit_and_the_last_to_come_win(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item(f"n{number}", number) for number in range(3)], now=start)
    for number in range(1, 6):
        bring(store, [item(f"l{number}", -number)], now=start + number * HOUR)

    assert titles(store.view(2, now=start + 9 * HOUR)) == ["n2", "n1", "l4", "l5"]


def test_late_arrivals_between_the_newest_are_no_more_than_the_limit(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item("low", 0), item("high", 100)], now=start)
    for number in range(1, 6):
        bring(store, [item(f"m{number}", 50 - number)], now=start + number * HOUR)

    assert titles(store.view(2, now=start + 9 * HOUR)) == ["high", "m1", "m4", "m5"]


def test_a_late_arrival_that_gets_an_older_name_is_still_carried(
    store: Store, item: Any, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [item(f"n{number}", number) for number in range(5)], now=start)
    bring(store, [item("late", -50, keys=("url:late", "guid:1"))], now=start + HOUR)
    old = revise("late", 1, keys=("url:early", "guid:1"), published=start - 50 * HOUR)
    bring(store, [old], now=start + 60 * HOUR, keep=True)

    assert titles(store.view(3, now=start + 40 * HOUR)) == ["n4", "n3", "n2", "late"]
    assert titles(store.view(3, now=start + 60 * HOUR)) == ["n4", "n3", "n2"]


def test_entries_stream_newest_first_by_source_date_and_text(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(
        store,
        [item("a", 1, content_html="<p>Über Straßen</p>"), item("b", 2, source="x"), item("c", 3)],
    )

    assert titles(list(store.entries())) == ["c", "b", "a"]
    assert titles(list(store.entries(source="x"))) == ["b"]
    assert titles(list(store.entries(since=start + 2 * HOUR))) == ["c", "b"]
    assert titles(list(store.entries(limit=2))) == ["c", "b"]
    assert titles(list(store.entries(search="STRASSEN"))) == ["a"]
    assert titles(list(store.entries(search="title OF c"))) == ["c"]


def test_an_entry_is_found_by_id_url_key_and_any_spelling(
    store: Store, item: Any, bring: Any
) -> None:
    bring(store, [item("a", 1), item("b", 2)])
    [entry] = store.find_entries("https://example.org/a")
    uuid = entry.id.removeprefix("urn:uuid:")

    ways = [entry.id, uuid.upper(), "url:a"]
    assert [store.find_entries(way) for way in ways] == [[entry]] * 3
    assert store.find_entries(
        "http://EXAMPLE.org/a/", url_key=lambda url: "url:" + url.strip("/")[-1]
    ) == [entry]
    assert [store.find_entries(way) for way in ("https://example.org/z", "urn:uuid:0", "")] == [
        [],
        [],
        [],
    ]
    assert (store.history("urn:uuid:" + "0" * 8), store.history("nonsense")) == ([], [])


def plan(store: Store, query: sa.Select[Any]) -> str:
    text = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with store._engines.read.connect() as connection:
        return " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))


def test_the_newest_are_read_from_an_index_without_sorting(template: Any) -> None:
    with Store.open(f"sqlite:///{template}", text_of=str) as store:
        query = sa.select(table.c.id).order_by(*NEWEST_FIRST).limit(10)

        assert plan(store, query) == "SCAN entry USING COVERING INDEX ix_entry_newest"
        assert "ix_entry_source_newest" in plan(store, query.where(table.c.source_id == 1))
        assert "B-TREE" not in plan(store, query.where(table.c.source_id == 1))


def test_a_view_of_a_large_store_reads_no_more_rows_than_of_a_small_one(
    template: Any, tmp_path: Any, item: Any, bring: Any, start: Any
) -> None:
    """A selection is as rare in the large one, or rarer: 60 of either are of the rare kind."""
    common, rare = (
        {"tags": ("x", "y"), "language": "en"},
        {"tags": ("x", "z"), "language": "zh-Hans", "source": "rare"},
    )
    selections: list[dict[str, str]] = [
        {},
        {"tag": "x"},
        {"tag": "z"},
        {"language": "en"},
        {"language": "zh"},
        {"source": "news"},
        {"source": "rare"},
    ]
    chance, steps = random.Random(1), []
    path = tmp_path / "grown.db"
    path.write_bytes(template.read_bytes())
    with Store.open(f"sqlite:///{path}", text_of=str) as store:
        bring(
            store,
            [item(f"rare{n}", chance.random() * 1000, **rare) for n in range(60)],
            now=start,
            source="rare",
        )
        for size in (200, 1800):
            many = [item(f"{size}.{n}", chance.random() * 1000, **common) for n in range(size)]
            bring(store, many, now=start)
            store.update_indexes(2_000)
            steps.append(
                [_steps(store, start + 99 * HOUR, **selection) for selection in selections]
            )

    assert [large <= 1.2 * small for small, large in zip(*steps, strict=True)] == [True] * len(
        selections
    )


def _steps(store: Store, now: Any, **selection: str) -> int:
    """Count the virtual machine's steps, in hundreds, that a view of 50 costs."""
    counted = []
    with store._engines.read.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: counted.append(1), 100)
    shown = store.view(50, now=now, **selection)
    with store._engines.read.connect() as connection:
        driver = connection.connection.driver_connection
        driver.set_progress_handler(None, 0)
    assert len(shown) == 50
    return len(counted)
