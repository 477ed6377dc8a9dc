"""Finds dates in the lines around an article's heading that neither markup nor a label declares as dates.

A date counts only if its line contains little else: it begins or ends the line, or a separator stands around it.
The lines after the heading come first, nearest first, then the few before it, then lines with a byline's class anywhere
in the article. Comments, menus and prose are not searched, and the date of a change does not count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import has_any_word
from aggregator.normalize.html.elements import BLOCKS
from aggregator.normalize.text import count_words
from aggregator.rules.document import text_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LINES = 3_000  # of a page
# Around the heading. Further up is today's date, which portals print beside their name.
MAX_LINES_AFTER = 12
MAX_LINES_BEFORE = 3
MAX_LINE_CHARACTERS = 160
_MAX_WORDS = 4.0  # beside a date that begins or ends a line
_MAX_SEPARATED_WORDS = 10.0  # beside a date between separators
_MAX_DATES = 3  # of a line that are looked at

_INNER_BLOCKS = tuple(sorted(BLOCKS))
_TEXTLESS_TAGS = frozenset(
    {"script", "style", "template", "svg", "select", "button", "noscript", "option", "textarea"}
)
_SIDE_TAGS = frozenset({"nav", "aside", "form", "dialog"})
_OUTSIDE_TAGS = _TEXTLESS_TAGS | _SIDE_TAGS
_HEADING_TAGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_SIDE_NAMES = "copyright related sidebar widget calendar"
_BYLINE_NAMES = "meta byline submitted info postmeta dateline credits publication"
_SIDE_CLASSES = frozenset(_SIDE_NAMES.split()) | class_names.COMMENTS
_BYLINE_CLASSES = frozenset(_BYLINE_NAMES.split()) | class_names.DATE

_MONTH = r"[^\W\d_]{3,12}\.?"
_CLOCK = r"\d{1,2}\s?[:.h時点시]\s?\d{2}(?:\s?[:分분]\s?\d{2})?[分분]?(?:\s?[ap]\.?m\b\.?)?"
_DAY = r"\d{1,2}\s?(?:\.|st|nd|rd|th|er|º|\.º)?[\s-]+(?:de\s+|of\s+|tháng\s+)?"
_YEAR = r"[\s,-]+(?:de\s+|del\s+|năm\s+)?\d{4}"
_SHORT_YEAR = r"\d{1,2}\.\s?\d{1,2}\.\s?\d{2}|\d{1,2}/\d{1,2}/\d{2}"
_DATE = rf"""
    \d{{4}}\s?[年년]\s?\d{{1,2}}\s?[月월]\s?\d{{1,2}}\s?[日일]
    | \d{{4}}[-./]\s?\d{{1,2}}[-./]\s?\d{{1,2}}\.?
    | \d{{1,2}}[-./]\s?\d{{1,2}}[-./]\s?\d{{4}}
    | {_DAY}(?:{_MONTH}|\d{{1,2}}){_YEAR}
    | {_MONTH}\s+\d{{1,2}}\s?(?:st|nd|rd|th)?\s?,?\s+\d{{4}}
    | {_SHORT_YEAR}
