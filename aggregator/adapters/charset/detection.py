"""Finds the legacy charset of a document by its text.

Every known charset is tried on the same sample. A reading is worth as much as its characters fit one
of the languages that were written in the charset: letters of the language count for it, other
letters, mixed scripts and odd capitals against it. Markup is no evidence and is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.adapters.charset.letters import FREQUENT, LANGUAGES, LETTERS, NEUTRAL
from aggregator.normalize.language import share_of_common_words

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEARCHED_BYTES = 262_144  # where the sample is looked for
_SAMPLE_BYTES = 1_200
_MARKUP = re.compile(
    rb"<!\[CDATA\[|\]\]>"
    rb"|&lt;[^<>]{0,400}?&gt;|<[^<>]*>|&[#\w]{1,12};|https?://[!-;=?-~]+",
    re.IGNORECASE,
)
_SCRIPT_START = re.compile(rb"<(?:script|style)\b", re.IGNORECASE)
_SCRIPT_END = re.compile(rb"</(?:script|style)\b", re.IGNORECASE)
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_WESTERN = "cp1252"
_REPLACEMENT = "\ufffd"

# What a character adds to the value of a reading, on average.
_FREQUENT, _RARE, _WRONG, _BROKEN = 1.0, 0.4, -1.0, -4.0
_RARE_IDEOGRAPH = -0.3
_INNER_CAPITAL = -0.3  # in addition
# What a reading as a whole gains.
_WORDS_VALUE = 0.5  # for the commonest words of the language
_WORDS_ENOUGH = 0.2  # share of these words that gains the whole of it
_STATED_VALUE = 0.3  # for a language that the document states
_USUAL_VALUE = 0.1  # for windows-1252
_LEAST_VALUE = 0.35
_CERTAIN_IDEOGRAPHS = 0.6  # the same for Chinese, Japanese and Korean, which chance never makes
_CERTAIN_VALUE = 1.0  # of a labelled charset that no other needs to be compared with
_ENOUGH_BYTES = 16  # beyond ASCII; fewer do not speak against a label
_FALSE_VALUE = -0.5  # of a labelled charset that even a short text denies
_LABEL_LEAD = 0.25  # a label is false if another charset is better by more than this

_IDEOGRAPH = re.compile("[\u3400-\u9fff\uac00-\ud7a3]")
# Charsets of the national standards, and the first byte of their last common character.
_STANDARDS = {
    "zh": (("gb2312", 0xD7), ("big5", 0xC6)),
    "ja": (("shift_jis", 0x98),),
    "ko": (("euc_kr", 0xC8),),
}
_LETTER = "[^\\W\\d_]"
_SYMBOL_IN_WORD = re.compile(
    f"(?<={_LETTER})[^\\w\\s\x00-\x7f’‘–—·\xad]+(?={_LETTER})|[®©°§±¶](?={_LETTER})"
)
_MIXED_SCRIPTS = re.compile("(?<=[A-Za-z])[\u0370-\u1cff\u3041-\u30ff]|[\u0370-\u1cff](?=[A-Za-z])")
_THAI_MARK = "[\u0e31\u0e34-\u0e3a\u0e47-\u0e4d]"
_WRONG_THAI = re.compile(f"(?<![ก-ฮ])(?<!{_THAI_MARK}){_THAI_MARK}|[เแโใไ](?![ก-ฮ])")
_INNER_LETTER = re.compile(f"(?<={_LETTER})[^\\W\\d_a-zA-Z]")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A sample in one charset: its characters beyond ASCII, in lower case, and what is odd."""

    text: str
    characters: Counter[str]
    penalty: float

    def value(self, language: str) -> float:
        """Return how well the characters fit a language: 1 for a text of it, 0 or less for none."""
        total = 0
        value = self.penalty
        for character, count in self.characters.items():
            total += count
            value += count * _character_value(character, language)
        words = share_of_common_words(self.text, language)
        return value / max(total, 1) + _WORDS_VALUE * min(words / _WORDS_ENOUGH, 1)


def detect(body: bytes, labelled: Iterable[str], language: str | None) -> str | None:
    """Return the charset of a document that is no UTF-8, None without evidence.

    A labelled charset is kept unless another one is clearly better; a label of Western Europe
    says nothing, because many servers put it on everything. `language` is the stated one; it
    counts for the charsets of that language.
    """
    sample = _find_sample(body)
    if not sample:
        return None

    labels = {}
    for charset in labelled:
        if charset == _WESTERN:
            continue
        labels[charset] = value = _label_value(sample, charset, language)
        if value >= _certain_value(charset):
            return charset
        if value > _FALSE_VALUE and _is_too_short_to_deny(sample, charset):
            return charset

    values = {}
    for charset in LANGUAGES:
        values[charset] = _charset_value(sample, charset, language)
    best = max(values, key=values.__getitem__)
    for charset, value in labels.items():
        if value > 0 and value >= values[best] - _LABEL_LEAD:
            return charset
    if values[best] < _LEAST_VALUE:
        return None
    return best


