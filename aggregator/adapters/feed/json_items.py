"""Decodes the JSON of a feed item by item, so that a bad item costs itself alone.

It is the careful way, for documents that orjson refuses or that have very many values: it
takes five times as long. Numbers beyond their limits, NaN and Infinity are absent values.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

_MAX_DIGITS = 400  # of a number; the largest float has 309
_MAX_VALUES = 50_000  # of one item
# A string, also one without an end, and what opens and closes values and parts them.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_BLANK = re.compile(r"[ \t\r\n]*")
_KEY = re.compile(r'"((?:[^"\\]++|\\.)*+)"[ \t\r\n]*:', re.DOTALL)


@dataclass(slots=True)
class JsonFeed:
    """A decoded feed, whose `items` are the first ones of the document.

    `rejected` are the reasons against items, by their index; None is in the place of each.
    """

    data: dict[str, Any]
    rejected: dict[int, str] = field(default_factory=dict)


def decode_feed(text: str, max_items: int) -> JsonFeed | None:
    """Decode an object and, one by one, the members of its `items`; one more than `max_items`.

    Returns None for what is no object.
    """
    position = _skip_blanks(text, 0)
    if not text.startswith("{", position):
        return None
    feed = JsonFeed({})
    position = _skip_blanks(text, position + 1)
    while key := _KEY.match(text, position):
        start = _skip_blanks(text, key.end())
        if key[1] == "items" and text.startswith("[", start):
            position = _decode_items(text, start, feed, max_items)
        else:
            end, values = _end_of_value(text, start)
            value = _decode(text[start:end], values)
            if not isinstance(value, str):
                feed.data[key[1]] = value.data
            position = end
        position = _skip_comma(text, position)
    return feed


def _decode_items(text: str, start: int, feed: JsonFeed, max_items: int) -> int:
    """Decode the members of a list, and return where it ends, or where enough was read."""
    items: list[Any] = []
    feed.data["items"] = items
    feed.rejected.clear()
    position = _skip_blanks(text, start + 1)
    while position < len(text) and not text.startswith("]", position):
        if len(items) > max_items:
            return len(text)
        end, values = _end_of_value(text, position)
        if end == position:  # a closing bracket of another kind
            return end + 1
        value = _decode(text[position:end], values)
        if isinstance(value, str):
            feed.rejected[len(items)] = value
            items.append(None)
        else:
            items.append(value.data)
        position = _skip_comma(text, end)
    return position + 1


@dataclass(frozen=True, slots=True)
class _Value:
    data: Any


def _decode(text: str, values: int) -> _Value | str:
    """Decode one value; return the reason where it cannot be decoded."""
    if values > _MAX_VALUES:
        return f"more than {_MAX_VALUES} values"
    try:
        return _Value(_DECODER.decode(text))
    except ValueError as error:
        return f"JSON that cannot be read: {error}"
    except RecursionError:
        return "JSON that is nested too deeply"


def _number(digits: str) -> float | int | None:
    if len(digits) > _MAX_DIGITS:
        return None
    if digits.lstrip("-").isdigit():
        return int(digits)
    number = float(digits)
    return number if math.isfinite(number) else None


_DECODER = json.JSONDecoder(
    strict=False, parse_int=_number, parse_float=_number, parse_constant=lambda _: None
)


def _end_of_value(text: str, start: int) -> tuple[int, int]:
    """Return where the value at `start` ends, and about how many values are in it."""
    depth = 0
    values = 1
    for token in _TOKEN.finditer(text, start):
        mark = token[0][0]
        if mark in "[{":
            depth += 1
            values += 1
        elif mark == ",":
            if depth == 0:
                return token.start(), values
            values += 1
        elif mark in "]}":
            if depth == 0:
                return token.start(), values
            depth -= 1
            if depth == 0:
                return token.end(), values
    return len(text), values


def _skip_blanks(text: str, position: int) -> int:
    blanks = _BLANK.match(text, position)
    return blanks.end() if blanks else position


def _skip_comma(text: str, position: int) -> int:
    """Return where the next value begins; what stands between is skipped."""
    position = _skip_blanks(text, position)
    if text.startswith(",", position):
        position = _skip_blanks(text, position + 1)
    return position
