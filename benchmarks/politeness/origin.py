"""The origin: every scenario on a loopback address of its own, every question noted.

Rule: one scenario cannot disturb another, also where a client treats all of a host alike; nothing beyond loopback.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from contextlib import suppress
from email.utils import format_datetime
from typing import TYPE_CHECKING, Self

from aiohttp import web

from benchmarks.politeness.scenario import Asked, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from benchmarks.politeness.scenario import Scenario

LONGEST_DRIP_SECONDS = 45.0
FLOOD_BYTES = 64 * 1024 * 1024
_DRIP_SECONDS = 0.2
_CHUNK = b" " * (256 * 1024)
_TRIES = 20  # a port that is free on one address may be taken on another


class Origin:
    """An async context manager. `clock` is the client's present; the caller counts the client's runs in `poll`."""

    def __init__(self, scenarios: Sequence[Scenario], *, clock: Callable[[], datetime]) -> None:
        self.scenarios = scenarios
        self.poll = 0
        self._clock = clock
        self._hosts = {
            f"127.9.{number // 250}.{number % 250 + 1}": one for number, one in enumerate(scenarios)
        }
        self._log: dict[str, list[Asked]] = {one.name: [] for one in scenarios}
        self._open: Counter[str] = Counter()
        self._counts: Counter[tuple[str, str]] = Counter()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        listening = [host for host, scenario in self._hosts.items() if not scenario.closed]
        for listener in _listeners(listening):
            await web.SockSite(self._runner, listener).start()
            self.port = listener.getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def urls(self, scenario: Scenario, host: str | None = None) -> list[str]:
        """List what is to be followed; `host` stands in place of the scenario's address."""
        port = 9 if scenario.closed else self.port
        return [f"http://{host or self.address(scenario)}:{port}{path}" for path in scenario.paths]

    def address(self, scenario: Scenario) -> str:
        return next(host for host, one in self._hosts.items() if one is scenario)

    def asked(self, scenario: Scenario) -> tuple[Asked, ...]:
        """Return what a scenario was asked so far, in order."""
        return tuple(self._log[scenario.name])

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.transport is None:
            raise ConnectionResetError("it is gone already")
        scenario = self._hosts[request.transport.get_extra_info("sockname")[0]]
        asked = self._noted(scenario, request)
        try:
            return await self._say(request, asked)
        finally:
            self._open[scenario.name] -= 1
            asked.seconds = time.monotonic() - asked.begun

    def _noted(self, scenario: Scenario, request: web.Request) -> Asked:
        path = request.raw_path
        headers = {name.lower(): value for name, value in request.headers.items()}
        question = Question(self._counts[scenario.name, path], path, headers, self._clock())
        self._counts[scenario.name, path] += 1
        self._open[scenario.name] += 1
        asked = Asked(
            self.poll,
            question,
            scenario.answer(question),
            time.monotonic(),
            self._open[scenario.name],
        )
        self._log[scenario.name].append(asked)
        return asked

    async def _say(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        reply = asked.reply
        headers = {"Content-Type": "application/rss+xml", "Date": _http(asked.at), **reply.headers}
        if reply.manner == "plain":
            asked.sent_bytes = len(reply.body)
            return web.Response(status=reply.status, headers=headers, body=reply.body)
        response = web.StreamResponse(status=reply.status, headers=headers)
        with suppress(ConnectionError):
            await _MANNERS[reply.manner](request, response, asked)
        if request.transport is not None:
            request.transport.abort()
        return response


async def _drip(request: web.Request, response: web.StreamResponse, asked: Asked) -> None:
    await response.prepare(request)
    while time.monotonic() - asked.begun < LONGEST_DRIP_SECONDS:
        await response.write(b" ")
        asked.sent_bytes += 1
        await asyncio.sleep(_DRIP_SECONDS)


async def _cut(request: web.Request, response: web.StreamResponse, asked: Asked) -> None:
    body = asked.reply.body
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    await asyncio.sleep(0.05)  # what was written leaves before the connection is broken off


async def _reset(request: web.Request, response: web.StreamResponse, asked: Asked) -> None:
    """Say nothing at all."""


async def _flood(request: web.Request, response: web.StreamResponse, asked: Asked) -> None:
    await response.prepare(request)
    while asked.sent_bytes < FLOOD_BYTES:
        await response.write(_CHUNK)
        asked.sent_bytes += len(_CHUNK)
    await response.write_eof()


_MANNERS = {"drip": _drip, "cut": _cut, "reset": _reset, "flood": _flood}


def _http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _listeners(hosts: Sequence[str]) -> list[socket.socket]:
    """Listen on all hosts at one port. Raises: OSError where there is no such port."""
    for _ in range(_TRIES):
        listeners: list[socket.socket] = []
        try:
            for host in hosts:
                port = listeners[0].getsockname()[1] if listeners else 0
                listeners.append(socket.create_server((host, port), backlog=256))
        except OSError:
            for listener in listeners:
                listener.close()
        else:
            return listeners
    raise OSError("no port is free on all addresses")
