"""What becomes of a CSS selector by small changes, the cheapest first.

Rule: a name is spelled as the page spells it, a condition or an ancestor is left out. What a page may cost is bounded
by how many of its names are read.
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
MAX_NAMES = 2_000  # of a kind, the most frequent
SPELLINGS = 3  # of one name that are tried
LONGEST_NAME = 60
_NAMES_A_LIST = 40  # classes of one element that are read

# What a change costs: the cheapest sum is tried first. A name that the page does not know is half as dear to leave out.
_ATTRIBUTE, _PSEUDO, _TAG, _NAME = 0.4, 0.5, 0.6, 0.8
_RESPELT, _OTHER_KIND, _COMBINATOR, _LEADING, _INNER, _VALUE, _PIPES = (
    0.1,
    0.2,
    0.3,
    0.5,
    0.7,
    0.9,
    1.5,
)

_PLAIN_NAME = re.compile(r"-?[^\W\d][\w-]*")
_TOKEN = re.compile(r"[-_]+|(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class _Part:
    """One simple selector: `kind` is tag, class, id, attribute or pseudo; `name` is "" where it has none."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """A CSS selector in its parts: compounds from left to right, the combinator in front of each."""

    compounds: tuple[tuple[_Part, ...], ...]
    combinators: tuple[str, ...]
    attribute: str
    pipes: str

    def text(self, mark: str) -> str:
        """Write it; `mark` is `*` for every match, "" for the first."""
        words = (
            f"{combinator}{''.join(part.text for part in compound) or '*'}"
            for combinator, compound in zip(self.combinators, self.compounds, strict=True)
        )
        return f"{''.join(words)}{f'@{self.attribute}' if self.attribute else ''}{mark}{self.pipes}"


@dataclass(frozen=True)
class _Names:
    """The names that the documents use, by kind, and the spellings near to a name that they do not use."""

    known: dict[str, dict[str, None]]
    _alike: dict[tuple[str, str], tuple[tuple[float, str], ...]] = field(
        default_factory=dict, repr=False
    )

    def has(self, kind: str, name: str) -> bool:
        return name in self.known[kind]

    def like(self, kind: str, name: str) -> tuple[tuple[float, str], ...]:
        """Give the price of a respelling and the spelling, for a name that is not used."""
        if (kind, name) not in self._alike:
            self._alike[kind, name] = tuple(self._like(kind, name))
        return self._alike[kind, name]

    def _like(self, kind: str, name: str) -> Iterator[tuple[float, str]]:
        known, word = self.known[kind], name.casefold()[:LONGEST_NAME]
        near = get_close_matches(word, known, n=SPELLINGS)
        words = set(_tokens(name))
        shared = (
            other for other in known if other not in near and not words.isdisjoint(_tokens(other))
        )
        for other in (*near, *islice(shared, SPELLINGS)):
            yield (
                _RESPELT + 1 - max(SequenceMatcher(None, word, other.casefold()).ratio(), 0.5),
                other,
            )


def relaxed(head: str, pipes: str, documents: Sequence[Document]) -> Iterator[Form]:
    """Yield a CSS selector with its attribute (`a.x@href`), then what becomes of it by ever more changes.

    `pipes` follow it as they are written. Nothing comes of what is no CSS.
    """
    names = _names_of(documents)
    order = count()
    queue = [(0.0, next(order), form) for form in _forms(head, pipes)]
    seen: set[str] = set()
    while queue:
        cost, _, form = heapq.heappop(queue)
        text = form.text("")
        if text in seen:
            continue
        seen.add(text)
        yield form
        for price, changed in _changes(form, names):
            heapq.heappush(queue, (cost + price, next(order), changed))


def _forms(head: str, pipes: str) -> list[Form]:
    """Take apart each alternative of a CSS selector with its attribute; none of one that is no CSS."""
    from cssselect import parse
    from cssselect.parser import SelectorError

    css, _, attribute = head.partition("@")
    try:
        trees = [alternative.parsed_tree for alternative in parse(css.strip())]
    except SelectorError:
        return []
    return [_form(tree, attribute.strip(), pipes) for tree in trees]


def _form(tree: Any, attribute: str, pipes: str) -> Form:
    compounds: list[tuple[_Part, ...]] = []
    combinators: list[str] = []
    while (combinator := getattr(tree, "combinator", None)) is not None:
        compounds.append(_compound(tree.subselector))
        combinators.append(" " if combinator == " " else f" {combinator} ")
        tree = tree.selector
    compounds.append(_compound(tree))
    return Form(tuple(compounds[::-1]), ("", *combinators[::-1]), attribute, pipes)


def _compound(tree: Any) -> tuple[_Part, ...]:
    parts = []
    while (inner := getattr(tree, "selector", None)) is not None:
        parts.append(_part(tree, tree.canonical()[len(inner.canonical()) :]))
        tree = inner
    tag = tree.canonical()
    return (*((_Part("tag", tag, tag),) if tag != "*" else ()), *parts[::-1])


def _part(tree: Any, text: str) -> _Part:
    kind = type(tree).__name__
    if kind == "Class":
        return _named("class", tree.class_name)
    if kind == "Hash":
        return _named("id", tree.id)
    return _Part("attribute" if kind == "Attrib" else "pseudo", "", text)


def _named(kind: str, name: str) -> _Part:
    mark = {"class": ".", "id": "#", "tag": ""}[kind]
    return _Part(kind, name, mark + re.sub(r"([^\w-])", r"\\\1", name))


def _changes(form: Form, names: _Names) -> Iterator[tuple[float, Form]]:
    last = len(form.compounds) - 1
    for place, compound in enumerate(form.compounds):
        for price, changed in _changed(compound, names):
            yield price, replace(form, compounds=_put(form.compounds, place, changed))
        if place < last:
            yield _LEADING if place == 0 else _INNER, _without(form, place)
        if form.combinators[place].strip() in (">", "+"):
            looser = " " if ">" in form.combinators[place] else " ~ "
            yield _COMBINATOR, replace(form, combinators=_put(form.combinators, place, looser))
    if form.attribute:
        likes = (
            ()
            if names.has("attribute", form.attribute)
            else names.like("attribute", form.attribute)
        )
        yield from ((price, replace(form, attribute=name)) for price, name in likes)
        yield _VALUE, replace(form, attribute="")
    if form.pipes:
        yield _PIPES, replace(form, pipes="")


def _changed(
    compound: tuple[_Part, ...], names: _Names
) -> Iterator[tuple[float, tuple[_Part, ...]]]:
    """Yield what one change makes of a compound, with its price: a part left out, or spelled as the page does."""
    prices = {"attribute": _ATTRIBUTE, "pseudo": _PSEUDO, "tag": _TAG, "class": _NAME, "id": _NAME}
    for place, part in enumerate(compound):
        unknown = bool(part.name) and not names.has(part.kind, part.name)
        if len(compound) > 1:
            yield (
                prices[part.kind] / (2 if unknown else 1),
                (*compound[:place], *compound[place + 1 :]),
            )
        if not unknown:
            continue
        for price, name in names.like(part.kind, part.name):
            yield price, _put(compound, place, _named(part.kind, name))
        other = {"class": "id", "id": "class"}.get(part.kind)
        if other and names.has(other, part.name):
            yield _OTHER_KIND, _put(compound, place, _named(other, part.name))


def _put(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _without(form: Form, place: int) -> Form:
    left = form.combinators[:place] + form.combinators[place + 1 :]
    combinators = _put(left, place, " " if place else "")
    return replace(
        form,
        compounds=form.compounds[:place] + form.compounds[place + 1 :],
        combinators=combinators,
    )


def _names_of(documents: Sequence[Document]) -> _Names:
    counts: dict[str, Counter[str]] = {
        kind: Counter() for kind in ("tag", "class", "id", "attribute")
    }
    elements = chain.from_iterable(document.root.iter() for document in documents)
    for element in islice(elements, MAX_ELEMENTS):
        if not isinstance(element.tag, str):
            continue
        counts["tag"][element.tag] += 1
        counts["attribute"].update(element.attrib.keys())
        counts["class"].update(element.get("class", "")[:4096].split()[:_NAMES_A_LIST])
        if name := element.get("id", "").strip():
            counts["id"][name] += 1
    return _Names({kind: _frequent(counted) for kind, counted in counts.items()})


def _frequent(counted: Counter[str]) -> dict[str, None]:
    plain = (
        name
        for name, _ in counted.most_common()
        if len(name) <= LONGEST_NAME and _PLAIN_NAME.fullmatch(name)
    )
    return dict.fromkeys(islice(plain, MAX_NAMES))


def _tokens(name: str) -> list[str]:
    return [token.casefold() for token in _TOKEN.split(name) if len(token) > 2]
