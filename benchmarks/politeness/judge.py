"""The judges: a log in, a fault in words out, None for none.

Rule: what a faultless client would have sent is computed from what the origin said before; the fault names the first
difference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.politeness.scenario import Asked, Log, Scenario

    Judge = Callable[[Log], str | None]

MOST_HOPS = 5
LARGEST_BODY = 40 * 1024 * 1024  # what is in the buffers of both ends is sent as well
LONGEST_SECONDS = 35.0
LEAST_SPACING = (
    0.17  # seconds; 200 ms were promised, the first question of all is the slowest to arrive
)
PER_HOST = 2
MOVES = 10
_AGENT = re.compile(r"[^\s/]+/\S+")


def fault_of(scenario: Scenario, log: Log) -> str | None:
    """Judge one scenario: first that only what is followed was asked (C6), then the scenario's own promise."""
    if not log.asked and not scenario.closed:
        return "it was never asked"
    return _unasked(scenario, log) or scenario.judge(log)


def all_of(*judges: Judge) -> Judge:
    """Join judges: the first fault counts."""
    return lambda log: next((fault for judge in judges if (fault := judge(log)) is not None), None)


def _unasked(scenario: Scenario, log: Log) -> str | None:
    told = {path for asked in log.asked if (path := asked.reply.headers.get("Location"))}
    extra = [asked.path for asked in log.asked if asked.path not in told | set(scenario.paths)]
    return f"asked {extra[0]}, which nobody follows" if extra else None


# --- validators ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    path: str
    etag: str | None
    modified: str | None


def conditional(log: Log) -> str | None:
    """A1-A12: each question carries the validators that the last answer left, byte for byte, and no others."""
    return _conditional(log)


def conditional_in_time(log: Log) -> str | None:
    """The same, but after the first answer alone they may be lacking: that is a fault of its own (A9), told once."""
    return _conditional(log, forgiving=True)


def conditional_at_last(log: Log) -> str | None:
    """The last question is conditional: what came before it was understood."""
    sent = log.asked[-1].question.headers.keys() & {"if-none-match", "if-modified-since"}
    return None if sent else "is never conditional: what came was not understood"


def _conditional(log: Log, *, forgiving: bool = False) -> str | None:
    held: _Held | None = None
    answers = 0
    for number, asked in enumerate(log.asked, 1):
        here = held if held and held.path == asked.path else None
        wanted = {
            "if-none-match": here.etag if here else None,
            "if-modified-since": here.modified if here else None,
        }
        for name, value in wanted.items():
            sent = asked.question.headers.get(name)
            if sent != value and not (forgiving and sent is None and answers == 1):
                return f"request {number}: {_shown(name)} was {_quoted(sent)}, not {_quoted(value)}"
        held = _after(held, asked)
        answers += asked.reply.status in (200, 304)
    return None


def _after(held: _Held | None, asked: Asked) -> _Held | None:
    etag, modified = (
        asked.reply.headers.get("ETag") or None,
        asked.reply.headers.get("Last-Modified") or None,
    )
    if asked.reply.status == 200 and asked.reply.manner == "plain":
        return _Held(asked.path, etag, modified) if etag or modified else None
    if asked.reply.status == 304 and held is not None:
        return _Held(asked.path, etag or held.etag, modified or held.modified)
    return held


def distrusts_the_broken(log: Log) -> str | None:
    """What came broken was not received: its validators are never sent."""
    if any(
        {"if-none-match", "if-modified-since"} & asked.question.headers.keys()
        for asked in log.asked
    ):
        return "took half a document for the whole: its validators were sent"
    return None


# --- pace ------------------------------------------------------------------------------------------------------------


