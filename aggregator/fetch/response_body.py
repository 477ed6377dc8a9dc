"""One hop's answer, read within limits.

Rule: nothing is read that is not needed, and nothing is read to its end only because it goes on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.errors import SourceError
from aggregator.fetch.content_encoding import decoded
from aggregator.fetch.redirects import REDIRECTS
from aggregator.fetch.wall import WALL_STATUSES

if TYPE_CHECKING:
    from aiohttp import ClientResponse

MOST_HEADER_BYTES = 32 * 1024
DOCUMENT = frozenset({200, 203})
_REFUSAL_BYTES = (
    64 * 1024
)  # no more of a refusal's body is read: it is only searched for the marks of a wall
_OFF_LOOP_BYTES = (
    256 * 1024
)  # decoding more than this would hold up all other requests for milliseconds
_LISTS = frozenset(
    {"cache-control", "content-encoding", "link"}
)  # a repeated line continues the first (RFC 9110 §5.3)


@dataclass(frozen=True, slots=True)
class Answer:
    """One hop's answer. `body` is as it came, still coded; empty where it was not worth reading."""

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...] = ()
    body: bytes = b""

    async def document(self, limit_bytes: int) -> bytes:
        """Decode the body. Raises: SourceError `too-large`, `unreadable`; for a refusal nothing, "" then."""
        try:
            return await self._decoded(limit_bytes)
        except SourceError:
            if self.status in DOCUMENT:
                raise
            return b""

    async def _decoded(self, limit_bytes: int) -> bytes:
        label = self.headers.get("content-encoding")
        if len(self.body) < _OFF_LOOP_BYTES:
            return decoded(self.body, label, limit=limit_bytes)
        return await asyncio.to_thread(decoded, self.body, label, limit=limit_bytes)


async def read(response: ClientResponse, limit_bytes: int) -> Answer:
    """Read an answer: its headers, and its body where there is a use for it. Raises: SourceError `too-large`."""
    _refuse_large_headers(response)
    status = response.status
    cookies = tuple(response.headers.getall("Set-Cookie", ())) if status in REDIRECTS else ()
    return Answer(status, _headers(response), cookies, await _body(response, limit_bytes))


def _refuse_large_headers(response: ClientResponse) -> None:
    size = sum(len(name) + len(value) + 4 for name, value in response.raw_headers)
    if size > MOST_HEADER_BYTES:
        raise SourceError(
            "too-large", f"{size} bytes of headers, at most {MOST_HEADER_BYTES} are read"
        )


def _headers(response: ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        lower = name.lower()
        if lower not in headers:
            headers[lower] = value
        elif lower in _LISTS:
            headers[lower] += f", {value}"
    return headers


async def _body(response: ClientResponse, limit_bytes: int) -> bytes:
    if response.status in WALL_STATUSES:
        return await _beginning(response)
    if response.status not in DOCUMENT:
        return b""
    stated = response.content_length
    if stated is not None:
        if stated > limit_bytes:
            raise _too_large(limit_bytes)
        return await response.read()
    return await _streamed(response, limit_bytes)


async def _streamed(response: ClientResponse, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > limit_bytes:
            raise _too_large(limit_bytes)
        parts.append(part)
    return b"".join(parts)


async def _beginning(response: ClientResponse) -> bytes:
    body = b""
    async for part in response.content.iter_any():
        body += part
        if len(body) >= _REFUSAL_BYTES:
            break
    return body


def _too_large(limit_bytes: int) -> SourceError:
    return SourceError("too-large", f"the body is larger than {limit_bytes} bytes")
