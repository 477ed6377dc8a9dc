"""Splits the text of an article into words, for the search index and the comparison of copies.

Letter case, accents and widths are folded. Each character of a script that is written without spaces (and each
Hangul syllable) is a word of its own, so that a phrase finds any word of it. Both databases use these words.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

MAX_CHARACTERS = 200_000  # of one field; nobody looks for what stands further down
# A word that no text has, between title, summary and content: no phrase crosses it.
FIELD_SEPARATOR = "\ue000"

# Thai to Tibetan, Burmese, Khmer, Hangul, Kana, Han.
_UNSPACED_SCRIPTS = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u19e0-\u19ff\u3005-\u3007\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_NON_ASCII = re.compile("[^\x00-\x7f]+")
_UNSPACED_RUN = re.compile(f"[{_UNSPACED_SCRIPTS}]+")
# Indic vowel signs are letters, although \w does not match them.
_NON_WORD = re.compile(rf"[^\w\x00-\x7f\u0900-\u0963\u0966-\u0dff{_UNSPACED_SCRIPTS}]+")
# Vowel points as well.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]+"
)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})  # no decomposition parts them
_WORD = re.compile(r"[0-9a-z\x80-\U0010ffff]+")  # as FTS5's `ascii` tokenizer sees it
_MAX_WORD_CHARACTERS = 600  # letters of a word that count: PostgreSQL cannot index 2,700 bytes
_LONG_WORD = re.compile(rf"[0-9a-z\x80-\U0010ffff]{{{_MAX_WORD_CHARACTERS + 1},}}")

# Neither can fail after its first letters, so that both are linear whatever comes.
_TAG_REST = r'[^>"]*(?:"[^"]*"?[^>"]*)*>?'
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|time|u|var|wbr)"
    rf"(?=[\s>]){_TAG_REST}"
)
_TAG = re.compile(f"<{_TAG_REST}")
# A full stop ends a sentence with the blank behind it, a dense script's at once.
_SENTENCE_END = re.compile(r"([.!?…]['\"”’»)\]]?)\s|([。！？；][”’」』）]?)")
_QUERY_PART = re.compile(
    r'["“”„«»「」『』]([^"“”„«»「」『』]*)["“”„«»「」『』]?|([^\s"“”„«»「」『』]+)'
)


def searchable_text(title: str, summary: str | None, content_html: str | None) -> str:
    """Return three parts, parted by FIELD_SEPARATOR: folded words between blanks and ASCII punctuation.

    The summary is empty where the content begins with it. `content_html` is sanitized.

    >>> searchable_text("Über <b>", None, "<p>St<b>raße</b> 东京<br>A&amp;B</p>").split(" ")
    ['uber', '<b>', '\\ue000', '', '\\ue000', '', 'strasse', '', '东', '京', '', 'a&b', '']
    """
    content = ""
    if content_html:
        content = fold_text(_strip_tags(content_html))

    brief = ""
    if summary:
        brief = fold_text(summary)
    if content and brief.strip(" .…") in content:
        brief = ""
    return f"{fold_text(title)} {FIELD_SEPARATOR} {brief} {FIELD_SEPARATOR} {content}"


def html_blocks(markup: str) -> str:
    """Return the text of sanitized HTML, each block on lines of its own.

    >>> html_blocks("<p>A <b>b</b>.</p><ul><li>c</li></ul>").split()
    ['A', 'b.', 'c']
    """
    return _strip_tags(markup.replace("\n", " "), between_blocks="\n")


def fold_sentences(text: str) -> list[str]:
    """Return the folded sentences of a text; each ends with its line at the latest.

    >>> fold_sentences("Über uns. Mehr:\\n東京。大阪")
    ['uber uns.', 'mehr:', ' 東 京  ', ' 大 阪 ']
    """
    one_a_line = _SENTENCE_END.sub(r"\1\2\n", text)
    sentences = []
    for line in fold_text(one_a_line).split("\n"):
        is_blank = not line or line.isspace()
        if not is_blank:
            sentences.append(line)
    return sentences


def fold_text(text: str) -> str:
    """Fold text; words are parted by blanks or ASCII punctuation.

    >>> fold_text("Ｅ-Mail für 東京!")
    'e-mail fur  東 京 !'
    """
    text = text[:MAX_CHARACTERS].lower()
    if not text.isascii():
        text = _NON_ASCII.sub(_fold_run, text)
    return _LONG_WORD.sub(_truncate_word, text) if _may_have_long_word(text) else text


def split_words(text: str) -> list[str]:
    """Return the words of what `fold_text` or `searchable_text` returned, in order.

    >>> split_words("e-mail fur  東 京 !")
    ['e', 'mail', 'fur', '東', '京']
    """
    return _WORD.findall(text)


def query_phrases(query: str) -> list[list[str]]:
    """Return what must all be found: the words of each word or quoted phrase of a query, one after the other.

    >>> query_phrases('Cafe-Bar "new york" 北京 ?')
    [['cafe', 'bar'], ['new', 'york'], ['北', '京']]
    """
    phrases = []
    for quoted, bare in _QUERY_PART.findall(query[:1000]):
        words = split_words(fold_text(quoted or bare))
        if words:
            phrases.append(words)
    return phrases


def _strip_tags(markup: str, *, between_blocks: str = " ") -> str:
    text = _TAG.sub(between_blocks, _INLINE.sub("", markup))
    return html.unescape(text) if "&" in text else text


def _separate_characters(run: re.Match[str]) -> str:
    return f" {' '.join(run[0])} "


def _fold_run(run: re.Match[str]) -> str:
    found = run[0]
    return _fold_character(found) if len(found) == 1 else _fold_non_ascii(found)


def _fold_non_ascii(text: str) -> str:
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return _UNSPACED_RUN.sub(
        _separate_characters,
        _NON_WORD.sub(" ", unicodedata.normalize("NFC", plain.translate(_LIGATURES))),
    ).lower()


# In Latin scripts almost every run of characters outside ASCII is one of a few letters.
_fold_character = lru_cache(maxsize=4096)(_fold_non_ascii)


def _may_have_long_word(text: str) -> bool:
    """Look for half a longest word without a blank, at every place where any must have one."""
    half = _MAX_WORD_CHARACTERS // 2
    return any(" " not in text[begin : begin + half] for begin in range(0, len(text) - half, half))


def _truncate_word(word: re.Match[str]) -> str:
    return word[0][:_MAX_WORD_CHARACTERS]
