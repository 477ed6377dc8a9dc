"""Decodes and parses fetched pages: the only place where HTML from the web becomes a document.

Every input gives a document or SourceError("parse"), at a cost that grows linearly with its length: the parser
stops at 2,048 nested elements, a tag with hundreds of attributes loses them, a page of too many elements is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters.charset import decode_document
from aggregator.errors import SourceError
from aggregator.normalize.html import drop_illegal_references, limit_attributes
from aggregator.rules.document import Document, element_text

if TYPE_CHECKING:
    from aggregator.adapters.charset import DecodedText
    from aggregator.model import Capture

MAX_ELEMENTS = 200_000  # the longest pages of news sites have 20,000; each is a step of every walk
MAX_TAGS = 1_000_000  # counted before the costly steps

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
_UNSPECIFIC_TYPES = ("application/octet-stream", "binary/octet-stream", "unknown/unknown")
_PAGE_START = re.compile(r"<(?:!doctype\s+html|html|head|body|meta|title)\b", re.IGNORECASE)
_MAX_PREFIX = 16_384  # characters in front of the first tag of a page
_FEED_START = re.compile(r"(?:<\?xml.*?\?>\s*)?<(?:rss|feed|rdf)\b")
_FORM_FEED_TO_BLANK = bytes.maketrans(b"\f", b" ")
_CONTROL_CHARACTERS = bytes(code for code in range(32) if code not in b"\t\n\f\r")
_TAG = re.compile(r"<[a-z!]", re.IGNORECASE)
# Reading an article costs the square of its depth; real pages nest some forty elements.
_MAX_DEPTH = 300
_IS_TOO_DEEP = etree.XPath(f"boolean(//*[ancestor::*[{_MAX_DEPTH}]])")
_DEEPEST = etree.XPath(f"//*[ancestor::*[{_MAX_DEPTH - 1}] and not(ancestor::*[{_MAX_DEPTH}])]")
_HAS_TOO_MANY_ELEMENTS = etree.XPath(f"count(//*) > {MAX_ELEMENTS}")


def parse_page(capture: Capture) -> Document:
    """Decode and parse a page; `home` and `linked_data` are read on demand.

    Raises: SourceError("parse") for what is no page, saying what it is.
    """
    decoded = _decode(capture)
    text = decoded.text
    _check_is_page(capture, text)
    if text.count("<") > MAX_TAGS:
        raise SourceError("parse", f"a page of more than {MAX_TAGS:,} tags")

    root = _parse(text)
    if root is None or root.find("body") is None:
        raise SourceError("parse", "a page without anything to show")
    if _HAS_TOO_MANY_ELEMENTS(root):
        raise SourceError("parse", f"a page of more than {MAX_ELEMENTS:,} elements")
    if _IS_TOO_DEEP(root):
        _flatten(root)
    return Document(root, kind="page", url=capture.url, source=text, notes=decoded.notes)


def _flatten(root: Any) -> None:
    """Make what is nested too deeply the text of the elements around it."""
    for element in _DEEPEST(root):
        inner_text = element_text(element)
        del element[:]
        element.text = inner_text


def decode_page(capture: Capture) -> str:
    """Decode a page by its byte order mark, its labels and its language."""
    return _decode(capture).text


def _decode(capture: Capture) -> DecodedText:
    head = capture.body[:_HEAD_BYTES]
    labels = [label.decode("ascii", "replace") for label in _META_LABEL.findall(head)]
    language = _LANGUAGE.search(head)
    return decode_document(
        capture.body,
        capture.headers.get("content-type", ""),
        labels=tuple(labels),
        language=language[1].decode("ascii") if language else None,
    )


def text_direction(element: etree._Element) -> str | None:
    """Return the direction of an element's text, `rtl` or `ltr`; None if no `dir` around it says."""
    for holder in (element, *element.iterancestors()):
        direction: str = holder.get("dir", "").lower()
        if direction in ("rtl", "ltr"):
            return direction
    return None


def _parse(text: str) -> etree._Element | None:
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )
    source = _without_illegal_characters(limit_attributes(text))
    try:
        return etree.fromstring(source, parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


def _without_illegal_characters(text: str) -> bytes:
    """Remove what XML 1.0 §2.2 forbids, also as references: a tree that holds it cannot be changed."""
    text = drop_illegal_references(text)
    if "\ufffe" in text or "\uffff" in text:
        text = text.replace("\ufffe", "").replace("\uffff", "")
    return text.encode("utf-8", "replace").translate(_FORM_FEED_TO_BLANK, _CONTROL_CHARACTERS)


def _check_is_page(capture: Capture, text: str) -> None:
    """Refuse what is no page.

    Pages are served with any content type, so a document that begins like a page is one.
    Only for others do the content type and the bytes decide.
    """
    starts_like_page = _PAGE_START.search(text, 0, _MAX_PREFIX) is not None
    if starts_like_page and not _is_other_format(text):
        return
    reason = _why_no_page(capture, text)
    if reason:
        raise SourceError("parse", f"not a page: {reason}")


def _why_no_page(capture: Capture, text: str) -> str | None:
    media_type = capture.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not text.strip():
        return "an empty body"
    if media_type not in _PAGE_TYPES + _UNSPECIFIC_TYPES:
        return f"a document of type {media_type}"
    if b"\x00" in capture.body[:1024]:
        return "binary data"
    if _is_other_format(text):
        beginning = " ".join(text[:200].split())
        return f"it begins with `{beginning[:40]}`"
    if not _TAG.search(text):
        return "a text without elements"
    return None


def _is_other_format(text: str) -> bool:
    """Return whether a text begins like a PDF, JSON or a feed."""
    start = text[:300].lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("%pdf-", "{", "[")):
        return True
    return _FEED_START.match(start) is not None
