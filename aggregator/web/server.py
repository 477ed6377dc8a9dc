"""Listens on a socket for the application, with limits for what a connection may hold.

A client that says nothing, or takes its answer too slowly, is disconnected. No more than
`ConnectionLimits.connections` are open: where one more comes, the one that has waited longest for its next
request makes room. So clients never take the file descriptors that polling needs.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from aggregator.web.conditional import SECURITY_HEADERS
from aggregator.web.routes import error_response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = logging.getLogger(__name__)
_SHUTDOWN_SECONDS = 1.0
_MOST_CONNECTIONS = 512
_MOST_QUEUED = 512
# Polling and the store need the rest.
_SHARE_OF_DESCRIPTORS = 4


def default_connections() -> int:
    """Return how many connections may be open: a quarter of the file descriptors of the process."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(min(soft // _SHARE_OF_DESCRIPTORS, _MOST_CONNECTIONS), 1)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What connections may use.

    `request_seconds` is the time until the first request is complete, `idle_seconds` that until
    the next one, `response_seconds` that until an answer is taken.
    """

    connections: int
    request_seconds: float = 10.0
    idle_seconds: float = 180.0  # longer than proxies keep a connection for the next request
    response_seconds: float = 300.0


class WebServer:
    """The application on its socket; `start` and `close` are called once each."""

    def __init__(self, app: web.Application, limits: ConnectionLimits | None = None) -> None:
        self._limits = limits or ConnectionLimits(default_connections())
        self._guard = _ConnectionGuard(self._limits)
        app.middlewares.append(self._guard.note_request)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, also where 0 was asked for."""
        assert self._server is not None  # noqa: S101 - `start` was called
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str, port: int) -> Self:
        """Listen. Raises: OSError (not available), UnicodeError (a name that no host can have)."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                self._make_handler, host, port, backlog=self._accepted_at_once
            )
        except (OSError, UnicodeError):
            await self._runner.cleanup()
            raise
        for listening in self._server.sockets:
            with listening.dup() as same_socket:  # the rest waits in the queue of the system
                same_socket.listen(_MOST_QUEUED)
        return self

    @property
    def _accepted_at_once(self) -> int:
        """How many connections the loop takes in one turn; after a few turns, those too many are closed."""
        return max(self._limits.connections // 4, 1)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _make_handler(self) -> _GuardedHandler:
        server = self._runner.server
        assert server is not None  # noqa: S101 - `setup` made it
        return _GuardedHandler(server, self._guard)


class _ConnectionGuard:
    """Knows the open connections: those that wait for a request, the longest first, and the others."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._waiting: dict[web.RequestHandler, asyncio.TimerHandle] = {}
        self._responding: dict[web.RequestHandler, asyncio.TimerHandle] = {}

    def add(self, connection: _GuardedHandler) -> None:
        if len(self._waiting) + len(self._responding) >= self._limits.connections:
            # If all are being answered, the new one has to go.
            longest = next(iter(self._waiting), connection)
            self.disconnect(longest)
            if longest is connection:
                return
        self._wait(connection, self._limits.request_seconds)

    def remove(self, connection: web.RequestHandler) -> None:
        for connections in (self._waiting, self._responding):
            timer = connections.pop(connection, None)
            if timer is not None:
                timer.cancel()

    def disconnect(self, connection: web.RequestHandler) -> None:
        """Close a connection at once; what it was sent so far is lost."""
        self.remove(connection)
        transport = connection.transport
        if transport is not None:
            transport.abort()

    @web.middleware
    async def note_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Limit the time of an answer: the handler's, and that of writing what it returns."""
        connection = request.protocol
        self.remove(connection)
        loop = asyncio.get_running_loop()
        self._responding[connection] = loop.call_later(
            self._limits.response_seconds, self.disconnect, connection
        )
        return await handler(request)

    def note_end(self, connection: _GuardedHandler) -> None:
        """An answer was written whole: the connection waits for its next request."""
        if connection in self._responding:
            self.remove(connection)
            self._wait(connection, self._limits.idle_seconds)

    def _wait(self, connection: _GuardedHandler, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[connection] = loop.call_later(seconds, self.disconnect, connection)


class _GuardedHandler(web.RequestHandler):
    """One connection."""

    __slots__ = ("_guard",)

    def __init__(self, server: web.Server, guard: _ConnectionGuard) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # as `web.AppRunner` turns it off
            logger=_log,
            auto_decompress=False,  # what comes with a request is never read
        )
        self._guard = guard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._guard.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._guard.remove(self)
        super().connection_lost(exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Any:
        if isinstance(resp, web.HTTPExpectationFailed):  # its text quotes the request
            resp = self.handle_error(request, resp.status, resp)
        finished = await super().finish_response(request, resp, start_time)
        self._guard.note_end(self)
        return finished

    def log_exception(self, *args: Any, **options: Any) -> None:
        """Log what breaks a connection; a body that is no HTTP is the client's fault."""
        error = options.get("exc_info")
        if isinstance(error, web.RequestPayloadError):
            _log.debug("no HTTP request: %s", type(error).__name__)
        else:
            super().log_exception(*args, **options)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it says how the request is wrong
    ) -> web.StreamResponse:
        """Answer what is no HTTP, or what we failed at, as the application answers errors."""
        if status >= 500:
            _log.error("failed to answer %s", request.path, exc_info=exc)
        else:
            _log.debug("no HTTP request from %s: %s", request.remote, type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer is half sent")
        response = error_response(status, HTTPStatus(status).phrase)
        response.headers.update(SECURITY_HEADERS)
        response.force_close()
        return response
