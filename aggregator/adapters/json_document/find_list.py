"""The lists of articles in decoded JSON of any shape: an interface's answer, or the state that a page's scripts carry.

Rule: a list counts by its objects that have something like a title and something like a link; what a document may cost
is bounded by the number of its values.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.json_document.keys import is_listed

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_VALUES = 200_000  # of one document that are looked at
MAX_DEPTH = 40  # with it paths stay short; no real document has its articles deeper than 15
_SAMPLE = 50  # objects of a list that are asked what they have
_BEST = 4  # lists of one document
_PLAIN_KEY = re.compile(r"[^.\[\]|]{1,100}")


@dataclass(frozen=True, slots=True)
class List:
    """Objects that look like articles; `path` is where they are, as a selector says it (`props.posts`)."""

    path: str
    objects: tuple[Any, ...]


def lists(data: Any) -> tuple[List, ...]:
    """The longest lists of articles, the longest first, in the document's order where equal; at most four."""
    found = [List(path, objects) for path, objects in _all(data) if _are_listed(objects)]
    return tuple(sorted(found, key=lambda one: -len(one.objects))[:_BEST])


def has_empty_list(data: Any) -> bool:
    """Tell whether there is a list without anything in it, and none with objects: nothing new, not something else."""
    return data == [] or (
        isinstance(data, dict) and [] in data.values() and not any(True for _ in _all(data))
    )


def _all(data: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield every list of objects with its path, breadth first; objects that only hold objects are a list of them."""
    queue: deque[tuple[str, Any, int]] = deque([("", data, 0)] if _holds(data) else [])
    left = MAX_VALUES
    while queue and left > 0:
        path, value, depth = queue.popleft()
        children = list(
            islice(value.items() if isinstance(value, dict) else enumerate(value), left)
        )
        left -= len(children)
        objects = tuple(child for _, child in children if isinstance(child, dict))
        if objects and (
            isinstance(value, list) or (len(objects) == len(children) and len(objects) > 2)
        ):
            yield path or ".", objects
        if depth < MAX_DEPTH:
            queue.extend(
                (_below(path, key), child, depth + 1)
                for key, child in children
                if child and _holds(child)
            )


def _holds(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _below(path: str, key: object) -> str:
    """The path to a value: keys that a selector cannot say are left out, and so are places in lists."""
    if isinstance(key, int) or not _PLAIN_KEY.fullmatch(str(key)):
        return path
    return f"{path}.{key}" if path else str(key)


def _are_listed(objects: tuple[Any, ...]) -> bool:
    sample = objects[:_SAMPLE]
    return 2 * sum(map(is_listed, sample)) >= len(sample)
