"""The schedule: what is due, who has it, and what becomes of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.model import (
    FeedInfo,
    Outcome,
    PollingHints,
    Result,
    SharedPart,
    SourceState,
    Validators,
)
from aggregator.source_health import SourceHealth, Symptom
from aggregator.store.commit import CLAIM_LOST_NOTE
from aggregator.store.document_columns import SourceOrigin, shared_parts_from_column

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.store import Store

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
LEASE = 5 * MINUTE


def names(states: list[SourceState]) -> list[str]:
    return [state.source for state in states]


def finish(store: Store, state: SourceState, now: datetime, **fields: Any) -> Outcome:
    [outcome] = store.commit(
        [Result(replace(state, **fields), Outcome(state.source, now, 1, "ok"))], now=now
    )
    return outcome


@pytest.fixture
def three(store: Store, start: Any) -> Store:
    places = [
        ("c", "https://c", start - MINUTE),
        ("a", "https://a", start + 2 * MINUTE),
        ("b", "https://b", start),
    ]
    store.sync_sources(places)
    return store


def test_what_is_due_is_claimed_once_the_longest_overdue_first(three: Store, start: Any) -> None:
    due = start + 9 * MINUTE

    assert names(three.claim(due, limit=2, lease=LEASE)) == ["c", "b"]
    assert names(three.claim(due, limit=9, lease=LEASE)) == ["a"]
    assert three.claim(due, limit=9, lease=LEASE) == []


def test_nothing_is_claimed_before_it_is_due(three: Store, start: Any) -> None:
    assert names(three.claim(start, limit=9, lease=LEASE)) == ["c", "b"]
    assert three.claim(start + MINUTE, limit=9, lease=LEASE) == []


def test_configured_sources_and_those_that_failed_last_are_counted(
    three: Store, start: Any
) -> None:
    failing, gone, well = three.claim(start + 9 * MINUTE, limit=3, lease=LEASE)
    finish(three, failing, start, failures=2)
    finish(three, gone, start, failures=1)
    finish(three, well, start)
    three.sync_sources([("c", "https://c", start), ("a", "https://a", start)])

    assert three.count_sources() == (2, 1)


def test_an_expired_lease_is_taken_over_under_another_number(three: Store, start: Any) -> None:
    [first] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    assert three.claim(start + LEASE - MINUTE, limit=1, lease=LEASE, sources=["c"]) == []
    [second] = three.claim(start + LEASE, limit=1, lease=LEASE, sources=["c"])

    assert (first.lease, second.lease) == (1, 2)


def test_a_run_whose_lease_was_lost_writes_nothing(three: Store, start: Any, revise: Any) -> None:
    [first] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    [second] = three.claim(start + LEASE, limit=1, lease=LEASE, sources=["c"])
    outcome = Outcome("c", start, 1, "ok", found=1, notes=("repaired",))
    [late] = three.commit(
        [Result(first, outcome, revisions=(revise(source="c"),))], now=start + LEASE
    )

    assert late == replace(outcome, notes=("repaired", CLAIM_LOST_NOTE))
    assert (list(three.entries()), three.outcomes("c", 9)) == ([], [])
    assert finish(three, second, start + LEASE).notes == ()


def test_a_result_counts_once(three: Store, start: Any) -> None:
    [state] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    finish(three, state, start)

    assert finish(three, state, start).notes == (CLAIM_LOST_NOTE,)
    assert len(three.outcomes("c", 9)) == 1


def test_a_released_claim_is_due_as_before_and_its_run_writes_nothing(
    three: Store, start: Any
) -> None:
    [state] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    three.release([state])

    assert three.next_due(start) == start
    assert finish(three, state, start).notes == (CLAIM_LOST_NOTE,)
    assert names(three.claim(start, limit=1, lease=LEASE, sources=["c"])) == ["c"]


def test_force_claims_what_is_not_due_but_obeys_who_asked_for_time(
    three: Store, start: Any
) -> None:
    later = start + 60 * MINUTE
    for state in three.claim(start, limit=9, lease=LEASE):
        finish(
            three,
            state,
            start,
            next_fetch_at=later,
            not_before=later if state.source == "c" else None,
        )

    assert three.claim(start + MINUTE, limit=9, lease=LEASE) == []
    assert names(three.claim(start + MINUTE, limit=9, lease=LEASE, force=True)) == ["a", "b"]
    assert three.claim(start + MINUTE, limit=9, lease=LEASE, force=True) == []
    assert names(three.claim(later, limit=9, lease=LEASE, force=True))[:1] == ["a"]


def test_what_was_never_polled_is_claimed_before_its_time_where_that_is_wanted(
    three: Store, start: Any
) -> None:
    [c] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    finish(three, c, start, next_fetch_at=start + 60 * MINUTE, reason="every 1 h")

    assert names(three.claim(start - 9 * MINUTE, limit=9, lease=LEASE)) == []
    assert names(three.claim(start - 9 * MINUTE, limit=9, lease=LEASE, new=True)) == ["b", "a"]


def test_at_another_location_a_source_was_never_polled(three: Store, start: Any) -> None:
    [c] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    finish(three, c, start, next_fetch_at=start + 60 * MINUTE, reason="every 1 h")
    three.sync_sources([("c", "https://elsewhere", start + 9 * MINUTE)])

    assert names(three.claim(start, limit=9, lease=LEASE, new=True)) == ["c"]


def test_a_source_that_is_gone_is_polled_only_by_force(three: Store, start: Any) -> None:
    [state] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    finish(three, state, start, gone=True)

    assert names(three.claim(start, limit=9, lease=LEASE)) == ["b"]
    assert names(three.claim(start, limit=9, lease=LEASE, force=True, sources=["c"])) == ["c"]


def test_next_due_looks_at_leases_and_at_who_asked_for_time(three: Store, start: Any) -> None:
    assert three.next_due(start - 9 * MINUTE) == start - MINUTE
    c, b = three.claim(start, limit=9, lease=LEASE)
    assert three.next_due(start) == start + 2 * MINUTE
    [a] = three.claim(start + 2 * MINUTE, limit=9, lease=LEASE)
    assert three.next_due(start) == start + LEASE
    for state in (a, b, c):
        finish(three, state, start, next_fetch_at=start, not_before=start + 30 * MINUTE)
    assert three.next_due(start) == start + 30 * MINUTE
    assert three.next_due(start + 40 * MINUTE) == start + 40 * MINUTE


def test_nothing_is_due_where_there_is_no_source(store: Store, start: Any) -> None:
    assert store.next_due(start) is None


def test_a_state_comes_back_as_it_was_committed(three: Store, start: Any) -> None:
    [claimed] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    state = replace(
        claimed,
        next_fetch_at=start + MINUTE,
        reason="max-age",
        validators=Validators("https://c/feed", '"x"', "Sun"),
        body_hash="b",
        failures=2,
        last_run=start,
        last_success=start - MINUTE,
        moved_to="https://d",
        moved_seen=3,
        folder={"新.txt": (1_700_000_000_123_456_789, 12)},
        not_before=start + MINUTE,
        hints=PollingHints(ttl=3 * MINUTE, skip_hours=(1, 2), skip_days=(6,)),
        last_change=start - 3 * MINUTE,
        has_excerpts=True,
        shared_parts=(SharedPart("0011223344556677", "Subscribe"),),
        feed=FeedInfo("C", "tag:c", home="https://c/"),
        detected_adapter="feed",
    )
    three.commit([Result(state, Outcome("c", start, 1, "unchanged"))], now=start)

    moved = Symptom(
        "moved", "moved", "the server redirects permanently to https://d: set `url` to it", 1
    )
    health = SourceHealth("moved", (moved.evidence,), start, start, (moved,))
    assert three.states()[2] == replace(state, health=health)
    assert three.source_origins() == {
        "a": SourceOrigin(FeedInfo()),
        "b": SourceOrigin(FeedInfo()),
        "c": SourceOrigin(FeedInfo("C", "tag:c", home="https://c/"), "feed"),
    }


def test_a_source_that_left_the_configuration_rests_and_comes_back(
    three: Store, start: Any, revise: Any, bring: Any
) -> None:
    bring(three, [revise(source="c")], source="c")
    others = [("a", "https://a", start), ("b", "https://b", start)]
    three.sync_sources(others)
    assert (
        names(three.states())
        == names(three.claim(start + 9 * MINUTE, limit=9, lease=LEASE))[::-1]
        == ["a", "b"]
    )
    assert len(list(three.entries(source="c"))) == 1

    three.sync_sources([*others, ("c", "https://c", start + 99 * MINUTE)])
    [state] = three.claim(start, limit=9, lease=LEASE)
    assert (state.source, state.next_fetch_at) == ("c", start - MINUTE)


def test_another_location_forgets_what_belonged_to_the_old_one(three: Store, start: Any) -> None:
    [state] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    known = {
        "validators": Validators("https://c", '"x"'),
        "body_hash": "b",
        "folder": {"f": (1, 2)},
        "failures": 3,
    }
    waits = {
        "next_fetch_at": start + 60 * MINUTE,
        "not_before": start + 60 * MINUTE,
        "hints": PollingHints(ttl=MINUTE),
        "reason": "ttl",
        "last_change": start,
        "has_excerpts": False,
        "shared_parts": (SharedPart("0011223344556677", "Subscribe"),),
    }
    finish(three, state, start, **known, **waits)
    [running] = three.claim(start + 60 * MINUTE, limit=1, lease=LEASE, sources=["c"])
    three.sync_sources([("c", "https://elsewhere", start + MINUTE)])

    assert three.states() == [SourceState("c", start + MINUTE, lease=3)]
    assert finish(three, running, start).notes == (CLAIM_LOST_NOTE,)


def test_shared_parts_of_an_older_version_are_hashes_alone() -> None:
    assert shared_parts_from_column(None) == ()
    assert shared_parts_from_column(["0011", ["2233", "Subscribe"]]) == (
        SharedPart("0011"),
        SharedPart("2233", "Subscribe"),
    )


def test_syncing_again_changes_nothing(three: Store, start: Any) -> None:
    [state] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    three.sync_sources([(name, f"https://{name}", start + 50 * MINUTE) for name in "abc"])

    assert finish(three, state, start).notes == ()
    assert three.next_due(start) == start


def test_a_source_known_only_by_its_entries_can_be_configured_later(
    store: Store, start: Any, revise: Any, bring: Any
) -> None:
    bring(store, [revise(source="old")], source="news")
    store.sync_sources([("old", "https://old", start)])

    assert names(store.claim(start, limit=9, lease=LEASE)) == ["old"]


def test_hosts_are_left_alone_until_the_latest_time_that_they_named(
    three: Store, start: Any
) -> None:
    [state] = three.claim(start, limit=1, lease=LEASE, sources=["c"])
    waits = {"c.example": start + 9 * MINUTE}
    three.commit([Result(state, Outcome("c", start, 1, "failed"), host_waits=waits)], now=start)
    [state] = three.claim(start, limit=1, lease=LEASE, sources=["b"])
    waits = {"c.example": start + MINUTE, "d.example": start}
    three.commit([Result(state, Outcome("b", start, 1, "failed"), host_waits=waits)], now=start)

    assert three.host_waits() == {"c.example": start + 9 * MINUTE, "d.example": start}


def test_outcomes_come_back_newest_first(three: Store, start: Any) -> None:
    told = Outcome(
        "c",
        start,
        12,
        "failed",
        5,
        rejected=("item 3: no title",),
        notes=("repaired",),
        http_status=503,
        size_bytes=9,
        error="http",
        message="HTTP 503",
    )
    for number in range(3):
        [state] = three.claim(start, limit=1, lease=LEASE, sources=["c"], force=True)
        three.commit([Result(state, replace(told, ms=number))], now=start)

    assert three.outcomes("c", 2) == [replace(told, ms=2), replace(told, ms=1)]
    assert three.outcomes("unknown", 2) == []


def test_a_clock_that_was_ahead_strands_no_source(three: Store, start: Any) -> None:
    ahead = start + timedelta(days=400)
    states = three.claim(ahead, limit=9, lease=LEASE)
    far = ahead + 60 * MINUTE
    for state in states[:2]:
        finish(
            three,
            state,
            ahead,
            next_fetch_at=far,
            not_before=far,
            last_run=ahead,
            last_change=ahead,
        )

    claimed = three.claim(start, limit=9, lease=LEASE)

    assert names(states) == ["c", "b", "a"]
    assert sorted(names(claimed)) == ["a", "b", "c"]
    assert {state.last_change for state in claimed} == {start - SECOND, None}
