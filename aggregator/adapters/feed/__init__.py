"""Reads RSS 0.9x to 2.0, RSS 1.0, and Atom 0.3 and 1.0 with feedparser.

JSON Feed is passed on to `json_feed`.

Values are passed on as they are written, each with the element that it came from: dates
are not parsed here and links are not resolved. feedparser sees only text that
`xml_repair` made safe, and always as a BytesIO, because it opens paths and URLs given as
text. Its own sanitizer and resolver stay off (3.5 times faster; both are done once, later).
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
from aggregator.adapters.feed.body import content_and_summary
from aggregator.adapters.feed.describe import describe, title_line
from aggregator.adapters.feed.extensions import NO_EXTENSIONS, read_extensions
from aggregator.adapters.feed.items import split_rejected, unique, unique_values
from aggregator.adapters.feed.media import enclosures, images, keep_dicts, text_or_none
from aggregator.adapters.feed.polling_hints import read_hints
from aggregator.adapters.feed.relations import (
    HTML_TYPES,
    candidate,
    comment_feeds,
    comments,
    source_of,
    taken_from,
    via,
    without_stand_in,
)
from aggregator.adapters.feed.xml_repair import MAX_ITEMS, prepare_xml
from aggregator.errors import SourceError
from aggregator.model import Candidate, ParsedDocument, RawEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aggregator.adapters.feed.extensions import Extensions
    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules

# feedparser sets `bozo` for these too, but we chose the encoding and the media type ourselves.
_HARMLESS_BOZO = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_BROKEN_OFF_MESSAGE = "the last item: the document ends within it"
_WEB = ("http://", "https://")
# A UUIDv5, as this program gives its entries.
_OWN_ID = re.compile(
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
_FOUR_LETTERS = re.compile(r"\.[A-Za-z]{4}$")
_CUT_DOMAIN = re.compile(r"[a-z]+(?:[ (<]+(?P<name>[^()<>]+)[)>]?)?")


@dataclass(frozen=True, slots=True)
class _Channel:
    """What the document says once for all its items.

    `is_own` tells that this program published the document.
    `content`, `summary` and `date` name the elements that an item has them in.
    """

    is_atom: bool
    content_element: str
    summary_element: str
    date: str
    base_url: str
    title: str | None
    language: str | None
    authors: tuple[Candidate, ...]
    is_own: bool


def parse(capture: Capture, _: SiteRules | None = None) -> ParsedDocument:
    """Read a feed of any kind.

    Raises:
        SourceError: "not-a-feed" with what the document is instead, "parse" for a feed
            that cannot be read.
    """
    document = decode(capture.body, capture.headers.get("content-type", ""))
    start = document.lstrip("\ufeff \t\r\n")[:1]
    if not start:
        raise SourceError("not-a-feed", "an empty body")
    if start in "{[":
        return json_feed.read(document, capture)

    ready = prepare_xml(document)
    if ready is None:
        raise SourceError("not-a-feed", describe(document))
    result = _run_feedparser(ready.xml)
    if not result["entries"] and not result["version"]:
        raise SourceError("not-a-feed", describe(document))

    feed = dict(result["feed"])
    channel = _channel(result, feed, capture)
    extensions = read_extensions(ready.xml, len(result["entries"]))
    entries, rejected = _entries(result, channel, extensions, cut=ready.cut)
    if ready.broken_off:
        rejected = (*rejected, _BROKEN_OFF_MESSAGE)
    return ParsedDocument(
        entries,
        rejected,
        title=channel.title,
        home=_site_url(feed, capture.url),
        is_repaired=ready.repaired or _is_malformed(result),
        hints=read_hints(ready.xml, feed),
    )


def _run_feedparser(xml: bytes) -> Any:
    try:
        return feedparser.parse(
            BytesIO(xml),
            response_headers=_HEADERS,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # foreign code reads foreign bytes
        reason = f"the feed cannot be read: {type(error).__name__}: {error}"
        raise SourceError("parse", reason) from error


def _is_malformed(result: Any) -> bool:
    """Tell whether feedparser found the document malformed."""
    if not result["bozo"]:
        return False
    return not isinstance(result.get("bozo_exception"), _HARMLESS_BOZO)


def _channel(result: Any, feed: Mapping[str, Any], capture: Capture) -> _Channel:
    atom = str(result["version"]).startswith("atom")
    content, summary, date = "feed:content", "feed:description", "feed:updated"
    if atom:
        summary = "feed:summary"
    else:
        if "content" in result["namespaces"]:
            content = "feed:content:encoded"
        if "dc" in result["namespaces"]:
            date = "feed:dc:date"

    return _Channel(
        is_atom=atom,
        content_element=content,
        summary_element=summary,
        date=date,
        base_url=_site_url(feed, capture.url) or capture.url,
        title=_title(feed),
        language=text_or_none(feed.get("language")),
        authors=_authors(feed, "feed:channel:author"),
        is_own=atom and feed.get("generator") == "aggregator",
    )


def _title(feed: Mapping[str, Any]) -> str | None:
    """Return the feed's title as one line of text."""
    title = text_or_none(feed.get("title"))
    if title is None:
        return None
    return title_line(title)


