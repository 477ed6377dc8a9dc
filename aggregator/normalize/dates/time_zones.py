"""Wall clocks to instants: offsets, zone abbreviations, and the two hours a year that a zone tells badly.

Rule: an abbreviation that the source's own zone uses is that zone's wall clock (IST is Kolkata, Jerusalem or Dublin,
and CST in a Shanghai feed is China); otherwise only abbreviations with one meaning are believed, others are unknown.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# Minutes east of Greenwich. The first line and the US ones are RFC 5322 §4.3; of the others only those were taken that
# name one offset in the tz database (no IST, BST of Bangladesh is rare enough, AST and ADT mean America or Arabia).
_ABBREVIATIONS: dict[str, int] = {
    "Z": 0,
    "UT": 0,
    "UTC": 0,
    "GMT": 0,
    "EST": -300,
    "EDT": -240,
    "CST": -360,
    "CDT": -300,
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
    "AKST": -540,
    "AKDT": -480,
    "HST": -600,
    "BRT": -180,
    "ART": -180,
    "WET": 0,
    "WEST": 60,
    "BST": 60,
    "CET": 60,
    "CEST": 120,
    "MEZ": 60,
    "MESZ": 120,
    "MET": 60,
    "MEST": 120,
    "EET": 120,
    "EEST": 180,
    "MSK": 180,
    "SAST": 120,
    "WAT": 60,
    "CAT": 120,
    "EAT": 180,
    "TRT": 180,
    "PKT": 300,
    "ICT": 420,
    "WIB": 420,
    "WITA": 480,
    "WIT": 540,
    "HKT": 480,
    "SGT": 480,
    "PHT": 480,
    "MYT": 480,
    "JST": 540,
    "KST": 540,
    "AWST": 480,
    "ACST": 570,
    "ACDT": 630,
    "AEST": 600,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
}
_UNIVERSAL = frozenset({"Z", "UT", "UTC", "GMT"})
_NUMERIC = re.compile(r"(?:GMT|UTC|UT)?\s*([+\-−])(\d{1,2})(?::?(\d{2}))?")
_MAX_OFFSET_MINUTES = 14 * 60  # Kiritimati; nothing on Earth is further


def in_zone(wall: datetime, zone: ZoneInfo) -> datetime:
    """Read a naive wall clock in `zone`, as UTC.

    An hour told twice is its first reading: where the capture came later than both nothing speaks for the second, and
    where it came between them only the first is possible. An hour skipped is shifted forward (fold 0 does both).
    """
    return wall.replace(tzinfo=zone).astimezone(UTC)


def offset_in(wall: datetime, zone: ZoneInfo) -> int:
    """Give the minutes east of Greenwich of `zone` at a naive wall clock."""
    offset = wall.replace(tzinfo=zone).utcoffset()
    return round(offset.total_seconds() / 60) if offset else 0


def stated_offset(token: str, wall: datetime, zone: ZoneInfo) -> int | None:
    """Read `+0200`, `GMT+8`, `Z` or an abbreviation as minutes east of Greenwich; None where it is not known."""
    name = token.upper()
    if name in _UNIVERSAL:
        return 0
    numeric = _NUMERIC.fullmatch(name)
    if numeric:
        return _numeric_offset(numeric)
    if name in _names(zone, wall.year):
        return _own_offset(name, wall, zone)
    return _ABBREVIATIONS.get(name)


def _numeric_offset(found: re.Match[str]) -> int | None:
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    if minutes > _MAX_OFFSET_MINUTES or int(found[3] or 0) > 59:
        return None
    return minutes if found[1] == "+" else -minutes


@lru_cache(maxsize=512)
def _names(zone: ZoneInfo, year: int) -> frozenset[str]:
    """Give the abbreviations a zone uses in a year, winter's and summer's."""
    days = (datetime(year, month, 1, tzinfo=zone) for month in (1, 7))
    return frozenset(name.upper() for day in days if (name := day.tzname()))


def _own_offset(name: str, wall: datetime, zone: ZoneInfo) -> int:
    """Read the wall clock as the zone's, whatever half of the year the abbreviation names: feeds print EST in July.

    Only in the doubled hour the abbreviation decides (CET or CEST).
    """
    second = wall.replace(tzinfo=zone, fold=1)
    first = second.replace(fold=0)
    chosen = (
        second
        if second.tzname() == name and first.tzname() != name and _is_doubled(first, second)
        else first
    )
    offset = chosen.utcoffset() or timedelta()
    return round(offset.total_seconds() / 60)


def _is_doubled(first: datetime, second: datetime) -> bool:
    return (first.utcoffset() or timedelta()) > (second.utcoffset() or timedelta())
