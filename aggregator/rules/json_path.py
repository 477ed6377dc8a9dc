"""Decoded JSON and the paths through it (`a.b[0]`): what JSON documents, JSON-LD and players in pages need.

Rule: foreign data has any shape; a path that leads nowhere yields nothing, and nothing raises.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 50  # lists in lists; orjson itself reads 1,024 of them
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_UNDEFINED = re.compile(r"(?<=[:,\[])\s*undefined(?=\s*[,}\]])")


def loads(text: str) -> Any:
    """Read JSON; None for what is none."""
    try:
        return orjson.loads(text.strip())
    except orjson.JSONDecodeError:
        return None


def leading(text: str) -> Any:
    """Read the JSON that a text begins with (`{…};` and whatever a script does next); None where it is none.

    What scripts write where JSON has no word for it, `undefined`, is null.
    """
    start = text.lstrip()
    whole = loads(start)
    if whole is not None:
        return whole
    for attempt in (start, _UNDEFINED.sub("null", start)) if "undefined" in start else (start,):
        try:
            return json.JSONDecoder().raw_decode(attempt)[0]
        except (ValueError, RecursionError):
            continue
    return None


def nodes(data: Any, *, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield every node of a JSON-LD document, `@graph` lists opened."""
    if depth > MAX_DEPTH:
        return
    if isinstance(data, list):
        for item in data:
            yield from nodes(item, depth=depth + 1)
    elif isinstance(data, dict):
        yield data
        yield from nodes(data.get("@graph"), depth=depth + 1)


def types(node: dict[str, Any]) -> list[str]:
    """The types of a JSON-LD node, which states one or a list of them."""
    kind = node.get("@type")
    return [str(item) for item in kind] if isinstance(kind, list) else [str(kind)]


def walk(data: Any, path: str) -> Iterator[str]:
    """Yield the strings at a path; a list on the way is walked whole unless an index picks from it."""
    for value in at(data, path):
        for leaf in flat(value):
            if (
                isinstance(leaf, (str, int, float))
                and not isinstance(leaf, bool)
                and str(leaf).strip()
            ):
                yield str(leaf).strip()


def at(data: Any, path: str) -> Iterator[Any]:
    """Yield the values at a path as they are: a list there is one value. `.` is the path to the document itself."""
    steps = [name or int(index) for name, index in _STEP.findall(path)]
    yield from _at(data, steps, depth=0)


def flat(value: Any, *, depth: int = 0) -> Iterator[Any]:
    """Yield a value, of a list each of its values."""
    if not isinstance(value, list):
        yield value
    elif depth < MAX_DEPTH:
        for item in value:
            yield from flat(item, depth=depth + 1)


def _at(data: Any, steps: list[str | int], *, depth: int) -> Iterator[Any]:
    if depth > MAX_DEPTH:
        return
    if not steps:
        yield data
    elif isinstance(steps[0], int):
        if isinstance(data, list) and steps[0] < len(data):
            yield from _at(data[steps[0]], steps[1:], depth=depth + 1)
    elif isinstance(data, list):
        for item in data:
            yield from _at(item, steps, depth=depth + 1)
    elif isinstance(data, dict) and steps[0] in data:
        yield from _at(data[steps[0]], steps[1:], depth=depth + 1)
