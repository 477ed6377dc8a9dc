"""The head of a page: its meta elements by name, its links by relation, its title.

Rule: names are compared in lower case, values keep the order of the document, blank ones are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from aggregator.model import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.rules.document import Document

MAX_ELEMENTS = 2_000  # of a kind; pages have 30 to 100
MAX_CHARACTERS = 20_000  # of a value


@dataclass(frozen=True, slots=True)
class Head:
    """What a page says of itself to machines. `title` is the text of `<title>`, `lang` that of `<html lang>`."""

    meta: Mapping[str, tuple[str, ...]]
    links: Mapping[str, tuple[str, ...]]
    title: str | None
    lang: str | None

    def all(self, *names: str) -> Iterator[Found]:
        """Yield the values of meta elements, in the order of the names given."""
        for name in names:
            yield from (Found(value, f"meta:{name}") for value in self.meta.get(name, ()))

    def first(self, *names: str) -> str | None:
        return next((found.value for found in self.all(*names)), None)


def read(document: Document) -> Head:
    """Read the head of a page; meta elements and links count wherever they are, for parsers end a head early."""
    meta: dict[str, list[str]] = {}
    for element in islice(document.root.iter("meta"), MAX_ELEMENTS):
        name = (
            (element.get("property") or element.get("name") or element.get("http-equiv") or "")
            .strip()
            .lower()
        )
        value = (element.get("content") or "").strip()[:MAX_CHARACTERS]
        if name and value:
            meta.setdefault(name, []).append(value)
    links: dict[str, list[str]] = {}
    for element in islice(document.root.iter("link"), MAX_ELEMENTS):
        for relation in (element.get("rel") or "").lower().split()[:5]:
            if address := (element.get("href") or "").strip():
                links.setdefault(relation, []).append(address)
    return Head(
        _frozen(meta),
        _frozen(links),
        _title(document),
        (document.root.get("lang") or "").strip() or None,
    )


def _title(document: Document) -> str | None:
    """Give the first title outside pictures: an SVG has one too."""
    for element in islice(document.root.iter("title"), 20):
        if next(element.iterancestors("svg"), None) is None:
            return " ".join("".join(element.itertext())[:MAX_CHARACTERS].split()) or None
    return None


def _frozen(found: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}
