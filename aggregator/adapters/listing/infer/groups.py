"""Finds groups of similar links in a page: candidates for a list of articles.

Links are similar if elements of the same names and classes lead to them. Only classes
count that most of the elements beside them share. Links in elements for navigation
(nav, header, footer, aside) are left out. Each element is visited a fixed number of
times, and at most 50,000 elements are visited.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import class_words
from aggregator.adapters.listing.card import text_line
from aggregator.normalize.text import count_words
from aggregator.normalize.url import absolute_url, document_key, same_site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.rules.document import Document

MAX_ELEMENTS = 50_000
MIN_ITEMS = 3
_MAX_LINKS = 5_000
_MAX_GROUPS = 10  # groups that are looked at closely
_MAX_CLASSES = 20  # of one element

# A class that fewer of the similar elements have belongs to the item (`category-world`).
_SHARED_PART = 0.5

# This part of the elements around a group's links must lead to one URL only.
_SINGLE_PART = 0.9

_MAX_TITLE_WORDS = 12.0  # a longer text is a lead, not a better title

# No form: some systems put whole pages into one.
_NAVIGATION_NAMES = "nav footer aside select dialog menu noscript template"
_ROLE_NAMES = "navigation banner contentinfo complementary search menu menubar toolbar dialog"
_CONTENT_NAMES = "main content contents article articles page body layout has with"
_POSITION_NAMES = "odd even alt first last active current selected"
_NAVIGATION_TAGS = frozenset(_NAVIGATION_NAMES.split())
_NAVIGATION_ROLES = frozenset(_ROLE_NAMES.split())
_CONTENT_WORDS = frozenset(_CONTENT_NAMES.split())
_POSITION_CLASSES = frozenset(_POSITION_NAMES.split())
_CLASS_NAME = re.compile(r"[^\s]{1,60}")


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """Similar links, and the elements around them that hold one each.

    `levels` begins with the outermost elements and ends with the links. In a sidebar
    means: a class around the links names a menu, a sidebar or an advertisement.
    """

    links: tuple[Any, ...]
    levels: tuple[tuple[Any, ...], ...]
    in_sidebar: bool
    in_main: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an element is: the number of the path that leads to it, and what is around."""

    path_id: int
    in_navigation: bool = False
    in_sidebar: bool = False
    in_main: bool = False


_OUTSIDE = _Place(0)

# One step of a path: the parent's path and the element's tag.
_Step = tuple[int, str]


def find_groups(document: Document) -> tuple[LinkGroup, ...]:
    """Return the groups of similar links, those first that have many links and long texts."""
    places = _place_elements(document)
    by_path: dict[int, list[Any]] = defaultdict(list)
    for link, place in _links_with_places(document, places):
        by_path[place.path_id].append(link)

    find_groups: list[LinkGroup] = []
    ranked = sorted(by_path.values(), key=_rank, reverse=True)
    for links in ranked[: 2 * _MAX_GROUPS]:
        group = _make_group(links, places, document)
        if group is not None:
            find_groups.append(group)
        if len(find_groups) == _MAX_GROUPS:
            break
    return tuple(find_groups)


def target_key(link: Any, document: Document) -> str | None:
    """Return the key of the page that a link leads to.

    None if that is this page, the front page, or a page of another site.
    """
    this_page = document.url or ""
    url = absolute_url(link.get("href", ""), base=document.base_url)
    if url is None or not same_site(url, this_page):
        return None

    target = document_key(url)
    is_front_page = target.count("/") == len("///") and target.endswith("/")
    if is_front_page or target == document_key(this_page):
        return None
    return target


def class_tokens(element: Any) -> list[str]:
    """Return the classes of an element, at most 20.

    Classes that tell which of many elements it is (`odd`, `active`) are left out.
    """
    names = _CLASS_NAME.findall(element.get("class", "")[:1000])
    return [name for name in names[:_MAX_CLASSES] if name.lower() not in _POSITION_CLASSES]


def _rank(links: Sequence[Any]) -> float:
    """Return how likely links are a list: their number times the words of their texts."""
    sample = links[:50]
    words = sum(min(count_words(text_line(link)), _MAX_TITLE_WORDS) for link in sample)
    return min(len(links), 30) * (words / len(sample) + 0.5)


