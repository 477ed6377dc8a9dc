"""Reads lists of articles that a page states for machines: JSON-LD, microdata, microformats, script state.

Each way gives lists by itself; nothing is mixed. Breadcrumbs and menus are lists too,
so the caller checks whether a list reads like articles.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.json_document import find_list
from aggregator.adapters.json_document.keys import find_slug
from aggregator.adapters.json_document.script_formats import decode_flight, decode_nuxt
from aggregator.adapters.listing import items
from aggregator.normalize.url import absolute_url
from aggregator.rules.compiled import CompiledField, CompiledListing
from aggregator.rules.json_path import load_leading_json, node_types
from aggregator.rules.selector import compile_selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aggregator.adapters.listing.items import ListItems, ReadOptions
    from aggregator.rules.document import Document

# A way to read lists: it yields each list with what it is called in the outcome.
ListFinder = Callable[
    ["Document", CompiledListing, "ReadOptions"], "Iterator[tuple[str, ListItems]]"
]

_MAX_SCRIPTS = 40
_MAX_FLIGHT = 1_000  # scripts: Next.js pushes its data in many small ones
_MAX_LINKS = 2_000
_MAX_NODES = 2_000
_MAX_DEPTH = 4  # nodes in nodes
_NO_ARTICLE_LISTS = frozenset(
    {"BreadcrumbList", "SiteNavigationElement", "WPHeader", "WPFooter", "FAQPage", "HowTo"}
)
_ARTICLE_TYPE = re.compile(
    r"(?:Article|BlogPosting|Report|Review|VideoObject|PodcastEpisode|ClaimReview)$"
)
_LIST_PROPERTIES = (
    "itemListElement",
    "blogPost",
    "blogPosts",
    "hasPart",
    "mainEntity",
    "itemReviewed",
    "dataFeedElement",
)
_STATE_TYPES = ("application/json", "text/json", "application/vnd.api+json")
_ASSIGNMENT = re.compile(
    r"(?:(?:window|self|globalThis)(?:\.|\[[\"'])|\b(?:var|let|const)\s+)?"
    r"(__?[A-Za-z][\w$]{0,60}|[A-Za-z][\w$]{0,40}(?:State|STATE|Data|DATA|Props|PROPS))(?:[\"']\])?\s*=\s*(?=[{\[])"
)
_MICRODATA_TYPES = (
    "Article",
    "NewsArticle",
    "BlogPosting",
    "Report",
    "LiveBlogPosting",
    "TechArticle",
)
# The selectors of each format: its items, and the fields within an item, best first.
_FORMATS: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    "microdata": (
        ", ".join(f'[itemscope][itemtype$="{kind}"]' for kind in _MICRODATA_TYPES),
        {
            "title": ("[itemprop~=headline]@content", "[itemprop~=headline]"),
            "url": (
                "a[itemprop~=url]@href",
                "link[itemprop~=url]@href",
                "[itemprop~=mainEntityOfPage]@itemid",
                "link[itemprop~=mainEntityOfPage]@href",
                "meta:url",
            ),
            "published": (
                "[itemprop~=datePublished]@datetime",
                "[itemprop~=datePublished]@content",
                "[itemprop~=datePublished]",
            ),
            "updated": ("[itemprop~=dateModified]@datetime", "[itemprop~=dateModified]@content"),
            "summary": ("[itemprop~=description]@content", "[itemprop~=description]"),
            "authors": (
                "[itemprop~=author] [itemprop~=name]*",
                "[itemprop~=author]@content",
                "[itemprop~=author]",
            ),
            "image": (
                "img[itemprop~=image]",
                "[itemprop~=image]@content",
                "link[itemprop~=image]@href",
            ),
        },
    ),
    "microformats": (
        ".h-entry, .hentry",
        {
            "title": (".p-name", ".entry-title"),
            "url": (
                "a.u-url@href",
                ".u-url a@href",
                "a[rel~=bookmark]@href",
                ".entry-title a@href",
            ),
            "published": (
                ".dt-published@datetime",
                ".dt-published",
                ".published@datetime",
                ".published@title",
            ),
            "updated": (".dt-updated@datetime", ".updated@datetime"),
            "summary": (".p-summary", ".entry-summary"),
            "authors": (".p-author*", ".author .fn*"),
            "tags": (".p-category*", "a[rel~=tag]*"),
            "image": ("img.u-photo",),
        },
    ),
}


@dataclass(frozen=True, slots=True)
class ScriptData:
    """JSON that a script carries, and the variable or id that it is known by."""

    name: str
    data: Any


def find_in_json_ld(
    document: Document, listing: CompiledListing, manner: ReadOptions
) -> Iterator[tuple[str, ListItems]]:
    """Yield the lists of JSON-LD: each ItemList or blog, then the articles beside each other."""
    nodes = list(islice(document.linked_data, _MAX_NODES))
    articles = [node for node in nodes if _is_article_node(node)]
    for kind, objects in (*_lists_in_nodes(nodes), ("articles", articles)):
        raw = items.read_objects(objects[: items.MAX_ITEMS], document, listing, manner, kind="ld")
        yield f"JSON-LD {kind}", items.collect_usable(raw, document, manner)


def find_in_microdata(
    document: Document, listing: CompiledListing, manner: ReadOptions
) -> Iterator[tuple[str, ListItems]]:
    """Yield the list of the elements that are marked as articles."""
    yield "microdata", _read_format("microdata", document, listing, manner)


def find_in_microformats(
    document: Document, listing: CompiledListing, manner: ReadOptions
) -> Iterator[tuple[str, ListItems]]:
    """Yield the list of h-entry (or, before 2013, hAtom) elements."""
    yield "microformats", _read_format("microformats", document, listing, manner)


def find_in_script_state(
    document: Document, listing: CompiledListing, manner: ReadOptions
) -> Iterator[tuple[str, ListItems]]:
    """Yield the longest lists of the JSON that scripts carry."""
    for script in find_script_data(document):
        for found in find_list.find_lists(script.data):
            objects = found.objects[: items.MAX_ITEMS]
            options = replace(manner, slug_base=_find_slug_base(document, objects))
            raw = items.read_objects(objects, document, listing, options)
            name = f"JSON state ({script.name}: {found.path})"
            yield name, items.collect_usable(raw, document, options)


def _find_slug_base(document: Document, objects: Sequence[Any]) -> str | None:
    """Return what comes before the slugs of objects in links.

    A link of the page to one of them shows it; without one it is the page's own URL, below
    which sites made with Next.js and Nuxt have their articles.
    """
    slugs = {slug for slug in map(find_slug, objects) if slug}
    if not slugs or not document.url:
        return None
    for link in islice(document.root.iter("a"), _MAX_LINKS):
        url = absolute_url(link.get("href") or "", base=document.base_url) or ""
        path = url.partition("?")[0].partition("#")[0].rstrip("/")
        base, _, last = path.rpartition("/")
        if last in slugs:
            return f"{base}/"

    page = document.url.partition("?")[0].partition("#")[0]
    folder, _, last = page.rpartition("/")
    return f"{folder}/" if "." in last else f"{page.rstrip('/')}/"


def _lists_in_nodes(nodes: list[dict[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists that the nodes hold, each with the type of its holder.

    Nodes are visited breadth first.
    """
    queue = deque((node, 0) for node in nodes)
    for _ in range(_MAX_NODES):
        if not queue:
            return
        node, depth = queue.popleft()
        kinds = node_types(node)
        if not _NO_ARTICLE_LISTS.isdisjoint(kinds):
            continue

        for name in _LIST_PROPERTIES:
            value = node.get(name)
            objects = _objects_in(value)
            if objects:
                yield kinds[0], objects
            if isinstance(value, dict) and depth < _MAX_DEPTH:
                queue.append((value, depth + 1))


