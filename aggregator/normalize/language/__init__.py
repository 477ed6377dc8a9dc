"""Brings language tags (BCP 47) to one form, and detects the language of a text that declares none.

None rather than a guess. A script that a single language uses decides alone. Languages in Latin,
Cyrillic, Arabic and Devanagari are recognised by their commonest words.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from aggregator.normalize.language.scripts import scripts_of
from aggregator.normalize.language.stop_words import LETTERS, OWN_LETTERS, WORDS
from aggregator.normalize.language.tags import canonical_tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = [
    "canonical_tag",
    "contradicts_script",
    "detect_language",
    "has_letters_of",
    "refine_chinese",
    "share_of_common_words",
]

_LAST_COMMON_BIG5 = 0xC6  # first byte of the last common character

# Blocks of the scripts that decide, or narrow, the language.
_BLOCKS = {
    "Hani": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "Kana": "\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d",
    "Hang": "\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e",
    "Latn": "A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\u024f\u1e00-\u1eff",
    "Cyrl": "\u0400-\u0481\u048a-\u052f",
    "Arab": "\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f",
    "Deva": "\u0904-\u0939\u0958-\u0961",
    "Ethi": "\u1200-\u135a",
    "th": "\u0e01-\u0e30",
    "lo": "\u0e81-\u0eb0",
    "km": "\u1780-\u17b3",
    "my": "\u1000-\u102a",
    "hy": "\u0531-\u0587",
    "ka": "\u10a0-\u10ff\u1c90-\u1cbf",
    "he": "\u05d0-\u05f2",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "bn": "\u0985-\u09b9",
    "pa": "\u0a05-\u0a39",
    "gu": "\u0a85-\u0ab9",
    "or": "\u0b05-\u0b39",
    "ta": "\u0b85-\u0bb9",
    "te": "\u0c05-\u0c39",
    "kn": "\u0c85-\u0cb9",
    "ml": "\u0d05-\u0d3a",
    "si": "\u0d85-\u0dc6",
    "bo": "\u0f40-\u0f6c",
    "dv": "\u0780-\u07a5",
    "mn": "\u1820-\u1878",
}
_SCRIPTS = re.compile("|".join(f"(?P<{name}>[{block}])" for name, block in _BLOCKS.items()))
# A character that stands for more than a letter weighs more: three Chinese words outweigh
# one Latin name.
_LETTERS_IN_ONE = {"Hani": 3, "Kana": 2, "Hang": 2, "Ethi": 2}

_HAN = re.compile(f"[{_BLOCKS['Hani']}]")
_KANA = re.compile(f"[{_BLOCKS['Kana']}]")
_BEYOND_LATIN = re.compile("[\u0370-\u1cff\u3041-\ud7a3\U00020000-\U0003ffff]")
_LATIN_ONLY = frozenset({"Latn"})
_KANA_OF_A_SENTENCE = 4
_HAN_OF_A_TEXT = 30  # without any Kana or Hangul it is Chinese

_SAMPLE = 1000  # characters; more does not change the answer
_MIN_LETTERS = 40
_MIN_SHORT_LETTERS = 10
_MIN_HITS = 3.0
# Of the words: the commonest 40 words of a language make a quarter to a half of its prose.
_MIN_SHARE = 0.12
_LEAD = 1.3
# Vowel signs of Devanagari and points of Arabic are marks, no letters, to `\w`.
_LETTER = "(?:[^\\W\\d_]|[\u0900-\u0963\u064b-\u065f\u0670])"
_WORDS = re.compile(f"{_LETTER}+(?:['’\u200c]{_LETTER}+)*")


def detect_language(text: str) -> str | None:
    """Return the language of a plain text as a BCP 47 tag, None if unsure.

    Scripts that decide alone need two letters; words need 40 letters, and letters that no other
    language has ten.
    """
    sample = text[:_SAMPLE]
    counts = _script_counts(sample)
    if not counts:
        return None
    script = max(counts, key=lambda name: counts[name] * _LETTERS_IN_ONE.get(name, 1))
    if counts[script] < 2:
        return None

    if script in ("Hani", "Kana"):
        return _japanese_or_chinese(sample, counts)
    if script == "Hang":
        return "ko"
    if script == "Ethi":
        return _tigrinya_or_amharic(sample)
    if script in WORDS:
        return _detect_by_words(sample, script)
    return script  # a script of one language bears that language's code


def contradicts_script(tag: str, text: str) -> bool:
    """Tell whether a plain text cannot be in a language, by its script.

    A few words of another script contradict nothing. Latin letters may be names, so they
    contradict only as a text whose language is recognized.
    """
    expected = scripts_of(tag)
    counts = _script_counts(text[:_SAMPLE])
    if not expected or not counts:
        return False
    if "Hani" in expected:
        if _is_of_another_neighbour(tag, text[:_SAMPLE], counts):
            return True

    prevailing = _prevailing_other_script(counts, expected)
    if prevailing is None:
        return False
    if prevailing == "Latn":
        return detect_language(text) is not None
    return True


def _prevailing_other_script(counts: Mapping[str, int], expected: Collection[str]) -> str | None:
    """Return the script that most of a text is in, None if it is an expected one or has few letters."""
    weights = {}
    own_weight = 0
    for script, count in counts.items():
        weights[script] = count * _LETTERS_IN_ONE.get(script, 1)
        if script in expected:
            own_weight += weights[script]

    heaviest = max(weights, key=weights.__getitem__)
    if heaviest in expected or counts[heaviest] < 2:
        return None
    if weights[heaviest] <= 2 * own_weight:
        return None
    return heaviest


def has_letters_of(tag: str, text: str) -> bool:
    """Tell whether the letters of a text, which may be HTML, are those of a language.

    It is a quick way to see that `contradicts_script` need not be asked.
    """
    expected = scripts_of(tag)
    if expected == _LATIN_ONLY:
        return _BEYOND_LATIN.search(text) is None

    if "Kana" in expected or "Hang" in expected:
        expected -= {"Hani"}
    elif "Hani" in expected and _KANA.search(text):
        return False
    if not expected:
        return True
    return _letters_of_scripts(expected).search(text) is not None


def _is_of_another_neighbour(tag: str, text: str, counts: Mapping[str, int]) -> bool:
    """Tell whether a text in Han characters is in another of Chinese, Japanese and Korean."""
    han = counts.get("Hani", 0)
    kana = counts.get("Kana", 0)
    if tag.startswith("zh"):
        return kana >= _KANA_OF_A_SENTENCE and kana * 4 >= han
    if kana or counts.get("Hang"):
        return False
    if han >= _HAN_OF_A_TEXT:
        return True
    if not tag.startswith("ja"):
        return False

    foreign = 0
    for char in _HAN.findall(text):
        if not _is_in(char, "shift_jis"):
            foreign += 1
    return foreign >= 2


def refine_chinese(text: str) -> str:
    """Return `zh-Hans` or `zh-Hant` by the characters that only one of them uses.

    It is `zh` if they do not decide.
    """
    simplified, traditional = _distinctive_characters()
    sample = text[:_SAMPLE]
    hans = sum(map(simplified.__contains__, sample))
    hant = sum(map(traditional.__contains__, sample))
    if hans > 2 * hant:
        return "zh-Hans"
    if hant > 2 * hans:
        return "zh-Hant"
    return "zh"


def share_of_common_words(text: str, language: str) -> float:
    """Return the share of a language's commonest words in a text of lower-case letters.

    It is 0 for a language whose words are not known. A few words prove little: a text of less
    than five counts as one of five.
    """
    common = _common_words(language)
    words = _WORDS.findall(text)
    if not common or not words:
        return 0.0
    return sum(map(common.__contains__, words)) / max(len(words), 5)


def _script_counts(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for match in _SCRIPTS.finditer(text):
        name = match.lastgroup or ""
        counts[name] = counts.get(name, 0) + 1
    return counts


def _japanese_or_chinese(text: str, counts: Mapping[str, int]) -> str:
    """Return Japanese by its Kana, one for ten Han characters, or by its own Han characters.

    The Kana の is fashionable in Chinese names, so it decides only if Japan uses all the Han
    characters around it.
    """
    han = counts.get("Hani", 0)
    kana = counts.get("Kana", 0)
    if kana == 0:
        is_japanese = _has_japanese_characters(text)
    elif kana * 10 >= han:
        is_japanese = text.count("の") < kana or _is_japanese_standard(text)
    else:
        is_japanese = False

    if is_japanese:
        return "ja"
    return refine_chinese(text)


def _has_japanese_characters(text: str) -> bool:
    """Tell whether Han characters are written as in Japan alone.

    Either one of them has a form that neither mainland China nor Taiwan uses, or simplified and
    traditional ones stand together. All of them must be in the Japanese standard.
    """
    if not _is_japanese_standard(text):
        return False
    simplified, traditional = _distinctive_characters()
    characters = set(_HAN.findall(text))
    for character in characters:
        if not _is_in(character, "gb2312") and not _is_in(character, "big5"):
            return True
    # 内 is written in Taiwan, too.
    return bool(characters & (simplified - {"内"})) and bool(characters & traditional)


def _is_japanese_standard(text: str) -> bool:
    return all(_is_in(character, "shift_jis") for character in set(_HAN.findall(text)))


def _is_in(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _tigrinya_or_amharic(text: str) -> str:
    """Tigrinya rarely uses አ and often ኣ, Amharic the reverse."""
    return "ti" if text.count("ኣ") > text.count("አ") else "am"


def _detect_by_words(text: str, script: str) -> str | None:
    """Return the language with the highest score, if it is high enough and leads clearly."""
    folded = text.lower()
    if sum(map(str.isalpha, text)) < _MIN_LETTERS:
        return _detect_by_letters(folded, script)
    words = _WORDS.findall(folded)
    scores = _scores(words, folded, script)

    # The sort is stable: of two languages with the same score the first of the table is the best.
    ranking = sorted(scores.items(), key=lambda item: -item[1])
    (best, best_score), (_, second_score) = ranking[:2]
    least = max(_MIN_HITS, _MIN_SHARE * len(words), _LEAD * second_score)
    if best_score < least:
        return None
    return best


def _detect_by_letters(text: str, script: str) -> str | None:
    """Return the language of a short text with letters that no other language has."""
    letters = _SCRIPTS.findall(text)
    if len(letters) < _MIN_SHORT_LETTERS:
        return None
    for language, own, foreign in OWN_LETTERS.get(script, ()):
        if not own.isdisjoint(text) and foreign.isdisjoint(text):
            return language
    return None


def _scores(words: Iterable[str], text: str, script: str) -> dict[str, float]:
    """Add up what each word and each letter contributes to the score of a language.

    A word that several languages share contributes less to each of them.
    """
    scores = dict.fromkeys(WORDS[script], 0.0)
    languages_by_word = _languages_by_word(script)
    for word in words:
        languages = languages_by_word.get(word, ())
        for language in languages:
            scores[language] += 1 / len(languages) + 0.25

    for language, letters in LETTERS.items():
        if language in scores:
            scores[language] += sum(map(text.count, letters)) / 2
    return scores


@cache
def _languages_by_word(script: str) -> dict[str, tuple[str, ...]]:
    languages: dict[str, tuple[str, ...]] = {}
    for language, words in WORDS[script].items():
        for word in words.split():
            languages[word] = (*languages.get(word, ()), language)
    return languages


@cache
def _letters_of_scripts(scripts: frozenset[str]) -> re.Pattern[str]:
    return re.compile("[" + "".join(_BLOCKS[script] for script in sorted(scripts)) + "]")


@cache
def _common_words(language: str) -> frozenset[str]:
    for languages in WORDS.values():
        if language in languages:
            return frozenset(languages[language].split())
    return frozenset()


@cache
def _distinctive_characters() -> tuple[frozenset[str], frozenset[str]]:
    """Return the simplified and the traditional characters that decide.

    They are those of one national standard that the other lacks: GB 2312, and the common half of
    Big5. Two standards of 6,763 and 5,401 characters give 2,380 and 2,083 that decide. The rare half
    of Big5 is left out, as its characters occur in names on the mainland.
    """
    simplified = set()
    traditional = set()
    for character in map(chr, range(0x4E00, 0x9FA6)):
        gb2312 = character.encode("gb2312", "ignore")
        big5 = character.encode("big5", "ignore")
        if gb2312 and not big5:
            simplified.add(character)
        elif big5 and not gb2312 and big5[0] <= _LAST_COMMON_BIG5:
            traditional.add(character)
    return frozenset(simplified), frozenset(traditional)
