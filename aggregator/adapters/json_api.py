"""JSON interfaces that list articles: one document to raw entries, by the rules' paths, else by well-known names.

Rule: without rules the longest list of objects that have something like a title and something like a link is the list.
A list that is there and empty is quiet; where no list is, the source is broken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
from lxml import etree

from aggregator.adapters.charset import decode
from aggregator.adapters.json_document import find_list
from aggregator.adapters.listing import items
from aggregator.adapters.listing.card_date import Reader
from aggregator.adapters.listing.items import Items, Manner
from aggregator.errors import SourceError
from aggregator.model import Parsed
from aggregator.normalize.url import absolute
from aggregator.rules import list_items
from aggregator.rules.document import Document

if TYPE_CHECKING:
    from aggregator.model import Capture
    from aggregator.rules.compiled import Listing, SiteRules

MAX_ITEMS = 2_000  # an interface that gives more at once gives its archive
_GUARD = re.compile(r"^\s*(?:\)\]\}'?,?|while\s*\(1\);|for\s*\(;;\);)\s*")
_ADDRESS = re.compile(r"(?:https?:)?//|[/?.]", re.IGNORECASE)


def parse(capture: Capture, rules: SiteRules) -> Parsed:
    """Read a JSON document.

    Raises: SourceError("parse") for what is no JSON, SourceError("no-items") where no list of articles is in it.
    """
    document = read(capture)
    listing = rules.listing
    manner = Manner(
        Reader(capture.taken, timezone=rules.timezone or "UTC", rule=listing.field("published")),
        linkless=True,
    )
    more = _next(document, listing)
    found, notes = (
        _by_rules(document, listing, manner)
        if listing.items
        else _by_names(document, listing, manner)
    )
    if found is None:
        return Parsed(quiet=True, more=more, notes=notes)
    return Parsed(found.entries, found.rejected, home=document.home or None, more=more, notes=notes)


def read(capture: Capture) -> Document:
    """Decode a JSON document. Raises: SourceError("parse")."""
    text = decode(capture.body, capture.headers.get("content-type", ""))
    try:
        data = orjson.loads(_GUARD.sub("", text.lstrip("\ufeff"), count=1))
    except (orjson.JSONDecodeError, UnicodeEncodeError) as e:
        raise SourceError("parse", f"JSON that cannot be read: {e}") from e
    return Document(etree.Element("html"), kind="json", url=capture.url, data=data)


def _by_rules(
    document: Document, listing: Listing, manner: Manner
) -> tuple[Items | None, tuple[str, ...]]:
    seen: list[str] = []
    rejected = 0
    for selector in listing.items:
        found = items.read(document, selector, listing, manner, most=MAX_ITEMS)
        if found.entries:
            return found, ()
        rejected += found.count
        seen.append(f"`{selector.source}` finds {found.count or 'nothing'}{_why(found)}")
    if not rejected and any(list_items.container(selector, document) for selector in listing.items):
        return None, ()
    raise SourceError("no-items", f"{'; '.join(seen)}; {sight(document.data)}")


def _why(found: Items) -> str:
    return f", none usable ({found.rejected[0]})" if found.rejected else ""


def _by_names(
    document: Document, listing: Listing, manner: Manner
) -> tuple[Items | None, tuple[str, ...]]:
    best: tuple[bool, int, Items, str] | None = None
    for candidate in find_list.lists(document.data):
        found = items.gathered(
            items.objects(candidate.objects[:MAX_ITEMS], document, listing, manner),
            document,
            manner,
        )
        rank = (items.are_articles(found.entries), found.worth)
        if found.entries and (best is None or rank > best[:2]):
            best = (*rank, found, candidate.path)
    if best is not None:
        return best[2], (f"items by their names, at `json:{best[3]}`",)
    if find_list.has_empty_list(document.data):
        return None, ()
    raise SourceError(
        "no-items", f"no list of objects with a title and a link; {sight(document.data)}"
    )


def _next(document: Document, listing: Listing) -> tuple[str, ...]:
    """The address of the next page; a bare number or token is none, unless rules put an address before it."""
    for selector in listing.next:
        for match in selector(document):
            address = (
                absolute(match.value, base=document.home) if _ADDRESS.match(match.value) else None
            )
            if address and address != document.url:
                return (address,)
    return ()


def sight(data: Any) -> str:
    """Say what a document is in a few words."""
    if isinstance(data, dict):
        return (
            f"the document has {', '.join(list(map(str, data))[:6])}"[:160]
            if data
            else "the document is empty"
        )
    return (
        f"the document is a list of {len(data)}"
        if isinstance(data, list)
        else "the document is a single value"
    )
