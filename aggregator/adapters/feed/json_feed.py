"""JSON Feed 1.0 and 1.1 (jsonfeed.org): one document to raw entries, by orjson.

Rule: a field of the wrong type is absent, an item of the wrong type is rejected by its number; numbers given as ids are
ids, as the specification asks of readers. The depth is limited by orjson itself (1,024 levels).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import orjson

from aggregator.adapters.charset import decode
from aggregator.adapters.feed.body import as_html
from aggregator.adapters.feed.items import gathered
from aggregator.adapters.feed.media import dicts, number, text
from aggregator.adapters.feed.xml_repair import MAX_ITEMS
from aggregator.errors import SourceError
from aggregator.model import Enclosure, Found, Parsed, RawEntry, RawImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.model import Capture

_HEARD = (
    "audio/",
    "video/",
    "application/ogg",
    "application/x-mpegurl",
    "application/vnd.apple.mpegurl",
)
# A pair of escaped surrogates is one character, one of them alone is none (RFC 8259 §8.2).
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_CONTROL = re.compile("[\x00-\x1f]")


def parse(capture: Capture) -> Parsed:
    """Read a JSON Feed. Raises: SourceError as `read` does."""
    return read(decode(capture.body, capture.headers.get("content-type", "")), capture)


def read(document: str, capture: Capture) -> Parsed:
    """Read a JSON Feed that is already text.

    Raises: SourceError("parse") for what is no JSON, SourceError("not-a-feed") for JSON that is no JSON Feed.
    """
    feed, repaired = _loaded(document)
    home = text(feed.get("home_page_url"))
    items = feed.get("items")
    stated = items if isinstance(items, list) else []
    beyond = (f"items after number {MAX_ITEMS} were left out",) if len(stated) > MAX_ITEMS else ()
    base = _joined(capture.url, home) or capture.url
    raw = [
        _entry(item, f"item {place}", feed, base)
        for place, item in enumerate(stated[:MAX_ITEMS], 1)
    ]
    entries, messages = gathered(raw, beyond)
    return Parsed(
        entries,
        messages,
        title=text(feed.get("title")),
        home=_joined(capture.url, home),
        repaired=repaired,
    )


def _loaded(document: str) -> tuple[Mapping[str, Any], bool]:
    """Give the feed, and whether it had to be mended first."""
    feed, repaired = _json(document.lstrip("\ufeff"))
    if not isinstance(feed, dict) or "jsonfeed.org/version/" not in str(feed.get("version")):
        raise SourceError("not-a-feed", f"JSON that is no JSON Feed: {_sight(feed)}")
    return feed, repaired


def _json(document: str) -> tuple[Any, bool]:
    try:
        return orjson.loads(document), False
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        pass
    try:
        return orjson.loads(_mended(document)), True
    except orjson.JSONDecodeError as error:
        raise SourceError("parse", f"JSON that cannot be read: {error}") from error


def _mended(document: str) -> str:
    """Replace half characters, and control characters, which JSON wants escaped: one of them would cost every item."""
    whole = _ESCAPE.sub(lambda found: r"\ufffd" if found["half"] else found[0], document)
    return _CONTROL.sub(" ", whole.encode("utf-8", "replace").decode())


def _sight(value: object) -> str:
    if isinstance(value, dict):
        return f"an object with {', '.join(list(value)[:5])}"[:120] if value else "an empty object"
    return f"a list of {len(value)}" if isinstance(value, list) else f"a {type(value).__name__}"


def _entry(stated: object, name: str, feed: Mapping[str, Any], base: str) -> RawEntry:
    item: Mapping[str, Any] = stated if isinstance(stated, dict) else {}
    guid = _guid(item.get("id"))
    content = (*_found(item, "content_html"), *_text_content(item))
    return RawEntry(
        item=name,
        base=base,
        url=tuple(_links(item, guid)),
        guid=Found(guid, "feed:id") if guid else None,
        title=_found(item, "title"),
        summary=tuple(
            Found(as_html(found.value), found.where) for found in _found(item, "summary")
        ),
        content=content,
        published=_found(item, "date_published"),
        updated=_found(item, "date_modified"),
        authors=tuple(_authors(item)) or tuple(_authors(feed)),
        tags=tuple(Found(tag, "feed:tags") for tag in _texts(item.get("tags"))),
        language=(*_found(item, "language"), *_found(feed, "language")),
        publisher=tuple(
            Found(found.value, "feed:channel:title") for found in _found(feed, "title")
        ),
        images=tuple(_images(item)),
        enclosures=tuple(_enclosures(item)),
    )


def _found(holder: Mapping[str, Any], key: str) -> tuple[Found, ...]:
    value = text(holder.get(key))
    return (Found(value, f"feed:{key}"),) if value else ()


def _text_content(item: Mapping[str, Any]) -> tuple[Found, ...]:
    return tuple(Found(as_html(found.value), found.where) for found in _found(item, "content_text"))


def _guid(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return text(str(value))


def _links(item: Mapping[str, Any], guid: str | None) -> Iterator[Found]:
    """Give `url`, the page about the item; without it the id if it is one, then the page it talks about."""
    yield from _found(item, "url")
    if guid and guid.lower().startswith(("http://", "https://")) and guid != text(item.get("url")):
        yield Found(guid, "feed:id")
    yield from _found(item, "external_url")


def _authors(holder: Mapping[str, Any]) -> Iterator[Found]:
    """Give the names of `authors` (1.1), else of `author` (1.0)."""
    people = dicts(holder.get("authors")) or dicts([holder.get("author")])
    names = dict.fromkeys(name for person in people if (name := text(person.get("name"))))
    return (Found(name, "feed:authors") for name in names)


def _texts(values: object) -> list[str]:
    stated = (text(value) for value in values) if isinstance(values, list) else ()
    return list(dict.fromkeys(value for value in stated if value))


def _images(item: Mapping[str, Any]) -> Iterator[RawImage]:
    for key in ("image", "banner_image"):
        yield from (RawImage(found.value, found.where) for found in _found(item, key))
    for attachment in dicts(item.get("attachments")):
        url = text(attachment.get("url"))
        if url and _media_type(attachment).startswith("image/"):
            yield RawImage(url, "feed:attachments", caption=text(attachment.get("title")))


def _enclosures(item: Mapping[str, Any]) -> Iterator[Enclosure]:
    for attachment in dicts(item.get("attachments")):
        url, media_type = text(attachment.get("url")), _media_type(attachment)
        if url and (not media_type or media_type.startswith(_HEARD)):
            size, duration = attachment.get("size_in_bytes"), attachment.get("duration_in_seconds")
            yield Enclosure(url, media_type or None, number(size), number(duration))


def _media_type(attachment: Mapping[str, Any]) -> str:
    return (text(attachment.get("mime_type")) or "").lower()


def _joined(base: str, link: str | None) -> str | None:
    try:
        return urljoin(base, link) if link else None
    except ValueError:
        return None
