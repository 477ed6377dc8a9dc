"""The written forms of a date that need no guess: ISO 8601, RFC 5322, numeric, Chinese-Japanese-Korean, epoch.

A form matches the whole text or not at all. It gives a wall clock and the zone as written; which
instant that is, is decided elsewhere. A form that names no real day (31 June) gives nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# "zone guessed": the name of the zone beside the time is not known, or has several meanings.
Precision = Literal["second", "minute", "day", "month", "zone guessed"]
Order = Literal["DMY", "MDY", "YMD"]


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A wall clock as it is written; `zone` is the token beside it, None if there is none."""

    wall: datetime
    precision: Precision
    zone: str | None
    form: str


_TIME = r"(?P<H>\d{1,2})(?:[:h](?P<M>\d{2}))(?::(?P<S>\d{2})(?:[.,](?P<fraction>\d+))?)?(?:\s*(?P<ap>[ap])\.?m\b\.?)?"
# AM and PM in several languages: whoever takes them for a zone is wrong by 12 hours.
_HALF_OF_DAY = r"(?:[AP]M?|SA|CH|PD|MD|PG|PTG|VM|NM|FM|EM|AP|IP|TO|TK)\b"
# +0200, GMT+2, CEST, EST5EDT, America/New_York, Eastern Daylight Time.
_ZONE_TOKEN = (
    r"(?:(?:GMT|UTC|UT|Z)?\s?[+\-−]\d{1,2}(?::?\d{2})?"
    rf"|(?-i:(?!{_HALF_OF_DAY})[A-Z]{{1,5}}(?:\d[A-Z]{{3}})?(?![a-z/])|[A-Z][A-Za-z]+(?:/[A-Z][\w+\-]*){{1,2}}"
    r"|[A-Z][a-z]+(?: [A-Z][a-z]+){0,3} Time)|Z|GMT|UTC)"
)
# Programs print two of them (+0200 CEST), a name in brackets, or Go's monotonic clock (m=+0.1) behind.
ZONE = (
    rf"(?P<z>{_ZONE_TOKEN}(?:(?!$)\s?{_ZONE_TOKEN})?)"
    r"(?:\s*\([^()]*\)|\[[^\[\]]*\])?(?:\sm=[+\-]\d+\.\d+)?"
)
_CLOCK = rf"{_TIME}(?:\s*{ZONE})?"
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,?\s*)?"
_MONTH = r"(?P<mon>[A-Z]{3,9})\.?"
_MERIDIEM = (
    r"(?P<cjk>凌晨|清晨|早上|早晨|上午|午前|오전|中午|正午|下午|午後|오후|傍晚|晚上|夜晚|深夜)"
)

_ISO = re.compile(
    rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}})"
    rf"(?:(?:T|\s+[-–|]?\s*|,\s*){_CLOCK}|(?P<zd>Z|[+-]\d\d:\d\d))?",
    re.IGNORECASE,
)
_RFC = re.compile(
    rf"{_WEEKDAY}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s-]{_MONTH},?[\s-](?P<y>\d{{2,4}})(?:,?\s+(?:at\s+)?{_CLOCK})?",
    re.IGNORECASE,
)
_US = re.compile(
    rf"{_WEEKDAY}{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})(?:,?\s+(?:at\s+)?{_CLOCK})?",
    re.IGNORECASE,
)
# The clock of RFC 5322 without its colon needs a zone, for it might be a year.
_BARE_CLOCK = re.compile(
    rf"{_WEEKDAY}(?P<d>\d{{1,2}})\s{_MONTH}\s(?P<y>\d{{2,4}})\s(?P<H>\d\d)(?P<M>\d\d)\s*{ZONE}",
    re.IGNORECASE,
)
_ASCTIME = re.compile(
    rf"[A-Z]{{3}}\s+{_MONTH}\s+(?P<d>\d{{1,2}})\s+{_TIME}(?:\s+(?P<z>[A-Z]{{2,5}}|[+-]\d{{4}}))?\s+(?P<y>\d{{4}})",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    rf"{_WEEKDAY}(?P<a>\d{{1,2}})(?P<sep>[-/.])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}})"
    rf"(?:(?:\s+[-–|à]?\s*|,\s*){_CLOCK})?",
    re.IGNORECASE,
)
_DAY_OR_MONTH = re.compile(r"(?<!\d)\d{1,2}([-/.])\d{1,2}\1\d{2}")
# Dots are left out: with them the day is always first.
_DAY_AND_MONTH = re.compile(
    r"\D{0,20}(?<!\d)(?P<a>\d{1,2})(?P<sep>[-/])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})(?!\d)"
)
_CJK = re.compile(
    r"(?P<y>\d{4})\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日号號일]"
    r"(?:\s*[(（]?(?:(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]|[月火水木金土日월화수목금토일](?:曜日|요일)?)[)）]?)?"
    rf"(?:[\s,，T-]*{_MERIDIEM}?\s*(?P<H>\d{{1,2}})\s*[:：时時点點시]\s*(?:(?P<M>\d{{1,2}})\s*(?:分|분)?"
    rf"(?:\s*:?\s*(?P<S>\d{{2}})\s*(?:秒|초)?)?)?(?:\s*{ZONE})?)?"
)
_FORMS_WITH_MONTH_NAMES = (
    (_RFC, "rfc5322"),
    (_US, "us"),
    (_ASCTIME, "asctime"),
    (_BARE_CLOCK, "rfc5322"),
)

