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

from aggregator.schedule import cap_retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

MAX_SLOT_WAIT = timedelta(minutes=4)  # at a slow host, a run must not outlive its lease
RECORD_LIFETIME = timedelta(seconds=5)  # waits from other processes are re-read this often
RETRY_DELAY = timedelta(minutes=5)


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
        self._retry_after: dict[str, datetime] = {}
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

    def set_retry_after(self, host: str, wait: timedelta) -> datetime:
        """Record that a host asked to wait, for the runs in its queue; return until when."""
        until = self._clock() + cap_retry_after(wait)
        self._retry_after[host] = max(until, self._retry_after.get(host, until))
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
        if (retry_after := self._retry_after.get(host)) is not None and retry_after <= now:
            del self._retry_after[host]
        until = max(filter(None, (retry_after, await self._recorded_until(host, now))), default=now)
        if until <= now:
            return None
        return Wait(
            until, f"{host} wants to be left alone until {until:%Y-%m-%d %H:%M}Z", by_server=True
        )

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
