"""RSS 0.9x to 2.0, RSS 1.0, Atom 0.3 and 1.0 by feedparser, and JSON Feed: one document to raw entries.

Rule: it states and never judges: every value with the element it came from, dates as they are written, links as they
are found. The parser sees only text that `feed_text` made safe; it is always handed a BytesIO, since it opens paths
and URLs given as text, and its own sanitizer and resolver stay off (3.5 times faster; both are done once, later).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import feedparser

from aggregator.adapters.charset import decode
from aggregator.adapters.feed import json_feed
from aggregator.adapters.feed.body import bodies
from aggregator.adapters.feed.describe import line, sight
from aggregator.adapters.feed.items import gathered
from aggregator.adapters.feed.media import dicts, enclosures, images, text
from aggregator.adapters.feed.polling_hints import hints
from aggregator.adapters.feed.xml_repair import MAX_ITEMS, prepare
from aggregator.errors import SourceError
from aggregator.model import Found, Parsed, RawEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules

# Bozo only tells of an encoding that was overridden or a media type, and both are ours.
_HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_BROKEN_OFF = "the last item: the document ends within it"
_WEB = ("http://", "https://")
_HTML_TYPES = ("text/html", "application/xhtml+xml", "html")
_FOUR_LETTERS = re.compile(r"\.[A-Za-z]{4}$")
_CUT_DOMAIN = re.compile(r"[a-z]+(?:[ (<]+(?P<name>[^()<>]+)[)>]?)?")


@dataclass(frozen=True, slots=True)
class _Channel:
    """What the document says once and its items inherit. `content` and `summary` name the elements of their texts."""

    atom: bool
    content: str
    summary: str
    dated: str
    base: str
    title: str | None
    language: str | None
    author: tuple[Found, ...]


def parse(capture: Capture, _: SiteRules | None = None) -> Parsed:
    """Read a feed of any kind.

    Raises: SourceError("not-a-feed") naming what it saw, SourceError("parse") for a feed that cannot be read.
    """
    document = decode(capture.body, capture.headers.get("content-type", ""))
    start = document.lstrip("\ufeff \t\r\n")[:1]
    if not start:
        raise SourceError("not-a-feed", "an empty body")
    if start in "{[":
        return json_feed.read(document, capture)
    ready = prepare(document)
    read = _feedparser(ready.xml) if ready else None
    if ready is None or read is None or not (read["entries"] or read["version"]):
        raise SourceError("not-a-feed", sight(document))
    feed = dict(read["feed"])
    entries, rejected = _entries(read, _channel(read, feed, capture), cut=ready.cut)
    return Parsed(
        entries,
        (*rejected, *((_BROKEN_OFF,) if ready.broken_off else ())),
        title=_plain(feed.get("title")),
        home=_home(feed, capture.url),
        repaired=ready.repaired
        or (bool(read["bozo"]) and not isinstance(read.get("bozo_exception"), _HARMLESS)),
        hints=hints(ready.xml, feed),
    )


def _feedparser(xml: bytes) -> Any:
    try:
        return feedparser.parse(
            BytesIO(xml),
            response_headers=_HEADERS,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # foreign code reads foreign bytes
        raise SourceError(
            "parse", f"the feed cannot be read: {type(error).__name__}: {error}"
        ) from error


def _channel(read: Any, feed: Mapping[str, Any], capture: Capture) -> _Channel:
    atom = str(read["version"]).startswith("atom")
    encoded = not atom and "content" in read["namespaces"]
    return _Channel(
        atom=atom,
        content="feed:content:encoded" if encoded else "feed:content",
        summary="feed:summary" if atom else "feed:description",
        dated="feed:dc:date" if not atom and "dc" in read["namespaces"] else "feed:updated",
        base=_home(feed, capture.url) or capture.url,
        title=_plain(feed.get("title")),
        language=text(feed.get("language")),
        author=tuple(_authors(feed, "feed:channel:author")),
    )


def _entries(
    read: Any, channel: _Channel, *, cut: bool
) -> tuple[tuple[RawEntry, ...], tuple[str, ...]]:
    items = read["entries"][:MAX_ITEMS]
    raw = [_entry(dict(item), f"item {number}", channel) for number, item in enumerate(items, 1)]
    beyond = cut or len(read["entries"]) > MAX_ITEMS
    return gathered(raw, (f"items after number {MAX_ITEMS} were left out",) if beyond else ())


def _entry(item: Mapping[str, Any], name: str, channel: _Channel) -> RawEntry:
    content, summary = bodies(item, content=channel.content, summary=channel.summary)
    guid = text(item.get("id"))
    return RawEntry(
        item=name,
        base=_base(item, channel),
        url=_links(item, guid),
        guid=Found(guid, "feed:id" if channel.atom else "feed:guid") if guid else None,
        title=_found(item.get("title"), "feed:title"),
        summary=summary,
        content=content,
        published=_published(item, channel),
        updated=_updated(item, channel),
        authors=tuple(_authors(item, "feed:author")) or channel.author,
        tags=tuple(_tags(item)),
        credits=tuple(_credits(item)),
        language=tuple(_languages(item, channel)),
        publisher=(
            *_found(item.get("publisher"), "feed:dc:publisher"),
            *_found(channel.title, "feed:channel:title"),
        ),
        images=images(item),
        enclosures=enclosures(item),
    )


def _found(value: object, where: str) -> tuple[Found, ...]:
    stated = text(value)
    return (Found(stated, where),) if stated else ()


def _links(item: Mapping[str, Any], guid: str | None) -> tuple[Found, ...]:
    """Give each link once, with the first place it was found in."""
    first: dict[str, Found] = {}
    for found in _stated_links(item, guid):
        first.setdefault(found.value, found)
    return tuple(first.values())


def _stated_links(item: Mapping[str, Any], guid: str | None) -> Iterator[Found]:
    """Give the link candidates: the link before FeedBurner, alternates, HTML ones first, then a guid that is a URL."""
    yield from _found(item.get("feedburner_origlink"), "feed:feedburner:origLink")
    alternates = [
        link
        for link in dicts(item.get("links"))
        if str(link.get("rel")).rsplit("/", 1)[-1] == "alternate"
    ]
    for alternate in sorted(alternates, key=lambda found: found.get("type") not in _HTML_TYPES):
        yield from _found(alternate.get("href"), "feed:link")
    link = text(item.get("link"))
    if link and link != guid:  # feedparser makes a link of every guid that does not deny being one
        yield Found(link, "feed:link")
    if guid and (guid.lower().startswith(_WEB) or (link == guid and guid.startswith("/"))):
        yield Found(guid, "feed:guid")


def _base(item: Mapping[str, Any], channel: _Channel) -> str:
    """Give what relative links resolve against: xml:base where there is one, else the feed's site."""
    details = (
        *dicts(item.get("content")),
        *dicts([item.get("summary_detail"), item.get("title_detail")]),
    )
    stated = next((base for detail in details if (base := text(detail.get("base")))), None)
    return _joined(channel.base, stated) if stated else channel.base