def _objects_in(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        return []
    nodes = [child for child in value if isinstance(child, dict)]
    return list(map(_list_object, nodes))


def _list_object(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node together with the item that it is about if it is a ListItem.

    That item may be a URL alone.
    """
    item = node.get("item")
    if isinstance(item, dict):
        return {**node, **item}
    if isinstance(item, str):
        return {**node, "url": node.get("url") or item}
    return node


def _is_article_node(node: Mapping[str, Any]) -> bool:
    return any(_ARTICLE_TYPE.search(kind) for kind in node_types(dict(node)))


def _read_format(
    format_name: str, document: Document, listing: CompiledListing, manner: ReadOptions
) -> ListItems:
    """Read the items of a format; fields that rules select are read by the rules."""
    format_listing = _format_listing(format_name)
    by_rules = {name: rule for name, rule in listing.fields.items() if rule.candidates}
    merged = replace(format_listing, fields={**format_listing.fields, **by_rules})

    # The selectors name alternatives; what none of them finds the item may have itself.
    options = replace(manner, fill_gaps=True)
    return items.read(document, format_listing.items[0], merged, options)


@lru_cache(maxsize=2)
def _format_listing(format_name: str) -> CompiledListing:
    items_selector, field_selectors = _FORMATS[format_name]
    fields = {}
    for name, selectors in field_selectors.items():
        candidates = tuple((compile_selector(selector), False) for selector in selectors)
        fields[name] = CompiledField(candidates=candidates)
    return CompiledListing(items=(compile_selector(items_selector),), fields=fields)


def find_script_data(document: Document) -> Iterator[ScriptData]:
    """Yield the JSON of a page's scripts, without JSON-LD."""
    scripts = [script.text or "" for script in islice(document.root.iter("script"), _MAX_FLIGHT)]
    flight = decode_flight(text for text in scripts if "__next_f" in text)
    if flight:
        yield ScriptData("__next_f", flight)

    for script in islice(document.root.iter("script"), _MAX_SCRIPTS):
        text = script.text or ""
        media_type = script.get("type", "").lower()
        if media_type == "application/ld+json" or not text.strip():
            continue

        script_id = script.get("id", "")
        if script_id == "__NUXT_DATA__":
            yield ScriptData(script_id, decode_nuxt(load_leading_json(text)))
            continue
        if media_type in _STATE_TYPES or script_id == "__NEXT_DATA__":
            yield ScriptData(script_id or "script", load_leading_json(text))
            continue
        assignment = _ASSIGNMENT.search(text)
        if assignment:
            yield ScriptData(assignment[1], load_leading_json(text[assignment.end() :]))
