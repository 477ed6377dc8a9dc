"""A fetcher that is made when it is first asked."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.errors import SourceError
from aggregator.fetch import LazyFetcher, Request


def test_what_is_asked_of_it_the_fetcher_answers(net: Any) -> None:
    async def story(site: Any, _: Any) -> tuple[bytes, bytes, bool]:
        async with LazyFetcher(net.settings(), clock=lambda: datetime.now(UTC)) as deferred:
            answers = await asyncio.gather(*(deferred.get(Request(site.url())) for _ in range(2)))
            return (
                answers[0].body,
                answers[1].body,
                await deferred.is_allowed(site.url("/private/a")),
            )

    pages = {
        "/robots.txt": net.answer(200, b"User-agent: *\nDisallow: /private"),
        "/": net.answer(200, b"three lamps"),
    }
    assert net.visit(pages, story) == (b"three lamps", b"three lamps", False)


def test_it_names_the_group_of_an_address_without_asking_anybody(net: Any) -> None:
    deferred = LazyFetcher(
        net.settings(host_groups=("*.tumblr.com",)), clock=lambda: datetime.now(UTC)
    )
    assert (
        deferred.host_group("https://a.tumblr.com/rss"),
        deferred.host_group("https://EXAMPLE.org/"),
    ) == (
        "*.tumblr.com",
        "example.org",
    )


def test_an_address_that_is_none_has_no_group(net: Any) -> None:
    with pytest.raises(SourceError):
        LazyFetcher(net.settings(), clock=lambda: datetime.now(UTC)).host_group("http://")


def test_the_library_of_requests_is_not_loaded_before_somebody_asks() -> None:
    program = "import sys, aggregator.app; sys.exit('aiohttp' in sys.modules or 'aggregator.parse.captures' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
