"""What is read for a page that nobody configured as a list: which candidate, at what price, until when."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.config import Source
from aggregator.errors import SourceError
from aggregator.fetch import Request, Response
from aggregator.model import SourceState
from aggregator.parse.captures import parse_captures
from aggregator.redaction import NO_SECRETS
from aggregator.rules.loader import load_sites
from aggregator.run import pipeline
from aggregator.run.host_queue import HostQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aggregator.model import Capture, Outcome
    from aggregator.parse.task import ParseResult, ParseTask

SITES = load_sites()
PROFILE = "https://bsky.app/profile/ann.example"

HTML = {"Content-Type": "text/html; charset=utf-8"}
CARDS = "".join(
    f"<article><h2><a href='/news/{number}-story'>Ferry line number {number} reopens</a></h2>"
    f"<time datetime='2026-07-0{number}T10:00:00Z'></time></article>"
    for number in (1, 2, 3)
)
NO_FEEDS = ["/feed", "/rss", "/atom.xml", "/feed.xml", "/index.xml", "/rss.xml", "/feed/"]


def page(*feeds: str, body: str = "<p>Welcome.</p>") -> str:
    links = "".join(
        f"<link rel=alternate type=application/rss+xml href='{feed}'>" for feed in feeds
    )
    return f"<!doctype html><title>Harbour</title>{links}<body>{body}"


class Story:
    """One source that follows the page `/` of an origin."""

    def __init__(self, app: Any, origin: Any, clock: Any, way: Any) -> None:
        self.app, self.origin, self.clock, self.way = app, origin, clock, way

    def serve(self, **pages: Any) -> None:
        """Serve pages by their names: `x` is `/x`, `home` is the page `/` in HTML."""
        for name, body in pages.items():
            path = "/" if name == "home" else f"/{name}"
            headers = HTML if name == "home" else {}
            reply = body
            if isinstance(body, str):
                reply = self.way.Reply(body, headers=headers)
            self.origin.pages[path] = reply

    async def fetch(self) -> tuple[Any, list[str]]:
        """Fetch the source; return its outcome and the paths that were requested."""
        self.origin.asked.clear()
        self.clock.forward(days=2)
        [outcome] = await self.app.cycle(force=True)
        return outcome, [path for path in self.origin.asked if path != "/robots.txt"]

    @property
    def choice(self) -> tuple[str | None, str | None]:
        [state] = self.app.store.states()
        feed = state.discovered_feed
        return feed and feed.removeprefix(self.origin.url("")), state.detected_adapter


def run(home: Any, way: Any, clock: Any, story: Callable[[Story], Any], **keys: str) -> None:
    async def follow() -> None:
        async with way.Origin({}) as origin:
            more = "".join(f", {key}: {value}" for key, value in keys.items())
            home.follow(f'{{id: news, url: "{origin.url("/")}"{more}}}')
            async with home.app(clock) as app:
                await story(Story(app, origin, clock, way))

    asyncio.run(follow())


def test_the_next_feed_is_read_where_the_first_is_dead_and_is_remembered(
    home: Any, way: Any, clock: Any
) -> None:
    async def story(one: Story) -> None:
        one.serve(home=page("/gone", "/page", "/good"), page=page(), good=way.rss("one"))
        one.origin.pages["/page"] = way.Reply(page(), headers=HTML)

        first, asked = await one.fetch()
        assert (first.status, first.new, asked) == ("ok", 1, ["/", "/gone", "/page", "/good"])
        assert first.notes == (
            f"read from {one.origin.url('/good')}: the page recommends it",
            f"passed over {one.origin.url('/gone')}: HTTP 404 Not Found",
            f"passed over {one.origin.url('/page')}: it is a page",
        )
        assert one.choice == ("/good", "feed")

        second, asked = await one.fetch()
        assert (second.status, asked) == ("unchanged", ["/good"])

    run(home, way, clock, story)


def test_a_choice_that_is_gone_is_made_again(home: Any, way: Any, clock: Any) -> None:
    async def story(one: Story) -> None:
        one.serve(home=page("/a", "/b"), a=way.rss("one"), b=way.rss("two", path="b"))
        await one.fetch()
        del one.origin.pages["/a"]

        failed, asked = await one.fetch()
        assert (failed.error, asked, one.choice) == ("http", ["/a"], (None, None))
        again, asked = await one.fetch()
        assert (again.new, asked, one.choice) == (1, ["/", "/a", "/b"], ("/b", "feed"))

    run(home, way, clock, story)


def test_a_feed_that_fails_for_now_is_waited_for_before_the_page_is_read_instead(
    home: Any, way: Any, clock: Any
) -> None:
    async def story(one: Story) -> None:
        one.serve(home=page("/busy", body=CARDS), busy=way.Reply(status=500))

        outcomes = [(await one.fetch())[0] for _ in range(4)]

        assert [(o.status, o.http_status, o.new) for o in outcomes] == [
            ("failed", 500, 0),
            ("failed", 500, 0),
            ("failed", 500, 0),
            ("ok", 200, 3),
        ]
        assert one.choice == (None, "page")

    run(home, way, clock, story, full_text="never")


def test_a_page_that_lists_articles_is_read_before_usual_addresses_are_tried(
    home: Any, way: Any, clock: Any
) -> None:
    async def story(one: Story) -> None:
        one.serve(home=page(body=CARDS), feed=way.rss("one"))

        outcome, asked = await one.fetch()

        assert (outcome.new, asked, one.choice) == (3, ["/"], (None, "page"))

    run(home, way, clock, story, full_text="never")


def test_a_page_that_lists_nothing_any_more_is_searched_again_after_three_failures(
    home: Any, way: Any, clock: Any
) -> None:
    async def story(one: Story) -> None:
        one.serve(home=page(body=CARDS))
        await one.fetch()
        one.serve(home=page("/new"), new=way.rss("one"))

        for _ in range(3):
            failed, asked = await one.fetch()
            assert (failed.error, asked) == ("no-items", ["/"])
        found, asked = await one.fetch()

        assert (found.new, asked, one.choice) == (1, ["/", "/new"], ("/new", "feed"))

    run(home, way, clock, story, full_text="never")


def test_a_feed_without_items_is_read_only_where_nothing_else_has_any(
    home: Any, way: Any, clock: Any
) -> None:
    async def story(one: Story) -> None:
        one.serve(home=page("/empty"), empty=way.rss())
        outcome, asked = await one.fetch()

        assert (outcome.status, outcome.found) == ("ok", 0)
        assert asked == ["/", "/empty", *NO_FEEDS, "/news-sitemap.xml"]
        assert one.choice == ("/empty", "feed")

    run(home, way, clock, story)


def test_a_search_in_vain_makes_few_requests_and_fewer_the_next_time(
    home: Any, way: Any, clock: Any
) -> None:
    async def story(one: Story) -> None:
        one.serve(home=page("/a", "/b", "/c", body="<a href='/rss/d'>RSS</a>"))
        first, first_asked = await one.fetch()
        _, second_asked = await one.fetch()
        _, third_asked = await one.fetch()

        assert first.error == "not-a-feed"
        assert first_asked == ["/", "/a", "/b", "/c", "/rss/d", *NO_FEEDS]
        assert second_asked == ["/", "/a", "/b", "/c", "/rss/d", "/feed"]
        assert third_asked == ["/", "/a", "/b", "/rss", "/atom.xml", "/feed.xml"]
        assert first.message == (
            f"{one.origin.url('/')} is a page whose feeds cannot be read "
            f"({'; '.join(f'{one.origin.url(path)}: HTTP 404 Not Found' for path in ('/a', '/b', '/c'))}), "
            "and no list of articles in JSON-LD, microdata, microformats or scripts, nor by the "
            "form of the page: say where the `items` are; give the address of its feed, or say "
            "`adapter: page` with `items` and `fields`"
        )

    run(home, way, clock, story)


def test_a_page_that_robots_txt_keeps_to_itself_still_leads_to_its_feed(
    home: Any, way: Any, clock: Any
) -> None:
    async def story(one: Story) -> None:
        rules = way.Reply("User-agent: *\nDisallow: /", headers={"Content-Type": "text/plain"})
        one.serve(home=page(body=CARDS), **{"robots.txt": rules})
        forbidden, _ = await one.fetch()
        one.serve(home=page("/feed", body=CARDS), feed=way.rss("one"))
        found, _ = await one.fetch()

        assert (forbidden.error, found.new) == ("forbidden", 1)

    run(home, way, clock, story, full_text="never")


def test_a_server_that_asks_for_time_is_not_asked_for_the_next_candidate(
    home: Any, way: Any, clock: Any
) -> None:
    async def story(one: Story) -> None:
        busy = way.Reply(status=429, headers={"Retry-After": "600"})
        one.serve(home=page("/a", "/b"), a=busy, b=way.rss("one"))

        outcome, asked = await one.fetch()

        assert (outcome.http_status, asked) == (429, ["/", "/a"])

    run(home, way, clock, story)


class Platform:
    """A fetcher of a profile page that answers with `status`, and of its feed; `asked` are the URLs."""

    def __init__(self, way: Any, status: int) -> None:
        self.status, self.feed = status, way.rss("one")
        self.asked: list[str] = []

    async def get(self, request: Request) -> Response:
        self.asked.append(request.url)
        if request.url == f"{PROFILE}/rss":
            return Response(200, request.url, self.feed.encode())
        if self.status != 200:
            raise SourceError("http", f"HTTP {self.status}", status=self.status, url=request.url)
        return Response(200, request.url, page(body=CARDS).encode(), {"content-type": "text/html"})

    async def is_allowed(self, url: str, *, like: Request | None = None) -> bool:
        return True

    def host_group(self, url: str) -> str:
        return "bsky.app"


def run_platform(way: Any, clock: Any, status: int) -> tuple[Outcome, list[str]]:
    """Fetch a profile of a known platform whose page answers with a status."""
    source = Source(id="ann", url=PROFILE)
    platform: Any = Platform(way, status)

    async def parse(captures: Sequence[Capture], task: ParseTask) -> ParseResult:
        return parse_captures(captures, task, SITES)

    hosts = HostQueue(dict, clock=clock, per_host=2)
    context = pipeline.RunContext(
        platform,
        parse,
        hosts,
        clock,
        limit_bytes=1_000_000,
        time_limit=timedelta(minutes=5),
        secrets=NO_SECRETS,
    )
    result = asyncio.run(pipeline.run(source, SourceState(source.id, clock()), context))
    return result.outcome, platform.asked


def test_the_feed_of_a_known_platform_is_read_first(way: Any, clock: Any) -> None:
    outcome, asked = run_platform(way, clock, 200)

    assert (outcome.found, outcome.notes) == (1, (f"read from {PROFILE}/rss: Bluesky",))
    assert asked == [PROFILE, f"{PROFILE}/rss"]


def test_a_platform_that_refuses_its_page_still_gives_its_feed(way: Any, clock: Any) -> None:
    outcome, asked = run_platform(way, clock, 403)

    assert (outcome.found, asked) == (1, [PROFILE, f"{PROFILE}/rss"])


def test_a_platform_that_is_down_is_not_asked_for_more(way: Any, clock: Any) -> None:
    outcome, asked = run_platform(way, clock, 503)

    assert (outcome.http_status, asked) == (503, [PROFILE])


def test_the_news_sitemap_that_robots_txt_names_is_read_where_nothing_else_is(
    home: Any, way: Any, clock: Any
) -> None:
    async def story(one: Story) -> None:
        sitemap = (
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
            'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>'
            f"<loc>{one.origin.url('/a/1')}</loc><news:news><news:title>A bridge opens"
            "</news:title><news:publication_date>2026-07-04T10:00:00Z</news:publication_date>"
            "</news:news></url></urlset>"
        )
        robots = f"User-agent: *\nSitemap: {one.origin.url('/news/map.xml')}\n"
        text = {"Content-Type": "text/plain"}
        one.serve(home=page(), **{"robots.txt": way.Reply(robots, headers=text)})
        one.origin.pages["/news/map.xml"] = way.Reply(sitemap)

        outcome, asked = await one.fetch()

        assert (outcome.new, asked) == (1, ["/", *NO_FEEDS, "/news/map.xml"])
        assert one.choice == ("/news/map.xml", "sitemap")
        assert outcome.notes[0] == (
            f"read from {one.origin.url('/news/map.xml')}: robots.txt names it"
        )

    run(home, way, clock, story, full_text="never")
