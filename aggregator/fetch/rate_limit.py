"""The pace: how many requests run at once, and how close together they start.

Rule: a host never sees more of us than `per_host` requests at a time, nor two starts closer than `spacing`; who waits
for a busy host holds no place that another host could use.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.fetch.private_address import is_own_machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import timedelta

    from aggregator.fetch.messages import FetchSettings


def group_of(host: str, patterns: tuple[str, ...]) -> str:
    """Name the pace a host belongs to: the pattern that covers it, else the host itself.

    >>> group_of("a.tumblr.com", ("*.tumblr.com",)), group_of("example.org", ("*.tumblr.com",))
    ('*.tumblr.com', 'example.org')
    """
    lower = host.lower().rstrip(".")
    return next((p for p in patterns if lower == p[2:] or lower.endswith(p[1:])), lower)


@dataclass(slots=True)
class _Lane:
    places: asyncio.Semaphore
    users: int = 0
    ready: float = field(default=0.0)  # the loop's time before which no request may start


class Pace:
    """Places for requests, handed out per host and over all. `time` and `sleep` count in seconds."""

    def __init__(
        self,
        settings: FetchSettings,
        *,
        time: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._all = asyncio.Semaphore(settings.concurrency)
        self._lanes: dict[str, _Lane] = {}
        self._time = time or asyncio.get_running_loop().time
        self._sleep = sleep

    @asynccontextmanager
    async def place(self, host: str, *, spacing: timedelta | None = None) -> AsyncIterator[None]:
        """Hold a place for one request to `host`; a `spacing` that is asked for holds where it is the longer one."""
        group = group_of(host, self._settings.host_groups)
        lane = self._enter(group)
        try:
            async with lane.places:
                await self._space(lane, host, spacing)
                async with self._all:
                    yield
        finally:
            self._leave(group, lane)

    def _enter(self, group: str) -> _Lane:
        lane = self._lanes.get(group)
        if lane is None:
            lane = self._lanes[group] = _Lane(asyncio.Semaphore(self._settings.per_host))
        lane.users += 1
        return lane

    async def _space(self, lane: _Lane, host: str, asked: timedelta | None) -> None:
        general = 0.0 if is_own_machine(host) else self._settings.spacing.total_seconds()
        spacing = max(general, asked.total_seconds() if asked else 0.0)
        if not spacing:
            return
        now = self._time()
        start = max(now, lane.ready)
        lane.ready = start + spacing
        if start > now:
            await self._sleep(start - now)

    def _leave(self, group: str, lane: _Lane) -> None:
        lane.users -= 1
        if lane.users:
            return
        rest = lane.ready - self._time()
        if rest <= 0:
            self._lanes.pop(group, None)
        else:
            asyncio.get_running_loop().call_later(rest, self._forget, group, lane)

    def _forget(self, group: str, lane: _Lane) -> None:
        if not lane.users and self._lanes.get(group) is lane and lane.ready <= self._time():
            del self._lanes[group]
