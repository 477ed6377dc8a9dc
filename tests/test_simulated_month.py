"""Polling as the hosts see it, lived through with a clock that is turned by hand."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.model import PollingHints
from aggregator.schedule import first_poll_time, next_fetch
from benchmarks.month import DAYS, PER_HOST, SETTLED, START, Habit, Month, habit_of, simulate

if TYPE_CHECKING:
    from datetime import datetime

SOURCES = 1_000
BUCKET = timedelta(
    minutes=15
)  # with 1,000 sources a minute holds so few polls that chance alone doubles them
LIVED, LIVED_SOURCES = (
    3,
    300,
)  # days and sources with the real store; a month of 10,000 is `python -m benchmarks month`
TICK = timedelta(minutes=10)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return simulate(tmp_path_factory.mktemp("month"), LIVED_SOURCES, days=LIVED, tick=TICK)


def test_no_source_is_asked_before_its_floor_nor_a_host_before_it_wants_to_be(month: Month) -> None:
    assert month.early == ()
    assert month.polls > 2 * LIVED_SOURCES


def test_a_host_of_many_sources_never_sees_more_of_us_than_its_limit(month: Month) -> None:
    assert month.most_at_once == PER_HOST


def test_the_days_hold_restarts_and_kills(month: Month) -> None:
    assert (month.restarts, month.kills) == (2, 1)
    assert month.repeated > 0


@pytest.mark.no_cover
def test_in_a_month_no_moment_has_twice_the_polls_of_the_mean() -> None:
    polls = [
        at for number in range(SOURCES) for at in _polls(f"s{number}", habit_of(number, SOURCES))
    ]
    settled = [at - START for at in polls if at - START >= SETTLED]
    buckets = Counter(since // BUCKET for since in settled)
    mean = len(settled) / ((timedelta(days=DAYS) - SETTLED) / BUCKET)

    assert max(buckets.values()) <= 2 * mean


def _polls(name: str, habit: Habit) -> list[datetime]:
    now, polls = first_poll_time(name, now=START, new_sources=SOURCES), []
    while now < START + timedelta(days=DAYS):
        polls.append(now)
        due = next_fetch(
            name,
            now=now,
            every=habit.every,
            is_every_explicit=habit.stated,
            has_validators=habit.validators,
            last_change=habit.last_change(now),
            hints=PollingHints(max_age=habit.max_age),
        )
        assert due.at is not None
        now = due.at
    return polls
