"""The selector language of site rules: one string names where a value is.

A selector that does not parse raises ValueError when the rules are loaded. One that is loaded
never raises.

    h1.title                  text of the first match of a CSS selector
    a.more@href               an attribute of the first match
    @href                     an attribute of the item itself
    a[rel=tag]*               every match, not only the first
    xpath://p[1]/@class       XPath 1.0, every result
    meta:og:image             content of <meta name=…> or <meta property=…>
    ld:NewsArticle.author.name    JSON-LD, type (or * for any) and path; lists are walked
    json:a.b[0].c             decoded JSON, if the document or the item is JSON; lists are walked
    url:/regex/               the document's own URL: group 1, else the whole match
    const:text                the text itself

A selector may be followed by pipes, each after a space, a bar and a space: `| after: TEXT`, `| before: TEXT`,
`| regex: PATTERN` (group 1, else the match), `| json: a.b[0]`, `| prefix: TEXT`, `| split: PATTERN` (each part).
In XPath, `$title` is the title of the item whose text is searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.rules.css import compile_css, compile_xpath, find_css, split_css, split_every_mark
from aggregator.rules.document import Document, SelectorMatch, element_text, iter_meta
from aggregator.rules.filters import (
    MAX_REGEX_CHARACTERS,
    PIPE_START,
    Pipe,
    apply_pipes,
    compile_pipe,
    compile_regex,
    match_text,
)
from aggregator.rules.json_path import find_strings, find_values, load_leading_json, node_types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    # Both search a document; the first returns values, the second elements or JSON values.
    FindMatches = Callable[[Document], Iterator[SelectorMatch]]
    FindNodes = Callable[[Document], Iterator[Any]]

_JSON_PIPE = re.compile(r"json:\s*(?P<quote>[\"']?)(?P<path>.+?)(?P=quote)\s*", re.DOTALL)
_NAMES = re.compile(r"[.#]([A-Za-z_][\w-]*)(?![^\[]*\])")


@dataclass(frozen=True)
class Selector:
    """A compiled selector; `source` is the text that it was compiled from.

    `needle` is a class or an id without which nothing matches, None if no such name is known.
    `data` finds JSON values as they are, None for a selector of elements.
    """

    source: str
    find: FindMatches
    select: FindNodes
    pipes: tuple[Pipe, ...] = ()
    required_name: str | None = None
    json_values: FindNodes | None = None

    def __call__(
        self, document: Document, *, found: dict[Any, list[SelectorMatch]] | None = None
    ) -> Iterator[SelectorMatch]:
        """Return what the selector finds, in document order, without blank values.

        `found` keeps the matches in this document for selectors that differ in their pipes only.
        The document must not change between calls with the same `found`.
        """
        if self._cannot_match(document):
            return iter(())

        matches = self._find_once(document, found)
        if self.pipes:
            return self._apply_pipes(matches)
        return iter(matches)

    def elements(self, document: Document) -> Iterator[Any]:
        """Yield every element that the selector names, blank ones too."""
        if not self._cannot_match(document):
            yield from self.select(document)

    def _find_once(
        self, document: Document, found: dict[Any, list[SelectorMatch]] | None
    ) -> Iterable[SelectorMatch]:
        if found is None:
            return self.find(document)
        if self.find not in found:
            found[self.find] = list(self.find(document))
        return found[self.find]

    def _apply_pipes(self, matches: Iterable[SelectorMatch]) -> Iterator[SelectorMatch]:
        for match in matches:
            for value in apply_pipes(self.pipes, match.value):
                if value:
                    yield SelectorMatch(value, match.where, match.element)

    def _cannot_match(self, document: Document) -> bool:
        """Return whether the source lacks a name that the selector needs.

        Most rules of a site are for other pages than the one at hand: this saves their searches.
        """
        if self.required_name is None or document.source is None:
            return False
        return self.required_name not in document.class_and_id_text


@lru_cache(maxsize=4096)
def compile_selector(text: str) -> Selector:
    """Compile one selector. Raises ValueError with a message for the person who wrote it."""
    head, *pipe_texts = PIPE_START.split(text.strip())
    head = head.strip()
    find = _compile_matches(head)
    pipes = tuple(compile_pipe(pipe) for pipe in pipe_texts)
    return Selector(
        text,
        find,
        _compile_elements(head),
        pipes,
        _find_required_name(head),
        _compile_data(head, pipe_texts, find, pipes),
    )


def _split_form(head: str) -> tuple[str, str]:
    """Split `meta:og:image` into its form and the rest; the form of CSS is `css`."""
    form, _, rest = head.partition(":")
    if form in _FORMS and rest:
        return form, rest.strip()
    return "css", head


def _find_required_name(head: str) -> str | None:
    """Return the longest class or id that a CSS selector cannot match without.

    None for other forms than CSS, and for alternatives and pseudo-classes.
    """
    form, _ = _split_form(head)
    if form != "css" or "," in head or ":" in head:
        return None
    return max(_NAMES.findall(split_css(head).selector), key=len, default=None)


def _compile_matches(head: str) -> FindMatches:
    form, argument = _split_form(head)
    if form == "css":
        return _css(head)
    return _FORMS[form](argument)


def _compile_data(
    head: str, pipe_texts: list[str], find: FindMatches, pipes: tuple[Pipe, ...]
) -> FindNodes | None:
    """Return what finds whole JSON values: in the document, or in text that the last pipe decodes."""
    form, path = _split_form(head)
    if not pipe_texts:
        if form == "json":
            return lambda document: find_values(document.data, path)
        return None

    last_pipe = _JSON_PIPE.fullmatch(pipe_texts[-1].strip())
    if last_pipe is None:
        return None

    def find_in_scripts(document: Document) -> Iterator[Any]:
        for match in find(document):
            for text in apply_pipes(pipes[:-1], match.value):
                if text:
                    yield from find_values(load_leading_json(text), last_pipe["path"])

    return find_in_scripts


def _compile_elements(head: str) -> FindNodes:
    """Return what finds the elements, with or without text, as `remove` needs them."""
    form, argument = _split_form(head)
    if form == "css":
        select = compile_css(split_css(head).selector)
        return lambda document: _elements_in(select(document.root))
    if form == "xpath":
        path = compile_xpath(argument)
        return lambda document: _elements_in(path(document.standalone_root, title=document.title))

    find = _FORMS[form](argument)

    def find_elements(document: Document) -> Iterator[Any]:
        for match in find(document):
            if match.element is not None:
                yield match.element

    return find_elements


def _elements_in(results: Iterable[Any]) -> Iterator[Any]:
    """Yield the elements of XPath results; of a text or an attribute the one that has it."""
    for result in results:
        element = result
        if isinstance(result, str):
            element = _owner(result)
        if _is_element(element):
            yield element


def _owner(text: Any) -> Any | None:
    """Return the element that an XPath result of text was taken from, None if none was."""
    if hasattr(text, "getparent"):
        return text.getparent()
    return None


def _is_element(node: Any) -> bool:
    """Return whether a node is an element; the tag of a comment is a function."""
    return isinstance(getattr(node, "tag", None), str)


def _css(head: str) -> FindMatches:
    parts = split_css(head)
    if not parts.selector and not parts.attribute:
        raise ValueError("a selector is missing")
    return partial(find_css, parts)


@lru_cache(maxsize=4096)
def _xpath(expression: str) -> FindMatches:
    try:
        path = compile_xpath(expression)
    except etree.XPathError as e:
        raise ValueError(f"XPath: {e}") from e

    def find(document: Document) -> Iterator[SelectorMatch]:
        try:
            results = path(document.standalone_root, title=document.title)
        except etree.XPathError:
            return

        if not isinstance(results, list):
            results = [results]
        for result in results:
            match = _xpath_match(document, result)
            if match is not None:
                yield match

    return find


def _xpath_match(document: Document, result: Any) -> SelectorMatch | None:
    if isinstance(result, str):
        value, element = str(result), _owner(result)
        # Text behind an element belongs to that element in lxml, and to its parent in HTML.
        if element is not None and getattr(result, "is_tail", False):
            element = element.getparent()
    elif _is_element(result):
        value, element = element_text(result), result
    else:  # a number, a boolean, a comment
        return None

    value = value.strip()
    if not value:
        return None
    where = document.kind if element is None else document.where(element)
    return SelectorMatch(value, where, element)


def _meta(name: str) -> FindMatches:
    lowered = name.lower()

    def find(document: Document) -> Iterator[SelectorMatch]:
        for meta in iter_meta(document.root):
            if meta.name == lowered:
                yield SelectorMatch(meta.content, f"meta:{name}", meta.element)

    return find


def _linked_data(expression: str) -> FindMatches:
    kind, _, path = expression.partition(".")
    if not path:
        raise ValueError(
            f"`ld:{expression}` names no property: write ld:Type.property, or ld:*.property"
        )

    def find(document: Document) -> Iterator[SelectorMatch]:
        for node in document.linked_data:
            if kind != "*" and kind not in node_types(node):
                continue
            for value in find_strings(node, path):
                yield SelectorMatch(value, f"ld:{path}")

    return find


def _url(expression: str) -> FindMatches:
    if len(expression) < 3 or expression[0] != "/" or expression[-1] != "/":
        raise ValueError(f"`url:{expression}` is not of the form url:/regex/")
    pattern = compile_regex(expression[1:-1])

    def find(document: Document) -> Iterator[SelectorMatch]:
        if not document.url:
            return
        match = pattern.search(document.url[:MAX_REGEX_CHARACTERS])
        if match:
            yield SelectorMatch(match_text(match), "url")

    return find


def _json(path: str) -> FindMatches:
    def find(document: Document) -> Iterator[SelectorMatch]:
        for value in find_strings(document.data, path):
            yield SelectorMatch(value, f"json:{path}")

    return find


def _const(text: str) -> FindMatches:
    def find(_: Document) -> Iterator[SelectorMatch]:
        yield SelectorMatch(text, "const")

    return find


_FORMS: dict[str, Callable[[str], FindMatches]] = {
    "xpath": _xpath,
    "meta": _meta,
    "ld": _linked_data,
    "json": _json,
    "url": _url,
    "const": _const,
}

__all__ = [
    "Document",
    "Selector",
    "SelectorMatch",
    "compile_selector",
    "element_text",
    "split_every_mark",
]
