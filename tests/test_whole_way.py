"""From sources to files and back: what a person sees of one cycle after the other."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.model import Outcome


def counts(outcomes: list[Outcome]) -> dict[str, tuple[str, int, int, int]]:
    return {
        outcome.source: (outcome.status, outcome.new, outcome.changed, outcome.same)
        for outcome in outcomes
    }


def titles(app: Any) -> list[str]:
    return [entry.title for entry in app.view_entries(app.config.views[0])]


def test_feeds_pages_and_folders_become_one_feed_and_nothing_is_read_twice(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        async with way.Origin() as origin:
            origin.pages |= {
                "/rss": way.Reply(way.rss("one", "two"), headers={"ETag": '"r1"'}),
                "/atom": way.Reply(way.atom("red"), headers={"ETag": '"a1"'}),
                "/site": way.Reply(
                    '<!doctype html><link rel="alternate" type="application/rss+xml" href="/site.xml">',
                    headers={"Content-Type": "text/html"},
                ),
                "/site.xml": way.Reply(
                    way.rss("found", path="s", minute=15), headers={"ETag": '"s1"'}
                ),
            }
            home.save("calm", "saved")
            home.follow(
                f'{{id: rss, url: "{origin.url("/rss")}"}}',
                f'{{id: atom, url: "{origin.url("/atom")}"}}',
                f'{{id: broken, url: "{origin.url("/nothing")}"}}',
                origin.url("/site"),
                "{id: saved, path: ../../articles, adapter: archive}",
            )
            async with home.app(clock) as app:
                site = next(
                    name for name in app.sources if name not in {"rss", "atom", "broken", "saved"}
                )

                first = await app.cycle()
                app.publish()

                assert counts(first) == {
                    "rss": ("ok", 2, 0, 0),
                    "atom": ("ok", 1, 0, 0),
                    "broken": ("failed", 0, 0, 0),
                    site: ("ok", 1, 0, 0),
                    "saved": ("ok", 1, 0, 0),
                }
                assert sorted(origin.asked) == ["/atom", "/nothing", "/rss", "/site", "/site.xml"]
                assert titles(app) == ["two", "red", "found", "one", "saved"]
                feed = home.root / "var" / "feeds" / "merged.atom"
                before, written = feed.read_bytes(), feed.stat()
                assert all(
                    title.encode() in before for title in ("one", "two", "red", "found", "saved")
                )
                assert await app.cycle() == []

                origin.asked.clear()
                origin.conditions.clear()
                clock.forward(days=2)
                second = await app.cycle()
                published = app.publish()

                assert counts(second) == {
                    name: ("failed" if name == "broken" else "unchanged", 0, 0, 0)
                    for name in app.sources
                }
                assert {outcome.http_status for outcome in second} == {304, 404, None}
                asked = dict(zip(origin.asked, origin.conditions, strict=True))
                assert asked == {
                    "/rss": '"r1"',
                    "/atom": '"a1"',
                    "/site.xml": '"s1"',
                    "/nothing": None,
                }
                assert not any(published_view.has_changed for published_view in published.values())
                assert (feed.read_bytes(), feed.stat().st_mtime_ns) == (before, written.st_mtime_ns)

                origin.pages["/rss"] = way.Reply(
                    way.rss("one", "two again", "three"), headers={"ETag": '"r2"'}
                )
                home.save("calm", "saved", "The harbour is loud.", epoch=1751609999)
                clock.forward(days=2)
                third = await app.cycle()
                app.publish()

                assert counts(third)["rss"] == ("ok", 1, 1, 1)
                assert counts(third)["saved"] == ("ok", 0, 1, 0)
                assert b"three" in home.feed()
                assert b"two again" in home.feed()
                assert b"The harbour is loud" in home.feed()
                assert [outcome.status for outcome in app.store.outcomes("broken", 9)] == [
                    "failed"
                ] * 3
                due = {state.source: state.next_fetch_at for state in app.store.states()}
                assert all(timedelta(hours=1) <= due[name] - clock.now for name in ("rss", "saved"))

    asyncio.run(story())


def test_site_rules_read_their_own_feed_and_the_feed_adapter_refuses_a_page(
    home: Any, way: Any, clock: Any
) -> None:
    page = way.Reply(
        "<!doctype html><title>News</title><p>hello", headers={"Content-Type": "text/html"}
    )

    async def story() -> dict[str, Outcome]:
        async with way.Origin({"/radio": way.Reply(way.rss("one")), "/page": page}) as origin:
            home.follow(
                f'{{id: radio, url: "{origin.url("/radio")}", adapter: rfi}}',
                f'{{id: voice, url: "{origin.url("/radio")}", adapter: voa}}',
                f'{{id: strict, url: "{origin.url("/page")}", adapter: feed}}',
                f'{{id: lax, url: "{origin.url("/page")}"}}',
            )
            async with home.app(clock) as app:
                return {outcome.source: outcome for outcome in await app.cycle()}

    outcomes = asyncio.run(story())

    assert [(outcomes[name].status, outcomes[name].found) for name in ("radio", "voice")] == [
        ("ok", 1),
        ("ok", 1),
    ]
    assert [outcomes[name].error for name in ("strict", "lax")] == ["not-a-feed", "not-a-feed"]
    assert "HTML" in str(outcomes["strict"].message)
    assert "names no feed" in str(outcomes["lax"].message)


def test_a_large_folder_is_read_to_its_end_in_one_cycle_even_when_all_is_asked_for(
    home: Any, clock: Any
) -> None:
    for number in range(5):
        home.save(f"a{number}", f"Article {number}")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")

    async def story() -> list[list[tuple[str, int, int]]]:
        async with home.app(clock) as app:
            app._run_context = replace(app._run_context, max_files=2)
            return [
                [
                    (outcome.status, outcome.new, outcome.same)
                    for outcome in await app.cycle(**asked)
                ]
                for asked in ({}, {"force": True, "full": True}, {"force": True}, {"full": True})
                if not clock.forward(days=1)
            ]

    first, full, forced, full_when_due = asyncio.run(story())

    assert first == [("ok", 2, 0), ("ok", 2, 0), ("ok", 1, 0)]
    assert full == [("ok", 0, 2), ("ok", 0, 2), ("ok", 0, 1)]
    assert forced == [("unchanged", 0, 0)]
    assert full_when_due == full
