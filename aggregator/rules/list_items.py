"""The items that a selector finds in a document, and whether what holds them is there.

Rule: an item is a document of its own (`Document.item`). A list that is there and empty is fine; one that is gone is
not, so a selector can be asked for its container: what it says before its last step.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.rules.json_path import flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.rules.selector import Document, Selector

_LAST_STEP = re.compile(r"/{1,2}(?:[^/\[\]]|\[(?:[^\[\]\"']|\"[^\"]*\"|'[^']*'|\[[^\[\]]*\])*\])+$")


def items(selector: Selector, document: Document) -> Iterator[Document]:
    """Yield the items that a selector finds: elements of the page, or values of the JSON it leads to."""
    if selector.data is None:
        yield from (document.item(root=element) for element in selector.elements(document))
        return
    for value in selector.data(document):
        yield from (document.item(data=node) for node in flat(value))


def container(selector: Selector, document: Document) -> bool:
    """Tell whether what would hold the items is there; False for a selector of one step, which names no container."""
    if selector.data is not None:
        return any(isinstance(value, list) for value in selector.data(document))
    path = _container_path(selector.source.strip())
    try:
        return path is not None and bool(path(document.root))
    except etree.XPathError:
        return False


@lru_cache(maxsize=256)
def _container_path(source: str) -> Any | None:
    form, _, rest = source.partition(":")
    if form == "xpath":
        shorter = _LAST_STEP.sub("", rest.strip())
        return (
            etree.XPath(shorter)
            if shorter not in ("", ".", rest.strip()) and _is_xpath(shorter)
            else None
        )
    return _css_container(source)


def _is_xpath(expression: str) -> bool:
    try:
        etree.XPath(expression)
    except etree.XPathError:
        return False
    return True


def _css_container(source: str) -> Any | None:
    """Every alternative of a CSS selector, each without its last compound (`ul.list > li.x` -> `ul.list`)."""
    from cssselect import HTMLTranslator, parse
    from cssselect.parser import SelectorError

    translator = HTMLTranslator()
    try:
        trees: list[Any] = [one.parsed_tree for one in parse(source)]
        parents = [
            translator.xpath(tree.selector) for tree in trees if getattr(tree, "combinator", None)
        ]
    except SelectorError:
        return None
    return (
        etree.XPath(" | ".join(f"descendant-or-self::{parent}" for parent in parents))
        if parents
        else None
    )
