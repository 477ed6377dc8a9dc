"""A server of bytes on the loopback: it answers a path with the bytes it was given, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import pytest

from aggregator.errors import SourceError
from aggregator.fetch import Fetcher, FetchSettings, Request, Response

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Sequence

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """One question as it came in: the request line's target, and the headers with lower-case names."""

    target: str
    headers: dict[str, str]


@dataclass
class Site:
    """`pages` maps a target to the answers it gives in turn, the last one for ever; an answer is bytes or a coroutine.

    `greeting` is said before any question.
    """

    pages: dict[str, Any]
    tls: ssl.SSLContext | None = None
    greeting: bytes = b""
    asked: list[Asked] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    connections: int = 0
    busy: asyncio.Event = field(
        default_factory=asyncio.Event
    )  # set once two questions were open at a time

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            writer.write(self.greeting)
            while True:
                await self._answer(await reader.readuntil(b"\r\n\r\n"), writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        line, *lines = head.decode("latin-1").strip().split("\r\n")
        target = line.split(" ")[1]
        headers = dict(one.split(": ", 1) for one in lines if ": " in one)
        self.asked.append(Asked(target, {name.lower(): value for name, value in headers.items()}))
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        if self.open >= 2:
            self.busy.set()
        try:
            await self._write(self._next(target), writer)
        finally:
            self.open -= 1

    def _next(self, target: str) -> Any:
        answers = self.pages.get(target, answer(404))
        if not isinstance(answers, list):
            return answers
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def _write(self, what: Any, writer: asyncio.StreamWriter) -> None:
        if callable(what):
            await what(writer)
            return
        port = str(self.port).encode()
        writer.write(what.replace(b"{port}", port))
        await writer.drain()
        if b"\r\nConnection: close\r\n" in what:
            writer.close()


def answer(
    status: int = 200, body: bytes = b"", /, *, length: bool = True, **headers: str
) -> bytes:
    """Make an answer's bytes; header names are given with underscores for hyphens."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if length and status != 304:
        lines.append(f"Content-Length: {len(body)}")
    if not length:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def settings(**changes: Any) -> FetchSettings:
    given = {
        "allow_private": True,
        "timeout": timedelta(seconds=5),
        "user_agent": "aggregator/1 (+https://a.example)",
    }
    return FetchSettings(**{**given, **changes})


def names(table: dict[str, Sequence[str]]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """Make a look-up from a table; each name's answers are given in full."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host not in table:
            raise OSError(f"no {host}")
        return table[host]

    return resolve


def visit(
    pages: dict[str, Any],
    story: Callable[[Site, Fetcher], Awaitable[Any]],
    *,
    resolve: Any = None,
    tls: ssl.SSLContext | None = None,
    greeting: bytes = b"",
    clock: Callable[[], datetime] = lambda: NOW,
    **changes: Any,
) -> Any:
    """Run a story between a site with these pages and a fetcher with these settings."""

    async def run() -> Any:
        async with (
            Site(pages, tls, greeting) as site,
            Fetcher(settings(**changes), clock=clock, resolve=resolve) as fetcher,
        ):
            return await story(site, fetcher)

    return asyncio.run(run())


@dataclass(frozen=True)
class Visit:
    """One fetch that went well: the response, and what the site was asked."""

    response: Response
    asked: list[Asked]
    port: int


def fetch(
    pages: dict[str, Any], path: str = "/", *, request: dict[str, Any] | None = None, **changes: Any
) -> Visit:
    """Fetch one path of a site; `request` holds further fields of the request, `{port}` is not replaced in them."""

    async def story(site: Site, fetcher: Fetcher) -> Visit:
        response = await fetcher.get(Request(site.url(path), **(request or {})))
        return Visit(response, site.asked, site.port)

    visited = visit(pages, story, **changes)
    assert isinstance(visited, Visit)
    return visited


def failed(pages: dict[str, Any], path: str = "/", **changes: Any) -> SourceError:
    """Fetch one path of a site, and give the error it ends in."""
    with pytest.raises(SourceError) as caught:
        fetch(pages, path, **changes)
    return caught.value


@pytest.fixture
def net() -> SimpleNamespace:
    """The functions above, and the tests' present."""
    return SimpleNamespace(
        answer=answer,
        settings=settings,
        names=names,
        visit=visit,
        fetch=fetch,
        failed=failed,
        now=NOW,
    )
