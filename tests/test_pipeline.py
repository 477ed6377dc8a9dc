"""One source's way: who may be asked, where it moved to, and what becomes of failures."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from aggregator import pipeline
from aggregator.digest import Digest
from aggregator.errors import SourceError, StoreError
from aggregator.fetch import Fetcher, FetchSettings
from aggregator.hosts import Hosts
from aggregator.model import SourceState


def state_of(app: Any, name: str) -> SourceState:
    states: list[SourceState] = app.store.states()
    return next(state for state in states if state.source == name)


def test_a_host_that_asks_for_time_gets_it_for_all_its_sources_even_when_forced(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        busy = way.Reply(status=429, headers={"Retry-After": "7200"})
        async with way.Origin({"/a": busy, "/b": way.Reply(way.rss("one"))}) as origin:
            home.follow(f'{{id: a, url: "{origin.url("/a")}"}}', f'{{id: b, url: "{origin.url("/b")}"}}')
            async with home.app(clock) as app:
                [first] = await app.cycle(["a"])
                clock.forward(minutes=30)
                [second] = await app.cycle(["b"])
                forced = await app.cycle(force=True)

                assert (first.status, first.http_status) == ("failed", 429)
                assert second.status == "unchanged"
                assert second.notes == ("not asked: 127.0.0.1 wants to be left alone until 2026-07-04 14:00Z",)
                assert forced == []
                assert origin.asked == ["/a"]
                assert state_of(app, "b").next_fetch_at == way.present + timedelta(hours=2)

                clock.forward(hours=3)
                assert {outcome.source: outcome.status for outcome in await app.cycle()} == {"a": "failed", "b": "ok"}

    asyncio.run(story())


def test_those_that_wait_behind_a_refused_one_are_not_asked_any_more(home: Any, way: Any, clock: Any) -> None:
    async def story() -> tuple[list[str], list[str]]:
        busy = way.Reply(status=503, headers={"Retry-After": "600"})
        async with way.Origin({f"/{number}": busy for number in range(9)}) as origin:
            home.follow(*(f'{{id: s{number}, url: "{origin.url(f"/{number}")}"}}' for number in range(9)))
            async with home.app(clock) as app:
                outcomes = await app.cycle()
            return origin.asked, [outcome.status for outcome in outcomes]

    asked, statuses = asyncio.run(story())

    assert len(asked) == 2  # network.per_host: what is under way at once
    assert sorted(statuses) == ["failed"] * 2 + ["unchanged"] * 7


def test_a_permanent_redirect_is_believed_the_tenth_time_and_forgotten_when_nothing_is_there(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        old = way.Reply(status=301, headers={"Location": "/new"})
        async with way.Origin({"/old": old, "/new": way.Reply(way.rss("one"))}) as origin:
            home.follow(f'{{id: moved, url: "{origin.url("/old")}"}}')
            async with home.app(clock) as app:
                for _ in range(10):
                    await app.cycle()
                    clock.forward(days=2)
                origin.asked.clear()
                await app.cycle()
                assert origin.asked == ["/new"]

                origin.pages = {"/new": way.Reply(status=410), "/old": way.Reply(way.rss("one", "two"))}
                clock.forward(days=2)
                [dead] = await app.cycle()
                clock.forward(days=2)
                [back] = await app.cycle()

                assert (dead.status, dead.error) == ("failed", "gone")
                assert (back.status, back.new) == ("ok", 1)
                assert origin.asked == ["/new", "/new", "/old"]

    asyncio.run(story())


def test_a_move_survives_a_bad_day_but_not_three(home: Any, way: Any, clock: Any) -> None:
    async def story() -> list[str]:
        down = way.Reply(status=503)
        old = way.Reply(status=301, headers={"Location": "/new"})
        async with way.Origin({"/old": old, "/new": way.Reply(way.rss("one"))}) as origin:
            home.follow(f'{{id: moved, url: "{origin.url("/old")}"}}')
            async with home.app(clock) as app:
                for _ in range(10):
                    await app.cycle()
                    clock.forward(days=2)
                origin.asked.clear()
                for reply in (down, way.Reply(way.rss("one")), down, down, down, down):
                    origin.pages["/new"] = reply
                    origin.pages["/old"] = down
                    await app.cycle()
                    clock.forward(days=4)
            return list(origin.asked)

    assert asyncio.run(story()) == ["/new"] * 5 + ["/old"]


def test_gone_is_asked_no_more_unless_forced(home: Any, way: Any, clock: Any) -> None:
    async def story() -> None:
        async with way.Origin({"/": way.Reply(status=410)}) as origin:
            home.follow(f'{{id: ended, url: "{origin.url("/")}"}}')
            async with home.app(clock) as app:
                [first] = await app.cycle()
                clock.forward(days=400)
                later = await app.cycle()
                origin.pages["/"] = way.Reply(way.rss("one"))
                [forced] = await app.cycle(force=True)

                assert (first.error, later, forced.status) == ("gone", [], "ok")
                assert not state_of(app, "ended").gone

    asyncio.run(story())


def parts(clock: Any, **given: Any) -> dict[str, Any]:
    """Parts whose every member may be given."""

    async def nothing(captures: Any, job: Any) -> Digest:
        return Digest()

    hosts = Hosts(given.pop("recorded", dict), clock=clock)
    return {"digest": nothing, "hosts": hosts, "clock": clock, "limit_bytes": 9, "limit": timedelta(minutes=1), **given}


def run_alone(home: Any, clock: Any, **given: Any) -> Any:
    async def run() -> Any:
        settings = FetchSettings(allow_private=True)
        async with Fetcher(settings, clock=clock) as fetcher:
            [source] = home.load().sources
            state = SourceState(source.id, clock())
            return await pipeline.run(source, state, pipeline.Parts(fetcher, **parts(clock, **given)))

    return asyncio.run(run())


def test_a_run_that_takes_too_long_is_given_up(home: Any, clock: Any) -> None:
    async def never(captures: Any, job: Any) -> Digest:
        await asyncio.Event().wait()
        raise AssertionError

    home.save("calm", "Calm")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")

    result = run_alone(home, clock, digest=never, limit=timedelta(milliseconds=20), limit_bytes=999)

    assert (result.outcome.error, result.outcome.message) == ("timeout", "not done within 0.02 s: given up")
    assert result.state.failures == 1


def test_an_unforeseen_failure_is_one_outcome_and_a_logged_one(home: Any, clock: Any, caplog: Any) -> None:
    async def broken(captures: Any, job: Any) -> Digest:
        raise ZeroDivisionError("our own mistake")

    home.save("calm", "Calm")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")

    result = run_alone(home, clock, digest=broken, limit_bytes=999)

    assert (result.outcome.error, result.outcome.message) == (
        "internal", "unforeseen: ZeroDivisionError: our own mistake"
    )  # fmt: skip
    assert "saved: unforeseen failure" in caplog.text


def test_a_store_that_cannot_be_read_ends_the_run_and_is_not_the_sources_fault(home: Any, clock: Any) -> None:
    def broken() -> None:
        raise StoreError("the disk is gone")

    home.follow('{id: feed, url: "http://127.0.0.1:9/"}')

    with pytest.raises(StoreError, match="the disk is gone"):
        run_alone(home, clock, recorded=broken)


def test_who_gets_no_turn_in_time_comes_back_later_without_a_failure(clock: Any) -> None:
    async def story() -> Any:
        hosts = Hosts(dict, clock=clock, per_host=1, patience=timedelta(milliseconds=10))
        async with (
            hosts.turn("a.example") as first,
            hosts.turn("a.example") as second,
            hosts.turn("b.example") as other,
        ):
            return first, second, other

    first, second, other = asyncio.run(story())

    assert (first, other) == (None, None)
    assert (second.until - clock.now, second.asked_for) == (timedelta(minutes=5), False)


def test_a_wait_ends_and_lanes_leave_nothing_behind(clock: Any) -> None:
    async def story() -> Hosts:
        hosts = Hosts(dict, clock=clock)
        hosts.told("a.example", timedelta(hours=1))
        async with hosts.turn("a.example") as wait:
            assert wait is not None
            assert wait.until == clock.now + timedelta(hours=1)
        clock.forward(hours=2)
        async with hosts.turn("a.example") as wait:
            assert wait is None
        with pytest.raises(SourceError):
            async with hosts.turn("a.example"):
                raise SourceError("http", "no")
        return hosts

    hosts = asyncio.run(story())

    assert (hosts._lanes, hosts._told) == ({}, {})
