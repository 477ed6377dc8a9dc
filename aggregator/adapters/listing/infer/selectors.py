"""Selectors that a person can read, for elements that were found: by class, by data attribute, by where they stand.

Rule: a selector is proposed only if it finds those elements in the page it was made for, and nothing else that could be
an item. Names that a build tool made up (`css-1x2y3`), numbers and words of layout are avoided: the next build, or the
next page, has others.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.listing.infer.groups import tokens
from aggregator.rules.selector import compile_selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aggregator.adapters.listing.card_date import Spot
    from aggregator.rules.document import Document

_HOLDERS = 8  # elements around a list that may name it
_FITTING = 0.9  # of the items in which a field's selector must find what was found
_SAFE = re.compile(r"[A-Za-z][\w-]{1,39}")
_SEGMENT = re.compile(r"[-_]+")
_MADE_UP = re.compile(r"^(?:css|sc|jsx|jss|svelte|emotion|styled|tw|styles?)[-_]", re.IGNORECASE)
_CHANGES = re.compile(r"[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]")
_LANDMARKS = ("main", "article", "section", "table", "ul", "ol", "dl")
_SPEAKING = (
    "time",
    "a",
    "img",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
)  # elements whose name alone says what they are
_MAX_PROPOSALS = 80
_STEM = re.compile(r"^([A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z]+)*__?)[A-Za-z0-9_-]{4,10}$")
_LAYOUT_WORDS = """
    row col cols column columns flex grid container wrapper wrap inner outer clearfix clear active first last odd even
    left right top bottom block box hidden visible pull float small medium large full width
