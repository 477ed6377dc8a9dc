"""Turns wall clocks into instants: offsets, zone abbreviations, the changes to and from summer time.

Rule: an abbreviation that the source's own zone uses is that zone's wall clock (IST is Kolkata,
Jerusalem or Dublin, and CST in a Shanghai feed is China). Of the others only those with one meaning
count.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# Minutes east of Greenwich. The first four and the US ones are RFC 5322 §4.3. The others name a single
# offset in the tz database (no IST; the BST of Bangladesh is rare enough; AST and ADT mean America or
# Arabia).
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


def to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """Read a naive wall clock in `zone`, as UTC.

    An hour that the clock shows twice is its first reading: if the capture came later than both,
    nothing speaks for the second, and if it came between them, only the first is possible. An hour
    that is skipped is shifted forward (fold 0 does both).
    """
    return wall.replace(tzinfo=zone).astimezone(UTC)


def zone_offset(wall: datetime, zone: ZoneInfo) -> int:
    """Return the offset of `zone` at a naive wall clock, in minutes east of Greenwich."""
    return _minutes(_offset(wall.replace(tzinfo=zone)))


def read_offset(token: str, wall: datetime, zone: ZoneInfo) -> int | None:
    """Read `+0200`, `GMT+8`, `Z` or an abbreviation as minutes east of Greenwich.

    None if it is not known.
    """
    name = token.upper()
    if name in _UNIVERSAL:
        return 0
    numeric = _NUMERIC.fullmatch(name)
    if numeric:
        return _numeric_offset(numeric)
    if name in _abbreviations_of(zone, wall.year):
        return _offset_by_own_name(name, wall, zone)
    return _ABBREVIATIONS.get(name)


def _numeric_offset(match: re.Match[str]) -> int | None:
    sign = match[1]
    hours = int(match[2])
    minutes = int(match[3] or 0)
    total = hours * 60 + minutes
    if total > _MAX_OFFSET_MINUTES or minutes > 59:
        return None
    if sign != "+":
        total = -total
    return total


@lru_cache(maxsize=512)
def _abbreviations_of(zone: ZoneInfo, year: int) -> frozenset[str]:
    """Return the abbreviations that a zone uses in a year, winter's and summer's."""
    winter = datetime(year, 1, 1, tzinfo=zone).tzname() or ""
    summer = datetime(year, 7, 1, tzinfo=zone).tzname() or ""
    return frozenset({winter.upper(), summer.upper()}) - {""}


def _offset_by_own_name(name: str, wall: datetime, zone: ZoneInfo) -> int:
    """Return the zone's own offset, whatever half of the year its abbreviation names.

    Feeds print EST in July. Only in the hour that the clock shows twice does the abbreviation decide
    (CET or CEST).
    """
    second = wall.replace(tzinfo=zone, fold=1)
    first = second.replace(fold=0)
    chosen = first
    if _offset(first) > _offset(second):
        is_second = name == second.tzname() and name != first.tzname()
        if is_second:
            chosen = second
    return _minutes(_offset(chosen))


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()


def _minutes(offset: timedelta) -> int:
    return round(offset.total_seconds() / 60)
