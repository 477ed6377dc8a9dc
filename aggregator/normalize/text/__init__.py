"""Turns whatever a publisher put into a text field into plain text.

Total and linear in the length. The results have no tags, no entities, no characters that XML 1.0
forbids, and are NFC. A `<` that does not begin a tag of HTML is text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

from aggregator.normalize.text.tags import (
    LINE,
    PARAGRAPH,
    strip_hidden,
    strip_sure_tags,
    strip_tags,
)

if TYPE_CHECKING:
    from aggregator.model import TextForm

# Scripts that are written without blanks between words.
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
_HAN_KANA = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
_WIDE = _HAN_KANA + "\u3001-\u3003\u3008-\u301f\uff01-\uff65"

_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_ODD_BLANK = re.compile("[\x0b\x0c\x85]")
# The same in UTF-8, found in a tenth of the time: C0 and C1 controls, and the two that are no characters.
_C0 = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
_C1 = re.compile(b"\xc2[\x80-\x9f]")
_U_FFFE, _U_FFFF = b"\xef\xbf\xbe", b"\xef\xbf\xbf"
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
# None of the characters in these ranges combines; any other may be one of several marks on a character.
_MAYBE_MARKS = re.compile("[^\x00-\u02ff\u0370-\u0482\u3041-\u3096\u3400-\u9fff\uac00-\ud7af]{32,}")
# A run of 32 shows in every eighth character as one of four.
_MAYBE_RUN = re.compile(_MAYBE_MARKS.pattern.replace("{32,}", "{4,}"))
_MARKS = 30  # UAX #15, stream-safe text: no more than 30 marks on one character

_FORMAT = re.compile("[\xad\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_FORMAT_BUT_ISOLATES = re.compile("[\xad\u202a-\u202e\u2060\ufeff]")
_POP_ISOLATE = "\u2069"
_ISOLATE = re.compile("[\u2066-\u2069]")
# A zero-width blank separates words in these scripts, elsewhere it is dirt.
_IDLE_ZWSP = re.compile(f"(?<![{_DENSE}])\u200b+(?![{_DENSE}])")

# With its semicolon, or one of the five that are often left without; a wider rule would eat `?a=1&copy=2`.
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7};|#x[0-9a-f]{1,6};|[a-z][a-z0-9]{1,31};|(?:nbsp|amp|quot|lt|gt)(?![a-z0-9=;]))",
    re.IGNORECASE,
)
# References that are left after a text was decoded once, and that no writer means to show: numbers,
# names that touch a word (`It&rsquo;s`, `R&amp;D`), and `Marks &amp; Spencer`. `What is &nbsp;?`
# and `&lt;b&gt;` stay: they are what the title is about.
_LEFT_OVER = re.compile(
    r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});"
    r"|(?<=\w)&(?!(?:lt|gt);)[A-Za-z][A-Za-z0-9]{1,31};"
    r"|&(?!(?:lt|gt);)[A-Za-z][A-Za-z0-9]{1,31};(?=\w)"
    r"|(?<=\w )&amp;(?= [A-Z0-9])"
)
_WRAP = re.compile(rf"(?<=[{_WIDE}])[^\S\n]*\n\s*(?=[{_WIDE}])")
_BREAKS = re.compile(rf"[{LINE}{PARAGRAPH}][\s{LINE}{PARAGRAPH}]*")
_EMPTY_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_HALF_WORD = re.compile(f"[{_HAN_KANA}{_DENSE}]")
_WORD = re.compile(r"\w")


def plain_text(value: str, form: TextForm | None = None) -> str:
    """Return one line of plain text from HTML or text.

    Of a "text" only characters and blanks are cleaned. "html" is decoded once, what its tags hold
    stays. Of "mixed" only what is surely markup goes (see `tags.strip_sure_tags`).

    Inline tags join with nothing, blocks and line breaks with a blank. A line wrapped between two Han
    or Kana characters is joined with nothing; a blank between them is the writer's and stays
    (`俄副外长访韩 韩国就…`).

    >>> plain_text("AT&amp;T: 1 < 2 <b>b</b>old<br>C++ <T>")
    'AT&T: 1 < 2 bold C++ <T>'
    >>> plain_text("AT&amp;T: <b>b</b>old<br>and the <video> element", "mixed")
    'AT&T: bold and the <video> element'
    """
    if value.isascii() and value.isprintable() and "<" not in value and "&" not in value:
        return " ".join(value.split())
    marked = _join_wrapped(_mark_breaks(value, _FORMAT, form))
    return " ".join(_BREAKS.sub(" ", marked).split())


def paragraph_text(value: str) -> str:
    """Return the plain text of HTML or text in paragraphs.

    A blank line separates paragraphs, a new line what `<br>` and list items part. In text without tags
    empty lines separate paragraphs. Balanced bidi isolates stay.
    """
    marked = _mark_breaks(value, _FORMAT_BUT_ISOLATES)
    marked = _BREAKS.sub(_merge_breaks, marked)
    paragraphs = map(_paragraph, marked.split(PARAGRAPH))
    return "\n\n".join(filter(None, paragraphs))


def clean_characters(value: str) -> str:
    """Remove what XML 1.0 forbids and the C1 controls, and compose (NFC).

    Surrogates that make a pair become the character they stand for. Form feeds and the like become
    blanks.
    """
    if value.isascii() and value.isprintable():
        return value
    if _is_legal(value):
        return compose(value)

    if _PAIR.search(value):
        value = _PAIR.sub(_join_surrogates, value)
    value = _ODD_BLANK.sub(" ", value)
    return compose(_ILLEGAL.sub("", value))


def compose(value: str) -> str:
    """Return the NFC of a text; of more than 30 marks on one character the rest is dropped.

    Composing is quadratic in the marks on one character: 64,000 take 2.8 s.
    """
    is_composed = not _may_exceed_marks(value) and unicodedata.is_normalized("NFC", value)
    if is_composed:
        return value
    return unicodedata.normalize("NFC", _limit_marks(value))


def fold(value: str) -> str:
    """Return the form in which two texts count as equal. For keys only.

    It is NFKC, case folded, with single blanks.
    """
    if not value.isascii():
        value = _FORMAT.sub("", clean_characters(value)).replace("\u200b", "")
        for _ in range(2):  # folding may undo the composition, composing may bring back what folds
            value = unicodedata.normalize("NFKC", _limit_marks(value).casefold())
        value = _ILLEGAL.sub("", value)
    return " ".join(value.casefold().split())


def count_words(text: str) -> float:
    """Count words; in scripts without blanks between words a character is half a word.

    These are Han, Kana, Thai, Lao, Khmer and Burmese.

    >>> count_words("VOA 美国之音")
    3.0
    """
    half_words = len(_HALF_WORD.findall(text))
    if half_words:
        text = _HALF_WORD.sub(" ", text)
    words = sum(1 for word in text.split() if _WORD.search(word))
    return half_words / 2 + words


def _join_surrogates(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _is_legal(value: str) -> bool:
    """Tell whether a text has only characters that `clean_characters` keeps."""
    try:
        data = value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    has_c0 = len(data.translate(None, _C0)) != len(data)
    if has_c0 or _U_FFFE in data or _U_FFFF in data:
        return False
    has_c1 = b"\xc2" in data and _C1.search(data) is not None
    return not has_c1


def _may_exceed_marks(value: str) -> bool:
    """Tell whether there may be more marks on one character than `compose` keeps."""
    if _MAYBE_RUN.search(value[::8]) is None:
        return False
    return _MAYBE_MARKS.search(value) is not None


def _mark_breaks(value: str, unwanted: re.Pattern[str], form: TextForm | None = None) -> str:
    """Return the text with LINE and PARAGRAPH where it breaks.

    Without tags an empty line makes a paragraph.
    """
    value = unwanted.sub("", clean_characters(value))
    has_tags = "<" in value
    if form != "text" and (has_tags or "&" in value):
        value = _strip_and_decode(value, unwanted, form)

    if "\n" in value and not has_tags and PARAGRAPH not in value:
        value = _EMPTY_LINE.sub(PARAGRAPH, value)
    if "\u200b" in value:
        value = _IDLE_ZWSP.sub("", value)
    return value


def _strip_and_decode(value: str, unwanted: re.Pattern[str], form: TextForm | None) -> str:
    """Strip tags and decode entities: once if the form is known, else until nothing changes.

    That is twice at most: titles of pages come escaped twice.
    """

    def decode(entity: re.Match[str]) -> str:
        characters = clean_characters(html.unescape(entity[0]))
        return unwanted.sub("", characters)

    if form == "mixed":
        decoded = _ENTITY.sub(decode, strip_sure_tags(value))
        return compose(_LEFT_OVER.sub(decode, decoded))

    value = strip_tags(strip_hidden(value))
    if form == "html":
        return compose(_ENTITY.sub(decode, value))

    for _ in range(2):
        decoded = _ENTITY.sub(decode, value)
        if decoded == value:
            break
        value = decoded
        if "<" in value:
            value = strip_tags(strip_hidden(value))
    return compose(value)


def _join_wrapped(value: str) -> str:
    if "\n" in value:
        value = _WRAP.sub("", value)
    return value


def _merge_breaks(match: re.Match[str]) -> str:
    """Make a paragraph of a run of breaks that holds one, or two line breaks (`<br><br>`)."""
    if PARAGRAPH in match[0] or match[0].count(LINE) > 1:
        return PARAGRAPH
    return LINE


def _paragraph(value: str) -> str:
    lines = []
    for line in value.split(LINE):
        words = _join_wrapped(line).split()
        if words:
            lines.append(" ".join(words))
    return _drop_unbalanced_isolates("\n".join(lines))


def _drop_unbalanced_isolates(value: str) -> str:
    """Drop all isolates if they do not open and close in order: they would turn what follows around."""
    depth = 0
    for match in _ISOLATE.finditer(value):
        if match[0] != _POP_ISOLATE:
            depth += 1
            continue
        depth -= 1
        if depth < 0:
            break
    if depth != 0:
        value = _ISOLATE.sub("", value)
    return value


def _limit_marks(value: str) -> str:
    return _MAYBE_MARKS.sub(_drop_surplus_marks, value)


def _drop_surplus_marks(match: re.Match[str]) -> str:
    kept = []
    run = 0  # marks on the present character so far
    for character in match[0]:
        if unicodedata.combining(character):
            run += 1
        else:
            run = 0
        if run <= _MARKS:
            kept.append(character)
    return "".join(kept)
