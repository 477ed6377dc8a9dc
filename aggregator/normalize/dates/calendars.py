"""Years of other calendars, rewritten as Gregorian ones inside the text of a date.

Rule: a calendar is declared, never guessed; what does not look like its years is left as it is, so machine-readable
Gregorian dates beside it stay right. Only the Republic of China's own word for its era (民國) needs no declaration.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Calendar = Literal["gregorian", "jalali", "buddhist", "roc"]

_BUDDHIST_OFFSET = 543
_ROC_OFFSET = 1911
# The ordinal of the day before 1 Farvardin of year -1594, where the arithmetic below starts counting.
_JALALI_EPOCH = -356_033

# Solar Hijri months as Iran writes them, and as Afghanistan does (Dari, then Pashto).
_MONTHS: dict[str, int] = {
    name: number
    for names in (
        "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند",
        "حمل ثور جوزا سرطان اسد سنبله میزان عقرب قوس جدی دلو حوت",
        "وری غویی غبرګولی چنګاښ زمری وږی تله لړم لیندۍ مرغومی سلواغه کب",
    )
    for number, name in enumerate(names.split(), 1)
}
_JALALI_NUMBERS = re.compile(
    r"(?<!\d)(?P<y>1[34]\d\d)\s*[-/.]\s*(?P<m>\d{1,2})\s*[-/.]\s*(?P<d>\d{1,2})(?!\d)"
)
_JALALI_WORDS = re.compile(
    rf"(?:[^\W\d]+\s+)?(?<!\d)(?P<d>\d{{1,2}})\s+(?P<mon>{'|'.join(_MONTHS)})\s*[،,]?\s+(?P<y>1[34]\d\d)(?!\d)"
)
_BUDDHIST_YEAR = re.compile(r"(?:พ\.?\s*ศ\.?\s*)?(?<!\d)(2[45]\d\d)(?!\d)")
_ROC_ERA = re.compile(r"(?:中華|中华)?民[國国]\s*(\d{1,3})(?!\d)")
_ROC_YEAR = re.compile(r"^\s*(\d{2,3})(?=\s*[-/.年])")
_FOUR_DIGITS = re.compile(r"(?<!\d)\d{4}(?!\d)")


def gregorian(text: str, calendar: Calendar) -> str:
    """Rewrite the years of `calendar` in `text`, whose digits are ASCII.

    >>> gregorian("3 กรกฎาคม 2569", "buddhist")
    '3 กรกฎาคม 2026'
    """
    if calendar == "gregorian" and "民" not in text:
        return text
    return _REWRITES[calendar](text)


def from_jalali(year: int, month: int, day: int) -> date:
    """Convert a Solar Hijri day; leap years by the 33-year cycle, right from 1244 to 1472.

    Raises: ValueError where there is no such day.
    """
    long = 31 if month <= 6 else 30
    if not (1 <= month <= 12 and 1 <= day <= long) or (
        month == 12 and day == 30 and not _is_leap(year)
    ):
        raise ValueError(f"no such day: {year}-{month}-{day}")
    passed = (month - 1) * 31 if month < 7 else (month - 7) * 30 + 186
    shifted = year + 1595
    return date.fromordinal(
        _JALALI_EPOCH + 365 * shifted + shifted // 33 * 8 + (shifted % 33 + 3) // 4 + passed + day
    )


def _is_leap(year: int) -> bool:
    return (25 * year + 11) % 33 < 8


def _jalali(text: str) -> str:
    numbered = _JALALI_NUMBERS.sub(lambda found: _iso(found, int(found["m"])), text)
    return _JALALI_WORDS.sub(lambda found: _iso(found, _MONTHS[found["mon"]]), numbered)


def _iso(found: re.Match[str], month: int) -> str:
    try:
        return from_jalali(int(found["y"]), month, int(found["d"])).isoformat()
    except ValueError:
        return found[0]


def _buddhist(text: str) -> str:
    return _BUDDHIST_YEAR.sub(lambda found: str(int(found[1]) - _BUDDHIST_OFFSET), text)


def _roc_era(text: str) -> str:
    return _ROC_ERA.sub(lambda found: str(int(found[1]) + _ROC_OFFSET), text)


def _roc(text: str) -> str:
    text = _roc_era(text)
    if _FOUR_DIGITS.search(text):
        return text
    return _ROC_YEAR.sub(lambda found: str(int(found[1]) + _ROC_OFFSET), text)


_REWRITES: dict[Calendar, Callable[[str], str]] = {
    "gregorian": _roc_era,
    "jalali": _jalali,
    "buddhist": _buddhist,
    "roc": _roc,
}
