"""Describes a document that is no feed, for error messages.

Only its beginning is looked at; a description is one short line.
"""

from __future__ import annotations

import re
from html import unescape

HEAD = 65_536  # characters
_MAX_REPLACEMENTS = 9  # U+FFFD in the head; a text with more of them is binary data
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_ELEMENT = re.compile(r"<([A-Za-z_][\w.:-]{0,60})")
_TAG = re.compile(r"<[^<>]{1,1000}>")


def describe(document: str) -> str:
    """Say what a document is that is no feed (`an HTML page titled “Welcome”`)."""
    head = document[:HEAD]
    element = _ELEMENT.search(head)
    root = element[1] if element else ""
    if _PAGE.search(head) or root.lower() in ("head", "body"):
        return _describe_page(head)
    if "\0" in head or head.count("\ufffd") > _MAX_REPLACEMENTS:
        return "binary data"
    if root and head.lstrip().startswith("<"):
        return f"XML whose root is <{root}>"

    beginning = " ".join(head[:80].split())[:40]
    return f"text beginning “{beginning}”"


def _describe_page(head: str) -> str:
    match = _TITLE.search(head)
    title = title_line(match[1]) if match else None
    if title is None:
        return "an HTML page"
    return f"an HTML page titled “{title}”"


def title_line(markup: str) -> str | None:
    """Return a title as one line of text, None for an empty one."""
    without_tags = _TAG.sub("", markup)
    return " ".join(unescape(without_tags).split()) or None
