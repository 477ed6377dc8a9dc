"""Entries that were let go of by hand: they stay away, and the store knows for a month which they were."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.model import ForgottenEntry

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.store import Store

DAY = timedelta(days=1)


def id_of(store: Store, key: str) -> str:
    [entry] = store.find_entries(key)
    return entry.id


def test_a_forgotten_entry_is_known_for_thirty_days_and_a_deleted_one_is_not(
    store: Store, bring: Any, revise: Any, start: datetime
) -> None:
    bring(store, [revise("a"), revise("b"), revise("c")])
    first, second = id_of(store, "url:a"), id_of(store, "url:b")
    store.upkeep.forget([first], now=start + DAY)
    store.upkeep.forget([second], now=start + 2 * DAY)
    store.delete_entries([id_of(store, "url:c")], now=start + 2 * DAY)

    assert store.upkeep.forgotten_entries(start + 3 * DAY) == [
        ForgottenEntry(second, start + 2 * DAY),
        ForgottenEntry(first, start + DAY),
    ]
    assert store.upkeep.forgotten_entries(start + 31 * DAY) == [
        ForgottenEntry(second, start + 2 * DAY)
    ]
    assert store.upkeep.forgotten_entries(start + 32 * DAY) == []


def test_a_source_does_not_bring_a_forgotten_entry_back(
    store: Store, bring: Any, revise: Any, start: datetime
) -> None:
    bring(store, [revise("a")])
    store.upkeep.forget([id_of(store, "url:a")], now=start + DAY)

    outcome = bring(store, [revise("a", 48, text="second")], now=start + 2 * DAY)

    assert (outcome.new, list(store.entries())) == (0, [])


def test_what_came_back_as_something_new_is_not_named_and_can_be_forgotten_again(
    store: Store, bring: Any, revise: Any, start: datetime
) -> None:
    bring(store, [revise("a")])
    store.upkeep.forget([id_of(store, "url:a")], now=start + DAY)
    later = revise("a", 48, text="another", published=start + 2 * DAY)
    bring(store, [later], now=start + 2 * DAY)
    present = store.upkeep.forgotten_entries(start + 2 * DAY)
    again = id_of(store, "url:a")

    store.upkeep.forget([again], now=start + 3 * DAY)
    bring(store, [later], now=start + 4 * DAY)

    assert present == []
    assert store.upkeep.forgotten_entries(start + 4 * DAY) == [
        ForgottenEntry(again, start + 3 * DAY)
    ]
    assert list(store.entries()) == []


def test_pruning_keeps_the_mark_of_a_forgotten_entry_for_thirty_days(
    store: Store, bring: Any, revise: Any, start: datetime
) -> None:
    bring(store, [revise("a")])
    store.upkeep.forget([id_of(store, "url:a")], now=start)
    bring(store, [revise("b", 24)], now=start + DAY)
    keep = {"news": timedelta(days=2)}

    removed = [store.prune(start + days * DAY, keep).tombstones for days in (20, 29, 31)]

    assert removed == [0, 0, 1]
