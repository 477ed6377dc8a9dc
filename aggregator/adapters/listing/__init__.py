"""Pages that list articles: by the rules' selectors, else by what the page states for machines, else by its form.

Rule: precision first: a menu is never taken for a list. A list whose container is there and empty is quiet; a container
that is gone is an error that names what was tried.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.adapters.html import document as parsed
from aggregator.adapters.listing import infer, items, page_meta, structured
from aggregator.adapters.listing.card_date import Reader
from aggregator.adapters.listing.items import Items, Manner
from aggregator.errors import SourceError
from aggregator.model import Parsed
from aggregator.normalize import language
from aggregator.normalize.html.tree import detach
from aggregator.rules import list_items
from aggregator.rules.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Capture
    from aggregator.rules.compiled import Listing, SiteRules
    from aggregator.rules.selector import Document, Selector

_WAYS: tuple[structured.Way, ...] = (
    structured.by_linked_data,
    structured.by_microdata,
    structured.by_microformats,
    structured.by_state,
)


def parse(capture: Capture, rules: SiteRules) -> Parsed:
    """Read a page that lists articles.

    Raises:
        SourceError: "parse" for what is no page, "no-items" where no list of articles is in it.
    """
    document = parsed(capture)
    listing = rules.listing
    more = page_meta.following(document, listing)
    title = page_meta.title(document)
    for selector in listing.remove:
        for element in list(selector.elements(document)):
            detach(element)
    manner = manner_of(document, capture, rules)
    found, note = _read(document, listing, manner)
    notes = (note,) if note else ()
    if found is None:
        return Parsed(title=title, home=capture.url, more=more, quiet=True, notes=notes)
    return Parsed(
        found.entries, found.rejected, title=title, home=capture.url, more=more, notes=notes
    )


def manner_of(document: Document, capture: Capture, rules: SiteRules) -> Manner:
    """How the items of a page are read: its dates in its own language and its site's zone."""
    stated = page_meta.language(document)
    tags = tuple(
        tag for tag in ((language.tag(stated.value) if stated else None) or rules.language,) if tag
    )
    dates = Reader(capture.taken, tags, rules.timezone or "UTC", rules.listing.field("published"))
    return Manner(dates, language=(stated,) if stated else ())


def _read(document: Document, listing: Listing, manner: Manner) -> tuple[Items | None, str | None]:
    """By rules where there are any; those of a site may not know every page of it, those of the source are the word."""
    if not listing.items:
        return _by_itself(document, listing, manner)
    try:
        return _by_rules(document, listing, manner)
    except SourceError:
        if listing.own:
            raise
    return _by_itself(document, replace(listing, fields={}), manner)


def _by_rules(
    document: Document, listing: Listing, manner: Manner
) -> tuple[Items | None, str | None]:
    """The first selector that finds a usable item; None for a list that is there and empty."""
    tried: list[tuple[Selector, Items]] = []
    for selector in listing.items:
        found = items.read(document, selector, listing, manner)
        if found.entries:
            return found, None
        tried.append((selector, found))
    if not any(found.count for _, found in tried) and any(
        list_items.container(one, document) for one in listing.items
    ):
        return None, None
    raise SourceError(
        "no-items", "; ".join(_failed(document, selector, found) for selector, found in tried)
    )


def _failed(document: Document, selector: Selector, found: Items) -> str:
    if found.count:
        reason = found.rejected[0] if found.rejected else "they lead to other sites"
        return f"`{selector.source}` finds {found.count} items, none usable ({reason})"
    near = nearest(selector.source, [document])
    return f"`{selector.source}` finds nothing" + (
        f", `{near.selector}` would find {near.count}" if near else ""
    )


def _by_itself(
    document: Document, listing: Listing, manner: Manner
) -> tuple[Items | None, str | None]:
    """The way that gives the most items, those with a date twice; of equals the one that guesses least."""
    best: Items | None = None
    how = None
    for name, found in _found(document, listing, replace(manner, inferred=True)):
        if items.are_articles(found.entries) and (best is None or found.worth > best.worth):
            best, how = found, name
    if best is None:
        raise SourceError(
            "no-items",
            "no list of articles in JSON-LD, microdata, microformats or scripts, nor by the form of the "
            "page: say where the `items` are",
        )
    return best, f"items by {how}"


def _found(document: Document, listing: Listing, manner: Manner) -> Iterator[tuple[str, Items]]:
    for way in _WAYS:
        yield from way(document, listing, manner)
    inferred = infer.infer(document, dates=manner.dates)
    if inferred is not None:
        own = infer.listing_of(inferred, listing)
        found = items.read(document, own.items[0], own, manner)
        yield f"repeated structure (`{inferred.items}`)", found
