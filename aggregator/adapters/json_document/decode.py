"""Decodes JSON documents in the forms in which interfaces send them: plain, in lines, as a script."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from aggregator.rules.json_path import load_json

# What some interfaces put before their JSON, so that a page cannot run it as a script.
_ANTI_HIJACKING_PREFIX = re.compile(r"\s*(?:\)\]\}'?,?|while\s*\(1\);|for\s*\(;;\);)\s*")
# `callback(`, also after a comment or a check that the callback is there.
_CALL = re.compile(
    r"\s*(?:/\*.{0,40}?\*/)?\s*(?:typeof\s[^&]{1,200}&&\s*)?[\w$.]{1,80}\(\s*(?=[{\[])"
)
_RECORD_SEPARATOR = "\x1e"  # RFC 7464


def decode_json(text: str) -> Any:
    """Decode a JSON document, lines of JSON (NDJSON), or the argument of a call (JSONP).

    Lines of JSON become a list; a last line that is cut off is left out.

    Raises:
        ValueError: it is none of these; the message is that of plain JSON.
    """
    prefix = _ANTI_HIJACKING_PREFIX.match(text)
    if prefix:
        text = text[prefix.end() :]
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        data = _decode_lines(text)
        if data is None:
            data = _decode_call(text)
        if data is None:
            raise ValueError(str(error)) from error
        return data


def _decode_lines(text: str) -> list[Any] | None:
    values: list[Any] = []
    for line in text.split("\n"):
        record = line.strip(f"{_RECORD_SEPARATOR} \r\t")
        if not record:
            continue
        value = load_json(record)
        if not isinstance(value, (dict, list)):
            is_cut = bool(values) and text.endswith(line)
            return values if is_cut else None
        values.append(value)
    return values or None


def _decode_call(text: str) -> Any | None:
    call = _CALL.match(text)
    if call is None:
        return None
    try:
        return json.JSONDecoder().raw_decode(text, call.end())[0]
    except (ValueError, RecursionError):
        return None
