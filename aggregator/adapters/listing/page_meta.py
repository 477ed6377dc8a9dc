"""What a page that lists articles says of itself as a whole: its language, its name, its next page."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from aggregator.adapters.listing.items import address_of
from aggregator.model import Found
from aggregator.normalize import language as languages
from aggregator.normalize.url import absolute, key, same_site
from aggregator.rules.document import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.rules.compiled import Listing
    from aggregator.rules.document import Document

LONGEST_TITLE_CHARACTERS = 300
_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def language(document: Document) -> Found | None:
    """The language that a page states for itself, None where it states none that is one."""
    root, stated = document.root, _metas(document)
    candidates = (
        (root.get("lang"), "page:html@lang"),
        (root.get(_XML_LANGUAGE) or root.get("xml:lang"), "page:html@xml:lang"),
        (stated.get("content-language"), "meta:content-language"),
        (stated.get("og:locale"), "meta:og:locale"),
    )
    return next(
        (Found(value, where) for value, where in candidates if value and languages.tag(value)), None
    )


def title(document: Document) -> str | None:
    """What a page calls its site, else itself; None where it does neither."""
    named = next((text_of(element) for element in islice(document.root.iter("title"), 1)), "")
    stated = _metas(document).get("og:site_name") or named
    return " ".join(stated.split())[:LONGEST_TITLE_CHARACTERS] or None


def following(document: Document, listing: Listing) -> tuple[str, ...]:
    """The address of the list's next page: as the rules say, else as the page itself does, on its own site."""
    own = key(document.url or "")
    stated = (
        absolute(address_of(match), base=document.home)
        for one in listing.next
        for match in one(document)
    )
    if listing.next:
        return tuple(islice((address for address in stated if address and key(address) != own), 1))
    related = (
        one
        for one in document.root.iter("link", "a")
        if "next" in (one.get("rel") or "").lower().split()
    )
    addresses = (absolute(one.get("href") or "", base=document.home) for one in related)
    same = (
        one for one in addresses if one and key(one) != own and same_site(one, document.url or "")
    )
    return tuple(islice(same, 1))


def _metas(document: Document) -> Mapping[str, str]:
    """The first value of each meta element by its name in lower case."""
    found: dict[str, str] = {}
    for element in document.root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("http-equiv") or ""
        if value := (element.get("content") or "").strip():
            found.setdefault(name.strip().lower(), value)
    return found
