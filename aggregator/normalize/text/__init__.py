"""Text: whatever a publisher put into a text field becomes plain text.

Rule: total and linear in the length; what leaves here has no tags, no entities, no characters that XML 1.0 forbids, and
is NFC. A `<` that does not begin a tag of HTML is text.
"""

from __future__ import annotations

import html
import re
import unicodedata

from aggregator.normalize.text.tags import LINE, PARAGRAPH, without_hidden, without_tags

# Scripts that are written without blanks between words.
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
_HAN_KANA = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
_WIDE = _HAN_KANA + "\u3001-\u3003\u3008-\u301f\uff01-\uff65"

_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_ODD_BLANK = re.compile("[\x0b\x0c\x85]")
# The same of UTF-8, told in a tenth of the time: C0 controls, and C1 controls.
_C0 = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
_C1 = re.compile(b"\xc2[\x80-\x9f]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
# Surely not combining: whatever lies outside may be a mark that another one stands on.
_MAYBE_MARKS = re.compile("[^\x00-\u02ff\u0370-\u0482\u3041-\u3096\u3400-\u9fff\uac00-\ud7af]{32,}")
# A run of 32 shows in every eighth character as one of four.
_MAYBE_RUN = re.compile(_MAYBE_MARKS.pattern.replace("{32,}", "{4,}"))
_MARKS = 30  # UAX #15, stream-safe text: no more than 30 marks on one character

_FORMAT = re.compile("[\xad\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_FORMAT_BUT_ISOLATES = re.compile("[\xad\u202a-\u202e\u2060\ufeff]")
_ISOLATE = re.compile("[\u2066-\u2069]")
# A zero-width blank parts words in these scripts, elsewhere it is dirt.
_IDLE_ZWSP = re.compile(f"(?<![{_DENSE}])\u200b+(?![{_DENSE}])")

# With its semicolon, or one of the five that are often left without; a wider rule would eat `?a=1&copy=2`.
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7};|#x[0-9a-f]{1,6};|[a-z][a-z0-9]{1,31};|(?:nbsp|amp|quot|lt|gt)(?![a-z0-9=;]))",
    re.IGNORECASE,
)
_WRAP = re.compile(rf"(?<=[{_WIDE}])[^\S\n]*\n\s*(?=[{_WIDE}])")
_BREAKS = re.compile(rf"[{LINE}{PARAGRAPH}][\s{LINE}{PARAGRAPH}]*")
_EMPTY_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_HALF_WORD = re.compile(f"[{_HAN_KANA}{_DENSE}]")
_WORD = re.compile(r"\w")


def plain(value: str) -> str:
    """Give one line of plain text from HTML or text.

    Inline tags join with nothing, blocks and line breaks with a blank. A line wrapped between two Han or Kana
    characters is joined with nothing; a blank between them is the writer's and stays (`俄副外长访韩 韩国就…`).

    >>> plain("AT&amp;T: 1 < 2 <b>b</b>old<br>C++ <T>")
    'AT&T: 1 < 2 bold C++ <T>'
    """
    return " ".join(_BREAKS.sub(" ", _joined(_marked(value, _FORMAT))).split())


def block(value: str) -> str:
    """Give the plain text of HTML or text: paragraphs separated by a blank line, `<br>` and list items by a new line.

    In text without tags empty lines separate paragraphs. Balanced bidi isolates stay.
    """
    marked = _BREAKS.sub(_break, _marked(value, _FORMAT_BUT_ISOLATES))
    paragraphs = (_paragraph(part) for part in marked.split(PARAGRAPH))
    return "\n\n".join(part for part in paragraphs if part)


def clean_characters(value: str) -> str:
    """Remove what XML 1.0 forbids and the C1 controls, and compose (NFC).

    Surrogates that make a pair become the character they stand for. Form feeds and the like become blanks.
    """
    if value.isascii() and value.isprintable():
        return value
    if _is_legal(value):
        return compose(value)
    if _PAIR.search(value):
        value = _PAIR.sub(
            lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), value
        )
    return compose(_ILLEGAL.sub("", _ODD_BLANK.sub(" ", value)))


