"""Reads the response of one hop; bodies are read only if they are needed, and up to a limit."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from aggregator.adapters.html.bot_wall import WALL_STATUSES
from aggregator.errors import SourceError
from aggregator.fetch.content_encoding import decode_body, is_encoded
from aggregator.fetch.redirects import REDIRECT_STATUSES

if TYPE_CHECKING:
    from aiohttp import ClientResponse

MAX_HEADER_BYTES = 32 * 1024
# Besides 200 and 203: what misconfigured servers send with a whole document.
_CARELESS_STATUSES = frozenset({201, 202, 206, 226})
DOCUMENT_STATUSES = frozenset({200, 203}) | _CARELESS_STATUSES
_WHOLE_RANGE = re.compile(r"bytes\s+0-(?P<last>\d{1,18})/(?P<size>\d{1,18})\s*", re.IGNORECASE)
# Error bodies are only searched for signs of a bot wall.
_MAX_ERROR_BODY_BYTES = 64 * 1024
# Decoding more than this could hold up all other requests for milliseconds.
_MIN_BYTES_FOR_THREAD = 2 * 1024
# A repeated line continues the first (RFC 9110 §5.3).
_LIST_HEADERS = frozenset({"cache-control", "content-encoding", "link"})


@dataclass(frozen=True, slots=True)
class HopResponse:
    """The answer of one hop. `body` is still encoded, and empty if it was not worth reading."""

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...] = ()
    body: bytes = b""

    def has_document(self) -> bool:
        """Return whether the status is one of a document, and the whole of it came."""
        if self.status not in _CARELESS_STATUSES:
            return self.status in DOCUMENT_STATUSES
        content_range = self.headers.get("content-range", "")
        return bool(self.body.strip()) and _is_whole(content_range)

    async def decode_document(self, limit_bytes: int, deadline: float) -> bytes:
        """Decode the body; that of a refusal which cannot be decoded is empty.

        `deadline` is a time of `time.monotonic()`.

        Raises:
            SourceError: of kind `too-large`, `unreadable` or `timeout`, for a document only.
        """
        try:
            return await self._decode(limit_bytes, deadline)
        except SourceError:
            if self.has_document():
                raise
            return b""

    async def _decode(self, limit_bytes: int, deadline: float) -> bytes:
        label = self.headers.get("content-encoding")
        if not is_encoded(self.body, label):
            return self.body
        decode = partial(decode_body, self.body, label, limit=limit_bytes, deadline=deadline)
        if len(self.body) < _MIN_BYTES_FOR_THREAD:
            return decode()
        return await asyncio.to_thread(decode)


def _is_whole(content_range: str) -> bool:
    """Return whether a Content-Range covers the document; we ask for no range, so none is whole."""
    if not content_range:
        return True
    match = _WHOLE_RANGE.fullmatch(content_range)
    return match is not None and int(match["last"]) + 1 == int(match["size"])


async def read_response(response: ClientResponse, limit_bytes: int) -> HopResponse:
    """Read a response: its headers, and its body if it is of use. Raises: SourceError `too-large`."""
    _check_header_size(response)
    headers = _combine_headers(response)
    cookies: tuple[str, ...] = ()
    if response.status in REDIRECT_STATUSES:
        cookies = tuple(response.headers.getall("Set-Cookie", ()))
    body = await _read_body(response, limit_bytes)
    return HopResponse(response.status, headers, cookies, body)


def _check_header_size(response: ClientResponse) -> None:
    size = sum(len(name) + len(value) + 4 for name, value in response.raw_headers)
    if size > MAX_HEADER_BYTES:
        raise SourceError(
            "too-large", f"{size} bytes of headers, at most {MAX_HEADER_BYTES} are read"
        )


def _combine_headers(response: ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        lower = name.lower()
        if lower not in headers:
            headers[lower] = value
        elif lower in _LIST_HEADERS:
            headers[lower] += f", {value}"
    return headers


async def _read_body(response: ClientResponse, limit_bytes: int) -> bytes:
    if response.status in WALL_STATUSES:
        return await _read_beginning(response)
    if response.status not in DOCUMENT_STATUSES:
        return b""
    stated = response.content_length
    if stated is not None:
        if stated > limit_bytes:
            raise _too_large_error(limit_bytes)
        return await response.read()
    return await _read_stream(response, limit_bytes)


async def _read_stream(response: ClientResponse, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > limit_bytes:
            raise _too_large_error(limit_bytes)
        parts.append(part)
    return b"".join(parts)


async def _read_beginning(response: ClientResponse) -> bytes:
    body = b""
    async for part in response.content.iter_any():
        body += part
        if len(body) >= _MAX_ERROR_BODY_BYTES:
            break
    return body


def _too_large_error(limit_bytes: int) -> SourceError:
    return SourceError("too-large", f"the body is larger than {limit_bytes} bytes")
