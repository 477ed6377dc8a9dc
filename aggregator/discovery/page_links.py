"""Finds the feeds that a page leads to: recommended, linked, and usual for its software.

What a page states comes before what is guessed. Among recommended feeds the
articles come before comments, the page's language and section before others, full
texts before summaries; otherwise the order of the document decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from aggregator.discovery.generators import PageMarks, generator_feeds
from aggregator.discovery.page_ids import feeds_by_id
from aggregator.discovery.platforms import FeedCandidate, possible_feeds
from aggregator.errors import SourceError
from aggregator.normalize.url import absolute_url, same_site
from aggregator.normalize.url.parts import split_url
from aggregator.rules.document import iter_meta

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Capture

# The media types of feeds, the preferred ones with low numbers.
FEED_TYPES = {
    "application/atom+xml": 0,
    "application/rss+xml": 1,
    "application/feed+json": 2,
    "application/rdf+xml": 3,
    "application/xml": 4,
    "text/xml": 4,
    "application/json": 5,
}
WELL_KNOWN = ("/feed", "/rss", "/atom.xml", "/feed.xml", "/index.xml", "/rss.xml", "/feed/")
MAX_FEEDS = 50  # of one page that are returned; nobody reads more, and a page may hold any number
_READ_BYTES = 1024 * 1024  # of a page: links to feeds are in its head or its footer
_LONGEST_TITLE = 100
_LONGEST_URL = 2_000  # characters; no feed's URL comes near
_LONGEST_LINK_HEADER = 8_000  # characters
_MAX_ROBOTS = 500_000  # characters of a robots.txt

_COMMENTS = re.compile(r"comment|commentaire|kommentar|reply|replies|评论|評論", re.IGNORECASE)
_SUMMARY = re.compile(r"\b(?:summary|excerpts?|headlines)\b", re.IGNORECASE)
_API_URL = re.compile(r"/wp-json/|oembed|manifest\.json", re.IGNORECASE)
_FEED_URL = re.compile(
    r"(?:/(?:feeds?|rss|atom)/?|\.(?:rss|atom|rdf)|/(?:rss|feed|atom|index)\.(?:xml|php|json)"
    r"|/feeds?/[^?]{1,200}|/rss/[^?]{1,200}|[?&](?:feed|format|type|alt)=(?:rss|atom|feed)[^?]{0,40})$",
    re.IGNORECASE,
)
_FEED_WORD = re.compile(
    r"\b(?:rss|atom|xml feed|feeds?|flux|fil rss)\b|订阅|訂閱|フィード", re.IGNORECASE
)
_FEED_SCHEME = re.compile(
    r"(?:feed|itpc|pcast):(?://)?(?=https?:)|(?:feed|itpc|pcast)(?=://)", re.IGNORECASE
)
# RFC 8288, section 3: the target and the parameters of one link.
_HEADER_LINK = re.compile(
    r"<([^<>]{1,2000})>((?:\s*;\s*[\w*!-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s\",;]*))?)*)"
)
_HEADER_PARAMETER = re.compile(r";\s*([\w*!-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]*))")
_SITEMAP = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S{1,2000})", re.IGNORECASE | re.MULTILINE)
_PERSONAL_PATH = re.compile(r"/~[^/]+/")


@dataclass(frozen=True, slots=True)
class PageFeeds:
    """The feeds that a page leads to, each part best first.

    It recommends some, links to others, and its software usually has the rest. A
    candidate may be in several parts.
    """

    recommended: tuple[FeedCandidate, ...] = ()
    linked: tuple[FeedCandidate, ...] = ()
    guessed: tuple[FeedCandidate, ...] = ()


def find_feeds(capture: Capture) -> PageFeeds:
    """Return all feeds that a page and the Link header of its response lead to."""
    link_header = capture.headers.get("link", "")
    in_header = _feeds_of_header(link_header, capture.url)
    root = _parse(capture)
    if root is None:
        return PageFeeds(recommended=_once_each(in_header))

    page = _LinkScanner(root, capture.url)
    marks = page.marks(link_header=link_header)
    recommended = (*page.recommended_feeds(), *in_header, *feeds_by_id(capture.body, capture.url))
    usual = (*generator_feeds(marks, capture.url), *possible_feeds(capture.url))
    return PageFeeds(
        recommended=_once_each(recommended),
        linked=_once_each(page.linked_feeds()),
        guessed=_once_each(usual),
    )


def well_known_feeds(url: str) -> tuple[FeedCandidate, ...]:
    """Return the usual URLs of feeds, for a site that says nothing about its feeds.

    On a host with personal pages (`/~name/`) they are below the person's own path.
    """
    base = ""
    personal = _PERSONAL_PATH.match(_path(url))
    if personal:
        base = personal[0].rstrip("/")
    return tuple(FeedCandidate(urljoin(url, base + path), "a usual address") for path in WELL_KNOWN)


def news_sitemaps(robots: str, url: str) -> tuple[FeedCandidate, ...]:
    """Return the news sitemaps that a host's robots.txt names on the same site, then the usual one."""
    candidates = []
    for match in _SITEMAP.finditer(robots[:_MAX_ROBOTS]):
        sitemap = absolute_url(match[1])
        if sitemap and "news" in sitemap.lower() and same_site(sitemap, url):
            candidates.append(FeedCandidate(sitemap, "robots.txt names it"))
    candidates.append(FeedCandidate(urljoin(url, "/news-sitemap.xml"), "a usual address"))
    return _once_each(candidates)