def _place_elements(document: Document) -> dict[Any, _Place]:
    """Return the place of every element.

    The page is walked level by level, because the classes that similar elements share
    are known only when all of them are there.
    """
    places: dict[Any, _Place] = {}
    path_ids: dict[_Step, int] = {}
    top = document.root.find("body")
    if top is None:
        top = document.root

    level = [top]
    while level and len(places) < MAX_ELEMENTS:
        shared = _shared_classes(level, places)
        for element in level:
            parent = places.get(element.getparent(), _OUTSIDE)
            name = _step_name(element, shared[parent.path_id, element.tag])
            path_id = path_ids.setdefault((parent.path_id, name), len(path_ids) + 1)
            places[element] = _place(element, path_id, parent)
        level = list(islice(_children(level), MAX_ELEMENTS - len(places)))
    return places


def _children(level: Sequence[Any]) -> Iterator[Any]:
    for element in level:
        for child in element:
            if isinstance(child.tag, str):
                yield child


def _step_name(element: Any, shared: frozenset[str]) -> str:
    """Return the element's tag with those of its classes that are shared."""
    classes = sorted(name for name in class_tokens(element) if name in shared)
    return ".".join((element.tag, *classes))


def _place(element: Any, path_id: int, parent: _Place) -> _Place:
    role = element.get("role", "").lower()
    in_main = parent.in_main or _is_main(element, role)
    in_navigation = parent.in_navigation or _is_navigation(element, role, in_main=in_main)
    in_sidebar = parent.in_sidebar or _is_sidebar(element)
    return _Place(path_id, in_navigation, in_sidebar, in_main)


def _is_main(element: Any, role: str) -> bool:
    return element.tag in ("main", "article") or role == "main"


def _is_navigation(element: Any, role: str, *, in_main: bool) -> bool:
    if element.tag in _NAVIGATION_TAGS:
        return True
    if role in _NAVIGATION_ROLES:
        return True
    # A header in the main part is an article's and holds its title.
    return element.tag == "header" and not in_main


def _is_sidebar(element: Any) -> bool:
    """Tell whether a class names a sidebar and no other class names the content."""
    if element.tag in ("body", "main"):
        return False
    words = class_words(element)
    return not words.isdisjoint(class_names.ASIDE) and words.isdisjoint(_CONTENT_WORDS)


def _shared_classes(level: Sequence[Any], places: dict[Any, _Place]) -> dict[_Step, frozenset[str]]:
    """Return for each step of a level the classes that at least half of its elements have."""
    counts: dict[_Step, Counter[str]] = defaultdict(Counter)
    sizes: Counter[_Step] = Counter()
    for element in level:
        parent = places.get(element.getparent(), _OUTSIDE)
        step = (parent.path_id, element.tag)
        sizes[step] += 1
        counts[step].update(set(class_tokens(element)))

    shared = {}
    for step, counter in counts.items():
        least = _SHARED_PART * sizes[step]
        shared[step] = frozenset(name for name, count in counter.items() if count >= least)
    return shared


def _links_with_places(
    document: Document, places: dict[Any, _Place]
) -> Iterator[tuple[Any, _Place]]:
    """Yield the links outside the navigation that lead to other pages of the site."""
    looked_at = 0
    for link in document.root.iter("a"):
        place = places.get(link)
        if place is None or place.in_navigation:
            continue

        looked_at += 1
        if looked_at > _MAX_LINKS:
            return
        if target_key(link, document):
            yield link, place


def _make_group(
    links: list[Any], places: dict[Any, _Place], document: Document
) -> LinkGroup | None:
    """Return the links as a group, None if they lead to fewer than three pages."""
    targets = [target_key(link, document) or "" for link in links]
    if len(set(targets)) < MIN_ITEMS:
        return None

    levels = tuple(_levels(links, targets))
    first = places[links[0]]
    return LinkGroup(tuple(links), levels[::-1], in_sidebar=first.in_sidebar, in_main=first.in_main)


def _levels(links: list[Any], targets: list[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the links, then their parents, and so on outwards.

    It goes on while nearly every element holds links to a single page, and while there
    are nearly as many elements as pages.
    """
    least = _SINGLE_PART * len(set(targets))
    level: dict[Any, set[str]] = {}
    for link, target in zip(links, targets, strict=True):
        level[link] = {target}

    while True:
        yield tuple(level)
        parents = _targets_by_parent(level)
        single = sum(1 for held in parents.values() if len(held) == 1)
        if len(parents) < MIN_ITEMS or len(parents) < least:
            return
        if single < _SINGLE_PART * len(parents):
            return
        level = parents


def _targets_by_parent(level: dict[Any, set[str]]) -> dict[Any, set[str]]:
    parents: dict[Any, set[str]] = defaultdict(set)
    for element, targets in level.items():
        parent = element.getparent()
        if parent is not None:
            parents[parent] |= targets
    return parents
