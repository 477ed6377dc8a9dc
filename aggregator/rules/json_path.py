"""Decodes JSON and follows paths through it (`a.b[0]`), for JSON documents, JSON-LD and scripts.

Foreign data may have any shape: a path that leads nowhere yields nothing, and nothing raises.
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


def load_json(text: str) -> Any:
    """Decode JSON, None for text that is not JSON."""
    try:
        return orjson.loads(text.strip())
    except orjson.JSONDecodeError:
        return None


def load_leading_json(text: str) -> Any:
    """Decode the JSON that a text begins with (`{…};` and further script), None if it is not JSON.

    `undefined`, which scripts write and JSON does not know, becomes None.
    """
    start = text.lstrip()
    whole = load_json(start)
    if whole is not None:
        return whole

    attempts = [start]
    if "undefined" in start:
        attempts.append(_UNDEFINED.sub("null", start))
    for attempt in attempts:
        try:
            return json.JSONDecoder().raw_decode(attempt)[0]
        except (ValueError, RecursionError):
            continue
    return None


def iter_nodes(data: Any, *, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield every node of a JSON-LD document, with those in `@graph` lists."""
    if depth > MAX_DEPTH:
        return
    if isinstance(data, list):
        for item in data:
            yield from iter_nodes(item, depth=depth + 1)
    elif isinstance(data, dict):
        yield data
        yield from iter_nodes(data.get("@graph"), depth=depth + 1)


def node_types(node: dict[str, Any]) -> list[str]:
    """Return the types of a JSON-LD node: `@type` is one name or a list of them."""
    value = node.get("@type")
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value)]


def find_strings(data: Any, path: str) -> Iterator[str]:
    """Yield the texts and numbers at a path, as strings.

    A list on the way is walked whole unless an index picks from it.
    """
    for value in find_values(data, path):
        for leaf in flatten(value):
            text = _text_of_leaf(leaf)
            if text:
                yield text


def _text_of_leaf(leaf: Any) -> str:
    """Return a text or a number as a string, "" for any other value."""
    if isinstance(leaf, bool):
        return ""
    if isinstance(leaf, (str, int, float)):
        return str(leaf).strip()
    return ""


def find_values(data: Any, path: str) -> Iterator[Any]:
    """Yield the values at a path unchanged: a list is one value. `.` is the document itself."""
    steps = [name or int(index) for name, index in _STEP.findall(path)]
    yield from _find_values(data, steps, depth=0)


def flatten(value: Any, *, depth: int = 0) -> Iterator[Any]:
    """Yield a value; of a list each of its values, lists in lists too."""
    if not isinstance(value, list):
        yield value
    elif depth < MAX_DEPTH:
        for item in value:
            yield from flatten(item, depth=depth + 1)


def _find_values(data: Any, steps: list[str | int], *, depth: int) -> Iterator[Any]:
    if depth > MAX_DEPTH:
        return
    if not steps:
        yield data
        return

    step = steps[0]
    if isinstance(data, list) and not isinstance(step, int):
        for item in data:
            yield from _find_values(item, steps, depth=depth + 1)
    elif _has_step(data, step):
        yield from _find_values(data[step], steps[1:], depth=depth + 1)


def _has_step(data: Any, step: str | int) -> bool:
    """Tell whether a list has an index, or an object a key."""
    if isinstance(step, int):
        return isinstance(data, list) and step < len(data)
    return isinstance(data, dict) and step in data
