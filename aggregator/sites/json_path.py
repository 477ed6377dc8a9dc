"""Decoded JSON and the paths through it (`a.b[0]`): what JSON-LD, the `json` pipe and players in pages need.

Rule: foreign data has any shape; a path that leads nowhere yields nothing, and nothing raises.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 50  # lists in lists; orjson itself reads 1,024 of them
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def loads(text: str) -> Any:
    """Read JSON; None for what is none."""
    try:
        return orjson.loads(text.strip())
    except orjson.JSONDecodeError:
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
    steps = [name or int(index) for name, index in _STEP.findall(path)]
    yield from _strings(data, steps, depth=0)


def _strings(data: Any, steps: list[str | int], *, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    if isinstance(data, list) and not (steps and isinstance(steps[0], int)):
        for item in data:
            yield from _strings(item, steps, depth=depth + 1)
    elif not steps:
        if isinstance(data, (str, int, float)) and not isinstance(data, bool) and str(data).strip():
            yield str(data).strip()
    elif isinstance(steps[0], int):
        if isinstance(data, list) and steps[0] < len(data):
            yield from _strings(data[steps[0]], steps[1:], depth=depth + 1)
    elif isinstance(data, dict):
        yield from _strings(data.get(steps[0]), steps[1:], depth=depth + 1)
