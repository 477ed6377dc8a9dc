"""The search goes from what is stated to what is guessed, believes nothing unproven, and asks little.

`Web` is a site as a mapping of addresses to documents; a dry run reads them in this process.
"""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import default_config
from aggregator.config.edit.add import SourceAddition, build_source
from aggregator.dry_run import DryRun, ParseCall
from aggregator.errors import SourceError
from aggregator.fetch import Response
from aggregator.model import Capture, Outcome, Result, SourceState
from aggregator.normalize.identity import url_key
from aggregator.parse.captures import ParseResult, parse_captures
from aggregator.parse.task import parse_task
from aggregator.rules.loader import load_sites
from aggregator.subscribe.proposal import SourceName, propose_source
from aggregator.subscribe.search import (
    MAX_REQUESTS,
    AlreadyFollowed,
    FoundSource,
    Search,
    dry_run_entries,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.config import Source
    from aggregator.errors import ErrorClass

NOW = datetime(2026, 7, 4, 12, tzinfo=UTC)
HOME = "https://news.example.org/"
CONFIG = default_config()
SITES = load_sites(None)
EMPTY = '<rss version="2.0"><channel><title>Nothing yet</title></channel></rss>'


def rss(title: str = "Harbour", count: int = 1) -> str:
    items = "".join(
        f"<item><title>{title} {n}</title><link>{HOME}{n}</link>"
        f"<pubDate>Sat, 04 Jul 2026 0{n}:00:00 GMT</pubDate></item>"
        for n in range(count)
    )
    return f'<rss version="2.0"><channel><title>{title}</title><link>{HOME}</link>{items}</channel></rss>'


def page(*links: str, body: str = "<p>hello</p>") -> str:
    return f"<!doctype html><html lang=en><head><title>Home</title>{''.join(links)}</head><body>{body}</body></html>"


def link(href: str, title: str = "") -> str:
    return f'<link rel="alternate" type="application/rss+xml" href="{href}" title="{title}">'


@dataclass
class Web:
    """`pages` maps an address to a document, a status, or an error, `moved` to the address that answers for it.

    `asked` are the questions, without those that were answered before.
    """

    pages: Mapping[str, Any]
    sources: tuple[Source, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "text/html"
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    async def try_source(self, source: Source, *, articles: int, follow_pages: bool) -> DryRun:
        url = str(source.url)
        if url not in self.asked:
            self.asked.append(url)
        said = self.pages.get(url, 404)
        if not isinstance(said, str):
            refused = (
                SourceError("http", f"no: {said}", status=said) if isinstance(said, int) else said
            )
            return self._make_dry_run(source, error=refused)
        response = Response(
            200,
            self.moved.get(url, url),
            said.encode(),
            {"content-type": self.media_type if "<html" in said else "text/xml"},
        )
        task = parse_task(source, source.adapter)
        capture = Capture(source.id, url, NOW, response.body, headers=response.headers)
        try:
            read = parse_captures([capture], task, SITES)
        except SourceError as error:
            return self._make_dry_run(source, response, error=error)
        return self._make_dry_run(source, response, ParseCall((capture,), task, read))

    def _make_dry_run(
        self,
        source: Source,
        response: Response | None = None,
        call: ParseCall | None = None,
        *,
        error: SourceError | None = None,
    ) -> DryRun:
        read = (call.result if call else None) or ParseResult()
        outcome = Outcome(
            source.id,
            NOW,
            0,
            "failed" if error else "ok",
            notes=read.notes,
            rejected=tuple(map(str, read.rejected)),
            error=error.kind if error else None,
            message=str(error) if error else None,
            http_status=error.status if error else 200,
        )
        result = Result(SourceState(source.id, NOW), outcome, revisions=read.revisions)
        return DryRun(source, result, (call,) if call else (), (response,) if response else ())

    def find(self, *urls: str) -> FoundSource | AlreadyFollowed | None:
        search = Search(self.try_source, draft_source, self.find_follower, self.told.append)
        return asyncio.run(search.find_source(urls or (HOME,)))

    def find_follower(self, url: str) -> Source | None:
        return next(
            (
                source
                for source in self.sources
                if source.url and url_key(source.url) == url_key(url)
            ),
            None,
        )


def draft_source(given: Mapping[str, Any]) -> Source:
    return build_source({"id": "added", **given}, CONFIG, Path("/config/sources/added.yaml"))


def found(web: Web, *urls: str) -> tuple[str, str]:
    """The address that was found, and how it is read."""
    result = web.find(*urls)
    assert isinstance(result, FoundSource)
    return result.given["url"], result.given["adapter"]


def test_a_feed_is_taken_as_it_is() -> None:
    web = Web({f"{HOME}feed.xml": rss(count=2)})

    assert found(web, f"{HOME}feed.xml") == (f"{HOME}feed.xml", "feed")
    assert web.told == [f"looked at {HOME}feed.xml (the address itself): 2 entries"]


def test_a_json_feed_is_a_feed() -> None:
    items = (
        '[{"id": "1", "url": "https://news.example.org/1", "title": "One", "content_text": "x"}]'
    )
    web = Web(
        {HOME: f'{{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": {items}}}'}
    )

    assert found(web) == (HOME, "feed")


def test_a_platform_is_asked_for_its_feed_alone() -> None:
    feed = "https://bsky.app/profile/example.org/rss"
    web = Web({feed: rss()})

    assert found(web, "https://bsky.app/profile/example.org") == (feed, "feed")
    assert web.asked == [feed]


def test_the_next_feed_of_a_platform_is_tried_where_the_first_is_empty() -> None:
    repository = "https://github.com/example/tool"
    web = Web({f"{repository}/releases.atom": EMPTY, f"{repository}/tags.atom": rss()})

    assert found(web, repository) == (f"{repository}/tags.atom", "feed")
    assert web.told[0] == f"looked at {repository}/releases.atom (GitHub releases): no entries"


def test_the_channel_of_a_handle_is_found_on_its_page() -> None:
    channel = "UCabcdefghijklmnopqrstuv"
    feed = f"https://www.youtube.com/feeds/videos.xml?channel_id={channel}"
    canonical = f'<link rel="canonical" href="https://www.youtube.com/channel/{channel}">'
    web = Web({"https://www.youtube.com/@example": page(canonical), feed: rss()})

    assert found(web, "https://www.youtube.com/@example") == (feed, "feed")


def test_what_a_page_recommends_comes_first() -> None:
    links = (
        link("/comments/feed", "Comments"),
        link("/news.xml", "News"),
        '<a href="/other.rss">RSS</a>',
    )
    web = Web({HOME: page(*links), f"{HOME}news.xml": rss(), f"{HOME}other.rss": rss()})

    result = web.find()

    assert isinstance(result, FoundSource)
    assert result.given == {"url": f"{HOME}news.xml", "adapter": "feed"}
    assert web.asked == [HOME, f"{HOME}news.xml"]
    assert [other.url for other in result.others] == [f"{HOME}comments/feed", f"{HOME}other.rss"]


def test_a_feed_without_entries_is_passed_over() -> None:
    web = Web(
        {
            HOME: page(link("/empty"), link("/broken"), link("/good")),
            f"{HOME}empty": EMPTY,
            f"{HOME}good": rss(),
        }
    )

    assert found(web) == (f"{HOME}good", "feed")
    assert web.told[1:] == [
        f"looked at {HOME}empty (the page recommends it): no entries",
        f"looked at {HOME}broken (the page recommends it): no: 404",
        f"looked at {HOME}good (the page recommends it): 1 entry",
    ]


def test_links_come_after_recommendations() -> None:
    web = Web({HOME: page(link("/gone"), body='<a href="/rss">RSS</a>'), f"{HOME}rss": rss()})

    assert found(web) == (f"{HOME}rss", "feed")


def test_software_is_asked_where_it_keeps_its_feeds() -> None:
    section = f"{HOME}category/boats/"
    web = Web(
        {section: page('<meta name="generator" content="WordPress 6.9">'), f"{section}feed/": rss()}
    )

    assert found(web, section) == (f"{section}feed/", "feed")


def test_a_profile_of_the_fediverse_is_guessed_after_its_page_was_asked() -> None:
    web = Web({f"{HOME}@ada": page(), f"{HOME}@ada.rss": rss()})

    assert found(web, f"{HOME}@ada") == (f"{HOME}@ada.rss", "feed")
    assert web.asked == [f"{HOME}@ada", f"{HOME}@ada.rss"]


def test_usual_addresses_are_tried_until_one_is_a_feed() -> None:
    web = Web({f"{HOME}a/b": page(), f"{HOME}atom.xml": rss(), f"{HOME}rss.xml": rss()})

    assert found(web, f"{HOME}a/b") == (f"{HOME}atom.xml", "feed")
    assert web.asked == [f"{HOME}a/b", f"{HOME}feed", f"{HOME}rss", f"{HOME}atom.xml"]


SITEMAP = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://news.example.org/a/1</loc><news:news>'
    "<news:publication><news:name>N</news:name><news:language>en</news:language></news:publication>"
    "<news:publication_date>2026-07-04T10:00:00Z</news:publication_date><news:title>The bridge opens</news:title>"
    "</news:news></url></urlset>"
)


def test_robots_names_the_sitemap_of_news() -> None:
    robots = f"User-agent: *\nSitemap: {HOME}sitemap-news.xml\n"
    web = Web({HOME: page(), f"{HOME}robots.txt": robots, f"{HOME}sitemap-news.xml": SITEMAP})

    assert found(web) == (f"{HOME}sitemap-news.xml", "sitemap")
    assert web.told[-2] == f"looked at {HOME}robots.txt (for sitemaps of news): it is there"


def test_a_sitemap_is_told_by_its_root() -> None:
    assert found(Web({f"{HOME}map.xml": SITEMAP}), f"{HOME}map.xml") == (
        f"{HOME}map.xml",
        "sitemap",
    )


LD = """<script type="application/ld+json">{"@context": "https://schema.org", "@type": "ItemList", "itemListElement": [
{"@type": "NewsArticle", "headline": "The old bridge opens again", "url": "https://news.example.org/a/1",
"datePublished": "2026-07-04T10:00:00Z"},
{"@type": "NewsArticle", "headline": "The harbour is quiet this week", "url": "https://news.example.org/a/2",
"datePublished": "2026-07-04T09:00:00Z"},
{"@type": "NewsArticle", "headline": "A lighthouse is painted red", "url": "https://news.example.org/a/3",
"datePublished": "2026-07-04T08:00:00Z"}]}</script>"""


def cards(
    count: int = 8, date: str = '<time datetime="2026-07-04T0{n}:00:00Z">4 July</time>'
) -> str:
    items = "".join(
        f'<article class="card"><h2><a href="/2026/07/story-{n}">The harbour master reports story number {n}</a></h2>'
        f"{date.format(n=n)}<p>What is known about it so far, in a few words.</p></article>"
        for n in range(count)
    )
    return f"<main>{items}</main>"


def test_a_page_that_states_its_articles_needs_no_rules() -> None:
    web = Web({HOME: page(body=LD)})
    result = web.find()

    assert isinstance(result, FoundSource)
    assert (dict(result.given), result.inferred) == ({"url": HOME, "adapter": "page"}, None)
    assert len(web.asked) <= MAX_REQUESTS


def test_rules_are_inferred_from_what_repeats() -> None:
    result = Web({HOME: page(body=cards())}).find()

    assert isinstance(result, FoundSource)
    assert result.inferred is not None
    assert result.given["items"] == result.inferred.items
    assert set(result.given["fields"]) >= {"title", "url", "published"}
    assert len(dry_run_entries(result.dry_run)) == 8


def proposed(web: Web, name: str | None = None) -> SourceAddition:
    result = web.find()
    assert isinstance(result, FoundSource)
    return propose_source(
        result, SourceName("quay", name), Path("/config/sources/added.yaml"), CONFIG
    )


def test_inferred_rules_are_proposed_with_evidence_and_a_test() -> None:
    document = page(body=cards())
    addition = proposed(Web({HOME: document}))

    assert addition.notes[()].startswith("These rules were inferred from the page")
    assert addition.notes[("items",)] == "8 items"
    assert addition.notes[("fields", "title")].startswith("in 8 of 8 items")
    assert addition.mapping["tests"] == [
        {
            "capture": "captures/quay.html.gz",
            "url": None,
            "taken": "2026-07-04T12:00:00Z",
            "content_type": None,
            "min_items": 8,
            "first": {
                "title": "The harbour master reports story number 0",
                "url": f"{HOME}2026/07/story-0",
                "published": "2026-07-04T00:00:00Z",
            },
        }
    ]
    ((path, packed),) = addition.extra_files.items()
    assert (path, gzip.decompress(packed)) == (
        Path("/config/sources/captures/quay.html.gz"),
        document.encode(),
    )


@pytest.mark.parametrize("date", ["<time>{n} hours ago</time>", "<time>yesterday</time>", ""])
def test_a_date_that_depends_on_the_day_is_no_part_of_the_test(date: str) -> None:
    first = proposed(Web({HOME: page(body=cards(date=date))})).mapping["tests"][0]["first"]

    assert first == {
        "title": "The harbour master reports story number 0",
        "url": f"{HOME}2026/07/story-0",
        "published": None,
    }


def test_a_charset_that_only_the_server_knows_is_part_of_the_test() -> None:
    web = Web({HOME: page(body=cards())}, media_type="text/html; charset=gb18030")

    assert proposed(web).mapping["tests"][0]["content_type"] == "text/html; charset=gb18030"


def test_a_feed_gives_its_name_unless_a_person_does() -> None:
    pages = {HOME: rss("  The\n Harbour ")}

    assert proposed(Web(pages)) == SourceAddition(
        Path("/config/sources/added.yaml"),
        {"id": "quay", "name": "The Harbour", "url": HOME, "adapter": "feed"},
        {(): ""},
        defaults={"every": "1h"},
    )
    assert proposed(Web(pages), "Mine").mapping["name"] == "Mine"


def test_what_a_page_says_of_its_articles_is_told() -> None:
    addition = proposed(Web({HOME: page(body=LD)}))

    assert addition.notes[()].startswith("Read as the page itself: items by JSON-LD")
    assert addition.mapping == {"id": "quay", "name": None, "url": HOME, "adapter": "page"}


def test_a_page_of_nothing_gives_nothing() -> None:
    web = Web({HOME: page()})

    assert web.find() is None
    assert len(web.asked) == len(set(web.asked)) <= MAX_REQUESTS
    assert web.told[-1].startswith(f"read {HOME} as the page itself: no list of articles")


def test_no_site_is_asked_more_than_it_should() -> None:
    links = [link(f"/r/{n}") for n in range(1000)]
    anchors = "".join(f'<a href="/a/{n}.rss">RSS</a>' for n in range(1000))
    generator = '<meta name="generator" content="WordPress Ghost Hugo">'
    web = Web({HOME: page(*links, generator, body=anchors)})

    assert web.find() is None
    assert len(web.asked) == len(set(web.asked)) == MAX_REQUESTS


@pytest.mark.parametrize(
    "href",
    ["file:///etc/passwd", "javascript:alert(1)", "http://[1.2]/feed", "https://a:b@c.example/"],
)
def test_a_recommended_address_that_is_none_is_passed_over(href: str) -> None:
    web = Web({HOME: page(link(href), link("/good")), f"{HOME}good": rss()})

    assert found(web) == (f"{HOME}good", "feed")


def test_http_is_tried_where_https_cannot_be_reached() -> None:
    web = Web({"https://a.example": SourceError("connect", "no"), "http://a.example": rss()})

    assert found(web, "https://a.example", "http://a.example") == ("http://a.example", "feed")


@pytest.mark.parametrize("error", ["dns", "connect", "tls", "timeout"])
def test_who_cannot_be_reached_is_not_asked_for_more(error: ErrorClass) -> None:
    web = Web({HOME: SourceError(error, "no")})

    assert web.find() is None
    assert web.asked == [HOME]


@pytest.mark.parametrize("status", [403, 404])
def test_a_page_that_is_refused_may_still_have_a_feed(status: int) -> None:
    web = Web({HOME: status, f"{HOME}feed": rss()})

    assert found(web) == (f"{HOME}feed", "feed")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_host_in_trouble_is_left_alone(status: int) -> None:
    web = Web({HOME: status})

    assert web.find() is None
    assert web.asked == [HOME]


def test_other_documents_give_nothing() -> None:
    for body in ("", "plain text", "%PDF-1.7", '{"a": 1}', "<svg/>"):
        web = Web({HOME: body})
        assert web.find() is None
        assert web.asked == [HOME]


def test_a_list_of_feeds_is_for_another_command() -> None:
    web = Web({HOME: '<?xml version="1.0"?><opml version="2.0"><body/></opml>'})

    assert web.find() is None
    assert web.told[-1] == f"{HOME} is a list of feeds (OPML): `aggregator import` takes it"


@pytest.mark.parametrize("url", ["http://www.news.example.org/feed/", f"{HOME}feed"])
def test_a_feed_that_is_followed_already_is_told(url: str) -> None:
    source = draft_source({"url": url, "adapter": "feed"})
    web = Web({HOME: page(link("/feed")), f"{HOME}feed": rss()}, sources=(source,))

    assert web.find() == AlreadyFollowed(source, f"{HOME}feed")
    assert web.asked == [HOME]


def test_where_redirects_lead_may_be_followed_already() -> None:
    source = draft_source({"url": f"{HOME}new.xml"})
    web = Web(
        {f"{HOME}old.xml": rss()}, sources=(source,), moved={f"{HOME}old.xml": f"{HOME}new.xml"}
    )

    assert web.find(f"{HOME}old.xml") == AlreadyFollowed(source, f"{HOME}old.xml")


def test_nobody_is_asked_twice() -> None:
    web = Web(
        {
            HOME: page(link("/feed"), body='<a href="/feed">RSS</a><a href="/rss">RSS</a>'),
            f"{HOME}rss.xml": rss(),
        }
    )

    assert found(web) == (f"{HOME}rss.xml", "feed")
    assert web.asked == [
        HOME,
        *(
            f"{HOME}{name}"
            for name in ("feed", "rss", "atom.xml", "feed.xml", "index.xml", "rss.xml")
        ),
    ]


def test_an_address_that_is_followed_already_is_not_asked() -> None:
    source = draft_source({"url": HOME})
    web = Web({}, sources=(source,))

    assert web.find() == AlreadyFollowed(source, HOME)
    assert web.asked == []
