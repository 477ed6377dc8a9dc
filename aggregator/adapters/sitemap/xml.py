"""Reads the bytes of a sitemap: XML with a streaming parser, or a text with one URL a line.

No DTD and no entity is read, nothing is nested deeper than the protocol needs, and
what is unpacked has a limit. A document that breaks off keeps what came before.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from xml.parsers import expat

from aggregator.adapters.charset import decode_document
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
    """The URLs of a sitemap in its order, each as values by name (`loc`, `news:title`).

    `index`: the URLs are those of other sitemaps. `repaired`: the document broke off or is
    malformed. `notes` say what else a person should know of it.
    """

    urls: tuple[Mapping[str, tuple[str, ...]], ...]
    is_index: bool = False
    is_repaired: bool = False
    notes: tuple[str, ...] = ()


def read(body: bytes, content_type: str = "") -> Sitemap:
    """Read a sitemap.

    Raises:
        SourceError: "parse" for what is none.
    """
    unpacked, is_whole = _unpack(body)
    decoded = decode_document(unpacked, content_type)
    text = decoded.text.lstrip("\ufeff \t\r\n")
    if not text:
        raise SourceError("parse", "an empty sitemap")

    sitemap = _read_xml(text) if text.startswith("<") else _read_lines(text)
    if not is_whole:
        sitemap = replace(sitemap, is_repaired=True)
    return replace(sitemap, notes=decoded.notes)


def _unpack(body: bytes) -> tuple[bytes, bool]:
    """Unpack a `.gz` that was served as a file.

    The second value is False if it was longer than is allowed, or broken.
    """
    if not body.startswith(_GZIP):
        return body, True
    decompressor = zlib.decompressobj(wbits=31)
    try:
        unpacked = decompressor.decompress(body, MAX_INFLATED_BYTES)
    except zlib.error as e:
        raise SourceError("parse", f"a gzip file that cannot be unpacked: {e}") from e
    return unpacked, decompressor.eof


def _read_lines(text: str) -> Sitemap:
    """Read one URL a line; more than half of the lines must be URLs."""
    lines = 0
    urls = []
    for line in text.splitlines()[: 2 * MAX_URLS]:
        stripped = line.strip()
        if not stripped:
            continue
        lines += 1
        if stripped.lower().startswith(("http://", "https://")) and " " not in stripped:
            urls.append(stripped)

    if 2 * len(urls) <= lines:
        beginning = " ".join(text[:200].split())[:40]
        raise SourceError("parse", f"no sitemap: it begins with `{beginning}`")
    return Sitemap(tuple({"loc": (url[:_MAX_TEXT],)} for url in urls[:MAX_URLS]))


def _read_xml(text: str) -> Sitemap:
    collector = _Collector()
    repaired = False
    try:
        _feed(collector, text.encode("utf-8", "replace"))
    except _TooManyUrlsError:
        repaired = True
    except expat.ExpatError as e:
        if collector.root is None:
            raise SourceError("parse", f"XML that cannot be read: {e}") from e
        repaired = True

    if collector.root not in ("urlset", "sitemapindex"):
        raise SourceError("parse", f"no sitemap: XML whose root is <{collector.root}>")
    return Sitemap(tuple(collector.urls), collector.root == "sitemapindex", repaired)


def _feed(collector: _Collector, data: bytes) -> None:
    # The text was decoded already, whatever encoding its declaration names.
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.StartElementHandler = collector.start
    parser.EndElementHandler = collector.end
    parser.CharacterDataHandler = collector.text
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.buffer_text = True
    parser.UseForeignDTD(False)

    for start in range(0, len(data), _CHUNK):
        parser.Parse(data[start : start + _CHUNK], False)
    parser.Parse(b"", True)


class _TooManyUrlsError(Exception):
    """There are as many URLs as will be read."""


def _refuse_dtd(*_: object) -> None:
    raise SourceError("parse", "a sitemap with a DTD, which is not read")


@dataclass
class _Collector:
    """Collects the values of each URL while the parser runs."""

    root: str | None = None
    urls: list[Mapping[str, tuple[str, ...]]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)  # names, from the root inwards
    _values: dict[str, list[str]] = field(default_factory=dict)  # of the present URL
    _text: list[str] = field(default_factory=list)  # of the present element
    _length: int = 0

    def start(self, name: str, _: Mapping[str, str]) -> None:
        prefixed = _prefixed_name(name)
        if self.root is None:
            self.root = prefixed
        if len(self._open) >= _MAX_DEPTH:
            raise SourceError("parse", "a sitemap of elements in elements without end")
        self._open.append(prefixed)
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
            self._add_url()
        elif value and len(self._open) > 1:
            self._add_value(name, value)

    def _add_url(self) -> None:
        self.urls.append({name: tuple(values) for name, values in self._values.items()})
        self._values = {}
        if len(self.urls) >= MAX_URLS:
            raise _TooManyUrlsError

    def _add_value(self, name: str, value: str) -> None:
        if len(self._values) >= _MAX_VALUES:  # so many names are no sitemap's
            return
        values = self._values.setdefault(name, [])
        if len(values) < _MAX_VALUES:
            values.append(value)


def _prefixed_name(name: str) -> str:
    """Replace a namespace by its prefix: `…/sitemap-news/0.9 title` -> `news:title`.

    The protocol's own names have no prefix.
    """
    namespace, _, local = name.rpartition(" ")
    for prefix in ("news", "image", "video"):
        if f"sitemap-{prefix}/" in namespace:
            return f"{prefix}:{local}"
    return local