# ISO 8601 beyond what _ISO reads: week and ordinal dates, basic forms, and times of another length.
_ISO_TIME = (
    r"(?P<H>\d\d)(?::(?P<M>\d\d)(?::(?P<S>\d\d)(?:[.,]\d+)?)?"
    r"|(?P<M_basic>\d\d)(?:(?P<S_basic>\d\d)(?:[.,]\d+)?)?"
    r"|\.(?P<M_dots>\d\d)\.(?P<S_dots>\d\d))?"
)
_ISO_CLOCK = rf"(?:T{_ISO_TIME}(?:\s?{ZONE})?)?"
_ISO_DAY = re.compile(
    rf"(?P<y>\d{{4}})(?P<sep>-?)(?P<m>\d\d)(?P=sep)(?P<d>\d\d){_ISO_CLOCK}", re.IGNORECASE
)
_ISO_WEEK = re.compile(
    rf"(?P<y>\d{{4}})(?P<sep>-?)W(?P<week>\d\d)(?P=sep)(?P<weekday>[1-7]){_ISO_CLOCK}",
    re.IGNORECASE,
)
_ISO_ORDINAL = re.compile(rf"(?P<y>\d{{4}})-?(?P<day_of_year>\d{{3}}){_ISO_CLOCK}", re.IGNORECASE)
_ISO_MONTH = re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)")
_COMPACT = re.compile(
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?:T?(?P<H>\d\d)(?P<M>\d\d)(?:(?P<S>\d\d)(?:\.\d+)?)?)?"
    r"\s?(?P<z>Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
# Seconds or milliseconds, with a fraction, as .NET writes them, or as a float (1.7149896e+09).
_EPOCH = re.compile(r"(\d{10})(\d{3})?(?:\.\d+)?")
_EPOCH_OF_DOTNET = re.compile(r"/?Date\((\d{10})(\d{3})(?:[+-]\d{4})?\)/?")
_EPOCH_AS_FLOAT = re.compile(r"\d\.\d{1,12}e\+?(?:0?9|12)", re.IGNORECASE)
_EPOCH_FIRST = datetime(2000, 1, 1, tzinfo=UTC)

_MONTH_NAMES = """
    january february march april may june july august september october november december
"""
_MONTHS = {"sept": 9}
for _number, _name in enumerate(_MONTH_NAMES.split(), 1):
    _MONTHS[_name] = _number
    _MONTHS[_name[:3]] = _number

# `p` and `a` are those of pm and am.
_AFTERNOON = frozenset({"p", "下午", "午後", "오후", "傍晚", "晚上", "夜晚", "深夜"})
_NOON = frozenset({"中午", "正午"})
_BEFORE_NOON = frozenset({"a", "凌晨", "清晨", "早上", "早晨", "上午", "午前", "오전"})