def _site_url(feed: Mapping[str, Any], url: str) -> str | None:
    """Return the URL of the feed's site, None where it names none."""
    link = text_or_none(feed.get("link"))
    if link is None:
        return None

    # feedparser makes a link of an Atom id too, which need not be a URL.
    home = _resolve(url, link)
    if not home.lower().startswith((*_WEB, "file:")):
        return None
    return home


def _resolve(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return base


def _entries(
    result: Any, channel: _Channel, extensions: Sequence[Extensions], *, cut: bool
) -> tuple[tuple[RawEntry, ...], tuple[str, ...]]:
    """Return the usable items, and a message for each of the others.

    `cut` tells that items were already left out before feedparser ran.
    """
    raw = []
    for index, item in enumerate(result["entries"][:MAX_ITEMS]):
        own = extensions[index] if extensions else NO_EXTENSIONS
        raw.append(_entry(dict(item), f"item {index + 1}", channel, own))

    messages: tuple[str, ...] = ()
    if cut or len(result["entries"]) > MAX_ITEMS:
        messages = (f"items after number {MAX_ITEMS} were left out",)
    return split_rejected(raw, messages)


def _entry(
    item: Mapping[str, Any], name: str, channel: _Channel, extensions: Extensions
) -> RawEntry:
    content, summary = content_and_summary(
        item, content=channel.content_element, summary=channel.summary_element
    )
    id_ = text_or_none(item.get("id"))
    guid = None
    if id_:
        guid = Candidate(id_, "feed:id" if channel.is_atom else "feed:guid")

    source = source_of(item)
    publisher = (
        *candidate(item.get("publisher"), "feed:dc:publisher"),
        *candidate(source.get("title"), "feed:source:title"),
        *candidate(channel.title, "feed:channel:title"),
    )
    authors = _authors(item, "feed:author")
    if channel.is_own:
        authors = without_stand_in(authors, publisher, item)
    else:
        authors = authors or _authors(source, "feed:source:author") or channel.authors
    credited = _credits(item)

    return RawEntry(
        label=name,
        base_url=_base(item, channel),
        url=unique(_links(item, id_)),
        guid=guid,
        title=candidate(item.get("title"), "feed:title"),
        summary=summary,
        content_html=content,
        published=_publication_dates(item, channel),
        updated=_update_dates(item, channel),
        authors=authors,
        tags=_tags(item),
        credits=credited,
        language=tuple(_languages(item, channel)),
        publisher=publisher,
        image=images(item, extensions),
        enclosures=enclosures(item, extensions),
        comments=tuple(comments(item)),
        taken_from=tuple(taken_from(source)),
        contributors=_contributors(item, extensions, credited),
        comments_feed=tuple(comment_feeds(item)),
        via=tuple(via(item)),
        keeps_id=channel.is_own and _OWN_ID.fullmatch(id_ or "") is not None,
    )


def _links(item: Mapping[str, Any], guid: str | None) -> Iterator[Candidate]:
    """Yield the item's links, best first; the same link may come again.

    First the link that FeedBurner or Pheedo replaced, then the alternates (HTML before other
    types), then a guid that is a URL.
    """
    yield from candidate(item.get("feedburner_origlink"), "feed:feedburner:origLink")
    yield from candidate(item.get("pheedo_origlink"), "feed:pheedo:origLink")

    alternates = []
    for link in keep_dicts(item.get("links")):
        relation = str(link.get("rel")).rsplit("/", 1)[-1]  # may be a full URI in Atom
        if relation == "alternate":
            alternates.append(link)
    alternates.sort(key=lambda alternate: alternate.get("type") not in HTML_TYPES)
    for alternate in alternates:
        yield from candidate(alternate.get("href"), "feed:link")

    # feedparser also makes a link of every guid that does not deny being one.
    main_link = text_or_none(item.get("link"))
    if main_link and main_link != guid:
        yield Candidate(main_link, "feed:link")
    for content in keep_dicts(item.get("content")):
        if content.get("type") in HTML_TYPES:
            yield from candidate(content.get("src"), "feed:content")
    if guid and _is_url(guid, main_link):
        yield Candidate(guid, "feed:guid")


def _is_url(guid: str, main_link: str | None) -> bool:
    """Tell whether a guid is a web address, or a path that the feed calls a permalink."""
    if guid.lower().startswith(_WEB):
        return True
    return guid == main_link and guid.startswith("/")


def _base(item: Mapping[str, Any], channel: _Channel) -> str:
    """Return what relative links resolve against: the first xml:base, else the feed's site."""
    details = keep_dicts(item.get("content"))
    details += keep_dicts([item.get("summary_detail"), item.get("title_detail")])
    for detail in details:
        xml_base = text_or_none(detail.get("base"))
        if xml_base:
            return _resolve(channel.base_url, xml_base)
    return channel.base_url


def _publication_dates(item: Mapping[str, Any], channel: _Channel) -> tuple[Candidate, ...]:
    """Return every date that may be that of the publication, the best first.

    The last one stands in for the others: dc:date is the date of publication in RSS, and an
    Atom entry that was never edited may have nothing but `updated`.
    """
    return (
        *candidate(item.get("published"), "feed:published"),
        *candidate(item.get("created"), "feed:created"),
        *candidate(item.get("updated"), channel.date),
    )


def _update_dates(item: Mapping[str, Any], channel: _Channel) -> tuple[Candidate, ...]:
    # The only date of an RSS item is its date of publication.
    if not channel.is_atom and "published" not in item:
        return ()
    return candidate(item.get("updated"), channel.date)


def _authors(holder: Mapping[str, Any], where: str) -> tuple[Candidate, ...]:
    """Return the authors' names; an e-mail address only for an author without a name."""
    names = [_author_name(author) for author in keep_dicts(holder.get("authors"))]
    return unique_values(names, where)


def _contributors(
    item: Mapping[str, Any], extensions: Extensions, credited: Sequence[Candidate]
) -> tuple[Candidate, ...]:
    """Return the contributors and the people of a podcast; an agency in the credits is none."""
    names = [_author_name(contributor) for contributor in keep_dicts(item.get("contributors"))]
    candidates = (*unique_values(names, "feed:contributor"), *extensions.people)
    agencies = {agency.value for agency in credited}
    return unique(candidate for candidate in candidates if candidate.value not in agencies)


def _author_name(author: Mapping[str, Any]) -> str | None:
    """Return an author's name, else the e-mail address.

    feedparser takes a top-level domain to have four letters at most, and takes what is
    left of a longer one for the name: `ann@harbour.example (Ann Lee)` comes as
    `ann@harbour.exam` and `ple (Ann Lee`.
    """
    name = text_or_none(author.get("name"))
    email = text_or_none(author.get("email"))
    if name is None or email is None:
        return name or email
    if not _FOUR_LETTERS.search(email):
        return name

    cut_domain = _CUT_DOMAIN.fullmatch(name)
    if cut_domain is None:
        return name
    return cut_domain["name"] or email + name


def _tags(item: Mapping[str, Any]) -> tuple[Candidate, ...]:
    terms = []
    for tag in keep_dicts(item.get("tags")):
        terms.append(text_or_none(tag.get("label")) or text_or_none(tag.get("term")))
    return unique_values(terms, "feed:category")


def _credits(item: Mapping[str, Any]) -> tuple[Candidate, ...]:
    names = [text_or_none(credit.get("content")) for credit in keep_dicts(item.get("media_credit"))]
    return unique_values(names, "feed:media:credit")


def _languages(item: Mapping[str, Any], channel: _Channel) -> Iterator[Candidate]:
    yield from candidate(item.get("language"), "feed:dc:language")

    details = keep_dicts(item.get("content"))
    details += keep_dicts([item.get("title_detail")])
    tags = []
    for detail in details:
        tag = text_or_none(detail.get("language"))
        if tag != channel.language:  # feedparser repeats the feed's language in each detail
            tags.append(tag)
    yield from unique_values(tags, "feed:xml:lang")

    yield from candidate(channel.language, "feed:language")
