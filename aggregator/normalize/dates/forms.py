"""The written forms of a date that need no guess: ISO, RFC 5322, numeric, Chinese-Japanese-Korean, compact, epoch.

Rule: a form matches the whole text or not at all, and states a wall clock with its zone as written; which instant that
is, is decided elsewhere. A form that matches and names no real day (31 June) states nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Precision = Literal["second", "minute", "day"]
Order = Literal["DMY", "MDY", "YMD"]


@dataclass(frozen=True, slots=True)
class Stated:
    """A wall clock as it is written; `zone` is the token beside it, None where there is none."""

    wall: datetime
    precision: Precision
    zone: str | None
    how: str


_TIME = (
    r"(?P<H>\d{1,2})(?:[:h](?P<M>\d{2}))(?::(?P<S>\d{2})(?:[.,]\d+)?)?(?:\s*(?P<ap>[ap])\.?m\b\.?)?"
)
_ZONE = r"(?P<z>Z|(?:GMT|UTC|UT)?\s?[+\-−]\d{1,2}(?::?\d{2})?|(?-i:[A-Z]{2,5}))(?:\s*\([^()]*\))?"
_CLOCK = rf"{_TIME}(?:\s*{_ZONE})?"
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
_CJK = re.compile(
    r"(?P<y>\d{4})\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日号號일]"
    r"(?:\s*[(（]?(?:(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]|[月火水木金土日월화수목금토일](?:曜日|요일)?)[)）]?)?"
    rf"(?:[\s,，T-]*{_MERIDIEM}?\s*(?P<H>\d{{1,2}})\s*[:：时時点點시]\s*(?:(?P<M>\d{{1,2}})\s*(?:分|분)?"
    rf"(?:\s*:?\s*(?P<S>\d{{2}})\s*(?:秒|초)?)?)?(?:\s*{_ZONE})?)?"
)
_COMPACT = re.compile(
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?:T?(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)(?:\.\d+)?)?"
    r"\s?(?P<z>Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"(\d{10})(\d{3})?")
_EPOCH_FIRST = datetime(2000, 1, 1, tzinfo=UTC)

_NAMES = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTHS = {key: number for number, name in enumerate(_NAMES, 1) for key in (name, name[:3])} | {
    "sept": 9
}
_AFTERNOON = frozenset({"下午", "午後", "오후", "傍晚", "晚上", "夜晚", "深夜"})
_NIGHT = frozenset({"凌晨", "清晨", "早上", "早晨", "上午", "午前", "오전"})


def machine(text: str, taken: datetime) -> Stated | None:
    """Read the forms only a machine writes: compact digits and epochs (10 or 13 digits, from 2000 to a day ahead)."""
    found = _EPOCH.fullmatch(text)
    if found:
        return _epoch(found, taken)
    found = _COMPACT.fullmatch(text)
    return _stated(found, int(found["m"]), int(found["d"]), "compact") if found else None


def written(text: str, order: Order | None, languages: Sequence[str] = ()) -> Stated | None:
    """Read the forms of feeds and pages; a numeric date whose order nothing tells states nothing."""
    found = _ISO.fullmatch(text)
    if found:
        return _stated(found, int(found["m"]), int(found["d"]), "iso")
    for form, how in ((_RFC, "rfc5322"), (_US, "us"), (_ASCTIME, "asctime")):
        found = form.fullmatch(text)
        if found and (month := _MONTHS.get(found["mon"].lower())):
            return _stated(found, month, int(found["d"]), how)
    found = _CJK.fullmatch(text)
    if found:
        return _stated(found, int(found["m"]), int(found["d"]), "cjk")
    found = _NUMERIC.fullmatch(text)
    return _numeric(found, order, languages) if found else None


def is_ambiguous(text: str) -> bool:
    """Tell that a text holds numbers whose day and month only a declared order or language can tell apart."""
    return _DAY_OR_MONTH.search(text) is not None


def declared(text: str, form: str) -> Stated | None:
    """Read `text` by one strptime format, whole; None where it does not fit."""
    pattern = _compiled(form)
    if pattern is None:
        return _strptime(text, form)
    found = pattern.fullmatch(text)
    return _stated(found, int(found["m"]), int(found["d"]), "format") if found else None


def _epoch(found: re.Match[str], taken: datetime) -> Stated | None:
    moment = datetime.fromtimestamp(int(found[1]), UTC)
    if not _EPOCH_FIRST <= moment <= taken + timedelta(days=1):
        return None
    return Stated(moment.replace(tzinfo=None), "second", "Z", "epoch")


def _numeric(found: re.Match[str], order: Order | None, languages: Sequence[str]) -> Stated | None:
    first, second = int(found["a"]), int(found["b"])
    if len(found["y"]) == 2 and order not in ("DMY", "MDY"):
        return None
    order = _order(found, order, languages)
    if order is None:
        return None
    day, month = (second, first) if order == "MDY" else (first, second)
    return _stated(found, month, day, "numeric")


def _order(found: re.Match[str], order: Order | None, languages: Sequence[str]) -> Order | None:
    """Tell day from month: what is declared, what alone is possible, what dots mean, what the language does."""
    if order in ("DMY", "MDY"):
        return order
    if int(found["a"]) > 12 or found["sep"] == ".":
        return "DMY"
    if int(found["b"]) > 12:
        return "MDY"
    if not languages:
        return None
    return "MDY" if languages[0].lower() in ("en", "en-us") else "DMY"


def _stated(found: re.Match[str], month: int, day: int, how: str) -> Stated | None:
    parts = found.groupdict()
    hour, minute, second = (int(parts.get(name) or 0) for name in "HMS")
    hour = _meridiem(hour, parts)
    try:
        wall = datetime(_year(parts["y"]), month, day, hour, minute, _second(second))  # noqa: DTZ001 - a wall clock
    except ValueError:
        return None
    return Stated(wall, _precision(parts), parts.get("z") or parts.get("zd"), how)


def _second(second: int) -> int:
    return 59 if second == 60 else second  # a leap second, which datetime cannot hold


def _precision(parts: dict[str, str | None]) -> Precision:
    if parts.get("S"):
        return "second"
    return "minute" if parts.get("H") else "day"


def _meridiem(hour: int, parts: dict[str, str | None]) -> int:
    latin, cjk = (parts.get("ap") or "").lower(), parts.get("cjk")
    if hour < 12 and (latin == "p" or cjk in _AFTERNOON or (cjk in ("中午", "正午") and hour < 11)):
        return hour + 12
    return 0 if hour == 12 and (latin == "a" or cjk in _NIGHT) else hour


def _year(digits: str | None) -> int:
    """Read two and three digits as RFC 5322 §4.3 does: 00-49 are 2000s, the rest count from 1900."""
    year = int(digits or 0)
    if len(digits or "") > 3:
        return year
    return year + (2000 if year < 50 and len(digits or "") == 2 else 1900)


# strptime takes about 6 µs and its own cache holds five formats; a format of numbers alone becomes a pattern.
_DIRECTIVES = {
    "Y": r"(?P<y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"\d{1,6}",
    "%": "%",
}
_PIECE = re.compile(r"%-?(.)|(\s+)|([^%\s]+)|(%)", re.DOTALL)


@lru_cache(maxsize=256)
def _compiled(form: str) -> re.Pattern[str] | None:
    """Turn a format into a pattern; None where it holds words, a zone, or not a whole day."""
    letters = [letter for letter, *_ in _PIECE.findall(form) if letter and letter != "%"]
    if len(set(letters)) < len(letters) or not {"m", "d"} <= set(letters) <= _DIRECTIVES.keys():
        return None
    if not {"Y", "y"} & set(letters) or {"Y", "y"} <= set(letters):
        return None
    return re.compile("".join(_piece(found) for found in _PIECE.finditer(form.strip())))


def _piece(found: re.Match[str]) -> str:
    if found[1]:
        return _DIRECTIVES[found[1]]
    return r"\s+" if found[2] else re.escape(found[3] or found[4])


def _strptime(text: str, form: str) -> Stated | None:
    try:
        moment = datetime.strptime(text, form.strip())  # noqa: DTZ007 - a naive result is read in the source's zone
        zone = moment.strftime("%z")[:5] or None
    except (ValueError, OverflowError, re.error):
        return None
    return Stated(moment.replace(tzinfo=None), _form_precision(form), zone, "format")


def _form_precision(form: str) -> Precision:
    if any(directive in form for directive in ("%S", "%T", "%X", "%c", "%s")):
        return "second"
    return "minute" if any(directive in form for directive in ("%H", "%I", "%R")) else "day"
