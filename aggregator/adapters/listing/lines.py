"""Finds what stands beside an item in its line of text: `27 Nov - <a>Title</a><br>`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_PIECES = 8
_LONGEST_CHARACTERS = 200
_MARKS = " \t\r\n\xa0-–—−:：|·•‧・,;()[]（）【】»«>*"
_INLINE_TAGS = frozenset({"b", "em", "font", "i", "small", "span", "strong", "time", "u"})


def texts_beside(item: Any) -> tuple[str, ...]:
    """Return the text before a link and the text behind it, within a line that `br` ends.

    () if the item is no link in such a line.
    """
    parent = item.getparent()
    if item.tag != "a" or parent is None or parent.find("br") is None:
        return ()

    before = "".join(reversed(list(islice(_pieces_before(item), _MAX_PIECES))))
    behind = "".join(islice(_pieces_behind(item), _MAX_PIECES))
    texts = (_tidy(before), _tidy(behind))
    return tuple(filter(None, texts))


def _pieces_before(item: Any) -> Iterator[str]:
    """Yield the texts before an item, the nearest first."""
    for sibling in item.itersiblings(preceding=True):
        yield sibling.tail or ""
        if sibling.tag not in _INLINE_TAGS:
            return
        yield "".join(islice(sibling.itertext(), _MAX_PIECES))
    yield item.getparent().text or ""


def _pieces_behind(item: Any) -> Iterator[str]:
    yield item.tail or ""
    for sibling in item.itersiblings():
        if sibling.tag not in _INLINE_TAGS:
            return
        yield "".join(islice(sibling.itertext(), _MAX_PIECES))
        yield sibling.tail or ""


def _tidy(text: str) -> str:
    if len(text) > _LONGEST_CHARACTERS:
        return ""
    return " ".join(text.split()).strip(_MARKS)
