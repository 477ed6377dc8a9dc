"""Decodes the content codings of a response body.

Decoding never produces more than `limit` bytes, whatever the compressed bytes promise. A body that cannot be
decoded to its end is an error, never half a document. As in browsers, a label that names no coding is ignored:
servers write `utf-8`, `none` or `aws-chunked` there and send the body as it is.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

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
_CHUNK_BYTES = 1024 * 1024
_SNIFFED_BYTES = 1445
_BINARY_BYTE = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_UTF_16_MARKS = (b"\xfe\xff", b"\xff\xfe")
_DOCUMENT_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*[<{\[]")
_DECODE_ERRORS = (zlib.error, brotli.error, zstd.ZstdError, EOFError)


def decode_body(body: bytes, label: str | None, *, limit: int) -> bytes:
    """Undo the codings of a Content-Encoding label, the last one first.

    A bare `.gz` file is inflated as well.

    Raises:
        SourceError: `too-large` past `limit` bytes, `unreadable` for a body that cannot be
            decoded, or that is not text and has a coding that we do not know.
    """
    names = _parse_codings(label or "")
    codings = [name for name in names if name in _DECODERS]
    if not codings and names and _is_binary(body):
        raise SourceError("unreadable", f"unknown content coding {names[-1][:40]!r}")
    if len(codings) > _MAX_CODINGS:
        raise SourceError(
            "unreadable",
            f"{len(codings)} content codings on one answer, at most {_MAX_CODINGS} are undone",
        )

    for coding in reversed(codings):
        body = _decode_one(body, coding, limit=limit)
    if body.startswith(_GZIP_MAGIC) and len(codings) < _MAX_CODINGS:
        body = _decode_one(body, "gzip", limit=limit)
    return body


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


def _decode_one(body: bytes, name: str, *, limit: int) -> bytes:
    if not body:
        return b""
    try:
        return _DECODERS[name](body, limit)
    except _DECODE_ERRORS as error:
        if _DOCUMENT_START.match(body) and not _is_binary(body):
            return body  # a label without its coding, as with gzip
        raise SourceError("unreadable", f"the {name} body cannot be decoded ({error})") from error


def _too_large_error(limit: int) -> SourceError:
    return SourceError("too-large", f"the body is larger than {limit} bytes once decompressed")


def _decode_gzip(body: bytes, limit: int) -> bytes:
    # Servers that label what they did not compress are common; such a body does not begin like a gzip file.
    if not body.startswith(_GZIP_MAGIC):
        return body
    parts: list[bytes] = []
    left = limit
    while body.startswith(
        _GZIP_MAGIC
    ):  # a gzip file may be several members; what follows them is padding
        part, body = _inflate(body, zlib.MAX_WBITS | 16, left, limit)
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _decode_deflate(body: bytes, limit: int) -> bytes:
    try:
        return _inflate(body, zlib.MAX_WBITS, limit, limit)[0]
    except (
        zlib.error
    ):  # some servers send the bare stream without the zlib wrapper of RFC 9110 §8.4.1.2
        return _inflate(body, -zlib.MAX_WBITS, limit, limit)[0]


def _inflate(body: bytes, wbits: int, left: int, limit: int) -> tuple[bytes, bytes]:
    stream = zlib.decompressobj(wbits)
    part = stream.decompress(body, left + 1)
    if len(part) > left:
        raise _too_large_error(limit)
    if not stream.eof:
        raise EOFError("it ends early")
    return part, stream.unused_data


def _decode_brotli(body: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    parts = [stream.process(body, output_buffer_limit=_CHUNK_BYTES)]
    size = len(parts[0])
    while size <= limit and not stream.is_finished():
        part = stream.process(b"", output_buffer_limit=_CHUNK_BYTES)
        if not part:
            raise EOFError("it ends early")
        parts.append(part)
        size += len(part)
    if size > limit:
        raise _too_large_error(limit)
    return b"".join(parts)


def _decode_zstd(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    left = limit
    while body:
        frame = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        part = frame.decompress(body, left + 1)
        if len(part) > left:
            raise _too_large_error(limit)
        if not frame.eof:
            raise EOFError("it ends early")
        parts.append(part)
        left -= len(part)
        body = frame.unused_data
    return b"".join(parts)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _decode_gzip,
    "x-gzip": _decode_gzip,
    "deflate": _decode_deflate,
    "br": _decode_brotli,
    "zstd": _decode_zstd,
}
