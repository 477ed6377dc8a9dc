"""A sitemap's bytes to its URLs and what stands beside each: XML by a streaming parser, or one address a line.

Rule: no DTD and no entity is read, nothing is nested deeper than the protocol needs, and what is inflated is bounded.
What breaks off in the middle keeps what came before.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from aggregator.adapters.charset import decode
from aggregator.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_INFLATED_BYTES = 50 * 1024 * 1024  # what sitemaps.org allows a sitemap
MAX_URLS = 50_000  # likewise
_MAX_DEPTH = 12
_MAX_TEXT = 4_096  # characters of one value
_MAX_VALUES = 64  # of one URL: images, mostly
_GZIP = b"\x1f\x8b"
_CHUNK = 65_536
_HOLDERS = ("url", "sitemap")


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap holds: for each URL the values by their names (`loc`, `news:title`), in its order.

    `index` tells that the URLs are those of other sitemaps, `repaired` that the document broke off or is malformed.
    """

    urls: tuple[Mapping[str, tuple[str, ...]], ...]
    index: bool = False
    repaired: bool = False


def read(body: bytes, content_type: str = "") -> Sitemap:
    """Read a sitemap. Raises: SourceError("parse") for what is none."""
    inflated, whole = _inflated(body)
    text = decode(inflated, content_type).lstrip("\ufeff \t\r\n")
    if not text:
        raise SourceError("parse", "an empty sitemap")
    found = _xml(text) if text.startswith("<") else _lines(text)
    return found if whole else Sitemap(found.urls, found.index, repaired=True)


def _inflated(body: bytes) -> tuple[bytes, bool]:
    """Unpack a `.gz` that was served as it is; False where it was longer than is allowed, or broken."""
    if not body.startswith(_GZIP):
        return body, True
    packed = zlib.decompressobj(wbits=31)
    try:
        found = packed.decompress(body, MAX_INFLATED_BYTES)
    except zlib.error as e:
        raise SourceError("parse", f"a gzip file that cannot be unpacked: {e}") from e
    return found, packed.eof


def _lines(text: str) -> Sitemap:
    stated = [line.strip() for line in text.splitlines()[: 2 * MAX_URLS] if line.strip()]
    addresses = [
        line
        for line in stated
        if line.lower().startswith(("http://", "https://")) and " " not in line
    ]
    if 2 * len(addresses) <= len(stated):
        raise SourceError(
            "parse", f"no sitemap: it begins with `{' '.join(text[:200].split())[:40]}`"
        )
    return Sitemap(tuple({"loc": (address[:_MAX_TEXT],)} for address in addresses[:MAX_URLS]))


def _xml(text: str) -> Sitemap:
    handler = _Handler()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = handler.start, handler.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = handler.text, _refuse
    parser.buffer_text = True
    repaired = False
    data = text.encode("utf-8", "replace")
    parser.UseForeignDTD(False)
    try:
        for place in range(0, len(data), _CHUNK):
            parser.Parse(data[place : place + _CHUNK], False)
        parser.Parse(b"", True)
    except _FullError:
        repaired = True
    except expat.ExpatError as e:
        if handler.root is None:
            raise SourceError("parse", f"XML that cannot be read: {e}") from e
        repaired = True
    if handler.root not in ("urlset", "sitemapindex"):
        raise SourceError("parse", f"no sitemap: XML whose root is <{handler.root}>")
    return Sitemap(tuple(handler.urls), handler.root == "sitemapindex", repaired)


class _FullError(Exception):
    """There are as many URLs as will be read."""


def _refuse(*_: object) -> None:
    raise SourceError("parse", "a sitemap with a DTD, which is not read")


@dataclass
class _Handler:
    """Collects the values of each URL as the parser meets them."""

    root: str | None = None
    urls: list[Mapping[str, tuple[str, ...]]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _values: dict[str, list[str]] = field(default_factory=dict)
    _text: list[str] = field(default_factory=list)
    _length: int = 0

    def start(self, name: str, _: Mapping[str, str]) -> None:
        local = _name(name)
        if self.root is None:
            self.root = local
        if len(self._open) >= _MAX_DEPTH:
            raise SourceError("parse", "a sitemap of elements in elements without end")
        self._open.append(local)
        self._text.clear()
        self._length = 0

    def text(self, text: str) -> None:
        if self._length < _MAX_TEXT:
            self._text.append(text[:_MAX_TEXT])
            self._length += len(text)

    def end(self, _: str) -> None:
        name = self._open.pop()
        value = " ".join("".join(self._text).split())[:_MAX_TEXT]
        self._text.clear()
        if name in _HOLDERS and len(self._open) == 1:
            self.urls.append({key: tuple(values) for key, values in self._values.items()})
            self._values = {}
            if len(self.urls) >= MAX_URLS:
                raise _FullError
        elif value and len(self._open) > 1:
            values = self._values.setdefault(name, []) if len(self._values) < _MAX_VALUES else []
            if len(values) < _MAX_VALUES:
                values.append(value)


def _name(name: str) -> str:
    """`…/sitemap-news/0.9 title` -> `news:title`; the protocol's own names stand alone."""
    namespace, _, local = name.rpartition(" ")
    for kind in ("news", "image", "video"):
        if f"sitemap-{kind}/" in namespace:
            return f"{kind}:{local}"
    return local
