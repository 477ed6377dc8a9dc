"""The selector language of site rules: one string says where a value is.

Rule: a selector is data. Nothing is evaluated, nothing loops; a selector that does not parse raises ValueError when the
rules load, and one that is loaded never raises.

    h1.title                  text of the first match of a CSS selector
    a.more@href               an attribute of the first match
    a[rel=tag]*               every match, not only the first
    xpath://p[1]/@class       XPath 1.0, every result
    meta:og:image             content of <meta name=…> or <meta property=…>
    ld:NewsArticle.author.name    JSON-LD, type (or * for any) and path; lists are walked
    url:/regex/               the document's own URL: group 1, else the whole match
    const:text                the text itself

A selector may be followed by pipes, each after a space, a bar and a space: `| after: TEXT`, `| before: TEXT`,
`| regex: PATTERN` (group 1, else the match), `| json: a.b[0]`, `| prefix: TEXT`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.sites.json_path import loads, nodes, types, walk
from aggregator.sites.pipe import MAX_REGEX_INPUT, PIPES, Pipe, compile_pipe, compile_regex, group, through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PIPE = re.compile(rf"\s\|\s(?=(?:{'|'.join(PIPES)}):)")
_NAMES = re.compile(r"[.#]([A-Za-z_][\w-]*)(?![^\[]*\])")


@dataclass(frozen=True, slots=True)
class Match:
    """A value that a selector found, where, and the element that holds it (None where no element does)."""

    value: str
    where: str
    element: Any = None


@dataclass(frozen=True)
class Document:
    """A parsed HTML document.

    `source` is what it was parsed from; `kind` begins every provenance in it (`body` for an item's content, `page` for
    a page).
    """

    root: Any
    kind: str
    url: str | None = None
    source: str | None = field(default=None, repr=False)
    base: str = field(default="/html/body/", repr=False)

    @cached_property
    def tree(self) -> Any:
        return self.root.getroottree()

    @cached_property
    def linked_data(self) -> tuple[dict[str, Any], ...]:
        """Every JSON-LD node of the document, nested `@graph` lists opened; broken scripts are passed over."""
        return tuple(
            node
            for script in self.root.iter("script")
            if (script.get("type") or "").lower() == "application/ld+json"
            for node in nodes(loads(script.text or ""))
        )

    def where(self, element: Any) -> str:
        path: str = self.tree.getpath(element)
        return f"{self.kind}:{path.removeprefix(self.base).lstrip('/')}"


@dataclass(frozen=True)
class Selector:
    """A compiled selector; `source` is the text it came from."""

    source: str
    find: Callable[[Document], Iterator[Match]]
    select: Callable[[Document], Iterator[Any]]
    pipes: tuple[Pipe, ...] = ()
    needle: str | None = None

    def __call__(self, document: Document) -> Iterator[Match]:
        """Yield what the selector finds, in document order, blank values left out."""
        if self._is_hopeless(document):
            return
        for match in self.find(document):
            value = through(self.pipes, match.value)
            if value:
                yield Match(value, match.where, match.element)

    def elements(self, document: Document) -> Iterator[Any]:
        """Yield every element that the selector is about, blank ones too."""
        if not self._is_hopeless(document):
            yield from self.select(document)

    def _is_hopeless(self, document: Document) -> bool:
        """Most rules of a site concern other pages of it: a class that the source does not name needs no search."""
        return self.needle is not None and document.source is not None and self.needle not in document.source


@lru_cache(maxsize=4096)
def compile_selector(text: str) -> Selector:
    """Compile one selector. Raises ValueError with a message for the person who wrote it."""
    head, *pipes = _PIPE.split(text.strip())
    head = head.strip()
    return Selector(
        text, _finder(head), _element_finder(head), tuple(compile_pipe(pipe) for pipe in pipes), _needle(head)
    )


def _needle(head: str) -> str | None:
    """The longest class or id that a CSS selector cannot match without; None for other forms and for alternatives."""
    name, _, rest = head.partition(":")
    if (name in _FORMS and rest) or any(mark in head for mark in ",:"):
        return None
    return max(_NAMES.findall(_css_parts(head)[0]), key=len, default=None)


def text_of(element: Any) -> str:
    """The text of an element with `<br>` as a newline, as it stands."""
    return "".join(_pieces(element))


def _pieces(element: Any) -> Iterator[str]:
    for node in element.iter():
        if node is not element and node.tag == "br":
            yield "\n"
        if isinstance(node.tag, str) and node.tag not in ("script", "style") and node.text:
            yield node.text
        if node is not element and node.tail:
            yield node.tail


def _finder(head: str) -> Callable[[Document], Iterator[Match]]:
    name, _, rest = head.partition(":")
    make = _FORMS.get(name)
    if make is not None and rest:
        return make(rest.strip())
    return _css(head)


def _element_finder(head: str) -> Callable[[Document], Iterator[Any]]:
    """The elements themselves, whether or not they hold text: what `remove` needs."""
    name, _, rest = head.partition(":")
    if name in _FORMS and rest and name != "xpath":
        return lambda document: (
            match.element for match in _FORMS[name](rest.strip())(document) if match.element is not None
        )
    path = etree.XPath(rest.strip()) if name == "xpath" else _css_path(_css_parts(head)[0])

    def select(document: Document) -> Iterator[Any]:
        for item in path(document.root):
            element = item.getparent() if isinstance(item, str) and hasattr(item, "getparent") else item
            if isinstance(getattr(element, "tag", None), str):
                yield element

    return select


def _css(head: str) -> Callable[[Document], Iterator[Match]]:
    selector, attribute, every = _css_parts(head)
    path = _css_path(selector)

    def find(document: Document) -> Iterator[Match]:
        for element in path(document.root):
            value = element.get(attribute) if attribute else text_of(element)
            if value and value.strip():
                yield Match(value.strip(), document.where(element), element)
                if not every:
                    return

    return find


def _css_parts(head: str) -> tuple[str, str, bool]:
    """Split `css@attribute*` into its parts; a final `*` after a name means every match, elsewhere it is CSS."""
    every = head.endswith("*") and not head.endswith((" *", ">*", "|*")) and head != "*"
    selector, _, attribute = (head[:-1] if every else head).partition("@")
    return selector.strip(), attribute.strip(), every


@lru_cache(maxsize=4096)
def _css_path(selector: str) -> etree.XPath:
    from cssselect import HTMLTranslator
    from cssselect.parser import SelectorError

    try:
        return etree.XPath(HTMLTranslator().css_to_xpath(selector, prefix="descendant-or-self::"))
    except (SelectorError, etree.XPathError) as e:
        raise ValueError(f"CSS: {e}") from e


def _xpath(expression: str) -> Callable[[Document], Iterator[Match]]:
    try:
        path = etree.XPath(expression)
    except etree.XPathError as e:
        raise ValueError(f"XPath: {e}") from e

    def find(document: Document) -> Iterator[Match]:
        try:
            found = path(document.root)
        except etree.XPathError:
            return
        for item in found if isinstance(found, list) else [found]:
            yield from _xpath_match(document, item)

    return find


def _xpath_match(document: Document, item: Any) -> Iterator[Match]:
    if isinstance(item, (bool, float)):
        return
    element = item.getparent() if isinstance(item, str) and hasattr(item, "getparent") else item
    if isinstance(item, str):
        value = str(item)
        if getattr(item, "is_tail", False):
            element = element.getparent()
    elif isinstance(getattr(item, "tag", None), str):
        value = text_of(item)
    else:
        return
    if value.strip():
        where = document.where(element) if element is not None and not isinstance(element, str) else document.kind
        yield Match(value.strip(), where, element if not isinstance(element, str) else None)


def _meta(name: str) -> Callable[[Document], Iterator[Match]]:
    def find(document: Document) -> Iterator[Match]:
        for element in document.root.iter("meta"):
            stated = (element.get("property") or element.get("name") or element.get("itemprop") or "").lower()
            value = (element.get("content") or "").strip()
            if stated == name.lower() and value:
                yield Match(value, f"meta:{name}", element)

    return find


def _linked_data(expression: str) -> Callable[[Document], Iterator[Match]]:
    kind, _, path = expression.partition(".")
    if not path:
        raise ValueError(f"`ld:{expression}` names no property: write ld:Type.property, or ld:*.property")

    def find(document: Document) -> Iterator[Match]:
        for node in document.linked_data:
            if kind == "*" or kind in types(node):
                for value in walk(node, path):
                    yield Match(value, f"ld:{path}")

    return find


def _url(expression: str) -> Callable[[Document], Iterator[Match]]:
    if len(expression) < 3 or expression[0] != "/" or expression[-1] != "/":
        raise ValueError(f"`url:{expression}` is not of the form url:/regex/")
    pattern = compile_regex(expression[1:-1])

    def find(document: Document) -> Iterator[Match]:
        match = pattern.search(document.url[:MAX_REGEX_INPUT]) if document.url else None
        if match:
            yield Match(group(match), "url")

    return find


def _const(text: str) -> Callable[[Document], Iterator[Match]]:
    def find(_: Document) -> Iterator[Match]:
        yield Match(text, "const")

    return find


_FORMS: dict[str, Callable[[str], Callable[[Document], Iterator[Match]]]] = {
    "xpath": _xpath, "meta": _meta, "ld": _linked_data, "url": _url, "const": _const,
}  # fmt: skip
