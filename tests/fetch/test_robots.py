"""Rule C7: robots.txt, for page sources."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import SourceError
from aggregator.fetch import Request

RULES = b"User-agent: aggregator\nDisallow: /private\n\nUser-agent: *\nDisallow: /\n"


def asked(
    net: Any, pages: dict[str, Any], *paths: str, **changes: Any
) -> tuple[list[bool], list[str]]:
    async def story(site: Any, fetcher: Any) -> tuple[list[bool], list[str]]:
        answers = [await fetcher.is_allowed(site.url(path)) for path in paths]
        return answers, [one.target for one in site.asked]

    found: tuple[list[bool], list[str]] = net.visit(pages, story, **changes)
    return found


def test_c7_robots_txt_is_honoured_by_our_name_and_asked_once(net: Any) -> None:
    answers = asked(
        net, {"/robots.txt": net.answer(200, RULES)}, "/private/x", "/public?a=b", "/private", "/"
    )

    assert answers == ([False, True, False, True], ["/robots.txt"])


def test_c7_another_name_meets_the_rules_for_all(net: Any) -> None:
    assert asked(net, {"/robots.txt": net.answer(200, RULES)}, "/x", user_agent="other/1")[0] == [
        False
    ]


def test_c7_a_source_with_a_user_agent_of_its_own_is_judged_by_it(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[bool, str]:
        like = Request(site.url("/x"), user_agent="other/1")
        return await fetcher.is_allowed(site.url("/x"), like=like), site.asked[0].headers[
            "user-agent"
        ]

    assert net.visit({"/robots.txt": net.answer(200, RULES)}, story) == (False, "other/1")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_c7_no_robots_txt_means_yes(net: Any, status: int) -> None:
    assert asked(net, {"/robots.txt": net.answer(status)}, "/x", "/y") == (
        [True, True],
        ["/robots.txt"],
    )


@pytest.mark.parametrize("status", [429, 500, 503])
def test_c7_a_host_in_trouble_means_wait(net: Any, status: int) -> None:
    async def story(site: Any, fetcher: Any) -> SourceError:
        with pytest.raises(SourceError) as caught:
            await fetcher.is_allowed(site.url("/x"))
        return caught.value

    error = net.visit({"/robots.txt": net.answer(status, Retry_After="60")}, story)

    assert (error.kind, error.status, error.retry_after) == ("http", status, timedelta(minutes=1))
    assert str(error).startswith("robots.txt cannot be read (HTTP ")


def test_c7_a_wall_before_robots_txt_is_no_yes(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> str:
        with pytest.raises(SourceError) as caught:
            await fetcher.is_allowed(site.url("/x"))
        return caught.value.kind

    assert net.visit({"/robots.txt": net.answer(403, cf_mitigated="challenge")}, story) == "blocked"


def test_c7_a_trouble_is_not_remembered(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> bool:
        with pytest.raises(SourceError):
            await fetcher.is_allowed(site.url("/x"))
        return bool(await fetcher.is_allowed(site.url("/x")))

    assert net.visit({"/robots.txt": [net.answer(500), net.answer(404)]}, story) is True


def test_c7_the_rules_are_asked_again_after_a_day(net: Any) -> None:
    times = [net.now]

    async def story(site: Any, fetcher: Any) -> list[int]:
        counts = []
        for hours in (0, 23, 24):
            times[0] = net.now + timedelta(hours=hours)
            await fetcher.is_allowed(site.url("/x"))
            counts.append(len(site.asked))
        return counts

    assert net.visit({"/robots.txt": net.answer(404)}, story, clock=lambda: times[0]) == [1, 1, 2]


def test_c7_many_pages_at_once_ask_once(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> int:
        await asyncio.gather(*(fetcher.is_allowed(site.url(f"/{number}")) for number in range(10)))
        return len(site.asked)

    assert net.visit({"/robots.txt": net.answer(404)}, story) == 1


def test_c7_robots_txt_is_guarded_as_everything_else(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[str, bool]:
        with pytest.raises(SourceError) as caught:
            await fetcher.is_allowed(site.url("/x"))
        return caught.value.kind, await fetcher.is_allowed(
            site.url("/x"), like=Request(site.url(), allow_private=True)
        )

    assert net.visit({"/robots.txt": net.answer(404)}, story, allow_private=False) == (
        "blocked",
        True,
    )


def test_c7_a_password_is_told_to_its_own_host_only(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> list[str | None]:
        mine = Request(site.url("/x"), basic_auth=("a", "b"))
        await fetcher.is_allowed(site.url("/x"), like=mine)
        await fetcher.is_allowed(site.url("/x", "other.test"), like=mine)
        return [one.headers.get("authorization") for one in site.asked]

    resolve = net.names({"other.test": ["127.0.0.1"]})
    assert net.visit({"/robots.txt": net.answer(404)}, story, resolve=resolve) == [
        "Basic YTpi",
        None,
    ]


def test_c7_a_feed_is_fetched_without_asking_for_robots_txt(net: Any) -> None:
    assert [one.target for one in net.fetch({"/feed": net.answer(200, b"x")}, "/feed").asked] == [
        "/feed"
    ]
