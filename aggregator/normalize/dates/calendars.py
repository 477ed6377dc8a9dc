"""Rewrites the years of other calendars as Gregorian ones inside the text of a date.

A calendar is declared, never guessed. What does not look like one of its years stays, so that
machine-readable Gregorian dates beside it remain right. No declaration is needed for what only one
calendar can mean: the Republic of China's word for its era (民國), a Solar Hijri month by its name
with a year of the 14th or 15th century, a year from 2450 to 2599 beside Thai letters.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

Calendar = Literal["gregorian", "jalali", "buddhist", "roc"]

_BUDDHIST_OFFSET = 543
_ROC_OFFSET = 1911
# The ordinal of the day before 1 Farvardin of year -1594, where the arithmetic below starts counting.
_JALALI_EPOCH = -356_033

# Solar Hijri months as Iran writes them, and as Afghanistan does (Dari, then Pashto).
_MONTH_NAMES = (
    "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند",
    "حمل ثور جوزا سرطان اسد سنبله میزان عقرب قوس جدی دلو حوت",
    "وری غویی غبرګولی چنګاښ زمری وږی تله لړم لیندۍ مرغومی سلواغه کب",
)
_MONTHS: dict[str, int] = {}
for _names in _MONTH_NAMES:
    _MONTHS |= {name: number for number, name in enumerate(_names.split(), 1)}
_JALALI_NUMBERS = re.compile(
    r"(?<!\d)(?P<y>1[34]\d\d)\s*[-/.]\s*(?P<m>\d{1,2})\s*[-/.]\s*(?P<d>\d{1,2})(?!\d)"
)
_JALALI_WORDS = re.compile(
    rf"(?:[^\W\d]+\s+)?(?<!\d)(?P<d>\d{{1,2}})\s+(?P<mon>{'|'.join(_MONTHS)})\s*[،,]?\s+(?P<y>1[34]\d\d)(?!\d)"
)
_BUDDHIST_YEAR = re.compile(r"(?:พ\.?\s*ศ\.?\s*)?(?<!\d)(2[45]\d\d)(?!\d)")
_THAI_LETTER = re.compile("[\u0e01-\u0e2e]")
_THAI_YEAR = re.compile(r"(?:พ\.?\s*ศ\.?\s*)?(?<!\d)(2(?:4[5-9]|5\d)\d)(?!\d)")
_ROC_ERA = re.compile(r"(?:中華|中华)?民[國国]\s*(\d{1,3})(?!\d)")
_ROC_YEAR = re.compile(r"^\s*(\d{2,3})(?=\s*[-/.年])")
_FOUR_DIGITS = re.compile(r"(?<!\d)\d{4}(?!\d)")


def to_gregorian(text: str, calendar: Calendar) -> str:
    """Rewrite the years of `calendar` in `text`, whose digits are ASCII.

    >>> to_gregorian("3 กรกฎาคม 2569", "buddhist")
    '3 กรกฎาคม 2026'
    """
    if "民" in text and calendar in ("gregorian", "roc"):
        text = _rewrite_roc_era(text)

    if calendar == "jalali":
        return _rewrite_jalali(text)
    if calendar == "buddhist":
        return _BUDDHIST_YEAR.sub(_year_of_buddhist, text)
    if calendar == "roc" and not _FOUR_DIGITS.search(text):
        return _ROC_YEAR.sub(_roc_year, text)
    if calendar == "gregorian" and not text.isascii():
        return _rewrite_evident(text)
    return text


def _rewrite_evident(text: str) -> str:
    """Rewrite what no date of the Gregorian calendar looks like."""
    if _THAI_LETTER.search(text):
        return _THAI_YEAR.sub(_year_of_buddhist, text)
    return _JALALI_WORDS.sub(_iso_of_named_month, text)


def _year_of_buddhist(match: re.Match[str]) -> str:
    return str(int(match[1]) - _BUDDHIST_OFFSET)


def from_jalali(year: int, month: int, day: int) -> date:
    """Convert a Solar Hijri day; leap years by the 33-year cycle, right from 1244 to 1472.

    Raises:
        ValueError: if there is no such day.
    """
    if not 1 <= month <= 12 or not 1 <= day <= _days_in_month(year, month):
        raise ValueError(f"no such day: {year}-{month}-{day}")

    if month < 7:
        days_before = (month - 1) * 31
    else:
        days_before = 186 + (month - 7) * 30
    years = year + 1595
    leap_days = years // 33 * 8 + (years % 33 + 3) // 4
    return date.fromordinal(_JALALI_EPOCH + 365 * years + leap_days + days_before + day)


def _days_in_month(year: int, month: int) -> int:
    if month <= 6:
        return 31
    if month == 12 and not _is_leap(year):
        return 29
    return 30


def _is_leap(year: int) -> bool:
    return (25 * year + 11) % 33 < 8


def _rewrite_jalali(text: str) -> str:
    text = _JALALI_NUMBERS.sub(lambda match: _iso_of_jalali(match, int(match["m"])), text)
    return _JALALI_WORDS.sub(_iso_of_named_month, text)


def _iso_of_named_month(match: re.Match[str]) -> str:
    return _iso_of_jalali(match, _MONTHS[match["mon"]])


def _iso_of_jalali(match: re.Match[str], month: int) -> str:
    """Return the Gregorian date of a match, the match itself if there is no such day."""
    try:
        return from_jalali(int(match["y"]), month, int(match["d"])).isoformat()
    except ValueError:
        return match[0]


def _rewrite_roc_era(text: str) -> str:
    return _ROC_ERA.sub(_roc_year, text)


def _roc_year(match: re.Match[str]) -> str:
    return str(int(match[1]) + _ROC_OFFSET)
