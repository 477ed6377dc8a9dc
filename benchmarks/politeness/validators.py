"""The scenarios of conditional requests: validators that move, vanish, are odd (A1-A12)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.politeness import judge
from benchmarks.politeness.scenario import Reply, Scenario, feed, honest, rss

if TYPE_CHECKING:
    from benchmarks.politeness.scenario import Question

DATE = "Wed, 01 Jul 2026 10:00:00 GMT"
_conditional = partial(Scenario, judge=judge.conditional_in_time, polls=4)


def _moving(question: Question) -> Reply:
    return Reply(200, {"ETag": f'"v{question.number}"'}, rss(question.number))


def _touched(question: Question) -> Reply:
    return Reply(
        200, {"ETag": f'"t{question.number}"', "Last-Modified": _hour(question.number)}, rss()
    )


def _new_tag(question: Question) -> Reply:
    return Reply(
        200, {"ETag": f'"n{question.number}"', "Last-Modified": DATE}, rss(question.number)
    )


def _renewing(question: Question) -> Reply:
    if question.number == 0:
        return Reply(200, {"ETag": '"first"', "Last-Modified": DATE}, rss())
    return Reply(304, {"ETag": f'"renewed-{question.number}"'})


def _vanishing(question: Question) -> Reply:
    headers = {"ETag": '"once"', "Last-Modified": DATE} if question.number == 0 else {}
    return Reply(200, headers, rss(question.number))


def _half_vanishing(question: Question) -> Reply:
    headers = {"Last-Modified": DATE} if question.number == 0 else {}
    return Reply(200, {"ETag": f'"h{question.number}"', **headers}, rss(question.number))


def _failing_between(question: Question) -> Reply:
    if question.number in (1, 2):
        return Reply(500, {"ETag": '"of the error"'})
    return honest(question, Reply(200, {"ETag": '"good"', "Last-Modified": DATE}, rss()))


def _redirected(question: Question) -> Reply:
    if question.path != "/real.xml":
        return Reply(302, {"Location": "/real.xml", "ETag": '"of the redirect"'})
    return honest(question, Reply(200, {"ETag": '"real"'}, rss()))


def _elsewhere(question: Question) -> Reply:
    """Redirect to another place each time: the validators of one mean nothing at the next."""
    if question.path.startswith("/part"):
        return Reply(200, {"ETag": f'"{question.path}"'}, rss(int(question.path[5])))
    return Reply(302, {"Location": f"/part{question.number % 2}.xml"})


def _hour(number: int) -> str:
    return f"Wed, 01 Jul 2026 {10 + number:02}:00:00 GMT"


SCENARIOS = (
    Scenario("etag stays", "A1 A9 A12", feed({"ETag": '"stays"'}), judge.conditional, polls=6),
    _conditional("etag moves", "A1", _moving),
    _conditional("etag is weak", "A1", feed({"ETag": 'W/"weak"'})),
    _conditional("etag is unquoted", "A1", feed({"ETag": "abc-123"})),
    _conditional("etag is odd", "A1", feed({"ETag": 'W/"a"b, c\'-gzip"'})),
    _conditional("etag is empty", "A5", feed({"ETag": ""})),
    _conditional("date only", "A2", feed({"Last-Modified": DATE})),
    _conditional(
        "date with a zone", "A2", feed({"Last-Modified": "Wed, 1 Jul 2026 12:00:00 +0200"})
    ),
    _conditional("date is odd", "A2", feed({"Last-Modified": "2026-07-01 10:00"})),
    _conditional(
        "date of the epoch", "A2", feed({"Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT"})
    ),
    _conditional("both", "A3", feed({"ETag": '"both"', "Last-Modified": DATE})),
    _conditional("none", "A4", feed()),
    _conditional("touched: same body, new validators", "A6", _touched),
    _conditional("same date, new etag", "A7", _new_tag),
    _conditional("304 with a new etag", "A8", _renewing),
    _conditional("validators vanish", "A10", _vanishing),
    _conditional("the date vanishes", "A10", _half_vanishing),
    _conditional("errors between", "A11", _failing_between, polls=5),
    _conditional("validators behind a redirect", "A1 D2", _redirected),
    _conditional("validators of another url", "A4", _elsewhere),
)
