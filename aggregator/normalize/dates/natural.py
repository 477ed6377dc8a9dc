"""Dates in words of any language, by dateparser: the last resort, and the only door to that library.

Rule: it must name a day, a month and a year, or be relative to the time of capture in the source's zone ("3小时前");
zones are read by us, since dateparser takes IST for Israel whatever the source is. Imported on first use.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aggregator.normalize.dates.forms import Order, Precision, Stated

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIMIT = 100  # characters: nobody writes a longer date, and the library's cost grows with the text
_ZONE = re.compile(
    r"\s+\(?((?!(?-i:AM|PM)\b)[A-Z]{2,5}|(?:GMT|UTC)?\s?[+-]\d{1,2}(?::?\d{2})?)\)?$"
)
_WORD = re.compile("[^\\W\\d_]{2}|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_YEAR_FIRST = re.compile(r"(?<!\d)\d{4}[-/.]\d")
_SECONDS = re.compile(r"\d:\d\d:\d\d")
_FALLBACK = ("en",)
_WHEN = frozenset({"day", "time"})


def in_words(
    text: str, *, base: datetime, order: Order | None, languages: Sequence[str]
) -> Stated | None:
    """Read `text` in `languages` (BCP 47; none means English); `base` is the naive wall clock of the capture."""
    if len(text) > _LIMIT:
        return None
    zone = _ZONE.search(text)
    rest = text[: zone.start()] if zone else text
    if not _WORD.search(
        rest
    ):  # numbers alone were read, or refused: the library would turn 2026-13-01 round
        return None
    period, moment = _ask(
        rest, base, "YMD" if _YEAR_FIRST.search(rest) else order, tuple(languages)
    )
    if moment is None or period not in _WHEN:
        return None
    precision: Precision = (
        "day" if period == "day" else "second" if _SECONDS.search(rest) else "minute"
    )
    return Stated(_floor(moment, precision), precision, zone[1] if zone else None, "words")


def _ask(
    text: str, base: datetime, order: Order | None, languages: tuple[str, ...]
) -> tuple[str, datetime | None]:
    """Ask dateparser; any failure of its many grammars on foreign text means it has no answer."""
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
        found = DateDataParser(languages=list(_known(languages)), settings=settings).get_date_data(
            text
        )
    except Exception:  # noqa: BLE001 - foreign code on foreign text
        return "none", None
    moment = found.date_obj
    return str(found.period), moment.replace(tzinfo=None) if isinstance(moment, datetime) else None


def _floor(moment: datetime, precision: Precision) -> datetime:
    """Cut what was not stated, so that a relative date gives the same instant at every run within its unit."""
    if precision == "day":
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.replace(second=moment.second if precision == "second" else 0, microsecond=0)


@lru_cache(maxsize=64)
def _known(languages: tuple[str, ...]) -> tuple[str, ...]:
    """Keep what dateparser knows of the languages, by the tag or by its first part."""
    from dateparser.data.languages_info import language_order

    known = {name.lower(): name for name in language_order}
    wanted = (known.get(tag.lower()) or known.get(tag.lower().split("-")[0]) for tag in languages)
    return tuple(dict.fromkeys(name for name in wanted if name)) or _FALLBACK
