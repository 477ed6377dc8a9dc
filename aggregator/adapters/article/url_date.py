"""The day in an article's address: a check of the dates that are stated, never a date.

Rule: only a day that begins a segment counts (`/2026/07/03/`, `/2026-07-03/`, `/20260703/`, `/20260703-x`): days within
slugs are typed by hand. A date a day apart agrees, for the address may be in another zone.
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

    from aggregator.model import Found

_DAY = re.compile(
    r"/(?P<y>20\d\d|199[5-9])(?:/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?=[/-]|$)|-(?P<m2>\d\d)-(?P<d2>\d\d)(?=[/_-]|$)"
    r"|/?(?P<m3>\d\d)(?P<d3>\d\d)(?=[/_-]|$))"
)
_LIMIT = 2_000  # characters of an address that are looked at
_TOLERANCE = timedelta(days=1)
_UTC = ZoneInfo("UTC")


def day_of(address: str) -> date | None:
    """Give the day that an address names, None where it names none.

    >>> day_of("https://news.example.org/world/2026/07/03/lamps")
    datetime.date(2026, 7, 3)
    """
    found = _DAY.search(address[:_LIMIT].partition("?")[0])
    if not found:
        return None
    month, day = (
        next(filter(None, (found[f"{name}{form}"] for form in ("", "2", "3"))), "0")
        for name in "md"
    )
    try:
        return date(int(found["y"]), int(month), int(day))
    except ValueError:
        return None


def agreeing(
    published: Sequence[Found], address: str | None, *, taken: datetime
) -> tuple[Found, ...]:
    """Put dates that agree with the day in the address before those that do not; the order is kept otherwise."""
    day = day_of(address) if address else None
    if day is None:
        return tuple(published)
    return tuple(sorted(published, key=lambda found: not _agrees(found, day, taken)))


def _agrees(found: Found, day: date, taken: datetime) -> bool:
    stated = dates.read(found.value, zone=_UTC, taken=taken)
    return stated is not None and abs(stated.value.date() - day) <= _TOLERANCE
