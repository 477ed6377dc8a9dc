"""The date of one item of a list, where nothing says where it is: machine-readable first, then short texts.

Rule: a text is a date only if the reader of dates reads it in the page's language, so nothing here guesses. What was
never a date in five items of a list is not asked again, and a page is asked only so often: reading words costs
milliseconds.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.article import byline_dates
from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import words_of
from aggregator.normalize import dates
from aggregator.rules.compiled import NO_FIELD, Field, zone
from aggregator.rules.document import pieces, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

MAX_ELEMENTS = 2_000  # of one item; cards have 30
LONGEST_CHARACTERS = 60  # of a text that is nothing but a date and its label
_DISAPPOINTMENTS = 5  # of one kind of element
_ALL_DISAPPOINTMENTS = 1_000  # of a page
_AROUND = 12  # elements around a title
_GROUP = 60  # elements beside an item among which the day above it is looked for
_HEADERS = frozenset({"dt", "h2", "h3", "h4", "h5", "h6", "p", "div", "time", "header", "tr", "li"})
_SPOTS = 12  # of one item, that are asked
_ATTRIBUTES = (
    "datetime",
    "data-datetime",
    "data-timestamp",
    "data-time",
    "data-date",
    "data-published",
    "data-pubdate",
)
_TITLED = ("abbr", "span", "time", "small", "em", "i", "div", "p")
_PARTS = re.compile(r"\s*[|·•‧・]\s*")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_AGO = re.compile(
    r"\bago\b|\bil y a\b|\bhace\b|\bvor\b|\bfa\b|\bhá\b|\batrás\b|назад|тому|önce|trước|lalu|geleden|sedan|siden|temu"
    r"|前|ที่แล้ว|ก่อน|پیش|قبل|منذ|전|पहले|আগে|yesterday|hier|gestern|ayer|ieri|ontem|вчера|昨",
    re.IGNORECASE,
)
_INLINE_NAMES = "a abbr b br bdi em font i img mark small span strong sub sup svg time u wbr"
_INLINE = frozenset(_INLINE_NAMES.split())
_SILENT = ("script", "style", "noscript", "svg", "template")


@dataclass(frozen=True, slots=True)
class Spot:
    """A value in an item, the element that holds it, and the attribute that does (None: its text).

    One `above` an item is not in it.
    """

    value: str
    element: Any
    attribute: str | None = None
    above: bool = False

    @property
    def where(self) -> str:
        tag = str(self.element.tag)
        return f"listing:{tag}@{self.attribute}" if self.attribute else f"listing:{tag}"


@dataclass(frozen=True)
class Reader:
    """Reads the dates of one page as its rules and language say; `languages` are BCP 47, () where it states none."""

    taken: datetime
    languages: tuple[str, ...] = ()
    timezone: str = "UTC"
    rule: Field = NO_FIELD
    _failures: Counter[tuple[str, str]] = field(default_factory=Counter, repr=False)
    _known: set[tuple[str, str]] = field(default_factory=set, repr=False)

    def reads(self, text: str) -> bool:
        rule = self.rule
        date = dates.read(
            text,
            zone=zone(self.timezone),
            taken=self.taken,
            formats=rule.formats,
            strip=rule.strip,
            order=rule.order,
            languages=self.languages,
            calendar=rule.calendar,
        )
        return date is not None

    def published(self, item: Any, *, besides: Any = None) -> Iterator[Spot]:
        """Yield where the date of an item is, the best first; `besides` is its title, in which none is looked for."""
        found = tuple(self._within(item, besides))
        yield from found or islice(
            (spot for spot in _above(item) if _is_believable(spot) and self._finds(spot)), 1
        )

    def _within(self, item: Any, besides: Any) -> Iterator[Spot]:
        elements = [one for one in islice(item.iter(), MAX_ELEMENTS) if isinstance(one.tag, str)]
        stated = list(islice(_stated(elements), _SPOTS))
        read = [spot for spot in stated if self._finds(spot)]
        yield from read
        title = set() if besides is None else set(islice(besides.iter(), MAX_ELEMENTS))
        around = set() if besides is None else set(islice(besides.iterancestors(), _AROUND))
        spots = (
            spot
            for one in elements
            if one not in title
            for spot in _texts(one, whole=one not in around)
        )
        yield from self._written(list(spots))
        # What a source's own language may read, though the page's does not.
        yield from (spot for spot in stated if spot.element.tag == "time" and spot not in read)

    def _written(self, spots: list[Spot]) -> Iterator[Spot]:
        spots.sort(key=lambda spot: (_kind(spot) not in self._known, not is_dated(spot.element)))
        for spot in spots[:_SPOTS]:
            if _is_believable(spot) and self._finds(spot):
                yield spot
                return

    def _finds(self, spot: Spot) -> bool:
        kind = _kind(spot)
        hopeless = (
            self._failures[kind] >= _DISAPPOINTMENTS
            or self._failures["", ""] >= _ALL_DISAPPOINTMENTS
        )
        if hopeless and kind not in self._known:
            return False
        if self.reads(spot.value):
            self._known.add(kind)
            return True
        self._failures.update((kind, ("", "")))
        return False


def _above(item: Any) -> Iterator[Spot]:
    """Yield the line above an item, or above the list it is in, where such lines part a list by its days."""
    for one in (item, item.getparent()):
        header = next(islice((above for above in _before(one) if above.tag != item.tag), 1), None)
        if header is None or header.tag not in _HEADERS or not _repeats(header):
            continue
        said = "".join(piece[: 4 * LONGEST_CHARACTERS] for piece in islice(pieces(header), _SPOTS))
        text = " ".join(said.split())
        if 1 < len(text) <= LONGEST_CHARACTERS and any(map(str.isdecimal, text)):
            yield Spot(text, header, above=True)


def _before(element: Any) -> Iterator[Any]:
    before = islice(element.itersiblings(preceding=True), _GROUP) if element is not None else ()
    return (one for one in before if isinstance(one.tag, str))


def _repeats(header: Any) -> bool:
    """Tell whether more such lines stand beside one."""
    kind = (header.tag, header.get("class"))
    beside = (
        *islice(header.itersiblings(), _GROUP),
        *islice(header.itersiblings(preceding=True), _GROUP),
    )
    return any((one.tag, one.get("class")) == kind for one in beside)


def _stated(elements: Iterable[Any]) -> Iterator[Spot]:
    """Yield the attributes that hold dates for machines."""
    for element in elements:
        for name in _ATTRIBUTES:
            if value := (element.get(name) or "").strip():
                yield Spot(value, element, name)
        if "datepublished" in (element.get("itemprop") or "").lower() and (
            value := element.get("content")
        ):
            yield Spot(value.strip(), element, "content")
        title = element.get("title") if element.tag in _TITLED else None
        if title and len(title) <= LONGEST_CHARACTERS and _YEAR.search(title):
            yield Spot(title.strip(), element, "title")


def _texts(element: Any, *, whole: bool) -> Iterator[Spot]:
    """Yield the short texts of an element: its `whole` text, then what separators part it into, then its own texts."""
    if element.tag in _SILENT:
        return
    texts: list[str] = []
    children = list(islice(element, _SPOTS))
    if whole and all(child.tag in _INLINE for child in children) and len(children) < _SPOTS:
        text = text_of(element) if children else (element.text or "")
        texts += [text, *(_PARTS.split(text) if len(text) < 4 * LONGEST_CHARACTERS else ())]
    if children:
        texts += [element.text or "", *(child.tail or "" for child in children)]
    texts += [reading for text in texts[:1] for reading in byline_dates.dates_in(text)]
    for text in dict.fromkeys(
        " ".join(text.split()) for text in texts if len(text) < 4 * LONGEST_CHARACTERS
    ):
        if 1 < len(text) <= LONGEST_CHARACTERS and (
            any(map(str.isdecimal, text)) or is_dated(element)
        ):
            yield Spot(text, element)


def is_dated(element: Any) -> bool:
    """Tell whether the name or a class of an element says that it holds a date."""
    words = words_of(element)
    return element.tag == "time" or (
        not words.isdisjoint(class_names.DATE) and words.isdisjoint(class_names.NO_DATE)
    )


def _is_believable(spot: Spot) -> bool:
    """Words alone are no date: dateparser reads `5 min` as five minutes ago, and a video is that long."""
    return is_dated(spot.element) or bool(_YEAR.search(spot.value) or _AGO.search(spot.value))


def _kind(spot: Spot) -> tuple[str, str]:
    return f"{spot.element.tag}@{spot.attribute}", spot.element.get("class", "")
