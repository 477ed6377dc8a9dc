"""One source's way: who may be asked, where it moved to, and what becomes of failures."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import Fields, Source
from aggregator.errors import SourceError, StoreError
from aggregator.fetch import Fetcher, FetchSettings, Request, Response
from aggregator.model import SourceState
from aggregator.parse.captures import ParseResult, parse_captures
from aggregator.rules.loader import load_sites
from aggregator.run import pipeline
from aggregator.run.host_queue import HostQueue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SITES = load_sites()


def state_of(app: Any, name: str) -> SourceState:
    states: list[SourceState] = app.store.states()
    return next(state for state in states if state.source == name)


def test_one_feed_that_asks_for_time_does_not_silence_its_host(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        busy = way.Reply(status=429, headers={"Retry-After": "999999999"})
        async with way.Origin({"/a": busy, "/b": way.Reply(way.rss("one"))}) as origin:
            home.follow(
                f'{{id: a, url: "{origin.url("/a")}"}}', f'{{id: b, url: "{origin.url("/b")}"}}'
            )
            async with home.app(clock) as app:
                await app.cycle(["a"])
                clock.forward(minutes=30)
                [other] = await app.cycle(["b"])
                forced = await app.cycle(["a"], force=True)

                assert (other.status, forced) == ("ok", [])
                assert origin.asked == ["/a", "/b"]
                assert state_of(app, "a").not_before == way.present + timedelta(days=31)

    asyncio.run(story())


def test_a_host_that_asks_for_time_at_two_addresses_gets_it_for_all_its_sources(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        busy = way.Reply(status=429, headers={"Retry-After": "7200"})
        replies = {"/a": busy, "/b": busy, "/c": way.Reply(way.rss("one"))}
        async with way.Origin(replies) as origin:
            home.follow(*(f'{{id: {name}, url: "{origin.url(f"/{name}")}"}}' for name in "abc"))
            async with home.app(clock) as app:
                outcomes = await app.cycle(["a", "b"])
                clock.forward(minutes=30)
                [third] = await app.cycle(["c"])
                forced = await app.cycle(force=True)

                assert [outcome.http_status for outcome in outcomes] == [429, 429]
                assert third.notes == (
                    "not asked: 127.0.0.1 asked to wait until 2026-07-04 14:00Z",
                )
                assert forced == []
                assert sorted(origin.asked) == ["/a", "/b"]

                clock.forward(hours=3)
                statuses = {outcome.source: outcome.status for outcome in await app.cycle()}
                assert statuses == {"a": "failed", "b": "failed", "c": "ok"}

    asyncio.run(story())


def test_the_host_that_redirects_is_not_silenced_by_the_one_that_answers(
    home: Any, way: Any, clock: Any
) -> None:
    """`localhost` leads to 127.0.0.1, which asks for time at both addresses."""

    async def story() -> None:
        busy = way.Reply(status=429, headers={"Retry-After": "7200"})
        async with way.Origin({"/busy/a": busy, "/busy/b": busy}) as origin:
            for name in "ab":
                location = {"Location": origin.url(f"/busy/{name}")}
                origin.pages[f"/{name}"] = way.Reply(status=302, headers=location)
            origin.pages["/c"] = way.Reply(way.rss("one"))
            local = {
                name: origin.url(f"/{name}").replace("127.0.0.1", "localhost") for name in "abc"
            }
            direct = origin.url("/c")
            home.follow(
                *(f'{{id: {name}, url: "{url}"}}' for name, url in local.items()),
                f'{{id: d, url: "{direct}"}}',
            )
            async with home.app(clock) as app:
                await app.cycle(["a", "b"])
                clock.forward(minutes=1)
                outcomes = {one.source: one for one in await app.cycle(["c", "d"])}

                assert (outcomes["c"].status, outcomes["d"].notes) == (
                    "ok",
                    ("not asked: 127.0.0.1 asked to wait until 2026-07-04 14:00Z",),
                )

    asyncio.run(story())


def test_those_that_wait_behind_a_refused_one_are_not_asked_any_more(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> tuple[list[str], list[str]]:
        busy = way.Reply(status=503, headers={"Retry-After": "600"})
        async with way.Origin({f"/{number}": busy for number in range(9)}) as origin:
            home.follow(
                *(f'{{id: s{number}, url: "{origin.url(f"/{number}")}"}}' for number in range(9))
            )
            async with home.app(clock) as app:
                outcomes = await app.cycle()
            return origin.asked, [outcome.status for outcome in outcomes]

    asked, statuses = asyncio.run(story())

    assert 2 <= len(asked) <= 3  # two addresses ask for it, one more may be under way
    assert sorted(statuses) == ["failed"] * len(asked) + ["unchanged"] * (9 - len(asked))


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

                origin.pages = {
                    "/new": way.Reply(status=410),
                    "/old": way.Reply(way.rss("one", "two")),
                }
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


def test_a_page_whose_feed_is_gone_is_searched_for_the_one_that_it_names_now(
    home: Any, way: Any, clock: Any
) -> None:
    def page(feed: str) -> Any:
        link = f'<link rel="alternate" type="application/rss+xml" href="{feed}">'
        return way.Reply(f"<!doctype html>{link}", headers={"Content-Type": "text/html"})

    async def story() -> None:
        pages = {"/": page("/old.xml"), "/old.xml": way.Reply(way.rss("one"))}
        async with way.Origin(pages) as origin:
            home.follow(f'{{id: site, url: "{origin.url("/")}"}}')
            async with home.app(clock) as app:
                await app.cycle()
                origin.pages = {"/": page("/new.xml"), "/new.xml": way.Reply(way.rss("one", "two"))}
                clock.forward(days=2)
                [dead] = await app.cycle()
                clock.forward(days=2)
                [found] = await app.cycle()
                clock.forward(days=2)
                await app.cycle()

                assert (dead.status, dead.http_status) == ("failed", 404)
                assert (found.status, found.new, found.same) == ("ok", 1, 1)
                assert origin.asked == ["/", "/old.xml", "/old.xml", "/", "/new.xml", "/new.xml"]

    asyncio.run(story())


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

    async def nothing(captures: Any, task: Any) -> ParseResult:
        return ParseResult()

    hosts = HostQueue(given.pop("recorded", dict), clock=clock)
    return {
        "parse": nothing,
        "hosts": hosts,
        "clock": clock,
        "limit_bytes": 9,
        "time_limit": timedelta(minutes=1),
        **given,
    }


def run_alone(home: Any, clock: Any, **given: Any) -> Any:
    async def run() -> Any:
        settings = FetchSettings(allow_private=True)
        async with Fetcher(settings, clock=clock) as fetcher:
            [source] = home.load().sources
            state = SourceState(source.id, clock())
            return await pipeline.run(
                source, state, pipeline.RunContext(fetcher, **parts(clock, **given))
            )

    return asyncio.run(run())


def test_a_run_that_takes_too_long_is_given_up(home: Any, clock: Any) -> None:
    async def never(captures: Any, task: Any) -> ParseResult:
        await asyncio.Event().wait()
        raise AssertionError

    home.save("calm", "Calm")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")

    result = run_alone(
        home, clock, parse=never, time_limit=timedelta(milliseconds=20), limit_bytes=999
    )

    assert (result.outcome.error, result.outcome.message) == (
        "timeout",
        "not done within 0.02 s: given up",
    )
    assert result.state.failures == 1


def test_an_unforeseen_failure_is_one_outcome_and_a_logged_one(
    home: Any, clock: Any, caplog: Any
) -> None:
    async def broken(captures: Any, task: Any) -> ParseResult:
        raise ZeroDivisionError("our own mistake")

    home.save("calm", "Calm")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")

    result = run_alone(home, clock, parse=broken, limit_bytes=999)

    assert (result.outcome.error, result.outcome.message) == (
        "internal",
        "unforeseen: ZeroDivisionError: our own mistake",
    )
    assert "saved: unforeseen failure" in caplog.text


def test_a_store_that_cannot_be_read_ends_the_run_and_is_not_the_sources_fault(
    home: Any, clock: Any
) -> None:
    def broken() -> None:
        raise StoreError("the disk is gone")

    home.follow('{id: feed, url: "http://127.0.0.1:9/"}')

    with pytest.raises(StoreError, match="the disk is gone"):
        run_alone(home, clock, recorded=broken)


def test_who_gets_no_turn_in_time_comes_back_later_without_a_failure(clock: Any) -> None:
    async def story() -> Any:
        hosts = HostQueue(dict, clock=clock, per_host=1, max_wait=timedelta(milliseconds=10))
        async with (
            hosts.slot("a.example") as first,
            hosts.slot("a.example") as second,
            hosts.slot("b.example") as other,
        ):
            return first, second, other

    first, second, other = asyncio.run(story())

    assert (first, other) == (None, None)
    assert (second.until - clock.now, second.by_server) == (timedelta(minutes=5), False)


def test_a_wait_ends_and_lanes_leave_nothing_behind(clock: Any) -> None:
    async def story() -> HostQueue:
        hosts = HostQueue(dict, clock=clock)
        for url in ("https://a.example/1", "https://a.example/2"):
            hosts.note_retry_after("a.example", url, timedelta(hours=1))
        async with hosts.slot("a.example") as wait:
            assert wait is not None
            assert wait.until == clock.now + timedelta(hours=1)
        clock.forward(hours=2)
        async with hosts.slot("a.example") as wait:
            assert wait is None
        with pytest.raises(SourceError):
            async with hosts.slot("a.example"):
                raise SourceError("http", "no")
        return hosts

    hosts = asyncio.run(story())

    assert (hosts._hosts, hosts._host_waits) == ({}, {})


def test_a_host_is_left_alone_for_six_hours_at_most(clock: Any) -> None:
    hosts = HostQueue(dict, clock=clock)

    waits = []
    for number, days in enumerate((400, 400, 1)):
        hosts.note_retry_after("a.example", f"https://a.example/{number}", timedelta(days=days))
        waits.append(hosts.wait_of("a.example"))

    assert waits == [None, clock.now + timedelta(hours=6), clock.now + timedelta(hours=6)]


def test_a_recorded_wait_that_a_wrong_clock_has_left_behind_does_not_count(clock: Any) -> None:
    async def story() -> list[Any]:
        recorded = {"a.example": clock.now + timedelta(days=400), "b.example": clock.now}
        hosts = HostQueue(lambda: recorded, clock=clock)
        async with hosts.slot("a.example") as first, hosts.slot("b.example") as second:
            return [first, second]

    assert asyncio.run(story()) == [None, None]


# --- beyond one document ----------------------------------------------------------------------------------------------


async def inline(captures: Any, task: Any) -> ParseResult:
    """Digest in this process: what is slow about a parser process is its start."""
    return parse_captures(captures, task, SITES)


@asynccontextmanager
async def reading(home: Any, clock: Any) -> AsyncIterator[Any]:
    async with home.app(clock) as app:
        app._run_context = replace(app._run_context, parse=inline)
        yield app


def html(body: str, title: str = "Harbour") -> str:
    return f"<!doctype html><html lang=en><head><title>{title}</title></head><body>{body}</body></html>"


def told(number: int, more: str = "") -> str:
    """The page of article `number`."""
    lines = "".join(
        f"<p>On day {day} the keeper of lamp {number} wrote down what he saw of the sea.</p>"
        for day in range(9)
    )
    return html(f"<h1>Lamp {number}</h1><div class=text>{lines}{more}</div>", f"Lamp {number}")


def listed(*numbers: int, after: str = "", lead: str = "") -> str:
    cards = "".join(
        f"<li class=card><h2><a href='/{n}'>Lamp {n}</a></h2><time datetime='2026-07-0{n % 4 + 1}'></time>{lead}</li>"
        for n in numbers
    )
    link = f"<a class=next href='{after}'>older</a>" if after else ""
    return html(f"<ul>{cards}</ul>{link}")


def page_reply(way: Any, text: str, **given: Any) -> Any:
    headers = {"Content-Type": "text/html; charset=utf-8", **given.pop("headers", {})}
    return way.Reply(text, headers=headers, **given)


def excerpts(*numbers: int, cut: str = "…", host: str = "") -> str:
    items = "".join(
        f"<item><title>Lamp {n}</title><link>{host}/{n}</link><description>What lamp {n} is about{cut}</description>"
        f"<pubDate>Sat, 04 Jul 2026 0{n}:00:00 GMT</pubDate></item>"
        for n in numbers
    )
    return f'<rss version="2.0"><channel><title>Harbour</title><link>{host}/</link>{items}</channel></rss>'


PAGED = (
    "items: .card, fields: {title: h2, url: 'a@href', published: 'time@datetime'}, next: 'a.next@href', "
    "article: {body: .text}"
)


def texts_of(app: Any) -> dict[str, bool]:
    """The titles that are stored, each with whether its whole text is."""
    return {entry.title: "On day 8" in (entry.content_text or "") for entry in app.store.entries()}


def test_the_articles_of_a_feed_that_cuts_them_are_read_once(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        async with way.Origin({f"/{n}": page_reply(way, told(n)) for n in range(1, 4)}) as origin:
            host = origin.url("")
            origin.pages["/feed"] = way.Reply(excerpts(1, 2, host=host))
            home.follow(f'{{id: feed, url: "{origin.url("/feed")}"}}')
            async with reading(home, clock) as app:
                [first] = await app.cycle()
                assert (first.status, first.new, first.notes) == (
                    "ok",
                    2,
                    ("full text of 2 items read",),
                )
                assert origin.asked[0] == "/feed"
                assert sorted(origin.asked[1:]) == ["/1", "/2", "/robots.txt"]
                assert texts_of(app) == {"Lamp 1": True, "Lamp 2": True}
                assert first.size_bytes > sum(len(told(n)) for n in (1, 2))
                assert {capture.url for capture in app.store.captures("feed")} == {
                    f"{host}{path}" for path in ("/feed", "/1", "/2")
                }

                origin.asked.clear()
                origin.pages["/feed"] = way.Reply(excerpts(1, 2, host=host) + "<!-- later -->")
                clock.forward(days=2)
                [second] = await app.cycle()
                assert (second.status, second.same, second.changed, second.notes) == (
                    "ok",
                    2,
                    0,
                    (),
                )
                assert origin.asked == ["/feed"]

                origin.asked.clear()
                origin.pages["/feed"] = way.Reply(
                    excerpts(1, 2, cut=" today…", host=host) + excerpts(3, host=host)
                )
                origin.pages["/feed"] = way.Reply(
                    excerpts(3, 1, host=host).replace("lamp 1 is", "lamp 1 was")
                )
                clock.forward(days=2)
                [third] = await app.cycle()
                assert (third.new, third.changed) == (1, 1)
                assert origin.asked == ["/feed", "/robots.txt", "/3", "/1"] or sorted(
                    origin.asked
                ) == [
                    "/1",
                    "/3",
                    "/feed",
                    "/robots.txt",
                ]
                assert texts_of(app) == {"Lamp 1": True, "Lamp 2": True, "Lamp 3": True}

    asyncio.run(story())


def test_a_page_is_a_source_and_its_list_is_followed_while_it_brings_something(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        pages = {f"/{n}": page_reply(way, told(n)) for n in range(1, 9)}
        pages["/news"] = page_reply(way, listed(1, 2, after="/older"), headers={"ETag": '"1"'})
        pages["/older"] = page_reply(way, listed(3, 4, after="/oldest"))
        pages["/oldest"] = page_reply(way, listed(5))
        async with way.Origin(pages) as origin:
            home.follow(
                f'{{id: page, url: "{origin.url("/news")}", adapter: page, {PAGED}, pages: 2}}'
            )
            async with reading(home, clock) as app:
                [first] = await app.cycle()
                assert (first.status, first.found, first.new) == ("ok", 4, 4)
                assert first.notes == ("full text of 4 items read",)
                assert origin.asked[:3] == ["/robots.txt", "/news", "/older"]
                assert set(texts_of(app).values()) == {True}

                origin.asked.clear()
                clock.forward(hours=20)
                [same] = await app.cycle()
                assert (same.status, same.http_status, origin.asked) == (
                    "unchanged",
                    304,
                    ["/news"],
                )

                origin.asked.clear()
                origin.pages["/news"] = page_reply(
                    way, listed(6, 1, after="/older"), headers={"ETag": '"2"'}
                )
                clock.forward(hours=3)
                [third] = await app.cycle()
                assert (third.new, third.changed, third.same) == (1, 0, 3)
                assert sorted(origin.asked) == ["/6", "/news", "/older"]
                assert set(texts_of(app).values()) == {True}
                assert {entry.published_from for entry in app.store.entries()} == {"listing"}

    asyncio.run(story())


def test_what_a_host_cannot_give_now_is_read_another_time_and_what_is_not_there_is_not(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        pages = {
            "/1": page_reply(way, told(1)),
            "/2": way.Reply(status=500),
            "/3": way.Reply(status=404),
        }
        async with way.Origin(pages) as origin:
            host = origin.url("")
            origin.pages["/feed"] = way.Reply(excerpts(1, 2, 3, host=host))
            home.follow(f'{{id: feed, url: "{origin.url("/feed")}"}}')
            async with reading(home, clock) as app:
                [first] = await app.cycle()
                assert (first.new, first.rejected) == (3, ())
                assert first.notes[0].startswith("full text of 1 item read, 2 failed (HTTP ")
                assert texts_of(app) == {"Lamp 1": True, "Lamp 2": False, "Lamp 3": False}

                origin.asked.clear()
                origin.pages |= {"/2": page_reply(way, told(2)), "/3": page_reply(way, told(3))}
                origin.pages["/feed"] = way.Reply(excerpts(1, 2, 3, host=host) + "<!-- later -->")
                clock.forward(days=2)
                [second] = await app.cycle()
                assert (second.changed, second.notes) == (1, ("full text of 1 item read",))
                assert sorted(origin.asked) == ["/2", "/feed", "/robots.txt"]
                assert texts_of(app) == {"Lamp 1": True, "Lamp 2": True, "Lamp 3": False}

    asyncio.run(story())


def test_a_host_that_is_too_busy_for_articles_is_left_alone_by_all(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        busy = way.Reply(status=503, headers={"Retry-After": "7200"})
        async with way.Origin({f"/{n}": busy for n in range(1, 7)}) as origin:
            origin.pages["/feed"] = way.Reply(excerpts(*range(1, 7), host=origin.url("")))
            home.follow(
                f'{{id: feed, url: "{origin.url("/feed")}"}}',
                f'{{id: other, url: "{origin.url("/other")}"}}',
            )
            async with reading(home, clock) as app:
                [outcome] = await app.cycle(["feed"])
                assert (outcome.status, outcome.new) == ("ok", 6)
                assert len([path for path in origin.asked if path.strip("/").isdigit()]) <= 2
                assert app.store.host_waits() == {"127.0.0.1": way.present + timedelta(hours=2)}

                clock.forward(minutes=30)
                [other] = await app.cycle(["other"])
                assert other.notes == (
                    "not asked: 127.0.0.1 asked to wait until 2026-07-04 14:00Z",
                )

    asyncio.run(story())


def test_robots_txt_keeps_us_from_articles_and_from_pages(home: Any, way: Any, clock: Any) -> None:
    async def story() -> None:
        rules = way.Reply(
            "User-agent: *\nDisallow: /1\nDisallow: /shut", headers={"Content-Type": "text/plain"}
        )
        pages = {
            "/robots.txt": rules,
            "/2": page_reply(way, told(2)),
            "/shut": page_reply(way, listed(2)),
        }
        async with way.Origin(pages) as origin:
            origin.pages["/feed"] = way.Reply(excerpts(1, 2, host=origin.url("")))
            home.follow(
                f'{{id: feed, url: "{origin.url("/feed")}"}}',
                f'{{id: shut, url: "{origin.url("/shut")}", adapter: page}}',
            )
            async with reading(home, clock) as app:
                outcomes = {outcome.source: outcome for outcome in await app.cycle()}

                assert texts_of(app) == {"Lamp 1": False, "Lamp 2": True}
                assert sorted(origin.asked) == ["/2", "/feed", "/robots.txt"]
                assert outcomes["shut"].error == "forbidden"

    asyncio.run(story())


def front(*numbers: int) -> str:
    """A front page as people make them, of which nobody said how it is read."""
    cards = "".join(
        f"<article><h2><a href='/2026/07/{n}-the-lamp-on-pier'>The lamp on pier {n} went out in the storm of last"
        f" night</a></h2><p>A long night at the harbour, told by keeper {n}, who was there.</p></article>"
        for n in numbers
    )
    return html(
        f"<nav><a href='/about'>About</a><a href='/jobs'>Jobs</a></nav><main>{cards}</main>"
    )


def test_an_address_that_gives_a_page_is_read_as_one_where_it_lists_articles(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        pages = {f"/2026/07/{n}-the-lamp-on-pier": page_reply(way, told(n)) for n in range(1, 9)}
        pages["/list"] = page_reply(way, front(1, 2, 3, 4, 5, 6))
        pages["/poem"] = page_reply(way, html("<p>Roses are red.</p>"))
        async with way.Origin(pages) as origin:
            home.follow(
                f'{{id: list, url: "{origin.url("/list")}"}}',
                f'{{id: poem, url: "{origin.url("/poem")}"}}',
            )
            async with reading(home, clock) as app:
                outcomes = {outcome.source: outcome for outcome in await app.cycle()}
                assert (outcomes["list"].status, outcomes["list"].new) == ("ok", 6)
                assert set(texts_of(app).values()) == {True}
                assert outcomes["poem"].error == "not-a-feed"
                assert outcomes["poem"].message.startswith(
                    f"{origin.url('/poem')} is a page that names no feed, and "
                )
                assert outcomes["poem"].message.endswith(
                    "or say `adapter: page` with `items` and `fields`"
                )

                origin.asked.clear()
                origin.pages["/list"] = page_reply(way, html("<p>We are painting. Back soon.</p>"))
                clock.forward(days=2)
                [broken] = await app.cycle(["list"])
                assert (broken.status, broken.error) == ("failed", "no-items")

                origin.pages["/list"] = page_reply(way, front(8, 1, 2, 3, 4, 5))
                clock.forward(days=4)
                [well] = await app.cycle(["list"])
                assert (well.new, well.same) == (1, 5)

    asyncio.run(story())


FIELDS = Fields.model_validate({"title": "h2", "url": "a@href"})


def test_a_page_with_one_link_that_looks_like_an_article_is_no_list(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        card = "<div class=card><h2><a href=/{0}>Lamp {0}</a></h2></div>"
        headers = {"Content-Type": "text/html"}
        async with way.Origin({"/": way.Reply(html(card.format(1)), headers=headers)}) as origin:
            home.follow(f'{{id: few, url: "{origin.url("/")}"}}')
            async with home.app(clock) as app:
                rules = Source(
                    id="few", url=origin.url(), items=(".card",), fields=FIELDS
                ).own_rules

                async def helped(captures: Any, task: Any) -> ParseResult:
                    return parse_captures(captures, replace(task, page_rules=rules), SITES)

                app._run_context = replace(app._run_context, parse=helped)
                [two] = await app.cycle()
                origin.pages["/"] = way.Reply(
                    html("".join(map(card.format, (1, 2, 3)))), headers=headers
                )
                clock.forward(days=2)
                [three] = await app.cycle()

                assert (two.error, three.status) == ("not-a-feed", "ok")
                assert "only 1 of its links look like articles" in two.message

    asyncio.run(story())


def test_of_many_articles_a_run_reads_its_share_and_the_next_run_goes_on(
    home: Any, way: Any, clock: Any
) -> None:
    def sitemap(count: int) -> str:
        urls = "".join(
            f"<url><loc>{{host}}/a/{n}</loc><lastmod>2026-07-01</lastmod></url>"
            for n in range(count)
        )
        return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'

    async def story() -> None:
        pages = {f"/a/{n}": page_reply(way, told(n)) for n in range(60)}
        async with way.Origin(pages) as origin:
            text = sitemap(60).replace("{host}", origin.url(""))
            origin.pages["/map.xml"] = way.Reply(text, headers={"ETag": '"1"'})
            home.follow(f'{{id: map, url: "{origin.url("/map.xml")}", every: 5m}}')
            async with reading(home, clock) as app:
                app._run_context = replace(app._run_context, max_articles=20)
                for count in (20, 40):
                    [outcome] = await app.cycle()
                    assert (outcome.status, outcome.new) == ("ok", 20)
                    assert "full text of 20 items read" in outcome.notes
                    assert len(texts_of(app)) == count
                    clock.forward(days=2)
                assert set(texts_of(app).values()) == {True}
                assert origin.asked.count("/map.xml") == 2
                assert set(origin.conditions) == {None}

    asyncio.run(story())


def test_an_article_of_twenty_megabytes_is_not_taken_in(home: Any, way: Any, clock: Any) -> None:
    async def story() -> None:
        async with way.Origin(
            {"/1": page_reply(way, told(1) + " " * 20 * 2**20), "/2": page_reply(way, told(2))}
        ) as origin:
            origin.pages["/feed"] = way.Reply(excerpts(1, 2, host=origin.url("")))
            home.follow(f'{{id: feed, url: "{origin.url("/feed")}"}}')
            async with reading(home, clock) as app:
                [outcome] = await app.cycle()

                assert (outcome.status, outcome.new) == ("ok", 2)
                assert texts_of(app) == {"Lamp 1": False, "Lamp 2": True}
                assert "1 failed" in outcome.notes[0]

    asyncio.run(story())


def test_an_article_on_a_private_address_is_not_asked_for(home: Any, way: Any, clock: Any) -> None:
    async def story() -> None:
        async with way.Origin({"/1": page_reply(way, told(1))}) as origin:
            feed = origin.url("/feed")
            home.path.write_text('server: {listen: "127.0.0.1:0"}\n', encoding="utf-8")
            home.follow(f'{{id: feed, url: "{feed}"}}')
            async with reading(home, clock) as app:
                body = excerpts(1, host=origin.url("")).encode()
                app._run_context.preview_cache.store(
                    Request(feed), Response(status=200, url=feed, body=body)
                )
                [outcome] = await app.cycle()

                assert (outcome.status, outcome.new, origin.asked) == ("ok", 1, [])
                assert "allow_private" in outcome.notes[0]

    asyncio.run(story())


def test_filters_of_a_source_are_counted(home: Any, way: Any, clock: Any) -> None:
    async def story() -> None:
        async with way.Origin({"/feed": way.Reply(way.rss("fog", "rain", "live: fog"))}) as origin:
            url = origin.url("/feed")
            home.follow(
                f'{{id: feed, url: "{url}", include: {{title: fog}}, exclude: {{title: live}}}}'
            )
            async with reading(home, clock) as app:
                [outcome] = await app.cycle()

                assert list(texts_of(app)) == ["fog"]
                assert (outcome.found, outcome.new, outcome.notes) == (
                    3,
                    1,
                    ("2 items left out by filters",),
                )

    asyncio.run(story())


# --- pace -------------------------------------------------------------------------------------------------------------


async def hours_between_polls(app: Any, clock: Any, days: float) -> list[int]:
    """Poll the only source whenever it is due; return the whole hours from each poll to the next."""
    end, hours = clock.now + timedelta(days=days), []
    while clock.now < end:
        [_] = await app.cycle()
        [state] = app.store.states()
        hours.append((state.next_fetch_at - clock.now) // timedelta(hours=1))
        clock.now = state.next_fetch_at
    return hours


def test_a_source_without_validators_is_asked_more_seldom_until_it_changes(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        async with way.Origin({"/": way.Reply(way.rss("one"))}) as origin:
            home.follow(f'{{id: feed, url: "{origin.url()}"}}')
            async with reading(home, clock) as app:
                hours = await hours_between_polls(app, clock, 4)
                assert hours == [1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 6, 8, 11, 16, 21, 26]
                state = state_of(app, "feed")
                assert state.last_change == way.present
                assert (
                    state.reason
                    == "every 24 h: the server sends no validators and nothing changed for 3 days"
                )

            async with reading(home, clock) as app:  # a restart forgets nothing
                await app.cycle()
                assert state_of(app, "feed").reason == (
                    "every 24 h: the server sends no validators and nothing changed for 4 days"
                )
                clock.forward(hours=27)
                origin.pages["/"] = way.Reply(way.rss("one", "two"))
                changed = clock.now
                await app.cycle()
                state = state_of(app, "feed")
                assert (state.last_change, state.reason) == (changed, "every 1 h")
                clock.now = state.next_fetch_at
                assert await hours_between_polls(app, clock, 0.2) == [1, 1, 1, 1, 1]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("keys", "headers"),
    [("every: 1h", {}), ("id: x", {"ETag": '"1"'})],
    ids=["the user's word", "validators"],
)
def test_the_users_word_and_validators_keep_the_interval(
    home: Any, way: Any, clock: Any, keys: str, headers: dict[str, str]
) -> None:
    async def story() -> None:
        async with way.Origin({"/": way.Reply(way.rss("one"), headers=headers)}) as origin:
            home.follow(f'{{url: "{origin.url()}", {keys}}}')
            async with reading(home, clock) as app:
                assert set(await hours_between_polls(app, clock, 2)) == {1}

    asyncio.run(story())


def test_reading_the_same_bytes_again_is_no_change(home: Any, way: Any, clock: Any) -> None:
    async def story() -> None:
        async with way.Origin({"/": way.Reply(way.rss("one"))}) as origin:
            home.follow(f'{{id: feed, url: "{origin.url()}"}}')
            async with reading(home, clock) as app:
                await app.cycle()
                clock.forward(hours=12)
                [again] = await app.cycle(force=True, full=True)
                state = state_of(app, "feed")

                assert (again.status, again.same) == ("ok", 1)
                assert (state.last_change, state.reason) == (
                    way.present,
                    "every 4 h: the server sends no validators and nothing changed for 12 h",
                )

    asyncio.run(story())


def test_a_list_of_lists_changes_when_one_of_them_brings_something(
    home: Any, way: Any, clock: Any
) -> None:
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    news = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'

    def part(*numbers: int) -> Any:
        urls = "".join(
            f"<url><loc>{{origin}}/{n}</loc><news:news><news:title>Lamp {n}</news:title>"
            f"<news:publication_date>2026-07-04T0{n}:00:00Z</news:publication_date></news:news></url>"
            for n in numbers
        )
        return way.Reply(f"<urlset {space} {news}>{urls}</urlset>".replace("{origin}", host))

    host = ""

    async def story() -> None:
        nonlocal host
        async with way.Origin() as origin:
            host = origin.url("")
            index = (
                f"<sitemapindex {space}><sitemap><loc>{host}/part</loc></sitemap></sitemapindex>"
            )
            origin.pages |= {"/": way.Reply(index), "/part": part(1)}
            home.follow(f'{{id: map, url: "{origin.url()}", adapter: sitemap, full_text: never}}')
            async with reading(home, clock) as app:
                [first] = await app.cycle()
                clock.forward(hours=12)
                [same] = await app.cycle()
                unchanged = state_of(app, "map")
                origin.pages["/part"] = part(1, 2)
                clock.forward(hours=12)
                [more] = await app.cycle()

                assert [one.new for one in (first, same, more)] == [1, 0, 1]
                assert (unchanged.last_change, unchanged.reason) == (
                    way.present,
                    "every 4 h: the server sends no validators and nothing changed for 12 h",
                )
                assert state_of(app, "map").last_change == clock.now

    asyncio.run(story())
