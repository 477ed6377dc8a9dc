"""Functions on lxml trees that several modules share: remove an element, trim a paragraph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.normalize.html import elements

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# Every blank of Unicode, and the characters of no width.
BLANK = (
    " \t\r\n\f\v\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000\u200b\u2060\ufeff"
)


def detach(element: Any) -> None:
    """Remove an element and keep the text that follows it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        add_text(parent, element.tail, after=element.getprevious())
        element.tail = None
    parent.remove(element)


def add_text(parent: Any, text: str, *, after: Any | None) -> None:
    """Add text after a child of an element; None adds it before all children."""
    if after is None:
        parent.text = (parent.text or "") + text
    else:
        after.tail = (after.tail or "") + text


def last_child(element: Any) -> Any | None:
    """Return the last child, None if there is none.

    `len(element)` would count all children at each call.
    """
    return next(element.iterchildren(reversed=True), None)


def has_content(element: Any) -> bool:
    """Return whether an element shows anything: text, an image, a player, a formula."""
    if element.tag in elements.MEDIA or not is_blank(element.text):
        return True
    if not len(element):
        return False

    for node in element.iterdescendants():
        if node.tag in elements.MEDIA:
            return True
        if not is_blank(node.text) or not is_blank(node.tail):
            return True
    return False


def contains(element: Any, tags: Collection[str]) -> bool:
    """Return whether a descendant has one of these tags.

    lxml's own filter is built anew at each call: with forty tags that takes longer than to look.
    """
    if not len(element):
        return False
    for node in element.iterdescendants():  # noqa: SIM110 - quicker than `any`
        if node.tag in tags:
            return True
    return False


def is_blank(text: str | None) -> bool:
    """Return whether a text shows nothing: None, empty, or blanks alone."""
    if text is None:
        return True
    return not text.strip(BLANK)


def is_only_images(paragraph: Any) -> bool:
    """Return whether a paragraph shows images and no text."""
    if next(paragraph.iter("img", "picture"), None) is None:
        return False
    return is_blank("".join(paragraph.itertext()))


def trim(element: Any) -> None:
    """Remove blanks and line breaks at both ends of a paragraph, within inline elements too."""
    _trim_start(element)
    _trim_end(element)


def _trim_start(element: Any) -> None:
    while True:
        if element.text:
            element.text = element.text.lstrip(BLANK) or None
        if element.text or not len(element):
            return

        first = element[0]
        if not _is_empty_after(_trim_start, first):
            return
        detach(first)


def _trim_end(element: Any) -> None:
    while len(element):
        last = element[-1]
        if last.tail:
            last.tail = last.tail.rstrip(BLANK) or None
        if last.tail or not _is_empty_after(_trim_end, last):
            return
        detach(last)

    if element.text:
        element.text = element.text.rstrip(BLANK) or None


def _is_empty_after(trim_side: Callable[[Any], None], element: Any) -> bool:
    """Trim one side of an inline element, and return whether nothing of it is left.

    A line break counts as nothing; media and blocks are not trimmed.
    """
    if element.tag == "br":
        return True
    if element.tag not in elements.INLINE or element.tag in elements.MEDIA:
        return False
    trim_side(element)
    return not has_content(element)
