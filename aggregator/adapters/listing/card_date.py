"""Finds the date of one item of a list without rules: attributes for machines first, then short texts.

Nothing is guessed: a text is a date only if the date reader can read it in the page's
language. Reading words costs milliseconds, so a kind of element that gave no date five
times is not tried again, and the number of tries on a page is limited.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.article import byline_dates
from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import class_words
from aggregator.adapters.listing.lines import texts_beside
from aggregator.adapters.listing.yearless import read_day
from aggregator.normalize import dates
from aggregator.rules.compiled import NO_FIELD, CompiledField, load_zone
from aggregator.rules.document import element_text, text_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from aggregator.adapters.listing.yearless import DayOfYear

MAX_ELEMENTS = 2_000  # of one item; cards have 30
LONGEST_CHARACTERS = 60  # of a text that is nothing but a date and its label
_LONGEST_TEXT = 4 * LONGEST_CHARACTERS  # of a text that is looked at, blanks included
_MAX_FAILURES_OF_KIND = 5  # of one kind of element
_MAX_FAILURES = 1_000  # of a page
_MAX_DISTANCE = 12  # elements around a title
_MAX_SIBLINGS = 60  # beside an item, among which the line with its day is looked for
_MAX_TRIES = 12  # texts, and attributes, of one item that are read as dates
_MAX_CHILDREN = 12  # of an element that is looked at
_DAY_TAGS = frozenset(
    {"dt", "h2", "h3", "h4", "h5", "h6", "p", "div", "time", "header", "tr", "li"}
)
_ATTRIBUTES = (
    "datetime",
    "data-datetime",
    "data-timestamp",
    "data-time",
    "data-date",
    "data-published",
    "data-pubdate",
)
_TITLE_ATTRIBUTE_TAGS = ("abbr", "span", "time", "small", "em", "i", "div", "p")
_SEPARATOR = re.compile(r"\s*[|·•‧・]\s*")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_AGO = re.compile(
    r"\bago\b|\bil y a\b|\bhace\b|\bvor\b|\bfa\b|\bhá\b|\batrás\b|\bacum\b|\bpřed\b|\bpred\b"
    r"|назад|тому|преди|пре \d|önce|trước|lalu|geleden|sedan|siden|sitten|temu|zilizopita|πριν"
    r"|前|ที่แล้ว|ก่อน|ที่ผ่านมา|ກ່ອນ|មុន|အကြာ|လွန်ခဲ့|ပြီးခဲ့|முன்|წინ|առաջ|לפני|پیش|پہلے|قبل|منذ|전|पहले|আগে"
    r"|órája|napja|perce|yesterday|hier|gestern|ayer|ieri|ontem|вчера|昨",
    re.IGNORECASE,
)
_INLINE_NAMES = "a abbr b br bdi em font i img mark small span strong sub sup svg time u wbr"
_INLINE_TAGS = frozenset(_INLINE_NAMES.split())
_SILENT_TAGS = ("script", "style", "noscript", "svg", "template")

# A kind of element: its tag with the attribute, and its class.
_Kind = tuple[str, str]
_ANY_KIND: _Kind = ("", "")


@dataclass(frozen=True, slots=True)
class ElementValue:
    """A value in an item and the element that holds it.

    `attribute` is the attribute that holds it, None for the element's text. `is_above_item`
    tells that the element is not in the item but above or around it.
    """

    value: str
    element: Any
    attribute: str | None = None
    is_above_item: bool = False

    @property
    def where(self) -> str:
        tag = str(self.element.tag)
        return f"listing:{tag}@{self.attribute}" if self.attribute else f"listing:{tag}"


@dataclass(frozen=True)
class DateReader:
    """Reads the dates of one page as its rules and its language say.

    `languages` are BCP 47 tags, () if the page states none.
    """

    taken: datetime
    languages: tuple[str, ...] = ()
    timezone: str = "UTC"
    rule: CompiledField = NO_FIELD
    _failed_reads: Counter[_Kind] = field(default_factory=Counter, repr=False)
    _date_kinds: set[_Kind] = field(default_factory=set, repr=False)

    def find_dates(self, item: Any, *, title: Any = None) -> Iterator[ElementValue]:
        """Yield the places of an item that may hold its date, best first.

        `title` is the element that holds its title: its text is not taken for a date.
        """
        within = tuple(self._dates_within(item, title))
        if within:
            yield from within
            return

        for spot in chain(_texts_in_line(item), _lines_above(item)):
            if self._is_plausible(spot) and self._can_read(spot):
                yield spot
                return

    def read(self, text: str) -> dates.Date | None:
        """Read a date that has a year or is relative, as the rules and the page's language say."""
        return dates.read(
            text,
            zone=load_zone(self.timezone),
            taken=self.taken,
            formats=self.rule.formats,
            strip=self.rule.strip,
            order=self.rule.order,
            languages=self.languages,
            calendar=self.rule.calendar,
        )

    def read_day(self, text: str, *, is_date: bool = True) -> DayOfYear | None:
        """Read a date without a year."""
        for label in self.rule.strip:
            text = text.replace(label, " ")
        return read_day(" ".join(text.split()), self.languages, is_date=is_date)

    def _dates_within(self, item: Any, title: Any) -> Iterator[ElementValue]:
        elements = list(elements_of(item))
        in_attributes = list(islice(_date_attributes(elements), _MAX_TRIES))
        readable = list(filter(self._can_read, in_attributes))
        yield from readable
        for spot in self._first_readable(_texts_beside(elements, title)):
            if not readable or self.read_day(spot.value) is None:
                yield spot

        # The source may state another language than the page, and can read these then.
        for spot in in_attributes:
            if spot.element.tag == "time" and spot not in readable:
                yield spot

    def _first_readable(self, spots: list[ElementValue]) -> Iterator[ElementValue]:
        """Yield the first date of 12 texts: those of known kinds and of dated elements."""
        spots.sort(
            key=lambda spot: (
                _kind(spot) not in self._date_kinds,
                not is_date_element(spot.element),
            )
        )
        for spot in spots[:_MAX_TRIES]:
            if self._is_plausible(spot) and self._can_read(spot):
                yield spot
                return

    def _can_read(self, spot: ElementValue) -> bool:
        """Tell whether a value is a date; a kind that failed too often is not tried."""
        kind = _kind(spot)
        if kind not in self._date_kinds:
            if self._failed_reads[kind] >= _MAX_FAILURES_OF_KIND:
                return False
            if self._failed_reads[_ANY_KIND] >= _MAX_FAILURES:
                return False

        if self._is_date(spot.value):
            self._date_kinds.add(kind)
            return True
        self._failed_reads.update((kind, _ANY_KIND))
        return False

    def _is_date(self, text: str) -> bool:
        return self.read_day(text) is not None or self.read(text) is not None

    def _is_plausible(self, spot: ElementValue) -> bool:
        """Tell whether a text can be a date: a year, an "ago", a month, or a dated element.

        The date reader takes too much: it reads `5 min`, the length of a video, as five
        minutes ago.
        """
        if is_date_element(spot.element) or _YEAR.search(spot.value) or _AGO.search(spot.value):
            return True
        return self.read_day(spot.value, is_date=False) is not None


