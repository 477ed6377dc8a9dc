"""The documents that selectors search: a page, an item's content, one item of a list, decoded JSON.

An item is a document of its own: its values come from within it. Only its URL and the base of
relative links are those of its page.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.normalize.url import absolute_url
from aggregator.rules.json_path import iter_nodes, load_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Nodes whose text is not part of the text around them. A comment's tag is the function `Comment`.
_NO_TEXT = frozenset({"script", "style", etree.Comment, etree.ProcessingInstruction, etree.Entity})
MAX_META = 2_000  # meta elements of a page; pages have 30 to 100
_META_NAMES = ("property", "name", "itemprop")
_CLASSES = etree.XPath("descendant-or-self::*/@class", smart_strings=False)
_IDS = etree.XPath("descendant-or-self::*/@id", smart_strings=False)


@dataclass(frozen=True, slots=True)
class SelectorMatch:
    """A value that a selector found, where, and the element that holds it (None if none does)."""

    value: str
    where: str
    element: Any = None


@dataclass(frozen=True)
class Document:
    """A parsed HTML document, decoded JSON, or one item of either.

    `source` is the text that it was parsed from. `kind` begins each provenance in it (`body` for
    an item's content, `page` for a page). `data` is decoded JSON, None if there is none. `page` is
    the document of an item, None for a whole document. `title` is the title of the item whose
    content this is, "" elsewhere. `notes` say what a person should know of a whole document.
    """

    root: Any
    kind: str
    url: str | None = None
    source: str | None = field(default=None, repr=False)
    path_prefix: str = field(default="/html/body/", repr=False)
    data: Any = field(default=None, repr=False)
    page: Document | None = field(default=None, repr=False)
    title: str = ""
    notes: tuple[str, ...] = ()

    @cached_property
    def tree(self) -> Any:
        return self.root.getroottree()

    @cached_property
    def base_url(self) -> str:
        """The base of relative links: `<base href>` (HTML §4.2.3), else the URL, "" for neither."""
        if self.page is not None:
            return self.page.base_url

        url = self.url or ""
        for element in self.root.iter("base"):
            href = element.get("href")
            if href:
                return absolute_url(href, base=self.url) or url
        return url

    @cached_property
    def linked_data(self) -> tuple[dict[str, Any], ...]:
        """Every JSON-LD node of the document, with those of `@graph`; broken scripts are skipped."""
        found: list[dict[str, Any]] = []
        for script in self.root.iter("script"):
            if script.get("type", "").lower() == "application/ld+json":
                found.extend(iter_nodes(load_json(script.text or "")))
        return tuple(found)

    @cached_property
    def class_and_id_text(self) -> str:
        """Every class and id in the document, as written."""
        return "\n".join(chain(_CLASSES(self.root), _IDS(self.root)))

    @cached_property
    def standalone_root(self) -> Any:
        """The root of a tree of this document alone.

        For an item it is a copy: XPath that begins at the root would leave the item otherwise.
        """
        if self.page is None:
            return self.root
        return deepcopy(self.root)

    def item(self, *, root: Any = None, data: Any = None) -> Document:
        """Return one item of this document: an element of it, or a value of its JSON."""
        if root is None:
            root = etree.Element("html")
        return Document(
            root,
            self.kind,
            self.url,
            path_prefix="",
            data=data,
            page=self,
        )

    def where(self, element: Any) -> str:
        """Return where an element is, as provenance.

        In a document it is the element's path, in an item the names of the elements that lead
        to it.
        """
        if self.page is not None:
            return f"{self.kind}:{self._names_down_to(element)}"
        path: str = self.tree.getpath(element)
        return f"{self.kind}:{path.removeprefix(self.path_prefix).lstrip('/')}"

    def _names_down_to(self, element: Any) -> str:
        """Return the names from the item down to an element, without the item's own."""
        names = [str(element.tag)]
        while element is not self.root:
            element = element.getparent()
            if element is None:
                break
            names.append(str(element.tag))

        if len(names) > 1:
            names.pop()
        return "/".join(reversed(names))


@dataclass(frozen=True, slots=True)
class MetaElement:
    """What a `meta` element states: its name in lower case, and its content."""

    name: str
    content: str
    element: Any


def iter_meta(root: Any, *, name_from: Sequence[str] = _META_NAMES) -> Iterator[MetaElement]:
    """Yield the meta elements that have a name and a content, in the order of the document.

    They count wherever they are, because parsers end a head early. `name_from` are the attributes
    that name an element; the first that is not empty does.
    """
    for element in islice(root.iter("meta"), MAX_META):
        name = _first_attribute(element, name_from)
        content = element.get("content", "").strip()
        if name and content:
            yield MetaElement(name, content, element)


def _first_attribute(element: Any, attributes: Sequence[str]) -> str:
    for attribute in attributes:
        value: str = element.get(attribute, "")
        if value:
            return value.strip().lower()
    return ""


def element_text(element: Any) -> str:
    """Return the text of an element as written, with `<br>` as a newline."""
    return "".join(text_pieces(element))


def text_pieces(element: Any) -> Iterator[str]:
    """Yield the texts that make up an element, in order, without those of scripts and styles."""
    if element.text and element.tag not in _NO_TEXT:
        yield element.text

    for node in element.iterdescendants():
        if node.tag == "br":
            yield "\n"
        if node.text and node.tag not in _NO_TEXT:
            yield node.text
        if node.tail:
            yield node.tail
