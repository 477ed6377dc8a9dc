"""What the body of a page marks up as an article: microdata (`itemprop`) and microformats (h-entry, hAtom).

Rule: a property belongs to the nearest item around it, so that comments and teasers, which are items of their own, say
nothing of the article. The article is the item that holds the page's only h1 or its own text; of several that could be
it, none is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.model import Found
from aggregator.rules.document import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.rules.document import Document

MAX_ITEMS = 200  # of a page, and
MAX_PROPERTIES = 1_000  # of an item that are looked at


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How a markup names things: the attribute of its properties, its items, and the properties of each field."""

    attribute: str
    items: etree.XPath
    owner: str
    marked: etree.XPath
    properties: Mapping[str, tuple[str, ...]]


def _classes(*names: str) -> str:
    return " or ".join(
        f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')" for name in names
    )


MICRODATA = Vocabulary(
    "itemprop",
    etree.XPath(
        "//*[@itemscope][contains(@itemtype, 'Article') or contains(@itemtype, 'BlogPosting')"
        " or contains(@itemtype, 'SocialMediaPosting')]"
    ),
    "itemscope",
    etree.XPath(".//*[@itemprop]"),
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
    "class",
    etree.XPath(f"//*[{_classes('h-entry', 'hentry')}]"),
    "class",
    etree.XPath(
        ".//*[contains(@class, '-')or contains(@class, 'published') or contains(@class, 'updated')"
        " or contains(@class, 'author')]"
    ),
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
_VALUES = {
    "meta": "content",
    "time": "datetime",
    "link": "href",
    "data": "value",
    "img": "src",
    "abbr": "title",
}
_ADDRESSES = {
    "a": "href",
    "img": "src",
    "link": "href",
    "meta": "content",
    "source": "src",
    "object": "data",
}


@dataclass(frozen=True)
class Item:
    """The article's item, and where its properties are."""

    vocabulary: Vocabulary
    elements: Mapping[str, tuple[Any, ...]]

    def values(self, field: str) -> tuple[Found, ...]:
        """Give the values of a field, best first."""
        names = self.vocabulary.properties[field]
        return tuple(
            Found(value, self.where(name))
            for name in names
            for element in self.elements.get(name, ())
            if (value := _value(element))
        )

    def names(self) -> tuple[Found, ...]:
        """Give the names of its authors: of an item within it its name, else the text."""
        return tuple(
            Found(value, self.where(name))
            for name in self.vocabulary.properties["authors"]
            for element in self.elements.get(name, ())
            if (value := _name(element, self.vocabulary))
        )

    def addresses(self, field: str) -> tuple[Found, ...]:
        """Give the addresses of a field, as they are written."""
        return tuple(
            Found(value.strip(), self.where(name))
            for name in self.vocabulary.properties[field]
            for element in self.elements.get(name, ())
            for value in _addresses(element)
        )

    def bodies(self) -> tuple[tuple[Any, str], ...]:
        """Give the elements that hold the article's text, and where."""
        return tuple(
            (element, self.where(name))
            for name in self.vocabulary.properties["content"]
            for element in self.elements.get(name, ())
        )

    def where(self, name: str) -> str:
        return f"page:{name}"


def read(document: Document) -> tuple[Item, ...]:
    """Give the article's items: of microdata, then of microformats; none that is in doubt."""
    source = document.source
    found: list[Item] = []
    for vocabulary, words in ((MICRODATA, ("itemprop",)), (MICROFORMATS, ("h-entry", "hentry"))):
        if source is None or any(word in source for word in words):
            found.extend(_items(document, vocabulary))
    return tuple(found)


def _items(document: Document, vocabulary: Vocabulary) -> Iterator[Item]:
    roots = list(islice(vocabulary.items(document.root), MAX_ITEMS))
    if not roots and vocabulary is MICRODATA:
        roots = [document.root]  # properties of no item, which many templates write
    root = roots[0] if len(roots) == 1 else _main(roots)
    if root is not None:
        yield Item(vocabulary, _properties(root, vocabulary))


def _main(roots: list[Any]) -> Any | None:
    """The outermost item with a first heading; the only one of them."""
    holders = [root for root in roots if next(root.iterdescendants("h1"), None) is not None]
    return (
        holders[0]
        if holders and all(holders[0] in other.iterancestors() for other in holders[1:])
        else None
    )


def _properties(root: Any, vocabulary: Vocabulary) -> Mapping[str, tuple[Any, ...]]:
    wanted = {name for names in vocabulary.properties.values() for name in names}
    found: dict[str, list[Any]] = {}
    for element in islice(vocabulary.marked(root), MAX_PROPERTIES):
        names = [
            name
            for name in (element.get(vocabulary.attribute) or "").split()[:40]
            if name in wanted
        ]
        if names and _owner(element, vocabulary, root) is root:
            for name in names:
                found.setdefault(name, []).append(element)
    return {name: tuple(elements) for name, elements in found.items()}


def _owner(element: Any, vocabulary: Vocabulary, root: Any) -> Any:
    """The nearest item around an element."""
    return next(
        (one for one in element.iterancestors() if one is root or _is_item(one, vocabulary)), None
    )


def _is_item(element: Any, vocabulary: Vocabulary) -> bool:
    if vocabulary is MICRODATA:
        return element.get("itemscope") is not None
    return not _ROOT_CLASSES.isdisjoint((element.get("class") or "").split())


def _value(element: Any) -> str | None:
    name = _VALUES.get(element.tag)
    stated = (
        element.get("content") or (element.get(name) if name else None) or element.get("datetime")
    )
    return (stated or text_of(element)).strip() or None


def _name(element: Any, vocabulary: Vocabulary) -> str | None:
    if not _is_item(element, vocabulary):
        return (
            _value(element)
            if element.tag in ("meta", "span", "a", "div", "p", "address", "li", "h4")
            else None
        )
    inner = element.xpath(
        ".//*[@itemprop='name']" if vocabulary is MICRODATA else f".//*[{_classes('p-name', 'fn')}]"
    )
    if inner:
        return _value(inner[0])
    return text_of(element).strip() or None if vocabulary is MICROFORMATS else None


def _addresses(element: Any) -> Iterator[str]:
    """Yield the address of an element; an image that is an item of its own holds it in `url` or in a picture."""
    name = _ADDRESSES.get(element.tag)
    if name and (value := element.get(name)):
        yield value
    elif element.get("itemscope") is not None:
        for path in (".//*[@itemprop='url' or @itemprop='contentUrl']", ".//img[@src]"):
            yield from (
                value
                for one in element.xpath(path)[:3]
                if (value := one.get(_ADDRESSES.get(one.tag, "content")))
            )
