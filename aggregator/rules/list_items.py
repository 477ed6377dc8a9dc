"""Finds the items of a list, and whether the list's container is there.

An item is a document of its own (`Document.item`). An empty list is fine, a missing one is not:
so the container, which is the selector without its last step, can be searched for too.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.normalize.text import count_words
from aggregator.rules.json_path import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.rules.selector import Document, Selector

_HEADLINE_WORDS = 3
_FEWEST_HEADLINES = 3
_LAST_STEP = re.compile(r"/{1,2}(?:[^/\[\]]|\[(?:[^\[\]\"']|\"[^\"]*\"|'[^']*'|\[[^\[\]]*\])*\])+$")


def find_items(selector: Selector, document: Document) -> Iterator[Document]:
    """Yield the items that a selector finds: elements of the page, or values of its JSON."""
    if selector.json_values is None:
        for element in selector.elements(document):
            yield document.item(root=element)
        return

    for value in selector.json_values(document):
        for node in flatten(value):
            yield document.item(data=node)


def has_container(selector: Selector, document: Document) -> bool:
    """Return whether the container of the items is there.

    False for a selector of one step, which names no container.
    """
    if selector.json_values is not None:
        return any(isinstance(value, list) for value in selector.json_values(document))
    return bool(_containers(selector, document))


def is_empty_list(selector: Selector, document: Document) -> bool:
    """Return whether the container of the items is there and holds no headlines."""
    if not has_container(selector, document):
        return False
    return selector.json_values is not None or not _has_headlines(_containers(selector, document))


def _containers(selector: Selector, document: Document) -> list[Any]:
    path = _container_path(selector.source.strip())
    if path is None:
        return []
    try:
        return list(path(document.root))
    except etree.XPathError:
        return []


def _has_headlines(containers: Sequence[Any]) -> bool:
    """Tell whether elements hold several links whose texts are as long as headlines.

    The items of such a list are there, only the selector does not find them any more.
    """
    targets = set()
    for container in containers:
        for link in container.iter("a"):
            text = " ".join(link.itertext())
            if count_words(text) >= _HEADLINE_WORDS:
                targets.add(link.get("href"))
    return len(targets) >= _FEWEST_HEADLINES


@lru_cache(maxsize=256)
def _container_path(source: str) -> Any | None:
    form, _, rest = source.partition(":")
    if form == "xpath":
        return _xpath_container(rest.strip())
    return _css_container(source)


def _xpath_container(expression: str) -> Any | None:
    shorter = _LAST_STEP.sub("", expression)
    if shorter in ("", ".", expression):
        return None
    try:
        return etree.XPath(shorter)
    except etree.XPathError:
        return None


def _css_container(source: str) -> Any | None:
    """Take the last compound off each alternative of a selector (`ul.list > li.x` -> `ul.list`)."""
    from cssselect import HTMLTranslator, parse
    from cssselect.parser import SelectorError

    translator = HTMLTranslator()
    paths = []
    try:
        for alternative in parse(source):
            tree: Any = alternative.parsed_tree
            if getattr(tree, "combinator", None):
                paths.append(f"descendant-or-self::{translator.xpath(tree.selector)}")
    except SelectorError:
        return None

    if not paths:
        return None
    return etree.XPath(" | ".join(paths))
