"""Reads JSON Feed 1.0 and 1.1 (jsonfeed.org) with orjson.

A field of the wrong type counts as absent, and an item of the wrong type is rejected by
its number. Numbers given as ids are ids, as the specification asks of readers. Three
other slips are read as meant: no `version`, dates as numbers, and texts for authors and
tags. What orjson refuses, or would need much memory for, is decoded item by item.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import orjson

from aggregator.adapters.feed import json_items
from aggregator.adapters.feed.body import text_to_html
from aggregator.adapters.feed.items import (
    as_form,
    reject_beyond,
    split_rejected,
    unique_values,
    with_reasons,
)
from aggregator.adapters.feed.media import keep_dicts, read_number, text_or_none
from aggregator.adapters.feed.xml_repair import MAX_ITEMS
from aggregator.errors import SourceError
from aggregator.model import Candidate, Enclosure, ParsedDocument, RawEntry, RawImage
from aggregator.normalize.media_type import decide_media_type, is_image
from aggregator.normalize.text import plain_text
from aggregator.normalize.url.parts import absolute_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.model import Capture

# A pair of escaped surrogates is one character, one of them alone is none (RFC 8259 §8.2).
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|.)",
    re.DOTALL,
)
_CONTROL = re.compile("[\x00-\x1f]")
_MAX_VALUES = 500_000  # that orjson decodes at once, into less than 60 MiB
_FEED_KEYS = frozenset({"home_page_url", "feed_url"})
_ITEM_KEYS = frozenset({"content_html", "content_text", "date_published"})


def read(document: str, capture: Capture) -> ParsedDocument:
    """Read a JSON Feed that is already text.

    Raises:
        SourceError: "parse" for what is no JSON, "not-a-feed" for other JSON.
    """
    decoded = _load(document.lstrip("\ufeff"))
    feed = decoded.data
    notes: tuple[str, ...] = ()
    if not isinstance(feed, dict) or "jsonfeed.org/version/" not in str(feed.get("version")):
        if not _is_unnamed_feed(feed):
            raise SourceError("not-a-feed", f"JSON that is no JSON Feed: {_describe(feed)}")
        notes = ("read as JSON Feed, although it states no version of it",)

    items = feed.get("items")
    if not isinstance(items, list):
        items = []
    home = _home(feed, capture.url)
    base = home or capture.url
    raw = []
    of_feed = _OfFeed(_authors(feed), _candidate(feed, "language"), _publisher(feed))
    for place, item in enumerate(items[:MAX_ITEMS], 1):
        raw.append(_entry(item, f"item {place}", of_feed, base))
    entries, rejected = split_rejected(raw)
    rejected = with_reasons(rejected, decoded.rejected)
    if len(items) > MAX_ITEMS:
        rejected = (*rejected, reject_beyond(MAX_ITEMS))
    return ParsedDocument(
        entries,
        rejected,
        title=_feed_title(feed),
        home=home,
        is_repaired=decoded.is_repaired,
        notes=notes,
        icon=_icon(feed, base),
    )


def _icon(feed: Mapping[str, Any], base: str) -> str | None:
    icon = text_or_none(feed.get("icon")) or text_or_none(feed.get("favicon"))
    return absolute_url(icon, base=base) if icon else None


def _is_unnamed_feed(feed: object) -> bool:
    """Tell whether JSON without a version is a JSON Feed, by keys that no other format has."""
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        return False
    items = keep_dicts(feed["items"])
    if not items:
        return not _FEED_KEYS.isdisjoint(feed)
    return not _ITEM_KEYS.isdisjoint(items[0])


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Decoded JSON; `rejected` are the reasons against items that could not be decoded."""

    data: Any
    is_repaired: bool = False
    rejected: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _OfFeed:
    """What the feed states for all its items."""

    authors: tuple[Candidate, ...]
    language: tuple[Candidate, ...]
    publisher: tuple[Candidate, ...]


def _load(document: str) -> _Decoded:
    """Decode JSON, repaired if it has to be, and as a last resort item by item.

    Raises: SourceError ("parse").
    """
    if _count_values(document) > _MAX_VALUES:
        feed = json_items.decode_feed(_repair(document), MAX_ITEMS)
        if feed is None:
            raise SourceError("parse", f"JSON of more than {_MAX_VALUES} values")
        return _Decoded(feed.data, rejected=feed.rejected)
    try:
        return _Decoded(orjson.loads(document))
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass

    repaired = _repair(document)
    try:
        return _Decoded(orjson.loads(repaired), is_repaired=True)
    except orjson.JSONDecodeError as error:
        feed = json_items.decode_feed(repaired, MAX_ITEMS)
        if feed is None or not any(keep_dicts(feed.data.get("items"))):
            raise SourceError("parse", f"JSON that cannot be read: {error}") from error
        return _Decoded(feed.data, is_repaired=True, rejected=feed.rejected)


def _count_values(document: str) -> int:
    """Return about how many values a document has, no fewer than there are."""
    return document.count(",") + document.count("{") + document.count("[")


def _repair(document: str) -> str:
    """Replace half surrogate pairs, and control characters, which JSON wants escaped.

    Otherwise a single one of them would cost all items.
    """
    whole = _ESCAPE.sub(_replace_half, document)
    return _CONTROL.sub(" ", whole.encode("utf-8", "replace").decode())


