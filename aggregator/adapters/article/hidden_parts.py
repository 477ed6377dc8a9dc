"""Shows what a page hides and what is nevertheless its text: the text for readers without scripts, slides, steps.

Most hidden parts are no text: dialogs, menus, a copy for small screens. So they are shown only if they have most of
the words, and none that are shown elsewhere.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters.article.blocks import split_into_blocks
from aggregator.adapters.html.boilerplate import is_boilerplate
from aggregator.normalize import text
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_HIDDEN = 500  # elements of a text
MIN_WORDS = 40  # of a `noscript` that may be a text
_MOST = 0.5  # of the words of a text
_MOST_AROUND = 0.6  # of the words of the element around a `noscript`
_HIDDEN = etree.XPath(
    "descendant-or-self::*[@hidden or @style[contains(translate(., ' ', ''), 'display:none')]]"
)
_INVISIBLE = etree.XPath(
    "descendant-or-self::*[self::noscript or @hidden"
    " or @style[contains(translate(., ' ', ''), 'display:none')]]"
)


def show_noscript(body: Any) -> None:
    """Turn a `noscript` into an ordinary element if it has most of the words of the element around it."""
    for element in list(islice(body.iter("noscript"), MAX_HIDDEN)):
        words = text.count_words(element_text(element))
        if words < MIN_WORDS or next(element.iter("p"), None) is None:
            continue
        around = text.count_words(element_text(element.getparent()))
        if words > _MOST_AROUND * around:
            element.tag = "div"


def show_hidden_parts(elements: Sequence[Any]) -> None:
    """Show the hidden parts of a text if they have most of its words."""
    hidden: set[Any] = set()
    for element in elements:
        for part in islice(_HIDDEN(element), MAX_HIDDEN):
            if not is_boilerplate(part):
                hidden.add(part)
    if hidden and _has_most_words(hidden, elements):
        for part in hidden:
            part.attrib.pop("hidden", None)
            part.attrib.pop("style", None)


def count_visible_words(elements: Sequence[Any]) -> float:
    """Return the words of a text without those of its hidden parts, which cleaning removes."""
    words = 0.0
    for element in elements:
        words += text.count_words(element_text(element))
        for part in _invisible_parts(element):
            words -= text.count_words(element_text(part))
    return words


def has_visible_text(elements: Sequence[Any]) -> bool:
    """Return whether a text is more than hidden parts and blanks."""
    for element in elements:
        if not element_text(element).strip():
            continue
        if not _invisible_parts(element) or count_visible_words([element]) > 0:
            return True
    return False


def _invisible_parts(element: Any) -> list[Any]:
    """Return the outermost hidden parts of an element."""
    parts: list[Any] = []
    found: set[Any] = set()
    for part in islice(_INVISIBLE(element), MAX_HIDDEN):
        if not any(ancestor in found for ancestor in part.iterancestors()):
            parts.append(part)
        found.add(part)
    return parts


def _has_most_words(hidden: set[Any], elements: Sequence[Any]) -> bool:
    """Return whether hidden parts have most of a text's words, without those that are shown elsewhere in it."""
    shown_words, hidden_words = 0.0, 0.0
    shown: set[str] = set()
    hidden_blocks = []
    for element in elements:
        for block in split_into_blocks(element):
            if _is_inside(block.element, hidden):
                hidden_blocks.append(block)
            else:
                shown_words += block.words
                shown.add(block.plain)
    for block in hidden_blocks:
        if block.plain not in shown:
            hidden_words += block.words
    return hidden_words > _MOST * (shown_words + hidden_words)


def _is_inside(element: Any, holders: set[Any]) -> bool:
    if element in holders:
        return True
    return any(ancestor in holders for ancestor in element.iterancestors())
