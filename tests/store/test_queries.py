"""What the commands ask a store."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model import Outcome, Revision
    from aggregator.store import Store

    Bring = Callable[..., Outcome]
    Revise = Callable[..., Revision]


def test_each_source_has_the_entries_that_it_brought_first(
    store: Store, bring: Bring, revise: Revise
) -> None:
    bring(store, [revise("a"), revise("b")])
    bring(store, [revise("b", 1, source="late"), revise("c", 1, source="late")], source="late")

    assert store.entry_counts() == {"news": 2, "late": 1}


def test_an_empty_store_counts_nothing_and_never_changed(store: Store) -> None:
    assert (store.entry_counts(), store.last_change()) == ({}, None)


def test_the_newest_change_is_of_the_run_that_brought_something(
    store: Store, bring: Bring, revise: Revise, start: datetime
) -> None:
    bring(store, [revise("a")], now=start)
    bring(store, [revise("a", 1)], now=start + timedelta(hours=1))

    assert store.last_change() == start


def test_the_beginning_of_an_id_leads_to_its_entries(
    store: Store, bring: Bring, revise: Revise
) -> None:
    bring(store, [revise(name) for name in "abc"])
    ids = sorted(entry.id for entry in store.entries())

    digits = ids[1].removeprefix("urn:uuid:")
    assert [
        [entry.id for entry in store.find_by_id_prefix(digits[:length])] for length in (9, 13, 36)
    ] == [[ids[1]]] * 3
    assert sorted(entry.id for entry in store.find_by_id_prefix("")) == ids