def _replace_half(escape: re.Match[str]) -> str:
    if escape["half"]:
        return r"\ufffd"
    return escape[0]


def _describe(value: object) -> str:
    if isinstance(value, dict):
        if not value:
            return "an empty object"
        return f"an object with {', '.join(list(value)[:5])}"[:120]
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def _home(feed: Mapping[str, Any], url: str) -> str | None:
    """Return the URL of the feed's site, None where it names none."""
    link = text_or_none(feed.get("home_page_url"))
    if link is None:
        return None
    try:
        return urljoin(url, link)
    except ValueError:
        return None


def _entry(item: object, name: str, feed: _OfFeed, base: str) -> RawEntry:
    if not isinstance(item, dict):
        return RawEntry(label=name, base_url=base)  # rejected later, because nothing is in it

    guid = _guid(item.get("id"))
    return RawEntry(
        label=name,
        base_url=base,
        url=tuple(_links(item, guid)),
        guid=Candidate(guid, "feed:id") if guid else None,
        title=_text_candidate(item, "title"),
        summary=_plain_candidate(item, "summary"),
        content_html=_candidate(item, "content_html") + _plain_candidate(item, "content_text"),
        published=_dates(item, "date_published") + _dates(item, "date_modified"),
        updated=_dates(item, "date_modified"),
        authors=_authors(item) or feed.authors,
        tags=_tags(item),
        language=_candidate(item, "language") + feed.language,
        publisher=feed.publisher,
        image=tuple(_images(item)),
        enclosures=tuple(_enclosures(item)),
    )


def _candidate(holder: Mapping[str, Any], key: str) -> tuple[Candidate, ...]:
    value = text_or_none(holder.get(key))
    if value is None:
        return ()
    return (Candidate(value, f"feed:{key}"),)


def _text_candidate(holder: Mapping[str, Any], key: str) -> tuple[Candidate, ...]:
    """Return a value that is plain text, as all are but `content_html` (JSON Feed 1.1)."""
    return as_form(_candidate(holder, key), "text")


def _plain_candidate(item: Mapping[str, Any], key: str) -> tuple[Candidate, ...]:
    """Return a value that is plain text as HTML."""
    value = text_or_none(item.get(key))
    if value is None:
        return ()
    return (Candidate(text_to_html(value), f"feed:{key}", "html"),)


def _guid(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return text_or_none(str(value))


def _links(item: Mapping[str, Any], guid: str | None) -> Iterator[Candidate]:
    """Yield `url`, the id if it is another URL, then the page that the item talks about."""
    yield from _candidate(item, "url")
    if guid and guid.lower().startswith(("http://", "https://")):
        if guid != text_or_none(item.get("url")):
            yield Candidate(guid, "feed:id")
    yield from _candidate(item, "external_url")


def _authors(holder: Mapping[str, Any]) -> tuple[Candidate, ...]:
    """Return the names of `authors` (1.1), else of `author` (1.0); a bare text is a name."""
    people = _as_list(holder.get("authors")) or _as_list(holder.get("author"))
    names = []
    for person in people:
        name = person.get("name") if isinstance(person, dict) else person
        names.append(text_or_none(name))
    return as_form(unique_values(names, "feed:authors"), "text")


def _tags(item: Mapping[str, Any]) -> tuple[Candidate, ...]:
    """Return the tags, also those of one text with commas between them."""
    tags = item.get("tags")
    if isinstance(tags, str):
        tags = tags.split(",")
    return as_form(unique_values(map(text_or_none, _as_list(tags)), "feed:tags"), "text")


def _as_list(value: object) -> list[Any]:
    """Return a list as it is, and anything else but None as a list of one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _dates(item: Mapping[str, Any], key: str) -> tuple[Candidate, ...]:
    """Return a date; a number is one as well (seconds or milliseconds since 1970)."""
    value = item.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (Candidate(str(value), f"feed:{key}"),)
    return _candidate(item, key)


def _publisher(feed: Mapping[str, Any]) -> tuple[Candidate, ...]:
    title = _feed_title(feed)
    if title is None:
        return ()
    return (Candidate(title, "feed:channel:title", "text"),)


def _feed_title(feed: Mapping[str, Any]) -> str | None:
    return plain_text(text_or_none(feed.get("title")) or "", "text") or None


def _images(item: Mapping[str, Any]) -> Iterator[RawImage]:
    for key in ("image", "banner_image"):
        url = text_or_none(item.get(key))
        if url:
            yield RawImage(url, f"feed:{key}")

    for attachment in keep_dicts(item.get("attachments")):
        url = text_or_none(attachment.get("url"))
        if url and is_image(decide_media_type(_media_type(attachment), url)):
            yield RawImage(url, "feed:attachments", caption=text_or_none(attachment.get("title")))


def _enclosures(item: Mapping[str, Any]) -> Iterator[Enclosure]:
    for attachment in keep_dicts(item.get("attachments")):
        url = text_or_none(attachment.get("url"))
        if not url:
            continue

        size = read_number(attachment.get("size_in_bytes"))
        duration = read_number(attachment.get("duration_in_seconds"))
        title = text_or_none(attachment.get("title"))
        yield Enclosure(url, _media_type(attachment), size, duration, title=title)


def _media_type(attachment: Mapping[str, Any]) -> str | None:
    """Return the stated media type in lower case."""
    media_type = text_or_none(attachment.get("mime_type"))
    if media_type is None:
        return None
    return media_type.lower()
