"""The XML parser that feedparser uses: expat, with the text between two tags in one piece.

Without it Python's own driver calls feedparser for each line and each entity of a text, which took
a quarter of the time of reading a feed. feedparser joins the pieces in any case.
"""

from __future__ import annotations

from typing import Any, cast
from xml.sax.expatreader import ExpatParser

import feedparser.api

# Of a document that is known to be UTF-8; feedparser ignores the second one.
UTF8_HEADERS = {"content-type": "application/xml; charset=utf-8", "x-known-charset": "utf-8"}
_convert_to_utf8 = feedparser.api.convert_to_utf8
_BUFFER_BYTES = 64 * 1024
_SHORT_PIECE = _BUFFER_BYTES // 4  # characters: the last piece of a text is mostly shorter
# Of the text between two tags; what is longer than a quarter of it is too long for an entry, unless
# an inlined picture makes it so. feedparser keeps several copies, of four bytes a character.
_MAX_TEXT_CHARACTERS = 8 * 1024 * 1024


class _BufferedParser(ExpatParser):
    _parser: Any
    _cont_handler: Any
    _text_characters = 0

    def reset(self) -> None:
        super().reset()
        self._parser.buffer_text = True
        self._parser.buffer_size = _BUFFER_BYTES

    def _reset_cont_handler(self) -> None:
        super()._reset_cont_handler()  # type: ignore[misc]
        self._parser.CharacterDataHandler = self._pass_text

    def _pass_text(self, data: str) -> None:
        """Pass a piece of text on, unless its text is far too long already."""
        if len(data) < _SHORT_PIECE:
            self._text_characters = 0
        else:
            self._text_characters += len(data)
        if self._text_characters <= _MAX_TEXT_CHARACTERS:
            self._cont_handler.characters(data)


def create_parser() -> ExpatParser:
    """Return a parser; `xml.sax.make_parser` looks for a function of this name."""
    return cast("ExpatParser", _BufferedParser())


def keep_utf8(http_headers: Any, data: bytes, result: Any) -> Any:
    """Stand in for feedparser's conversion to UTF-8, which makes three copies of a document.

    It is left out for documents with UTF8_HEADERS.
    """
    if "x-known-charset" in http_headers:
        result["encoding"] = "utf-8"
        return data
    return _convert_to_utf8(http_headers, data, result)


def prefer_for_feedparser() -> None:
    """Make feedparser use this parser before all others."""
    if __name__ not in feedparser.api.PREFERRED_XML_PARSERS:
        feedparser.api.PREFERRED_XML_PARSERS.insert(0, __name__)
    feedparser.api.convert_to_utf8 = keep_utf8
