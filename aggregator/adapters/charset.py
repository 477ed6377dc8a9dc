"""Decodes the bytes of a feed or a page.

A byte order mark decides alone. After it, valid UTF-8 beats every label; then come the
labels (HTTP, the document's own), then the charset that the document's language was
written in before UTF-8. A label that means Western Europe, which many servers put on
everything, comes behind the others. A reading with three U+FFFD or more gives way to the
next one.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
# Labels mean the superset that writers really use (WHATWG Encoding Standard; gb18030 and
# big5hkscs go further).
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
_LEGACY_CHARSETS = {
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
_MAX_REPLACEMENTS = 2  # U+FFFD; from the third on another charset is tried
_REPLACEMENT = "\ufffd"
_WESTERN = "cp1252"


def decode(
    body: bytes, content_type: str = "", *, labels: Sequence[str] = (), language: str | None = None
) -> str:
    """Decode a document and remove its byte order mark.

    Every input gives a text, at worst with U+FFFD in it. `labels` are the charsets that the
    document names in a way of its own kind (`<meta charset>`), `language` is its BCP 47 tag.
    An XML declaration and a feed's language are found here.
    """
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    for signature, charset in _SIGNATURES:
        if body.startswith(signature):
            return body.decode(charset, "replace")
    return _decode_by_labels(body, _find_charsets(body, content_type, labels), language)


def _decode_by_labels(body: bytes, labelled: Sequence[str], language: str | None) -> str:
    """Decode bytes that are no UTF-16 or UTF-32; `labelled` are the charsets of labels."""
    if not _may_be_iso2022(body, labelled):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass

    by_language = _charsets_of_language(language or _feed_language(body))
    candidates = [charset for charset in labelled if charset != _WESTERN]
    if _WESTERN in labelled:
        candidates += [*by_language, _WESTERN]
    candidates += ["utf-8", *by_language, _WESTERN]
    return _decode_best(body, dict.fromkeys(candidates))


def _may_be_iso2022(body: bytes, labelled: Sequence[str]) -> bool:
    """Tell whether a label and an escape byte say ISO 2022, whose bytes are all ASCII."""
    if b"\x1b" not in body:
        return False
    return any(charset.startswith("iso2022") for charset in labelled)


def _decode_best(body: bytes, charsets: Iterable[str]) -> str:
    """Return the first reading with few U+FFFD, else the one with the fewest."""
    readings = []
    for charset in charsets:
        text = body.decode(charset, "replace")
        replacements = text.count(_REPLACEMENT)
        if replacements <= _MAX_REPLACEMENTS:
            return text
        readings.append((replacements, text))
    _, best = min(readings, key=lambda reading: reading[0])
    return best


def _find_charsets(body: bytes, content_type: str, labels: Sequence[str]) -> list[str]:
    """Return the charsets that HTTP, the XML declaration and `labels` name, in this order."""
    all_labels = []
    http = _HTTP_LABEL.search(content_type)
    if http:
        all_labels.append(http[1])
    xml = _XML_LABEL.match(body)
    if xml:
        all_labels.append(xml[1].decode("ascii"))
    all_labels.extend(labels)

    charsets = []
    for label in all_labels:
        charset = _python_codec(label)
        if charset:
            charsets.append(charset)
    return charsets


def _python_codec(label: str) -> str | None:
    """Return Python's name of a label's charset.

    None for an unknown one, and for UTF-16 and UTF-32, which the bytes would show.
    """
    try:
        name = codecs.lookup(_ALIASES.get(label.lower(), label)).name
    except (LookupError, ValueError):
        return None
    if not _CHARSETS.match(name) or name.startswith(("utf-16", "utf-32")):
        return None
    return _SUPERSETS.get(name, name)


def _feed_language(body: bytes) -> str | None:
    match = _LANGUAGE.search(body, 0, _HEAD_BYTES)
    if match is None:
        return None
    return match[1].decode("ascii")


def _charsets_of_language(tag: str | None) -> list[str]:
    """Return the charset that a language was written in before UTF-8, if it is known."""
    if tag is None:
        return []
    language = tag.lower()
    primary = language.split("-")[0]
    charset = _LEGACY_CHARSETS.get(language) or _LEGACY_CHARSETS.get(primary)
    return [charset] if charset else []
