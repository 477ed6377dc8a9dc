"""What a selector looks into: a parsed page, an item's content, one item of a list, or decoded JSON.

Rule: an item is a document of its own. What is read of it comes from within it; only where the page is, and what its
links resolve against, is the page's.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.normalize.url import absolute
from aggregator.rules.json_path import loads, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLASSES = etree.XPath("descendant-or-self::*/@class", smart_strings=False)
_IDS = etree.XPath("descendant-or-self::*/@id", smart_strings=False)


@dataclass(frozen=True, slots=True)
class Match:
    """A value that a selector found, where, and the element that holds it (None where no element does)."""

    value: str
    where: str
    element: Any = None


@dataclass(frozen=True)
class Document:
    """A parsed HTML document, decoded JSON, or one item of either.

    `source` is what it was parsed from; `kind` begins every provenance in it (`body` for an item's content, `page` for
    a page). `data` is decoded JSON, None where there is none; `page` is what an item is an item of.
    """

    root: Any
    kind: str
    url: str | None = None
    source: str | None = field(default=None, repr=False)
    base: str = field(default="/html/body/", repr=False)
    data: Any = field(default=None, repr=False)
    page: Document | None = field(default=None, repr=False)

    @cached_property
    def tree(self) -> Any:
        return self.root.getroottree()

    @cached_property
    def home(self) -> str:
        """What relative links resolve against: the page's `<base href>` (HTML §4.2.3), else its URL, "" for neither."""
        if self.page is not None:
            return self.page.home
        stated = next(
            (element.get("href") for element in self.root.iter("base") if element.get("href")), None
        )
        return (absolute(stated, base=self.url) if stated else None) or self.url or ""

    @cached_property
    def linked_data(self) -> tuple[dict[str, Any], ...]:
        """Every JSON-LD node of the document, nested `@graph` lists opened; broken scripts are passed over."""
        return tuple(
            node
            for script in self.root.iter("script")
            if (script.get("type") or "").lower() == "application/ld+json"
            for node in nodes(loads(script.text or ""))
        )

    @cached_property
    def marks(self) -> str:
        """Every class and id in the document, as they stand."""
        return "\n".join(chain(_CLASSES(self.root), _IDS(self.root)))

    @cached_property
    def own(self) -> Any:
        """The root of a tree that holds this document and nothing else: of an item a copy, made when XPath needs it."""
        return self.root if self.page is None else deepcopy(self.root)

    def item(self, *, root: Any = None, data: Any = None) -> Document:
        """One item of this document: an element of it, or a value of its JSON."""
        return Document(
            etree.Element("html") if root is None else root,
            self.kind,
            self.url,
            base="",
            data=data,
            page=self,
        )

    def where(self, element: Any) -> str:
        """Say where an element is: its path in the document; in an item the names of the elements that lead to it."""
        if self.page is not None:
            return f"{self.kind}:{self._within(element)}"
        path: str = self.tree.getpath(element)
        return f"{self.kind}:{path.removeprefix(self.base).lstrip('/')}"

    def _within(self, element: Any) -> str:
        names = [str(element.tag)]
        while element is not self.root and (element := element.getparent()) is not None:
            names.append(str(element.tag))
        return "/".join(reversed(names[:-1] or names))


def text_of(element: Any) -> str:
    """The text of an element with `<br>` as a newline, as it stands."""
    return "".join(pieces(element))


def pieces(element: Any) -> Iterator[str]:
    """Yield the texts that an element is made of, in order; those of scripts and styles are none."""
    for node in element.iter():
        if node is not element and node.tag == "br":
            yield "\n"
        if isinstance(node.tag, str) and node.tag not in ("script", "style") and node.text:
            yield node.text
        if node is not element and node.tail:
            yield node.tail
