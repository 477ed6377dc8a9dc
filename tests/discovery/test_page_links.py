"""The feed that a page recommends is found: its articles before its comments, whole formats before lesser ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.discovery import page_links
from aggregator.discovery.page_detection import looks_like_html
from aggregator.discovery.platforms import FeedCandidate
from aggregator.model import Capture

URL = "https://news.example.org/section/"


def page(body: str | bytes, content_type: str | None = "text/html; charset=utf-8") -> Capture:
    data = body.encode() if isinstance(body, str) else body
    headers = {"content-type": content_type} if content_type else {}
    return Capture("news", URL, datetime(2026, 1, 1, tzinfo=UTC), data, headers=headers)


def link(
    href: str, kind: str = "application/rss+xml", *, rel: str = "alternate", title: str = ""
) -> str:
    return f'<link rel="{rel}" type="{kind}" href="{href}" title="{title}">'


def recommended_feed(capture: Capture) -> str | None:
    """The URL of the feed that a page recommends, None if it names none."""
    recommended = page_links.find_feeds(capture).recommended
    return recommended[0].url if recommended else None


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([link("/feed.xml")], "https://news.example.org/feed.xml"),
        ([link("feed.xml")], "https://news.example.org/section/feed.xml"),
        (
            [link(" /feed.xml ", "Application/RSS+XML; charset=utf-8", rel="ALTERNATE home")],
            "https://news.example.org/feed.xml",
        ),
        (
            [link("/a.rss"), link("/b.atom", "application/atom+xml")],
            "https://news.example.org/b.atom",
        ),
        ([link("/a.rss"), link("/b.rss")], "https://news.example.org/a.rss"),
        ([link("/comments/feed"), link("/feed")], "https://news.example.org/feed"),
        (
            [link("/c.atom", "application/atom+xml", title="评论"), link("/a.rss")],
            "https://news.example.org/a.rss",
        ),
        ([link("/f.json", "application/feed+json")], "https://news.example.org/f.json"),
        (
            ['<base href="https://feeds.example.org/x/">', link("f.xml")],
            "https://feeds.example.org/x/f.xml",
        ),
        ([link("/s.xml", rel="alternate stylesheet")], None),
        ([link("/s.css", "text/css")], None),
        ([link("/f.xml", rel="next")], None),
        (["<link rel=alternate type=application/rss+xml>"], None),
        ([], None),
    ],
)
def test_the_best_feed_of_a_page(links: list[str], expected: str | None) -> None:
    assert (
        recommended_feed(page(f"<html><head>{''.join(links)}</head><body>x</body></html>"))
        == expected
    )


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("<!DOCTYPE html><p>", None, True),
        ("\ufeff \n<HTML>", "text/plain", True),
        ("<p>hello", "text/html", True),
        ("<p>hello", "application/xhtml+xml", True),
        ("<p>hello", None, False),
        ('<?xml version="1.0"?><rss>', "text/html", False),
        ("<rss version='2.0'>", "text/html", False),
        ("<feed xmlns='x'>", "text/html", False),
        ("<!-- cached --><rss version='2.0'>", "text/html", False),
        ("<br />\n<b>Warning</b>: x in <b>/x.php</b><br />\n<rss>", "text/html", False),
        ("PHP Notice: x\n<?xml version='1.0'?><a:feed xmlns:a='x'>", "text/html", False),
        ("<table class='xdebug-error'><tr><th>x</th></table><rdf:RDF>", "text/html", False),
        ("<div>One writes <pre><channel></pre></div>", "text/html", True),
        ("<title>News</title><p>One writes <rss>", "text/html", True),
        ("<!-- <rss> --><p>hello", "text/html", True),
        ('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x"><html>', "text/html", True),
        ('<?xml version="1.0"?><html>', "application/xhtml+xml", True),
        ('<?xml version="1.0"?><urlset>', "text/html", False),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "text/html", False),
        ("", "application/rss+xml", False),
    ],
)
def test_a_page_is_told_by_its_type_or_its_beginning(
    body: str, content_type: str | None, *, expected: bool
) -> None:
    assert looks_like_html(page(body, content_type)) is expected


def test_no_bytes_raise() -> None:
    feed = b"<html>\x00\xff<link rel=alternate href=\xff type=application/rss+xml>"

    assert recommended_feed(page(feed)) is not None
    assert page_links.find_feeds(page(b"")) == page_links.PageFeeds()
    assert page_links.find_feeds(page(b"\x00\x01\x02")) == page_links.PageFeeds()


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.text(st.characters(codec="utf-8")), st.sampled_from(["link", "a", "meta", "base"]))
def test_whatever_a_page_says_only_web_addresses_come_of_it(text: str, element: str) -> None:
    value = text.replace('"', "")
    words = f'rel="alternate https://api.w.org/" type="application/rss+xml" name="generator" content="{value}"'
    feeds = page_links.find_feeds(
        page(f'<html><{element} href="{value}" {words}>RSS</{element}>{link(value)}')
    )

    for candidate in (*feeds.recommended, *feeds.linked, *feeds.guessed):
        assert candidate.url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "href",
    [
        "http://[::1",
        "javascript:alert(1)//feed.xml",
        "data:text/xml,x",
        "file:///etc/passwd",
        "ftp://a.example/feed",
        "https://a.example/" + "a" * 2000 + "/feed",
        "mailto:a@b.example",
        "",
    ],
)
def test_a_link_that_is_no_web_address_is_no_feed(href: str) -> None:
    found = page_links.find_feeds(
        page(link(href) + f'<a href="{href}">RSS</a><base href="{href}">')
    )

    assert not [
        one
        for one in (*found.recommended, *found.linked)
        if "a.example" in one.url or "file" in one.url
    ]
    assert (found.recommended, found.linked) == ((), ())


def test_a_broken_base_is_passed_over() -> None:
    assert (
        recommended_feed(page('<base href="http://[">' + link("/feed")))
        == "https://news.example.org/feed"
    )


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        # this section's feed before the whole site's, whatever its form
        (
            link("/feed.atom", "application/atom+xml")
            + link("/section/feed", title="Site » Section Feed"),
            ["/section/feed", "/feed.atom"],
        ),
        # but never its comments
        (link("/section/comments/feed") + link("/feed"), ["/feed", "/section/comments/feed"]),
        # the page's language before others; what states none is not held against it
        (
            '<html lang="fr-CA">'
            + "".join(
                link(f"/{tag}.xml").replace("<link ", f"<link hreflang={tag} ")
                for tag in ("en", "fr", "de")
            )
            + link("/any.xml"),
            ["/fr.xml", "/any.xml", "/en.xml", "/de.xml"],
        ),
        (
            link("/summary.atom", "application/atom+xml") + link("/full.rss"),
            ["/full.rss", "/summary.atom"],
        ),
        (
            link("/wp-json/wp/v2/pages/2", "application/json")
            + link("/oembed?format=json", "application/json"),
            [],
        ),
        (link("/a.xml") + link("/a.xml") + link("/b.xml"), ["/a.xml", "/b.xml"]),
        (
            link("feed:https://news.example.org/a.xml") + link("feed://news.example.org/b.xml"),
            ["/a.xml", "/b.xml"],
        ),
    ],
)
def test_recommended_feeds_come_best_first(links: str, expected: list[str]) -> None:
    found = page_links.find_feeds(page(links)).recommended

    assert [
        candidate.url.removeprefix("https://news.example.org") for candidate in found
    ] == expected


@pytest.mark.parametrize(
    ("anchors", "expected"),
    [
        ('<a href="/rss">here</a>', ["/rss"]),
        ('<a href="/a.rss">x</a><a href="/b/feed/">RSS</a>', ["/b/feed/", "/a.rss"]),
        (
            '<a href="/news.xml">RSS</a><a href="/data.xml">Data</a><a href="/rules.pdf">RSS</a>',
            ["/news.xml"],
        ),
        (
            '<a href="/zh.xml">订阅</a><a href="/index.xml" title="Atom">⚛</a>',
            ["/index.xml", "/zh.xml"],
        ),
        (
            '<a href="/?feed=rss2"><img alt=RSS></a><a href="/news?format=rss">x</a>',
            ["/?feed=rss2", "/news?format=rss"],
        ),
        (
            '<a href="/comments/feed">Comments RSS</a><a href="/feed">Feed</a>',
            ["/feed", "/comments/feed"],
        ),
        (
            '<a href="https://other.example/feed">RSS</a><a href="/feed">Feed</a>',
            ["/feed", "https://other.example/feed"],
        ),
        (
            '<a href="/feedback">Feedback</a><a href="/about-rss">About RSS</a><a href="/section/">RSS</a>',
            [],
        ),
    ],
)
def test_links_that_look_like_feeds_come_best_first(anchors: str, expected: list[str]) -> None:
    found = page_links.find_feeds(page(f"<html><body>{anchors}</body></html>")).linked

    assert [
        candidate.url.removeprefix("https://news.example.org") for candidate in found
    ] == expected


def test_why_is_told_in_one_line() -> None:
    body = (
        link("/feed", title="The\n harbour")
        + link("/bare")
        + '<a href="/x.rss"> All\n news </a><a href="/y.rss"></a>'
    )
    found = page_links.find_feeds(page(f"<html>{body}"))

    assert [candidate.reason for candidate in (*found.recommended, *found.linked)] == [
        "the page recommends it as “The harbour”",
        "the page recommends it",
        "the page links to it as “All news”",
        "the page links to it",
    ]


@pytest.mark.no_cover
def test_ten_thousand_recommended_feeds_are_fifty() -> None:
    links = "".join(link(f"/{number}.xml") for number in range(10_000))

    found = page_links.find_feeds(page(f"<html><head>{links}</head><body>x")).recommended

    assert [candidate.url for candidate in found] == [
        f"https://news.example.org/{number}.xml" for number in range(50)
    ]


def test_a_page_without_end_is_read_from_its_beginning() -> None:
    body = "<html><head>" + link("/feed") + "</head><body>" + "<p>é</p>" * 500_000

    assert recommended_feed(page(body)) == "https://news.example.org/feed"


def test_a_head_alone_is_enough() -> None:
    assert recommended_feed(page(f"<html><head>{link('/feed')}")) == "https://news.example.org/feed"


def test_the_usual_addresses_are_few_and_of_this_host() -> None:
    assert [
        candidate.url for candidate in page_links.well_known_feeds("https://a.example/x/y?z")
    ] == [
        "https://a.example/feed",
        "https://a.example/rss",
        "https://a.example/atom.xml",
        "https://a.example/feed.xml",
        "https://a.example/index.xml",
        "https://a.example/rss.xml",
        "https://a.example/feed/",
    ]
    assert (
        page_links.well_known_feeds("https://a.example/~ada/notes")[0].url
        == "https://a.example/~ada/feed"
    )


def test_sitemaps_of_news_are_those_of_this_site() -> None:
    robots = (
        "User-agent: *\nDisallow: /x\nSitemap: https://www.a.example/sitemap.xml\n"
        " sitemap : https://static.a.example/News-1.xml\nSitemap:https://evil.example/news.xml\nSitemap: /news.xml\n"
    )

    assert page_links.news_sitemaps(robots, "https://www.a.example/x") == (
        FeedCandidate("https://static.a.example/News-1.xml", "robots.txt names it"),
        FeedCandidate("https://www.a.example/news-sitemap.xml", "a usual address"),
    )


@pytest.mark.parametrize(
    ("header", "feeds"),
    [
        ('</f>; rel="alternate"; type="application/rss+xml"', ["https://news.example.org/f"]),
        ("</f>;type=application/atom+xml;rel=alternate", ["https://news.example.org/f"]),
        (
            '</a>; rel="self", </b,c>; title="x, y"; rel="home alternate"; type="text/xml"',
            ["https://news.example.org/b,c"],
        ),
        (
            '<feed://news.example.org/f>; rel=alternate; type="application/rss+xml; charset=x"',
            ["https://news.example.org/f"],
        ),
        ('</wp-json/x>; rel="alternate"; type="application/json"', []),
        ('</de>; rel="alternate"; hreflang="de"', []),
        ('</f>; rel="alternate', []),
        ("</f" + ">;a" * 5_000, []),
    ],
)
def test_the_link_header_recommends_feeds(header: str, feeds: list[str]) -> None:
    capture = replace(page("<p>x</p>"), headers={"link": header})

    assert [feed.url for feed in page_links.find_feeds(capture).recommended] == feeds


def test_a_link_in_the_text_may_recommend_a_feed() -> None:
    body = '<a rel="alternate" type="application/rss+xml" href="/x.xml"><i class="icon"></i></a>'

    assert recommended_feed(page(body)) == "https://news.example.org/x.xml"


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        ("http://news.example.org/", "http://news.example.org/f"),
        ("http://other.example/", "https://news.example.org/f"),
        ("https://news.example.org/", "https://news.example.org/f"),
    ],
)
def test_the_feed_scheme_stands_for_the_scheme_of_the_own_page(url: str, feed: str) -> None:
    capture = replace(page(link("feed://news.example.org/f")), url=url)

    assert recommended_feed(capture) == feed
