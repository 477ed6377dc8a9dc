"""The scenarios of pace: how long a client waits, and for whom (B1-B9)."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.politeness import judge
from benchmarks.politeness.scenario import FEED_PATH, Reply, Scenario, feed, honest, rss

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.politeness.scenario import Question

TAG = {"ETag": '"same"'}
HOURS = 30
QUIET_POLLS, QUIET_HOURS = 17, 150  # until the drift ends at a day, with some hours after it
TWO_HOURS, THREE_HOURS, DAY = timedelta(hours=2), timedelta(hours=3), timedelta(days=1)
_paced = partial(Scenario, polls=0, hours=HOURS)


def _interval(hours: float, most: float) -> judge.Judge:
    return judge.all_of(
        judge.at_least(timedelta(hours=hours)), judge.at_most(timedelta(hours=most))
    )


def _refusing(status: int, **headers: str) -> Callable[[Question], Reply]:
    return lambda _: Reply(
        status, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def _until_a_date(question: Question) -> Reply:
    return Reply(429, {"Retry-After": format_datetime(question.now + TWO_HOURS, usegmt=True)})


def _expiring(question: Question) -> Reply:
    headers = TAG | {"Expires": format_datetime(question.now + THREE_HOURS, usegmt=True)}
    return honest(question, Reply(200, headers, rss()))


def _fresh_by_304(question: Question) -> Reply:
    if question.number == 0:
        return Reply(200, TAG, rss())
    return Reply(304, TAG | {"Cache-Control": "max-age=10800"})


def _two_of_three(question: Question) -> Reply:
    if question.path in ("/a.xml", "/b.xml"):
        return Reply(429, {"Retry-After": "7200"})
    return Reply(200, TAG, rss())


def _always_new(question: Question) -> Reply:
    return Reply(200, {}, rss(question.number))


def _quiet_for_days(question: Question) -> Reply:
    return Reply(200, {}, rss(0 if question.number < QUIET_POLLS else question.number))


def _silent(_: Question) -> Reply:
    return Reply(manner="reset")


SCENARIOS = (
    _paced("validators: hourly", "B1 B2 B3", feed(TAG), _interval(1, 1.5), needs_pace=True),
    _paced(
        "no validators, always new: hourly", "B1", _always_new, _interval(1, 1.5), needs_pace=True
    ),
    _paced(
        "no validators, quiet: daily by and by",
        "B1",
        _quiet_for_days,
        judge.drifts(QUIET_POLLS),
        needs_pace=True,
        hours=QUIET_HOURS,
    ),
    _paced(
        "the user's interval",
        "B1 B2",
        feed(TAG),
        _interval(0.25, 0.6),
        needs_pace=True,
        every="15m",
    ),
    _paced(
        "max-age of 3 h",
        "B4",
        feed(TAG | {"Cache-Control": "public, max-age=10800"}),
        judge.at_least(THREE_HOURS),
    ),
    _paced("Expires in 3 h", "B4", _expiring, judge.at_least(THREE_HOURS)),
    _paced(
        "304 with a max-age of 3 h",
        "B4",
        _fresh_by_304,
        judge.but_the_first(judge.at_least(THREE_HOURS)),
        needs_pace=True,
    ),
    _paced(
        "max-age of a year",
        "B4",
        feed(TAG | {"Cache-Control": "max-age=31536000"}),
        _interval(24, 27),
    ),
    _paced("429 with seconds", "B5", _refusing(429, Retry_After="7200"), judge.at_least(TWO_HOURS)),
    _paced(
        "429 with a date", "B5", _until_a_date, judge.at_least(TWO_HOURS - timedelta(seconds=1))
    ),
    _paced("429 without", "B5", _refusing(429), judge.backs_off, needs_pace=True),
    _paced("503 with seconds", "B5", _refusing(503, Retry_After="7200"), judge.at_least(TWO_HOURS)),
    _paced(
        "429 for the whole host",
        "B5",
        _two_of_three,
        judge.all_of(judge.whole_host(TWO_HOURS), judge.at_least(TWO_HOURS)),
        paths=("/a.xml", "/b.xml", "/c.xml"),
    ),
    Scenario("429, then forced", "B5", _refusing(429, Retry_After="86400"), judge.once),
    _paced("500", "B5", _refusing(500), judge.backs_off, needs_pace=True),
    _paced("404", "D4", _refusing(404), judge.backs_off, needs_pace=True),
    _paced("403", "D4", _refusing(403), judge.backs_off, needs_pace=True),
    _paced("410", "D4", _refusing(410), judge.once),
    _paced("nobody listens", "B6", _refusing(500), judge.backs_off, needs_pace=True, closed=True),
    _paced("hangs up", "B6", _silent, judge.backs_off, needs_pace=True),
    _paced(
        "ttl of 3 h",
        "B9",
        feed(TAG, "<ttl>180</ttl>"),
        judge.at_least(THREE_HOURS),
        needs_pace=True,
    ),
    _paced(
        "sy:updatePeriod daily",
        "B9",
        feed(
            TAG,
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>",
        ),
        judge.at_least(DAY),
        needs_pace=True,
    ),
    _paced(
        "skipHours",
        "B9",
        feed(TAG, "<skipHours>" + "".join(f"<hour>{h}</hour>" for h in range(20)) + "</skipHours>"),
        judge.skips_hours(range(20)),
        needs_pace=True,
    ),
    Scenario(
        "twelve feeds of one host",
        "B7",
        feed(TAG),
        judge.spaced,
        polls=1,
        spaced=True,
        paths=tuple(f"/{number}{FEED_PATH}" for number in range(12)),
    ),
)
