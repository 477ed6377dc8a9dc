"""Rules B1 to B9 and D4: when a source is due again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import PollingHints
from aggregator.schedule import NextFetch, first_poll_time, next_fetch

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)  # a Wednesday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def due(source: str = "a", **changes: Any) -> NextFetch:
    given: dict[str, Any] = {
        "now": NOW,
        "every": HOUR,
        "is_every_explicit": False,
        "has_validators": True,
    }
    return next_fetch(source, **{**given, **changes})


def wait(found: NextFetch, now: datetime = NOW) -> timedelta:
    assert found.at is not None
    return found.at - now


def is_about(found: NextFetch, floor: timedelta, *, now: datetime = NOW) -> bool:
    """A wait of `floor`, or up to a tenth more."""
    return floor <= wait(found, now) <= floor * 1.1


@pytest.mark.parametrize(
    ("changes", "floor", "reason"),
    [
        ({}, HOUR, "every 1 h"),
        ({"has_validators": None}, HOUR, "every 1 h"),
        ({"has_validators": False}, HOUR, "every 1 h"),
        ({"has_validators": False, "last_change": NOW}, HOUR, "every 1 h"),
        ({"last_change": NOW - 30 * DAY}, HOUR, "every 1 h"),
        ({"has_validators": None, "last_change": NOW - 30 * DAY}, HOUR, "every 1 h"),
        (
            {"has_validators": False, "last_change": NOW - 30 * DAY, "every": 3 * DAY},
            3 * DAY,
            "every 3 d",
        ),
        (
            {"has_validators": False, "last_change": NOW - 30 * DAY, "is_every_explicit": True},
            HOUR,
            "every 1 h",
        ),
        ({"is_every_explicit": True, "every": 15 * MINUTE}, 15 * MINUTE, "every 15 min"),
        ({"is_every_explicit": True, "every": 90 * MINUTE}, 90 * MINUTE, "every 1 h 30 min"),
        ({"is_every_explicit": True, "every": MINUTE}, 5 * MINUTE, "every 5 min"),
        ({"every": MINUTE}, 5 * MINUTE, "every 5 min"),
        (
            {
                "is_every_explicit": True,
                "every": timedelta(seconds=45),
                "min_interval": timedelta(0),
            },
            timedelta(seconds=45),
            "every 45 s",
        ),
    ],
)
def test_b1_the_interval_is_an_hour_or_the_users_word(
    changes: Any, floor: timedelta, reason: str
) -> None:
    found = due(**changes)

    assert is_about(found, floor)
    assert (found.reason, found.not_before) == (reason, None)


@pytest.mark.parametrize(
    ("quiet", "floor", "quiet_words"),
    [
        (6 * HOUR, 2 * HOUR, "6 h"),
        (8 * HOUR, 2 * HOUR, "8 h"),
        (10 * HOUR, 3 * HOUR, "10 h"),
        (47 * HOUR, 15 * HOUR, "47 h"),
        (2 * DAY, 16 * HOUR, "2 days"),
        (3 * DAY, DAY, "3 days"),
        (300 * DAY, DAY, "300 days"),
    ],
)
def test_b1_without_validators_the_interval_grows_while_nothing_changes(
    quiet: timedelta, floor: timedelta, quiet_words: str
) -> None:
    found = due(has_validators=False, last_change=NOW - quiet)

    hours = floor // HOUR
    why = f"the server sends no validators and nothing changed for {quiet_words}"
    assert is_about(found, floor)
    assert found.reason == f"every {hours} h: {why}"


@pytest.mark.parametrize("quiet", [-DAY, timedelta(0), 5 * HOUR])
def test_b1_a_change_of_the_last_hours_keeps_the_interval(quiet: timedelta) -> None:
    found = due(has_validators=False, last_change=NOW - quiet)

    assert is_about(found, HOUR)
    assert found.reason == "every 1 h"


def test_b1_the_drift_is_reached_step_by_step_and_left_at_once() -> None:
    now, steps = NOW, []
    while now < NOW + 5 * DAY:
        found = due(now=now, has_validators=False, last_change=NOW)
        assert found.at is not None
        steps.append((found.at - now) // HOUR)
        now = found.at

    assert steps == [1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 7, 10, 13, 17, 23, 24]
    assert is_about(due(now=now, has_validators=False, last_change=now), HOUR, now=now)


@settings(deadline=None, max_examples=120, derandomize=True)
@given(
    source=st.text(max_size=20),
    offset=st.timedeltas(timedelta(0), timedelta(days=400)),
    every=st.timedeltas(timedelta(seconds=1), timedelta(days=30)),
    max_age=st.none() | st.timedeltas(timedelta(0), timedelta(days=3)),
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(days=3)),
    ttl=st.none() | st.timedeltas(timedelta(0), timedelta(days=3)),
    failures=st.integers(0, 5000),
    validators=st.sampled_from([True, False, None]),
    quiet=st.none() | st.timedeltas(-timedelta(days=3), timedelta(days=300)),
    stated=st.booleans(),
    hours=st.frozensets(st.integers(0, 23)),
    days=st.frozensets(st.integers(0, 6)),
)
def test_b2_jitter_only_adds_to_every_floor(
    source: str,
    offset: timedelta,
    every: timedelta,
    max_age: Any,
    retry_after: Any,
    ttl: Any,
    failures: int,
    validators: bool | None,
    quiet: timedelta | None,
    stated: bool,
    hours: frozenset[int],
    days: frozenset[int],
) -> None:
    hints = PollingHints(max_age, retry_after, ttl, tuple(hours), tuple(days))
    now = NOW + offset
    changes: dict[str, Any] = {
        "now": now,
        "every": every,
        "is_every_explicit": stated,
        "has_validators": validators,
        "hints": hints,
        "last_change": None if quiet is None else now - quiet,
        "failures": failures,
    }
    found = due(source, **changes)

    assert found.at is not None
    waited = found.at - now
    assert waited >= max(
        every, 5 * MINUTE, min(max_age or timedelta(0), DAY), retry_after or timedelta(0)
    )
    assert waited <= max(every * 1.1, every + HOUR, 3.2 * DAY) + timedelta(days=8)
    assert found == due(source, **changes)


def test_b2_b3_polling_for_a_day_keeps_the_interval_also_across_restarts() -> None:
    now, polls = NOW, []
    while now < NOW + DAY:
        polls.append(now)
        found = due("a", now=now, every=15 * MINUTE, is_every_explicit=True)
        assert found.at is not None
        now = found.at + timedelta(
            seconds=2
        )  # the poll itself takes two seconds; the state between is data only

    gaps = [later - earlier for earlier, later in pairwise(polls)]
    assert min(gaps) >= 15 * MINUTE
    assert max(gaps) <= 17 * MINUTE


@pytest.mark.parametrize(
    ("hints", "floor", "reason"),
    [
        (PollingHints(max_age=3 * HOUR), 3 * HOUR, "max-age"),
        (PollingHints(max_age=10 * DAY), DAY, "max-age"),
        (PollingHints(max_age=MINUTE), HOUR, "every 1 h"),
        (PollingHints(max_age=HOUR), HOUR, "every 1 h"),
    ],
)
@pytest.mark.parametrize("stated", [True, False])
def test_b4_max_age_is_a_floor_up_to_a_day(
    hints: PollingHints, floor: timedelta, reason: str, stated: bool
) -> None:
    found = due(hints=hints, is_every_explicit=stated)

    assert is_about(found, floor)
    assert (found.reason, found.not_before) == (reason, None)


@pytest.mark.parametrize(
    ("asked", "floor", "obeyed", "reason"),
    [
        (3 * HOUR, 3 * HOUR, 3 * HOUR, "Retry-After"),
        (5 * DAY, 5 * DAY, 5 * DAY, "Retry-After"),
        (400 * DAY, 31 * DAY, 31 * DAY, "Retry-After"),
        (MINUTE, HOUR, MINUTE, "every 1 h"),
    ],
)
def test_b5_retry_after_is_obeyed_even_by_force(
    asked: timedelta, floor: timedelta, obeyed: timedelta, reason: str
) -> None:
    found = due(hints=PollingHints(retry_after=asked), failures=7, error="http")

    assert is_about(found, floor)
    assert (found.reason, found.not_before) == (reason, NOW + obeyed)


def test_b4_b5_b9_what_the_server_asks_for_still_counts_while_the_interval_drifts() -> None:
    drifting: dict[str, Any] = {
        "has_validators": False,
        "last_change": NOW - 12 * HOUR,
    }  # every 4 h

    assert is_about(due(**drifting, hints=PollingHints(max_age=3 * HOUR)), 4 * HOUR)
    assert due(**drifting, hints=PollingHints(max_age=5 * HOUR)).reason == "max-age"
    assert due(**drifting, hints=PollingHints(ttl=5 * HOUR)).reason == "ttl"
    assert due(**drifting, hints=PollingHints(retry_after=5 * HOUR)).reason == "Retry-After"
    assert due(**drifting, hints=PollingHints(skip_hours=(16,))).reason == "skipHours"
    assert due(**drifting, failures=1, error="http").reason == "1 failure"


@pytest.mark.parametrize(
    "error", ["http", "timeout", "connect", "dns", "tls", "blocked", "too-large", "forbidden"]
)
def test_b5_b6_every_failure_backs_off_alike_up_to_a_day_and_for_ever(error: Any) -> None:
    waits = [
        wait(due(failures=failures, error=error)) for failures in (1, 2, 3, 4, 5, 6, 100, 100_000)
    ]
    floors = [HOUR * 1.8**failures for failures in (1, 2, 3, 4, 5)] + [DAY] * 3

    assert all(floor <= found <= floor * 1.1 for found, floor in zip(waits, floors, strict=True))


def test_b5_the_reason_counts_the_failures() -> None:
    assert due(failures=1, error="http").reason == "1 failure"
    assert due(failures=3, error="http").reason == "3 failures in a row"


def test_b5_a_source_asked_less_than_daily_is_not_asked_more_often_for_failing() -> None:
    assert is_about(due(every=7 * DAY, is_every_explicit=True, failures=9, error="http"), 7 * DAY)


def test_b5_a_success_ends_the_back_off() -> None:
    assert is_about(due(failures=0), HOUR)


def test_d4_410_stops_polling_and_says_so() -> None:
    assert due(error="gone", failures=1) == NextFetch(at=None, reason="410 Gone")


def test_b8_polls_that_ended_together_come_back_apart() -> None:
    waits = [wait(due(f"source-{number}")) - HOUR for number in range(1_000)]
    minutes = [
        sum(minute * MINUTE <= one < (minute + 1) * MINUTE for one in waits) for minute in range(6)
    ]

    assert sum(minutes) == 1_000
    assert all(130 <= count <= 205 for count in minutes)


@pytest.mark.parametrize("every", [15 * MINUTE, HOUR, DAY])
def test_b8_after_ten_waits_polls_that_began_together_fill_the_whole_interval(
    every: timedelta,
) -> None:
    parts: Counter[int] = Counter()
    for number in range(1_000):
        now, end = NOW, NOW + 12 * every
        while now < end:
            at = due(f"source-{number}", now=now, every=every, is_every_explicit=True).at
            assert at is not None
            now = at
        parts[(now - end) // (every / 10)] += 1

    assert all(60 <= parts[part] <= 150 for part in range(10))


def test_b8_a_source_waits_the_same_every_time_also_after_a_restart() -> None:
    assert wait(due("a")) == wait(due("a", now=NOW + 40 * MINUTE)) - 40 * MINUTE


@pytest.mark.parametrize(
    ("hints", "floor", "reason"),
    [
        (PollingHints(ttl=3 * HOUR), 3 * HOUR, "ttl"),
        (PollingHints(ttl=30 * DAY), DAY, "ttl"),
        (PollingHints(ttl=MINUTE), HOUR, "every 1 h"),
    ],
)
def test_b9_ttl_is_a_hint_below_the_users_word(
    hints: PollingHints, floor: timedelta, reason: str
) -> None:
    assert is_about(due(hints=hints), floor)
    assert due(hints=hints).reason == reason
    assert due(hints=hints, is_every_explicit=True).reason == "every 1 h"


def test_b9_skipped_hours_and_days_are_waited_for() -> None:
    hours = due(hints=PollingHints(skip_hours=(13, 14)))
    days = due(hints=PollingHints(skip_days=(2, 3)))

    assert hours.reason == "skipHours"
    assert 3 * HOUR <= wait(hours) < 3.5 * HOUR
    assert days.reason == "skipDays"
    assert 36 * HOUR <= wait(days) < 36.5 * HOUR


def test_b9_skipping_everything_is_no_hint_and_the_users_word_is_stronger() -> None:
    assert is_about(due(hints=PollingHints(skip_hours=tuple(range(24)))), HOUR)
    assert is_about(due(hints=PollingHints(skip_days=tuple(range(7)))), HOUR)
    assert is_about(due(hints=PollingHints(skip_hours=(13, 14)), is_every_explicit=True), HOUR)


def test_a_few_new_sources_are_asked_at_once() -> None:
    assert {
        first_poll_time(f"source-{number}", now=NOW, new_sources=50) for number in range(50)
    } == {NOW}


def test_b3_many_new_sources_are_spread_without_a_burst() -> None:
    starts = sorted(
        first_poll_time(f"source-{number}", now=NOW, new_sources=2_000) - NOW
        for number in range(2_000)
    )

    assert timedelta(0) <= starts[0]
    assert starts[-1] <= timedelta(seconds=100)
    assert (
        max(
            sum(second <= one.total_seconds() < second + 1 for one in starts)
            for second in range(100)
        )
        <= 45
    )


def test_b3_the_spreading_ends_within_half_an_hour() -> None:
    assert first_poll_time("a", now=NOW, new_sources=10_000_000) - NOW <= 30 * MINUTE