"""
_LAYOUT = frozenset(_LAYOUT_WORDS.split())
_ITEM_WORDS = (
    "article card item post story entry teaser news headline archive result summary listing list"
)
_ITEM = frozenset(_ITEM_WORDS.split())


def is_stable(name: str) -> bool:
    """Tell a name that a person gave from one that a tool made up or a number.

    >>> is_stable("news-card"), is_stable("css-1x2y3"), is_stable("post-1234")
    (True, False, False)
    """
    if not _SAFE.fullmatch(name) or _MADE_UP.match(name):
        return False
    return not any(_is_made_up(segment) for segment in _SEGMENT.split(name))


def is_item_name(element: Any) -> bool:
    """Tell whether a class of an element says that it is an item (`news-card`)."""
    names = (name for name in tokens(element) if is_stable(name))
    return any(not _ITEM.isdisjoint(_SEGMENT.split(name.lower())) for name in names)


def of_items(
    document: Document, elements: Sequence[Any], is_harmless: Callable[[Any], bool]
) -> str | None:
    """Give the most readable selector that finds these elements and no others; None where there is none.

    Where only less exact ones are to be had, those count that also find what `is_harmless`: what cannot be an item.
    """
    wanted = set(elements)
    close = None
    for selector in islice(dict.fromkeys(_proposals(elements)), _MAX_PROPOSALS):
        found = set(islice(compile_selector(selector).elements(document), 2 * len(wanted) + 1))
        if found == wanted:
            return selector
        if (
            close is None
            and wanted < found
            and len(found) <= 2 * len(wanted)
            and all(map(is_harmless, found - wanted))
        ):
            close = selector
    return close


def of_field(items: Sequence[Document], spots: Sequence[Spot | None]) -> tuple[str, int] | None:
    """Give the most readable selector of a value in items, and in how many it finds what was found there."""
    found = [(item, spot) for item, spot in zip(items, spots, strict=True) if spot is not None]
    if 2 * len(found) < len(items):
        return None
    kinds = Counter((spot.element.tag, spot.attribute) for _, spot in found)
    proposals = dict.fromkeys(
        selector
        for kind, _ in kinds.most_common(3)
        for selector in _field_proposals(
            [one for one in found if (one[1].element.tag, one[1].attribute) == kind]
        )
    )
    for selector in islice(proposals, _MAX_PROPOSALS):
        compiled = compile_selector(selector)
        right = sum(1 for item, spot in found if _first(compiled(item)) == _line(spot.value))
        if right >= _FITTING * len(found):
            return selector, right
    return None


def _first(matches: Iterable[Any]) -> str | None:
    return next((_line(match.value) for match in matches), None)


def _line(text: str) -> str:
    return " ".join(text.split())


def _is_made_up(segment: str) -> bool:
    """A hash: letters and digits that alternate, three digits, or six letters that nobody can say."""
    if segment.isdigit() or re.search(r"\d{3}", segment):
        return True
    changes = len(_CHANGES.findall(segment))
    unspoken = len(segment) > 5 and not re.search(r"[aeiouyAEIOUY]", segment)
    return unspoken or (len(segment) > 3 and changes > 1 and changes > len(segment) // 4)


def _proposals(elements: Sequence[Any]) -> Iterator[str]:
    tag = str(elements[0].tag) if len({element.tag for element in elements}) == 1 else "*"
    own = [f"{tag}{name}" for name in _names(elements)]
    yield from own
    holders = list(_holders(elements))
    for depth, holder in enumerate(holders):
        names = [f"{holder.tag}{name}" for name in _names([holder]) if holder.tag != "body"]
        child = " > " if depth == 0 else " "
        yield from (f"{name}{child}{one}" for name in names for one in (*own, tag))
    yield from _structural(elements, tag)


def _names(elements: Sequence[Any]) -> list[str]:
    """What elements have in common that can name them, best first: classes, ids, data attributes, stems of hashes."""
    classes = _common([tokens(element) for element in elements])
    stable = sorted((name for name in classes if is_stable(name)), key=_readability)
    ids = {element.get("id", "") for element in elements}
    one = [f"#{name}" for name in ids if len(ids) == 1 and is_stable(name)]
    data = _common(
        [[name for name in element.attrib if name.startswith("data-")] for element in elements]
    )
    stems = [found[1] for name in classes if not is_stable(name) and (found := _STEM.match(name))]
    good = [name for name in stable if not _is_layout(name)]
    return [
        *(f".{name}" for name in good),
        *one,
        *(f"[{name}]" for name in data if is_stable(name[5:])),
        *(f'[class*="{stem}"]' for stem in stems if is_stable(stem.strip("_-"))),
        *(f".{name}" for name in stable if name not in good),
    ]


def _readability(name: str) -> tuple[bool, int]:
    return _ITEM.isdisjoint(_SEGMENT.split(name.lower())), len(_SEGMENT.split(name))


def _is_layout(name: str) -> bool:
    return not _LAYOUT.isdisjoint(_SEGMENT.split(name.lower())) and _ITEM.isdisjoint(
        _SEGMENT.split(name.lower())
    )


def _common(lists: Sequence[Sequence[str]]) -> list[str]:
    """What all lists hold, in the order of the first."""
    shared = set(lists[0]).intersection(*lists[1:])
    return [name for name in dict.fromkeys(lists[0]) if name in shared]


def _holders(elements: Sequence[Any]) -> Iterator[Any]:
    """Yield the innermost element that holds them all, then those around it."""
    first, wanted = elements[0], set(elements)
    around = [one for one in islice(first.iterancestors(), 40) if one.tag != "html"]
    common = (
        [one for one in around if wanted.issubset(_descendants(one))] if len(wanted) > 1 else around
    )
    yield from islice(common, _HOLDERS)


def _descendants(element: Any) -> set[Any]:
    return set(islice(element.iter(), 50_000))


def _structural(elements: Sequence[Any], tag: str) -> Iterator[str]:
    """Yield where they stand by names of elements alone, from the nearest landmark on."""
    for depth, holder in enumerate(_holders(elements)):
        if holder.tag in _LANDMARKS:
            yield f"{holder.tag} > {tag}" if depth == 0 else f"{holder.tag} {tag}"
    yield from _from_body(elements, tag)


def _from_body(elements: Sequence[Any], tag: str) -> Iterator[str]:
    """Yield ever longer ways, at most from `main` or the body on, with the place of each step that has siblings."""
    holder = next(_holders(elements), None)
    if holder is None:
        return
    steps: list[str] = []
    child = " > " if all(one.getparent() is holder for one in elements) else " "
    for element in (holder, *islice(holder.iterancestors(), 12)):
        steps.insert(0, str(element.tag) if element.tag in ("main", "body") else _step(element))
        yield " > ".join(steps) + child + tag
        if element.tag in ("main", "body"):
            return


def _step(element: Any) -> str:
    before = sum(1 for _ in islice(element.itersiblings(element.tag, preceding=True), 200))
    alone = before == 0 and next(element.itersiblings(element.tag), None) is None
    return str(element.tag) if alone else f"{element.tag}:nth-of-type({before + 1})"


def _field_proposals(found: Sequence[tuple[Document, Spot]]) -> Iterator[str]:
    """Yield selectors of a value: its element's name, then that inside a heading or a named element around it."""
    items, spots = [item for item, _ in found], [spot for _, spot in found]
    end = f"@{spots[0].attribute}" if spots[0].attribute else ""
    elements = [spot.element for spot in spots]
    tag = str(elements[0].tag)
    names = [f"{prefix}{name}" for name in _names(elements) for prefix in ("", tag)]
    first = (tag, *names) if tag in _SPEAKING else (*names, tag)
    yield from (f"{name}{end}" for name in first)
    for parent in _parents(elements, items):
        yield from (f"{parent} {tag}{end}", f"{parent} > {tag}{end}")


def _parents(elements: Sequence[Any], items: Sequence[Document]) -> Iterator[str]:
    """Yield names of the elements around the values, inside their items."""
    around = list(elements)
    for _ in range(4):
        if any(one is item.root for one, item in zip(around, items, strict=True)):
            return
        around = [one.getparent() for one in around]
        if len({one.tag for one in around}) == 1:
            yield from _names(around)
            if around[0].tag not in ("div", "span"):
                yield str(around[0].tag)