def _feeds_of_header(link_header: str, url: str) -> list[FeedCandidate]:
    """Return the feeds that the Link header of a response recommends (RFC 8288), in its order."""
    feeds = []
    for match in _HEADER_LINK.finditer(link_header[:_LONGEST_LINK_HEADER]):
        parameters = {"rel": "", "type": ""}
        for name, quoted, bare in _HEADER_PARAMETER.findall(match[2]):
            parameters[name.lower()] = quoted or bare
        if not _is_feed_link(parameters):
            continue
        feed = absolute_url(_with_web_scheme(match[1], url), base=url)
        if feed and not _API_URL.search(feed):
            feeds.append(FeedCandidate(feed, "the server recommends it (Link header)"))
    return feeds


def _once_each(candidates: Iterable[FeedCandidate]) -> tuple[FeedCandidate, ...]:
    """Return each URL once, 50 at most.

    A URL that occurs twice has its first reason and its last place.
    """
    by_url: dict[str, FeedCandidate] = {}
    for candidate in candidates:
        first = by_url.pop(candidate.url, candidate)
        by_url[candidate.url] = first
    return tuple(by_url.values())[:MAX_FEEDS]


def _parse(capture: Capture) -> Any | None:
    """Return the root element of a page's first MiB, None if it is no page."""
    from aggregator.adapters.html import parse_page

    head = capture.body[:_READ_BYTES]
    if len(head) < len(capture.body):
        head = head[: head.rfind(b">") + 1]  # between two characters in every charset
    try:
        # The parser refuses a page that is nothing but a head; a paragraph at its end helps.
        return parse_page(replace(capture, body=head + b"<p>")).root
    except SourceError:
        return None


# Sort key and candidate; the smallest key is the best, equals keep the document's order.
_Ranked = tuple[tuple[int, ...], FeedCandidate]


