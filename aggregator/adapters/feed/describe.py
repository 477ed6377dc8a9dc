"""What a document is that is no feed, in words for a person.

Rule: it looks at the beginning only, and what it repeats of it is one short line.
"""

from __future__ import annotations

import re
from html import unescape

_HEAD = 65_536
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_ELEMENT = re.compile(r"<([A-Za-z_][\w.:-]{0,60})")
_TAG = re.compile(r"<[^<>]{1,1000}>")


def sight(document: str) -> str:
    """Say what a document is that is no feed."""
    head = document[:_HEAD]
    title = _TITLE.search(head)
    element = _ELEMENT.search(head)
    if _PAGE.search(head) or (element and element[1].lower() in ("head", "body")):
        return (
            f"an HTML page titled “{line(title[1])}”"
            if title and line(title[1])
            else "an HTML page"
        )
    if "\0" in head or head.count("\ufffd") > 9:
        return "binary data"
    if element and head.lstrip().startswith("<"):
        return f"XML whose root is <{element[1]}>"
    return f"text beginning “{' '.join(head[:80].split())[:40]}”"


def line(markup: str) -> str | None:
    """Give a title as one line of text, None for an empty one."""
    return " ".join(unescape(_TAG.sub("", markup)).split()) or None
