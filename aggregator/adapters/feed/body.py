"""The texts of a feed item: which one is the article, which one its summary.

Rule: publishers put the article anywhere, so the longest text is the first candidate for it; the text called
description or summary, when another is longer, is the summary. A media caption comes last. Everything given is HTML.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.media import dicts, text
from aggregator.model import Found

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHORT = 500  # characters of HTML: a teaser; an article is longer or has blocks
_BLOCKS = re.compile(
    r"<(?:img|table|iframe|video|audio|ul|ol|figure|h[1-6]|blockquote|picture)\b", re.IGNORECASE
)
_MARKUP = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|&(?:#\d+|\w+);", re.IGNORECASE)
_BINARY = (
    "image/",
    "audio/",
    "video/",
    "font/",
    "application/pdf",
    "application/zip",
)  # carried in base64, by Atom
# feedparser writes the `<br/>` of XHTML as `<br></br>`, which is two of them in HTML.
_VOID_END = re.compile(r"</(?:area|br|col|embed|hr|img|input|source|track|wbr)>")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n\s*")


def bodies(
    item: Mapping[str, Any], *, content: str, summary: str
) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    """Give the candidates for the content, and those for the summary, of an item of feedparser.

    `content` and `summary` name the elements they were found in (`feed:content:encoded`, `feed:description`).
    """
    teasers = _summary(item, summary)
    full = sorted(
        _unique([*_contents(item, content), *teasers]), key=lambda found: -len(found.value)
    )
    short = [found for found in (*teasers, *full[1:]) if found is not full[0]]
    if (
        not short
        and full
        and full[0] in teasers
        and (is_short(full[0].value) or summary == "feed:summary")
    ):
        short = [full[0]]
    return (*full, *_caption(item)), tuple(_unique(short))


def as_html(plain: str) -> str:
    """Turn a text into HTML: blank lines part paragraphs, line ends are kept.

    >>> as_html("a < b")
    'a &lt; b'
    """
    blocks = [
        escape(block.strip(), quote=False).replace("\n", "<br>")
        for block in _BLANK_LINE.split(plain.strip())
    ]
    return blocks[0] if len(blocks) == 1 else "".join(f"<p>{block}</p>" for block in blocks)


def is_short(value: str) -> bool:
    """Tell a teaser from an article."""
    return len(value) <= _SHORT and value.count("<p") <= 1 and not _BLOCKS.search(value)


def _contents(item: Mapping[str, Any], where: str) -> list[Found]:
    parts = (
        part for part in dicts(item.get("content")) if not str(part.get("type")).startswith(_BINARY)
    )
    return [Found(value, where) for part in parts if (value := _html(part.get("value"), part))]


def _summary(item: Mapping[str, Any], where: str) -> list[Found]:
    """Give the summary; without its detail it is feedparser's copy of the content."""
    detail = item.get("summary_detail")
    value = _html(item.get("summary"), detail) if isinstance(detail, dict) else None
    return [Found(value, where)] if value else []


def _caption(item: Mapping[str, Any]) -> list[Found]:
    value = text(item.get("media_caption"))
    if not value:
        return []
    return [Found(value if _MARKUP.search(value) else as_html(value), "feed:media:description")]


def _html(value: object, detail: Mapping[str, Any]) -> str | None:
    found = text(value)
    if found and detail.get("type") == "text/plain":
        return as_html(found)
    return (
        _VOID_END.sub("", found)
        if found and detail.get("type") == "application/xhtml+xml"
        else found
    )


def _unique(found: list[Found]) -> list[Found]:
    first: dict[str, Found] = {}
    for one in found:
        first.setdefault(one.value, one)
    return list(first.values())