def _home(feed: Mapping[str, Any], url: str) -> str | None:
    """Give the address of the feed's site; feedparser makes a link of an Atom id too, which need be no address."""
    link = text(feed.get("link"))
    home = _joined(url, link) if link else ""
    return home if home.lower().startswith((*_WEB, "file:")) else None


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return base


def _published(item: Mapping[str, Any], channel: _Channel) -> tuple[Found, ...]:
    """Give when it appeared; dc:date says so in RSS, and an Atom entry never edited may state only its update."""
    stated = _found(item.get("published"), "feed:published")
    stated += _found(item.get("created"), "feed:created")
    return stated or _found(item.get("updated"), channel.dated)


def _updated(item: Mapping[str, Any], channel: _Channel) -> tuple[Found, ...]:
    alone = not channel.atom and "published" not in item
    return () if alone else _found(item.get("updated"), channel.dated)


def _authors(holder: Mapping[str, Any], where: str) -> Iterator[Found]:
    """Give the names; an address only where no name stands beside it."""
    details = dicts(holder.get("authors"))
    names = dict.fromkeys(name for detail in details if (name := _name(detail)))
    return (Found(name, where) for name in names)


def _name(author: Mapping[str, Any]) -> str | None:
    """Give an author's name, else the address.

    feedparser takes a top-level domain for four letters at most, and the rest of it for the name:
    `ann@harbour.example (Ann Lee)` is `ann@harbour.exam` and `ple (Ann Lee`.
    """
    name, email = text(author.get("name")), text(author.get("email"))
    if not (name and email):
        return name or email
    cut = _CUT_DOMAIN.fullmatch(name) if _FOUR_LETTERS.search(email) else None
    return (cut["name"] or email + name) if cut else name


def _tags(item: Mapping[str, Any]) -> Iterator[Found]:
    terms = (text(tag.get("label")) or text(tag.get("term")) for tag in dicts(item.get("tags")))
    return (Found(term, "feed:category") for term in dict.fromkeys(term for term in terms if term))


def _credits(item: Mapping[str, Any]) -> Iterator[Found]:
    names = (text(credit.get("content")) for credit in dicts(item.get("media_credit")))
    return (
        Found(name, "feed:media:credit") for name in dict.fromkeys(name for name in names if name)
    )


def _languages(item: Mapping[str, Any], channel: _Channel) -> Iterator[Found]:
    yield from _found(item.get("language"), "feed:dc:language")
    details = (*dicts(item.get("content")), *dicts([item.get("title_detail")]))
    tags = (text(detail.get("language")) for detail in details)
    yield from (
        Found(tag, "feed:xml:lang")
        for tag in dict.fromkeys(tag for tag in tags if tag != channel.language)
        if tag
    )
    yield from _found(channel.language, "feed:language")


def _plain(value: object) -> str | None:
    """Give a channel's title as one line of text."""
    stated = text(value)
    return line(stated) if stated else None
