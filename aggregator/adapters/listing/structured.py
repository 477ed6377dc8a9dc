"""Lists of articles that a page states for machines: JSON-LD, microdata, microformats, the state its scripts carry.

Rule: each way gives a list by itself; nothing is mixed. Crumbs and menus are lists too: what does not read like
articles is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.json_document import find_list
from aggregator.adapters.listing import items
from aggregator.rules.compiled import Field, Listing
from aggregator.rules.json_path import leading, types
from aggregator.rules.selector import compile_selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.adapters.listing.items import Items, Manner
    from aggregator.rules.document import Document

Way = Callable[["Document", Listing, "Manner"], "Iterator[tuple[str, Items]]"]

_MAX_SCRIPTS = 40
_MAX_NODES = 2_000
_DEEPEST = 4  # nodes in nodes
_NO_LISTS = frozenset(
    {"BreadcrumbList", "SiteNavigationElement", "WPHeader", "WPFooter", "FAQPage", "HowTo"}
)
_ARTICLES = re.compile(
    r"(?:Article|BlogPosting|Report|Review|VideoObject|PodcastEpisode|ClaimReview)$"
)
_HOLDERS = (
    "itemListElement",
    "blogPost",
    "blogPosts",
    "hasPart",
    "mainEntity",
    "itemReviewed",
    "dataFeedElement",
)
_STATE_TYPES = ("application/json", "text/json", "application/vnd.api+json")
_ASSIGNED = re.compile(
    r"(?:(?:window|self|globalThis)(?:\.|\[[\"'])|\b(?:var|let|const)\s+)?"
    r"(__?[A-Za-z][\w$]{0,60}|[A-Za-z][\w$]{0,40}(?:State|STATE|Data|DATA|Props|PROPS))(?:[\"']\])?\s*=\s*(?=[{\[])"
)
_MICRODATA = ", ".join(
    f'[itemscope][itemtype$="{kind}"]'
    for kind in (
        "Article",
        "NewsArticle",
        "BlogPosting",
        "Report",
        "LiveBlogPosting",
        "TechArticle",
    )
)
_MARKED: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    "microdata": (
        _MICRODATA,
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


def by_linked_data(
    document: Document, listing: Listing, manner: Manner
) -> Iterator[tuple[str, Items]]:
    """Yield the lists of JSON-LD: each ItemList or blog, then the articles that stand beside each other."""
    nodes = list(islice(document.linked_data, _MAX_NODES))
    beside = [node for node in nodes if _is_article(node)]
    for kind, objects in (*_held(nodes), ("articles", beside)):
        raw = items.objects(objects[: items.MAX_ITEMS], document, listing, manner, kind="ld")
        yield f"JSON-LD {kind}", items.gathered(raw, document, manner)


def by_microdata(
    document: Document, listing: Listing, manner: Manner
) -> Iterator[tuple[str, Items]]:
    """Yield the list of elements that are marked as articles."""
    yield "microdata", _marked("microdata", document, listing, manner)


def by_microformats(
    document: Document, listing: Listing, manner: Manner
) -> Iterator[tuple[str, Items]]:
    """Yield the list of h-entry (or, before 2013, hAtom) elements."""
    yield "microformats", _marked("microformats", document, listing, manner)


def by_state(document: Document, listing: Listing, manner: Manner) -> Iterator[tuple[str, Items]]:
    """Yield the longest lists of the JSON that scripts carry."""
    for name, data in _states(document):
        for found in find_list.lists(data):
            raw = items.objects(found.objects[: items.MAX_ITEMS], document, listing, manner)
            yield f"JSON state ({name}: {found.path})", items.gathered(raw, document, manner)


def _held(nodes: list[dict[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Yield what the nodes hold as lists, with the type of each holder."""
    queue: list[tuple[dict[str, Any], int]] = [(node, 0) for node in nodes]
    for node, depth in islice(_growing(queue), _MAX_NODES):
        kinds = types(node)
        if not _NO_LISTS.isdisjoint(kinds):
            continue
        for name in _HOLDERS:
            inside = node.get(name)
            children = (
                [child for child in inside if isinstance(child, dict)]
                if isinstance(inside, list)
                else []
            )
            if children:
                yield kinds[0], [_opened(child) for child in children]
            if depth < _DEEPEST and isinstance(inside, dict):
                queue.append((inside, depth + 1))


def _growing(queue: list[tuple[dict[str, Any], int]]) -> Iterator[tuple[dict[str, Any], int]]:
    place = 0
    while place < len(queue):
        yield queue[place]
        place += 1


def _opened(node: dict[str, Any]) -> dict[str, Any]:
    """A ListItem is about the item in it, which may be an address alone."""
    item = node.get("item")
    if isinstance(item, dict):
        return {**node, **item}
    return {**node, "url": node.get("url") or item} if isinstance(item, str) else node


def _is_article(node: Mapping[str, Any]) -> bool:
    return any(_ARTICLES.search(kind) for kind in types(dict(node)))


def _marked(name: str, document: Document, listing: Listing, manner: Manner) -> Items:
    own = _listing(name)
    merged = replace(
        own,
        fields={
            **own.fields,
            **{key: one for key, one in listing.fields.items() if one.candidates},
        },
    )
    # The selectors name alternatives in order, and what they do not find the item may still say itself.
    return items.read(document, own.items[0], merged, replace(manner, gaps=True))


@lru_cache(maxsize=2)
def _listing(name: str) -> Listing:
    selector, fields = _MARKED[name]
    return Listing(
        items=(compile_selector(selector),),
        fields={
            key: Field(candidates=tuple((compile_selector(one), False) for one in fields[key]))
            for key in fields
        },
    )


def _states(document: Document) -> Iterator[tuple[str, Any]]:
    """Yield the JSON of a page's scripts with what it is called."""
    for script in islice(document.root.iter("script"), _MAX_SCRIPTS):
        text, media_type = script.text or "", (script.get("type") or "").lower()
        if media_type == "application/ld+json" or not text.strip():
            continue
        if media_type in _STATE_TYPES or script.get("id") == "__NEXT_DATA__":
            yield script.get("id") or "script", leading(text)
        elif assigned := _ASSIGNED.search(text):
            yield assigned[1], leading(text[assigned.end() :])
