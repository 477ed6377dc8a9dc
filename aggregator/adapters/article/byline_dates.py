"""Dates in the lines around an article's heading, where neither markup nor a label tells that they are one.

Rule: a date counts only where a line says little else: it begins or ends it, or a separator parts it from the rest. The
lines behind the heading are asked first, nearest first; then the few in front of it; then what is called a byline
anywhere in the article. Comments, menus and prose are never asked, nor a date that is said to be of a change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import words_of
from aggregator.normalize.html.elements import BLOCKS
from aggregator.normalize.text import weight
from aggregator.rules.document import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LINES = 3_000  # of a page
BEHIND = 12  # lines behind the heading that may be its byline, and
BEFORE = 3  # in front of it: further up is today's date, which portals print beside their name
LONGEST_LINE_CHARACTERS = 160
_MOST_WORDS = 4.0  # beside a date that begins or ends a line, and
_MOST_PARTED_WORDS = 10.0  # where a separator parts them

_INNER_BLOCKS = tuple(sorted(BLOCKS))
_SILENT = frozenset(
    {"script", "style", "template", "svg", "select", "button", "noscript", "option", "textarea"}
)
_AROUND = frozenset({"nav", "aside", "form", "dialog"})
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_OTHER_WORDS = "copyright related sidebar widget calendar"
_META_WORDS = "meta byline submitted info postmeta dateline credits publication"
_OTHERS = frozenset(_OTHER_WORDS.split()) | class_names.REMARKS
_META = frozenset(_META_WORDS.split()) | class_names.DATE

_MONTH = r"[^\W\d_]{3,12}\.?"
_CLOCK = r"\d{1,2}\s?[:.h時点시]\s?\d{2}(?:\s?[:分분]\s?\d{2})?[分분]?(?:\s?[ap]\.?m\b\.?)?"
_DAY = r"\d{1,2}\s?(?:\.|st|nd|rd|th|er|º|\.º)?[\s-]+(?:de\s+|of\s+|tháng\s+)?"
_YEAR = r"[\s,-]+(?:de\s+|del\s+|năm\s+)?\d{4}"
_DATE = rf"""
    \d{{4}}\s?[年년]\s?\d{{1,2}}\s?[月월]\s?\d{{1,2}}\s?[日일]
    | \d{{4}}[-./]\s?\d{{1,2}}[-./]\s?\d{{1,2}}\.?
    | \d{{1,2}}[-./]\s?\d{{1,2}}[-./]\s?\d{{4}}
    | {_DAY}(?:{_MONTH}|\d{{1,2}}){_YEAR}
    | {_MONTH}\s+\d{{1,2}}\s?(?:st|nd|rd|th)?\s?,?\s+\d{{4}}
"""
_FOUND = re.compile(
    rf"(?<![\d/.-])(?P<date>{_DATE})(?![\d/])"
    rf"(?:(?P<gap>[\s,|·•–—-]*(?:[^\W\d_]{{1,5}}\.?\s*){{0,2}})(?P<clock>{_CLOCK}))?(?!\d)",
    re.IGNORECASE | re.VERBOSE,
)
_RANGE = re.compile(r"\s*(?:[-–—~〜～]|to|bis|until|till|au|al|a|до|至|から)\s*\Z", re.IGNORECASE)
_CHANGED = re.compile(
    r"updat|modif|edit|chang|revis|aktualis|geändert|stand[:\s]|mis(?:e)?\s+à\s+jour|actualiz|atualiz|aggiorn|bijgewerkt"
    r"|zaktualiz|обновл|изменен|оновлен|güncelle|diperbarui|cập\s*nhật|更新|修改|修订|수정|تحديث|به‌?روز",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"©|\(c\)\s|copyright|all rights|expires|valid until|deadline|born|\*\s?\d|†", re.IGNORECASE
)
_PARTING = "|·•‧・–—-,;:/()[]「」【】→>«»"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page as a reader sees it, and the element that holds it."""

    element: Any
    text: str


