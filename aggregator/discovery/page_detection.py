"""Tells pages from feeds, by how a document begins and by its media type.

It loads no parser: every response is looked at in the main process.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.model import Capture

# XHTML may have an XML declaration.
_PAGE_START = re.compile(rb"(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html)")
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_JUNK_BYTES = 65_536  # what may precede a feed that is called a page


def looks_like_html(capture: Capture) -> bool:
    """Tell whether a capture is a page, by how it begins or by its media type.

    A feed that is called a page, and begins with a comment or an error message of its
    server, is none.
    """
    start = capture.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if _PAGE_START.match(start):
        return True
    if start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"{")):
        return False
    media_type = capture.headers.get("content-type", "").partition(";")[0]
    if media_type.strip().lower() not in _PAGE_TYPES:
        return False
    from aggregator.adapters.feed.xml_repair import has_root_behind_junk  # seldom needed

    return not has_root_behind_junk(capture.body[:_JUNK_BYTES].decode("latin-1"))
