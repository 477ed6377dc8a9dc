"""Reads RSS 0.9x to 2.0, RSS 1.0, and Atom 0.3 and 1.0: what is usual with `fast`, the rest with feedparser.

JSON Feed is passed on to `json_feed`.

Values are passed on as they are written, each with the element that it came from: dates
are not parsed here and links are not resolved. Both readers see only text that
`xml_repair` made safe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from aggregator.adapters.charset import decode_document
from aggregator.adapters.feed import json_feed
from aggregator.adapters.feed.authors import read_authors, read_contributors
from aggregator.adapters.feed.body import content_and_summary, with_summary_form
from aggregator.adapters.feed.describe import HEAD, describe
from aggregator.adapters.feed.fast.document import read_feed
from aggregator.adapters.feed.fast.names import Declined
from aggregator.adapters.feed.items import (
    add_language_of_titles,
    as_form,
    has_kana,
    may_take_language,
    reject_beyond,
    split_rejected,
    unique,
    unique_values,
    with_reasons,
)
from aggregator.adapters.feed.media import enclosures, images, keep_dicts, text_or_none
from aggregator.adapters.feed.polling_hints import read_hints
from aggregator.adapters.feed.relations import (
    HTML_TYPES,
    candidate,
    comment_feeds,
    comments,
    feed_icon,
    feed_rights,
    source_of,
    taken_from,
    via,
    without_lead_picture,
    without_stand_in,
)
from aggregator.adapters.feed.xml_repair import MAX_ITEMS, prepare_xml
from aggregator.errors import SourceError
from aggregator.known_items import ItemMarkup
from aggregator.model import Candidate, ParsedDocument, RawEntry, Rejection
from aggregator.normalize.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aggregator.adapters.feed.extensions import Extensions
    from aggregator.adapters.feed.raw_feed import RawFeed
    from aggregator.adapters.feed.xml_repair import PreparedFeed
    from aggregator.known_items import KnownItems
    from aggregator.model import Capture, TextForm
    from aggregator.rules.compiled import SiteRules

_BROKEN_OFF = Rejection("the last item", "the document ends within it")
_WEB = ("http://", "https://")
_MAX_REASON = 200  # characters, of which the feed may have chosen some
# A UUIDv5, as this program gives its entries.
_OWN_ID = re.compile(
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)


@dataclass(frozen=True, slots=True)
class _Channel:
    """What the document says once for all its items.

    `content`, `summary` and `date` name the elements that an item has them in; `content_first`
    says that nothing but these elements gives feedparser's contents. `text_form` is the form of
    titles without a type, and of names: Atom 1.0 says that they are text. Publishers write markup
    into those of RSS and Atom 0.3 as well. `is_own` tells that this program published the document.
    """

    is_atom: bool
    text_form: TextForm
    content_element: str
    content_first: bool
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
    return parse_with(_read_raw, capture)


def parse_unknown(capture: Capture, known: KnownItems) -> ParsedDocument:
    """Read a feed without its known items, if it is usual XML. Raises as `parse` does."""
    return parse_with(partial(_read_raw, known=known), capture, known)


def parse_with(
    read: Callable[[PreparedFeed], RawFeed], capture: Capture, known: KnownItems | None = None
) -> ParsedDocument:
    """Read a feed of any kind; `read` reads the XML of one. Raises as `parse` does."""
    decoded = decode_document(capture.body, capture.headers.get("content-type", ""))
    document = decoded.text
    start = document.lstrip("\ufeff \t\r\n")[:1]
    if not start:
        raise SourceError("not-a-feed", "an empty body")
    if start in "{[":
        parsed = json_feed.read(document, capture)
        return replace(
            parsed,
            entries=add_language_of_titles(parsed.entries),
            notes=(*decoded.notes, *parsed.notes),
        )

    # A text that nobody needs any more goes: it takes up to four bytes a character.
    head = document[:HEAD]
    texts = [document]
    notes = decoded.notes
    del document, decoded
    ready = prepare_xml(texts.pop())
    if ready is None:
        raise SourceError("not-a-feed", describe(head))
    parsed = _read_xml(read, ready, head, capture, known)
    return replace(parsed, notes=(*notes, *parsed.notes))


def _read_xml(
    read: Callable[[PreparedFeed], RawFeed],
    ready: PreparedFeed,
    head: str,
    capture: Capture,
    known: KnownItems | None,
) -> ParsedDocument:
    raw = read(ready)
    if not raw.items and not raw.version:
        raise SourceError("not-a-feed", describe(head))

    feed = raw.fields
    channel = _channel(raw, capture, has_summaries=b"summary>" in ready.xml)
    entries, rejected = _entries(raw, channel, cut=ready.cut)
    known_markups = _known_markups(raw, known)
    known_titles = [one.has_kana for one in known_markups if one.has_kana is not None]
    rejected = with_reasons(rejected, ready.rejected)
    if ready.broken_off:
        rejected = (*rejected, _BROKEN_OFF)
    return ParsedDocument(
        add_language_of_titles(entries, known_titles),
        rejected,
        title=channel.title,
        home=_site_url(feed, capture.url),
        is_repaired=ready.repaired or raw.is_malformed,
        hints=read_hints(ready.xml, feed),
        notes=ready.notes,
        feed_id=text_or_none(feed.get("id")) if channel.is_atom else None,
        icon=feed_icon(feed, channel.base_url),
        rights=feed_rights(feed, channel.text_form),
        declined=raw.declined,
        known=known_markups,
    )


def _known_markups(raw: RawFeed, known: KnownItems | None) -> tuple[ItemMarkup, ...]:
    if known is None:
        return ()
    markups = []
    for number, item in enumerate(raw.items[:MAX_ITEMS]):
        if item.is_known and item.markup_hash is not None:
            fact = known.find(item.markup_hash)
            markups.append(ItemMarkup(number, item.markup_hash, fact.has_kana))
    return tuple(markups)


def _read_raw(ready: PreparedFeed, known: KnownItems | None = None) -> RawFeed:
    """Read a feed fast if it is usual, else with feedparser."""
    try:
        if ready.repaired:
            raise Declined("a repaired document")
        return read_feed(ready.xml, known)
    except Declined as declined:
        # On demand: a parser process that meets nothing unusual does without it.
        from aggregator.adapters.feed import feedparser_reader

        return feedparser_reader.read_feed(ready.xml, str(declined)[:_MAX_REASON])


def _channel(raw: RawFeed, capture: Capture, *, has_summaries: bool) -> _Channel:
    feed = raw.fields
    atom = raw.version.startswith("atom")
    text_form: TextForm = "text" if raw.version == "atom10" else "mixed"
    content, summary, date = "feed:content", "feed:description", "feed:updated"
    if atom:
        summary = "feed:summary"
    else:
        if "content" in raw.namespaces:
            content = "feed:content:encoded"
        if "dc" in raw.namespaces:
            date = "feed:dc:date"

    return _Channel(
        is_atom=atom,
        text_form=text_form,
        content_element=content,
        # feedparser makes a content of the second of `description` and `itunes:summary`.
        content_first=atom or (content == "feed:content:encoded" and not has_summaries),
        summary_element=summary,
        date=date,
        base_url=_site_url(feed, capture.url) or capture.url,
        title=_title(feed, text_form),
        language=text_or_none(feed.get("language")),
        authors=as_form(read_authors(feed, "feed:channel:author"), text_form),
        is_own=atom and feed.get("generator") == "aggregator",
    )


def _title(feed: Mapping[str, Any], text_form: TextForm) -> str | None:
    """Return the feed's title as one line of text."""
    title = text_or_none(feed.get("title"))
    if title is None:
        return None
    return plain_text(title, _title_form(feed, text_form)) or None


