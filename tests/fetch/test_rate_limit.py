"""Rule B7: the pace."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from aggregator.fetch import Fetcher, FetchSettings, Request, host_group
from aggregator.fetch.rate_limit import RateLimiter


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.starts: list[float] = []

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_b7_two_requests_at_a_time_to_one_host(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> int:
        gate = asyncio.Event()

        async def held(writer: Any) -> None:
            await gate.wait()
            writer.write(net.answer(200, b"x"))

        site.pages["/"] = held
        fetches = [asyncio.create_task(fetcher.get(Request(site.url()))) for _ in range(8)]
        await site.busy.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*fetches)
        return int(site.most_open)

    assert net.visit({}, story) == 2


def test_b7_who_waits_for_a_busy_host_holds_no_place_of_another() -> None:
    async def run() -> list[str]:
        pace = RateLimiter(FetchSettings(concurrency=2, per_host=1, spacing=timedelta(0)))
        done: list[str] = []
        busy = asyncio.Event()

        async def visit(host: str, until: asyncio.Event | None = None) -> None:
            async with pace.slot(host):
                if until is not None:
                    await until.wait()
                done.append(host)

        waiting = [asyncio.create_task(visit("busy", busy)) for _ in range(5)]
        await asyncio.sleep(0)
        await visit("free")
        busy.set()
        await asyncio.gather(*waiting)
        return done

    assert asyncio.run(run()) == ["free", *["busy"] * 5]


def starts(hosts: list[str], **settings: Any) -> list[float]:
    async def run() -> list[float]:
        clock = Clock()
        pace = RateLimiter(FetchSettings(**settings), time=clock.time, sleep=clock.sleep)
        found = []
        for host in hosts:
            async with pace.slot(host):
                found.append(round(clock.now - 100, 3))
        return found

    return asyncio.run(run())


def test_b7_starts_to_one_host_are_spaced() -> None:
    assert starts(["a", "a", "b", "a"], spacing=timedelta(seconds=0.5)) == [0.0, 0.5, 0.5, 1.0]


def test_b7_hosts_of_one_group_share_its_pace() -> None:
    hosts = ["a.tumblr.com", "b.tumblr.com", "tumblr.com", "nottumblr.com"]

    assert starts(hosts, spacing=timedelta(seconds=1)) == [0.0, 1.0, 2.0, 2.0]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_very_machine_is_not_spaced(host: str) -> None:
    assert starts([host] * 3, spacing=timedelta(seconds=1)) == [0.0, 0.0, 0.0]


def test_without_spacing_nobody_waits() -> None:
    assert starts(["a"] * 3, spacing=timedelta(0)) == [0.0, 0.0, 0.0]


def test_hosts_that_are_done_with_are_forgotten() -> None:
    async def run() -> tuple[int, int]:
        pace = RateLimiter(FetchSettings(spacing=timedelta(0)))
        async with pace.slot("a"), pace.slot("b"):
            during = len(pace._hosts)
        return during, len(pace._hosts)

    assert asyncio.run(run()) == (2, 0)


def test_a_spaced_host_is_forgotten_once_it_is_ready_again() -> None:
    async def run() -> tuple[int, int]:
        pace = RateLimiter(FetchSettings(spacing=timedelta(seconds=0.01)))
        async with pace.slot("a"):
            pass
        before = len(pace._hosts)
        await asyncio.sleep(0.05)
        return before, len(pace._hosts)

    assert asyncio.run(run()) == (1, 0)


def test_b7_a_place_is_given_back_by_a_request_that_fails_or_is_cancelled(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> bytes:
        for _ in range(4):
            with pytest.raises(Exception, match="HTTP 404"):
                await fetcher.get(Request(site.url("/none")))
        stuck = [asyncio.create_task(fetcher.get(Request(site.url("/stuck")))) for _ in range(4)]
        await site.busy.wait()
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        return bytes((await fetcher.get(Request(site.url()))).body)

    async def stuck(writer: Any) -> None:
        await asyncio.Event().wait()

    assert net.visit({"/": net.answer(200, b"x"), "/stuck": stuck}, story) == b"x"


def test_all_requests_together_are_limited(net: Any) -> None:
    async def run() -> int:
        pace = RateLimiter(FetchSettings(concurrency=3, spacing=timedelta(0)))
        here = most = 0

        async def visit(number: int) -> None:
            nonlocal here, most
            async with pace.slot(f"host{number}"):
                here += 1
                most = max(most, here)
                await asyncio.sleep(0)
                here -= 1

        await asyncio.gather(*(visit(number) for number in range(20)))
        return most

    assert asyncio.run(run()) == 3


def test_the_group_of_a_url_is_its_host_or_its_pattern() -> None:
    fetcher = Fetcher(FetchSettings(host_groups=("*.tumblr.com",)))

    assert fetcher.host_group("https://Example.org:8443/x") == "example.org"
    assert fetcher.host_group("https://a.tumblr.com/") == "*.tumblr.com"
    assert host_group("TUMBLR.com.", ("*.tumblr.com",)) == "*.tumblr.com"


def test_a_source_may_ask_for_more_room_between_its_requests() -> None:
    async def story() -> list[float]:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        pace = RateLimiter(
            FetchSettings(spacing=timedelta(milliseconds=200)), time=lambda: 100.0, sleep=sleep
        )
        for _ in range(2):
            async with pace.slot("a.example", spacing=timedelta(seconds=2)):
                pass
        async with (
            pace.slot("b.example"),
            pace.slot("b.example", spacing=timedelta(milliseconds=50)),
        ):
            pass
        return slept

    assert asyncio.run(story()) == pytest.approx([2.0, 0.2])
