"""Decodes the bytes of a feed or a page.

A byte order mark decides, unless the bytes after it are something else. After it, valid UTF-8
beats every label, and a document that is UTF-8 but for some broken characters stays UTF-8.
For others the labels (HTTP, the document's own) are checked against the text; where they are
missing or clearly false, the charset is the one in which the text makes words.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.adapters.charset.detection import detect
from aggregator.adapters.charset.labels import CODECS

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0 appendix F and RFC 4627 §3: a document without a mark begins with ASCII characters,
# in most cases with `<` or `{`.
_SIGNATURES = (
    (re.compile(rb"[\t\n\r -~]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[\t\n\r -~]"), "utf-32-be"),
    (re.compile(rb"[\t\n\r -~]\0(?!\0)"), "utf-16-le"),
    (re.compile(rb"\0[\t\n\r -~]"), "utf-16-be"),
)
# Python also knows codecs that are no charsets, or cost quadratic time (punycode), or run escapes.
_CHARSETS = re.compile(r"iso8859|cp\d+|koi8|gb|big5|euc|shift_jis|iso2022|mac|hz|tis-620|johab")
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
    "lt": "cp1257",
    "lv": "cp1257",
    "et": "cp1257",
    "vi": "cp1258",
    "th": "cp874",
}
_HTTP_LABEL = re.compile(r"charset\s*=\s*[\"']?([^\s\"';]+)", re.IGNORECASE)
_XML_LABEL = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE
)
_LANGUAGE = re.compile(
    rb"(?:<(?:dc:)?language>|xml:lang=[\"']|\"language\"\s*:\s*\")\s*([A-Za-z-]{2,8})"
)
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]")
_HEAD_BYTES = 4096
_MAX_BROKEN = 2  # characters of a labelled UTF-8 that say nothing against the label
_REPLACEMENT = "\ufffd"
_REPLACEMENT_BYTES = _REPLACEMENT.encode()
_WESTERN = "cp1252"


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text of a document, the charset that it was read in, and how much of it was broken.

    `broken` counts the characters that are shown as U+FFFD because their bytes are no
    characters of the charset.
    """

    text: str
    charset: str
    broken: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the document's bytes."""
        if not self.broken:
            return ()
        characters = "character" if self.broken == 1 else "characters"
        return (f"broken text: {self.broken} {characters} not valid in {self.charset}",)


def decode(
    body: bytes, content_type: str = "", *, labels: Sequence[str] = (), language: str | None = None
) -> str:
    """Decode a document and remove its byte order mark; see `decode_document`."""
    return decode_document(body, content_type, labels=labels, language=language).text


def decode_document(
    body: bytes, content_type: str = "", *, labels: Sequence[str] = (), language: str | None = None
) -> DecodedText:
    """Decode a document, remove its byte order mark, and tell how that was done.

    Every input gives a text, at worst with U+FFFD in it. `labels` are the charsets that the
    document names in a way of its own kind (`<meta charset>`), `language` is its BCP 47 tag.
    An XML declaration and a feed's language are found here.
    """
    for mark, charset in _MARKS:
        if body.startswith(mark):
            rest = body[len(mark) :]
            if not _is_false_mark(rest, charset):
                return _read(rest, charset)
            body = rest
            break
    for signature, charset in _SIGNATURES:
        if signature.match(body):
            return _read(body, charset)
    return _decode_by_labels(body, _find_charsets(body, content_type, labels), language)


def decode_utf8(body: bytes) -> DecodedText | None:
    """Decode UTF-8 that may have broken characters; None if the bytes are something else."""
    decoded = _read(body.removeprefix(codecs.BOM_UTF8), "utf-8")
    if decoded.broken and not _is_mostly_utf8(decoded):
        return None
    return decoded


def _is_false_mark(rest: bytes, charset: str) -> bool:
    """Tell whether the bytes after a mark are not what the mark says.

    UTF-16 and UTF-32 have zero bytes, in ASCII characters at least.
    """
    if charset == "utf-8":
        has_another_mark = any(signature.match(rest) for signature, _ in _SIGNATURES)
        if has_another_mark:
            return True
        return decode_utf8(rest) is None

    if not rest or b"\0" in rest:
        return False
    return decode_utf8(rest) is not None


def _decode_by_labels(body: bytes, labelled: Sequence[str], language: str | None) -> DecodedText:
    """Decode bytes that are no UTF-16 or UTF-32; `labelled` are the charsets of labels."""
    if b"\x1b" in body:
        charset = _find_iso2022(body, labelled)
        if charset:
            return _read(body, charset)
    try:
        return DecodedText(body.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass

    utf8 = _read(body, "utf-8")
    is_utf8_by_label = "utf-8" in labelled and utf8.broken <= _MAX_BROKEN
    if is_utf8_by_label or _is_mostly_utf8(utf8):
        return utf8

    legacy_labels = [name for name in labelled if name != "utf-8"]
    tag = language or _feed_language(body)
    return _decode_legacy(body, legacy_labels, tag)


def _find_iso2022(body: bytes, labelled: Sequence[str]) -> str | None:
    """Return the charset of a document in ISO 2022, whose bytes are all ASCII."""
    for charset in labelled:
        if charset.startswith("iso2022"):
            return charset
    if _ISO_2022_JP.search(body):
        return CODECS["iso-2022-jp"]
    return None


def _is_mostly_utf8(decoded: DecodedText) -> bool:
    """Tell whether the characters beyond ASCII are valid more often than broken.

    In other charsets a sequence of bytes is valid UTF-8 by chance only: in about one of ten
    characters of Chinese and Thai, hardly ever elsewhere.
    """
    beyond_ascii = len(decoded.text) - len(decoded.text.encode("ascii", "ignore"))
    valid = beyond_ascii - decoded.broken
    return valid > decoded.broken


def _decode_legacy(body: bytes, labelled: Sequence[str], language: str | None) -> DecodedText:
    primary = language.lower().split("-")[0] if language else None
    charset = detect(body, labelled, primary)
    if charset is None:
        by_language = _charsets_of_language(language)
        charset = next(iter((*labelled, *by_language)), _WESTERN)
    return _read(body, charset)


def _read(body: bytes, charset: str) -> DecodedText:
    text = body.decode(charset, "replace")
    broken = text.count(_REPLACEMENT)
    if broken and charset == "utf-8":
        broken -= body.count(_REPLACEMENT_BYTES)
    return DecodedText(text, charset, broken)


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
    known = CODECS.get(label.strip().lower())
    if known:
        return known
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    if not _CHARSETS.match(name):
        return None
    return CODECS.get(name.replace("_", "-"), name)


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
