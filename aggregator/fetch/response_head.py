"""Repairs the header section of HTTP answers as browsers do, before aiohttp parses it.

aiohttp refuses a whole answer for one header that nobody asked for. Here such a header is
dropped. Framing is never guessed: two different lengths stay for the parser, which refuses
them, and after an answer with two framings the connection is closed.

An answer without an end is refused as well: blank lines, interim answers (103), and chunks of
one byte each would keep the event loop busy until the deadline.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

from aggregator.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of all that comes before the body: blank lines, interim answers, and the head.
_MAX_HEAD_BYTES = 64 * 1024
# Of chunk sizes and the like; a body may have as much of them as it has of content.
_MIN_FRAMING_BYTES = 1024 * 1024
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Names with these are not repaired: a NUL or a lone CR may hide a second answer.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_INTERIM_STATUS = re.compile(rb"HTTP/1\.\d 1(?!01)")
_CONTENT_LENGTH = hdrs.CONTENT_LENGTH.lower().encode()
_TRANSFER_ENCODING = hdrs.TRANSFER_ENCODING.lower().encode()


class LenientResponseHandler(ResponseHandler):
    """aiohttp's protocol of one connection; it parses repaired headers."""

    _head: ResponseHead | None = None
    _body_wire_bytes = 0

    def set_response_params(self, **params: Any) -> None:
        """Prepare for the next answer on this connection."""
        self._head = ResponseHead()
        self._body_wire_bytes = 0
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the socket; header lines wait until their section is complete."""
        head = self._head
        if head is None or not data:
            super().data_received(data)
            self._limit_framing(len(data))
            return

        repaired = head.feed(data)
        if head.is_too_long:
            self._head = None
            self.set_exception(HttpProcessingError(message="Too many bytes before the body"))
            self.force_close()
            return
        if head.has_two_framings:
            self.force_close()
        if head.is_complete:
            self._head = None
        if repaired:
            super().data_received(repaired)

    def _limit_framing(self, received_bytes: int) -> None:
        """Refuse a body whose chunks are hardly more than their sizes."""
        self._body_wire_bytes += received_bytes
        payload = self._payload
        if payload is None:
            return
        framing_bytes = self._body_wire_bytes - payload.total_bytes
        if framing_bytes > max(_MIN_FRAMING_BYTES, payload.total_bytes):
            error = SourceError("unreadable", "the body has more chunk sizes than content")
            payload.set_exception(error)
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hand over the part of a head that came, so that the parser can say what is wrong."""
        if self._head is not None:
            rest = self._head.take_rest()
            self._head = None
            if rest:
                super().data_received(rest)
        super().connection_lost(exc)


class ResponseHead:
    """Takes the bytes of an answer and returns them with its header section repaired.

    The status line is passed on at once, the headers when all of them are there.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self.has_two_framings = False
        self.is_too_long = False
        self._status_line = b""
        self._has_status_line = False
        self._lines: list[bytes] = []
        self._size = 0
        self._partial_line = b""

    def feed(self, data: bytes) -> bytes:
        """Return what the parser may see now."""
        ready: list[bytes] = []
        start = 0
        while start < len(data) and not (self.is_complete or self.is_too_long):
            end = data.find(b"\n", start) + 1
            if end == 0:
                end = len(data)
            line = data[start:end]
            start = end
            self._size += len(line)
            self.is_too_long = self._size > _MAX_HEAD_BYTES
            if self._has_status_line:
                ready.append(self._read_header_line(line))
            else:
                self._read_status_line(line)
                ready.append(line)
        ready.append(data[start:])
        return b"".join(ready)

    def take_rest(self) -> bytes:
        """Return the bytes that wait for the end of their section, as they came."""
        rest = b"".join([*self._lines, self._partial_line])
        self._lines = []
        self._partial_line = b""
        return rest

    def _read_status_line(self, part: bytes) -> None:
        self._status_line += part[:64]
        if not part.endswith(b"\n"):
            return
        if self._status_line.startswith(b"HTTP/"):
            self._has_status_line = True
        elif self._status_line.strip(b"\r\n"):
            self.is_complete = True  # not HTTP: the parser says so
        else:
            self._status_line = b""

    def _read_header_line(self, part: bytes) -> bytes:
        line = self._partial_line + part
        self._partial_line = b""
        if not line.endswith(b"\n"):
            self._partial_line = line
            return b""

        self._lines.append(line)
        if line.strip(b"\r\n"):
            return b""
        return self._finish()

    def _finish(self) -> bytes:
        *lines, blank = self._lines
        head = b"".join([*self._repair(lines), blank])
        self._lines = []
        if _INTERIM_STATUS.match(self._status_line):
            # The final answer follows with a head of its own.
            self._has_status_line = False
            self._status_line = b""
        else:
            self.is_complete = True
        return head

    def _repair(self, lines: list[bytes]) -> list[bytes]:
        """Return the header lines without those that only a strict parser cares for."""
        fields = list(_valid_fields(lines))
        lengths = _values(fields, _CONTENT_LENGTH)
        codings = _values(fields, _TRANSFER_ENCODING)
        dropped = set()
        if codings == [b"identity"]:  # RFC 2616 had this name for no coding
            dropped.add(_TRANSFER_ENCODING)
        elif codings and codings[-1] == b"chunked" and lengths:
            # RFC 9112 §6.3: Transfer-Encoding overrides Content-Length.
            dropped.add(_CONTENT_LENGTH)
            self.has_two_framings = True

        is_repeated = len(lengths) > 1 and len(set(lengths)) == 1
        repaired = []
        for name, line in fields:
            if name in dropped:
                continue
            if name == _CONTENT_LENGTH and is_repeated:
                # RFC 9110 §8.6: equal lengths count once.
                line = hdrs.CONTENT_LENGTH.encode() + b": " + lengths[0] + b"\r\n"
                dropped.add(_CONTENT_LENGTH)
            repaired.append(line)
        return repaired


def _valid_fields(lines: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name in lower case and the line of each header; folded lines are joined.

    Headers whose name is empty, has a blank in it or is not ASCII are left out, and so are
    folded lines before the first header (RFC 9112 §2.2).
    """
    for line in _unfold(lines):
        name, colon, value = line.partition(b":")
        bare_name = name.rstrip(b" \t")
        if not colon or _CONTROL.search(name):
            yield b"", line  # the parser refuses it
        elif _TOKEN.fullmatch(bare_name):
            # RFC 9112 §5.1: the blank before the colon of an answer is removed.
            yield bare_name.lower(), bare_name + colon + value


def _unfold(lines: list[bytes]) -> list[bytes]:
    """Join each folded line to the header that it continues."""
    whole: list[bytes] = []
    for line in lines:
        if line[:1] not in (b" ", b"\t"):
            whole.append(line)
        elif whole:
            whole[-1] = whole[-1].rstrip(b"\r\n") + b" " + line.lstrip(b" \t")
    return whole


def _values(fields: list[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Return the values of a header that may be a list, in lower case."""
    values = []
    for field, line in fields:
        if field == name:
            for value in line.partition(b":")[2].split(b","):
                values.append(value.strip().lower())
    return values
