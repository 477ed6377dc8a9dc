"""The selector language of site rules: one string says where a value is.

Rule: a selector is data. Nothing is evaluated, nothing loops; a selector that does not parse raises ValueError when the
rules load, and one that is loaded never raises.

    h1.title                  text of the first match of a CSS selector
    a.more@href               an attribute of the first match
    @href                     an attribute of the item itself
    a[rel=tag]*               every match, not only the first
    xpath://p[1]/@class       XPath 1.0, every result
    meta:og:image             content of <meta name=…> or <meta property=…>
    ld:NewsArticle.author.name    JSON-LD, type (or * for any) and path; lists are walked
    json:a.b[0].c             decoded JSON, where the document or the item is some; lists are walked
    url:/regex/               the document's own URL: group 1, else the whole match
    const:text                the text itself

A selector may be followed by pipes, each after a space, a bar and a space: `| after: TEXT`, `| before: TEXT`,
`| regex: PATTERN` (group 1, else the match), `| json: a.b[0]`, `| prefix: TEXT`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.rules.document import Document, Match, text_of
from aggregator.rules.filters import (
    MAX_REGEX_INPUT,
    PIPES,
    Pipe,
    compile_pipe,
    compile_regex,
    group,
    through,
)
from aggregator.rules.json_path import at, leading, types, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PIPE = re.compile(rf"\s\|\s(?=(?:{'|'.join(PIPES)}):)")
_JSON_PIPE = re.compile(r"json:\s*(?P<quote>[\"']?)(?P<path>.+?)(?P=quote)\s*", re.DOTALL)
_NAMES = re.compile(r"[.#]([A-Za-z_][\w-]*)(?![^\[]*\])")


@dataclass(frozen=True)
class Selector:
    """A compiled selector; `source` is the text it came from.

    `data` gives the JSON values it is about as they are, None for a selector that is about elements.
    """

    source: str
    find: Callable[[Document], Iterator[Match]]
    select: Callable[[Document], Iterator[Any]]
    pipes: tuple[Pipe, ...] = ()
    needle: str | None = None
    data: Callable[[Document], Iterator[Any]] | None = None

    def __call__(
        self, document: Document, *, found: dict[Any, list[Match]] | None = None
    ) -> Iterator[Match]:
        """Give what the selector finds, in document order, blank values left out.

        `found` keeps what was found in this document before, for selectors that differ in their pipes only; nobody
        changes the document meanwhile.
        """
        if self._is_hopeless(document):
            return iter(())
        if found is None:
            matches: Iterable[Match] = self.find(document)
        elif (known := found.get(self.find)) is not None:
            matches = known
        else:
            matches = found[self.find] = list(self.find(document))
        return self._piped(matches) if self.pipes else iter(matches)

    def elements(self, document: Document) -> Iterator[Any]:
        """Yield every element that the selector is about, blank ones too."""
        if not self._is_hopeless(document):
            yield from self.select(document)

    def _piped(self, matches: Iterable[Match]) -> Iterator[Match]:
        for match in matches:
            if value := through(self.pipes, match.value):
                yield Match(value, match.where, match.element)

    def _is_hopeless(self, document: Document) -> bool:
        """Most rules of a site concern other pages of it: a class that the source does not name needs no search."""
        return (
            self.needle is not None
            and document.source is not None
            and self.needle not in document.marks
        )


@lru_cache(maxsize=4096)
def compile_selector(text: str) -> Selector:
    """Compile one selector. Raises ValueError with a message for the person who wrote it."""
    head, *pipes = _PIPE.split(text.strip())
    head = head.strip()
    find, compiled = _finder(head), tuple(compile_pipe(pipe) for pipe in pipes)
    return Selector(
        text,
        find,
        _element_finder(head),
        compiled,
        _needle(head),
        _data_finder(head, pipes, find, compiled),
    )


def _needle(head: str) -> str | None:
    """The longest class or id that a CSS selector cannot match without; None for other forms and for alternatives."""
    name, _, rest = head.partition(":")
    if (name in _FORMS and rest) or any(mark in head for mark in ",:"):
        return None
    return max(_NAMES.findall(_css_parts(head)[0]), key=len, default=None)


def _finder(head: str) -> Callable[[Document], Iterator[Match]]:
    name, _, rest = head.partition(":")
    make = _FORMS.get(name)
    if make is not None and rest:
        return make(rest.strip())
    return _css(head)


def _data_finder(
    head: str,
    pipes: list[str],
    find: Callable[[Document], Iterator[Match]],
    compiled: tuple[Pipe, ...],
) -> Callable[[Document], Iterator[Any]] | None:
    """JSON values at a path, whole: of the document's JSON, or of the text that the last pipe reads as JSON."""
    form, _, path = head.partition(":")
    if form == "json" and path and not pipes:
        return lambda document: at(document.data, path.strip())
    last = _JSON_PIPE.fullmatch(pipes[-1].strip()) if pipes else None
    if last is None:
        return None

    def values(document: Document) -> Iterator[Any]:
        for match in find(document):
            text = through(compiled[:-1], match.value)
            if text:
                yield from at(leading(text), last["path"])

    return values


