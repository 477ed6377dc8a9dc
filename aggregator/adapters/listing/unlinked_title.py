"""Finds the headline of an item whose link does not say it: `Headline <a>Read more</a>`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.article import byline_dates
from aggregator.adapters.listing.card_date import ElementValue, elements_of, is_date_element
from aggregator.normalize.text import count_words
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_MIN_WORDS = 3
_LONGEST_CHARACTERS = 300
_MAX_DISTANCE = 12
_BOLD_TAGS = ("b", "strong", "dt", "th")
_TEXT_TAGS = ("td", "p", "div", "span", "li", "dd")
_LINK_NAMES = """
    article details doc docx download epub here html link odt open page pdf permalink read source txt url view watch
    web website
"""
_LINK_WORDS = frozenset(_LINK_NAMES.split())


def names_only_link(text: str) -> bool:
    """Tell whether the text of a link names the file or the link (`PDF`), not the item."""
    return text.strip("[](){}<>»›→#. ").casefold() in _LINK_WORDS


def find_unlinked_title(item: Any, link: Any) -> ElementValue | None:
    """Return the first bold text beside a link, else the first other, else the item's own text.

    Dates, and texts of less than three words, are none.
    """
    around = set(islice(link.iterancestors(), _MAX_DISTANCE))
    inside = set(link.iter())
    for tags in (_BOLD_TAGS, _TEXT_TAGS):
        for element in elements_of(item):
            if element.tag not in tags or element in around or element in inside:
                continue
            text = " ".join(element_text(element).split())
            if not is_date_element(element) and _is_title(text):
                return ElementValue(text, element)

    text = " ".join("".join(_own_texts(item, link)).split())
    if _is_title(text):
        return ElementValue(text, link)
    return None


def _own_texts(item: Any, link: Any) -> Iterator[str]:
    """Yield the texts that stand directly in the item, or in its line if it is in one."""
    holder = link.getparent() if item is not link else item
    yield holder.text or ""
    for child in holder:
        yield child.tail or ""


def _is_title(text: str) -> bool:
    if len(text) > _LONGEST_CHARACTERS or count_words(text) < _MIN_WORDS:
        return False
    return text not in byline_dates.find_dates(text)