def read_machine(text: str, taken: datetime, *, reduced: bool = False) -> WrittenDate | None:
    """Read the forms that only machines write: epochs and the rarer ones of ISO 8601.

    An epoch counts seconds in 10 digits or milliseconds in 13, and lies between 2000 and a day after
    `taken`. `reduced` admits a month (2024-05) and the day of a year (2024-127).
    """
    seconds = _epoch_seconds(text)
    if seconds is not None:
        return _read_epoch(seconds, taken)
    compact = _COMPACT.fullmatch(text)
    if compact:
        return by_month_number(compact, "compact")
    if text[:4].isdigit():
        return _read_iso(text, reduced)
    return None


def read_written(
    text: str, order: Order | None, languages: Sequence[str] = ()
) -> WrittenDate | None:
    """Read the forms of feeds and pages.

    A numeric date whose order neither `order` nor `languages` nor its numbers decide gives nothing.
    """
    iso = _ISO.fullmatch(text)
    if iso:
        return by_month_number(iso, "iso")

    for form, how in _FORMS_WITH_MONTH_NAMES:
        match = form.fullmatch(text)
        if match is None:
            continue
        month = _MONTHS.get(match["mon"].lower())
        if month is not None:
            return _wall_clock(match, month, int(match["d"]), how)

    cjk = _CJK.fullmatch(text)
    if cjk:
        return by_month_number(cjk, "cjk")
    numeric = _NUMERIC.fullmatch(text)
    if numeric:
        return _read_numeric(numeric, order, languages)
    return None


def is_ambiguous(text: str) -> bool:
    """Tell whether a text holds numbers whose day and month only a declared order or language decides."""
    return _DAY_OR_MONTH.search(text) is not None


def prove_order(texts: Iterable[str]) -> Order | None:
    """Return the order of day and month that the dates of one document prove.

    16/5/2024 proves it for 5/6/2024 beside it. None if no date proves any, or two prove different ones.
    """
    proven: set[Order] = set()
    for text in texts:
        match = _DAY_AND_MONTH.match(text)
        if match is None:
            continue
        first, second = int(match["a"]), int(match["b"])
        if first > 12 >= second and len(match["y"]) == 4:  # 26/11/27 begins with the year
            proven.add("DMY")
        elif second > 12 >= first:
            proven.add("MDY")
    if len(proven) != 1:
        return None
    return proven.pop()


def _epoch_seconds(text: str) -> int | None:
    """Return the whole seconds of an epoch however it is written, None for what is none."""
    epoch = _EPOCH.fullmatch(text) or _EPOCH_OF_DOTNET.fullmatch(text)
    if epoch:
        return int(epoch[1])
    if not _EPOCH_AS_FLOAT.fullmatch(text):
        return None
    return _epoch_seconds(str(int(float(text))))


def _read_epoch(seconds: int, taken: datetime) -> WrittenDate | None:
    moment = datetime.fromtimestamp(seconds, UTC)
    if not _EPOCH_FIRST <= moment <= taken + timedelta(days=1):
        return None
    return WrittenDate(moment.replace(tzinfo=None), "second", "Z", "epoch")


def _read_iso(text: str, reduced: bool) -> WrittenDate | None:
    """Read the forms of ISO 8601 that people do not write."""
    match = _ISO_DAY.fullmatch(text)
    if match:
        return by_month_number(match, "iso")

    week = _ISO_WEEK.fullmatch(text)
    if week:
        try:
            day = date.fromisocalendar(int(week["y"]), int(week["week"]), int(week["weekday"]))
        except ValueError:
            return None
        return _on_day(week, day)

    if not reduced:
        return None
    ordinal = _ISO_ORDINAL.fullmatch(text)
    if ordinal:
        return _read_ordinal(ordinal)
    month = _ISO_MONTH.fullmatch(text)
    if month and 1 <= int(month["m"]) <= 12 and int(month["y"]) > 0:
        wall = datetime(int(month["y"]), int(month["m"]), 1)  # noqa: DTZ001 - a wall clock
        return WrittenDate(wall, "month", None, "iso")
    return None


