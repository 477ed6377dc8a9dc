"""The bytes of a feed or a page to text.

Rule: a byte order mark says it all; then valid UTF-8 beats every label; then the labels (HTTP, the document's own),
then what its language was written in before UTF-8. A label that means Western Europe, which many servers put on
everything, comes behind the others. A reading with three U+FFFD or more yields to the next one.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0 appendix F: a document without a mark begins with `<`.
_SIGNATURES = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
# Labels mean the superset that writers really use (WHATWG Encoding Standard; gb18030 and big5hkscs go further).
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "johab": "cp949",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
_ALIASES = {
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "windows-31j": "cp932",
    "utf8mb4": "utf-8",
}
# Python also knows codecs that are no charsets, or cost quadratic time (punycode), or run escapes.
_CHARSETS = re.compile(
    r"utf-?(8|16|32)|iso8859|cp\d+|koi8|gb|big5|euc|shift_jis|iso2022|mac|hz|tis-620|johab|ascii"
)
_LEGACY = {
    "zh-tw": "big5hkscs",
    "zh-hk": "big5hkscs",
    "zh-hant": "big5hkscs",
    "zh": "gb18030",
    "ja": "cp932",
    "ko": "cp949",
    "ru": "cp1251",
    "uk": "cp1251",
    "bg": "cp1251",
    "sr": "cp1251",
    "pl": "cp1250",
    "cs": "cp1250",
    "hu": "cp1250",
    "sk": "cp1250",
    "ro": "cp1250",
    "el": "cp1253",
    "tr": "cp1254",
    "he": "cp1255",
    "ar": "cp1256",
    "fa": "cp1256",
    "vi": "cp1258",
    "th": "cp874",
}
_HTTP_LABEL = re.compile(r"charset\s*=\s*[\"']?([^\s\"';]+)", re.IGNORECASE)
_XML_LABEL = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE
)
_LANGUAGE = re.compile(rb"(?:<(?:dc:)?language>|xml:lang=[\"'])\s*([A-Za-z-]{2,8})")
_HEAD_BYTES = 4096
_TOLERATED = 2  # U+FFFD; from the third on another charset is tried
_REPLACEMENT = "\ufffd"
_WESTERN = "cp1252"


def decode(
    body: bytes, content_type: str = "", *, labels: Sequence[str] = (), language: str | None = None
) -> str:
    """Decode a document, with its mark removed; every input gives a text, at worst with U+FFFD in it.

    `labels` are the charsets that it states in a way of its own kind (`<meta charset>`), `language` its BCP 47 tag; an
    XML declaration and a feed's language are found here.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    wide = next((name for signature, name in _SIGNATURES if body.startswith(signature)), None)
    if wide:
        return body.decode(wide, "replace")
    return _narrow(body, _charsets(body, content_type, labels), language)


def _narrow(body: bytes, stated: Sequence[str], language: str | None) -> str:
    if b"\x1b" not in body or not any(
        name.startswith("iso2022") for name in stated
    ):  # these hide in ASCII
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    own = _by_language(language or _feed_language(body))
    western = (*own, _WESTERN) if _WESTERN in stated else ()
    strong = (name for name in stated if name != _WESTERN)
    return _best(body, tuple(dict.fromkeys((*strong, *western, "utf-8", *own, _WESTERN))))


def _best(body: bytes, names: tuple[str, ...]) -> str:
    """Take the first reading with few U+FFFD, else the one with the fewest."""
    readings = []
    for name in names:
        text = body.decode(name, "replace")
        if text.count(_REPLACEMENT) <= _TOLERATED:
            return text
        readings.append(text)
    return min(readings, key=lambda text: text.count(_REPLACEMENT))


def _charsets(body: bytes, content_type: str, labels: Sequence[str]) -> list[str]:
    http, xml = _HTTP_LABEL.search(content_type), _XML_LABEL.match(body)
    stated = (http[1] if http else "", xml[1].decode("ascii") if xml else "", *labels)
    return [name for label in stated if (name := _charset(label))]


def _charset(label: str) -> str | None:
    """Give Python's name of a label's charset; None for an unknown one, and for UTF-16, which its bytes would show."""
    try:
        name = codecs.lookup(_ALIASES.get(label.lower(), label)).name
    except (LookupError, ValueError):
        return None
    if not _CHARSETS.match(name) or name.startswith(("utf-16", "utf-32")):
        return None
    return _SUPERSETS.get(name, name)


def _feed_language(body: bytes) -> str | None:
    found = _LANGUAGE.search(body, 0, _HEAD_BYTES)
    return found[1].decode("ascii") if found else None


def _by_language(tag: str | None) -> tuple[str, ...]:
    language = (tag or "").lower()
    name = _LEGACY.get(language) or _LEGACY.get(language.split("-")[0])
    return (name,) if name else ()