"""
_DATE_AND_CLOCK = re.compile(
    rf"(?<![\d/.-])(?P<date>{_DATE})(?![\d/]|\.\d)"
    rf"(?:(?P<gap>[\s,|·•–—-]*(?:[^\W\d_]{{1,5}}\.?\s*){{0,2}})(?P<clock>{_CLOCK}))?(?!\d)",
    re.IGNORECASE | re.VERBOSE,
)
_DOTTED_SHORT_YEAR = re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{2})")
_IS_SHORT_YEAR = re.compile(_SHORT_YEAR)
_RANGE_SIGN = re.compile(
    r"\s*(?:[-–—~〜～]|to|bis|until|till|au|al|a|до|至|から)\s*\Z", re.IGNORECASE
)
_CHANGE_WORD = re.compile(
    r"updat|modif|edit|chang|revis|aktualis|geändert|stand[:\s]|mis(?:e)?\s+à\s+jour|actualiz|atualiz|aggiorn|bijgewerkt"
    r"|zaktualiz|обновл|изменен|оновлен|güncelle|diperbarui|cập\s*nhật|更新|修改|修订|수정|تحديث|به‌?روز",
    re.IGNORECASE,
)
_OTHER_DATE = re.compile(
    r"©|\(c\)\s|copyright|all rights|expires|valid until|deadline|born|\*\s?\d|†", re.IGNORECASE
)
_SEPARATORS = "|·•‧・–—-,;:/()[]「」【】→>«»"
_ZONE = re.compile(r"\s*\(?((?:GMT|UTC|[A-Z]{2,4}T)?\s?[+-]?\d{0,2}:?\d{0,2})")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page as a reader sees it, and the element that holds it."""

    element: Any
    text: str


def find_date_elements(
    body: Any, heading: Any | None, area: Any | None
) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield the elements that may hold the date of an article, likeliest first, each with the texts to parse.

    The first of these texts is the date with its time of day, the last is the date alone.
    """
    lines = _lines_of_page(body, heading)
    near_heading = _lines_near_heading(lines, heading)
    in_bylines = _byline_lines(lines, area)
    for line in chain(near_heading, in_bylines):
        date_texts = _find_date(line)
        if date_texts:
            yield line.element, date_texts


def find_all_dates(body: Any) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield all dates in the text of a page, also those that sentences mention, each with the texts to parse."""
    for line in islice(_split_into_lines(body, set()), MAX_LINES):
        if not _OTHER_DATE.search(line.text):
            for match in islice(_DATE_AND_CLOCK.finditer(line.text), _MAX_DATES):
                yield line.element, _texts_to_parse(match)


def lines_around(body: Any, heading: Any | None) -> Iterator[Line]:
    """Yield the lines after a heading, then those before it, nearest first."""
    yield from _lines_near_heading(_lines_of_page(body, heading), heading)


def _lines_of_page(body: Any, heading: Any | None) -> list[Line]:
    around_heading: set[Any] = set()
    if heading is not None:
        around_heading.update(heading.iterancestors())
    return list(islice(_split_into_lines(body, around_heading), MAX_LINES))


def find_dates(text: str) -> tuple[str, ...]:
    """Return the texts to parse of a short line that is a date: with its time of day first, alone last."""
    match = _DATE_AND_CLOCK.search(text[: 2 * MAX_LINE_CHARACTERS])
    if match is None:
        return ()

    before = text[: match.start()]
    after = text[match.end() :]
    if _CHANGE_WORD.search(before):
        return ()
    if count_words(f"{before} {after}") > _MAX_WORDS:
        return ()
    return _texts_to_parse(match)


def _split_into_lines(body: Any, around_heading: set[Any]) -> Iterator[Line]:
    """Split a page into lines: elements without blocks in them, and the text between blocks.

    Elements around the heading hold the article, whatever their class names say.
    """
    stack = [body]
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str):
            continue
        if element not in around_heading and _is_outside_article(element):
            continue

        if next(element.iterdescendants(*_INNER_BLOCKS), None) is None:
            # Joined with blanks: a name and a date may be apart by their style only.
            yield from _make_line(element, " ".join(text_pieces(element)))
        else:
            yield from _make_line(element, _text_between_children(element))
            stack.extend(reversed(element))


def _text_between_children(element: Any) -> str:
    parts = [element.text]
    for child in element:
        parts.append(child.tail)
    return " ".join(filter(None, parts))


def _make_line(element: Any, text: str) -> Iterator[Line]:
    """Yield the line of a text, none if it is blank; the line of a long text is empty.

    Prose has its place among the lines, so that those behind it are further away.
    """
    if len(text) < 4 * MAX_LINE_CHARACTERS:
        line = " ".join(text.split())
        if line:
            yield Line(element, line)
    elif text.strip():
        yield Line(element, "")


