"""Reads JSON interfaces that list articles: by the rules' paths, else by well-known key names.

Without rules, the longest list of objects that have something like a title and something
like a link is the list, or else the list in the HTML that the JSON carries. A list that
is there and empty has nothing new; if there is no list, the source is broken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.adapters import listing as page_listing
from aggregator.adapters.charset import decode_document
from aggregator.adapters.json_document import find_list
from aggregator.adapters.json_document.decode import decode_json
from aggregator.adapters.listing import items
from aggregator.adapters.listing.card_date import DateReader
from aggregator.adapters.listing.items import ListItems, ReadOptions
from aggregator.errors import SourceError
from aggregator.model import ParsedDocument
from aggregator.normalize.url import absolute_url
from aggregator.rules import list_items
from aggregator.rules.document import Document

if TYPE_CHECKING:
    from aggregator.model import Capture
    from aggregator.rules.compiled import CompiledListing, SiteRules
    from aggregator.rules.selector import Selector

MAX_ITEMS = 2_000  # an interface that gives more at once gives its archive
_URL = re.compile(r"(?:https?:)?//|[/?.]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A list that may be the articles', and where it is in the document."""

    items: ListItems
    path: str
    rank: tuple[bool, int]


def parse(capture: Capture, rules: SiteRules) -> ParsedDocument:
    """Read a JSON document.

    Raises:
        SourceError: "parse" for what is no JSON, "no-items" if it has no list of articles.
    """
    document = _decode(capture)
    listing = rules.listing
    dates = DateReader(
        capture.taken, timezone=rules.timezone or "UTC", rule=listing.field("published")
    )
    manner = ReadOptions(dates, allow_linkless=True)
    more = _next_page(document, listing)

    notes = document.notes
    if listing.items:
        found = _read_by_rules(document, listing, manner)
    else:
        candidate = _find_by_names(document, listing, manner)
        found = None
        if candidate is not None:
            found = candidate.items
            notes = (*notes, f"items by their names, at `json:{candidate.path}`")
        else:
            in_html = _read_html(document, capture, rules)
            if in_html is not None:
                return in_html
            _check_for_empty_list(document)

    if found is None:
        return ParsedDocument(is_empty_list=True, next_urls=more)
    home = document.base_url or None
    return ParsedDocument(found.entries, found.rejected, home=home, next_urls=more, notes=notes)


def _decode(capture: Capture) -> Document:
    decoded = decode_document(capture.body, capture.headers.get("content-type", ""))
    text = decoded.text
    try:
        data = decode_json(text.lstrip("\ufeff"))
    except ValueError as e:
        raise SourceError("parse", f"JSON that cannot be read: {e}") from e
    return Document(
        etree.Element("html"), kind="json", url=capture.url, data=data, notes=decoded.notes
    )


def _read_by_rules(
    document: Document, listing: CompiledListing, manner: ReadOptions
) -> ListItems | None:
    """Return the items of the first selector that finds usable ones.

    None if the list that a selector names is there and empty.
    """
    reports: list[str] = []
    rejected = 0
    for selector in listing.items:
        found = items.read(document, selector, listing, manner, limit=MAX_ITEMS)
        if not found.entries:
            found = _read_members(document, selector, listing, manner) or found
        if found.entries:
            return found
        rejected += found.count
        reports.append(f"`{selector.source}` finds {_describe_unusable(found)}")

    if rejected == 0:
        for selector in listing.items:
            if list_items.has_container(selector, document):
                return None
    raise SourceError("no-items", f"{'; '.join(reports)}; {_describe(document.data)}")


def _read_members(
    document: Document, selector: Selector, listing: CompiledListing, manner: ReadOptions
) -> ListItems | None:
    """Read the members of the objects that a selector finds: lists whose keys are ids.

    None if it finds anything else.
    """
    if selector.json_values is None:
        return None
    members: list[Any] = []
    for value in selector.json_values(document):
        if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
            return None
        members += value.values()
    raw = items.read_objects(members[:MAX_ITEMS], document, listing, manner)
    return items.collect_usable(raw, document, manner)


def _describe_unusable(found: ListItems) -> str:
    count = str(found.count or "nothing")
    if not found.rejected:
        return count
    return f"{count}, none usable ({found.rejected[0]})"


def _find_by_names(
    document: Document, listing: CompiledListing, manner: ReadOptions
) -> _Candidate | None:
    """Return the list that looks most like articles, None without one."""
    best: _Candidate | None = None
    for candidate in find_list.find_lists(document.data):
        raw = items.read_objects(candidate.objects[:MAX_ITEMS], document, listing, manner)
        found = items.collect_usable(raw, document, manner)
        if not found.entries:
            continue
        rank = (items.are_articles(found.entries), found.score)
        if best is None or rank > best.rank:
            best = _Candidate(found, candidate.path, rank)

    return best


def _read_html(document: Document, capture: Capture, rules: SiteRules) -> ParsedDocument | None:
    """Read the list in the HTML that the JSON carries, as interfaces for "load more" do."""
    for path, html in find_list.find_html(document.data):
        page = replace(
            capture, body=html.encode(), headers={"content-type": "text/html; charset=utf-8"}
        )
        try:
            parsed = page_listing.parse(page, rules)
        except SourceError:
            continue
        notes = (f"items in the HTML at `json:{path}`", *parsed.notes)
        return replace(parsed, notes=notes)
    return None


def _check_for_empty_list(document: Document) -> None:
    """Raise SourceError unless an empty list is there, which means that nothing is new."""
    if not find_list.has_empty_list(document.data):
        reason = f"no list of objects with a title and a link; {_describe(document.data)}"
        raise SourceError("no-items", reason)


def _next_page(document: Document, listing: CompiledListing) -> tuple[str, ...]:
    """Return the URL of the next page, as the rules find it.

    A bare number or token is no URL, unless the rules put one before it.
    """
    for selector in listing.next:
        for match in selector(document):
            if not _URL.match(match.value):
                continue
            url = absolute_url(match.value, base=document.base_url)
            if url and url != document.url:
                return (url,)
    return ()


def _describe(data: Any) -> str:
    """Say what a document is in a few words."""
    if isinstance(data, list):
        return f"the document is a list of {len(data)}"
    if not isinstance(data, dict):
        return "the document is a single value"
    if not data:
        return "the document is empty"

    keys = [str(key) for key in data]
    return f"the document has {', '.join(keys[:6])}"[:160]