def elements_of(item: Any) -> Iterator[Any]:
    """Yield an item and the elements inside it, without comments, 2,000 nodes at most."""
    for node in islice(item.iter(), MAX_ELEMENTS):
        if isinstance(node.tag, str):
            yield node


def is_date_element(element: Any) -> bool:
    """Tell whether the name or a class of an element says that it holds a date."""
    if element.tag == "time":
        return True
    words = class_words(element)
    return not words.isdisjoint(class_names.DATE) and words.isdisjoint(class_names.NO_DATE)


def _texts_in_line(item: Any) -> Iterator[ElementValue]:
    """Yield the texts beside an item that is a link in a line of text."""
    for text in texts_beside(item):
        for part in dict.fromkeys((text, *_SEPARATOR.split(text))):
            if _is_short(part) and _has_digit(part):
                yield ElementValue(part, item.getparent(), is_above_item=True)


def _lines_above(item: Any) -> Iterator[ElementValue]:
    """Yield the line above an item, and above the list it is in.

    Such a line counts if others like it divide the list into days.
    """
    for element in (item, item.getparent()):
        if element is None:
            continue
        header = _header_above(element, other_than=item.tag)
        if header is None or not _is_repeated(header):
            continue

        text = _beginning(header)
        if _is_short(text) and _has_digit(text):
            yield ElementValue(text, header, is_above_item=True)


def _beginning(header: Any) -> str:
    """Return the beginning of an element's text in one line."""
    parts = [piece[:_LONGEST_TEXT] for piece in islice(text_pieces(header), _MAX_TRIES)]
    return " ".join("".join(parts).split())


