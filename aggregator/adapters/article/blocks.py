"""Splits a page into blocks: the parts that belong to an article or not as a whole.

A table or list is one block. One that lays out the page is none: it holds the heading, or most of the page's words, and
a long text in one of its cells or items.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.normalize import text
from aggregator.normalize.html.elements import BLOCKS, MEDIA
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_BLOCKS = 5_000  # of a page that are compared
MIN_PROSE_WORDS = 15  # of a block that counts as prose
MAX_LAYOUT_PARTS = 2_000  # cells or items of a table or list that are looked at
_LAYOUT_SHARE = 0.5  # of a page's words in a table or list that may be its layout
_MIN_CELL_WORDS = 80  # of the longest cell or item of a layout
PIECE_CHARACTERS = 30  # without blanks: what is looked up at a time
_LINK_SHARE = 0.4  # of a block's characters in links: prose has fewer

_BLANK = re.compile(r"[\s\u200b\u00ad\ufeff]+")
WHOLE_TAGS = frozenset({"table", "ul", "ol", "dl", "pre", "blockquote", "figure", "details"})
LEAF_TAGS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})
_TEXTUAL_TAGS = frozenset(
    {"b", "strong", "em", "i", "u", "mark", "font", "q", "sub", "sup", "code", "bdi", "bdo", "ruby"}
)
_INLINE_TAGS = _TEXTUAL_TAGS | {"a"}
_WHOLE_BLOCKS = WHOLE_TAGS.union(MEDIA)
_LAYOUT_TAGS = ("table", "ul", "ol", "dl")
_CELL_TAGS = ("td", "th", "li", "dd")
_INNER_BLOCKS = tuple(sorted(BLOCKS))
_APART_TAGS = tuple(sorted(_WHOLE_BLOCKS | BLOCKS))
_TEXTLESS_TAGS = frozenset({"script", "style", "template", "svg", "select", "button"})


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page that stays or goes as one.

    `plain` is its text without blanks, `is_linked` whether it is mostly links. If it is not `whole`, it is only the text
    that an element has between its inner blocks, which are blocks of their own.
    """

    element: Any
    plain: str
    words: float
    is_linked: bool
    whole: bool = True

    @property
    def is_prose(self) -> bool:
        return self.words >= MIN_PROSE_WORDS and not self.is_linked


def split_into_blocks(body: Any) -> list[Block]:
    """Return the blocks of a page: elements with text of their own; lists, tables, quotations and figures as a whole."""
    return list(islice(_split(body, _find_layout(body)), MAX_BLOCKS))


def _find_layout(body: Any) -> set[Any]:
    """Return the tables and lists that lay out a page."""
    layout: set[Any] = set()
    tables = list(islice(body.iter(*_LAYOUT_TAGS), MAX_LAYOUT_PARTS))
    if not tables:
        return layout

    min_words = _LAYOUT_SHARE * text.count_words(element_text(body))
    for table in tables:
        holder = next(table.iterancestors(*_LAYOUT_TAGS), None)
        if holder is not None and holder not in layout and holder in tables:
            continue  # inside a table of data, or in one that is too small
        has_heading = next(table.iter("h1"), None) is not None
        if not has_heading and text.count_words(element_text(table)) < min_words:
            continue
        if _has_long_cell(table):
            layout.add(table)
    return layout


def _has_long_cell(table: Any) -> bool:
    for cell in islice(table.iter(*_CELL_TAGS), MAX_LAYOUT_PARTS):
        words = element_text(cell)
        if len(words) >= _MIN_CELL_WORDS and text.count_words(words) >= _MIN_CELL_WORDS:
            return True
    return False


def total_words(blocks: Iterable[Block]) -> float:
    return sum(block.words for block in blocks)


def without_blanks(value: str) -> str:
    return _BLANK.sub("", value)


def _split(body: Any, layout: set[Any]) -> Iterator[Block]:
    stack = [body]
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str) or element.tag in _TEXTLESS_TAGS:
            continue
        if element not in layout and _is_whole_block(element):
            yield _make_block(element)
            continue

        own_text = _text_between_blocks(element)
        plain = without_blanks(own_text)
        if len(plain) >= PIECE_CHARACTERS:
            is_linked = _linked_characters(element, own_only=True) > _LINK_SHARE * len(plain)
            words = text.count_words(own_text)
            yield Block(element, plain, words, is_linked=is_linked, whole=False)
            if not is_linked:
                stack.extend(reversed(_children_apart(element)))
                continue
        stack.extend(reversed(element))


def _children_apart(element: Any) -> list[Any]:
    """Return the children that are no words of the element's own sentences, as a link within one is."""
    apart = []
    for child in element:
        is_inline = child.tag in _INLINE_TAGS
        if not is_inline or next(child.iterdescendants(*_APART_TAGS), None) is not None:
            apart.append(child)
    return apart


def _make_block(element: Any) -> Block:
    full_text = element_text(element)
    plain = without_blanks(full_text)
    is_linked = bool(plain) and _linked_characters(element) > _LINK_SHARE * len(plain)
    return Block(element, plain, text.count_words(full_text), is_linked=is_linked)


def _linked_characters(element: Any, *, own_only: bool = False) -> int:
    """Return the characters in links, without blanks; with `own_only` in those directly in the element."""
    links = element.iterchildren("a") if own_only else element.iter("a")
    return sum(len(without_blanks(element_text(link))) for link in islice(links, MAX_BLOCKS))


def _text_between_blocks(element: Any) -> str:
    """Return the text of an element that is in none of its inner blocks.

    Some sites write whole articles so, separated by line breaks only.
    """
    parts = [element.text or ""]
    for child in element:
        if child.tag in _INLINE_TAGS:
            parts.append(element_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _is_whole_block(element: Any) -> bool:
    if element.tag in _WHOLE_BLOCKS:
        return True
    if not _has_own_text(element):
        return False
    if element.tag in LEAF_TAGS:
        return True
    inner_block = next(element.iterdescendants(*_INNER_BLOCKS), None)
    return inner_block is None


def _has_own_text(element: Any) -> bool:
    """Return whether an element has text itself or in an inline element."""
    if _is_text(element.text):
        return True
    for child in element:
        if child.tag in _TEXTUAL_TAGS:
            return True
        if _is_text(child.tail):
            return True
    return False


def _is_text(value: str | None) -> bool:
    return bool(value and value.strip())
