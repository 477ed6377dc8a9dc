"""Reads dates whose month is a word of a known language: "lun., 06 mai 2024 10:00:00 +0200".

The month stands beside the day, and nothing else in the text is a number but the year and one
time. Anything else is left to `natural`, which knows more and costs more.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.normalize.dates import forms
from aggregator.normalize.dates.natural import find_calendar_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aggregator.normalize.dates.forms import WrittenDate
    from aggregator.normalize.dates.natural import CalendarWords

_ENGLISH_MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_LEVANT = (
    "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول"
)
# Names that CLDR keeps for single countries or does not know, in the order of the months.
_MORE_NAMES = {
    "ar": (
        _LEVANT,
        _LEVANT.replace("أ", "ا").replace("آ", "ا"),
        "جانفي|فيفري|مارس|أفريل|ماي|جوان|جويلية|أوت|سبتمبر|أكتوبر|نوفمبر|ديسمبر",
        "يناير|فبراير|مارس|أبريل|ماي|يونيو|يوليوز|غشت|شتنبر|أكتوبر|نونبر|دجنبر",
    ),
    "fa": (
        "جنوری|فبروری|مارچ|آپریل|می|جون|جولای|آگوست|سپتمبر|اکتوبر|نومبر|دسمبر",
        "ژانویه|فوریه|مارس|آوریل|می|ژوئن|جولای|اوت|سپتامبر|اکتبر|نوامبر|دسامبر",
    ),
    "lv": ("jan|feb|mar|apr|mai|jūn|jūl|aug|sep|okt|nov|dec",),
    "sl": (
        "januarja|februarja|marca|aprila|maja|junija|julija|avgusta|septembra|oktobra|novembra|decembra",
    ),
    "th": ("ม.ค|ก.พ|มี.ค|เม.ย|พ.ค|มิ.ย|ก.ค|ส.ค|ก.ย|ต.ค|พ.ย|ธ.ค",),
    "vi": ("th1|th2|th3|th4|th5|th6|th7|th8|th9|th10|th11|th12",),
}
# Those whose words for months are looked for in any text. Not Persian: its months are of another calendar.
_LANGUAGES = (
    "en fr de es it pt nl ru uk be bg pl cs sk sl hr sr hu ro tr sv da nb fi et lv lt el he ar hi bn"
    " ta te th vi id ca gl eu ka hy az"
)
_BETWEEN_WORDS = re.compile(r"[\s\d.,;:/()،\-]+")
_MAX_WORDS = 16  # of a text that are looked up
_BEFORE_MONTH = r"(?:er|[oa.°])?[\s\-/]*(?:(?:de|di|of|ta)\s+|d['’]\s?|ב|ខែ\s?)?"
_BEFORE_YEAR = r"[.,،]?[\s\-/]*(?:(?:de|del)\s+|ឆ្នាំ\s?)?"
_END = r"(?=[\s.,،;:/()\-]|$)"  # not \b: the vowel signs of many scripts are no letters to it
_CLOCK = re.compile(r"(?P<filler>\D{0,16})(?P<clock>\d.*)")
_DOTTED_CLOCK = re.compile(r"(\d{1,2})\.(\d\d)(?=\D|$)")
_SPACED_HALF = re.compile(r"\b([ap])\.\s+m\.", re.IGNORECASE)
_UNIT = re.compile(r"\s*\b(?:uhr|hrs?|h|น)\.?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    patterns: tuple[re.Pattern[str], ...]
    months: Mapping[str, int]
    # The words for each half of the day, None if the language has none.
    morning: re.Pattern[str] | None
    afternoon: re.Pattern[str] | None


def read_month_words(text: str, languages: Sequence[str]) -> WrittenDate | None:
    """Read a date with the month in words of the first language (BCP 47) that has them.

    Software often states `en-US` whatever its months are in. So a word counts as well that is the
    same month in each language that has it (`mai`, not `listopad`).
    """
    for language in (*languages, *_languages_of_words(text)):
        vocabulary = _vocabulary(language)
        if vocabulary is None:
            continue
        for pattern in vocabulary.patterns:
            match = pattern.search(text)
            if match and not _has_digit(text[: match.start()]):
                return _read_match(match, vocabulary)
    return None


def _read_match(match: re.Match[str], vocabulary: _Vocabulary) -> WrittenDate | None:
    month = vocabulary.months[_fold(match["month"])]
    again = match.groupdict().get("again")
    if again and vocabulary.months[_fold(again)] != month:
        return None

    clock = ""
    rest = match.string[match.end() :]
    if _has_digit(rest):
        translated = _translate_clock(rest, vocabulary)
        if translated is None:
            return None
        clock = translated
    english = f"{match['d']} {_ENGLISH_MONTHS[month - 1]} {match['y']} {clock}"
    stated = forms.read_written(english.strip(), None)
    if stated is None:
        return None
    return replace(stated, form="words")


def _translate_clock(text: str, vocabulary: _Vocabulary) -> str | None:
    """Return the time behind a date as English has it, None if there is more than that."""
    parts = _CLOCK.fullmatch(text)
    if parts is None:
        return None
    clock = _UNIT.sub("", parts["clock"])
    clock = _SPACED_HALF.sub(r"\1m", clock)
    clock = _DOTTED_CLOCK.sub(r"\1:\2", clock, count=1)
    for words, english in ((vocabulary.afternoon, " pm"), (vocabulary.morning, " am")):
        if words is None:
            continue
        if words.search(parts["filler"]):
            return clock + english
        translated = words.sub(english, clock)
        if translated != clock:
            return translated
    return clock


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


@lru_cache(maxsize=64)
def _vocabulary(language: str) -> _Vocabulary | None:
    words = find_calendar_words(language)
    if words is None:
        return None

    months = _month_numbers(words, language)
    month = _alternatives(months)
    day = r"(?<!\d)(?P<d>\d{1,2})(?!\d)"
    year = r"(?<!\d)(?P<y>\d{4})(?!\d)"
    short_year = r"(?P<y>\d{4}|\d\d(?=\s+\d{1,2}:))(?!\d)"  # as RFC 822 has it, before a time
    again = rf"(?:\s?/\s?(?P<again>{month}))?"
    patterns = (
        rf"{day}{_BEFORE_MONTH}(?P<month>{month}){_END}{again}{_BEFORE_YEAR}{short_year}",
        rf"(?P<month>{month}){_END}\.?\s*{day},?\s+{year}",
        rf"{year}\D{{0,6}}?\b(?P<month>{month}){_END}\.?\s*{day}",
        rf"{year}\D{{0,8}}?{day}{_BEFORE_MONTH}(?P<month>{month}){_END}",
    )
    compiled = tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)
    return _Vocabulary(compiled, months, _half_of_day(words.am), _half_of_day(words.pm))


def _month_numbers(words: CalendarWords, language: str) -> dict[str, int]:
    """Return the months by their names; a name of two months is left out."""
    tables = [words.months]
    base_language = language.split("-")[0].lower()
    for names_in_order in _MORE_NAMES.get(base_language, ()):
        tables.append(tuple((name,) for name in names_in_order.split("|")))

    numbers: dict[str, set[int]] = {}
    for table in tables:
        for number, names in enumerate(table, 1):
            for name in names:
                numbers.setdefault(_fold(name), set()).add(number)

    unique = {}
    for name, found in numbers.items():
        if len(found) == 1:
            unique[name] = found.pop()
    return unique


def _languages_of_words(text: str) -> list[str]:
    """Return a language for each word of a text that names a month whatever the language."""
    known = _languages_by_month_word()
    words = map(_fold, _BETWEEN_WORDS.split(text)[:_MAX_WORDS])
    return [known[word] for word in words if word in known]


@lru_cache(maxsize=1)
def _languages_by_month_word() -> Mapping[str, str]:
    """Return the first language of each word that is one month in all languages that have it."""
    languages: dict[str, str] = {}
    months: dict[str, set[int]] = {}
    for language in _LANGUAGES.split():
        words = find_calendar_words(language)
        if words is None:
            continue
        for word, month in _month_numbers(words, language).items():
            languages.setdefault(word, language)
            months.setdefault(word, set()).add(month)
    return {word: language for word, language in languages.items() if len(months[word]) == 1}


def _half_of_day(words: Iterable[str]) -> re.Pattern[str] | None:
    folded = set(map(_fold, words))
    if not folded:
        return None
    return re.compile(rf"\s*(?<![^\W\d_]){_alternatives(folded)}{_END}\.?", re.IGNORECASE)


def _alternatives(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first))})"


def _fold(word: str) -> str:
    """Return a word as the text of a date has it, in one case; Turkish has two more letters i."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return folded.replace("i\u0307", "i").replace("ı", "i").rstrip(".")
