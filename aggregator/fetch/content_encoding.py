"""Decodes the content codings of a response body.

Decoding takes time in proportion to the bytes received and produced, never produces more than
`limit` bytes, whatever the compressed bytes promise, and ends at its deadline. A body that cannot be
decoded to its end is an error, never half a document. As in browsers, a label that names no coding
is ignored: servers write `utf-8`, `none` or `aws-chunked` there and send the body as it is.
"""

from __future__ import annotations

import re
import time
import zlib
from typing import TYPE_CHECKING, Protocol

import brotli  # type: ignore[import-untyped]

from aggregator import zstd
from aggregator.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

ACCEPT_ENCODING = "gzip, br, zstd"
_MAX_CODINGS = 2
_GZIP_MAGIC = b"\x1f\x8b"
# RFC 9659: the window that a receiver of HTTP must be able to hold is 8 MiB, and it needs no larger one.
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
_INPUT_BYTES = 16 * 1024
_OUTPUT_BYTES = 1024 * 1024
# A file of many members comes from a parallel compressor, with 64 kB or more in each.
_MAX_MEMBERS = 1_000
_SNIFFED_BYTES = 1445
_BINARY_BYTE = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_UTF_16_MARKS = (b"\xfe\xff", b"\xff\xfe")
_DOCUMENT_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*[<{\[]")
_DECODE_ERRORS = (zlib.error, brotli.error, zstd.ZstdError, EOFError)


def is_encoded(body: bytes, label: str | None) -> bool:
    """Tell whether a body has to be decoded."""
    if body.startswith(_GZIP_MAGIC):
        return True
    codings = _parse_codings(label or "")
    return len(codings) > 0


def decode_body(
    body: bytes, label: str | None, *, limit: int, deadline: float | None = None
) -> bytes:
    """Undo the codings of a Content-Encoding label, the last one first.

    A bare `.gz` file is inflated as well. `deadline` is a time of `time.monotonic()`.

    Raises:
        SourceError: `too-large` past `limit` bytes, `unreadable` for a body that cannot be
            decoded, or that is not text and has a coding that we do not know, `timeout` after
            the deadline.
    """
    codings = _known_codings(body, label or "")
    for coding in reversed(codings):
        body = _decode_one(body, coding, _Output(limit, deadline))

    has_room = len(codings) < _MAX_CODINGS
    if has_room and body.startswith(_GZIP_MAGIC):
        body = _decode_one(body, "gzip", _Output(limit, deadline))
    return body


def _known_codings(body: bytes, label: str) -> list[str]:
    """Return the codings of a label that can be undone. Raises SourceError."""
    names = _parse_codings(label)
    codings = [name for name in names if name in _DECODERS]
    if len(codings) > _MAX_CODINGS:
        raise SourceError(
            "unreadable",
            f"{len(codings)} content codings on one answer, at most {_MAX_CODINGS} are undone",
        )

    has_only_unknown = bool(names) and not codings
    if has_only_unknown and _is_binary(body):
        raise SourceError("unreadable", f"unknown content coding {names[-1][:40]!r}")
    return codings


def _parse_codings(label: str) -> list[str]:
    """Return the codings of a label in lower case, without `identity`."""
    codings = []
    for part in label.split(","):
        name = part.strip().lower()
        if name not in ("", "identity"):
            codings.append(name)
    return codings


def _is_binary(body: bytes) -> bool:
    """Tell whether a body is no text and no gzip file, by its first bytes (WHATWG MIME Sniffing §7.1)."""
    if body.startswith((_GZIP_MAGIC, *_UTF_16_MARKS)):
        return False
    return _BINARY_BYTE.search(body, 0, _SNIFFED_BYTES) is not None


def _decode_one(body: bytes, name: str, output: _Output) -> bytes:
    if not body:
        return b""
    try:
        _DECODERS[name](body, output)
    except _DECODE_ERRORS as error:
        if _DOCUMENT_START.match(body) and not _is_binary(body):
            return body  # a label without its coding, as with gzip
        raise SourceError("unreadable", f"the {name} body cannot be decoded ({error})") from error
    return output.join()


class _Stream(Protocol):
    """A decoder of one gzip member or zstd frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: memoryview, max_length: int) -> bytes: ...


class _Output:
    """What was decoded so far, within the limits of size and time."""

    def __init__(self, limit: int, deadline: float | None) -> None:
        self._limit = limit
        self._deadline = deadline
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def most_bytes(self) -> int:
        """How many bytes the next part may have to be taken or to be known as too large."""
        return self._limit - self._size + 1

    def add(self, part: bytes) -> None:
        """Take a part. Raises: SourceError `too-large` or `timeout`."""
        self._size += len(part)
        if self._size > self._limit:
            raise SourceError(
                "too-large", f"the body is larger than {self._limit} bytes once decompressed"
            )
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise SourceError("timeout", "the body was not decompressed in time")
        self._parts.append(part)

    def clear(self) -> None:
        self._parts.clear()
        self._size = 0

    def join(self) -> bytes:
        return b"".join(self._parts)


def _decode_gzip(body: bytes, output: _Output) -> None:
    # Servers that label what they did not compress are common; such a body does not begin like a gzip file.
    if not body.startswith(_GZIP_MAGIC):
        output.add(body)
        return
    position = members = 0
    # A gzip file may be several members; what follows them is padding.
    while body.startswith(_GZIP_MAGIC, position):
        members += 1
        _check_members(members)
        position = _decode_member(zlib.decompressobj(zlib.MAX_WBITS | 16), body, position, output)


def _decode_deflate(body: bytes, output: _Output) -> None:
    try:
        _decode_member(zlib.decompressobj(zlib.MAX_WBITS), body, 0, output)
    except zlib.error:
        # Some servers send the bare stream without the zlib wrapper of RFC 9110 §8.4.1.2.
        output.clear()
        _decode_member(zlib.decompressobj(-zlib.MAX_WBITS), body, 0, output)


def _decode_zstd(body: bytes, output: _Output) -> None:
    position = frames = 0
    while position < len(body):
        frames += 1
        _check_members(frames)
        frame = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        position = _decode_member(frame, body, position, output)


def _decode_brotli(body: bytes, output: _Output) -> None:
    stream = brotli.Decompressor()
    output.add(stream.process(body, output_buffer_limit=_OUTPUT_BYTES))
    while not stream.is_finished():
        part = stream.process(b"", output_buffer_limit=_OUTPUT_BYTES)
        if not part:
            raise EOFError("it ends early")
        output.add(part)


def _decode_member(stream: _Stream, body: bytes, position: int, output: _Output) -> int:
    """Decode one gzip member or zstd frame that begins at `position`; return where it ends.

    It is handed over in small parts, since the decoder copies what follows a member: all the rest
    of the body for each of many small ones would take quadratic time.
    """
    view = memoryview(body)
    while not stream.eof:
        if position >= len(view):
            raise EOFError("it ends early")
        part = view[position : position + _INPUT_BYTES]
        position += len(part)
        output.add(stream.decompress(part, output.most_bytes))
    return position - len(stream.unused_data)


def _check_members(count: int) -> None:
    if count > _MAX_MEMBERS:
        raise EOFError(f"it has more than {_MAX_MEMBERS} parts")


_DECODERS: dict[str, Callable[[bytes, _Output], None]] = {
    "gzip": _decode_gzip,
    "x-gzip": _decode_gzip,
    "deflate": _decode_deflate,
    "br": _decode_brotli,
    "zstd": _decode_zstd,
}
