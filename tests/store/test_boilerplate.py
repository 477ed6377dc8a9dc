"""Whose neighbour an entry is can be told from a few entries beside it."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from aggregator.store.boilerplate import ComparableEntry, neighbour_contents, neighbourhood
from aggregator.store.duplicates import SELECT_COMPARABLE
from aggregator.store.engine import fetch_raw

if TYPE_CHECKING:
    from aggregator.store import Store

HOUR = timedelta(hours=1)


def test_the_neighbourhood_of_an_entry_holds_all_that_have_it_as_a_neighbour(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    random = Random(5)
    hours = [random.uniform(0, 200) for _ in range(90)] + [1_500, 1_520, 2_300]
    articles = []
    for number, hour in enumerate(hours):
        articles.append(revise(f"n{number}", text=f"{number}", published=start + hour * HOUR))
    bring(store, articles)

    missed, inside = [], 0
    with store._engines.read.connect() as connection:
        entries = [ComparableEntry(*row) for row in fetch_raw(connection, SELECT_COMPARABLE)]
        neighbours = {one: set(neighbour_contents(connection, one)) for one in entries}
        for one in entries:
            ranges = neighbourhood(connection, one.source_id, one.published, one.published)
            for other in entries:
                is_inside = any(first <= other.published <= last for first, last in ranges)
                inside += is_inside
                if one.content_id in neighbours[other] and not is_inside:
                    missed.append((one, other))

    assert missed == []
    assert inside < 0.8 * len(entries) ** 2
    assert {len(found) for found in neighbours.values()} == {0, 1, 32}


def test_an_entry_of_the_same_half_day_or_of_another_month_is_no_neighbour(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    days = timedelta(days=1)
    times = [-31 * days, -30 * days, -12 * HOUR, -11 * HOUR, 0 * HOUR, 11 * HOUR, 30 * days]
    articles = []
    for number, after in enumerate(times):
        articles.append(revise(f"n{number}", text=f"{number}", published=start + after))
    bring(store, articles)
    with store._engines.read.connect() as connection:
        entries = sorted(ComparableEntry(*row) for row in fetch_raw(connection, SELECT_COMPARABLE))
        places = {one.content_id: place for place, one in enumerate(entries)}
        found = [places[number] for number in neighbour_contents(connection, entries[4])]

    assert (found[0], sorted(found)) == (2, [1, 2, 6])
