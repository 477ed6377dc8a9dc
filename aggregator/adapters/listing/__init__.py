"""Reads pages that list articles: by the rules, else by markup for machines, else by repeated structure.

Precision first: a menu is never taken for a list. A list whose container is there
and empty is quiet. A container that is gone is an error that names what was tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.adapters.html import parse_page as parse_html
from aggregator.adapters.listing import infer, items, page_meta, structured
from aggregator.adapters.listing.card_date import DateReader
from aggregator.adapters.listing.items import ListItems, ReadOptions
from aggregator.errors import SourceError
from aggregator.model import ParsedDocument
from aggregator.normalize import language
from aggregator.normalize.html.tree import detach
from aggregator.rules import list_items
from aggregator.rules.suggest import suggest_selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Candidate, Capture
    from aggregator.rules.compiled import CompiledListing, SiteRules
    from aggregator.rules.selector import Document, Selector

_LIST_FINDERS: tuple[structured.ListFinder, ...] = (
    structured.find_in_json_ld,
    structured.find_in_microdata,
    structured.find_in_microformats,
    structured.find_in_script_state,
)


@dataclass(frozen=True, slots=True)
class _List:
    """The items of a page, None for a list that is there and empty, and a note for the user.

    `is_inferred` tells that the page's repeated structure alone says what an item is.
    """

    items: ListItems | None
    note: str | None = None
    is_inferred: bool = False


def parse(capture: Capture, rules: SiteRules) -> ParsedDocument:
    """Read a page that lists articles.

    Raises:
        SourceError: "parse" for what is no page, "no-items" where no list of articles is in it.
    """
    document = parse_html(capture)
    listing = rules.listing
    title = page_meta.find_title(document)
    next_page = page_meta.find_next_page(document, listing)
    more = (next_page,) if next_page else ()

    for selector in listing.remove:
        for element in list(selector.elements(document)):
            detach(element)
    manner = _manner(document, capture, rules)
    found = _read_list(document, listing, manner)

    notes = document.notes
    if found.note:
        notes = (*notes, found.note)
    if found.items is None:
        return ParsedDocument(
            title=title, home=capture.url, next_urls=more, is_empty_list=True, notes=notes
        )
    return ParsedDocument(
        found.items.entries,
        found.items.rejected,
        title=title,
        home=capture.url,
        next_urls=more,
        notes=notes,
        is_inferred=found.is_inferred,
    )


def _manner(document: Document, capture: Capture, rules: SiteRules) -> ReadOptions:
    """Return how to read a page's items: its dates in its own language and its site's zone."""
    stated = page_meta.find_language(document)
    dates = DateReader(
        capture.taken,
        _date_languages(stated, rules),
        rules.timezone or "UTC",
        rules.listing.field("published"),
    )
    return ReadOptions(dates, language=(stated,) if stated else ())


def _date_languages(stated: Candidate | None, rules: SiteRules) -> tuple[str, ...]:
    """Return the language that a page states, else the one of its site, () without both."""
    if stated is not None:
        tag = language.canonical_tag(stated.value)
        if tag:
            return (tag,)
    if rules.language:
        return (rules.language,)
    return ()


def _read_list(document: Document, listing: CompiledListing, manner: ReadOptions) -> _List:
    """Read the list by the rules if they say what its items are, else without them.

    The rules of a site may not know every page of it, so where they fail the page is
    read without them. The rules of the source itself are not replaced by a guess.
    """
    if not listing.items:
        return _read_without_rules(document, listing, manner)
    try:
        return _read_by_rules(document, listing, manner)
    except SourceError:
        if listing.is_source_specific:
            raise
    return _read_without_rules(document, replace(listing, fields={}), manner)


def _read_by_rules(document: Document, listing: CompiledListing, manner: ReadOptions) -> _List:
    """Return the items of the first selector that finds a usable one.

    Raises:
        SourceError: "no-items" if none does, unless the list is there and empty.
    """
    tried: list[tuple[Selector, ListItems]] = []
    for selector in listing.items:
        found = items.read(document, selector, listing, manner)
        if found.entries:
            return _List(found)
        tried.append((selector, found))

    for selector, found in tried:
        if not found.count and list_items.is_empty_list(selector, document):
            return _List(
                None, f"the list is empty: `{selector.source}` finds nothing in its container"
            )
    failures = [_describe_failure(document, selector, found) for selector, found in tried]
    raise SourceError("no-items", "; ".join(failures))


def _describe_failure(document: Document, selector: Selector, found: ListItems) -> str:
    if found.count:
        reason = str(found.rejected[0]) if found.rejected else "they lead to other sites"
        return f"`{selector.source}` finds {found.count} items, none usable ({reason})"

    message = f"`{selector.source}` finds nothing"
    suggestion = suggest_selector(selector.source, [document])
    if suggestion:
        message += f", `{suggestion.selector}` would find {suggestion.count}"
    return message


def _read_without_rules(document: Document, listing: CompiledListing, manner: ReadOptions) -> _List:
    """Return the list with the most items, those with a date counted twice.

    Of equal lists the first counts: it is the one that guesses least.

    Raises:
        SourceError: "no-items" if there is no list of articles.
    """
    best_score = None
    best = None
    for candidate in _candidates(document, listing, replace(manner, is_inferred=True)):
        found = candidate.items
        if found is None or not items.are_articles(found.entries):
            continue
        if best_score is None or found.score > best_score:
            best_score = found.score
            best = candidate

    if best is None:
        raise SourceError(
            "no-items",
            "no list of articles in JSON-LD, microdata, microformats or scripts, nor by the form of the "
            "page: say where the `items` are",
        )
    return best


def _candidates(
    document: Document, listing: CompiledListing, manner: ReadOptions
) -> Iterator[_List]:
    """Yield the lists of a page, each with a note of how it was found."""
    for find_lists in _LIST_FINDERS:
        for name, found in find_lists(document, listing, manner):
            yield _List(found, f"items by {name}")

    inferred = infer.infer_list(document, dates=manner.date_reader)
    if inferred is not None:
        inferred_listing = infer.to_listing(inferred, listing)
        selector = inferred_listing.items[0]
        found = items.read(document, selector, inferred_listing, manner)
        note = f"items by repeated structure (`{inferred.items}`)"
        yield _List(found, note, is_inferred=True)
