"""The nearest selector that matches, for one that matches nothing.

Rule: the fewest changes win, and what it costs is bounded by the page; forms that nobody can relax (XPath, a pattern
over the URL) have none that is near.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from aggregator.rules.filters import PIPES
from aggregator.rules.json_path import at, flat, types
from aggregator.rules.selector import compile_selector
from aggregator.rules.suggest.relax import LONGEST_NAME, MAX_NAMES, SPELLINGS, relaxed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aggregator.rules.selector import Document

MAX_TRIES = 80
MAX_VISITED = 2_000_000  # elements, by all tries together
_PIPE = re.compile(rf"\s\|\s(?=(?:{'|'.join(PIPES)}):)")
_STEP = re.compile(r"[^.]+")
_FIXED = ("xpath", "url", "const")


@dataclass(frozen=True, slots=True)
class Near:
    """A selector that matches, and how many values it finds in all."""

    selector: str
    count: int


def nearest(selector: str, documents: Sequence[Document]) -> Near | None:
    """Find the selector nearest to one that finds nothing in these documents: itself where it finds something.

    A document is a page, or one item of a page. `count` is over all values (`*`) of all documents.
    """
    for written, counting in islice(_tries(selector, documents), _affordable(documents)):
        if found := _count(counting, documents):
            return Near(written, found)
    return None


def _tries(selector: str, documents: Sequence[Document]) -> Iterator[tuple[str, str]]:
    """Yield selectors as they are written, and as their values are counted."""
    head, every, pipes = _taken_apart(selector)
    form, _, rest = head.partition(":")
    words = _WORDS.get(form)
    if words and rest:
        yield from ((f"{form}:{word}{pipes}",) * 2 for word in (rest, *words(rest, documents)))
    elif form in _FIXED and rest:
        yield selector, selector
    else:
        mark = "*" if every else ""
        yield from ((form.text(mark), form.text("*")) for form in relaxed(head, pipes, documents))


def _taken_apart(selector: str) -> tuple[str, bool, str]:
    text = selector.strip()
    pipe = _PIPE.search(text)
    head, pipes = (text[: pipe.start()].rstrip(), text[pipe.start() :]) if pipe else (text, "")
    every = head.endswith("*") and not head.endswith((" *", ">*", "|*")) and head != "*"
    return head[:-1] if every else head, every, pipes


def _affordable(documents: Sequence[Document]) -> int:
    elements = sum(1 for document in documents for _ in islice(document.root.iter(), MAX_VISITED))
    return max(2, min(MAX_TRIES, MAX_VISITED // max(elements, 1)))


def _count(selector: str, documents: Iterable[Document]) -> int:
    try:
        find = compile_selector(selector)
    except ValueError:
        return 0
    if find.data is not None:
        return sum(
            1 for document in documents for value in find.data(document) for _ in flat(value)
        )
    return sum(1 for document in documents for _ in find(document))


def _meta_names(name: str, documents: Sequence[Document]) -> Iterator[str]:
    """Yield names of `meta` elements that look like one, then those that end alike (`title` -> `og:title`)."""
    known = dict.fromkeys(
        stated.strip().lower()[:LONGEST_NAME]
        for document in documents
        for element in islice(document.root.iter("meta"), MAX_NAMES)
        if (stated := element.get("property") or element.get("name") or element.get("itemprop"))
    )
    yield from get_close_matches(name.lower(), known, n=SPELLINGS)
    last = name.lower().rpartition(":")[2]
    yield from (other for other in known if other.rpartition(":")[2] == last)


def _data_paths(expression: str, documents: Sequence[Document]) -> Iterator[str]:
    """Yield the same path in nodes of a type that is there, then paths whose first step is spelled as there."""
    kind, _, path = expression.partition(".")
    first, dot, rest = path.partition(".")
    data = list(
        islice(chain.from_iterable(document.linked_data for document in documents), MAX_NAMES)
    )
    yield from (
        f"{name}.{path}" for name in dict.fromkeys(name for node in data for name in types(node))
    )
    keys = dict.fromkeys(
        str(key)[:LONGEST_NAME] for node in data for key in islice(node, MAX_NAMES)
    )
    for key in get_close_matches(first, keys, n=SPELLINGS):
        yield f"{kind}.{key}{dot}{rest}"
        yield f"*.{key}{dot}{rest}"


def _json_paths(path: str, documents: Sequence[Document]) -> Iterator[str]:
    """Yield the path with each step spelled as the nearest key that is there."""
    there: list[Any] = [document.data for document in documents]
    steps: list[str] = []
    for step in _STEP.findall(path):
        nodes = [
            node
            for value in there
            for node in islice(flat(value), MAX_NAMES)
            if isinstance(node, dict)
        ]
        keys = dict.fromkeys(
            str(key)[:LONGEST_NAME] for node in nodes for key in islice(node, MAX_NAMES)
        )
        name, index = step.partition("[")[0], step[len(step.partition("[")[0]) :]
        near = [name] if name in keys else get_close_matches(name, keys, n=1)
        if not near:
            return
        steps.append(f"{near[0]}{index}")
        there = [value for node in nodes for value in at(node, steps[-1])]
    yield ".".join(steps)


_WORDS: dict[str, Callable[[str, Sequence[Document]], Iterator[str]]] = {
    "meta": _meta_names,
    "ld": _data_paths,
    "json": _json_paths,
}
