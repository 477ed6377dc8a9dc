"""Find the feed that a page names: the best `<link rel="alternate">`.

Rule: a page's own article feed comes before its comments feed; full formats before summaries; document order decides
ties.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.normalize.url import absolute

if TYPE_CHECKING:
    from bs4.element import Tag

    from aggregator.model import Capture

TYPES = {
    "application/atom+xml": 0, "application/rss+xml": 1, "application/feed+json": 2, "application/rdf+xml": 3,
    "application/xml": 4, "text/xml": 4, "application/json": 5,
}  # fmt: skip
_COMMENTS = re.compile(r"comment|commentaire|kommentar|reply|replies|评论|評論", re.IGNORECASE)


def looks_like_html(capture: Capture) -> bool:
    """Tell whether a capture is a page: by its media type, or by how it begins."""
    media_type = capture.headers.get("content-type", "").partition(";")[0].strip().lower()
    start = capture.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    named = media_type in ("text/html", "application/xhtml+xml")
    return start.startswith((b"<!doctype html", b"<html")) or (
        named and not start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"{"))
    )


def feed_of(capture: Capture) -> str | None:
    """The absolute URL of the feed that a page recommends, None where it names none."""
    from bs4 import BeautifulSoup  # on demand: 60 ms that only a page costs
    from bs4.filter import SoupStrainer

    soup = BeautifulSoup(capture.body, "lxml", parse_only=SoupStrainer(["link", "base"]))
    base = soup.find("base", href=True)
    home = (absolute(str(base["href"]), base=capture.url) if base else None) or capture.url
    links = [link for link in soup.find_all("link", href=True) if _is_feed(link)]
    if not links:
        return None
    best = min(links, key=_rank)
    return absolute(str(best["href"]), base=home)


def _is_feed(link: Tag) -> bool:
    relations = [str(word).lower() for word in link.get_attribute_list("rel") if word]
    return "alternate" in relations and _media_type(link) in TYPES and "stylesheet" not in relations


def _rank(link: Tag) -> tuple[bool, int]:
    return bool(_COMMENTS.search(f"{link.get('title', '')} {link['href']}")), TYPES[_media_type(link)]


def _media_type(link: Tag) -> str:
    return str(link.get("type") or "").partition(";")[0].strip().lower()