def _is_outside_article(element: Any) -> bool:
    if element.tag in _OUTSIDE_TAGS:
        return True
    return has_any_word(element, _SIDE_CLASSES)


def _lines_near_heading(lines: Sequence[Line], heading: Any | None) -> Iterator[Line]:
    """Yield the lines after the heading, then those before it, nearest first."""
    if heading is None:
        return
    inside = set(heading.iter())
    indexes = [index for index, line in enumerate(lines) if line.element in inside]
    if not indexes:
        return

    after = indexes[-1] + 1
    yield from lines[after : after + MAX_LINES_AFTER]
    before = indexes[0]
    yield from reversed(lines[max(before - MAX_LINES_BEFORE, 0) : before])


def _byline_lines(lines: Sequence[Line], area: Any | None) -> Iterator[Line]:
    if area is None:
        return
    inside = set(area.iter())
    for line in lines:
        if line.element not in inside:
            continue
        if _is_byline(line.element):
            yield line


def _is_byline(element: Any) -> bool:
    """Return whether an element or its parent has a byline's class name."""
    if has_any_word(element, _BYLINE_CLASSES):
        return True
    parent = element.getparent()
    return parent is not None and has_any_word(parent, _BYLINE_CLASSES)


def _find_date(line: Line) -> tuple[str, ...]:
    """Return the texts to parse of a line's first date that is no change; () if the line is about more."""
    text = line.text
    limit = MAX_LINE_CHARACTERS
    if _is_byline(line.element):
        limit *= 2
    if len(text) > limit or _OTHER_DATE.search(text):
        return ()

    matches = list(islice(_DATE_AND_CLOCK.finditer(text), _MAX_DATES))
    if len(matches) > 1:
        between = text[matches[0].end() : matches[1].start()]
        if _RANGE_SIGN.match(between):
            return ()

    start = 0
    for match in matches:
        label = text[start : match.start()]
        if _CHANGE_WORD.search(label):
            start = match.end()
            continue
        if _is_standalone(line, match):
            return _texts_to_parse(match)
        return ()
    return ()


def _texts_to_parse(match: re.Match[str]) -> tuple[str, ...]:
    """Return the date with its clock and the zone behind it, then with its clock, then alone."""
    date = _with_whole_year(match["date"])
    if not match["clock"]:
        return (date,)

    texts = []
    date_and_clock = f"{date} {match['clock']}"
    zone = _ZONE.match(match.string[match.end() :])
    if zone and zone[1].strip():
        texts.append(f"{date_and_clock} {zone[1]}")
    texts.append(date_and_clock)
    texts.append(date)
    return tuple(texts)


def _with_whole_year(date: str) -> str:
    """Return a date with its whole year if that has two digits and dots say that the day comes first."""
    match = _DOTTED_SHORT_YEAR.fullmatch(date)
    if match is None:
        return date
    return f"20{match['y']}-{int(match['m']):02}-{int(match['d']):02}"


def _is_standalone(line: Line, match: re.Match[str]) -> bool:
    """Return whether a date stands by itself, unlike one that a sentence mentions."""
    before = line.text[: match.start()].strip()
    after = line.text[match.end() :].strip()
    words = count_words(f"{before} {after}")
    if line.element.tag in _HEADING_TAGS and words > _MAX_WORDS:
        return False
    if _is_byline(line.element):
        return True

    # An end of the line separates as well.
    is_separated = before[-1:] in _SEPARATORS and after[:1] in _SEPARATORS
    if _IS_SHORT_YEAR.fullmatch(match["date"]):  # may be the number of a version
        return is_separated and words <= _MAX_WORDS
    if is_separated:
        return words <= _MAX_SEPARATED_WORDS
    is_at_an_end = not before or not after
    has_clock = match["clock"] is not None
    if is_at_an_end or has_clock:
        return words <= _MAX_WORDS
    return False
