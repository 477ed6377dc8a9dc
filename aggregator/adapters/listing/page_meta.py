"""Reads what a list page says about itself: its language, its title, its next page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.adapters.html import head
from aggregator.adapters.listing.rule_fields import url_of_match
from aggregator.model import Candidate
from aggregator.normalize import language as languages
from aggregator.normalize.url import absolute_url, document_key, same_site
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.rules.compiled import CompiledListing
    from aggregator.rules.document import Document

LONGEST_TITLE_CHARACTERS = 300
_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def find_language(document: Document) -> Candidate | None:
    """Return the language that a page states for itself, None unless it is a language tag."""
    root = document.root
    meta = head.read_meta(document)
    candidates = (
        (root.get("lang"), "page:html@lang"),
        (root.get(_XML_LANGUAGE) or root.get("xml:lang"), "page:html@xml:lang"),
        (_first(meta.get("content-language")), "meta:content-language"),
        (_first(meta.get("og:locale")), "meta:og:locale"),
    )
    for value, where in candidates:
        if value and languages.canonical_tag(value):
            return Candidate(value, where)
    return None


def find_title(document: Document) -> str | None:
    """Return the name of the page's site, else the page's title; None without both."""
    site_name = _first(head.read_meta(document).get("og:site_name"))
    title = site_name or _title_text(document)
    return " ".join(title.split())[:LONGEST_TITLE_CHARACTERS] or None


def _title_text(document: Document) -> str:
    for element in document.root.iter("title"):
        return element_text(element)
    return ""


def find_next_page(document: Document, listing: CompiledListing) -> str | None:
    """Return the URL of the list's next page, None if there is none.

    Rules that name the next page decide alone. Without them the page's own
    `rel="next"` links count, as long as they stay on the same site.
    """
    if listing.next:
        candidates = _next_links_by_rules(document, listing)
    else:
        candidates = _next_links_by_rel(document)

    this_page = document_key(document.url or "")
    for url in candidates:
        if document_key(url) != this_page:
            return url
    return None


def _next_links_by_rules(document: Document, listing: CompiledListing) -> Iterator[str]:
    for selector in listing.next:
        for match in selector(document):
            url = absolute_url(url_of_match(match), base=document.base_url)
            if url:
                yield url


def _next_links_by_rel(document: Document) -> Iterator[str]:
    for element in document.root.iter("link", "a"):
        relations = element.get("rel", "").lower().split()
        if "next" not in relations:
            continue

        url = absolute_url(element.get("href", ""), base=document.base_url)
        if url and same_site(url, document.url or ""):
            yield url


def _first(contents: Sequence[str] | None) -> str | None:
    return contents[0] if contents else None
