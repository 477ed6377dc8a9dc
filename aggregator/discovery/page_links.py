"""Find the feeds that a page leads to: those it recommends, those it links to, and those its software always has.

Rule: what is stated comes before what is guessed. Of several recommended feeds the page's own articles come before its
comments, its language and its section before others, full formats before summaries; document order decides ties.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from aggregator.discovery.generators import Stated, feeds_of
from aggregator.discovery.platforms import Candidate, anywhere
from aggregator.errors import SourceError
from aggregator.normalize.url import absolute, same_site
from aggregator.normalize.url.parts import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.model import Capture

TYPES = {
    "application/atom+xml": 0,
    "application/rss+xml": 1,
    "application/feed+json": 2,
    "application/rdf+xml": 3,
    "application/xml": 4,
    "text/xml": 4,
    "application/json": 5,
}
WELL_KNOWN = ("/feed", "/rss", "/atom.xml", "/feed.xml", "/index.xml", "/rss.xml")
MOST = 50  # feeds of one page that are told of; nobody reads more, and a page may hold any number
_READ_BYTES = 1024 * 1024  # of a page: its links to feeds stand in its head or at its foot
_LONGEST_TITLE = 100
_LONGEST = 2_000  # characters of an address; no feed's comes near

_COMMENTS = re.compile(r"comment|commentaire|kommentar|reply|replies|评论|評論", re.IGNORECASE)
_SUMMARY = re.compile(r"\b(?:summary|excerpts?|headlines)\b", re.IGNORECASE)
_NO_FEED = re.compile(r"/wp-json/|oembed|manifest\.json", re.IGNORECASE)
_FEED_ADDRESS = re.compile(
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
_SITEMAP = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S{1,2000})", re.IGNORECASE | re.MULTILINE)
_OWN_CORNER = re.compile(r"/~[^/]+/")


@dataclass(frozen=True, slots=True)
class Feeds:
    """What a page leads to, each part best first: what it recommends, what it links to, what its software would have.

    A candidate may stand in several parts.
    """

    recommended: tuple[Candidate, ...] = ()
    linked: tuple[Candidate, ...] = ()
    usual: tuple[Candidate, ...] = ()


def looks_like_html(capture: Capture) -> bool:
    """Tell whether a capture is a page: by its media type, or by how it begins."""
    media_type = capture.headers.get("content-type", "").partition(";")[0].strip().lower()
    start = capture.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    named = media_type in ("text/html", "application/xhtml+xml")
    return start.startswith((b"<!doctype html", b"<html")) or (
        named and not start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"{"))
    )


def feed_of(capture: Capture) -> str | None:
    """The absolute URL of the feed that a page recommends, None where it names none."""
    recommended = feeds_in(capture).recommended
    return recommended[0].url if recommended else None


def feeds_in(capture: Capture) -> Feeds:
    """Everything that a page leads to; what cannot be read as a page leads to nothing."""
    root = _root(capture)
    if root is None:
        return Feeds()
    page = _Page(root, capture.url)
    return Feeds(
        recommended=_several(page.recommended()),
        linked=_several(page.linked()),
        usual=_several((*feeds_of(page.stated(capture), capture.url), *anywhere(capture.url))),
    )


def well_known(url: str) -> tuple[Candidate, ...]:
    """The addresses where a site without a word about it may have a feed; below a person's own corner of a host."""
    corner = _OWN_CORNER.match(_path(url))
    base = corner[0].rstrip("/") if corner else ""
    return tuple(Candidate(urljoin(url, base + path), "a usual address") for path in WELL_KNOWN)


def news_sitemaps(robots: str, url: str) -> tuple[Candidate, ...]:
    """The sitemaps of news that a host's robots.txt names, and the usual one; other sites' are passed over."""
    stated = (absolute(match[1]) for match in _SITEMAP.finditer(robots[:500_000]))
    own = (found for found in stated if found and "news" in found.lower() and same_site(found, url))
    named = (Candidate(found, "robots.txt names it") for found in own)
    return _several((*named, Candidate(urljoin(url, "/news-sitemap.xml"), "a usual address")))


