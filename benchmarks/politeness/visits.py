"""The scenarios of manners: what is sent along, where redirects lead, what a broken body is worth (C, D, limits)."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from benchmarks.politeness import judge
from benchmarks.politeness.scenario import Reply, Scenario, feed, honest, rss

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.politeness.scenario import Manner, Question

TAG = {"ETag": '"same"'}
AS_WRITTEN = "/%7Efeed/(a);b=c/x?one=1&&two=%2f+%C3%A9&three"


def _cookies(question: Question) -> Reply:
    return Reply(200, {"Set-Cookie": f"visitor={question.number}; Max-Age=86400; Path=/"}, rss())


def _cookie_wall(question: Question) -> Reply:
    """Let in who brings the cookie that the redirect set: a visitor who keeps none would go round for ever."""
    if "seen=1" in question.headers.get("cookie", ""):
        return Reply(200, {"Set-Cookie": "more=1; Path=/"}, rss())
    return Reply(302, {"Location": "/feed.xml", "Set-Cookie": "seen=1; Max-Age=86400; Path=/"})


def _moved(status: int, times: int = 10_000) -> Callable[[Question], Reply]:
    """Redirect that many times; whoever comes later, or to the new address, is given the feed."""

    def answer(question: Question) -> Reply:
        if question.path == "/new.xml" or question.number >= times:
            return honest(question, Reply(200, TAG, rss()))
        return Reply(status, {"Location": "/new.xml"})

    return answer


def _portal(question: Question) -> Reply:
    if question.path.startswith("/login"):
        return Reply(200, {}, rss())
    return Reply(301, {"Location": f"/login{question.number}"})


def _loop(question: Question) -> Reply:
    return Reply(302, {"Location": "/b.xml" if question.path == "/feed.xml" else "/feed.xml"})


def _staircase(question: Question) -> Reply:
    step = int(question.path[5:-4] or 0)
    return Reply(302, {"Location": f"/feed{step + 1}.xml"}) if step < 20 else Reply(200, {}, rss())


def _cut(question: Question) -> Reply:
    return Reply(200, {"ETag": '"half"'}, rss(question.number), "cut")


def _cut_gzip(question: Question) -> Reply:
    return Reply(
        200, {"ETag": '"half"', "Content-Encoding": "gzip"}, gzip.compress(rss() * 50)[:-20]
    )


def _lying_gzip(question: Question) -> Reply:
    return honest(question, Reply(200, TAG | {"Content-Encoding": "gzip"}, rss()))


def _endless(manner: Manner) -> Callable[[Question], Reply]:
    return lambda _: Reply(200, TAG, manner=manner)


SCENARIOS = (
    Scenario("headers", "C2 C4 C5", feed(TAG), judge.presentable),
    Scenario("headers behind a redirect", "C2", _moved(302), judge.presentable),
    Scenario("the url as written", "C3", feed(TAG), judge.never_more, paths=(AS_WRITTEN,)),
    Scenario("cookies", "C1", _cookies, judge.no_old_cookies),
    Scenario(
        "cookies set by a redirect",
        "C1 D3",
        _cookie_wall,
        judge.all_of(judge.no_old_cookies, judge.stops_hopping),
    ),
    Scenario("301 twelve times", "D1", _moved(301), judge.moves_after_ten, polls=12),
    Scenario("308 twelve times", "D1", _moved(308), judge.moves_after_ten, polls=12),
    Scenario(
        "301 three times, then not", "D1", _moved(301, times=3), judge.keeps_the_original, polls=5
    ),
    Scenario("301 elsewhere each time", "D1", _portal, judge.keeps_the_original, polls=12),
    Scenario("302", "D2", _moved(302), judge.keeps_the_original, polls=12),
    Scenario("303", "D2", _moved(303), judge.keeps_the_original, polls=12),
    Scenario("307", "D2", _moved(307), judge.keeps_the_original, polls=12),
    Scenario("redirect loop", "D3", _loop, judge.stops_hopping, polls=1),
    Scenario("twenty redirects", "D3", _staircase, judge.stops_hopping, polls=1),
    Scenario("body breaks off", "A11", _cut, judge.distrusts_the_broken),
    Scenario("gzip breaks off", "A11", _cut_gzip, judge.distrusts_the_broken),
    Scenario("gzip that is none", "A9", _lying_gzip, judge.conditional_at_last),
    Scenario("body drips", "limits", _endless("drip"), judge.does_not_wait_for_ever, polls=1),
    Scenario("body of 64 MiB", "limits", _endless("flood"), judge.does_not_swallow, polls=1),
)
