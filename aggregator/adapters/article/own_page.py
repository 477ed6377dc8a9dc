"""Whether a page is one article's own page.

Rule: the page says so itself, by the JSON-LD of an article at its address or by `og:type`, and says nowhere that it
lists others.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.adapters.html import json_ld
from aggregator.rules.json_path import types

if TYPE_CHECKING:
    from aggregator.rules.document import Document

MAX_NODES = 2_000
_LISTS = frozenset({"ItemList", "CollectionPage", "SearchResultsPage", "Blog"})


def is_article(document: Document) -> bool:
    """Tell whether a page is that of one article; a site's front page is none, whatever it says."""
    if urlsplit(document.url or "").path in ("", "/"):
        return False
    nodes = islice(document.linked_data, MAX_NODES)
    if any(not _LISTS.isdisjoint(types(node)) for node in nodes):
        return False
    if _kind(document) == "article":
        return True
    return json_ld.read(document, addresses=[document.url or ""], headlines=()).article is not None


def _kind(document: Document) -> str | None:
    stated = (
        element for element in document.root.iter("meta") if element.get("property") == "og:type"
    )
    return next(((element.get("content") or "").strip().lower() for element in stated), None)
