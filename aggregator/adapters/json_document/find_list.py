"""Finds lists of articles in decoded JSON of any shape.

The JSON may be the answer of an interface, or the state that a page's scripts carry. A
list counts if its objects have something like a title and something like a link. The
number of values that are looked at limits what a document may cost.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.json_document.keys import looks_like_article

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_VALUES = 200_000  # of one document that are looked at
MAX_DEPTH = 40  # with it paths stay short; no real document has its articles deeper than 15
_SAMPLE = 50  # objects of a list whose keys are looked at
_MAX_LISTS = 4  # of one document
_LEAST_MEMBERS = 3  # of an object that counts as a list of its members
_PLAIN_KEY = re.compile(r"[^.\[\]|]{1,100}")


@dataclass(frozen=True, slots=True)
class ItemList:
    """Objects that look like articles; `path` is a selector's path to them (`props.posts`)."""

    path: str
    objects: tuple[Any, ...]


def find_lists(data: Any) -> tuple[ItemList, ...]:
    """Return the lists of articles, the longest first; at most four.

    Lists of equal length keep the document's order.
    """
    found = []
    for candidate in _lists_of_objects(data):
        if _are_articles(candidate.objects):
            found.append(candidate)
    found.sort(key=lambda candidate: -len(candidate.objects))
    return tuple(found[:_MAX_LISTS])


def has_empty_list(data: Any) -> bool:
    """Tell whether a document has an empty list, and none with objects.

    Such a document has nothing new, and is not another kind of document.
    """
    if data == []:
        return True
    if not isinstance(data, dict) or [] not in data.values():
        return False
    return next(_lists_of_objects(data), None) is None


def find_html(data: Any) -> tuple[tuple[str, str], ...]:
    """Return the texts that are HTML with several links, with their paths; the longest first, at most four."""
    found: list[tuple[str, str]] = []
    for path, value in walk(data):
        if isinstance(value, str) and value.count("<a ") >= _LEAST_MEMBERS:
            found.append((path or ".", value))
    found.sort(key=lambda pair: -len(pair[1]))
    return tuple(found[:_MAX_LISTS])


def walk(data: Any) -> Iterator[tuple[str, Any]]:
    """Yield every value with its path, breadth first."""
    queue: deque[tuple[str, Any, int]] = deque([("", data, 0)])
    left = MAX_VALUES
    while queue and left > 0:
        path, value, depth = queue.popleft()
        yield path, value
        if depth == MAX_DEPTH:
            continue
        children = _children(value, left)
        left -= len(children)
        for key, child in children:
            queue.append((_child_path(path, key), child, depth + 1))


def _lists_of_objects(data: Any) -> Iterator[ItemList]:
    """Yield every list of objects, breadth first."""
    for path, value in walk(data):
        objects = _objects(value, _children(value, MAX_VALUES))
        if objects:
            yield ItemList(path or ".", objects)


def _children(value: Any, limit: int) -> list[tuple[object, Any]]:
    """Return the values in a list or an object with their places or keys."""
    if isinstance(value, dict):
        return list(islice(value.items(), limit))
    if isinstance(value, list):
        return list(islice(enumerate(value), limit))
    return []


def _objects(value: Any, children: list[tuple[object, Any]]) -> tuple[Any, ...]:
    """Return the objects in a list, or in an object that holds nothing else.

    Such an object, with three or more of them, is a list whose keys are ids.
    """
    objects = tuple(child for _, child in children if isinstance(child, dict))
    if isinstance(value, list):
        return objects
    if len(objects) < len(children) or len(objects) < _LEAST_MEMBERS:
        return ()
    return objects


def _child_path(path: str, key: object) -> str:
    """Add a key to a path, without places in lists and keys that no selector can name."""
    if isinstance(key, int) or not _PLAIN_KEY.fullmatch(str(key)):
        return path
    if not path:
        return str(key)
    return f"{path}.{key}"


def _are_articles(objects: tuple[Any, ...]) -> bool:
    """Tell whether at least half of the objects look like articles, by a sample."""
    sample = objects[:_SAMPLE]
    return 2 * sum(map(looks_like_article, sample)) >= len(sample)