def _header_above(element: Any, *, other_than: str) -> Any | None:
    """Return the nearest sibling before an element that has another tag than the items.

    None if that cannot be a line of text.
    """
    for sibling in islice(element.itersiblings(preceding=True), _MAX_SIBLINGS):
        if not isinstance(sibling.tag, str) or sibling.tag == other_than:
            continue
        return sibling if sibling.tag in _DAY_TAGS else None
    return None


def _is_repeated(header: Any) -> bool:
    """Tell whether a sibling has the same tag and class."""
    kind = (header.tag, header.get("class"))
    siblings = chain(
        islice(header.itersiblings(), _MAX_SIBLINGS),
        islice(header.itersiblings(preceding=True), _MAX_SIBLINGS),
    )
    return any((sibling.tag, sibling.get("class")) == kind for sibling in siblings)


def _date_attributes(elements: Iterable[Any]) -> Iterator[ElementValue]:
    """Yield the attributes that hold dates for machines."""
    for element in elements:
        for name in _ATTRIBUTES:
            value = element.get(name, "").strip()
            if value:
                yield ElementValue(value, element, name)

        content = element.get("content")
        if content and "datepublished" in element.get("itemprop", "").lower():
            yield ElementValue(content.strip(), element, "content")
        if element.tag in _TITLE_ATTRIBUTE_TAGS:
            yield from _title_attribute(element)


def _title_attribute(element: Any) -> Iterator[ElementValue]:
    """Yield the `title` of an element if it is short and has a year in it."""
    title = element.get("title", "")
    if len(title) <= LONGEST_CHARACTERS and _YEAR.search(title):
        yield ElementValue(title.strip(), element, "title")


def _texts_beside(elements: Iterable[Any], title: Any) -> list[ElementValue]:
    """Return the short texts of an item, except those of its title."""
    in_title: set[Any] = set()
    around_title: set[Any] = set()
    if title is not None:
        in_title.update(islice(title.iter(), MAX_ELEMENTS))
        around_title.update(islice(title.iterancestors(), _MAX_DISTANCE))

    spots: list[ElementValue] = []
    for element in elements:
        if element in in_title or element.tag in _SILENT_TAGS:
            continue
        is_whole = element not in around_title
        spots.extend(_short_texts(element, whole=is_whole))
    return spots


def _short_texts(element: Any, *, whole: bool) -> Iterator[ElementValue]:
    """Yield the texts of an element that may be dates, each once."""
    seen: set[str] = set()
    for text in _texts_of(element, whole=whole):
        if len(text) >= _LONGEST_TEXT:
            continue
        one_line = " ".join(text.split())
        if one_line in seen or not _is_short(one_line):
            continue

        seen.add(one_line)
        if _has_digit(one_line) or is_date_element(element):
            yield ElementValue(one_line, element)


def _texts_of(element: Any, *, whole: bool) -> list[str]:
    """Return the texts of an element.

    First its `whole` text, then the parts between separators, then the texts that
    stand directly in it, then the dates in the first of these.
    """
    children = list(islice(element, _MAX_CHILDREN))
    texts: list[str] = []
    if whole and _is_inline(children):
        texts += _whole_text(element, children)
    if children:
        texts += _direct_texts(element, children)
    if texts:
        texts += byline_dates.find_dates(texts[0])
    return texts


def _direct_texts(element: Any, children: list[Any]) -> list[str]:
    texts = [element.text or ""]
    for child in children:
        texts.append(child.tail or "")
    return texts


def _is_inline(children: list[Any]) -> bool:
    """Tell whether an element is a line of text: few children, and none a block."""
    return len(children) < _MAX_CHILDREN and all(child.tag in _INLINE_TAGS for child in children)


def _whole_text(element: Any, children: list[Any]) -> list[str]:
    """Return the text of an element and the parts of it between separators."""
    text = element_text(element) if children else element.text or ""
    if len(text) >= _LONGEST_TEXT:
        return [text]
    return [text, *_SEPARATOR.split(text)]


def _is_short(text: str) -> bool:
    return 1 < len(text) <= LONGEST_CHARACTERS


def _has_digit(text: str) -> bool:
    return any(map(str.isdecimal, text))


def _kind(spot: ElementValue) -> _Kind:
    return f"{spot.element.tag}@{spot.attribute}", spot.element.get("class", "")
