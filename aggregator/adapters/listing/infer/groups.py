"""Links of a page that stand alike: candidates for a list of articles, with the elements that are its items.

Rule: two links stand alike if the same elements lead to them, by their names and those of their classes that most of
those beside them share. What is for finding one's way (nav, header, footer, aside) takes no part. Each element is
visited a fixed number of times, at most 50,000 of them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import words_of
from aggregator.adapters.listing.card import line
from aggregator.normalize.text import weight
from aggregator.normalize.url import absolute, key, same_site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.rules.document import Document

MAX_ELEMENTS = 50_000
LEAST_ITEMS = 3
_MAX_LINKS = 5_000
_BEST = 10  # groups that are looked at closely
_SHARED = 0.5  # of the elements that stand alike: a class that fewer have is the item's own (`category-world`)
_ALONE = 0.9  # of the elements around the links of a group that hold one of them only
_TALKATIVE_WORDS = 12.0  # a longer text is a lead, not a better title
_WAY_NAMES = "nav footer aside select dialog menu noscript template"  # no form: whole pages are one, by their systems
_ROLE_NAMES = "navigation banner contentinfo complementary search menu menubar toolbar dialog"
_CONTENT_WORDS = "main content contents article articles page body layout has with"
_WAYS = frozenset(_WAY_NAMES.split())
_ROLES = frozenset(_ROLE_NAMES.split())
_CONTENT = frozenset(_CONTENT_WORDS.split())
_WHICH = frozenset(("odd", "even", "alt", "first", "last", "active", "current", "selected"))
_NAME = re.compile(r"[^\s]{1,60}")


@dataclass(frozen=True, slots=True)
class Group:
    """Links that stand alike, and the elements around them that hold one each, outermost first.

    `aside` tells that a class around them speaks of a menu, a sidebar, an advertisement.
    """

    links: tuple[Any, ...]
    levels: tuple[tuple[Any, ...], ...]
    aside: bool
    in_main: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an element stands: the number of the way that leads to it, and what is said around it."""

    way: int
    out: bool = False
    aside: bool = False
    main: bool = False


_NOWHERE = _Place(0)


def groups(document: Document) -> tuple[Group, ...]:
    """Find the links that stand alike, those first that are many and say much."""
    found: dict[int, list[Any]] = defaultdict(list)
    places = _places(document)
    for link, place in _links(document, places):
        found[place.way].append(link)
    ranked = sorted(found.values(), key=_promise, reverse=True)
    made = (_group(links, places, document) for links in ranked[: 2 * _BEST])
    return tuple(islice((group for group in made if group is not None), _BEST))


def address(link: Any, document: Document) -> str | None:
    """Where a link leads, if that is another page of the same site; None for any other."""
    found = absolute(link.get("href") or "", base=document.home)
    if found is None or not same_site(found, document.url or ""):
        return None
    name = key(found)
    is_root = name.count("/") == len("///") and name.endswith("/")
    return None if is_root or name == key(document.url or "") else name


def tokens(element: Any) -> list[str]:
    """The classes of an element that say what it is, at most 20; which of many it is says nothing."""
    names = (found[0] for found in _NAME.finditer(element.get("class", "")[:1000]))
    return [name for name in islice(names, 20) if name.lower() not in _WHICH]


def _promise(links: Sequence[Any]) -> float:
    said = sum(min(weight(line(link)), _TALKATIVE_WORDS) for link in links[:50]) / min(
        len(links), 50
    )
    return min(len(links), 30) * (said + 0.5)


def _places(document: Document) -> dict[Any, _Place]:
    """The place of every element, level by level: what children have in common shows only when all are there."""
    places: dict[Any, _Place] = {}
    ways: dict[tuple[int, str], int] = {}
    body = document.root.find("body")
    level = [document.root if body is None else body]
    while level and len(places) < MAX_ELEMENTS:
        shared = _shared(level, places)
        for element in level:
            above = places.get(element.getparent(), _NOWHERE)
            common = shared[above.way, element.tag]
            name = ".".join(
                (element.tag, *sorted(token for token in tokens(element) if token in common))
            )
            places[element] = _placed(
                element, ways.setdefault((above.way, name), len(ways) + 1), above
            )
        below = (child for element in level for child in element if isinstance(child.tag, str))
        level = list(islice(below, MAX_ELEMENTS - len(places)))
    return places


def _placed(element: Any, way: int, above: _Place) -> _Place:
    role = (element.get("role") or "").lower()
    main = above.main or element.tag in ("main", "article") or role == "main"
    out = element.tag in _WAYS or role in _ROLES or (element.tag == "header" and not main)
    words = words_of(element)
    said = (
        not words.isdisjoint(class_names.ASIDE)
        and words.isdisjoint(_CONTENT)
        and element.tag not in ("body", "main")
    )
    return _Place(way, above.out or out, above.aside or said, main)


def _shared(
    level: Sequence[Any], places: dict[Any, _Place]
) -> dict[tuple[int, str], frozenset[str]]:
    """The classes that at least half of the elements with one tag have to which the same way leads."""
    counts: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    sizes: Counter[tuple[int, str]] = Counter()
    for element in level:
        name = (places.get(element.getparent(), _NOWHERE).way, element.tag)
        sizes[name] += 1
        counts[name].update(set(tokens(element)))
    return {
        name: frozenset(token for token, count in counted.items() if count >= _SHARED * sizes[name])
        for name, counted in counts.items()
    }


def _links(document: Document, places: dict[Any, _Place]) -> Iterator[tuple[Any, _Place]]:
    placed = ((element, places.get(element)) for element in document.root.iter("a"))
    for element, place in islice(
        ((one, place) for one, place in placed if place and not place.out), _MAX_LINKS
    ):
        if address(element, document):
            yield element, place


def _group(links: list[Any], places: dict[Any, _Place], document: Document) -> Group | None:
    led = [address(link, document) or "" for link in links]
    if len(set(led)) < LEAST_ITEMS:
        return None
    levels = tuple(_levels(links, led))
    first = places[links[0]]
    return Group(tuple(links), levels[::-1], aside=first.aside, in_main=first.main)


def _levels(links: list[Any], led: list[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the links, what is around each of them, and so on while nearly every element holds one address alone."""
    around: dict[Any, set[str]] = {link: {name} for link, name in zip(links, led, strict=True)}
    least = _ALONE * len(set(led))
    while True:
        yield tuple(around)
        parents: dict[Any, set[str]] = defaultdict(set)
        for element, names in around.items():
            if (parent := element.getparent()) is not None:
                parents[parent] |= names
        alone = sum(1 for names in parents.values() if len(names) == 1)
        if len(parents) < LEAST_ITEMS or alone < _ALONE * len(parents) or len(parents) < least:
            return
        around = parents