class _LinkScanner:
    """A parsed page, asked for what its links say about feeds.

    Relative URLs are resolved against `<base>`.
    """

    def __init__(self, root: Any, url: str) -> None:
        self._root = root
        self._url = url
        self._base = _base_url(root, url)
        self._language: str = root.get("lang", "").lower()

    def recommended_feeds(self) -> list[FeedCandidate]:
        """Return the feeds of the page's `rel="alternate"` links, best first."""
        ranked: list[_Ranked] = []
        for link in self._root.iter("link", "a", "area"):
            url = self._url_of(link) if _is_feed_link(link) else None
            if url and not _API_URL.search(url):
                candidate = FeedCandidate(url, _reason_of_recommendation(link))
                ranked.append((self._rank_recommended(link, url), candidate))
        return _best_first(ranked)

    def linked_feeds(self) -> list[FeedCandidate]:
        """Return the feeds that the page's text links to, the most likely first."""
        ranked: list[_Ranked] = []
        for link in self._root.iter("a"):
            url = self._url_of(link)
            if not url or url == self._url:
                continue
            text = _text(link)
            doubt = _doubt(text, url)
            if doubt is not None:
                is_comments = bool(_COMMENTS.search(f"{text} {url}"))
                rank = (is_comments, not same_site(url, self._url), doubt)
                ranked.append((rank, FeedCandidate(url, _reason_of_link(text))))
        return _best_first(ranked)

    def marks(self, *, link_header: str) -> PageMarks:
        """Return what shows the software of the page."""
        metas = tuple((meta.name, meta.content) for meta in iter_meta(self._root))
        links = []
        for link in self._root.iter("link"):
            target = link.get("href", "")
            for relation in _relations(link):
                links.append((relation, target))
        return PageMarks(metas, tuple(links), link_header, self._base)

    def _url_of(self, link: Any) -> str | None:
        """Return the absolute URL of a link, None without one; `feed:` URLs become web URLs."""
        href = link.get("href", "")
        if not href or len(href) > _LONGEST_URL:
            return None
        return absolute_url(_with_web_scheme(href.strip(), self._url), base=self._base)

    def _rank_recommended(self, link: Any, url: str) -> tuple[int, ...]:
        words = f"{link.get('title', '')} {url}"
        section = _path(self._url).rstrip("/") + "/"
        return (
            bool(_COMMENTS.search(words)),
            self._is_in_other_language(link),
            not _path(url).startswith(section),
            bool(_SUMMARY.search(words)),
            FEED_TYPES[_media_type(link.get("type", ""))],
        )

    def _is_in_other_language(self, link: Any) -> bool:
        language = link.get("hreflang", "").lower()
        if not language or not self._language:
            return False
        return _primary_subtag(language) != _primary_subtag(self._language)


def _primary_subtag(language: str) -> str:
    return language.partition("-")[0]


def _base_url(root: Any, url: str) -> str:
    """Return what relative URLs resolve against: the first `<base href>`, else the page's URL."""
    for element in root.iter("base"):
        href = element.get("href")
        if href:
            return absolute_url(href, base=url) or url
    return url


def _best_first(ranked: list[_Ranked]) -> list[FeedCandidate]:
    ranked.sort(key=lambda pair: pair[0])
    return [candidate for _, candidate in ranked]


def _path(url: str) -> str:
    parts = split_url(url)
    return parts.path if parts else ""


def _is_feed_link(link: Any) -> bool:
    relations = _relations(link)
    if "alternate" not in relations or "stylesheet" in relations:
        return False
    return _media_type(link.get("type", "")) in FEED_TYPES


def _relations(link: Any) -> list[str]:
    return [relation.lower() for relation in link.get("rel", "").split()]


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _reason_of_recommendation(link: Any) -> str:
    title = " ".join(link.get("title", "").split())[:_LONGEST_TITLE]
    return f"the page recommends it as “{title}”" if title else "the page recommends it"


def _reason_of_link(text: str) -> str:
    return f"the page links to it as “{text}”" if text else "the page links to it"


def _text(link: Any) -> str:
    text = link.get("title") or link.get("aria-label") or "".join(link.itertext())
    return " ".join(text.split())[:_LONGEST_TITLE]


def _doubt(text: str, url: str) -> int | None:
    """Return how doubtful it is that a link leads to a feed, from 0; None if nothing says so."""
    has_feed_word = bool(_FEED_WORD.search(text))
    is_feed_url = bool(_FEED_URL.search(url))
    if is_feed_url and has_feed_word:
        return 0
    if is_feed_url:
        return 1

    is_xml = _path(url).lower().endswith(".xml")
    if has_feed_word and is_xml:
        return 2
    return None


def _with_web_scheme(href: str, page_url: str) -> str:
    """Turn a `feed:` URL into the web URL that it stands for.

    `feed:https://host/x` is what follows. `feed://host/x` has the page's scheme on the
    page's own host, else `https`.
    """
    match = _FEED_SCHEME.match(href)
    if match is None:
        return href
    rest = href[match.end() :]
    if match[0].endswith((":", "/")):
        return rest

    page = split_url(page_url)
    linked = split_url(f"https{rest}")
    if page and linked and page.host == linked.host:
        return f"{page.scheme}{rest}"
    return f"https{rest}"