def at_least(floor: timedelta, *, questions: int = 2) -> Judge:
    """No two questions for one path are closer than `floor`; a client with its own pace asks `questions` times or more.

    It is the origin's clock that counts: the client's present.
    """

    def judge(log: Log) -> str | None:
        for one, next_one in _in_turn(log):
            if (gap := next_one.at - one.at) < floor:
                return f"asked again after {_span(gap)}, not {_span(floor)}"
        if log.runs is not None and len(log.asked) < questions:
            return f"asked {len(log.asked)} times, not {questions}: given up"
        return None

    return judge


def at_most(ceiling: timedelta) -> Judge:
    """A client with its own pace does not forget a source: no gap is longer than `ceiling`."""

    def judge(log: Log) -> str | None:
        gaps = [later.at - one.at for one, later in _in_turn(log)] if log.runs is not None else []
        return (
            f"asked again only after {_span(max(gaps))}" if gaps and max(gaps) > ceiling else None
        )

    return judge


def drifts(quiet: int) -> Judge:
    """B1: from an hour to a day while the first `quiet` answers are the same, and back when another comes."""
    hour, soon, day = timedelta(hours=1), timedelta(hours=1.5), timedelta(hours=24)
    lateness = timedelta(minutes=5)

    def judge(log: Log) -> str | None:
        gaps = [later.at - one.at for one, later in _in_turn(log)]
        same, other = gaps[:quiet], gaps[quiet:]
        if not other:
            return f"asked {len(log.asked)} times only: given up"
        if min(gaps) < hour:
            return f"asked again after {_span(min(gaps))}, not {_span(hour)}"
        if same[0] > soon:
            return f"slows down at once, to {_span(same[0])}"
        if any(later < one - lateness for one, later in pairwise(same)):
            return f"does not slow down: {', '.join(map(_span, same))}"
        if same[-1] < day:
            return f"still asks after {_span(same[-1])} when nothing changed for days"
        if max(other) > soon:
            return f"asks after {_span(max(other))} though it changed"
        return None

    return judge


def backs_off(log: Log) -> str | None:
    """Each failure is followed by a longer wait, the first by more than the interval of an hour; never given up."""
    times = log.runs if log.runs is not None else tuple(asked.at for asked in log.asked)
    gaps = [later - one for one, later in pairwise(times)]
    if len(gaps) < 3:
        return f"tried {len(times)} times only: given up"
    if gaps[0] < timedelta(hours=1, minutes=48):
        return f"tried again after {_span(gaps[0])}, not 1.8 hours"
    slower = all(later >= min(1.5 * one, timedelta(hours=24)) for one, later in pairwise(gaps))
    return None if slower else f"does not slow down: {', '.join(map(_span, gaps))}"


def skips_hours(hours: range) -> Judge:
    """B9: but for the first time, when the hint was not known, nothing is asked in these hours of UTC."""

    def judge(log: Log) -> str | None:
        wrong = [asked.at for asked in log.asked[1:] if asked.at.hour in hours]
        return f"asked at {wrong[0]:%H:%M}, which is to be skipped" if wrong else None

    return judge


def once(log: Log) -> str | None:
    """One question is all: the answer was to ask no more, or not today."""
    return f"asked {len(log.asked)} times after such an answer" if len(log.asked) > 1 else None


def never_more(log: Log) -> str | None:
    """Nothing but what is followed was asked, which is judged before: there is no more to it."""
    return None


def whole_host(floor: timedelta) -> Judge:
    """What two paths asked for holds for the host: after their 429 nothing is asked within `floor`.

    But for what was on its way when the answer came: as many questions as may be under way at a time, less that one.
    """

    def judge(log: Log) -> str | None:
        refused: dict[str, Asked] = {}
        for asked in log.asked:
            if asked.reply.status == 429:
                refused.setdefault(asked.path, asked)
        if len(refused) < 2:
            return None
        told = sorted(refused.values(), key=lambda asked: asked.begun)[1]
        later = (asked for asked in log.asked if asked.begun > told.begun + told.seconds)
        early = [asked for asked in later if asked.at < told.at + floor][PER_HOST - 1 :]
        if not early:
            return None
        return f"asked {early[0].path} {_span(early[0].at - told.at)} after the host wanted {_span(floor)} of peace"

    return judge


