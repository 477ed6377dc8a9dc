"""Reads documents that say in a comment what is to be found in them.

    <!--
    Description: entry title
    Header:      Content-Type: application/atom+xml
    Expect:      not bozo and entries[0]['title'] == 'A lamp'
    -->

The form is that of feedparser's own tests. An expectation is parsed, never evaluated.
"""

from __future__ import annotations

import ast
import codecs
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_EXPECT = re.compile(r"Description:\s*(.*?)\s*Expect:\s*(.*?)\s*-->", re.DOTALL)
_HEADER = re.compile(r"^\s*Header:\s+([^:\n]+):([^\n]*)$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ITEM = re.compile(rb"(<(?:item|entry)(?:\s[^>]*)?(?<!/)>)", re.IGNORECASE)
_ID = re.compile(rb"<(?:id|guid)[\s>]", re.IGNORECASE)
_HEAD_BYTES = 20_000  # the comment stands at the beginning
# What a document without a byte order mark begins with, and the encoding of it.
_BEGINNINGS = (
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0<", "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One document with what it expects: the terms of the expectation that `and` joins.

    An expectation that is no Python expression is a single term None.
    """

    path: Path
    description: str
    expectation: str
    terms: tuple[ast.expr | None, ...]
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


def read_cases(folder: Path) -> Iterator[Case]:
    """Yield the documents below a folder whose first comment has an expectation, by path."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        case = read_case(path, path.read_bytes())
        if case is not None:
            yield case


def read_case(path: Path, body: bytes) -> Case | None:
    """Read one document; None without an expectation in its first comment."""
    comment = _COMMENT.search(_decode_head(body))
    found = _EXPECT.search(comment[0]) if comment else None
    if comment is None or found is None:
        return None

    headers = {}
    for header in _HEADER.finditer(comment[0]):
        headers[header[1].strip()] = header[2].strip()
    description, expectation = found[1].split("\n")[0].strip(), found[2]
    return Case(path, description, expectation, split_terms(expectation), body, headers)


def name_items(body: bytes) -> bytes:
    """Give an id to each item that has none; the others stay as they are.

    Many documents test one element of an item that has nothing else. The program keeps no item
    without a title, a link, an id or a text.
    """
    pieces = _ITEM.split(body)
    named = pieces[:1]
    for number, (start, rest) in enumerate(zip(pieces[1::2], pieces[2::2], strict=True)):
        item = start + rest
        if not _ID.search(rest):
            tag = b"id" if start.lower().startswith(b"<entry") else b"guid"
            item = start + b"<%b>item-%d</%b>" % (tag, number, tag) + rest
        named.append(item)
    return b"".join(named)


def split_terms(expectation: str) -> tuple[ast.expr | None, ...]:
    """Split an expectation at its outermost `and`."""
    try:
        expression = ast.parse(expectation.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return (None,)
    return tuple(_parts(expression))


def _parts(expression: ast.expr) -> Iterator[ast.expr]:
    if isinstance(expression, ast.BoolOp) and isinstance(expression.op, ast.And):
        for value in expression.values:
            yield from _parts(value)
    else:
        yield expression


def _decode_head(body: bytes) -> str:
    head = body[:_HEAD_BYTES]
    for beginning, encoding in _BEGINNINGS:
        if head.startswith(beginning):
            return head.decode(encoding, errors="ignore")
    return head.decode("utf-8", errors="replace")
