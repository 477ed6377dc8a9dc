"""Reads one item: the fields that feedparser gives to it, as far as the feed adapter takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.fast.links import read_enclosure, read_id, read_link
from aggregator.adapters.feed.fast.names import Declined, check_unread
from aggregator.adapters.feed.fast.people import (
    read_author,
    read_contributor,
    read_named_contributor,
)
from aggregator.adapters.feed.fast.texts import (
    HTML,
    PLAIN,
    attributes,
    clean,
    clean_text,
    language,
    own_text,
    raw_text,
    read_text,
    unattributed_text,
    url_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.adapters.feed.fast.texts import Context

_ITUNES_SCHEME = "http://www.itunes.com/"
_MEDIA_SCHEME = "http://search.yahoo.com/mrss/category_schema"


def read_children(
    element: Any, context: Context, readers: dict[str, Callable[[Any, Context], None]]
) -> None:
    """Read the elements within one by their names; ignore those that have no meaning."""
    for child in element:
        name = context.names.name(child)
        read = readers.get(name)
        if read is None:
            check_unread(child, context.names)
        else:
            read(child, context)


def read_item(element: Any, context: Context) -> None:
    """Read an `item` or an `entry` into the fields of its context."""
    stated = attributes(element)
    if "lastmod" in stated or "href" in stated:
        raise Declined("an item of CDF")
    context.language = language(stated, context.language)
    about = stated.get("rdf:about")
    if about:
        context.fields["id"] = about
    read_children(element, context, _READERS)


def ignore(element: Any, _: Context) -> None:
    """Ignore an element that feedparser knows and we do not need."""
    raw_text(element)


def read_title(element: Any, context: Context, depth: int = 0) -> None:
    """Read a title: the first one stays unless it is nested deeper."""
    text = read_text(element, context, PLAIN)
    if not -1 < context.title_depth <= depth:
        context.store("title", text.value, depth)
        context.fields["title_detail"] = text.detail
    if text.value:
        context.title_depth = depth


def read_inner_title(element: Any, context: Context) -> None:
    """Read the title of what is within an item or the channel."""
    read_title(element, context, 1)


def _read_media_title(element: Any, context: Context, depth: int = 0) -> None:
    title_depth = context.title_depth
    read_title(element, context, depth)
    context.title_depth = title_depth


def _read_description(element: Any, context: Context) -> None:
    if "summary" in context.fields and not context.has_content:
        _read_content(element, context)
    else:
        _store_summary(element, context, HTML)


def _read_summary(element: Any, context: Context) -> None:
    if "summary" in context.fields and not context.has_content:
        _read_content(element, context)
    else:
        _store_summary(element, context, PLAIN)


def _store_summary(element: Any, context: Context, default_type: str) -> None:
    text = read_text(element, context, default_type)
    context.store("summary", text.value)
    context.fields["summary_detail"] = text.detail


def _read_content(element: Any, context: Context) -> None:
    """Read Atom's content, or a second description, which is one to feedparser."""
    source = attributes(element).get("src")
    text = read_text(element, context, PLAIN)
    if source:
        text.detail["src"] = source
    _add_content(context, text.detail)


def _read_encoded(element: Any, context: Context) -> None:
    _add_content(context, read_text(element, context, HTML).detail)


def _add_content(context: Context, detail: dict[str, Any]) -> None:
    context.has_content = True
    context.fields.setdefault("content", []).append(detail)
    context.fields.setdefault("summary", detail["value"])


def _read_category(element: Any, context: Context) -> None:
    stated = attributes(element)
    scheme = stated.get("scheme", stated.get("domain"))
    _add_category(element, context, stated.get("term"), scheme, stated.get("label"))


def _read_media_category(element: Any, context: Context) -> None:
    stated = attributes(element)
    scheme = stated.get("scheme", _MEDIA_SCHEME)
    _add_category(element, context, stated.get("term"), scheme, stated.get("label"))


def _read_itunes_category(element: Any, context: Context) -> None:
    _add_category(element, context, attributes(element).get("text"), _ITUNES_SCHEME, None)


