"""Finds the list of articles of a page without rules and markup, by structure that repeats.

Precision first. A list must read like articles: titles of several words, and
dates, headings or article URLs. Otherwise there is no list. The result is given as
selectors that a person can read; put into YAML they find the same items.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from math import log2
from statistics import median
from typing import TYPE_CHECKING, Any

from aggregator.adapters.listing import card, page_meta
from aggregator.adapters.listing.card_date import DateReader, ElementValue
from aggregator.adapters.listing.infer import selectors, unlike_news
from aggregator.adapters.listing.infer.groups import (
    MIN_ITEMS,
    LinkGroup,
    class_tokens,
    find_groups,
    target_key,
)
from aggregator.adapters.listing.items import MIN_TITLE_WORDS
from aggregator.normalize import language
from aggregator.normalize.text import count_words
from aggregator.rules.compiled import NO_FIELD, CompiledListing
from aggregator.rules.selector import compile_selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aggregator.adapters.listing.card import Card
    from aggregator.rules.document import Document

# How much each sign of a list of articles counts: tuned until no menu won on the pages
# beside the tests.
_TITLE_SCORE = 2.0
_DATE_SCORE = 2.0
_HEADING_SCORE = 1.0
_URL_SCORE = 1.0
_LEAD_SCORE = 0.7
_IMAGE_SCORE = 0.3
_MAIN_SCORE = 0.5
_SIDEBAR_FACTOR = 0.4  # if a class names a sidebar

# So many items with a median title of so many words need no date, heading or URL.
_MIN_LONG_TITLES = 5
_LONG_TITLE_WORDS = 6.0

# Shorter titles do if nearly all have three words and the links are siblings of one folder.
_HEADLINE_WORDS = 4.0
_HEADLINE_PART = 0.8

_MAX_CARDS = 60  # items of one group that are looked at
_MAX_URL_CHARACTERS = 300  # of a URL that are looked at
_ANY_TIME = datetime(2100, 1, 1, tzinfo=UTC)  # whether a text is a date does not depend on the day
_ARTICLE_PATH = re.compile(
    r"\d{4,}|/\d{4}/\d{1,2}/|[^/]+(?:[-_][^/_-]+){2,}(?:/|$)|\.s?html?$|%[0-9A-F]{2}(?:[^/]*%[0-9A-F]{2}){8}|[?&]id=\w",
    re.IGNORECASE,
)
_ITEM_TAGS = ("article", "li", "tr")


@dataclass(frozen=True, slots=True)
class InferredList:
    """A list as selectors: its items and the fields within an item.

    `count` is the number of items, `evidence` says for each selector why it was chosen.
    """

    items: str
    fields: Mapping[str, str]
    count: int
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A possible list: its items, what was read of the first 60, and its score."""

    elements: tuple[Any, ...]
    cards: tuple[Card, ...]
    score: float


def infer_list(document: Document, *, dates: DateReader | None = None) -> InferredList | None:
    """Find the list of articles of a page; None if nothing repeats that reads like articles.

    `dates` reads the page's dates, None for a reader in the language that the page states.
    """
    reader = dates or _date_reader(document)
    candidates = []
    for group in find_groups(document):
        candidate = _rate(document, group, reader)
        if candidate is not None:
            candidates.append(candidate)

    candidates.sort(key=lambda candidate: candidate.score, reverse=True)
    for best in candidates:
        items = selectors.items_selector(
            document, best.elements, lambda element: not _has_link(element, document)
        )
        if items is not None:
            return _describe(document, items, best)
    return None


def find_known_list(
    document: Document, titles: Mapping[str, str], *, dates: DateReader | None = None
) -> InferredList | None:
    """Find the list that has known articles: `titles` by the document keys of their links.

    Returns None where no selector finds its items.
    """
    reader = dates or _date_reader(document)
    links: dict[Any, str] = {}
    for link in document.root.iter("a"):
        target = target_key(link, document)
        if target is not None and target in titles:
            links[link] = titles[target]

    elements = _outermost_items(links, document)
    if len(elements) < MIN_ITEMS:
        return None
    known = tuple(elements)
    for candidates in (known, _add_similar_siblings(document, known)):
        items = selectors.items_selector(
            document, candidates, lambda element: not _has_link(element, document)
        )
        if items is not None:
            cards = [
                card.read_known(document.item(root=one), elements[one], reader) for one in known
            ]
            return _describe(document, items, _Candidate(known, tuple(cards), 0))
    return None


