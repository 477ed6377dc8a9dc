"""Reads the fields of a list's item that the rules name."""

from __future__ import annotations

import re
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

from aggregator.model import Enclosure, Found, RawEntry, RawImage
from aggregator.normalize.html import media
from aggregator.rules.apply import cut, cut_tags, names_in
from aggregator.rules.document import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.rules.compiled import Field, Listing
    from aggregator.rules.document import Document, Match
    from aggregator.rules.selector import Selector

_LIST_SEPARATOR = re.compile(r"[,，;；、]\s*")


def read_rule_fields(item: Document, listing: Listing) -> RawEntry:
    """Return the values that the rules of a list find in an item.

    A field has every candidate in order: the first valid one is chosen later.
    """
    field = listing.field
    return RawEntry(
        item="",
        url=tuple(_values(item, field("url"), url_of_match)),
        guid=next(_values(item, field("guid")), None),
        title=tuple(_titles(item, field("title"))),
        summary=tuple(_values(item, field("summary"), _text_as_html)),
        content=tuple(_values(item, field("content"), _inner_html)),
        published=tuple(_values(item, field("published"))),
        updated=tuple(_values(item, field("updated"))),
        authors=tuple(_values_of_first_candidate(item, field("authors"))),
        tags=(*_tags_in_title(item, field("title")), *_tags(item, field("tags"))),
        credits=tuple(_credits(item, field("credits"))),
        language=tuple(_values(item, field("language"))),
        images=tuple(_images(item, field("image"))),
        enclosures=tuple(_enclosures(item, field("enclosures"))),
    )


def escape_tags(text: str) -> str:
    """Escape a plain text, so that what looks like a tag in it is not taken for one."""
    return escape(text, quote=False) if "<" in text else text


def url_of_match(match: Match) -> str:
    """Return the URL that a match gives: of a link itself its target, else the value."""
    element = match.element
    if element is None or element.tag not in ("a", "link"):
        return match.value
    if not _is_text(match):
        return match.value
    target = element.get("href", "").strip()
    return target or match.value


def _matches(item: Document, field: Field) -> Iterator[tuple[Match, str]]:
    """Yield what the candidates of a field find, each match with its provenance."""
    for selector, _ in field.candidates:
        yield from _matches_of(item, selector)


def _matches_of(item: Document, selector: Selector) -> Iterator[tuple[Match, str]]:
    for match in selector(item):
        yield match, _provenance(match, selector)


def _provenance(match: Match, selector: Selector) -> str:
    """Name the selector, which is steadier than an element's path; else what the match says."""
    return match.where if match.element is None else f"listing:{selector.source}"


def _value(match: Match) -> str:
    return match.value


def _values(
    item: Document, field: Field, value_of: Callable[[Match], str] = _value
) -> Iterator[Found]:
    """Yield the values that a field's candidates find, as `value_of` reads them."""
    for match, where in _matches(item, field):
        yield Found(value_of(match), where)


def _values_of_first_candidate(item: Document, field: Field) -> list[Found]:
    """Return what the first candidate finds that finds anything."""
    for selector, _ in field.candidates:
        values = [Found(match.value, where) for match, where in _matches_of(item, selector)]
        if values:
            return values
    return []


def _titles(item: Document, field: Field) -> Iterator[Found]:
    for title in _values(item, field):
        yield Found(escape_tags(cut(title.value, field)), title.where)


def _tags_in_title(item: Document, field: Field) -> Iterator[Found]:
    """Yield the tags that the rules cut off the first title."""
    for title in islice(_values(item, field), 1):
        for tag in cut_tags(title.value, field):
            yield Found(tag, "title")


def _credits(item: Document, field: Field) -> Iterator[Found]:
    for text in _values(item, field):
        for name in names_in(text.value, field):
            yield Found(name, text.where)


def _tags(item: Document, field: Field) -> Iterator[Found]:
    """Yield the tags that the first candidate finds; a meta element holds several."""
    for tags in _values_of_first_candidate(item, field):
        parts = [tags.value]
        if tags.where.startswith("meta:"):
            parts = _LIST_SEPARATOR.split(tags.value)
        for part in parts:
            if part.strip():
                yield Found(part, tags.where)


def _images(item: Document, field: Field) -> Iterator[RawImage]:
    """Yield the images: the URLs that the rules find.

    Where they find an image element itself, its real URL follows.
    """
    caption = _caption(item, field)
    for selector, _ in field.candidates:
        for match, where in _matches_of(item, selector):
            alt = match.element.get("alt") if match.element is not None else None
            yield RawImage(match.value, where, caption=caption, alt=alt)
        if "@" not in selector.source:
            yield from _image_of_element(item, selector, caption)


def _caption(item: Document, field: Field) -> str | None:
    for selector in field.caption:
        for match in selector(item):
            return match.value
    return None


def _image_of_element(
    item: Document, selector: Selector, caption: str | None
) -> Iterator[RawImage]:
    element = next(iter(selector.elements(item)), None)
    if element is None or element.tag != "img":
        return
    url = media.image_address(element, item.home)
    if url:
        where = f"listing:{selector.source}"
        yield RawImage(url, where, caption=caption, alt=element.get("alt"))


def _enclosures(item: Document, field: Field) -> Iterator[Enclosure]:
    for match, _ in _matches(item, field):
        yield Enclosure(match.value)


def _is_text(match: Match) -> bool:
    """Tell whether a match is the text of an element, not one of its attributes."""
    return match.element is not None and match.value == text_of(match.element).strip()


def _text_as_html(match: Match) -> str:
    """Escape the text of an element; JSON may hold HTML and is left as it is."""
    if match.element is None:
        return match.value
    return escape_tags(match.value)


def _inner_html(match: Match) -> str:
    """Return the HTML inside an element that the rules find.

    What they find in an attribute or in JSON is HTML already.
    """
    if not _is_text(match):
        return match.value
    parts = [escape(match.element.text or "", quote=False)]
    for child in match.element:
        parts.append(etree.tostring(child, encoding="unicode", method="html"))
    return "".join(parts).strip()
