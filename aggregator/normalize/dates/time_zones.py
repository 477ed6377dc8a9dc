"""Turns wall clocks into instants: offsets, zone abbreviations, the changes to and from summer time.

An abbreviation that the source's own zone uses is that zone's wall clock (IST is Kolkata,
Jerusalem or Dublin, and CST in a Shanghai feed is China). Of the others only those with one meaning
are certain. An unknown name costs the zone, not the date.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

# Minutes east of Greenwich. The first four and the US ones are RFC 5322 §4.3. The others name a single
# offset in the tz database (no IST; the BST of Bangladesh is rare enough; AST and ADT mean America or
# Arabia), or did until it replaced invented abbreviations by numbers (COT, GST).
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
    "NST": -210,
    "NDT": -150,
    "HAE": -240,
    "HNE": -300,
    "AKST": -540,
    "AKDT": -480,
    "HST": -600,
    "BRT": -180,
    "BRST": -120,
    "ART": -180,
    "UYT": -180,
    "CLT": -240,
    "CLST": -180,
    "BOT": -240,
    "VET": -240,
    "COT": -300,
    "PET": -300,
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
    "IDT": 180,
    "MSK": 180,
    "SAMT": 240,
    "YEKT": 300,
    "OMST": 360,
    "KRAT": 420,
    "IRKT": 480,
    "YAKT": 540,
    "VLAT": 600,
    "MAGT": 660,
    "PETT": 720,
    "SAST": 120,
    "WAT": 60,
    "CAT": 120,
    "EAT": 180,
    "TRT": 180,
    "GST": 240,
    "IRST": 210,
    "AFT": 270,
    "AZT": 240,
    "UZT": 300,
    "PKT": 300,
    "NPT": 345,
    "MMT": 390,
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
_NAMES_OF_ZONES = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
    "EST5EDT": "America/New_York",
    "CST6CDT": "America/Chicago",
    "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
}
for _region, _name in (("Eastern", "ET"), ("Central", "CT"), ("Mountain", "MT"), ("Pacific", "PT")):
    for _season in ("", " Standard", " Daylight"):
        _NAMES_OF_ZONES[f"{_region}{_season} Time".upper()] = _NAMES_OF_ZONES[_name]
_UNIVERSAL_NAMES = frozenset({"GREENWICH MEAN TIME", "COORDINATED UNIVERSAL TIME"})
_LIKELY_OFFSETS = {
    "IST": 330
}  # India has a hundred times the people of Ireland and Israel together
_NUMERIC = re.compile(r"(?:GMT|UTC|UT|Z)?\s*([+\-−])(\d{1,2})(?::?(\d{2}))?")
_NUMBER = re.compile(r"([+\-−])(\d{1,2})(?::?(\d{2}))?")
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


class ZoneReading(NamedTuple):
    """The offset that a zone beside a date means, in minutes east of Greenwich.

    It is None if the name is not known: then the source's zone is as good as any. A name with several
    meanings has the likeliest, and is not certain either.
    """

    offset: int | None
    is_certain: bool


def read_zone(token: str, wall: datetime, zone: ZoneInfo) -> ZoneReading | None:
    """Read `+0200`, `GMT+8`, `Z`, `+0200 CEST`, an abbreviation or `Europe/Paris`.

    None for an offset that no place has (+25:00).
    """
    name = token.upper()
    if name in _UNIVERSAL:
        return ZoneReading(0, is_certain=True)
    numeric = _NUMERIC.fullmatch(name)
    if numeric:
        return _numeric_reading(numeric)
    offset = _named_offset(token, wall, zone)
    if offset is not None:
        return ZoneReading(offset, is_certain=True)
    return _read_several(token, wall, zone)


def _named_offset(token: str, wall: datetime, zone: ZoneInfo) -> int | None:
    """Return the offset of a name with one meaning, None for any other."""
    name = token.upper()
    if name in _abbreviations_of(zone, wall.year):
        return _offset_by_own_name(name, wall, zone)
    if name in _UNIVERSAL or name in _UNIVERSAL_NAMES:
        return 0
    if name in _ABBREVIATIONS:
        return _ABBREVIATIONS[name]
    named = _load_zone(_NAMES_OF_ZONES.get(name, token))
    if named is None:
        return None
    return zone_offset(wall, named)


def _read_several(token: str, wall: datetime, zone: ZoneInfo) -> ZoneReading | None:
    """Read two zones in a row, of which a number is exact; else the name is not known."""
    parts = token.split()
    for part in parts:
        number = _NUMBER.search(part)
        if number and "/" not in part:
            return _numeric_reading(number)

    for part in parts:
        offset = _named_offset(part, wall, zone)
        if offset is not None:
            return ZoneReading(offset, is_certain=True)
    return ZoneReading(_LIKELY_OFFSETS.get(token.upper()), is_certain=False)


@lru_cache(maxsize=256)
def _load_zone(name: str) -> ZoneInfo | None:
    """Return the zone of a name like `Europe/Paris`, None if there is none."""
    if "/" not in name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # not a path, no such zone, a directory
        return None


def _numeric_reading(match: re.Match[str]) -> ZoneReading | None:
    offset = _numeric_offset(match)
    if offset is None:
        return None
    return ZoneReading(offset, is_certain=True)


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