def _several(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    once = {candidate.url: candidate for candidate in reversed(tuple(candidates))}
    return tuple(reversed(once.values()))[:MOST]


def _root(capture: Capture) -> Any | None:
    from aggregator.adapters.html import document

    head = capture.body[:_READ_BYTES]
    if len(head) < len(capture.body):
        head = head[: head.rfind(b">") + 1]  # between two characters in every charset
    try:
        # A paragraph at its end makes a page of one that is nothing but a head.
        return document(replace(capture, body=head + b"<p>")).root
    except SourceError:
        return None


class _Page:
    """What the links of a page say of feeds; relative addresses are resolved against `<base>`."""

    def __init__(self, root: Any, url: str) -> None:
        self._root = root
        self._url = url
        base = next(
            (element.get("href") for element in root.iter("base") if element.get("href")), None
        )
        self._home = (absolute(base, base=url) if base else None) or url
        self._language = (root.get("lang") or "").lower()

    def recommended(self) -> Iterator[Candidate]:
        ranked = []
        for place, link in enumerate(self._root.iter("link")):
            found = self._address(link) if _is_feed(link) else None
            if found and not _NO_FEED.search(found):
                ranked.append(
                    (*self._rank(link, found), place, Candidate(found, _recommendation(link)))
                )
        yield from (candidate for *_, candidate in sorted(ranked, key=lambda row: row[:-1]))

    def linked(self) -> Iterator[Candidate]:
        ranked = []
        for place, link in enumerate(self._root.iter("a")):
            found = self._address(link) if link.get("href") else None
            if found and found != self._url and (doubt := _doubt(link, found)) is not None:
                text = _text(link)
                why = f"the page links to it as “{text}”" if text else "the page links to it"
                rank = (
                    bool(_COMMENTS.search(f"{text} {found}")),
                    not same_site(found, self._url),
                    doubt,
                    place,
                )
                ranked.append((rank, Candidate(found, why)))
        yield from (candidate for _, candidate in sorted(ranked, key=lambda row: row[0]))

    def stated(self, capture: Capture) -> Stated:
        metas = [
            (
                (meta.get("name") or meta.get("property") or meta.get("itemprop") or "").lower(),
                meta.get("content") or "",
            )
            for meta in self._root.iter("meta")
        ]
        links = [
            (word.lower(), link.get("href") or "")
            for link in self._root.iter("link")
            for word in _words(link)
        ]
        return Stated(tuple(metas), tuple(links), capture.headers.get("link", ""), self._home)

    def _address(self, link: Any) -> str | None:
        href = link.get("href")
        return (
            absolute(_FEED_SCHEME.sub(_as_web, href, count=1), base=self._home)
            if len(href) <= _LONGEST
            else None
        )

    def _rank(self, link: Any, found: str) -> tuple[bool, bool, bool, bool, int]:
        title = link.get("title") or ""
        language = (link.get("hreflang") or "").lower()
        return (
            bool(_COMMENTS.search(f"{title} {found}")),
            bool(language and self._language)
            and language.partition("-")[0] != self._language.partition("-")[0],
            not _path(found).startswith(_section(self._url)),
            bool(_SUMMARY.search(f"{title} {found}")),
            TYPES[_media_type(link)],
        )


def _path(url: str) -> str:
    parts = split(url)
    return parts.path if parts else ""


def _section(url: str) -> str:
    """The path that a feed of this very section would begin with."""
    return _path(url).rstrip("/") + "/"


def _is_feed(link: Any) -> bool:
    words = [word.lower() for word in _words(link)]
    stated = "alternate" in words and "stylesheet" not in words
    return bool(link.get("href")) and stated and _media_type(link) in TYPES


def _name(meta: Any) -> str:
    name: str = meta.get("name") or meta.get("property") or meta.get("itemprop") or ""
    return name.lower()


def _words(link: Any) -> list[str]:
    return (link.get("rel") or "").split()


def _media_type(link: Any) -> str:
    return (link.get("type") or "").partition(";")[0].strip().lower()


def _recommendation(link: Any) -> str:
    title = " ".join((link.get("title") or "").split())[:_LONGEST_TITLE]
    return f"the page recommends it as “{title}”" if title else "the page recommends it"


def _text(link: Any) -> str:
    words = link.get("title") or link.get("aria-label") or "".join(link.itertext())
    return " ".join(words.split())[:_LONGEST_TITLE]


def _doubt(link: Any, found: str) -> int | None:
    """How much is to be said against a link being one to a feed; None where nothing speaks for it."""
    address, word = bool(_FEED_ADDRESS.search(found)), bool(_FEED_WORD.search(_text(link)))
    if address:
        return 0 if word else 1
    return 2 if word and _path(found).lower().endswith(".xml") else None


def _as_web(match: re.Match[str]) -> str:
    """`feed://host` means `https://host`, `feed:https://host` what follows."""
    return "" if match[0].endswith((":", "/")) else "https"
