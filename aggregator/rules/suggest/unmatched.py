"""Finds the selectors that match nothing, and suggests the nearest one that matches for each.

The candidates of a rule are alternatives: they are reported only if none of them matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.rules.list_items import items
from aggregator.rules.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.rules.compiled import Field, Listing
    from aggregator.rules.selector import Document, Selector
    from aggregator.rules.suggest import Near

AUTO = "auto"
ITEMS = 50  # of a list that are searched


@dataclass(frozen=True, slots=True)
class Silent:
    """A selector that matches nothing; `path` is its key in the rules (`items`, `fields.title`)."""

    path: str
    selector: str
    near: Near | None

    def __str__(self) -> str:
        message = f"selector {self.selector} matches nothing"
        if self.near is None:
            return message
        return f"{message}, nearest is {self.near.selector} ({self.near.count})"


def silent_in_list(listing: Listing, page: Document) -> tuple[Silent, ...]:
    """Return the selectors of a list that match nothing on its page.

    Those of fields are checked only if there are items.
    """
    found_items = _first_items(listing, page)
    silent: list[Silent] = []
    if not found_items:
        silent += _report_unmatched("items", listing.items, [page])
    else:
        for name, rule in listing.fields.items():
            silent += _report_unmatched(f"fields.{name}", _selectors(rule), found_items)

    silent += _report_unmatched("next", listing.next, [page])
    return tuple(silent)


def silent_in_article(
    body: Sequence[Selector], fields: Mapping[str, Field], page: Document
) -> tuple[Silent, ...]:
    """Return the selectors of an article that match nothing on its page."""
    silent = _report_unmatched("article.body", body, [page])
    for name, rule in fields.items():
        silent += _report_unmatched(f"article.fields.{name}", _selectors(rule), [page])
    return tuple(silent)


def _first_items(listing: Listing, page: Document) -> list[Document]:
    """Return the items of the first selector that finds any, at most ITEMS of them."""
    for selector in listing.items:
        found = list(items(selector, page))[:ITEMS]
        if found:
            return found
    return []


def _selectors(rule: Field) -> list[Selector]:
    return [selector for selector, _ in rule.candidates]


def _report_unmatched(
    path: str, selectors: Sequence[Selector], documents: Sequence[Document]
) -> list[Silent]:
    """Return all selectors if none of them matches in any document, else none."""
    for selector in selectors:
        if any(_matches(selector, document) for document in documents):
            return []

    silent = []
    for selector in selectors:
        near = nearest(selector.source, documents)
        silent.append(Silent(path, selector.source, near))
    return silent


def _matches(selector: Selector, document: Document) -> bool:
    if selector.source == AUTO:
        return True
    if selector.data is not None and next(selector.data(document), None) is not None:
        return True
    return next(selector(document), None) is not None
