"""Reads what a feed says once for all its items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.fast.item import (
    ignore,
    read_inner_title,
    read_itunes_image,
    read_title,
    store_text,
    store_unattributed,
    store_url,
)
from aggregator.adapters.feed.fast.links import read_id, read_link
from aggregator.adapters.feed.fast.names import Declined, check_unread
from aggregator.adapters.feed.fast.people import (
    read_author,
    read_contributor,
    read_named_contributor,
    read_owner,
)
from aggregator.adapters.feed.fast.texts import PLAIN, attributes, clean, raw_text, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.adapters.feed.fast.texts import Context

ITEMS = ("item", "entry")


def read_channel(element: Any, context: Context) -> list[Any]:
    """Read a `channel`, or Atom's `feed`, into the fields of its context; return its items unread."""
    stated = attributes(element)
    if "lastmod" in stated or "href" in stated:
        raise Declined("a channel of CDF")
    if element.getparent() is not None and ("xml:lang" in stated or "lang" in stated):
        raise Declined("a channel with a language of its own")
    items = []
    for child in element:
        name = context.names.name(child)
        read = _READERS.get(name)
        if name in ITEMS:
            items.append(child)
        elif read is None:
            check_unread(child, context.names)
        elif items and name in _ORDER_COUNTS:
            raise Declined(f"{name} after the items")
        else:
            read(child, context)
    return items


def read_image(element: Any, context: Context) -> None:
    """Read the picture of a channel, whose last title counts for the channel's own."""
    image = context.within(context.fields.setdefault("image", {}), context.language)
    for child in element:
        read = _IMAGE_READERS.get(context.names.name(child))
        if read is None:
            raise Declined(f"{child.tag} within an image")
        read(child, image)
    context.title_depth = image.title_depth


def _read_description(element: Any, context: Context) -> None:
    """Read past the description; after a summary it is a content to feedparser."""
    raw_text(element)
    if "summary" in context.fields and not context.has_content:
        context.has_content = True


def _read_summary(element: Any, context: Context) -> None:
    _read_description(element, context)
    context.fields["summary"] = ""


def _read_generator_agent(element: Any, context: Context) -> None:
    raw_text(element)
    context.fields["generator"] = clean(attributes(element).get("rdf:resource", "").strip())


def _read_rights(element: Any, context: Context) -> None:
    context.store("rights", read_text(element, context, PLAIN).value)


def _ignore_categories(element: Any, context: Context) -> None:
    """Ignore a category of iTunes, which may have others within it."""
    for inner in element.iter():
        if context.names.name(inner) != "itunes_category":
            raise Declined(f"{inner.tag} within a category")


def _ignore_list(element: Any, context: Context) -> None:
    """Ignore the list of RSS 1.0 that names the items."""
    for child in element:
        check_unread(child, context.names)


_ORDER_COUNTS = frozenset({"title", "dc_title", "image"})
_ORDER_COUNTS |= {"description", "dc_description", "summary", "itunes_summary"}
_language = store_text("language")
_IMAGE_READERS: dict[str, Callable[[Any, Context], None]] = {
    "title": read_inner_title,
    "url": store_url("href"),
    "link": read_link,
    "description": ignore,
    "width": ignore,
    "height": ignore,
}
_READERS: dict[str, Callable[[Any, Context], None]] = {
    "title": read_title,
    "dc_title": read_title,
    "link": read_link,
    "id": read_id,
    "guid": read_id,
    "description": _read_description,
    "dc_description": _read_description,
    "summary": _read_summary,
    "itunes_summary": _read_summary,
    "language": _language,
    "dc_language": _language,
    "author": read_author,
    "dc_author": read_author,
    "dc_creator": read_author,
    "itunes_author": read_author,
    "managingeditor": read_author,
    "itunes_owner": read_owner,
    "contributor": read_contributor,
    "dc_contributor": read_named_contributor,
    "rights": _read_rights,
    "dc_rights": _read_rights,
    "copyright": _read_rights,
    "generator": store_text("generator"),
    "admin_generatoragent": _read_generator_agent,
    "icon": store_url("icon"),
    "logo": store_url("logo"),
    "image": read_image,
    "itunes_image": read_itunes_image,
    "ttl": store_unattributed("ttl"),
    "sy_updateperiod": store_unattributed("sy_updateperiod"),
    "sy_updatefrequency": store_unattributed("sy_updatefrequency"),
    "itunes_category": _ignore_categories,
    "items": _ignore_list,
    # Known to feedparser, and without an influence on what we take from it.
    "category": ignore,
    "cc_license": ignore,
    "cloud": ignore,
    "creativecommons_license": ignore,
    "dc_date": ignore,
    "dc_publisher": ignore,
    "dc_subject": ignore,
    "dcterms_created": ignore,
    "dcterms_issued": ignore,
    "dcterms_modified": ignore,
    "feedburner_browserfriendly": ignore,
    "itunes_block": ignore,
    "itunes_explicit": ignore,
    "itunes_keywords": ignore,
    "itunes_subtitle": ignore,
    "keywords": ignore,
    "lastbuilddate": ignore,
    "media_category": ignore,
    "media_credit": ignore,
    "media_keywords": ignore,
    "media_rating": ignore,
    "media_thumbnail": ignore,
    "modified": ignore,
    "pubdate": ignore,
    "published": ignore,
    "subtitle": ignore,
    "tagline": ignore,
    "textinput": ignore,
    "updated": ignore,
    "webmaster": ignore,
}
