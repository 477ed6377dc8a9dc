"""The words of an article, as the search index and the comparison of copies see them.

Rule: letter case, accents and widths are folded; a character of a script that is written without blanks (and a Hangul
syllable) is a word of its own, so that a phrase finds any word of it. Both databases take from here what a word is.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

MOST_CHARACTERS = 200_000  # of one field; nobody looks for what stands further down
BORDER = (
    "\ue000"  # a word that no text has, between title, summary and content: no phrase crosses it
)

# Thai to Tibetan, Burmese, Khmer, Hangul, Kana, Han.
_DENSE = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u19e0-\u19ff\u3005-\u3007\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_FOREIGN = re.compile("[^\x00-\x7f]+")
_DENSE_RUN = re.compile(f"[{_DENSE}]+")
_ODD = re.compile(
    rf"[^\w\x00-\x7f\u0900-\u0963\u0966-\u0dff{_DENSE}]+"
)  # Indic vowel signs are no \w, yet letters
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]+"
)  # with vowel points
_JOINED = str.maketrans({"œ": "oe", "æ": "ae"})  # no decomposition parts them
_WORD = re.compile(r"[0-9a-z\x80-\U0010ffff]+")  # as FTS5's `ascii` tokenizer sees it
_LONGEST = 600  # letters of a word that count: PostgreSQL cannot index 2,700 bytes
_LONG = re.compile(rf"[0-9a-z\x80-\U0010ffff]{{{_LONGEST + 1},}}")

# Neither can fail after its first letters, so that both are linear whatever comes.
_REST = r'[^>"]*(?:"[^"]*"?[^>"]*)*>?'
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|time|u|var|wbr)"
    rf"(?=[\s>]){_REST}"
)
_TAG = re.compile(f"<{_REST}")
_PIECE = re.compile(r'["“”„«»「」『』]([^"“”„«»「」『』]*)["“”„«»「」『』]?|([^\s"“”„«»「」『』]+)')


def words_of(title: str, summary: str | None, content_html: str | None) -> str:
    """Return three parts, parted by BORDER: folded words between blanks and ASCII punctuation.

    The summary is empty where the content begins with it. `content_html` is sanitized.

    >>> words_of("Über <b>", None, "<p>St<b>raße</b> 东京<br>A&amp;B</p>").split(" ")
    ['uber', '<b>', '\\ue000', '', '\\ue000', '', 'strasse', '', '东', '京', '', 'a&b', '']
    """
    content = folded(_text(content_html)) if content_html else ""
    brief = folded(summary) if summary else ""
    if content and brief.strip(" .…") in content:
        brief = ""
    return f"{folded(title)} {BORDER} {brief} {BORDER} {content}"


def folded(text: str) -> str:
    """Fold text; words are parted by blanks or ASCII punctuation.

    >>> folded("Ｅ-Mail für 東京!")
    'e-mail fur  東 京 !'
    """
    text = text[:MOST_CHARACTERS].lower()
    if not text.isascii():
        text = _FOREIGN.sub(_folded_run, text)
    return _LONG.sub(_shortened, text) if _may_hold_long(text) else text


def each(text: str) -> list[str]:
    """Return the words of what `folded` or `words_of` gave, in order.

    >>> each("e-mail fur  東 京 !")
    ['e', 'mail', 'fur', '東', '京']
    """
    return _WORD.findall(text)


def phrases(query: str) -> list[list[str]]:
    """Return what must all be found: the words of each word or quoted phrase of a query, one after the other.

    >>> phrases('Cafe-Bar "new york" 北京 ?')
    [['cafe', 'bar'], ['new', 'york'], ['北', '京']]
    """
    pieces = (quoted or bare for quoted, bare in _PIECE.findall(query[:1000]))
    return [words for piece in pieces if (words := each(folded(piece)))]


def _text(markup: str) -> str:
    text = _TAG.sub(" ", _INLINE.sub("", markup))
    return html.unescape(text) if "&" in text else text


def _apart(run: re.Match[str]) -> str:
    return f" {' '.join(run[0])} "


def _folded_run(run: re.Match[str]) -> str:
    found = run[0]
    return _folded_character(found) if len(found) == 1 else _fold(found)


def _fold(text: str) -> str:
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return _DENSE_RUN.sub(
        _apart, _ODD.sub(" ", unicodedata.normalize("NFC", plain.translate(_JOINED)))
    ).lower()


_folded_character = lru_cache(maxsize=4096)(
    _fold
)  # in Latin scripts almost every run is one of a few letters


def _may_hold_long(text: str) -> bool:
    """Look for half a longest word without a blank, at every place where any must have one."""
    half = _LONGEST // 2
    return any(" " not in text[begin : begin + half] for begin in range(0, len(text) - half, half))


def _shortened(word: re.Match[str]) -> str:
    return word[0][:_LONGEST]
