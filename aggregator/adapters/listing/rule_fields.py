"""Reads the fields of a list's item that the rules name."""

from __future__ import annotations

import re
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

from aggregator.model import Candidate, Enclosure, RawEntry, RawImage
from aggregator.normalize.html import media
from aggregator.rules.document import element_text
from aggregator.rules.field_value import cut_value, find_names, tags_from_cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.rules.compiled import CompiledField, CompiledListing
    from aggregator.rules.document import Document, SelectorMatch
    from aggregator.rules.selector import Selector

_LIST_SEPARATOR = re.compile(r"[,，;；、]\s*")


def read_rule_fields(item: Document, listing: CompiledListing) -> RawEntry:
    """Return the values that the rules of a list find in an item.

    A field has every candidate in order: the first valid one is chosen later.
    """
    field = listing.field
    return RawEntry(
        label="",
        url=tuple(_values(item, field("url"), url_of_match)),
        guid=next(_values(item, field("guid")), None),
        title=tuple(_titles(item, field("title"))),
        summary=tuple(_values(item, field("summary"), _text_as_html)),
        content_html=tuple(_values(item, field("content"), _inner_html)),
        published=tuple(_values(item, field("published"))),
        updated=tuple(_values(item, field("updated"))),
        authors=tuple(_values_of_first_candidate(item, field("authors"))),
        tags=(*_tags_in_title(item, field("title")), *_tags(item, field("tags"))),
        credits=tuple(_credits(item, field("credits"))),
        language=tuple(_values(item, field("language"))),
        image=tuple(_images(item, field("image"))),
        enclosures=tuple(_enclosures(item, field("enclosures"))),
    )


def escape_tags(text: str) -> str:
    """Escape a plain text, so that what looks like a tag in it is not taken for one."""
    return escape(text, quote=False) if "<" in text else text


def url_of_match(match: SelectorMatch) -> str:
    """Return the URL that a match gives: of a link itself its target, else the value."""
    element = match.element
    if element is None or element.tag not in ("a", "link"):
        return match.value
    if not _is_text(match):
        return match.value
    target = element.get("href", "").strip()
    return target or match.value


def _matches(item: Document, field: CompiledField) -> Iterator[tuple[SelectorMatch, str]]:
    """Yield what the candidates of a field find, each match with its provenance."""
    for selector, _ in field.candidates:
        yield from _matches_of(item, selector)


def _matches_of(item: Document, selector: Selector) -> Iterator[tuple[SelectorMatch, str]]:
    for match in selector(item):
        yield match, _provenance(match, selector)


def _provenance(match: SelectorMatch, selector: Selector) -> str:
    """Name the selector, which is steadier than an element's path; else what the match says."""
    return match.where if match.element is None else f"listing:{selector.source}"


def _value(match: SelectorMatch) -> str:
    return match.value


def _values(
    item: Document, field: CompiledField, value_of: Callable[[SelectorMatch], str] = _value
) -> Iterator[Candidate]:
    """Yield the values that a field's candidates find, as `value_of` reads them."""
    for match, where in _matches(item, field):
        yield Candidate(value_of(match), where)


def _values_of_first_candidate(item: Document, field: CompiledField) -> list[Candidate]:
    """Return what the first candidate finds that finds anything."""
    for selector, _ in field.candidates:
        values = [Candidate(match.value, where) for match, where in _matches_of(item, selector)]
        if values:
            return values
    return []


def _titles(item: Document, field: CompiledField) -> Iterator[Candidate]:
    for title in _values(item, field):
        yield Candidate(escape_tags(cut_value(title.value, field)), title.where)


def _tags_in_title(item: Document, field: CompiledField) -> Iterator[Candidate]:
    """Yield the tags that the rules cut off the first title."""
    for title in islice(_values(item, field), 1):
        for tag in tags_from_cut(title.value, field):
            yield Candidate(tag, "title")


def _credits(item: Document, field: CompiledField) -> Iterator[Candidate]:
    for text in _values(item, field):
        for name in find_names(text.value, field):
            yield Candidate(name, text.where)


def _tags(item: Document, field: CompiledField) -> Iterator[Candidate]:
    """Yield the tags that the first candidate finds; a meta element holds several."""
    for tags in _values_of_first_candidate(item, field):
        parts = [tags.value]
        if tags.where.startswith("meta:"):
            parts = _LIST_SEPARATOR.split(tags.value)
        for part in parts:
            if part.strip():
                yield Candidate(part, tags.where)


def _images(item: Document, field: CompiledField) -> Iterator[RawImage]:
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


def _caption(item: Document, field: CompiledField) -> str | None:
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
    url = media.find_image_url(element, item.base_url)
    if url:
        where = f"listing:{selector.source}"
        yield RawImage(url, where, caption=caption, alt=element.get("alt"))


def _enclosures(item: Document, field: CompiledField) -> Iterator[Enclosure]:
    for match, _ in _matches(item, field):
        yield Enclosure(match.value)


def _is_text(match: SelectorMatch) -> bool:
    """Tell whether a match is the text of an element, not one of its attributes."""
    return match.element is not None and match.value == element_text(match.element).strip()


def _text_as_html(match: SelectorMatch) -> str:
    """Escape the text of an element; JSON may hold HTML and is left as it is."""
    if match.element is None:
        return match.value
    return escape_tags(match.value)


def _inner_html(match: SelectorMatch) -> str:
    """Return the HTML inside an element that the rules find.

    What they find in an attribute or in JSON is HTML already.
    """
    if not _is_text(match):
        return match.value
    parts = [escape(match.element.text or "", quote=False)]
    for child in match.element:
        parts.append(etree.tostring(child, encoding="unicode", method="html"))
    return "".join(parts).strip()