def dated(
    body: Any, heading: Any | None, area: Any | None
) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield the elements that may say when an article appeared, the likeliest first, each with what to read.

    Of that the first is the date with its time of day, the second the date alone.
    """
    holders = set() if heading is None else set(heading.iterancestors())
    lines = list(islice(_lines(body, holders), MAX_LINES))
    for line in (*_around(lines, heading), *_named(lines, area)):
        if found := _date_of(line):
            yield line.element, found


def dates_in(text: str) -> tuple[str, ...]:
    """Give what to read of a short line that says when: its date with its time of day, then the date alone."""
    found = _FOUND.search(text[: 2 * LONGEST_LINE_CHARACTERS])
    if found is None or _CHANGED.search(text[: found.start()]):
        return ()
    words = weight(f"{text[: found.start()]} {text[found.end() :]}")
    return _readings(found) if words <= _MOST_WORDS else ()


def _lines(body: Any, holders: set[Any]) -> Iterator[Line]:
    """Take a page apart into lines: what has no block within it, and what stands beside blocks.

    `holders` are around the heading: whatever they are called, the article is in them.
    """
    stack = [body]
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str) or (element not in holders and _is_elsewhere(element)):
            continue
        if next(element.iterdescendants(*_INNER_BLOCKS), None) is not None:
            own = " ".join(
                part for part in (element.text, *(child.tail for child in element)) if part
            )
            yield from _line(element, own)
            stack.extend(reversed(element))
        else:
            yield from _line(
                element, " ".join(pieces(element))
            )  # styles, not blanks, part a name from a date


def _line(element: Any, text: str) -> Iterator[Line]:
    if len(text) < 4 * LONGEST_LINE_CHARACTERS and (line := " ".join(text.split())):
        yield Line(element, line)
    elif text.strip():
        yield Line(element, "")  # prose counts as a line and is not read


def _is_elsewhere(element: Any) -> bool:
    return element.tag in _SILENT | _AROUND or not words_of(element).isdisjoint(_OTHERS)


def _around(lines: Sequence[Line], heading: Any | None) -> Iterator[Line]:
    if heading is None:
        return
    inside = set(heading.iter())
    places = [place for place, line in enumerate(lines) if line.element in inside]
    if places:
        yield from lines[places[-1] + 1 : places[-1] + 1 + BEHIND]
        yield from reversed(lines[max(places[0] - BEFORE, 0) : places[0]])


def _named(lines: Sequence[Line], area: Any | None) -> Iterator[Line]:
    if area is None:
        return
    inside = set(area.iter())
    for line in lines:
        if line.element in inside and _is_meta(line.element):
            yield line


def _is_meta(element: Any) -> bool:
    """Tell whether an element or the one around it is called a byline."""
    return any(
        not words_of(one).isdisjoint(_META)
        for one in (element, *islice(element.iterancestors(), 1))
    )


def _date_of(line: Line) -> tuple[str, ...]:
    text = line.text
    most = 2 * LONGEST_LINE_CHARACTERS if _is_meta(line.element) else LONGEST_LINE_CHARACTERS
    if len(text) > most or _OTHER.search(text):
        return ()
    found = list(islice(_FOUND.finditer(text), 3))
    if len(found) > 1 and _RANGE.match(text[found[0].end() : found[1].start()]):
        return ()
    start = 0
    for one in found:
        if not _CHANGED.search(text[start : one.start()]):
            return _readings(one) if _stands_out(line, one) else ()
        start = one.end()
    return ()


def _readings(found: re.Match[str]) -> tuple[str, ...]:
    """The date with its clock and the zone behind it, with its clock, and alone."""
    if not found["clock"]:
        return (found["date"],)
    zone = re.match(
        r"\s*\(?((?:GMT|UTC|[A-Z]{2,4}T)?\s?[+-]?\d{0,2}:?\d{0,2})", found.string[found.end() :]
    )
    clock = f"{found['date']} {found['clock']}"
    zoned = f"{clock} {zone[1]}" if zone and zone[1].strip() else clock
    return tuple(dict.fromkeys((zoned, clock, found["date"])))


def _stands_out(line: Line, found: re.Match[str]) -> bool:
    """Tell a date that stands by itself from one that a sentence mentions."""
    before, behind = line.text[: found.start()].strip(), line.text[found.end() :].strip()
    words = weight(f"{before} {behind}")
    if line.element.tag in _HEADINGS and words > _MOST_WORDS:
        return False
    if _is_meta(line.element):
        return True
    parted = before[-1:] in _PARTING and behind[:1] in _PARTING
    if parted and words <= _MOST_PARTED_WORDS:
        return True
    alone = parted or not before or not behind or found["clock"] is not None
    return words <= _MOST_WORDS and alone
