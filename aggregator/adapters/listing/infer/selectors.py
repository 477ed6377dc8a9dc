"""Writes selectors that a person can read for given elements: by class, data attribute or position.

A selector is proposed only if it finds those elements in the page it was made
for, and nothing else that could be an item. Names that a build tool made up
(`css-1x2y3`), numbers and layout words are avoided, because the next build or the
next page has others.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.listing.infer.groups import class_tokens
from aggregator.rules.selector import compile_selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aggregator.adapters.listing.card_date import ElementValue
    from aggregator.rules.document import Document
    from aggregator.rules.selector import Selector

_MAX_HOLDERS = 8  # elements around a list that may name it
_MAX_PROPOSALS = 80
_FITTING_PART = 0.9  # of the items in which a field's selector must find the value

_SAFE_NAME = re.compile(r"[A-Za-z][\w-]{1,39}")
_SEPARATOR = re.compile(r"[-_]+")
_BUILD_TOOL = re.compile(r"^(?:css|sc|jsx|jss|svelte|emotion|styled|tw|styles?)[-_]", re.IGNORECASE)
_CHANGE = re.compile(r"[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]")
_NO_VOWELS = re.compile(r"[^aeiouyAEIOUY]{6,}")
_THREE_DIGITS = re.compile(r"\d{3}")
_STEM = re.compile(r"^([A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z]+)*__?)[A-Za-z0-9_-]{4,10}$")

_LANDMARKS = ("main", "article", "section", "table", "ul", "ol", "dl")
_TELLING_TAGS = ("time", "a", "img", "h1", "h2", "h3", "h4", "h5")  # clear without a class
_LAYOUT_TEXT = """
    row col cols column columns flex grid container wrapper wrap inner outer clearfix clear active first last odd even
    left right top bottom block box hidden visible pull float small medium large full width