def _outermost_items(links: Mapping[Any, str], document: Document) -> dict[Any, str]:
    """Return the outermost element around each known link that leads to no other article.

    An item with several links to one article is found once; its value is the title.
    """
    targets: dict[Any, set[str]] = {}
    for link in links:
        target = target_key(link, document)
        for around in (link, *link.iterancestors()):
            targets.setdefault(around, set()).add(target or "")

    items: dict[Any, str] = {}
    for link, title in links.items():
        item = link
        for around in link.iterancestors():
            if len(targets[around]) > 1:
                break
            item = around
        items[item] = title
    return items


def to_listing(inferred: InferredList, stated: CompiledListing) -> CompiledListing:
    """Return the inferred list as rules.

    Fields that rules state without saying where the items are come before the inferred.
    """
    fields = dict(stated.fields)
    for name, selector in inferred.fields.items():
        rule = fields.get(name, NO_FIELD)
        if not rule.candidates:
            rule = replace(rule, candidates=((compile_selector(selector), False),))
        fields[name] = rule
    return replace(stated, items=(compile_selector(inferred.items),), fields=fields)


def _date_reader(document: Document) -> DateReader:
    stated = page_meta.find_language(document)
    if stated is None:
        return DateReader(_ANY_TIME)
    tag = language.canonical_tag(stated.value)
    return DateReader(_ANY_TIME, (tag,) if tag else ())


def _rate(document: Document, group: LinkGroup, dates: DateReader) -> _Candidate | None:
    """Return the items of a group with their score, None if they are no list of articles."""
    elements = _add_similar_siblings(document, _choose_level(group))
    sample = elements[:_MAX_CARDS]
    usable: list[Any] = []
    cards: list[Card] = []
    for element in sample:
        item_card = card.read(document.item(root=element), dates)
        if item_card.titles and _target(item_card, document):
            usable.append(element)
            cards.append(item_card)

    targets = {_target(item_card, document) for item_card in cards}
    if len(targets) < MIN_ITEMS or 2 * len(usable) < len(sample):
        return None
    quality = _quality(cards, document)
    if quality is None or _is_unlike_news(usable, cards):
        return None
    if group.in_sidebar and _part(cards, _has_date) < 0.5:
        return None  # the most read articles of another page, or an advertisement

    if group.in_main:
        quality += _MAIN_SCORE
    score = quality * (1 + log2(min(len(targets), 40)))
    if group.in_sidebar:
        score *= _SIDEBAR_FACTOR
    return _Candidate((*usable, *elements[_MAX_CARDS:]), tuple(cards), score)


def _quality(cards: Sequence[Card], document: Document) -> float | None:
    """Return how much items read like articles, None if they rather are a menu."""
    weights = [count_words(one.titles[0].value) for one in cards]
    titled = sum(words >= MIN_TITLE_WORDS for words in weights) / len(cards)
    dated = _part(cards, _has_date)
    headed = _part(cards, lambda one: one.titles[0].element.tag in card.HEADINGS)
    with_url = _part(cards, lambda one: _leads_to_article(one, document))

    if titled < 0.5:
        return None
    if max(dated, headed, with_url) < 0.5 and not _are_headlines(cards, weights, document):
        return None

    scores = (
        _TITLE_SCORE * titled,
        _DATE_SCORE * dated,
        _HEADING_SCORE * headed,
        _URL_SCORE * with_url,
        _LEAD_SCORE * _part(cards, lambda one: one.summary is not None),
        _IMAGE_SCORE * _part(cards, lambda one: one.image is not None),
    )
    return sum(scores)


def _are_headlines(cards: Sequence[Card], weights: Sequence[float], document: Document) -> bool:
    """Tell whether titles alone say that a list is one of articles, by their length."""
    if len(cards) < _MIN_LONG_TITLES:
        return False
    if median(weights) >= _LONG_TITLE_WORDS:
        return True
    if median(weights) < _HEADLINE_WORDS:
        return False

    with_words = sum(words >= MIN_TITLE_WORDS for words in weights)
    folders = Counter((_target(one, document) or "").rpartition("/")[0] for one in cards)
    commonest = folders.most_common(1)[0][1]
    return min(with_words, commonest) >= _HEADLINE_PART * len(cards)


def _is_unlike_news(elements: Sequence[Any], cards: Sequence[Card]) -> bool:
    """Tell whether undated items are those of a shop or an index."""
    if _part(cards, _has_date) >= 0.5:
        return False
    titles = [one.titles[0].value for one in cards]
    return unlike_news.is_shop(elements) or unlike_news.is_index(titles)


