"""Finds the selectors that match nothing, and suggests the nearest one that matches for each.

The candidates of a rule are alternatives: they are reported only if none of them matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.rules.list_items import find_items
from aggregator.rules.suggest import suggest_selector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.rules.compiled import CompiledField, CompiledListing
    from aggregator.rules.selector import Document, Selector
    from aggregator.rules.suggest import Suggestion

AUTO = "auto"
MAX_ITEMS = 50  # of a list that are searched


@dataclass(frozen=True, slots=True)
class UnmatchedSelector:
    """A selector that matches nothing; `path` is its key in the rules (`items`, `fields.title`)."""

    path: str
    selector: str
    suggestion: Suggestion | None

    def __str__(self) -> str:
        message = f"selector {self.selector} matches nothing"
        if self.suggestion is None:
            return message
        return f"{message}, nearest is {self.suggestion.selector} ({self.suggestion.count})"


def find_unmatched_in_list(
    listing: CompiledListing, page: Document
) -> tuple[UnmatchedSelector, ...]:
    """Return the selectors of a list that match nothing on its page.

    Those of fields are checked only if there are items.
    """
    found_items = _first_items(listing, page)
    silent: list[UnmatchedSelector] = []
    if not found_items:
        silent += _report_unmatched("items", listing.items, [page])
    else:
        for name, rule in listing.fields.items():
            silent += _report_unmatched(f"fields.{name}", _selectors(rule), found_items)

    silent += _report_unmatched("next", listing.next, [page])
    return tuple(silent)


def find_unmatched_in_article(
    body: Sequence[Selector], fields: Mapping[str, CompiledField], page: Document
) -> tuple[UnmatchedSelector, ...]:
    """Return the selectors of an article that match nothing on its page."""
    silent = _report_unmatched("article.body", body, [page])
    for name, rule in fields.items():
        silent += _report_unmatched(f"article.fields.{name}", _selectors(rule), [page])
    return tuple(silent)


def _first_items(listing: CompiledListing, page: Document) -> list[Document]:
    """Return the items of the first selector that finds any, at most ITEMS of them."""
    for selector in listing.items:
        found = list(find_items(selector, page))[:MAX_ITEMS]
        if found:
            return found
    return []


def _selectors(rule: CompiledField) -> list[Selector]:
    return [selector for selector, _ in rule.candidates]


def _report_unmatched(
    path: str, selectors: Sequence[Selector], documents: Sequence[Document]
) -> list[UnmatchedSelector]:
    """Return all selectors if none of them matches in any document, else none."""
    for selector in selectors:
        if any(_matches(selector, document) for document in documents):
            return []

    silent = []
    for selector in selectors:
        near = suggest_selector(selector.source, documents)
        silent.append(UnmatchedSelector(path, selector.source, near))
    return silent


def _matches(selector: Selector, document: Document) -> bool:
    if selector.source == AUTO:
        return True
    if selector.json_values is not None and next(selector.json_values(document), None) is not None:
        return True
    return next(selector(document), None) is not None
