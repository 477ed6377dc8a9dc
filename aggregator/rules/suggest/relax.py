"""Relaxes a CSS selector by small changes, the cheapest first.

A name is spelled as the page spells it, a condition or an ancestor is left out. The number of names
that are read of a page bounds the cost.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher, get_close_matches
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.rules.selector import Document

MAX_ELEMENTS = 50_000  # whose names are read
MAX_NAMES = 2_000  # of one kind, the most frequent
MAX_SPELLINGS = 3  # of one name that are tried
LONGEST_NAME = 60
_CLASSES_OF_ONE = 40  # element that are read

# The prices of changes; the cheapest sum is tried first. To leave out a part:
_ATTRIBUTE = 0.4
_PSEUDO = 0.5
_TAG = 0.6
_NAME = 0.8  # a class or an id; half if the page does not have it
_PRICES = {
    "attribute": _ATTRIBUTE,
    "pseudo": _PSEUDO,
    "tag": _TAG,
    "class": _NAME,
    "id": _NAME,
}
_LEADING = 0.5  # the first compound
_INNER = 0.7  # a compound between others
_VALUE = 0.9  # the attribute whose value is read
_PIPES = 1.5
# To change one:
_RESPELLED = 0.1  # more, the less alike the names are
_OTHER_KIND = 0.2  # a class becomes an id, or an id a class
_COMBINATOR = 0.3

_PLAIN_NAME = re.compile(r"-?[^\W\d][\w-]*")
_WORD_BREAK = re.compile(r"[-_]+|(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class _SimpleSelector:
    """One simple selector: `kind` is tag, class, id, attribute or pseudo; `name` may be ""."""

    kind: str
    name: str
    text: str


_Compound = tuple[_SimpleSelector, ...]


@dataclass(frozen=True, slots=True)
class CssSelector:
    """A CSS selector in its parts: compounds from left to right, the combinator before each."""

    compounds: tuple[_Compound, ...]
    combinators: tuple[str, ...]
    attribute: str
    pipes: str

    def render(self, mark: str) -> str:
        """Return the selector as text; `mark` is `*` for every match, "" for the first."""
        css = ""
        for combinator, compound in zip(self.combinators, self.compounds, strict=True):
            simple_selectors = "".join(part.text for part in compound)
            css += combinator + (simple_selectors or "*")

        if self.attribute:
            css += f"@{self.attribute}"
        return css + mark + self.pipes


@dataclass(frozen=True)
class _Names:
    """The names in the documents by kind; remembers which of them are like a name that is not."""

    known: dict[str, dict[str, None]]
    _similar: dict[tuple[str, str], tuple[tuple[float, str], ...]] = field(
        default_factory=dict, repr=False
    )

    def has(self, kind: str, name: str) -> bool:
        return name in self.known[kind]

    def similar(self, kind: str, name: str) -> tuple[tuple[float, str], ...]:
        """Return the names like one that the documents lack, each after the price of the change."""
        if (kind, name) not in self._similar:
            self._similar[kind, name] = tuple(self._find_similar(kind, name))
        return self._similar[kind, name]

    def _find_similar(self, kind: str, name: str) -> Iterator[tuple[float, str]]:
        known = self.known[kind]
        word = name.casefold()[:LONGEST_NAME]
        close = get_close_matches(word, known, n=MAX_SPELLINGS)
        sharing = self._sharing_a_word(kind, name, other_than=close)
        for other in (*close, *islice(sharing, MAX_SPELLINGS)):
            likeness = SequenceMatcher(None, word, other.casefold()).ratio()
            yield _RESPELLED + 1 - max(likeness, 0.5), other

    def _sharing_a_word(self, kind: str, name: str, other_than: list[str]) -> Iterator[str]:
        words = set(_words(name))
        for other in self.known[kind]:
            if other not in other_than and not words.isdisjoint(_words(other)):
                yield other


def relaxations(head: str, pipes: str, documents: Sequence[Document]) -> Iterator[CssSelector]:
    """Yield a CSS selector with its attribute (`a.x@href`), then ever looser forms of it.

    `pipes` follow it unchanged. Yields nothing for text that is not CSS.
    """
    names = _names_of(documents)
    order = count()  # of equal costs, the form that was queued first comes first
    queue = [(0.0, next(order), form) for form in _parse_alternatives(head, pipes)]
    seen: set[str] = set()
    while queue:
        cost, _, form = heapq.heappop(queue)
        text = form.render("")
        if text in seen:
            continue
        seen.add(text)

        yield form
        for price, changed in _changes(form, names):
            heapq.heappush(queue, (cost + price, next(order), changed))


def _parse_alternatives(head: str, pipes: str) -> list[CssSelector]:
    """Parse each alternative of a CSS selector with its attribute; no CSS has none."""
    from cssselect import parse
    from cssselect.parser import SelectorError

    css, _, attribute = head.partition("@")
    try:
        trees = [alternative.parsed_tree for alternative in parse(css.strip())]
    except SelectorError:
        return []
    return [_parse_selector(tree, attribute.strip(), pipes) for tree in trees]


def _parse_selector(tree: Any, attribute: str, pipes: str) -> CssSelector:
    compounds: list[_Compound] = []
    combinators: list[str] = []
    while getattr(tree, "combinator", None) is not None:
        compounds.append(_compound(tree.subselector))
        combinators.append(_combinator_text(tree.combinator))
        tree = tree.selector
    compounds.append(_compound(tree))

    # The tree leads from right to left.
    compounds.reverse()
    combinators.reverse()
    return CssSelector(tuple(compounds), ("", *combinators), attribute, pipes)


def _combinator_text(combinator: str) -> str:
    if combinator == " ":
        return " "
    return f" {combinator} "


def _compound(tree: Any) -> _Compound:
    parts = []
    while getattr(tree, "selector", None) is not None:
        inner = tree.selector
        parts.append(_part(tree, tree.canonical()[len(inner.canonical()) :]))
        tree = inner

    tag = tree.canonical()
    if tag != "*":
        parts.append(_SimpleSelector("tag", tag, tag))
    parts.reverse()
    return tuple(parts)


def _part(tree: Any, text: str) -> _SimpleSelector:
    kind = type(tree).__name__
    if kind == "Class":
        return _named_part("class", tree.class_name)
    if kind == "Hash":
        return _named_part("id", tree.id)
    if kind == "Attrib":
        return _SimpleSelector("attribute", "", text)
    return _SimpleSelector("pseudo", "", text)


def _named_part(kind: str, name: str) -> _SimpleSelector:
    mark = {"class": ".", "id": "#", "tag": ""}[kind]
    return _SimpleSelector(kind, name, mark + re.sub(r"([^\w-])", r"\\\1", name))


def _changes(form: CssSelector, names: _Names) -> Iterator[tuple[float, CssSelector]]:
    """Yield the forms that one change makes, each after its price."""
    for place in range(len(form.compounds)):
        yield from _changes_at(form, place, names)

    if form.attribute:
        if not names.has("attribute", form.attribute):
            for price, name in names.similar("attribute", form.attribute):
                yield price, replace(form, attribute=name)
        yield _VALUE, replace(form, attribute="")

    if form.pipes:
        yield _PIPES, replace(form, pipes="")


def _changes_at(
    form: CssSelector, place: int, names: _Names
) -> Iterator[tuple[float, CssSelector]]:
    """Yield the forms that one change of a compound or of the combinator before it makes."""
    for price, changed in _compound_changes(form.compounds[place], names):
        yield price, replace(form, compounds=_replace_at(form.compounds, place, changed))

    is_last = place == len(form.compounds) - 1
    if not is_last:  # the last compound is what the selector is about
        yield (_INNER if place else _LEADING), _without_compound(form, place)

    combinator = form.combinators[place].strip()
    if combinator == ">":
        yield _COMBINATOR, replace(form, combinators=_replace_at(form.combinators, place, " "))
    elif combinator == "+":
        yield _COMBINATOR, replace(form, combinators=_replace_at(form.combinators, place, " ~ "))


def _compound_changes(compound: _Compound, names: _Names) -> Iterator[tuple[float, _Compound]]:
    """Yield what one change makes of a compound: a part left out, or spelled as the page does."""
    for place, part in enumerate(compound):
        is_unknown = bool(part.name) and not names.has(part.kind, part.name)
        if len(compound) > 1:
            price = _PRICES[part.kind]
            if is_unknown:
                price /= 2
            yield price, compound[:place] + compound[place + 1 :]

        if is_unknown:
            for price, replacement in _replacements(part, names):
                yield price, _replace_at(compound, place, replacement)


def _replacements(part: _SimpleSelector, names: _Names) -> Iterator[tuple[float, _SimpleSelector]]:
    """Yield parts with names that the page has, for one whose name it does not have."""
    for price, name in names.similar(part.kind, part.name):
        yield price, _named_part(part.kind, name)

    other_kind = {"class": "id", "id": "class"}.get(part.kind)
    if other_kind and names.has(other_kind, part.name):
        yield _OTHER_KIND, _named_part(other_kind, part.name)


def _replace_at(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _without_compound(form: CssSelector, place: int) -> CssSelector:
    """Leave out a compound and the combinators around it; what it stood between is a descendant."""
    combinators = form.combinators[:place] + form.combinators[place + 1 :]
    return replace(
        form,
        compounds=form.compounds[:place] + form.compounds[place + 1 :],
        combinators=_replace_at(combinators, place, " " if place else ""),
    )


def _names_of(documents: Sequence[Document]) -> _Names:
    tags: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    attributes: Counter[str] = Counter()

    elements = chain.from_iterable(document.root.iter() for document in documents)
    for element in islice(elements, MAX_ELEMENTS):
        if not isinstance(element.tag, str):  # a comment
            continue
        tags[element.tag] += 1
        attributes.update(element.attrib.keys())
        classes.update(element.get("class", "")[:4096].split()[:_CLASSES_OF_ONE])
        name = element.get("id", "").strip()
        if name:
            ids[name] += 1

    return _Names(
        {
            "tag": _most_frequent(tags),
            "class": _most_frequent(classes),
            "id": _most_frequent(ids),
            "attribute": _most_frequent(attributes),
        }
    )


def _most_frequent(counts: Counter[str]) -> dict[str, None]:
    """Return the most frequent names that CSS spells without escapes, at most MAX_NAMES."""
    names: dict[str, None] = {}
    for name, _ in counts.most_common():
        if len(names) == MAX_NAMES:
            break
        if len(name) <= LONGEST_NAME and _PLAIN_NAME.fullmatch(name):
            names[name] = None
    return names


def _words(name: str) -> list[str]:
    """Return the words of a name (`story-title`, `storyTitle`) that are longer than two letters."""
    return [word.casefold() for word in _WORD_BREAK.split(name) if len(word) > 2]