def _part(cards: Sequence[Card], condition: Callable[[Card], bool]) -> float:
    """Return the part of the cards, 0 to 1, that fulfil a condition."""
    return sum(map(condition, cards)) / len(cards)


def _has_date(item_card: Card) -> bool:
    return bool(item_card.published)


def _leads_to_article(item_card: Card, document: Document) -> bool:
    target = (_target(item_card, document) or "")[:_MAX_URL_CHARACTERS]
    path = target.removeprefix("//").partition("/")[2]
    return _ARTICLE_PATH.search(path) is not None


def _target(item_card: Card, document: Document) -> str | None:
    if item_card.link is None:
        return None
    return target_key(item_card.link.element, document)


def _has_link(element: Any, document: Document) -> bool:
    return any(target_key(link, document) for link in islice(element.iter("a"), _MAX_CARDS))


def _choose_level(group: LinkGroup) -> tuple[Any, ...]:
    """Return the elements of a group that are its items: the outermost that hold one link each.

    Inner elements with the same texts are preferred if their tag or class names an item.
    """
    outermost = group.levels[0]
    texts = _texts(outermost)
    for level in group.levels:
        if len(level) != len(outermost) or _texts(level) != texts:
            break
        if level[0].tag in _ITEM_TAGS or selectors.has_item_class(level[0]):
            return level
    return outermost


def _texts(elements: Sequence[Any]) -> list[str]:
    return [card.text_line(element) for element in elements[:_MAX_CARDS]]


def _add_similar_siblings(document: Document, elements: tuple[Any, ...]) -> tuple[Any, ...]:
    """Add siblings that look like the items, in the order of the page.

    The link of such a sibling, a lead story for instance, has another path in it.
    """
    known = set(elements)
    tag = elements[0].tag
    shared_classes = frozenset.intersection(*map(_classes, elements))

    items: list[Any] = []
    for sibling in _with_siblings(elements):
        if sibling in known:
            items.append(sibling)
        elif sibling.tag == tag and _has_classes(sibling, shared_classes):
            if _has_link(sibling, document):
                items.append(sibling)
    return tuple(items) or elements


def _with_siblings(elements: Iterable[Any]) -> Iterator[Any]:
    """Yield the children of the elements' parents."""
    parents = dict.fromkeys(element.getparent() for element in elements)
    for parent in parents:
        if parent is not None:
            yield from parent


def _has_classes(element: Any, shared_classes: frozenset[str]) -> bool:
    """Tell whether an element has a class that all items share; none, if they share none."""
    classes = _classes(element)
    if not shared_classes:
        return not classes
    return bool(classes & shared_classes)


def _classes(element: Any) -> frozenset[str]:
    return frozenset(class_tokens(element))


def _describe(document: Document, items: str, best: _Candidate) -> InferredList:
    """Return the selectors of a list and why each was chosen."""
    read_elements = best.elements[: len(best.cards)]
    scoped = [document.item(root=element) for element in read_elements]
    fields: dict[str, str] = {}
    evidence = {"items": _items_evidence(best)}
    for name, spots in _spots_by_field(best.cards).items():
        found = selectors.field_selector(scoped, spots)
        if found is None:
            continue
        fields[name] = found.selector
        example = _example(spots)
        evidence[name] = f"in {found.count} of {len(scoped)} items, such as “{example}”"
    return InferredList(items, fields, len(best.elements), evidence)


def _spots_by_field(cards: Iterable[Card]) -> dict[str, list[ElementValue | None]]:
    """Return for each field where each item has it, None where an item has it not."""
    spots: dict[str, list[ElementValue | None]] = {
        "title": [],
        "url": [],
        "published": [],
        "summary": [],
        "image": [],
    }
    for one in cards:
        spots["title"].append(one.titles[0])
        spots["url"].append(one.link)
        spots["published"].append(_date_within(one))
        spots["summary"].append(one.summary)
        spots["image"].append(one.image)
    return spots


def _date_within(item_card: Card) -> ElementValue | None:
    """Return the date that stands in the item, not in a line above it."""
    for spot in item_card.published:
        if not spot.is_above_item:
            return spot
    return None


def _example(spots: Sequence[ElementValue | None]) -> str:
    for spot in spots:
        if spot is not None:
            text = " ".join(spot.value.split())
            return text if len(text) <= 60 else f"{text[:59]}…"
    return ""


def _items_evidence(best: _Candidate) -> str:
    dated = sum(map(_has_date, best.cards))
    words = median(count_words(one.titles[0].value) for one in best.cards)
    return f"{len(best.elements)} alike, {dated} dated, titles of {words:g} words"
