"""A run for show: it shows what a run would bring, stores nothing, and the run that follows asks nobody again."""

from __future__ import annotations

import asyncio
from typing import Any

from aggregator.config import Config, Network, Source
from aggregator.dry_run import try_source


def page(body: str) -> str:
    return f"<!doctype html><html lang=en><head><title>Harbour</title></head><body>{body}</body></html>"


def article(number: int) -> str:
    lines = "".join(
        f"<p>On day {day} the keeper of lamp {number} wrote down what he saw.</p>"
        for day in range(9)
    )
    return page(f"<h1>Lamp {number}</h1><div class=text>{lines}</div>")


def listing(*numbers: int, after: str = "") -> str:
    return page(
        "".join(f"<li class=card><a href='/{n}'>Lamp {n}</a></li>" for n in numbers)
        + f"<a class=next href='{after}'>on</a>"
    )


def test_a_dry_run_shows_every_step_and_the_run_after_it_asks_only_for_what_is_missing(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        html = {"Content-Type": "text/html"}
        pages = {f"/{n}": way.Reply(article(n), headers=html) for n in range(1, 5)}
        pages["/news"] = way.Reply(listing(1, 2, 3, after="/more"), headers=html)
        pages["/more"] = way.Reply(listing(4), headers=html)
        async with way.Origin(pages) as origin:
            home.follow(
                f'{{id: news, url: "{origin.url("/news")}", adapter: page, items: .card,'
                " fields: {title: a, url: 'a@href'}, next: 'a.next@href'}"
            )
            config = home.load()
            shown = await try_source(config, config.sources[0], articles=2, clock=clock)

            assert shown.parse_calls[0].captures[0].url == origin.url("/news")
            assert [step.task.adapter for step in shown.parse_calls] == [
                "page",
                "article",
                "article",
            ]
            assert {step.task.item.label for step in shown.parse_calls[1:] if step.task.item} == {
                one.raw.label for one in shown.document_result.page_requests[:2]
            }
            assert (
                shown.adapter,
                shown.document_result.item_count,
                len(shown.document_result.page_requests),
            ) == (
                "page",
                3,
                3,
            )
            assert [one.title for one in shown.result.revisions] == ["Lamp 1", "Lamp 2"]
            assert shown.result.outcome.notes == (
                "full text of 2 items read",
                "1 item left for the next run",
            )
            assert {one.url for one in shown.responses} == {
                origin.url(path) for path in ("/news", "/1", "/2")
            }
            assert not (home.root / "config" / "var" / "aggregator.db").exists()

            origin.asked.clear()
            again = await try_source(
                config,
                config.sources[0],
                articles=2,
                follow_pages=True,
                use_cache=True,
                clock=clock,
            )
            assert [step.task.adapter for step in again.parse_calls] == [
                "page",
                "page",
                "article",
                "article",
            ]
            assert sorted(origin.asked) == ["/more", "/robots.txt"]

            origin.asked.clear()
            clock.forward(minutes=30)
            async with home.app(clock) as app:
                [outcome] = await app.cycle()
            assert (outcome.status, outcome.new) == ("ok", 4)
            assert sorted(origin.asked) == ["/3", "/4", "/robots.txt"]

    asyncio.run(story())


def test_a_dry_run_of_a_feed_that_a_page_names_costs_the_run_nothing(
    home: Any, way: Any, clock: Any
) -> None:
    async def story() -> None:
        link = "<link rel=alternate type=application/rss+xml href=/feed>"
        pages = {
            "/": way.Reply(page(link), headers={"Content-Type": "text/html"}),
            "/feed": way.Reply(way.rss("one", "two"), headers={"ETag": '"1"'}),
        }
        async with way.Origin(pages) as origin:
            home.follow(f'{{id: feed, url: "{origin.url("/")}"}}')
            config = home.load()
            shown = await try_source(config, config.sources[0], clock=clock)
            assert (shown.adapter, len(shown.result.revisions)) == ("feed", 2)
            assert [one.url for one in shown.responses] == [origin.url("/"), origin.url("/feed")]
            async with home.app(clock) as app:
                [first] = await app.cycle()
                assert (first.new, origin.asked) == (2, ["/", "/feed"])
                clock.forward(hours=2)
                await app.cycle()
                assert (origin.asked[2:], origin.conditions[-1]) == (["/feed"], '"1"')

    asyncio.run(story())


def test_what_fails_is_told_by_the_outcome_with_all_that_came(
    way: Any, clock: Any, tmp_path: Any
) -> None:
    async def story() -> None:
        async with way.Origin(
            {"/": way.Reply(page("<p>x"), headers={"Content-Type": "text/html"})}
        ) as origin:
            config = Config(
                database=f"sqlite:///{tmp_path}/a.db", network=Network(allow_private=True)
            )
            shown = await try_source(config, Source(id="x", url=origin.url()), clock=clock)
            gone = await try_source(config, Source(id="x", url=origin.url("/gone")), clock=clock)

            assert (shown.result.outcome.status, shown.result.outcome.error) == (
                "failed",
                "not-a-feed",
            )
            assert ([one.url for one in shown.responses], shown.parse_calls[0].result) == (
                [origin.url()],
                None,
            )
            assert (
                gone.result.outcome.http_status,
                gone.adapter,
                gone.parse_calls,
                gone.document_result.item_count,
            ) == (404, None, (), 0)

    asyncio.run(story())
