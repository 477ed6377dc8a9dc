"""The table of adapters: all that the program knows of one kind of document stands in one row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Adapter:
    """One way in which items are carried.

    `module` has a function `parse(capture, rules) -> ParsedDocument` and is loaded on demand: a folder of
    saved articles needs no feed parser. `suffix` is the file name's end of recorded captures, None
    where the document itself tells JSON from XML.
    """

    name: str
    module: str
    suffix: str | None = None
    is_list: bool = False  # says where articles are, and little of what is in them
    is_page: bool = False  # a page of the web, which site rules may know by its fingerprint
    is_feed: bool = False  # feed readers can subscribe to it


# One article's own page. No source is of this kind: lists and feeds lead to it.
ARTICLE = "article"

# A page that is searched for the feeds it names; they come out as further documents.
DISCOVERY = "discovery"

# What the `adapter:` of a source says that leaves the choice to the document.
AUTO = "auto"

_ROWS = (
    Adapter("feed", "aggregator.adapters.feed", is_feed=True),
    Adapter("page", "aggregator.adapters.listing", ".html", is_list=True, is_page=True),
    Adapter("archive", "aggregator.adapters.archive", ".txt"),
    Adapter("sitemap", "aggregator.adapters.sitemap", is_list=True),
    Adapter("json", "aggregator.adapters.json_api", ".json", is_list=True),
    Adapter(ARTICLE, "aggregator.adapters.article", ".html", is_page=True),
    Adapter(DISCOVERY, "aggregator.discovery.adapter", ".html"),
)

ADAPTERS: dict[str, Adapter] = {adapter.name: adapter for adapter in _ROWS}

# The adapters that a source may name.
SOURCE_ADAPTERS: tuple[str, ...] = (
    AUTO,
    *(name for name in ADAPTERS if name not in (ARTICLE, DISCOVERY)),
)


def named_adapter(value: str) -> str | None:
    """Return the adapter that a source's `adapter:` names.

    None for `auto` and for the name of site rules, which leave the choice to the document.
    """
    if value != AUTO and value in SOURCE_ADAPTERS:
        return value
    return None