def _certain_value(charset: str) -> float:
    if LANGUAGES.get(charset) in _STANDARDS:
        return _CERTAIN_IDEOGRAPHS
    return _CERTAIN_VALUE


def _is_too_short_to_deny(sample: bytes, charset: str) -> bool:
    """Tell whether a sample is valid in a labelled charset, and too short to say more."""
    if len(_HIGH_BYTE.findall(sample)) >= _ENOUGH_BYTES:
        return False
    return _REPLACEMENT not in sample.decode(charset, "replace")


def _label_value(sample: bytes, charset: str, language: str | None) -> float:
    """Return the value of a labelled charset, which need not be one of those with languages."""
    if charset in LANGUAGES:
        return _charset_value(sample, charset, language)
    text = sample.decode(charset, "replace")
    return _CERTAIN_VALUE + _BROKEN * text.count(_REPLACEMENT) / len(text)


def _find_sample(body: bytes) -> bytes:
    """Return the first lines of text with bytes beyond ASCII, without markup."""
    text = _MARKUP.sub(b"\n", _without_scripts(body[:_SEARCHED_BYTES]))
    lines: list[bytes] = []
    size = 0
    for line in text.splitlines():
        if size >= _SAMPLE_BYTES:
            break
        if not _HIGH_BYTE.search(line):
            continue
        part = line.strip()[:_SAMPLE_BYTES]
        lines.append(part)
        size += len(part)
    return b"\n".join(lines)


def _without_scripts(body: bytes) -> bytes:
    parts = []
    position = 0
    while start := _SCRIPT_START.search(body, position):
        end = _SCRIPT_END.search(body, start.end())
        if end is None:  # to look for the end of each would take quadratic time
            break
        parts.append(body[position : start.start()])
        position = end.start()
    parts.append(body[position:])
    return b"".join(parts)


def _charset_value(sample: bytes, charset: str, language: str | None) -> float:
    """Return the value of a charset for the language that fits best."""
    reading = _read(sample, charset)
    best = -9.0
    for candidate in LANGUAGES[charset].split():
        value = reading.value(candidate)
        if candidate == language:
            value += _STATED_VALUE
        best = max(best, value)
    if charset == _WESTERN:
        best += _USUAL_VALUE
    return best


def _read(sample: bytes, charset: str) -> _Reading:
    text = sample.decode(charset, "replace")
    capitals = 0
    odd = 0
    for match in _INNER_LETTER.finditer(text):
        if match[0].isupper():
            capitals += 1
            if text[match.start() - 1].islower():
                odd += 1
    for match in _SYMBOL_IN_WORD.finditer(text):
        odd += len(match[0])
    odd += len(_MIXED_SCRIPTS.findall(text))
    odd += len(_WRONG_THAI.findall(text))

    folded = text.replace("İ", "i").lower()  # `lower` makes two characters of it
    characters = Counter(char for char in folded if char > "\x7f" and char not in NEUTRAL)
    return _Reading(folded, characters, odd * _WRONG + capitals * _INNER_CAPITAL)


def _character_value(character: str, language: str) -> float:
    if character in FREQUENT.get(language, ""):
        return _FREQUENT
    if character == _REPLACEMENT:
        return _BROKEN
    if language == "ja":
        return _japanese_value(character)
    if language in _STANDARDS:
        return _ideograph_value(character, language)
    if character in LETTERS.get(language, ""):
        return _RARE
    return _WRONG


def _japanese_value(character: str) -> float:
    if "\u3041" <= character <= "\u30fe":
        return _FREQUENT
    return _ideograph_value(character, "ja")


def _ideograph_value(character: str, language: str) -> float:
    """Return the value of a character of Chinese, Japanese or Korean.

    The national standards list their common characters first.
    """
    if not _IDEOGRAPH.match(character):
        return _WRONG
    for codec, last in _STANDARDS[language]:
        code = character.encode(codec, "ignore")
        if len(code) == 2 and code[0] <= last:
            return _RARE
    return _RARE_IDEOGRAPH