def compose(value: str) -> str:
    """Give the NFC of a text; of more than 30 marks on one character the rest is dropped.

    Composing is quadratic in the marks on one character: 64,000 take 2.8 s.
    """
    if not _may_stack(value) and unicodedata.is_normalized("NFC", value):
        return value
    return unicodedata.normalize("NFC", _MAYBE_MARKS.sub(_fewer_marks, value))


def fold(value: str) -> str:
    """Give the form under which two texts count as equal: NFKC, case folded, blanks collapsed. For keys only."""
    if not value.isascii():
        value = _FORMAT.sub("", clean_characters(value)).replace("\u200b", "")
        for _ in range(2):  # folding may undo the composition, composing may bring back what folds
            value = unicodedata.normalize("NFKC", _MAYBE_MARKS.sub(_fewer_marks, value).casefold())
        value = _ILLEGAL.sub("", value)
    return " ".join(value.casefold().split())


def weight(text: str) -> float:
    """Count words; where a script writes none apart (Han, Kana, Thai, Lao, Khmer, Burmese) a character is half a word.

    >>> weight("VOA 美国之音")
    3.0
    """
    halves = len(_HALF_WORD.findall(text))
    rest = _HALF_WORD.sub(" ", text) if halves else text
    return halves / 2 + sum(1 for word in rest.split() if _WORD.search(word))


def letters(text: str) -> int:
    """Count letters of any script; digits, marks and punctuation are none."""
    return sum(map(str.isalpha, text))


def _is_legal(value: str) -> bool:
    """Tell whether a text holds none of the characters that do not stay as they are."""
    try:
        data = value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    if (
        len(data.translate(None, _C0)) != len(data)
        or b"\xef\xbf\xbe" in data
        or b"\xef\xbf\xbf" in data
    ):
        return False
    return b"\xc2" not in data or _C1.search(data) is None


def _may_stack(value: str) -> bool:
    """Tell whether there may be more marks on one character than are let through."""
    return _MAYBE_RUN.search(value[::8]) is not None and _MAYBE_MARKS.search(value) is not None


def _marked(value: str, unwanted: re.Pattern[str]) -> str:
    """Give the text with LINE and PARAGRAPH where it breaks; without tags an empty line makes a paragraph."""
    value = unwanted.sub("", clean_characters(value))
    marked = _decoded(value, unwanted) if "<" in value or "&" in value else value
    if "\n" in marked and "<" not in value and PARAGRAPH not in marked:
        marked = _EMPTY_LINE.sub(PARAGRAPH, marked)
    return _IDLE_ZWSP.sub("", marked) if "\u200b" in marked else marked


def _decoded(value: str, unwanted: re.Pattern[str]) -> str:
    """Strip tags and decode entities until nothing changes, twice at most: titles come escaped twice."""
    value = without_tags(without_hidden(value))
    for _ in range(2):
        decoded = _ENTITY.sub(lambda match: unwanted.sub("", _entity(match[0])), value)
        if decoded == value:
            break
        value = without_tags(without_hidden(decoded)) if "<" in decoded else decoded
    return compose(value)


def _entity(reference: str) -> str:
    return clean_characters(html.unescape(reference))


def _joined(value: str) -> str:
    return _WRAP.sub("", value) if "\n" in value else value


def _break(match: re.Match[str]) -> str:
    """Make a paragraph of a run of breaks that holds one, or two line breaks (`<br><br>`)."""
    return PARAGRAPH if PARAGRAPH in match[0] or match[0].count(LINE) > 1 else LINE


def _paragraph(value: str) -> str:
    lines = (" ".join(_joined(line).split()) for line in value.split(LINE))
    return _balanced("\n".join(line for line in lines if line))


def _balanced(value: str) -> str:
    """Drop all isolates where they do not open and close in order: they would turn what follows around."""
    depth = 0
    for match in _ISOLATE.finditer(value):
        depth += -1 if match[0] == "\u2069" else 1
        if depth < 0:
            break
    return value if depth == 0 else _ISOLATE.sub("", value)


def _fewer_marks(match: re.Match[str]) -> str:
    kept, run = [], 0
    for character in match[0]:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MARKS:
            kept.append(character)
    return "".join(kept)