def _read_ordinal(match: re.Match[str]) -> WrittenDate | None:
    year, number = int(match["y"]), int(match["day_of_year"])
    if year == 0 or number == 0:
        return None
    try:
        day = date(year, 1, 1) + timedelta(days=number - 1)
    except OverflowError:
        return None
    if day.year != year:
        return None  # day 366 of a year that has 365
    return _on_day(match, day)


def _on_day(match: re.Match[str], day: date) -> WrittenDate | None:
    """Return the clock of an ISO form on a day; a week's year need not be that of its days."""
    return _wall_clock(match, day.month, day.day, "iso", year=day.year)


def _read_numeric(
    match: re.Match[str], order: Order | None, languages: Sequence[str]
) -> WrittenDate | None:
    is_declared = order in ("DMY", "MDY")
    first, second = int(match["a"]), int(match["b"])
    if len(match["y"]) == 2 and not is_declared:
        is_evident = match["sep"] == "/" and languages and first <= 12 < second
        if not is_evident:  # the year may come first
            return None

    if not is_declared:
        order = _infer_order(first, second, match["sep"], languages)
    if order is None:
        return None
    if order == "MDY":
        return _wall_clock(match, first, second, "numeric")
    return _wall_clock(match, second, first, "numeric")


def _infer_order(first: int, second: int, separator: str, languages: Sequence[str]) -> Order | None:
    """Return the order of day and month: by the numbers, by the dots, by the language."""
    if first > 12 or separator == ".":
        return "DMY"
    if second > 12:
        return "MDY"
    if not languages:
        return None
    language = languages[0].lower()
    return "MDY" if language in ("en", "en-us") else "DMY"


def by_month_number(match: re.Match[str], how: str) -> WrittenDate | None:
    """Return what a form has matched whose month is a number; `how` names the form."""
    return _wall_clock(match, int(match["m"]), int(match["d"]), how)


def _wall_clock(
    match: re.Match[str], month: int, day: int, how: str, *, year: int | None = None
) -> WrittenDate | None:
    """Return what a form has matched, None if there is no such day or time."""
    parts = match.groupdict()
    hour = _hour(parts)
    minute = int(_part(parts, "M") or 0)
    second = int(_part(parts, "S") or 0)
    if second == 60:
        second = 59  # a leap second, which datetime cannot hold
    is_end_of_day = hour == 24 and minute == second == 0
    if is_end_of_day:
        hour = 0

    try:
        wall = datetime(year or _year(match["y"]), month, day, hour, minute, second)  # noqa: DTZ001 - a wall clock
        wall += timedelta(microseconds=_microseconds(parts), days=int(is_end_of_day))
    except (ValueError, OverflowError):
        return None
    zone = parts.get("z") or parts.get("zd")
    return WrittenDate(wall, _precision(parts), zone, how)


def _microseconds(parts: Mapping[str, str | None]) -> int:
    """Return the fraction of the second; finer digits than the sixth are cut."""
    digits = parts.get("fraction") or ""
    return int(digits[:6].ljust(6, "0"))


def _part(parts: Mapping[str, str | None], name: str) -> str | None:
    """Return the minute or the second, which ISO 8601 writes in several ways."""
    return parts.get(name) or parts.get(f"{name}_basic") or parts.get(f"{name}_dots")


def _precision(parts: Mapping[str, str | None]) -> Precision:
    if _part(parts, "S"):
        return "second"
    if parts.get("H"):
        return "minute"
    return "day"


def _hour(parts: Mapping[str, str | None]) -> int:
    """Return the hour of 24; a word or an am/pm beside it counts only if it fits."""
    hour = int(parts.get("H") or 0)
    word = (parts.get("ap") or parts.get("cjk") or "").lower()

    is_afternoon = word in _AFTERNOON
    if word in _NOON:
        is_afternoon = hour < 11  # 正午1时 is 13:00, 中午11时 is 11:00

    if is_afternoon and hour < 12:
        hour += 12
    elif hour == 12 and word in _BEFORE_NOON:
        hour = 0
    return hour


def _year(digits: str) -> int:
    """Read two and three digits as RFC 5322 §4.3 does: 00-49 are 2000s, the rest count from 1900."""
    year = int(digits)
    if len(digits) > 3:
        return year
    if len(digits) == 2 and year < 50:
        return year + 2000
    return year + 1900
