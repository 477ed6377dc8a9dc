"""Splits a page into blocks: the parts that belong to an article or not as a whole."""

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
_INNER_BLOCKS = tuple(sorted(BLOCKS))
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
    return list(islice(_split(body), MAX_BLOCKS))


def total_words(blocks: Iterable[Block]) -> float:
    return sum(block.words for block in blocks)


def without_blanks(value: str) -> str:
    return _BLANK.sub("", value)


def _split(body: Any) -> Iterator[Block]:
    stack = [body]
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str) or element.tag in _TEXTLESS_TAGS:
            continue
        if _is_whole_block(element):
            yield _make_block(element)
            continue

        own_text = _text_between_blocks(element)
        plain = without_blanks(own_text)
        if len(plain) >= PIECE_CHARACTERS:
            yield Block(element, plain, text.count_words(own_text), is_linked=False, whole=False)
        stack.extend(reversed(element))


def _make_block(element: Any) -> Block:
    full_text = element_text(element)
    plain = without_blanks(full_text)
    linked_characters = 0
    if plain:
        for link in islice(element.iter("a"), MAX_BLOCKS):
            linked_characters += len(without_blanks(element_text(link)))
    is_linked = linked_characters > _LINK_SHARE * len(plain)
    return Block(element, plain, text.count_words(full_text), is_linked=is_linked)


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