def _add_category(
    element: Any, context: Context, term: str | None, scheme: str | None, label: str | None
) -> None:
    """Add a category; its text is the term of the last one that has none."""
    tags = context.fields.setdefault("tags", [])
    _add_tag(tags, term, scheme, label)
    value = clean_text(element)
    if value and tags and not tags[-1]["term"]:
        tags[-1]["term"] = value
    elif value:
        _add_tag(tags, value, None, None)


def _add_tag(
    tags: list[dict[str, str | None]], term: str | None, scheme: str | None, label: str | None
) -> None:
    if not (term or scheme or label):
        return
    tag = {"term": term, "scheme": scheme, "label": label}
    if tag not in tags:
        tags.append(tag)


def _read_keywords(element: Any, context: Context, scheme: str | None = None) -> None:
    tags = context.fields.setdefault("tags", [])
    for term in clean(unattributed_text(element)).split(","):
        if term.strip():
            _add_tag(tags, term.strip(), scheme, None)


def _read_itunes_keywords(element: Any, context: Context) -> None:
    _read_keywords(element, context, _ITUNES_SCHEME)


def _read_source(element: Any, context: Context) -> None:
    """Read the feed that an item was taken from: in RSS its name, in Atom its head."""
    stated = attributes(element)
    source = context.within({}, language(stated, context.language))
    for child in element:
        if context.names.name(child) not in _SOURCE_READERS and child.text:
            raise Declined(f"{child.tag} within a source")
    read_children(element, source, _SOURCE_READERS)
    name = clean(own_text(element))
    if name:
        source.fields["title"] = name
    context.fields["source"] = source.fields
    context.title_depth = source.title_depth


def _read_item_image(element: Any, context: Context) -> None:
    """Read past the picture of an item, which is read with the extensions."""
    context.title_depth = -1
    for child in element:
        if context.names.name(child) != "url":
            raise Declined("an item's image with more than its URL")
        raw_text(child)


def read_itunes_image(element: Any, context: Context) -> None:
    """Read the picture of a podcast or of its episode."""
    raw_text(element)
    stated = attributes(element)
    address = stated.get("href") or stated.get("url")
    if address:
        context.fields["image"] = {"href": address}


def _read_chapters(element: Any, context: Context) -> None:
    """Read past chapters; feedparser fails at one without a start."""
    for chapter in element:
        if context.names.name(chapter) != "psc_chapter" or "start" not in attributes(chapter):
            raise Declined("chapters without a start")
        raw_text(chapter)


def _read_media(element: Any, context: Context, depth: int = 0) -> None:
    """Read an element of Media RSS, alone or in others."""
    name = context.names.name(element)
    if name == "media_content":
        context.fields.setdefault(name, []).append(attributes(element))
    elif name == "media_thumbnail":
        _read_thumbnail(element, context)
        return
    _read_media_children(element, context, depth + 1)


def _read_media_children(element: Any, context: Context, depth: int) -> None:
    outer = context.language
    context.language = language(attributes(element), outer)
    for child in element:
        name = context.names.name(child)
        read = _MEDIA_READERS.get(name)
        if read is not None:
            read(child, context, depth)
        elif name in _READERS_AT_ANY_DEPTH:
            _READERS_AT_ANY_DEPTH[name](child, context)
        else:
            check_unread(child, context.names)
    context.language = outer


def _read_thumbnail(element: Any, context: Context) -> None:
    stated = attributes(element)
    address = url_text(element, context)
    if address:
        stated.setdefault("url", address)
    context.fields.setdefault("media_thumbnail", []).append(stated)


def _read_credit(element: Any, context: Context) -> None:
    stated = attributes(element)
    text = clean_text(element)
    if text:
        stated["content"] = text
    context.fields.setdefault("media_credit", []).append(stated)


def _read_caption(element: Any, context: Context, depth: int = 0) -> None:
    context.store("media_caption", clean(unattributed_text(element)), depth)


