"""Rate limits: how many requests run at once, and how close together they start.

A host never gets more than `per_host` requests at a time, nor two starts closer than `spacing`. A request that
waits for a busy host holds no slot that another host could use.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.fetch.private_address import is_loopback_host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import timedelta

    from aggregator.fetch.messages import FetchSettings


def host_group(host: str, patterns: tuple[str, ...]) -> str:
    """Return the group whose rate limit a host shares: the pattern that covers it, else the host itself.

    >>> host_group("a.tumblr.com", ("*.tumblr.com",)), host_group("example.org", ("*.tumblr.com",))
    ('*.tumblr.com', 'example.org')
    """
    lower = host.lower().rstrip(".")
    for pattern in patterns:
        domain, dotted_domain = pattern[2:], pattern[1:]
        if lower == domain or lower.endswith(dotted_domain):
            return pattern
    return lower


@dataclass(slots=True)
class _HostSlots:
    slots: asyncio.Semaphore
    users: int = 0
    next_start: float = field(default=0.0)  # the loop's time before which no request may start


class RateLimiter:
    """Slots for requests, per host and in total. `time` and `sleep` count in seconds."""

    def __init__(
        self,
        settings: FetchSettings,
        *,
        time: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._total_slots = asyncio.Semaphore(settings.concurrency)
        self._hosts: dict[str, _HostSlots] = {}
        self._time = time or asyncio.get_running_loop().time
        self._sleep = sleep

    @asynccontextmanager
    async def slot(self, host: str, *, spacing: timedelta | None = None) -> AsyncIterator[None]:
        """Hold a slot for one request to `host`; its own `spacing` applies if it is longer than the general one."""
        group = host_group(host, self._settings.host_groups)
        host_slots = self._acquire_host(group)
        try:
            async with host_slots.slots:
                await self._wait_for_start(host_slots, host, spacing)
                async with self._total_slots:
                    yield
        finally:
            self._release_host(group, host_slots)

    def _acquire_host(self, group: str) -> _HostSlots:
        host_slots = self._hosts.get(group)
        if host_slots is None:
            host_slots = self._hosts[group] = _HostSlots(asyncio.Semaphore(self._settings.per_host))
        host_slots.users += 1
        return host_slots

    async def _wait_for_start(
        self, host_slots: _HostSlots, host: str, own_spacing: timedelta | None
    ) -> None:
        spacing = 0.0
        if not is_loopback_host(host):
            spacing = self._settings.spacing.total_seconds()
        if own_spacing:
            spacing = max(spacing, own_spacing.total_seconds())
        if not spacing:
            return

        now = self._time()
        start = max(now, host_slots.next_start)
        host_slots.next_start = start + spacing
        if start > now:
            await self._sleep(start - now)

    def _release_host(self, group: str, host_slots: _HostSlots) -> None:
        host_slots.users -= 1
        if host_slots.users:
            return
        rest = host_slots.next_start - self._time()
        if rest <= 0:
            self._hosts.pop(group, None)
        else:
            asyncio.get_running_loop().call_later(rest, self._remove_idle_host, group, host_slots)

    def _remove_idle_host(self, group: str, host_slots: _HostSlots) -> None:
        if host_slots.users or self._hosts.get(group) is not host_slots:
            return
        if host_slots.next_start <= self._time():
            del self._hosts[group]
