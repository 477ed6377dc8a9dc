"""What a run is compared with, what is unusual about it, and when a verdict is given."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.health.baseline import Baseline
from aggregator.health.failures import find_failure, find_move
from aggregator.health.symptoms import find_symptoms
from aggregator.health.verdict import (
    HARMLESS,
    VERDICTS,
    after_document,
    after_failure,
    after_unchanged,
    find_change,
    is_worse,
)
from aggregator.model import Outcome, SourceState
from aggregator.source_health import WELL, RunFigures, SourceHealth, VerdictChange

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLACES = {
    "title": ("listing:h2", 20),
    "url": ("listing:a@href", 20),
    "published": ("listing:time@datetime", 20),
    "link folder": ("news.example/news/", 20),
}
GOOD = RunFigures(
    20, 20, "page", filled=dict.fromkeys(PLACES, 20), winners=PLACES, body_letters=4_000
)
BASELINE = Baseline([GOOD] * 5)

UNUSUAL = {
    "few": (
        replace(GOOD, found=9),
        "9 items found, usually 20",
    ),
    "usable": (
        replace(GOOD, usable=8),
        "8 of 20 items can be read, usually 100%",
    ),
    "filled:published": (
        replace(GOOD, filled=GOOD.filled | {"published": 0}),
        "`published` is known of 0 of 20 items, usually of 100%, found by `listing:time@datetime`",
    ),
    "winner:title": (
        replace(GOOD, winners=PLACES | {"title": ("listing:a", 20)}),
        "`title` comes from `listing:a` in 20 of 20 items, usually from `listing:h2`",
    ),
    "winner:link folder": (
        replace(GOOD, winners=PLACES | {"link folder": ("news.example/shop/", 20)}),
        "20 of 20 links lead to `news.example/shop/`, usually to `news.example/news/`",
    ),
    "future": (
        replace(GOOD, future=5, ahead_minutes=475),
        "5 of 20 dates lie in the future, usually 0%: up to 8 h ahead, as in `timezone: Asia/Shanghai`",
    ),
    "titles": (
        replace(GOOD, repeated_titles=20),
        "20 of 20 items share their `title` with another (`listing:h2`)",
    ),
    "garbled": (
        replace(GOOD, garbled=3, beyond_ascii=4),
        (
            "3 of 4 titles with letters beyond ASCII are garbled: the page is not in the encoding "
            "that it names"
        ),
    ),
    "body": (
        replace(GOOD, body_letters=1_500),
        (
            "the text of an article has 1,500 letters, usually 4,000: a paywall or a question for "
            "consent stands before it"
        ),
    ),
    "empty": (RunFigures(0, 0, "page"), "the list is there and has no items"),
}


@pytest.mark.parametrize("code", UNUSUAL)
def test_what_is_unusual_is_said_with_the_figures_before_and_now(code: str) -> None:
    figures, evidence = UNUSUAL[code]

    symptoms = {one.code: one.evidence for one in find_symptoms(figures, BASELINE)}

    assert symptoms[code] == evidence


def test_nothing_is_unusual_before_five_good_runs() -> None:
    figures = replace(GOOD, found=1, usable=1, filled={}, winners={})

    assert find_symptoms(figures, Baseline([GOOD] * 4)) == []


def test_a_verdict_is_given_by_the_second_bad_run_and_taken_back_by_the_first_good_one() -> None:
    bad = find_symptoms(replace(GOOD, filled=GOOD.filled | {"published": 0}), BASELINE)

    first = after_document(WELL, bad, START)
    second = after_document(first, bad, START + HOUR)
    well = after_document(second, [], START + 2 * HOUR)

    assert (first.verdict, first.evidence, first.bad_since) == ("ok", (), START)
    assert (second.verdict, second.since, second.bad_since) == ("degraded", START + HOUR, START)
    assert second.evidence == (UNUSUAL["filled:published"][1],)
    assert well == SourceHealth("ok", (), START + 2 * HOUR)


def test_the_same_document_again_is_a_second_bad_run() -> None:
    bad = find_symptoms(UNUSUAL["filled:published"][0], BASELINE)

    health = after_unchanged(after_document(WELL, bad, START), [], START + HOUR)

    assert health.verdict == "degraded"


def test_too_few_items_are_degraded_after_three_runs_and_very_few_after_two() -> None:
    def runs_needed(found: int) -> int:
        symptoms = find_symptoms(replace(GOOD, found=found), BASELINE)
        return next(one.needed for one in symptoms if one.code == "few")

    assert (runs_needed(9), runs_needed(4)) == (3, 2)


@pytest.mark.parametrize(
    ("error", "status", "verdict", "needed"),
    [
        ("no-items", 200, "broken", 2),
        ("not-a-feed", 200, "broken", 2),
        ("timeout", None, "broken", 3),
        ("http", 500, "broken", 3),
        ("blocked", 403, "blocked", 2),
        ("http", 402, "blocked", 2),
        ("http", 404, "gone", 2),
        ("gone", 410, "gone", 2),
        ("redirect", None, "moved", 2),
    ],
)
def test_a_failure_has_its_verdict(error: Any, status: Any, verdict: str, needed: int) -> None:
    outcome = Outcome("a", START, 1, "failed", http_status=status, error=error, message="why")

    failure = find_failure(outcome)

    assert failure is not None
    assert (failure.verdict, failure.needed) == (verdict, needed)
    assert failure.evidence == f"{error}: why"


def test_failures_that_pass_leave_the_source_well() -> None:
    outcome = Outcome("a", START, 1, "failed", error="timeout", message="no answer")
    failure = find_failure(outcome)
    assert failure is not None

    health = WELL
    for hour in range(2):
        health = after_failure(health, failure, START + hour * HOUR)
    calm = after_unchanged(health, [], START + 2 * HOUR)

    assert (health.verdict, calm) == ("ok", SourceHealth())


def test_a_failure_does_not_make_a_degraded_source_well() -> None:
    bad = find_symptoms(UNUSUAL["filled:published"][0], BASELINE)
    degraded = after_document(after_document(WELL, bad, START), bad, START)
    failure = find_failure(Outcome("a", START, 1, "failed", error="timeout", message="no answer"))
    assert failure is not None

    after = after_unchanged(after_failure(degraded, failure, START), [], START)

    assert after.verdict == "degraded"


def test_a_lasting_redirect_is_moved_and_hides_what_is_secret_in_the_address() -> None:
    state = SourceState("a", START, moved_to="https://u:p@new.example/feed?key=1", moved_seen=2)

    symptom = find_move(state)

    assert symptom is not None
    assert (symptom.verdict, symptom.evidence) == (
        "moved",
        "the server redirects permanently to https://new.example/feed: set `url` to it",
    )
    assert find_move(replace(state, moved_seen=1)) is None


def test_only_a_changed_verdict_is_a_change() -> None:
    broken = SourceHealth("broken", ("why",), START)

    assert find_change("a", broken, replace(broken, evidence=("else",)), START) is None
    assert find_change("a", WELL, broken, START) == VerdictChange(
        "a", START, "ok", "broken", ("why",)
    )


def test_the_verdicts_are_ordered_from_well_to_worst() -> None:
    assert VERDICTS == (
        "ok", "quiet", "moved", "drifting", "degraded", "broken", "blocked", "gone",
    )  # fmt: skip
    assert is_worse(VerdictChange("a", START, "ok", "drifting"))
    assert not is_worse(VerdictChange("a", START, "ok", "quiet"))
    assert not is_worse(VerdictChange("a", START, "gone", "ok"))


class _Publisher:
    """A source that changes as sources do: the number of items, their lengths, what they lack."""

    def __init__(self, random_: random.Random) -> None:
        self._random = random_
        self.size = random_.choice([1, 3, 8, 10, 20, 25, 50, 100])
        self.varies = random_.choice([0.0, 0.0, 0.1, 0.3])
        self.shares = {
            "title": 1.0,
            "url": 1.0,
            "published": random_.choice([1.0, 1.0, 0.95, 0.5]),
            "summary": random_.choice([1.0, 0.9, 0.6, 0.1]),
            "image": random_.choice([0.9, 0.5, 0.2]),
            "authors": random_.choice([1.0, 0.8, 0.3]),
        }
        self.length = random_.choice([300, 2_000, 6_000])

    def run(self) -> RunFigures:
        draw = self._random
        found = max(1, round(draw.gauss(self.size, self.varies * self.size)))
        filled, winners = {}, {}
        for name, likely in self.shares.items():
            count = sum(draw.random() < likely for _ in range(found))
            if count:
                filled[name] = count
                winners[name] = (
                    f"listing:{draw.choice('abb')}",
                    max(1, count - draw.randint(0, 3)),
                )
        return RunFigures(
            found,
            found,
            "page",
            filled=filled,
            winners=winners,
            future=sum(draw.random() < 0.005 for _ in range(found)),
            repeated_titles=2 * sum(draw.random() < 0.01 for _ in range(found // 2)),
            body_letters=max(50, round(draw.lognormvariate(0, 0.5) * self.length)),
        )


@pytest.mark.parametrize("seed", range(10))
def test_good_runs_with_natural_variation_raise_no_alarm(seed: int) -> None:
    random_ = random.Random(seed)
    alarms = []
    for _ in range(10):
        publisher = _Publisher(random_)
        good: list[RunFigures] = []
        health = WELL
        for number in range(100):
            figures = publisher.run()
            symptoms = find_symptoms(figures, Baseline(good))
            health = after_document(health, symptoms, START + number * HOUR)
            if all(one.verdict in HARMLESS for one in symptoms):
                good.insert(0, figures)
            if health.verdict != "ok":
                alarms.append((vars(publisher), health.evidence))

    assert alarms == []
