"""Selectors that find nothing where they should, each with the nearest that does.

Rule: candidates stand for one another, so they are silent only together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.rules.list_items import items
from aggregator.rules.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aggregator.rules.compiled import Field, Listing
    from aggregator.rules.selector import Document, Selector
    from aggregator.rules.suggest import Near

AUTO = "auto"
ITEMS = 50  # of a list that are looked into


@dataclass(frozen=True, slots=True)
class Silent:
    """A selector that finds nothing; `path` is where it is written (`items`, `fields.title`)."""

    path: str
    selector: str
    near: Near | None

    def __str__(self) -> str:
        near = f", nearest is {self.near.selector} ({self.near.count})" if self.near else ""
        return f"selector {self.selector} matches nothing{near}"


def silent_in_list(listing: Listing, page: Document) -> tuple[Silent, ...]:
    """Tell which rules of a list find nothing on its page; those of fields only where there are items."""
    found = next(
        (of for selector in listing.items if (of := list(items(selector, page))[:ITEMS])), []
    )
    silent = [] if found else list(_silent("items", listing.items, [page]))
    if found:
        for name, rule in listing.fields.items():
            silent += _silent(f"fields.{name}", _candidates(rule), found)
    return (*silent, *_silent("next", listing.next, [page]))


def silent_in_article(
    body: Sequence[Selector], fields: Mapping[str, Field], page: Document
) -> tuple[Silent, ...]:
    """Tell which rules of an article find nothing on its page."""
    silent = list(_silent("article.body", body, [page]))
    for name, rule in fields.items():
        silent += _silent(f"article.fields.{name}", _candidates(rule), [page])
    return tuple(silent)


def _candidates(rule: Field) -> list[Selector]:
    return [selector for selector, _ in rule.candidates]


def _silent(
    path: str, selectors: Sequence[Selector], documents: Sequence[Document]
) -> Iterator[Silent]:
    if any(_finds(selector, document) for selector in selectors for document in documents):
        return
    for selector in selectors:
        yield Silent(path, selector.source, nearest(selector.source, documents))


def _finds(selector: Selector, document: Document) -> bool:
    if selector.source == AUTO:
        return True
    if selector.data is not None and next(selector.data(document), None) is not None:
        return True
    return next(selector(document), None) is not None
