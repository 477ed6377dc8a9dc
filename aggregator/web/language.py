"""The languages of the pages: their words, dates and numbers, and which one a browser asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.web.texts import CHINESE, ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language; `texts` has a plural text under `KEY.one` and `KEY.many`."""

    tag: str
    texts: Mapping[str, str]

    def text(self, key: str, **values: object) -> str:
        """Return a text with its values."""
        return self.texts[key].format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """Return a text about a number of things."""
        form = "one" if number == 1 else "many"
        return self.text(f"{key}.{form}", number=f"{number:,}", **values)

    def weekday(self, moment: datetime) -> str:
        return self.texts["weekdays"].split()[moment.weekday()]

    def date(self, moment: datetime) -> str:
        month = self.texts["months"].split()[moment.month - 1]
        return self.text("date", year=moment.year, month=month, day=moment.day)

    def short_date(self, month: int, day: int) -> str:
        name = self.texts["months"].split()[month - 1]
        return self.text("short_date", month=name[:3], day=day)

    def date_time(self, moment: datetime) -> str:
        return f"{self.date(moment)} {moment:%H:%M}"


LANGUAGES = (Language("en", ENGLISH), Language("zh-Hans", CHINESE))


def choose_language(accepted: str) -> Language:
    """Return the language for an `Accept-Language` header; English where it names none of ours.

    >>> choose_language("fr, zh-CN;q=0.8, en;q=0.5").tag
    'zh-Hans'
    """
    best = LANGUAGES[0]
    best_weight = 0.0
    for part in accepted.split(","):
        wanted, _, weight_text = part.partition(";")
        weight = _parse_weight(weight_text)
        for language in LANGUAGES:
            is_meant = _primary(wanted) == _primary(language.tag)
            if is_meant and weight > best_weight:
                best, best_weight = language, weight
    return best


def _primary(tag: str) -> str:
    return tag.strip().partition("-")[0].lower()


def _parse_weight(text: str) -> float:
    """Return the weight of `q=0.8`; 1 where there is none, 0 where it cannot be read."""
    value = text.strip().removeprefix("q=")
    if not value:
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
