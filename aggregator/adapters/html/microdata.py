"""Reads the markup of an article in the body of a page: microdata (`itemprop`) and microformats (h-entry, hAtom).

A property belongs to the nearest item around it. Comments and teasers are items of their own, so their properties
do not count for the article. The article is the only item, or the outermost one with an h1; if several items could be
the article, none is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.model import Candidate
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.rules.document import Document

MAX_ITEMS = 200  # of a page
MAX_PROPERTIES = 1_000  # elements of an item that are looked at
_MAX_NAMES = 40  # of one element
_MAX_URLS = 3  # of one image that is an item


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How one markup writes articles: which elements are items, which hold properties, and their names.

    The source of a page without any of `words` has no such items. `attribute` holds the names of an element's
    properties; `properties` are those names by field, best first.
    """

    words: tuple[str, ...]
    attribute: str
    items: etree.XPath
    property_elements: etree.XPath
    person_name: etree.XPath
    properties: Mapping[str, tuple[str, ...]]


def _has_class(*names: str) -> str:
    """Return an XPath condition: the element has one of these classes."""
    conditions = [
        f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')" for name in names
    ]
    return " or ".join(conditions)


MICRODATA = Vocabulary(
    ("itemprop",),
    "itemprop",
    etree.XPath(
        "//*[@itemscope][contains(@itemtype, 'Article') or contains(@itemtype, 'BlogPosting')"
        " or contains(@itemtype, 'SocialMediaPosting')]"
    ),
    etree.XPath(".//*[@itemprop]"),
    etree.XPath(".//*[@itemprop='name']"),
    {
        "title": ("headline", "name"),
        "published": ("datePublished",),
        "updated": ("dateModified",),
        "authors": ("author", "creator"),
        "content": ("articleBody",),
        "summary": ("description",),
        "image": ("image", "thumbnailUrl"),
        "tags": ("keywords",),
        "language": ("inLanguage",),
    },
)
MICROFORMATS = Vocabulary(
    ("h-entry", "hentry"),
    "class",
    etree.XPath(f"//*[{_has_class('h-entry', 'hentry')}]"),
    etree.XPath(
        ".//*[contains(@class, '-') or contains(@class, 'published') or contains(@class, 'updated')"
        " or contains(@class, 'author')]"
    ),
    etree.XPath(f".//*[{_has_class('p-name', 'fn')}]"),
    {
        "title": ("p-name", "entry-title"),
        "published": ("dt-published", "published"),
        "updated": ("dt-updated", "updated"),
        "authors": ("p-author", "author"),
        "content": ("e-content", "entry-content"),
        "summary": ("p-summary",),
        "image": ("u-featured", "u-photo"),
        "tags": ("p-category",),
        "language": (),
    },
)
_ROOT_CLASSES = frozenset({"h-entry", "hentry", "h-card", "vcard", "h-cite", "h-feed", "h-event"})
_PERSON_TAGS = frozenset({"meta", "span", "a", "div", "p", "address", "li", "h4"})
_VALUE_ATTRIBUTES = {
    "meta": "content",
    "time": "datetime",
    "link": "href",
    "data": "value",
    "img": "src",
    "abbr": "title",
}
_URL_ATTRIBUTES = {
    "a": "href",
    "img": "src",
    "link": "href",
    "meta": "content",
    "source": "src",
    "object": "data",
}
_URL_PROPERTY = etree.XPath(".//*[@itemprop='url' or @itemprop='contentUrl']")
_PICTURE = etree.XPath(".//img[@src]")


@dataclass(frozen=True)
class MarkupItem:
    """The article's item; `elements` are those of its properties, by property name."""

    vocabulary: Vocabulary
    elements: Mapping[str, tuple[Any, ...]]

    def values(self, field: str) -> tuple[Candidate, ...]:
        """Return the values of a field, best first."""
        values = []
        for name, element in self._elements_of(field):
            value = _read_value(element)
            if value:
                values.append(Candidate(value, _where(name)))
        return tuple(values)

    def author_names(self) -> tuple[Candidate, ...]:
        """Return the names of the authors: the name of an inner item, else the element's text."""
        names = []
        for name, element in self._elements_of("authors"):
            value = _read_name(element, self.vocabulary)
            if value:
                names.append(Candidate(value, _where(name)))
        return tuple(names)

    def urls(self, field: str) -> tuple[Candidate, ...]:
        """Return the URLs of a field, unresolved."""
        urls = []
        for name, element in self._elements_of(field):
            for url in _find_urls(element):
                urls.append(Candidate(url.strip(), _where(name)))
        return tuple(urls)

    def body_elements(self) -> tuple[tuple[Any, str], ...]:
        """Return the elements that hold the article's text, each with its provenance."""
        return tuple((element, _where(name)) for name, element in self._elements_of("content"))

    def _elements_of(self, field: str) -> Iterator[tuple[str, Any]]:
        """Yield the elements of a field, each with the name of its property."""
        for name in self.vocabulary.properties[field]:
            for element in self.elements.get(name, ()):
                yield name, element