def _element_finder(head: str) -> Callable[[Document], Iterator[Any]]:
    """The elements themselves, whether or not they hold text: what `remove` needs."""
    name, _, rest = head.partition(":")
    if name in _FORMS and rest and name != "xpath":
        return lambda document: (
            match.element
            for match in _FORMS[name](rest.strip())(document)
            if match.element is not None
        )
    path = _tried(rest.strip()) if name == "xpath" else _css_path(_css_parts(head)[0])

    def select(document: Document) -> Iterator[Any]:
        for item in path(document.own if name == "xpath" else document.root):
            element = (
                item.getparent() if isinstance(item, str) and hasattr(item, "getparent") else item
            )
            if isinstance(getattr(element, "tag", None), str):
                yield element

    return select


def _css(head: str) -> Callable[[Document], Iterator[Match]]:
    selector, attribute, every = _css_parts(head)
    if not selector and not attribute:
        raise ValueError("a selector is missing")
    path = _css_path(selector)

    def find(document: Document) -> Iterator[Match]:
        for element in path(document.root):
            value = element.get(attribute) if attribute else _own_text(element, selector)
            if value and value.strip():
                yield Match(value.strip(), document.where(element), element)
                if not every:
                    return

    return find


def _own_text(element: Any, selector: str) -> str:
    """A script is no text of what it stands in, but it is its own where a selector names it."""
    return (
        element.text or "" if element.tag == "script" and "script" in selector else text_of(element)
    )


def _css_parts(head: str) -> tuple[str, str, bool]:
    """Split `css@attribute*` into its parts; a final `*` after a name means every match, elsewhere it is CSS."""
    every = head.endswith("*") and not head.endswith((" *", ">*", "|*")) and head != "*"
    selector, _, attribute = (head[:-1] if every else head).partition("@")
    return selector.strip(), attribute.strip(), every


@lru_cache(maxsize=4096)
def _css_path(selector: str) -> etree.XPath:
    from cssselect import HTMLTranslator
    from cssselect.parser import SelectorError

    if not selector:  # `@href` alone: of the item itself
        return etree.XPath("self::*")
    try:
        return _tried(HTMLTranslator().css_to_xpath(selector, prefix="descendant-or-self::"))
    except (SelectorError, etree.XPathError) as e:
        raise ValueError(f"CSS: {e}") from e


def _tried(expression: str) -> etree.XPath:
    """Compile XPath and ask it once: a prefix or a function that nobody knows (`x|p`) shows only then."""
    path = etree.XPath(expression)
    path(etree.Element("html"))
    return path


@lru_cache(maxsize=4096)
def _xpath(expression: str) -> Callable[[Document], Iterator[Match]]:
    try:
        path = _tried(expression)
    except etree.XPathError as e:
        raise ValueError(f"XPath: {e}") from e

    def find(document: Document) -> Iterator[Match]:
        try:
            found = path(document.own)
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
        where = (
            document.where(element)
            if element is not None and not isinstance(element, str)
            else document.kind
        )
        yield Match(value.strip(), where, element if not isinstance(element, str) else None)


def _meta(name: str) -> Callable[[Document], Iterator[Match]]:
    def find(document: Document) -> Iterator[Match]:
        for element in document.root.iter("meta"):
            stated = (
                element.get("property") or element.get("name") or element.get("itemprop") or ""
            ).lower()
            value = (element.get("content") or "").strip()
            if stated == name.lower() and value:
                yield Match(value, f"meta:{name}", element)

    return find


def _linked_data(expression: str) -> Callable[[Document], Iterator[Match]]:
    kind, _, path = expression.partition(".")
    if not path:
        raise ValueError(
            f"`ld:{expression}` names no property: write ld:Type.property, or ld:*.property"
        )

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


def _json(path: str) -> Callable[[Document], Iterator[Match]]:
    def find(document: Document) -> Iterator[Match]:
        for value in walk(document.data, path):
            yield Match(value, f"json:{path}")

    return find


def _const(text: str) -> Callable[[Document], Iterator[Match]]:
    def find(_: Document) -> Iterator[Match]:
        yield Match(text, "const")

    return find


_FORMS: dict[str, Callable[[str], Callable[[Document], Iterator[Match]]]] = {
    "xpath": _xpath,
    "meta": _meta,
    "ld": _linked_data,
    "json": _json,
    "url": _url,
    "const": _const,
}

__all__ = ["Document", "Match", "Selector", "compile_selector", "text_of"]