def store_text(key: str) -> Callable[[Any, Context], None]:
    """Return a reader that stores the text of an element."""

    def read(element: Any, context: Context) -> None:
        context.store(key, clean_text(element))

    return read


def store_unattributed(key: str) -> Callable[[Any, Context], None]:
    """Return a reader that stores the text of an element that feedparser has no handler for."""

    def read(element: Any, context: Context) -> None:
        context.store(key, clean(unattributed_text(element)))

    return read


def store_url(key: str) -> Callable[[Any, Context], None]:
    """Return a reader like that of `store_unattributed` for a URL."""

    def read(element: Any, context: Context) -> None:
        unattributed_text(element)
        context.store(key, url_text(element, context))

    return read


_published = store_text("published")
_updated = store_text("updated")
_created = store_text("created")
_language = store_text("language")

_READERS_AT_ANY_DEPTH: dict[str, Callable[[Any, Context], None]] = {
    "media_category": _read_media_category,
    "media_credit": _read_credit,
    "media_keywords": _read_keywords,
    "media_license": ignore,
    "media_player": ignore,
    "media_rating": ignore,
    "media_restriction": ignore,
}
_MEDIA_READERS: dict[str, Callable[[Any, Context, int], None]] = {
    "media_caption": _read_caption,
    "media_content": _read_media,
    "media_thumbnail": _read_media,
    "media_title": _read_media_title,
}
_READERS: dict[str, Callable[[Any, Context], None]] = {
    **_READERS_AT_ANY_DEPTH,
    "media_caption": _read_caption,
    "media_content": _read_media,
    "media_group": _read_media,
    "media_thumbnail": _read_media,
    "media_title": _read_media_title,
    "title": read_title,
    "dc_title": read_title,
    "link": read_link,
    "guid": read_id,
    "id": read_id,
    "enclosure": read_enclosure,
    "description": _read_description,
    "dc_description": _read_description,
    "summary": _read_summary,
    "itunes_summary": _read_summary,
    "content": _read_content,
    "content_encoded": _read_encoded,
    "author": read_author,
    "dc_author": read_author,
    "dc_creator": read_author,
    "itunes_author": read_author,
    "contributor": read_contributor,
    "dc_contributor": read_named_contributor,
    "dc_publisher": store_text("publisher"),
    "pubdate": _published,
    "published": _published,
    "issued": _published,
    "dcterms_issued": _published,
    "updated": _updated,
    "modified": _updated,
    "dc_date": _updated,
    "dcterms_modified": _updated,
    "created": _created,
    "dcterms_created": _created,
    "category": _read_category,
    "keywords": _read_category,
    "dc_subject": _read_category,
    "itunes_category": _read_itunes_category,
    "itunes_keywords": _read_itunes_keywords,
    "language": _language,
    "dc_language": _language,
    "source": _read_source,
    "comments": store_url("comments"),
    "wfw_commentrss": store_url("wfw_commentrss"),
    "feedburner_origlink": store_unattributed("feedburner_origlink"),
    "pheedo_origlink": store_unattributed("pheedo_origlink"),
    "itunes_duration": store_unattributed("itunes_duration"),
    "itunes_image": read_itunes_image,
    "image": _read_item_image,
    "psc_chapters": _read_chapters,
    # Known to feedparser, and without an influence on what we take from it.
    "cc_license": ignore,
    "copyright": ignore,
    "creativecommons_license": ignore,
    "dc_rights": ignore,
    "dcterms_valid": ignore,
    "expirationdate": ignore,
    "georss_box": ignore,
    "georss_line": ignore,
    "georss_point": ignore,
    "georss_polygon": ignore,
    "itunes_block": ignore,
    "itunes_explicit": ignore,
    "itunes_subtitle": ignore,
    "rights": ignore,
    "subtitle": ignore,
}
_SOURCE_READERS: dict[str, Callable[[Any, Context], None]] = {
    "title": read_inner_title,
    "link": read_link,
    "id": read_id,
    "author": read_author,
    "updated": ignore,
    "rights": ignore,
    "subtitle": ignore,
    "icon": ignore,
    "logo": ignore,
    "generator": ignore,
}
