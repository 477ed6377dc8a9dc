"""The limits of connections: who is disconnected, and what bad requests get."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.web import ConnectionLimits, WebServer, make_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

REQUEST = b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Visitors:
    """Clients of a server, each with a connection of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(writer)
        return reader, writer

    async def leave(self) -> None:
        for writer in self._writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def served(
    site: Any, *, prepare: Callable[..., Awaitable[None]] | None = None, **limits: Any
) -> AsyncIterator[Visitors]:
    """Serve a site; `prepare` is awaited before each answer is sent."""
    app = make_app(site)
    if prepare is not None:
        app.on_response_prepare.insert(0, prepare)
    server = await WebServer(app, ConnectionLimits(**{"connections": 10} | limits)).start(
        "127.0.0.1", 0
    )
    visitors = Visitors(server.port)
    try:
        yield visitors
    finally:
        await visitors.leave()
        await server.close()


async def status_of(streams: Streams, request: bytes = REQUEST) -> bytes:
    """Send a request and return the first line of its answer, b"" for a closed connection."""
    reader, writer = streams
    try:
        writer.write(request)
        await writer.drain()
        return await reader.readline()
    except ConnectionError:
        return b""


async def is_closed(streams: Streams) -> bool:
    """Wait until the server closes the connection."""
    try:
        while await streams[0].read(65_536):
            pass
    except ConnectionError:
        pass
    return True


def test_a_client_that_says_nothing_is_disconnected(site: Any) -> None:
    async def play() -> bool:
        async with served(site, request_seconds=0.05) as visitors:
            silent = await visitors.connect()
            silent[1].write(b"GET / HT")  # never ends
            return await is_closed(silent)

    assert asyncio.run(play())


def test_a_connection_that_is_kept_for_nothing_is_closed(site: Any) -> None:
    async def play() -> tuple[bytes, bool]:
        async with served(site, idle_seconds=0.05) as visitors:
            streams = await visitors.connect()
            return await status_of(streams), await is_closed(streams)

    assert asyncio.run(play()) == (b"HTTP/1.1 200 OK\r\n", True)


def test_an_answer_that_is_not_made_in_time_is_given_up(site: Any) -> None:
    async def play() -> bytes:
        release = asyncio.Event()

        async def wait(*_: Any) -> None:
            await release.wait()

        async with served(site, prepare=wait, response_seconds=0.05) as visitors:
            status = await status_of(await visitors.connect())
            release.set()
            return status

    assert asyncio.run(play()) == b""


def test_where_too_many_connections_wait_the_one_that_waits_longest_makes_room(site: Any) -> None:
    async def play() -> tuple[list[bytes], bytes, bool]:
        async with served(site, connections=3) as visitors:
            idle = [await visitors.connect() for _ in range(3)]
            served_now = [await status_of(idle[2])]
            newcomers = [await visitors.connect() for _ in range(2)]
            served_now += [await status_of(streams) for streams in newcomers]
            kept = await status_of(idle[2])
            gone = await is_closed(idle[0]) and await is_closed(idle[1])
            return served_now, kept, gone

    ok = b"HTTP/1.1 200 OK\r\n"
    served_now, kept, gone = asyncio.run(play())

    assert (served_now, gone) == ([ok, ok, ok], True)
    assert kept != b""


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS on a plain port
        b"GET / HTTP/9.9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nBad Header: 1\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["tls", "version", "header", "too-long"],
)
def test_what_is_no_http_request_gets_a_plain_page_and_no_line_in_the_log(
    site: Any, caplog: pytest.LogCaptureFixture, request_bytes: bytes
) -> None:
    async def play() -> bytes:
        async with served(site) as visitors:
            reader, writer = await visitors.connect()
            writer.write(request_bytes)
            return await reader.read()

    with caplog.at_level(logging.INFO):
        answer = asyncio.run(play())

    head, _, body = answer.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert head.startswith(b"HTTP/1.")
    assert head.split()[1] == b"400"
    assert (headers["Server"], headers["X-Content-Type-Options"]) == ("aggregator", "nosniff")
    assert b"400 Bad Request" in body
    assert (caplog.records, b"aiohttp" in answer, b"Python" in answer) == ([], False, False)


@pytest.mark.parametrize(
    "header",
    [b"Content-Encoding: gzip\r\nContent-Length: 3", b"Transfer-Encoding: chunked"],
    ids=["no-gzip", "no-chunk"],
)
def test_a_body_that_is_broken_is_not_read_and_makes_no_line_in_the_log(
    site: Any, caplog: pytest.LogCaptureFixture, header: bytes
) -> None:
    async def play() -> bytes:
        async with served(site, idle_seconds=0.05) as visitors:
            streams = await visitors.connect()
            status = await status_of(
                streams, b"GET / HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n\r\n"
            )
            streams[1].write(b"zz\r\n\r\n")
            await is_closed(streams)
            return status

    with caplog.at_level(logging.INFO):
        status = asyncio.run(play())

    assert (status, caplog.records) == (b"HTTP/1.1 200 OK\r\n", [])


def test_what_a_client_expects_is_not_quoted(site: Any) -> None:
    async def play() -> bytes:
        async with served(site) as visitors:
            reader, writer = await visitors.connect()
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nExpect: <script>\r\n\r\n")
            return await reader.read()

    answer = asyncio.run(play())

    assert (answer.split()[1], b"<script>" in answer) == (b"417", False)
    assert b"Content-Type: text/html" in answer
