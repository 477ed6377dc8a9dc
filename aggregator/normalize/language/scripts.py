"""The scripts that languages are written in."""

from __future__ import annotations

import re

from aggregator.normalize.language.stop_words import WORDS

_WITHOUT_LATIN = {
    "Hani": "zh wuu yue nan",
    "Hani Kana": "ja",
    "Hang Hani": "ko",
    "Cyrl": "ru uk bg mk be",
    "Arab": "ar arz fa ur ps ckb",
    "Deva": "hi mr ne",
    "Ethi": "am ti",
    "he": "he yi",
    "bn": "bn as",
    "bo": "bo dz",
}
# Languages with a script of their own: the script bears the language's code.
_ALONE = "th lo km my hy ka el gu or ta te kn ml si dv"
_LATIN = """
    af ca cy eo eu ga gl is lb mg mi mt rw sk sl sn st tl fil tn ts xh yo zu
"""
_BY_SUBTAG = {
    "Latn": {"Latn"},
    "Cyrl": {"Cyrl"},
    "Arab": {"Arab"},
    "Deva": {"Deva"},
    "Hans": {"Hani"},
    "Hant": {"Hani"},
}
# Written in several of these scripts, by country and time.
_SEVERAL = frozenset(["sr", "az", "uz", "kk", "mn", "ky", "tg", "ha", "so", "id", "sw"])
_ALPHABETS = frozenset({"Latn", "Cyrl", "Arab"})


def _scripts_by_language() -> dict[str, frozenset[str]]:
    scripts: dict[str, frozenset[str]] = {}
    for language in (*WORDS["Latn"], *_LATIN.split()):
        scripts[language] = frozenset({"Latn"})
    for names, languages in _WITHOUT_LATIN.items():
        for language in languages.split():
            scripts[language] = frozenset(names.split())
    for language in _ALONE.split():
        scripts[language] = frozenset({language})
    for language in _SEVERAL:
        scripts[language] = _ALPHABETS
    scripts["mn"] = _ALPHABETS | {"mn"}
    return scripts


_SCRIPTS = _scripts_by_language()
_SUBTAG = re.compile(r"-([A-Z][a-z]{3})(?:-|$)")


def scripts_of(tag: str) -> frozenset[str]:
    """Return the scripts of a language in canonical form, none if they are not known."""
    subtag = _SUBTAG.search(tag)
    if subtag:
        return frozenset(_BY_SUBTAG.get(subtag[1], ()))
    return _SCRIPTS.get(tag.split("-")[0], frozenset())
