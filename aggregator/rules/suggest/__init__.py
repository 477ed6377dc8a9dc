"""For a selector that matches nothing, finds the nearest one that matches.

Fewest changes first. The work is bounded by the size of the page. XPath, `url:` and `const:`
selectors cannot be relaxed, so nothing is suggested for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from aggregator.rules.document import iter_meta
from aggregator.rules.filters import PIPE_START
from aggregator.rules.json_path import find_values, flatten, node_types
from aggregator.rules.selector import compile_selector, split_every_mark
from aggregator.rules.suggest.relax import LONGEST_NAME, MAX_NAMES, MAX_SPELLINGS, relaxations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aggregator.rules.selector import Document, Selector

MAX_TRIES = 80
MAX_VISITED_ELEMENTS = 2_000_000  # elements, by all tries together
_STEP = re.compile(r"[^.]+")
_FIXED_FORMS = ("xpath", "url", "const")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A selector that matches, and how many values it finds in all."""

    selector: str
    count: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A selector to try: as it would be suggested, and in the form that counts all its values."""

    suggestion: str
    counting: str


def suggest_selector(selector: str, documents: Sequence[Document]) -> Suggestion | None:
    """Find the selector nearest to one that finds nothing in these documents.

    A document is a page, or one item of a page. A selector that finds something is its own
    nearest. `count` is over all values (`*`) of all documents.
    """
    candidates = _candidates(selector, documents)
    for candidate in islice(candidates, _affordable_tries(documents)):
        count = _count(candidate.counting, documents)
        if count:
            return Suggestion(candidate.suggestion, count)
    return None


def _candidates(selector: str, documents: Sequence[Document]) -> Iterator[_Candidate]:
    """Yield the selectors to try, nearest first, beginning with the selector itself."""
    head, every, pipes = _split_selector(selector)
    form, _, rest = head.partition(":")
    suggest_words = _WORDS.get(form)

    if rest and suggest_words:
        for word in chain((rest,), suggest_words(rest, documents)):
            text = f"{form}:{word}{pipes}"
            yield _Candidate(text, text)
        return
    if rest and form in _FIXED_FORMS:
        yield _Candidate(selector, selector)
        return

    mark = ""
    if every:
        mark = "*"
    for css in relaxations(head, pipes, documents):
        yield _Candidate(css.render(mark), css.render("*"))


def _split_selector(selector: str) -> tuple[str, bool, str]:
    """Split a selector into its head, whether it asks for every match (`*`), and its pipes."""
    head, pipes = selector.strip(), ""
    pipe = PIPE_START.search(head)
    if pipe:
        head, pipes = head[: pipe.start()].rstrip(), head[pipe.start() :]

    head, every = split_every_mark(head)
    return head, every, pipes


def _affordable_tries(documents: Sequence[Document]) -> int:
    elements = 0
    for document in documents:
        elements += sum(1 for _ in islice(document.root.iter(), MAX_VISITED_ELEMENTS))
    return max(2, min(MAX_TRIES, MAX_VISITED_ELEMENTS // max(elements, 1)))


def _count(selector: str, documents: Iterable[Document]) -> int:
    """Count the values that a selector finds in all documents; 0 for one that does not compile."""
    try:
        compiled = compile_selector(selector)
    except ValueError:
        return 0
    return sum(_count_in(document, compiled) for document in documents)


def _count_in(document: Document, selector: Selector) -> int:
    if selector.json_values is None:
        return sum(1 for _ in selector(document))

    count = 0
    for value in selector.json_values(document):
        count += sum(1 for _ in flatten(value))
    return count


def _meta_names(name: str, documents: Sequence[Document]) -> Iterator[str]:
    """Yield `meta` names spelled alike, then those with the same end (`title` -> `og:title`)."""
    names: dict[str, None] = {}
    for document in documents:
        for meta in islice(iter_meta(document.root), MAX_NAMES):
            names[meta.name[:LONGEST_NAME]] = None

    yield from get_close_matches(name.lower(), names, n=MAX_SPELLINGS)

    last_word = name.lower().rpartition(":")[2]
    for other in names:
        if other.rpartition(":")[2] == last_word:
            yield other


def _linked_data_paths(expression: str, documents: Sequence[Document]) -> Iterator[str]:
    """Yield the path in nodes of the types that are there, then with its first step respelled."""
    kind, _, path = expression.partition(".")
    first, dot, rest = path.partition(".")
    all_nodes = chain.from_iterable(document.linked_data for document in documents)
    nodes = list(islice(all_nodes, MAX_NAMES))

    all_types = dict.fromkeys(chain.from_iterable(node_types(node) for node in nodes))
    for node_type in all_types:
        yield f"{node_type}.{path}"

    for key in get_close_matches(first, _keys(nodes), n=MAX_SPELLINGS):
        yield f"{kind}.{key}{dot}{rest}"
        yield f"*.{key}{dot}{rest}"


def _json_paths(path: str, documents: Sequence[Document]) -> Iterator[str]:
    """Yield the path with each step spelled as the nearest key that is there."""
    values: list[Any] = [document.data for document in documents]
    steps: list[str] = []
    for step in _STEP.findall(path):
        nodes = _objects(values)
        keys = _keys(nodes)
        name, bracket, index = step.partition("[")
        if name not in keys:
            close = get_close_matches(name, keys, n=1)
            if not close:
                return
            name = close[0]

        steps.append(f"{name}{bracket}{index}")
        values = list(chain.from_iterable(find_values(node, steps[-1]) for node in nodes))
    yield ".".join(steps)


def _objects(values: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the JSON objects among these values and in their lists."""
    objects = []
    for value in values:
        for leaf in islice(flatten(value), MAX_NAMES):
            if isinstance(leaf, dict):
                objects.append(leaf)
    return objects


def _keys(nodes: Iterable[dict[str, Any]]) -> dict[str, None]:
    """Return the keys of all nodes, each once, in their order."""
    keys: dict[str, None] = {}
    for node in nodes:
        for key in islice(node, MAX_NAMES):
            keys[str(key)[:LONGEST_NAME]] = None
    return keys


_WORDS: dict[str, Callable[[str, Sequence[Document]], Iterator[str]]] = {
    "meta": _meta_names,
    "ld": _linked_data_paths,
    "json": _json_paths,
}
