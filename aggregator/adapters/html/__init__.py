"""A fetched page to a document: the one place where HTML from the web is decoded and parsed.

Rule: every input gives a document or SourceError("parse"), at a cost that grows with its length alone: the parser stops
at 2,048 elements in each other, a tag with hundreds of attributes loses them, a page of too many elements is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from aggregator.adapters.charset import decode
from aggregator.errors import SourceError
from aggregator.normalize.html import with_few_attributes, without_illegal_references
from aggregator.rules.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Capture

MAX_ELEMENTS = 200_000  # the longest pages of news sites have 20,000; each is a step of every walk

MAX_TAGS = 1_000_000  # counted before anything costs

_HEAD_BYTES = 16_384  # browsers look at 1,024 for the charset; scripts in front of it are common
_META_LABEL = re.compile(
    rb"<meta[^<>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_LANGUAGE = re.compile(rb"<html\b[^<>]{0,500}?\slang\s*=\s*[\"']?([A-Za-z-]{2,12})", re.IGNORECASE)
_PAGE_TYPES = (
    "text/html",
    "application/xhtml+xml",
    "text/xml",
    "application/xml",
    "text/plain",
    "",
)
_UNTOLD_TYPES = ("application/octet-stream", "binary/octet-stream", "unknown/unknown")
_START = re.compile(r"<(?:!doctype\s+html|html|head|body|meta|title)\b", re.IGNORECASE)
_STARTS_WITHIN = 16_384  # characters
_FEED = re.compile(r"(?:<\?xml.*?\?>\s*)?<(?:rss|feed|rdf)\b")
_BLANKS = bytes.maketrans(b"\f", b" ")
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\f\r")
_ELEMENT = re.compile(r"<[a-z!]", re.IGNORECASE)
_MANY = etree.XPath(f"count(//*) > {MAX_ELEMENTS}")


def document(capture: Capture) -> Document:
    """Decode and parse a page; what it says of itself (`home`, `linked_data`) is read when it is asked for.

    Raises: SourceError("parse") for what is no page, naming what was seen.
    """
    text = decoded(capture)
    _refuse_others(capture, text)
    if text.count("<") > MAX_TAGS:
        raise SourceError("parse", f"a page of more than {MAX_TAGS:,} tags")
    root = _parsed(text)
    if root is None or root.find("body") is None:
        raise SourceError("parse", "a page without anything to show")
    if _MANY(root):
        raise SourceError("parse", f"a page of more than {MAX_ELEMENTS:,} elements")
    return Document(root, kind="page", url=capture.url, source=text)


def decoded(capture: Capture) -> str:
    """Decode a page by its mark, its labels and its language (RULES: charset)."""
    head = capture.body[:_HEAD_BYTES]
    language = _LANGUAGE.search(head)
    return decode(
        capture.body,
        capture.headers.get("content-type", ""),
        labels=tuple(label.decode("ascii", "replace") for label in _META_LABEL.findall(head)),
        language=language[1].decode("ascii") if language else None,
    )


def _parsed(text: str) -> etree._Element | None:
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )
    try:
        return etree.fromstring(_legal(with_few_attributes(text)), parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


def _legal(text: str) -> bytes:
    """Leave out what XML 1.0 §2.2 forbids, also as references: no tree that holds it can be changed."""
    text = without_illegal_references(text)
    if "\ufffe" in text or "\uffff" in text:
        text = text.replace("\ufffe", "").replace("\uffff", "")
    return text.encode("utf-8", "replace").translate(_BLANKS, _CONTROLS)


def _refuse_others(capture: Capture, text: str) -> None:
    """Pages come under any label, so how a document begins decides for it; against it, its label and its bytes."""
    begins = _START.search(text, 0, _STARTS_WITHIN)
    if begins and not _is_other_markup(text):
        return
    if seen := next(_strangeness(capture, text), None):
        raise SourceError("parse", f"not a page: {seen}")


def _strangeness(capture: Capture, text: str) -> Iterator[str]:
    media_type = capture.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not text.strip():
        yield "an empty body"
    if media_type not in _PAGE_TYPES + _UNTOLD_TYPES:
        yield f"a document of type {media_type}"
    if b"\x00" in capture.body[:1024]:
        yield "binary data"
    if _is_other_markup(text):
        yield f"it begins with `{' '.join(text[:200].split())[:40]}`"
    if not _ELEMENT.search(text):
        yield "a text without elements"


def _is_other_markup(text: str) -> bool:
    start = text[:300].lstrip("\ufeff \t\r\n").lower()
    return (
        start.startswith(("%pdf-", "{", "["))
        or re.match(r"(?:<\?xml.*?\?>\s*)?<(?:rss|feed|rdf)\b", start) is not None
    )


def direction_of(element: etree._Element) -> str | None:
    """The direction that text in an element runs, `rtl` or `ltr`; None where nothing around it says."""
    stated = ((one.get("dir") or "").lower() for one in (element, *element.iterancestors()))
    return next((direction for direction in stated if direction in ("rtl", "ltr")), None)
