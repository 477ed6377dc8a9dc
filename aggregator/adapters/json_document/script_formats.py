"""Decodes the formats in which Next.js and Nuxt put a page's data into its scripts.

Foreign data may refer to itself. A value that is referred to twice is one object here, so
whoever walks through the result needs a limit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.rules.json_path import load_json, load_leading_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAX_FLIGHT_CHARACTERS = 8 * 1024 * 1024
_MAX_VALUES = 200_000
_MAX_DEPTH = 100
_PUSH = re.compile(r"__next_f\.push\(\s*(?=\[)")
_ROW = re.compile(rb"([0-9a-f]{1,8}):")
_ROW_TAG = re.compile(rb"[A-Z]{1,2}(?=[\[{\"])")
_TEXT_ROW = re.compile(rb"T([0-9a-f]{1,7}),")
_REFERENCE = re.compile(r"\$[LFQWB@]?([0-9a-f]{1,8})(?:$|:)")
# devalue's negative indexes stand for undefined, holes, NaN, infinities and -0.
_WRAPPER_TYPES = frozenset(
    {"Reactive", "ShallowReactive", "Ref", "ShallowRef", "EmptyRef", "EmptyShallowRef"}
)


def decode_flight(scripts: Iterable[str]) -> list[Any]:
    """Decode the rows that Next.js' app router pushes to `self.__next_f`; [] without any.

    References between rows are replaced by what they refer to.
    """
    parts = list(_pushed_texts(scripts))
    data = "".join(parts)[:_MAX_FLIGHT_CHARACTERS].encode("utf-8", "surrogatepass")
    rows = dict(_flight_rows(data))
    resolver = _FlightResolver(rows)
    return [resolver.resolve_row(name) for name in rows]


def _pushed_texts(scripts: Iterable[str]) -> Iterator[str]:
    for script in scripts:
        for push in _PUSH.finditer(script):
            text = _text_of_push(load_leading_json(script[push.end() :]))
            if text is not None:
                yield text


def _text_of_push(pushed: Any) -> str | None:
    """Return the text of a pair of a number and a text, None for anything else."""
    if not isinstance(pushed, list) or len(pushed) != 2:
        return None
    text = pushed[1]
    if isinstance(text, str):
        return text
    return None


def _flight_rows(data: bytes) -> Iterator[tuple[str, Any]]:
    """Yield the rows by their ids: `5:[…]` is JSON, `6:T1a,…` a text of 0x1a bytes, `7:I[…]` an import."""
    position = 0
    while True:
        row = _ROW.match(data, position)
        if row is None:
            return
        name = row[1].decode()
        text = _TEXT_ROW.match(data, row.end())
        if text:
            position = text.end() + int(text[1], 16)
            yield name, data[text.end() : position].decode("utf-8", "replace")
            continue

        end = data.find(b"\n", row.end())
        if end < 0:
            end = len(data)
        tag = _ROW_TAG.match(data, row.end())
        if tag is None:  # a row with a tag names modules, styles or errors
            yield name, load_json(data[row.end() : end].decode("utf-8", "replace"))
        position = end + 1


class _FlightResolver:
    """Replaces the references in rows; a row that refers to itself is the same object."""

    def __init__(self, rows: dict[str, Any]) -> None:
        self._rows = rows
        self._resolved: dict[str, Any] = {}
        self._values_left = _MAX_VALUES

    def resolve_row(self, name: str, depth: int = 0) -> Any:
        if name not in self._resolved:
            self._resolved[name] = None  # while it is resolved
            self._resolved[name] = self._resolve(self._rows[name], depth)
        return self._resolved[name]

    def _resolve(self, value: Any, depth: int) -> Any:
        self._values_left -= 1
        if depth > _MAX_DEPTH or self._values_left < 0:
            return None
        if isinstance(value, dict):
            return {key: self._resolve(child, depth + 1) for key, child in value.items()}
        if isinstance(value, list):
            return [self._resolve(child, depth + 1) for child in value]
        if isinstance(value, str) and value.startswith("$"):
            return self._resolve_text(value, depth)
        return value

    def _resolve_text(self, text: str, depth: int) -> Any:
        if text.startswith("$$"):
            return text[1:]
        if text.startswith("$D"):
            return text[2:]
        if text == "$undefined":
            return None
        reference = _REFERENCE.match(text)
        if reference and reference[1] in self._rows:
            return self.resolve_row(reference[1], depth + 1)
        return text


def decode_nuxt(data: Any) -> Any:
    """Decode Nuxt's payload: a list of values in which numbers are the places of other values.

    The format is that of devalue 5. What is not of this form comes back as it is.
    """
    if not isinstance(data, list):
        return data
    return _NuxtDecoder(data).decode(0, depth=0)


class _NuxtDecoder:
    def __init__(self, values: list[Any]) -> None:
        self._values = values
        self._decoded: dict[int, Any] = {}

    def decode(self, index: Any, *, depth: int) -> Any:
        if not isinstance(index, int) or not 0 <= index < len(self._values):
            return None
        if index in self._decoded:
            return self._decoded[index]
        if depth > _MAX_DEPTH:
            return None

        value = self._values[index]
        self._decoded[index] = None  # while it is decoded
        if isinstance(value, dict):
            value = {key: self.decode(child, depth=depth + 1) for key, child in value.items()}
        elif isinstance(value, list):
            value = self._decode_list(value, depth)
        self._decoded[index] = value
        return value

    def _decode_list(self, value: list[Any], depth: int) -> Any:
        """Decode a list, or a value of a special type: its name and what makes it up."""
        if not value or not isinstance(value[0], str):
            return [self.decode(child, depth=depth + 1) for child in value]

        kind = value[0]
        arguments = value[1:]
        if kind == "null":  # an object without prototype: keys and places
            return self._decode_pairs(arguments, depth)
        if kind == "Map":
            arguments[::2] = [self.decode(key, depth=depth + 1) for key in arguments[::2]]
            return self._decode_pairs(arguments, depth)
        if kind == "Set":
            return [self.decode(child, depth=depth + 1) for child in arguments]

        if not arguments:
            return None
        first = arguments[0]
        if kind in _WRAPPER_TYPES:
            return self.decode(first, depth=depth + 1)
        return first  # Date, URL, BigInt, RegExp: a text

    def _decode_pairs(self, pairs: list[Any], depth: int) -> dict[str, Any]:
        decoded = {}
        for key, place in zip(pairs[::2], pairs[1::2], strict=False):
            decoded[str(key)] = self.decode(place, depth=depth + 1)
        return decoded
