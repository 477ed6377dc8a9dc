"""Finds the lead of an article that stands in front of what its page marks as the text."""

from __future__ import annotations

from copy import deepcopy
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.html.class_names import has_any_word
from aggregator.normalize import text
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LEVELS = 3  # above the text
MAX_ELEMENTS = 2_000  # in front of the text that are looked at
MIN_WORDS = 8
MAX_WORDS = 120
_LEAD_NAMES = """
    lead lede leadtext chapo chapeau standfirst intro introtext introduction dek ingress vorspann entradilla bajada
    copete sommario occhiello catenaccio anrisstext preamble
"""
_LEAD_CLASSES = frozenset(_LEAD_NAMES.split())
_LEAD_TAGS = ("p", "div", "h2", "h3", "section", "header")
_HOLDER_TAGS = frozenset({"div", "article", "section", "main"})
_OUTSIDE_TAGS = ("aside", "nav", "footer", "form", "li", "a")


def put_in_front(copied: Any, body: Any) -> None:
    """Put the lead in front of `body` at the beginning of a copy of it, unless its words are there already."""
    found = find_lead(body)
    if found is None or copied.tag not in _HOLDER_TAGS:
        return
    if _plain(found) in _plain(copied):
        return
    duplicate = deepcopy(found)
    duplicate.tail = copied.text
    copied.text = None
    copied.insert(0, duplicate)


def find_lead(body: Any) -> Any | None:
    """Return the lead in front of an article's text, None if there is none or more than one that may be it.

    It has a lead's class and a few lines of text without links.
    """
    for area in islice(body.iterancestors(), MAX_LEVELS):
        if area.tag in ("body", "html"):
            return None
        leads = list(islice(_leads_before(body, area), 2))
        if leads:
            return leads[0] if len(leads) == 1 else None
    return None


def _leads_before(body: Any, area: Any) -> Iterator[Any]:
    around_body = set(body.iterancestors())
    lead = None
    for element in islice(area.iter(), MAX_ELEMENTS):
        if element is body:
            return
        if element.tag not in _LEAD_TAGS or element in around_body:
            continue
        if lead is not None and lead in element.iterancestors():
            continue
        if has_any_word(element, _LEAD_CLASSES) and _is_lead(element):
            lead = element
            yield element


def _plain(element: Any) -> str:
    return "".join(element_text(element).split())


def _is_lead(element: Any) -> bool:
    if not MIN_WORDS <= text.count_words(element_text(element)) <= MAX_WORDS:
        return False
    if next(element.iter("a", "h1", "form"), None) is not None:
        return False
    return next(element.iterancestors(*_OUTSIDE_TAGS), None) is None
