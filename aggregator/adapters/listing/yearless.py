"""Completes dates of a list that have no year: `Nov 27`, `27 ноября`, `11月27日`, `27.11.`

A year that stands above the items counts. Without one it is the last year in which
the day was not in the future, and, in a list that goes back in time, none after the year
of the item before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from aggregator.normalize.dates import forms, month_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aggregator.model import RawEntry

_LONGEST_CHARACTERS = 40
_LEAP_YEAR = 2024  # in which every day can be read
_CLOCK = re.compile(r"[\s,]+(?P<clock>\d{1,2}:\d{2})$")
_LABEL = re.compile(r"[^\d:]{1,30}:\s*(?=\S)")
_CJK = re.compile(r"(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日号號일](?:\s*[(（].{1,4}[)）])?")
_NUMBERS = re.compile(r"(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})\.?")
_NUMBER = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_MAX_WORDS = 4  # with a weekday and `de`
_YEAR = re.compile(r"(?:19|20)\d\d")
_MONTH_FIRST = frozenset({"zh", "ja", "ko", "hu"})

# In a list that goes back in time, a day so much later than the one before is of the year before.
_LATER = timedelta(days=60)
_MAX_LEVELS = 5  # around an item, in which a heading with a year is looked for
_MAX_SIBLINGS = 60
_TOMORROW = timedelta(days=1)  # the site's day may have begun


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """A day without its year; `clock` is the time beside it, "" without one."""

    month: int
    day: int
    clock: str = ""

    def in_year(self, year: int) -> date | None:
        """Return the day of a year, None for 29 February of a common one."""
        try:
            return date(year, self.month, self.day)
        except ValueError:
            return None


@lru_cache(maxsize=2_000)
def read_day(
    text: str, languages: tuple[str, ...] = (), *, is_date: bool = False
) -> DayOfYear | None:
    """Read a day without a year; None for any other text.

    Two numbers (`11-27`) are one only if `is_date` says that the text is a date, or in
    languages that write dates so.
    """
    text = _LABEL.sub("", text.strip(), count=1)
    if len(text) > _LONGEST_CHARACTERS:
        return None

    clock = _CLOCK.search(text)
    if clock is None:
        return _read_without_clock(text, languages, is_date=is_date)
    day = _read_without_clock(text[: clock.start()], languages, is_date=is_date)
    if day is None:
        return None
    return replace(day, clock=clock["clock"])


def complete_years(
    entries: Iterable[RawEntry],
    years_above: Sequence[int | None],
    *,
    today: date,
    read_dated: Callable[[str], date | None],
    read_yearless: Callable[[str], DayOfYear | None],
) -> tuple[RawEntry, ...]:
    """Give the dates without a year their years; entries are in the order of the page.

    `read_dated` reads dates with a year, which tell where in time their neighbours are.
    """
    entries = tuple(entries)
    days = [_find_yearless(entry, read_yearless) for entry in entries]
    if not any(days):
        return entries

    known = []
    for entry, day, year in zip(entries, days, years_above, strict=True):
        if day is None:
            known.append(_find_dated(entry, read_dated))
        else:
            known.append(day.in_year(year) if year else None)
    dates = choose_years(days, known, today)

    completed = []
    for entry, day, found in zip(entries, days, dates, strict=True):
        if day is not None and found is not None:
            entry = _with_date(entry, f"{found.isoformat()} {day.clock}".strip())
        completed.append(entry)
    return tuple(completed)


def choose_years(
    days: Sequence[DayOfYear | None], known: Sequence[date | None], today: date
) -> list[date | None]:
    """Return the date of each item of a list; `known` are those that need no choice."""
    nearest: list[date | None] = []
    for day, found in zip(days, known, strict=True):
        if found is None and day is not None:
            found = _last_before(day, today + _TOMORROW)
        nearest.append(found)

    if _goes_forward(days):
        return _without_leaps(nearest[::-1], days[::-1], known[::-1])[::-1]
    return _without_leaps(nearest, days, known)


def find_year_above(item: Any) -> int | None:
    """Return the year that stands alone above an item or the list it is in."""
    element = item
    for _ in range(_MAX_LEVELS):
        if element is None or element.tag == "body":
            return None
        for sibling in islice(element.itersiblings(preceding=True), _MAX_SIBLINGS):
            text = _short_text(sibling)
            if _YEAR.fullmatch(text):
                return int(text)
        element = element.getparent()
    return None


def _read_without_clock(
    text: str, languages: tuple[str, ...], *, is_date: bool
) -> DayOfYear | None:
    cjk = _CJK.fullmatch(text)
    if cjk:
        return _valid_day(int(cjk["m"]), int(cjk["d"]))
    numbers = _NUMBERS.fullmatch(text)
    if numbers:
        return _read_numbers(numbers, languages, is_date=is_date)
    return _read_month_name(text, languages)


def _read_month_name(text: str, languages: tuple[str, ...]) -> DayOfYear | None:
    """Read a text of one number and a month in words, by putting a year beside it."""
    if len(_NUMBER.findall(text)) != 1 or len(_WORDS.findall(text)) > _MAX_WORDS:
        return None
    for whole in (f"{text} {_LEAP_YEAR}", f"{_LEAP_YEAR} {text}"):
        written = forms.read_written(whole, None)
        if written is None:
            written = month_words.read_month_words(whole, (*languages, "en"))
        if written is not None and written.wall.year == _LEAP_YEAR:
            return DayOfYear(written.wall.month, written.wall.day)
    return None


def _read_numbers(
    match: re.Match[str], languages: tuple[str, ...], *, is_date: bool
) -> DayOfYear | None:
    first, second = int(match["a"]), int(match["b"])
    tag = languages[0].lower() if languages else ""
    if tag.partition("-")[0] in _MONTH_FIRST:
        return _valid_day(first, second)
    if not is_date:
        return None

    if first > 12 or match["sep"] == ".":
        return _valid_day(second, first)
    if second > 12 or tag in ("en", "en-us"):
        return _valid_day(first, second)
    return _valid_day(second, first) if tag else None


def _valid_day(month: int, day: int) -> DayOfYear | None:
    found = DayOfYear(month, day)
    return found if found.in_year(_LEAP_YEAR) else None


def _last_before(day: DayOfYear, latest: date) -> date | None:
    """Return the last such day that is not after `latest`."""
    for year in range(latest.year, latest.year - 5, -1):  # 29 February is rare
        found = day.in_year(year)
        if found is not None and found <= latest:
            return found
    return None


def _goes_forward(days: Iterable[DayOfYear | None]) -> bool:
    """Tell whether a list begins with its oldest item: most steps are less than half a year on."""
    numbers = []
    for day in days:
        found = day.in_year(_LEAP_YEAR) if day else None
        if found is not None:
            numbers.append(found.toordinal())

    forward = backward = 0
    for first, second in pairwise(numbers):
        step = (second - first) % 366
        forward += 0 < step < 183
        backward += step >= 183
    return forward > backward


def _without_leaps(
    nearest: Sequence[date | None],
    days: Sequence[DayOfYear | None],
    known: Sequence[date | None],
) -> list[date | None]:
    """Move what is much later than the item before it to an earlier year."""
    chosen: list[date | None] = []
    before: date | None = None
    for found, day, stated in zip(nearest, days, known, strict=True):
        is_chosen = stated is None and day is not None
        if is_chosen and found is not None and before is not None:
            found = _not_much_later(found, day, before)
        chosen.append(found)
        before = found or before
    return chosen


def _not_much_later(found: date, day: DayOfYear | None, before: date) -> date | None:
    if day is None or found <= before + _LATER:
        return found
    return _last_before(day, before + _LATER)


def _find_yearless(
    entry: RawEntry, read_yearless: Callable[[str], DayOfYear | None]
) -> DayOfYear | None:
    for stated in entry.published[:1]:
        return read_yearless(stated.value)
    return None


def _find_dated(entry: RawEntry, read_dated: Callable[[str], date | None]) -> date | None:
    for stated in entry.published[:1]:
        return read_dated(stated.value)
    return None


def _with_date(entry: RawEntry, text: str) -> RawEntry:
    first, *others = entry.published
    return replace(entry, published=(replace(first, value=text), *others))


def _short_text(element: Any) -> str:
    """Return the text of an element without children of a block's length, "" for others."""
    if not isinstance(element.tag, str) or len(element) > 3:
        return ""
    parts = [text[:_LONGEST_CHARACTERS] for text in islice(element.itertext(), 8)]
    return "".join(parts).strip()
