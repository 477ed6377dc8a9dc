"""Renders entries as one JSON Feed 1.1 document (jsonfeed.org).

What JSON Feed has no key for is in the extension object `_aggregator`, under the keys of
docs/entry.md. The bytes depend only on the view and its entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from aggregator.publish.atom import LANGUAGE
from aggregator.publish.atom_elements import source_id, web_url
from aggregator.publish.entry_parts import (
    comment_urls,
    copy_urls,
    other_places,
    published_entries,
    source_info,
    title_of,
)
from aggregator.publish.json_record import enclosure_record, image_record, rfc3339
from aggregator.publish.media_rss import media_type
from aggregator.publish.view import newest_update, view_urn
from aggregator.publish.xml_element import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Enclosure, Entry
    from aggregator.publish.view import ViewInfo

VERSION = "https://jsonfeed.org/version/1.1"
_UNKNOWN_TYPE = "application/octet-stream"
_FORMAT = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def render(view: ViewInfo, entries: Sequence[Entry]) -> bytes:
    """Render the entries in their order, as UTF-8. Keys without a value are left out."""
    return write(view, published_entries(entries, view))


def write(view: ViewInfo, shown: Sequence[Entry]) -> bytes:
    """Write the document of entries that are as `published_entries` makes them."""
    items = [_item(entry, view) for entry in shown]
    feed = {
        "version": VERSION,
        "title": view.title.strip() or view.id,
        # First, because the beginning of a file tells whose it is.
        "_aggregator": {"id": view_urn(view.id), "updated": rfc3339(newest_update(shown))},
        "home_page_url": web_url(view.home_url),
        "feed_url": web_url(view.self_url),
        "next_url": web_url(view.previous_archive_url),
        "description": view.description,
        "icon": web_url(view.icon_url),
    }
    return orjson.dumps(_cleaned(feed | {"items": items}, keep=("items",)), option=_FORMAT)


def _item(entry: Entry, view: ViewInfo) -> dict[str, Any]:
    language = entry.language
    if language and not LANGUAGE.fullmatch(language):
        language = None
    attachments = [
        _attachment(enclosure) for enclosure in entry.enclosures if enclosure.kind is None
    ]
    item = {
        "id": entry.id,
        "url": entry.url,
        "title": title_of(entry),
        **_texts(entry),
        "summary": entry.summary,
        "image": entry.image.url if entry.image else None,
        "date_published": rfc3339(entry.published),
        "date_modified": rfc3339(entry.updated),
        "authors": [{"name": name} for name in entry.authors],
        "tags": list(entry.tags),
        "language": language,
        "attachments": attachments,
        "_aggregator": _extension(entry, view),
    }
    return _cleaned(item)


def _texts(entry: Entry) -> dict[str, str]:
    """Return the content; JSON Feed requires one, of HTML or of text."""
    content = clean_text(entry.content_html)
    if content:
        return {"content_html": content}
    text = clean_text(entry.content_text) or clean_text(entry.summary)
    return {"content_text": text or title_of(entry)}


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    extension = {"language": enclosure.language}
    return {
        "url": enclosure.url,
        "mime_type": media_type(enclosure) or _UNKNOWN_TYPE,
        "title": enclosure.title,
        "size_in_bytes": enclosure.length,
        "duration_in_seconds": enclosure.duration,
        "_aggregator": extension if enclosure.language else None,
    }


def _extension(entry: Entry, view: ViewInfo) -> dict[str, Any]:
    """Return what JSON Feed has no key for."""
    parts = [enclosure_record(part) for part in entry.enclosures if part.kind is not None]
    via = [{"url": place.url, "title": place.title} for place in other_places(entry, view)]
    return {
        "source": _source(entry, view),
        "publisher": entry.publisher,
        "contributors": list(entry.contributors),
        "credits": list(entry.credits),
        "image": image_record(entry.image) if entry.image else None,
        "enclosure_parts": parts,
        "related": copy_urls(entry, view),
        "via": via,
        "comments": comment_urls(entry),
        "comments_feed": entry.comments_feed,
        "guid": entry.guid,
        "published_from": entry.published_from,
        "first_seen": rfc3339(entry.first_seen),
        "revision": entry.revision,
    }


def _source(entry: Entry, view: ViewInfo) -> dict[str, Any]:
    source = source_info(view, entry.lead_source)
    return {
        "id": source_id(source, entry.lead_source),
        "title": source.title.strip() or entry.lead_source,
        "feed_url": web_url(source.feed_url),
        "home_page_url": web_url(source.site_url),
        "icon": web_url(source.feed.icon),
        "rights": source.feed.rights,
    }


def _cleaned(record: dict[str, Any], *, keep: Sequence[str] = ()) -> dict[str, Any]:
    """Return the record without empty values, and its texts without illegal characters.

    The values of the keys in `keep` are clean already, and stay though they are empty.
    """
    cleaned = {}
    for key, value in record.items():
        if key in keep:
            cleaned[key] = value
            continue
        kept = _clean_value(value)
        if kept not in (None, "", [], {}):
            cleaned[key] = kept
    return cleaned


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return _cleaned(value)
    if isinstance(value, list):
        values = map(_clean_value, value)
        return [kept for kept in values if kept not in (None, "", {})]
    return value
