"""Invented text in three languages, from the lists in `words/` and a seed.

The same seed gives the same text, on every machine and for ever; no text is anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language to write in; `sentence` is how many words one has, `between` what stands between two of them."""

    code: str
    words: tuple[str, ...]
    between: str
    comma: str
    stop: str
    sentence: tuple[int, int]


def _tongue(code: str, between: str, comma: str, stop: str, sentence: tuple[int, int]) -> Tongue:
    words = Path(__file__).with_name("words") / f"{code}.txt"
    return Tongue(
        code, tuple(words.read_text(encoding="utf-8").split()), between, comma, stop, sentence
    )


CHINESE = _tongue("zh", "", "，", "。", (12, 26))
FRENCH = _tongue("fr", " ", ", ", ". ", (10, 24))
ENGLISH = _tongue("en", " ", ", ", ". ", (10, 24))


def sentence(random: Random, tongue: Tongue) -> str:
    """Write one sentence, with a comma near its middle and its stop."""
    words = random.choices(tongue.words, k=random.randint(*tongue.sentence))
    half = len(words) // 2
    halves = (tongue.between.join(words[:half]), tongue.between.join(words[half:]))
    text = tongue.comma.join(halves) + tongue.stop
    return text[0].upper() + text[1:]


def paragraph(random: Random, tongue: Tongue, least_bytes: int) -> str:
    """Write sentences until they fill `least_bytes` in UTF-8."""
    text = ""
    while len(text.encode()) < least_bytes:
        text += sentence(random, tongue)
    return text.strip()


def title(random: Random, tongue: Tongue) -> str:
    """Write a headline."""
    return tongue.between.join(random.choices(tongue.words, k=8)).capitalize()