"""
_LAYOUT_WORDS = frozenset(_LAYOUT_TEXT.split())
_ITEM_TEXT = (
    "article card item post story entry teaser news headline archive result summary listing list"
)
_ITEM_WORDS = frozenset(_ITEM_TEXT.split())


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """A selector of a field, and the number of items in which it finds the value."""

    selector: str
    count: int


def is_stable(name: str) -> bool:
    """Tell a name that a person gave from a number and from a name that a tool made up.

    >>> is_stable("news-card"), is_stable("css-1x2y3"), is_stable("post-1234")
    (True, False, False)
    """
    if not _SAFE_NAME.fullmatch(name):
        return False
    if _BUILD_TOOL.match(name):
        return False
    segments = _SEPARATOR.split(name)
    return not any(map(_is_generated, segments))


def has_item_class(element: Any) -> bool:
    """Tell whether a class of an element says that it is an item (`news-card`)."""
    stable = filter(is_stable, class_tokens(element))
    return any(map(_names_item, stable))


def items_selector(
    document: Document, elements: Sequence[Any], is_harmless: Callable[[Any], bool]
) -> str | None:
    """Return the most readable selector that finds just these elements.

    Without an exact one the first counts that also finds a few elements for which
    `is_harmless` is true, because they cannot be items. None if there is none either.
    """
    wanted = set(elements)
    most = 2 * len(wanted)
    fallback = None
    for selector, find in _compile_proposals(_item_proposals(elements)):
        found = set(islice(find.elements(document), most + 1))
        if found == wanted:
            return selector
        if fallback is not None:
            continue
        if wanted < found and len(found) <= most and all(map(is_harmless, found - wanted)):
            fallback = selector
    return fallback


def field_selector(
    items: Sequence[Document], spots: Sequence[ElementValue | None]
) -> FieldSelector | None:
    """Return the most readable selector of a value that stands in most of the items.

    `spots` has for each item the place of its value, None if it has no value.
    """
    values = [(item, spot) for item, spot in zip(items, spots, strict=True) if spot is not None]
    if 2 * len(values) < len(items):
        return None

    for selector, find in _compile_proposals(_field_proposals(values)):
        count = 0
        for item, spot in values:
            if _first_value(find(item)) == _one_line(spot.value):
                count += 1
        if count >= _FITTING_PART * len(values):
            return FieldSelector(selector, count)
    return None


def _compile_proposals(selectors: Iterable[str]) -> Iterator[tuple[str, Selector]]:
    """Yield the selectors, each once and compiled.

    A page may have elements whose names CSS cannot spell (`<a:b>`, `<article& …>`).
    """
    for selector in islice(dict.fromkeys(selectors), _MAX_PROPOSALS):
        try:
            find = compile_selector(selector)
        except ValueError:
            continue
        yield selector, find


def _first_value(matches: Iterable[Any]) -> str | None:
    for match in matches:
        return _one_line(match.value)
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _is_generated(segment: str) -> bool:
    """Tell whether a part of a name is a number or a hash.

    A hash has three digits in a row, or more than five letters without a vowel, or
    letters and digits that alternate.
    """
    if segment.isdigit() or _THREE_DIGITS.search(segment):
        return True
    if _NO_VOWELS.fullmatch(segment):
        return True
    changes = len(_CHANGE.findall(segment))
    return len(segment) > 3 and changes > max(1, len(segment) // 4)


def _item_proposals(elements: Sequence[Any]) -> Iterator[str]:
    """Yield selectors that may find the elements, the most readable first."""
    tag = "*"
    if len({element.tag for element in elements}) == 1:
        tag = str(elements[0].tag)
    own = [f"{tag}{name}" for name in _common_names(elements)]
    holders = list(islice(_containers(elements), _MAX_HOLDERS))

    yield from own
    yield from _proposals_in_named_holder(holders, (*own, tag))
    # From here on by the names of elements alone, from the nearest landmark on.
    yield from _proposals_in_landmark(holders, tag)
    if holders:
        yield from _paths_from_body(holders[0], elements, tag)


def _proposals_in_named_holder(holders: Sequence[Any], selectors: Sequence[str]) -> Iterator[str]:
    for depth, holder in enumerate(holders):
        if holder.tag == "body":
            continue
        combinator = _combinator(is_parent=depth == 0)
        for name in _common_names([holder]):
            start = f"{holder.tag}{name}{combinator}"
            for selector in selectors:
                yield start + selector


def _proposals_in_landmark(holders: Sequence[Any], tag: str) -> Iterator[str]:
    for depth, holder in enumerate(holders):
        if holder.tag in _LANDMARKS:
            combinator = _combinator(is_parent=depth == 0)
            yield f"{holder.tag}{combinator}{tag}"


def _combinator(*, is_parent: bool) -> str:
    return " > " if is_parent else " "


def _common_names(elements: Sequence[Any]) -> list[str]:
    """Return what the elements have in common as parts of a selector, best first.

    The order is: classes, the id, data attributes, beginnings of classes that end in a
    hash, layout classes.
    """
    classes = _in_all_lists(map(class_tokens, elements))
    telling: list[str] = []
    layout: list[str] = []
    for name in sorted(filter(is_stable, classes), key=_readability):
        if _is_layout(name):
            layout.append(f".{name}")
        else:
            telling.append(f".{name}")
    return [
        *telling,
        *_common_id(elements),
        *_common_data_attributes(elements),
        *_stems(classes),
        *layout,
    ]


def _common_id(elements: Sequence[Any]) -> Iterator[str]:
    ids = {element.get("id", "") for element in elements}
    if len(ids) > 1:
        return
    for name in ids:
        if is_stable(name):
            yield f"#{name}"


def _common_data_attributes(elements: Sequence[Any]) -> Iterator[str]:
    for name in _in_all_lists(map(_data_attributes, elements)):
        if is_stable(name.removeprefix("data-")):
            yield f"[{name}]"


def _data_attributes(element: Any) -> list[str]:
    return [name for name in element.attrib if name.startswith("data-")]


def _stems(classes: Iterable[str]) -> Iterator[str]:
    """Yield a selector for each class that a person began and a tool ended (`card__a8f3d`)."""
    for name in classes:
        match = _STEM.match(name)
        if match is None or is_stable(name):
            continue
        stem = match[1]
        if is_stable(stem.strip("_-")):
            yield f'[class*="{stem}"]'


def _readability(name: str) -> tuple[bool, int]:
    """Return a sort key: names of items first, then short names."""
    return not _names_item(name), len(_SEPARATOR.split(name))


def _names_item(name: str) -> bool:
    return not _ITEM_WORDS.isdisjoint(_SEPARATOR.split(name.lower()))


def _is_layout(name: str) -> bool:
    has_layout_word = not _LAYOUT_WORDS.isdisjoint(_SEPARATOR.split(name.lower()))
    return has_layout_word and not _names_item(name)


def _in_all_lists(lists: Iterable[Sequence[str]]) -> list[str]:
    """Return what all lists hold, each once, in the order of the first list."""
    first, *others = lists
    shared = set(first).intersection(*others)
    return [name for name in dict.fromkeys(first) if name in shared]


def _containers(elements: Sequence[Any]) -> Iterator[Any]:
    """Yield the innermost element that holds all of them, then those around it."""
    wanted = set(elements)
    for element in islice(elements[0].iterancestors(), 40):
        if element.tag == "html":
            continue
        if len(wanted) == 1 or wanted.issubset(_descendants(element)):
            yield element


def _descendants(element: Any) -> set[Any]:
    return set(islice(element.iter(), 50_000))


def _paths_from_body(holder: Any, elements: Sequence[Any], tag: str) -> Iterator[str]:
    """Yield ever longer paths to the elements, at most from `main` or the body on.

    A step that has siblings of its tag is given with its position among them.
    """
    are_children = all(element.getparent() is holder for element in elements)
    end = _combinator(is_parent=are_children) + tag
    steps: list[str] = []
    for element in (holder, *islice(holder.iterancestors(), 12)):
        if element.tag in ("main", "body"):
            steps.insert(0, str(element.tag))
            yield " > ".join(steps) + end
            return
        steps.insert(0, _path_step(element))
        yield " > ".join(steps) + end


def _path_step(element: Any) -> str:
    before = sum(1 for _ in islice(element.itersiblings(element.tag, preceding=True), 200))
    after = next(element.itersiblings(element.tag), None)
    if before == 0 and after is None:
        return str(element.tag)
    return f"{element.tag}:nth-of-type({before + 1})"


def _field_proposals(values: Sequence[tuple[Document, ElementValue]]) -> Iterator[str]:
    """Yield selectors of a value, for each of the three commonest kinds of its place."""
    by_kind: dict[tuple[str, str | None], list[tuple[Document, ElementValue]]] = {}
    for item, spot in values:
        by_kind.setdefault((spot.element.tag, spot.attribute), []).append((item, spot))

    sizes = Counter({kind: len(members) for kind, members in by_kind.items()})
    for kind, _ in sizes.most_common(3):
        members = by_kind[kind]
        items = [item for item, _ in members]
        elements = [spot.element for _, spot in members]
        yield from _proposals_of_kind(items, elements, attribute=kind[1])


def _proposals_of_kind(
    items: Sequence[Document], elements: Sequence[Any], *, attribute: str | None
) -> Iterator[str]:
    """Yield the element's own name, then its name inside a heading or a named element."""
    tag = str(elements[0].tag)
    names = []
    for name in _common_names(elements):
        names += [name, f"{tag}{name}"]
    if tag in _TELLING_TAGS:
        names.insert(0, tag)
    else:
        names.append(tag)

    end = f"@{attribute}" if attribute else ""
    for name in names:
        yield f"{name}{end}"
    for parent in _parent_names(elements, items):
        yield f"{parent} {tag}{end}"
        yield f"{parent} > {tag}{end}"


def _parent_names(elements: Sequence[Any], items: Sequence[Document]) -> Iterator[str]:
    """Yield names of the elements around the values, from inside outwards within the items."""
    around = list(elements)
    for _ in range(4):
        if any(one is item.root for one, item in zip(around, items, strict=True)):
            return

        around = [element.getparent() for element in around]
        if len({element.tag for element in around}) > 1:
            continue
        yield from _common_names(around)
        if around[0].tag not in ("div", "span"):
            yield str(around[0].tag)
