"""Small moves in an lxml tree that several rooms of normalize share."""

from __future__ import annotations

from typing import Any

from aggregator.normalize.html import elements

# Every blank of Unicode, and what takes no room at all.
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
        previous = element.getprevious()
        if previous is not None:
            previous.tail = (previous.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
        element.tail = None
    parent.remove(element)


def last_child(element: Any) -> Any | None:
    """The last child, None where there is none; `len(element)` would count them all, each time."""
    return next(element.iterchildren(reversed=True), None)


def has_content(element: Any) -> bool:
    """Tell whether an element shows anything: text, or a picture, a player, a formula."""
    if element.tag in elements.MEDIA or _is_written(element.text):
        return True
    return len(element) > 0 and any(
        node.tag in elements.MEDIA or _is_written(node.text) or _is_written(node.tail)
        for node in element.iterdescendants()
    )


def _is_written(text: str | None) -> bool:
    return text is not None and bool(text.strip(BLANK))


def trim(element: Any) -> None:
    """Take the blanks and line breaks off both ends of a paragraph, down to where its text begins and ends."""
    _trim_start(element)
    _trim_end(element)


def _trim_start(element: Any) -> None:
    while True:
        if element.text:
            element.text = element.text.lstrip(BLANK) or None
        if element.text or not len(element):
            return
        first = element[0]
        if first.tag == "br":
            detach(first)
            continue
        if first.tag in elements.INLINE and first.tag not in elements.MEDIA:
            _trim_start(first)
            if not has_content(first):
                detach(first)
                continue
        return


def _trim_end(element: Any) -> None:
    while len(element):
        last = element[-1]
        if last.tail:
            last.tail = last.tail.rstrip(BLANK) or None
        if last.tail:
            return
        if last.tag == "br":
            detach(last)
            continue
        if last.tag in elements.INLINE and last.tag not in elements.MEDIA:
            _trim_end(last)
            if not has_content(last):
                detach(last)
                continue
        return
    if element.text:
        element.text = element.text.rstrip(BLANK) or None