def read(document: Document) -> tuple[MarkupItem, ...]:
    """Return the article's items, microdata first; none of a markup in which it is unclear."""
    items = []
    for vocabulary in (MICRODATA, MICROFORMATS):
        item = _read_item(document, vocabulary)
        if item is not None:
            items.append(item)
    return tuple(items)


def _may_use(document: Document, vocabulary: Vocabulary) -> bool:
    """Search the source for the markup's words: much cheaper than XPath over the tree."""
    source = document.source
    if source is None:
        return True
    return any(word in source for word in vocabulary.words)


def _read_item(document: Document, vocabulary: Vocabulary) -> MarkupItem | None:
    if not _may_use(document, vocabulary):
        return None
    roots = list(islice(vocabulary.items(document.root), MAX_ITEMS))
    if not roots and vocabulary is MICRODATA:
        # Many templates write properties outside of any item: they are the page's.
        roots = [document.root]

    root = _choose_root(roots)
    if root is None:
        return None
    elements = _elements_by_property(root, vocabulary)
    return MarkupItem(vocabulary, elements)


def _choose_root(roots: list[Any]) -> Any | None:
    """Return the only item, else the item with an h1 that is around all others with one; None if there is none."""
    if len(roots) == 1:
        return roots[0]

    outermost = None
    for root in roots:
        heading = next(root.iterdescendants("h1"), None)
        if heading is None:
            continue
        if outermost is None:
            outermost = root
        elif outermost not in root.iterancestors():
            return None
    return outermost


def _elements_by_property(root: Any, vocabulary: Vocabulary) -> Mapping[str, tuple[Any, ...]]:
    wanted: set[str] = set()
    for names in vocabulary.properties.values():
        wanted.update(names)

    elements: dict[str, list[Any]] = {}
    for element in islice(vocabulary.property_elements(root), MAX_PROPERTIES):
        all_names = element.get(vocabulary.attribute, "").split()
        own_names = [name for name in all_names[:_MAX_NAMES] if name in wanted]
        if not own_names:
            continue
        item = _enclosing_item(element, vocabulary, root)
        if item is not root:
            continue
        for name in own_names:
            elements.setdefault(name, []).append(element)
    return {name: tuple(found) for name, found in elements.items()}


def _enclosing_item(element: Any, vocabulary: Vocabulary, root: Any) -> Any | None:
    """Return the nearest item around an element; `root` is one, whatever its markup."""
    for ancestor in element.iterancestors():
        if ancestor is root or _is_item(ancestor, vocabulary):
            return ancestor
    return None


def _is_item(element: Any, vocabulary: Vocabulary) -> bool:
    if vocabulary is MICRODATA:
        return element.get("itemscope") is not None
    classes = element.get("class", "").split()
    return not _ROOT_CLASSES.isdisjoint(classes)


def _read_value(element: Any) -> str | None:
    """Return the machine-readable value of an element, else its text; None if that is blank."""
    own_attribute = _VALUE_ATTRIBUTES.get(element.tag, "content")
    for attribute in ("content", own_attribute, "datetime"):
        value = element.get(attribute, "")
        if value:
            return value.strip() or None
    return _read_text(element)


def _read_text(element: Any) -> str | None:
    stripped = element_text(element).strip()
    return stripped or None


def _read_name(element: Any, vocabulary: Vocabulary) -> str | None:
    """Return the name of a person or organization, None if the element gives none."""
    if not _is_item(element, vocabulary):
        return _read_value(element) if element.tag in _PERSON_TAGS else None

    inner = vocabulary.person_name(element)
    if inner:
        return _read_value(inner[0])
    if vocabulary is MICROFORMATS:
        return _read_text(element)
    return None


def _find_urls(element: Any) -> Iterator[str]:
    """Yield the URL of an element; an image that is an item has it in `url` or in a picture."""
    own_url = _read_url(element, default=None)
    if own_url:
        yield own_url
    elif element.get("itemscope") is not None:
        inner = [*_URL_PROPERTY(element)[:_MAX_URLS], *_PICTURE(element)[:_MAX_URLS]]
        for one in inner:
            url = _read_url(one, default="content")
            if url:
                yield url


def _read_url(element: Any, *, default: str | None) -> str | None:
    """Return the URL in an element's attribute; tags without one have it in the attribute `default`."""
    attribute = _URL_ATTRIBUTES.get(element.tag, default)
    if attribute is None:
        return None
    url: str | None = element.get(attribute)
    return url


def _where(name: str) -> str:
    return f"page:{name}"