def _title_form(holder: Mapping[str, Any], text_form: TextForm) -> TextForm:
    """Return the form of a title: in Atom by its type (RFC 4287 §3.1.1)."""
    if text_form == "text":
        for detail in keep_dicts([holder.get("title_detail")]):
            if detail.get("type") != "text/plain":
                return "html"
    return text_form


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
    feed: RawFeed, channel: _Channel, *, cut: bool
) -> tuple[tuple[RawEntry, ...], tuple[Rejection, ...]]:
    """Return the usable items and the others.

    `cut` tells that items were already left out before the feed was read.
    """
    raw = []
    for index, item in enumerate(feed.items[:MAX_ITEMS]):
        if item.is_known:
            continue
        entry = _entry(item.fields, f"item {index + 1}", channel, item.extensions)
        raw.append(_with_markup(entry, index, item.markup_hash))

    usable, rejected = split_rejected(raw)
    if cut or len(feed.items) > MAX_ITEMS:
        rejected = (*rejected, reject_beyond(MAX_ITEMS))
    return usable, rejected


def _with_markup(entry: RawEntry, number: int, markup_hash: str | None) -> RawEntry:
    """Add the markup of an item to it, unless other items tell its language."""
    if markup_hash is None or may_take_language(entry):
        return entry
    kana = has_kana(entry.title[0].value) if entry.title else None
    return replace(entry, markup=ItemMarkup(number, markup_hash, kana))


def _entry(
    item: Mapping[str, Any], name: str, channel: _Channel, extensions: Extensions
) -> RawEntry:
    content, summary = content_and_summary(
        item,
        content=channel.content_element,
        summary=channel.summary_element,
        content_first=channel.content_first,
    )
    id_ = text_or_none(item.get("id"))
    guid = None
    if id_:
        guid = Candidate(id_, "feed:id" if channel.is_atom else "feed:guid")
    text_form = channel.text_form

    source = source_of(item)
    publisher = (
        *as_form(candidate(item.get("publisher"), "feed:dc:publisher"), text_form),
        *as_form(candidate(source.get("title"), "feed:source:title"), text_form),
        *as_form(candidate(channel.title, "feed:channel:title"), "text"),
    )
    authors = as_form(read_authors(item, "feed:author"), text_form)
    if channel.is_own:
        authors = without_stand_in(authors, publisher, item)
        content = without_lead_picture(content, summary)
    else:
        of_source = as_form(read_authors(source, "feed:source:author"), text_form)
        authors = authors or of_source or channel.authors
    credited = _credits(item)

    return RawEntry(
        label=name,
        base_url=_base(item, channel),
        url=unique(_links(item, id_)),
        guid=guid,
        title=as_form(candidate(item.get("title"), "feed:title"), _title_form(item, text_form)),
        summary=tuple(with_summary_form(text, text_form) for text in summary),
        content_html=content,
        published=_publication_dates(item, channel),
        updated=_update_dates(item, channel),
        authors=authors,
        tags=as_form(_tags(item), text_form),
        credits=as_form(credited, "mixed"),
        language=tuple(_languages(item, channel)),
        publisher=publisher,
        image=images(item, extensions),
        enclosures=enclosures(item, extensions),
        comments=tuple(comments(item)),
        taken_from=tuple(taken_from(source)),
        contributors=as_form(read_contributors(item, extensions, credited), text_form),
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