def but_the_first(judge: Judge) -> Judge:
    """Leave out the first question: it was answered before the promise could be known."""
    return lambda log: judge(replace(log, asked=log.asked[1:]))


def _in_turn(log: Log) -> list[tuple[Asked, Asked]]:
    paths = dict.fromkeys(asked.path for asked in log.asked)
    return [
        pair
        for path in paths
        for pair in pairwise(asked for asked in log.asked if asked.path == path)
    ]


def spaced(log: Log) -> str | None:
    """B7: at most two questions at a time to one host, 200 ms between their starts.

    The spacing is taken over all: how long one question was on its way to us is not the client's doing.
    """
    if (most := max(asked.open for asked in log.asked)) > PER_HOST:
        return f"{most} questions at a time to one host"
    starts = sorted(asked.begun for asked in log.asked)
    spacing = (starts[-1] - starts[0]) / max(len(starts) - 1, 1)
    return (
        f"questions to one host {spacing * 1000:.0f} ms apart, not 200"
        if spacing < LEAST_SPACING
        else None
    )


# --- what is sent ----------------------------------------------------------------------------------------------------


def presentable(log: Log) -> str | None:
    """C2, C4, C5: no Referer, a User-Agent with a version, compression accepted."""
    for asked in log.asked:
        headers = asked.question.headers
        if "referer" in headers:
            return f"Referer: {headers['referer']}"
        if not _AGENT.match(headers.get("user-agent", "")):
            return f"User-Agent is {_quoted(headers.get('user-agent'))}, without a version"
        if "gzip" not in headers.get("accept-encoding", ""):
            return "compression is not accepted"
    return None


def no_old_cookies(log: Log) -> str | None:
    """C1: a cookie is sent only within the run whose redirect set it."""
    for poll in log.polls():
        told = False
        for asked in poll:
            if "cookie" in asked.question.headers and not told:
                return f"sent a cookie of an earlier visit: {asked.question.headers['cookie']}"
            told = told or "Set-Cookie" in asked.reply.headers
    return None


# --- redirects -------------------------------------------------------------------------------------------------------


def moves_after_ten(log: Log) -> str | None:
    """D1: the old address is asked until the same move was seen ten times, the new one from then on."""
    old = log.asked[0].path
    for number, poll in enumerate(log.polls(), 1):
        if poll[0].path != old and number <= MOVES:
            return f"believed the move after {number - 1} of {MOVES} sightings"
        if poll[0].path == old and number > MOVES:
            return f"still asks the old address at run {number}"
    return None


def keeps_the_original(log: Log) -> str | None:
    """D2: every run begins at the address that is followed."""
    wrong = [poll[0].path for poll in log.polls() if poll[0].path != log.asked[0].path]
    return f"forgot the original: began at {wrong[0]}" if wrong else None


def stops_hopping(log: Log) -> str | None:
    """D3: at most five redirects are followed."""
    most = max(len(poll) for poll in log.polls())
    return f"followed {most - 1} redirects in one run" if most > MOST_HOPS + 1 else None


# --- bodies ----------------------------------------------------------------------------------------------------------


def does_not_wait_for_ever(log: Log) -> str | None:
    """A fetch as a whole has a deadline."""
    longest = max(asked.seconds for asked in log.asked)
    return (
        f"held on for {longest:.0f} s to a body of a few bytes"
        if longest > LONGEST_SECONDS
        else None
    )


def does_not_swallow(log: Log) -> str | None:
    """A body has a largest size."""
    most = max(asked.sent_bytes for asked in log.asked)
    return f"took {most // 1024 // 1024} MiB" if most > LARGEST_BODY else None


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"


def _quoted(value: str | None) -> str:
    return "absent" if value is None else repr(value)


def _shown(name: str) -> str:
    return {"if-none-match": "If-None-Match", "if-modified-since": "If-Modified-Since"}[name]
