"""Reads dates in words of any language, by dateparser: the last resort.

A date must name a day, a month and a year, or be relative to the time of capture in the source's
zone ("3小时前"). Zones are read here, because dateparser takes IST for Israel whatever the source is.
This is the only module that uses dateparser, which is imported on first use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from aggregator.normalize.dates.forms import ZONE, Order, Precision, WrittenDate
from aggregator.normalize.dates.relative_words import to_english

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIMIT = 100  # characters: nobody writes a longer date, and the library's cost grows with the text
_ZONE = re.compile(rf"\s+\(?{ZONE}\)?$")
_WORD = re.compile("[^\\W\\d_]{2}|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)\d{4}[-/.]\d")
_SECONDS = re.compile(r"\d:\d\d:\d\d")
_FALLBACK = ("en",)
_MONTHS = [
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
]
# Codes that dateparser does not use, and a language of which it has two scripts apart.
_OTHER_NAMES = {"no": ("nb",), "iw": ("he",), "in": ("id",), "sr": ("sr-Cyrl", "sr-Latn")}


@dataclass(frozen=True, slots=True)
class CalendarWords:
    """The names of the months of a language, January's first, and its words for AM and PM."""

    months: tuple[tuple[str, ...], ...]
    am: tuple[str, ...]
    pm: tuple[str, ...]


def find_calendar_words(language: str) -> CalendarWords | None:
    """Return the words of a language (BCP 47) as CLDR has them, None if dateparser lacks it."""
    primary = language.split("-")[0].lower()
    tables = []
    for name in _OTHER_NAMES.get(primary, _known_languages((language,))):
        tables += _tables_of(name, language)
    if not tables:
        return None
    return CalendarWords(
        tuple(_collect(tables, month) for month in _MONTHS),
        _collect(tables, "am"),
        _collect(tables, "pm"),
    )


def _tables_of(name: str, language: str) -> list[dict[str, Any]]:
    """Return dateparser's data of a language, and of the country that the tag names."""
    try:
        module = import_module(f"dateparser.data.date_translation_data.{name}")
    except ImportError:
        return []
    by_country = module.info.get("locale_specific", {})
    countries = {key.lower(): table for key, table in by_country.items()}
    return [module.info, countries.get(language.lower(), {})]


def _collect(tables: list[dict[str, Any]], key: str) -> tuple[str, ...]:
    words: list[str] = []
    for table in tables:
        words += table.get(key, ())
    return tuple(words)


def read_words(
    text: str, *, base: datetime, order: Order | None, languages: Sequence[str]
) -> WrittenDate | None:
    """Read `text` in `languages` (BCP 47; none means English).

    `base` is the naive wall clock of the capture, which relative words count from.
    """
    if len(text) > _LIMIT:
        return None
    relative = to_english(text)
    if relative is not None:
        text, languages = relative, _FALLBACK
    rest, zone = _split_zone(text)

    # Numbers alone were read already, or refused: dateparser would turn 2026-13-01 round.
    if not _WORD.search(rest):
        return None
    if _YEAR_FIRST.search(rest):
        order = "YMD"

    answer = _ask_dateparser(rest, base, order, tuple(languages))
    if answer is None:
        return None
    period, moment = answer
    if not _agrees(rest, moment):
        return None
    precision = _precision(rest, period)
    if precision is None:
        return None
    return WrittenDate(_truncate(moment, precision), precision, zone, "words")


def _split_zone(text: str) -> tuple[str, str | None]:
    """Split the zone from the end of a text; None if there is none."""
    zone = _ZONE.search(text)
    if zone is None:
        return text, None
    return text[: zone.start()], zone["z"]


def _agrees(text: str, moment: datetime) -> bool:
    """Tell whether the numbers of a text are those of the answer.

    A text with a year is no relative date: dateparser takes `m=+0.1` behind one for minutes ago.
    """
    if not _YEAR.search(text):
        return True
    numbers = set(map(int, re.findall(r"\d{1,4}", text)))
    return {moment.year, moment.day} <= numbers


def _precision(text: str, period: str) -> Precision | None:
    """Return how exact a date is; None if it names no day."""
    if period == "day":
        return "day"
    if period != "time":
        return None
    return "second" if _SECONDS.search(text) else "minute"


def _ask_dateparser(
    text: str, base: datetime, order: Order | None, languages: tuple[str, ...]
) -> tuple[str, datetime] | None:
    """Return the period that dateparser recognises (`day`, `time`, `month` …) and its beginning.

    Any failure of its many grammars on foreign text means that it has no answer.
    """
    from dateparser.date import DateDataParser

    settings: dict[str, Any] = {
        "STRICT_PARSING": True,
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RELATIVE_BASE": base,
        "PREFER_DATES_FROM": "past",
        "RETURN_TIME_AS_PERIOD": True,
        "RETURN_AS_TIMEZONE_AWARE": False,
        "PARSERS": ["relative-time", "absolute-time"],
    }
    if order:
        settings |= {"DATE_ORDER": order, "PREFER_LOCALE_DATE_ORDER": False}

    try:
        parser = DateDataParser(languages=list(_supported_languages(languages)), settings=settings)
        answer = parser.get_date_data(text)
    except Exception:  # noqa: BLE001 - foreign code on foreign text
        return None
    if not isinstance(answer.date_obj, datetime):
        return None
    return str(answer.period), answer.date_obj.replace(tzinfo=None)


def _truncate(moment: datetime, precision: Precision) -> datetime:
    """Cut what was not stated, so that a relative date is the same at every run within its unit."""
    if precision == "day":
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if precision == "minute":
        return moment.replace(second=0, microsecond=0)
    return moment.replace(microsecond=0)


def _supported_languages(languages: tuple[str, ...]) -> tuple[str, ...]:
    return _known_languages(languages) or _FALLBACK


@lru_cache(maxsize=64)
def _known_languages(languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return dateparser's names for the languages that it knows, by the tag or its first part."""
    from dateparser.data.languages_info import language_order

    names = {name.lower(): name for name in language_order}
    known = []
    for tag in languages:
        tag = tag.lower()
        name = names.get(tag) or names.get(tag.split("-")[0])
        if name:
            known.append(name)
    return tuple(dict.fromkeys(known))
