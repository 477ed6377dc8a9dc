"""How many entries of one source a view shows, and how many rows are read for it."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.store import Store, view

if TYPE_CHECKING:
    from aggregator.model import Entry

HOUR = timedelta(hours=1)


def titles(entries: list[Entry]) -> list[str]:
    return [entry.title.removeprefix("Title of ") for entry in entries]


@pytest.fixture
def item(revise: Any, start: Any) -> Any:
    """Makes a revision of a source published `hours` after the start."""

    def make(name: str, hours: float, source: str = "news", **fields: Any) -> Any:
        return revise(name, 1000, source=source, published=start + hours * HOUR, **fields)

    return make


def test_a_source_that_has_its_share_leaves_room_for_the_others(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item(f"n{number}", number) for number in range(8)])
    bring(store, [item(f"r{n}", -n, "rare") for n in range(4)], source="rare")

    shown = [titles(store.view(5, max_per_source=most, now=start)) for most in (None, 9, 3, 2)]

    assert shown == [
        ["n7", "n6", "n5", "n4", "n3"],
        ["n7", "n6", "n5", "n4", "n3"],
        ["n7", "n6", "n5", "r0", "r1"],
        ["n7", "n6", "r0", "r1"],
    ]


def test_the_share_holds_within_a_language_a_tag_sources_and_a_scan(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    fields = {"language": "zh", "tags": ("x",)}
    for name, hours in (("a", 20), ("b", 10), ("c", 0)):
        bring(store, [item(f"{name}{n}", hours - n, name, **fields) for n in range(4)], source=name)

    def shown(**selection: Any) -> list[str]:
        return titles(store.view(3, max_per_source=2, now=start, **selection))

    assert shown(language="zh") == ["a0", "a1", "b0"]
    assert shown(tag="x") == ["a0", "a1", "b0"]
    assert shown(source="b") == ["b0", "b1"]
    assert shown(sources=("a", "c")) == ["a0", "a1", "c0"]
    assert shown(predicate=lambda entry: not entry.title.endswith("0")) == ["a1", "a2", "b1"]


def test_late_arrivals_take_places_of_their_source(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item(f"n{number}", number) for number in range(3)], now=start)
    bring(store, [item("r0", -0.5, "rare")], now=start, source="rare")
    bring(store, [item(f"late{n}", -50 - n) for n in range(3)], now=start + HOUR)
    bring(
        store,
        [item(f"rare{n}", -60 - n, "rare") for n in range(3)],
        now=start + 2 * HOUR,
        source="rare",
    )

    def shown(most: int | None) -> list[str]:
        found = store.view(4, max_per_source=most, now=start + 3 * HOUR)
        return sorted(titles(found))

    assert shown(3) == ["n0", "n1", "n2", "r0", "rare0", "rare1"]
    assert shown(4) == ["late0", "n0", "n1", "n2", "r0", "rare0", "rare1", "rare2"]


def test_late_arrivals_of_both_kinds_share_the_places_of_their_source(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    """`between` is newer than the oldest entry that is read for the view, `below` is older."""
    bring(store, [item("n", 9), item("m", 8)], now=start)
    bring(store, [item("old", -95, "other")], now=start, source="other")
    bring(store, [item("r", -30, "rare")], now=start, source="rare")
    bring(store, [item("x", 7, "other")], now=start + HOUR, source="other")
    bring(store, [item("between", -10, "rare")], now=start + 2 * HOUR, source="rare")
    below = [item(f"below{n}", -96 - n, "rare") for n in range(2)]
    bring(store, below, now=start + 3 * HOUR, source="rare")

    def shown(most: int) -> list[str]:
        return titles(store.view(3, max_per_source=most, now=start + 4 * HOUR))

    assert shown(3) == ["n", "m", "x", "between", "below0", "below1"]
    assert shown(2) == ["n", "m", "x", "below0", "below1"]


def test_an_entry_is_late_if_the_shares_of_its_day_left_no_place_for_it(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    """When `late` came, 2 of `news` and 2 of `other` stood above it; both have newer ones now."""
    bring(store, [item(f"n{number}", number) for number in range(2)], now=start)
    bring(store, [item(f"o{n}", n, "other") for n in range(2)], now=start, source="other")
    bring(store, [item("early", -80, "rare")], now=start, source="rare")
    bring(store, [item("late", -9, "rare")], now=start + HOUR, source="rare")
    bring(store, [item(f"n{number}", number) for number in (5, 6)], now=start + 6 * HOUR)
    bring(store, [item(f"o{n}", n, "other") for n in (5, 6)], now=start + 6 * HOUR, source="other")

    shown = store.view(4, max_per_source=2, now=start + 8 * HOUR)

    assert sorted(titles(shown)) == ["late", "n5", "n6", "o5", "o6"]


def test_an_entry_that_was_shown_within_the_shares_of_its_day_is_not_late(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    """When `seen` came, `news` had three newer entries, of which only one had a place."""
    bring(store, [item("first", -99)], now=start)
    bring(store, [item(f"n{number}", number) for number in range(3)], now=start)
    bring(store, [item("early", -80, "rare")], now=start, source="rare")
    bring(store, [item("seen", -9, "rare")], now=start + HOUR, source="rare")
    bring(store, [item("old", -90, "other")], now=start, source="other")
    bring(store, [item("o", 6, "other")], now=start + 6 * HOUR, source="other")

    shown = store.view(2, max_per_source=1, now=start + 8 * HOUR)

    assert titles(shown) == ["o", "n2"]


def test_a_copy_counts_for_the_source_of_the_one_that_is_shown(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    text = " ".join(f"word{number}" for number in range(200))
    bring(store, [item("copy", 3, content_html=f"<p>{text}</p>")])
    bring(store, [item("best", 2, "rare", content_html=f"<p>{text} more</p>")], source="rare")
    bring(store, [item("n", 1)])
    [shown, own] = store.view(9, max_per_source=1, now=start)

    assert {shown.source, own.source} == {"news", "rare"}
    assert shown.duplicates


@pytest.mark.parametrize("seed", range(6))
def test_the_shares_are_those_of_a_walk_through_all_entries(
    store: Store, item: Any, bring: Any, start: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(view, "_MAX_SKIPPED", 3)
    monkeypatch.setattr(view, "_WINDOW", 5)
    chance = Random(seed)
    for source, count in (("big", 60), ("middle", 15), ("small", 4), ("one", 1)):
        items = []
        for number in range(count):
            hours = chance.randrange(8)  # many are published at the same time
            items.append(item(f"{source}{number}", hours, source, tags=("x",), language="zh"))
        bring(store, items, source=source)
    order = list(store.entries())

    def walk(limit: int, most: int) -> list[str]:
        taken: dict[str, int] = {}
        shown = []
        for entry in order:
            taken[entry.source] = taken.get(entry.source, 0) + 1
            if taken[entry.source] <= most:
                shown.append(entry.id)
        return shown[:limit]

    for limit, most in ((30, 2), (30, 5), (30, 12), (12, 5), (5, 5)):
        for selection in ({}, {"tag": "x"}, {"language": "zh"}, {"predicate": lambda _: True}):
            found = store.view(limit, max_per_source=most, now=start, **selection)
            assert [entry.id for entry in found] == walk(limit, most)


def test_a_view_with_shares_reads_no_more_of_a_large_source_than_of_a_small_one(
    template: Any,
    tmp_path: Any,
    item: Any,
    bring: Any,
    start: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(view, "_WINDOW", 500)
    steps = []
    for size in (1_500, 6_000):
        path = tmp_path / f"{size}.db"
        path.write_bytes(template.read_bytes())
        with Store.open(f"sqlite:///{path}", text_of=str) as store:
            bring(store, [item(f"n{n}", n / 100) for n in range(size)], now=start)
            for source in ("a", "b", "c"):
                items = [item(f"{source}{n}", -1 - n, source) for n in range(3)]
                bring(store, items, now=start, source=source)
            store.update_indexes(size * 2)
            steps.append(_steps(store, start + 99 * HOUR))

    assert steps[1] <= 1.2 * steps[0]


def _steps(store: Store, now: Any) -> int:
    """Count the virtual machine's steps, in hundreds, that a view of 50 costs."""
    counted = []
    with store._engines.read.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: counted.append(1), 100)
    shown = store.view(50, max_per_source=10, now=now)
    with store._engines.read.connect() as connection:
        driver = connection.connection.driver_connection
        driver.set_progress_handler(None, 0)
    assert len(shown) == 10 + 3 * 3
    return len(counted)
