"""Reads the day in an article's URL, which checks the dates that the page states and is no date itself.

Only a day at the beginning of a path segment counts (`/2026/07/03/`, `/2026/jul/03/`, `/2026/world/07/03/`,
`/2026-07-03/`, `/20260703/`, `/20260703-x`): days within slugs are typed by hand. A date one day apart agrees, because
the URL may use another zone.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aggregator.normalize import dates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model import Candidate

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    "(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?"
)
_DAY = re.compile(
    r"/(?P<y>20\d\d|199[5-9])(?:(?:/[a-z][\w-]{0,30})?/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?=[/-]|$)"
    r"|-(?P<m2>\d\d)-(?P<d2>\d\d)(?=[/_-]|$)|/?(?P<m3>\d\d)(?P<d3>\d\d)(?=[/_-]|$)"
    rf"|/{_MONTH}/(?P<d4>\d{{1,2}})(?=[/-]|$))",
    re.IGNORECASE,
)
_MAX_CHARACTERS = 2_000  # of a URL that are looked at
_TOLERANCE = timedelta(days=1)
_UTC = ZoneInfo("UTC")


def find_day(address: str) -> date | None:
    """Return the day in a URL, None if there is none.

    >>> find_day("https://news.example.org/world/2026/07/03/lamps")
    datetime.date(2026, 7, 3)
    """
    path = address[:_MAX_CHARACTERS].partition("?")[0]
    match = _DAY.search(path)
    if not match:
        return None

    month = match["m"] or match["m2"] or match["m3"]
    if match["month"]:
        month = str(1 + _MONTHS.index(match["month"].lower()))
    day = match["d"] or match["d2"] or match["d3"] or match["d4"]
    try:
        return date(int(match["y"]), int(month), int(day))
    except ValueError:
        return None


def sort_by_url_day(
    published: Sequence[Candidate], address: str | None, *, taken: datetime
) -> tuple[Candidate, ...]:
    """Put dates that agree with the day in a URL before the others; the order is kept otherwise."""
    day = find_day(address) if address else None
    if day is None:
        return tuple(published)

    agreeing_dates = []
    other_dates = []
    for candidate in published:
        if _agrees(candidate, day, taken):
            agreeing_dates.append(candidate)
        else:
            other_dates.append(candidate)
    return (*agreeing_dates, *other_dates)


def _agrees(candidate: Candidate, day: date, taken: datetime) -> bool:
    stated = dates.read(candidate.value, zone=_UTC, taken=taken)
    if stated is None:
        return False
    return abs(stated.value.date() - day) <= _TOLERANCE
