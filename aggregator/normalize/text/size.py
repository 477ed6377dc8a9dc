"""Measures the text of an item, so that statements of several sources can be compared by it."""

from __future__ import annotations

import re
from hashlib import blake2b

from aggregator.model import TextSize

_TAG = re.compile(r"<[^>]*>")
_WHITE_SPACE = b" \t\r\n"


def measure_text(title: str, content_html: str | None, summary: str | None) -> TextSize:
    """Measure the content, else the summary, and hash it with the title; markup does not count.

    >>> measure_text("Title", "<p>Two words</p>", None).letters
    8
    """
    text = summary or ""
    if content_html:
        text = _TAG.sub("", content_html)
    packed = f"{title}\n{text}".encode().translate(None, _WHITE_SPACE)
    return TextSize(len(text) - text.count(" "), blake2b(packed, digest_size=8).digest())
