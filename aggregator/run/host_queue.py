"""Queues for hosts: limits how many runs request a host at once.

After a Retry-After, runs that waited for the host make no request. A run that gets no
slot in time is postponed.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.schedule import MAX_HOST_WAIT, cap_retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

MAX_SLOT_WAIT = timedelta(minutes=4)  # at a slow host, a run must not outlive its lease
RECORD_LIFETIME = timedelta(seconds=5)  # waits from other processes are re-read this often
RETRY_DELAY = timedelta(minutes=5)
MAX_HOSTS = 10_000  # more are no hosts of sources, but ends of redirects
# Then what the store records counts alone, which people can change (`aggregator forgive`).
MEMORY_LIFETIME = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why and until when a host may not be requested; `by_server` if the host itself asked for it."""

    until: datetime
    reason: str
    by_server: bool


@dataclass(slots=True)
class _HostSlots:
    slots: asyncio.Semaphore
    users: int = 0


class HostQueue:
    """Slots for hosts or groups of hosts, by name.

    `recorded` returns the hosts that asked to wait earlier or in another process, with
    the time until when. It is called in a thread, at most once in a few seconds.
    `per_host` is the number of slots of a host.
    """

    def __init__(
        self,
        recorded: Callable[[], Mapping[str, datetime]],
        *,
        clock: Callable[[], datetime],
        per_host: int = 2,
        max_wait: timedelta = MAX_SLOT_WAIT,
    ) -> None:
        self._read_recorded_waits = recorded
        self._clock = clock
        self.per_host = per_host
        self._max_wait = max_wait
        self._hosts: dict[str, _HostSlots] = {}
        # Host -> until when no request is sent, and when that was noted.
        self._host_waits: dict[str, tuple[datetime, datetime]] = {}
        # Host -> the two URLs that asked for the longest waits.
        self._asked: dict[str, dict[str, datetime]] = {}
        self._recorded_waits: Mapping[str, datetime] = {}
        self._recorded_at: datetime | None = None
        self._reading = asyncio.Lock()

    @asynccontextmanager
    async def slot(self, host: str) -> AsyncIterator[Wait | None]:
        """Hold a slot of a host; gives None, or the wait if no request may be made. Raises StoreError."""
        host_slots = self._hosts.setdefault(host, _HostSlots(asyncio.Semaphore(self.per_host)))
        host_slots.users += 1
        try:
            if not await self._acquire_in_time(host_slots):
                yield Wait(
                    self._clock() + RETRY_DELAY,
                    f"{host} is busy with other sources",
                    by_server=False,
                )
                return
            try:
                yield await self._wait(host)
            finally:
                host_slots.slots.release()
        finally:
            host_slots.users -= 1
            if not host_slots.users:
                del self._hosts[host]

    def note_retry_after(self, host: str, url: str, wait: timedelta) -> None:
        """Record that a URL of a host asked to wait.

        A URL speaks for itself alone: a single feed must not silence the others of its host. Where
        a second URL asks as well, no request is sent to the host as long as both ask, at most MAX_HOST_WAIT.
        """
        now = self._clock()
        waits = {url: now + cap_retry_after(wait)}
        for other, until in self._asked.get(host, {}).items():
            if other != url and until > now:
                waits[other] = until
        if len(self._asked) > MAX_HOSTS:
            self._asked.clear()
        longest = sorted(waits, key=lambda one: waits[one], reverse=True)[:2]
        self._asked[host] = {one: waits[one] for one in longest}
        if len(longest) == 2:
            until = min(waits[longest[1]], now + MAX_HOST_WAIT)
            self._host_waits[host] = (until, now)

    def wait_of(self, host: str) -> datetime | None:
        """Return until when runs of this process know that no request is sent to a host, None if it is not."""
        now = self._clock()
        until, noted = self._host_waits.get(host, (now, now))
        if until <= now or not timedelta(0) <= now - noted < MEMORY_LIFETIME:
            self._host_waits.pop(host, None)
            return None
        return until

    async def _acquire_in_time(self, host_slots: _HostSlots) -> bool:
        try:
            async with asyncio.timeout(self._max_wait.total_seconds()):
                await host_slots.slots.acquire()
        except TimeoutError:
            return False
        return True

    async def _wait(self, host: str) -> Wait | None:
        now = self._clock()
        until = self.wait_of(host) or await self._recorded_until(host, now)
        if until is None or not now < until <= now + MAX_HOST_WAIT:  # later: by a wrong clock
            return None
        return Wait(until, f"{host} asked to wait until {until:%Y-%m-%d %H:%M}Z", by_server=True)

    async def _recorded_until(self, host: str, now: datetime) -> datetime | None:
        """Return the recorded wait of a host, from a cache: reading it at each poll is a tenth of the cost."""
        if not self._is_fresh(now):
            async with self._reading:
                if not self._is_fresh(now):
                    self._recorded_waits, self._recorded_at = (
                        await asyncio.to_thread(self._read_recorded_waits),
                        now,
                    )
        return self._recorded_waits.get(host)

    def _is_fresh(self, now: datetime) -> bool:
        return (
            self._recorded_at is not None
            and timedelta(0) <= now - self._recorded_at < RECORD_LIFETIME
        )
