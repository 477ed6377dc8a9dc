"""The list of articles of a page that says nothing about itself: structure that repeats, judged by what it holds.

Rule: precision first: a list must read like articles (titles that say something, and dates, headings or addresses of
articles), else there is none. What is found is given as selectors a person can read; put into YAML they find the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from math import log2
from statistics import median
from typing import TYPE_CHECKING, Any

from aggregator.adapters.listing import card, page_meta
from aggregator.adapters.listing.card_date import Reader, Spot
from aggregator.adapters.listing.infer import selectors
from aggregator.adapters.listing.infer.groups import LEAST_ITEMS, Group, address, groups, tokens
from aggregator.adapters.listing.items import LEAST_TITLE_WORDS
from aggregator.normalize import language
from aggregator.normalize.text import weight
from aggregator.rules.compiled import NO_FIELD, Listing
from aggregator.rules.selector import compile_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aggregator.adapters.listing.card import Card
    from aggregator.rules.document import Document

# What tells a list of articles, and how much: tuned until no menu won on the pages beside the tests.
_WORTH = (
    2.0,
    2.0,
    1.0,
    1.0,
    0.7,
    0.3,
)  # a title, a date, a heading, an article's address, a lead, a picture
_IN_MAIN = 0.5
_ASIDE = 0.4  # what a class that speaks of a sidebar leaves of it
_TELLING_WORDS = 6.0  # a median title of so many words, in so many items, needs no date, heading or address beside it
_TELLING_ITEMS = 5
_JUDGED = 60  # items of one group that are looked at
_ANY_TIME = datetime(2100, 1, 1, tzinfo=UTC)  # whether a text is a date does not depend on the day
_ARTICLE_ADDRESS = re.compile(
    r"\d{4,}|/\d{4}/\d{1,2}/|[^/]+(?:[-_][^/_-]+){2,}(?:/|$)|\.s?html?$|%[0-9A-F]{2}(?:[^/]*%[0-9A-F]{2}){8}|[?&]id=\w",
    re.IGNORECASE,
)
_LONGEST_ADDRESS = 300  # characters of it that are looked at
_ITEM_TAGS = ("article", "li", "tr")


@dataclass(frozen=True, slots=True)
class Inferred:
    """A list as selectors: its items, its fields within an item, how many there are, and why each was chosen."""

    items: str
    fields: Mapping[str, str]
    count: int
    evidence: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Judged:
    """Items with what they say, and how much like articles they are."""

    elements: tuple[Any, ...]
    cards: tuple[Card, ...]
    score: float


def infer(document: Document, *, dates: Reader | None = None) -> Inferred | None:
    """Find the list of articles of a page; None where nothing repeats that reads like articles.

    `dates` reads the page's dates, None for a reader of its own in the language that the page states.
    """
    reader = dates or _reader(document)
    judged = [found for group in groups(document) if (found := _judge(document, group, reader))]
    for best in sorted(judged, key=lambda one: one.score, reverse=True):
        items = selectors.of_items(
            document, best.elements, lambda one: not _has_link(one, document)
        )
        if items is not None:
            return _inferred(document, items, best)
    return None


def listing_of(inferred: Inferred, stated: Listing) -> Listing:
    """The inferred list as rules, behind what was stated without saying where the items are."""
    fields = dict(stated.fields)
    for name, selector in inferred.fields.items():
        rule = fields.get(name, NO_FIELD)
        fields[name] = (
            rule
            if rule.candidates
            else replace(rule, candidates=((compile_selector(selector), False),))
        )
    return replace(stated, items=(compile_selector(inferred.items),), fields=fields)


def _reader(document: Document) -> Reader:
    stated = page_meta.language(document)
    tag = language.tag(stated.value) if stated else None
    return Reader(_ANY_TIME, (tag,) if tag else ())


def _judge(document: Document, group: Group, dates: Reader) -> _Judged | None:
    elements = _widened(document, _level(group))
    read = [(one, card.read(document.item(root=one), dates)) for one in elements[:_JUDGED]]
    usable = [(one, found) for one, found in read if found.titles and _leads_to(found, document)]
    addresses = {_leads_to(found, document) for _, found in usable}
    if len(addresses) < LEAST_ITEMS or 2 * len(usable) < len(read):
        return None
    cards = tuple(found for _, found in usable)
    quality = _quality(cards, document)
    if quality is None or (group.aside and _share(bool(found.published) for found in cards) < 0.5):
        return None  # the most read of another page, or an advertisement
    score = (quality + (_IN_MAIN if group.in_main else 0)) * (1 + log2(min(len(addresses), 40)))
    kept = (*(one for one, _ in usable), *elements[_JUDGED:])
    return _Judged(kept, cards, score * (_ASIDE if group.aside else 1))


def _quality(cards: Sequence[Card], document: Document) -> float | None:
    """How much like articles items are; None for what is rather a menu."""
    weights = [weight(found.titles[0].value) for found in cards]
    titled = _share(one >= LEAST_TITLE_WORDS for one in weights)
    dated = _share(bool(found.published) for found in cards)
    headed = _share(found.titles[0].element.tag in card.HEADINGS for found in cards)
    addressed = _share(_is_article(found, document) for found in cards)
    speaks = len(cards) >= _TELLING_ITEMS and median(weights) >= _TELLING_WORDS
    if titled < 0.5 or (max(dated, headed, addressed) < 0.5 and not speaks):
        return None
    led = _share(found.summary is not None for found in cards)
    pictured = _share(found.image is not None for found in cards)
    shares = (titled, dated, headed, addressed, led, pictured)
    return sum(worth * share for worth, share in zip(_WORTH, shares, strict=True))


def _share(answers: Iterable[bool]) -> float:
    listed = list(answers)
    return sum(listed) / len(listed)


def _is_article(found: Card, document: Document) -> bool:
    name = (_leads_to(found, document) or "")[:_LONGEST_ADDRESS]
    return _ARTICLE_ADDRESS.search(name.removeprefix("//").partition("/")[2]) is not None


def _leads_to(found: Card, document: Document) -> str | None:
    return address(found.link.element, document) if found.link else None


def _has_link(element: Any, document: Document) -> bool:
    return any(address(one, document) for one in islice(element.iter("a"), _JUDGED))


def _level(group: Group) -> tuple[Any, ...]:
    """The elements that are the items: the outermost that hold one link each.

    Where inner ones that are called items say the same, it is them.
    """
    outermost = group.levels[0]
    said = [card.line(one) for one in outermost[:_JUDGED]]
    for level in group.levels:
        if len(level) != len(outermost) or [card.line(one) for one in level[:_JUDGED]] != said:
            return outermost
        if level[0].tag in _ITEM_TAGS or selectors.is_item_name(level[0]):
            return level
    return outermost


def _widened(document: Document, elements: tuple[Any, ...]) -> tuple[Any, ...]:
    """Add the siblings that are like the items though another way leads to their link, such as a lead story."""
    known = set(elements)
    common = frozenset.intersection(*(frozenset(tokens(one)) for one in elements))
    like: dict[Any, None] = {}
    for parent in dict.fromkeys(one.getparent() for one in elements):
        for one in parent if parent is not None else ():
            if one in known or (one.tag == elements[0].tag and _is_like(one, common, document)):
                like[one] = None
    return tuple(like) or elements


def _is_like(element: Any, common: frozenset[str], document: Document) -> bool:
    classes = frozenset(tokens(element))
    return bool(classes & common if common else not classes) and _has_link(element, document)


def _inferred(document: Document, items: str, best: _Judged) -> Inferred:
    scoped = [document.item(root=one) for one in best.elements[: len(best.cards)]]
    spots: dict[str, list[Spot | None]] = {
        "title": [found.titles[0] for found in best.cards],
        "url": [found.link for found in best.cards],
        "published": [
            next((spot for spot in found.published if not spot.above), None) for found in best.cards
        ],
        "summary": [found.summary for found in best.cards],
        "image": [found.image for found in best.cards],
    }
    fields: dict[str, str] = {}
    evidence = {"items": _why(best)}
    for name, values in spots.items():
        if found := selectors.of_field(scoped, values):
            fields[name] = found[0]
            evidence[name] = f"in {found[1]} of {len(scoped)} items, such as “{_example(values)}”"
    return Inferred(items, fields, len(best.elements), evidence)


def _example(spots: Sequence[Spot | None]) -> str:
    text = next((" ".join(spot.value.split()) for spot in spots if spot is not None), "")
    return text if len(text) <= 60 else f"{text[:59]}…"


def _why(best: _Judged) -> str:
    dated = sum(1 for found in best.cards if found.published)
    words = median(weight(found.titles[0].value) for found in best.cards)
    return f"{len(best.elements)} alike, {dated} dated, titles of {words:g} words"
