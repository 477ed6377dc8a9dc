"""CSS selectors as people copy them from a browser.

cssselect turns most of them into XPath, which lxml runs fast. It does not know all of CSS: what it
refuses, and `:has()`, which it takes in part, soupsieve runs over BeautifulSoup's tree of the same page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.rules.document import SelectorMatch, element_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bs4 import Tag
    from soupsieve import SoupSieve

    from aggregator.rules.document import Document

    SelectElements = Callable[[Any], Sequence[Any]]

_ATTRIBUTE = re.compile(r"@\s*(?P<name>[\w:.-]*)\s*$")
# What cssselect accepts and understands otherwise than browsers do.
_SOUP_ALONE = (":has(",)


@dataclass(frozen=True, slots=True)
class CssParts:
    """The parts of `css@attribute*`; `every` is whether all matches count."""

    selector: str
    attribute: str
    every: bool


def split_css(head: str) -> CssParts:
    """Return the parts of a selector; an `@` within it, as in `a[href*="@2x"]`, is its own."""
    css, every = split_every_mark(head)
    match = _ATTRIBUTE.search(css)
    if match is None:
        return CssParts(css.strip(), "", every)
    return CssParts(css[: match.start()].strip(), match["name"], every)


def split_every_mark(head: str) -> tuple[str, bool]:
    """Take off a final `*` that asks for every match; tells whether there was one.

    Only after a name it asks for that: alone and after a combinator it is CSS for any element.
    """
    is_mark = head.endswith("*") and not head.endswith((" *", ">*", "|*")) and head != "*"
    if is_mark:
        return head[:-1], True
    return head, False


def find_css(parts: CssParts, document: Document) -> Iterator[SelectorMatch]:
    """Yield the texts or attributes that a selector finds in a document, those that are not blank."""
    for element in compile_css(parts.selector)(document.root):
        if parts.attribute:
            value = element.get(parts.attribute, "")
        else:
            value = _own_text(element, parts.selector)

        value = value.strip()
        if value:
            yield SelectorMatch(value, document.where(element), element)
            if not parts.every:
                return


@lru_cache(maxsize=4096)
def compile_css(selector: str) -> SelectElements:
    """Return what finds the elements below and including one, in the order of the document.

    Raises: ValueError for what is no CSS.
    """
    from cssselect import HTMLTranslator
    from cssselect.parser import SelectorError

    select: SelectElements
    if not selector:  # `@href` alone: of the item itself
        select = etree.XPath("self::*")
        return select
    if any(name in selector for name in _SOUP_ALONE):
        return _compile_soup(selector)
    try:
        xpath = HTMLTranslator().css_to_xpath(selector, prefix="descendant-or-self::")
        select = compile_xpath(xpath)
    except (SelectorError, etree.XPathError) as e:
        try:
            return _compile_soup(selector)
        except ValueError:
            raise ValueError(f"CSS: {e}") from e
    return select


def compile_xpath(expression: str) -> Any:
    """Compile XPath and run it once: an unknown prefix or function (`x|p`) shows only then."""
    path = etree.XPath(expression)
    path(etree.Element("html"), title="")
    return path


def _own_text(element: Any, selector: str) -> str:
    """Return an element's text; that of a script only if the selector names scripts."""
    names_scripts = "script" in selector
    if element.tag == "script" and names_scripts:
        return element.text or ""
    return element_text(element)


def _compile_soup(selector: str) -> SelectElements:
    import soupsieve

    try:
        # Browsers take `:has(a b)`, which soupsieve calls too complex.
        sieve = soupsieve.compile(selector, flags=soupsieve.NOSTRICT)
    except (soupsieve.SelectorSyntaxError, NotImplementedError) as e:
        reason = str(e).partition("\n")[0]
        raise ValueError(f"CSS: {reason}") from e
    return lambda root: _select_in_soup(sieve, root)


def _select_in_soup(sieve: SoupSieve, root: Any) -> list[Any]:
    twins = _twins_of(root)
    tag = twins.tag_of[root]
    found = sieve.select(tag)
    if sieve.match(tag):
        found.insert(0, tag)
    return [twins.element_of[id(one)] for one in found]


class _Twins:
    """The elements of a tree of lxml, each with its tag in a tree of BeautifulSoup that is equal."""

    def __init__(self, root: Any) -> None:
        from bs4 import BeautifulSoup

        self.root = root
        self.soup = BeautifulSoup("", "html.parser")
        self.tag_of: dict[Any, Tag] = {}
        self.element_of: dict[int, Any] = {}
        for element in root.iter():
            parent = self.tag_of.get(element.getparent(), self.soup)
            if isinstance(element.tag, str):  # neither a comment nor an instruction
                parent.append(self._make_tag(element))
            if element.tail and element is not root:
                parent.append(element.tail)  # its own children go into its tag later

    def _make_tag(self, element: Any) -> Tag:
        tag = self.soup.new_tag(element.tag, attrs=dict(element.attrib))
        if "class" in element.attrib:
            tag["class"] = element.attrib["class"].split()
        if element.text:
            tag.append(element.text)
        self.tag_of[element] = tag
        self.element_of[id(tag)] = element
        return tag


_last_twins: list[_Twins] = []


def _twins_of(element: Any) -> _Twins:
    """Return the twins of the whole tree of an element; those of the last tree are kept.

    A rule that removed elements meanwhile makes them anew.
    """
    root = element.getroottree().getroot()
    size = sum(1 for _ in root.iter(etree.Element))
    if _last_twins and _last_twins[0].root is root and len(_last_twins[0].tag_of) == size:
        return _last_twins[0]
    _last_twins[:] = [_Twins(root)]
    return _last_twins[0]
