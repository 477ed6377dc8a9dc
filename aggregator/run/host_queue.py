"""Whose turn it is to ask a host.

Rule: as many runs ask a host at once as the fetcher lets through, and each learns first what those before it were told:
after a Retry-After nobody who waited for a turn asks. Who does not get a turn in time goes away unasked.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.schedule import MAX_RETRY_AFTER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

MAX_TURN_WAIT = timedelta(
    minutes=4
)  # with a slow host of hundreds of sources a run might else outlive its lease
RECORD_LIFETIME = timedelta(seconds=5)  # what another process was told is heard of this late
RETRY_DELAY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a host may not be asked now, and until when; `asked_for` tells that the host itself said so."""

    until: datetime
    reason: str
    by_server: bool


@dataclass(slots=True)
class _HostSlots:
    slots: asyncio.Semaphore
    users: int = 0


class HostQueue:
    """Turns for hosts (or groups of hosts), by name.

    `recorded` gives the hosts that asked to be left alone in earlier times or of another process, each with until when;
    it is called in a thread, at most once in a few seconds. `per_host` is how many turns of a host there are at once.
    """

    def __init__(
        self,
        recorded: Callable[[], Mapping[str, datetime]],
        *,
        clock: Callable[[], datetime],
        per_host: int = 2,
        patience: timedelta = MAX_TURN_WAIT,
    ) -> None:
        self._recorded = recorded
        self._clock = clock
        self.per_host = per_host
        self._patience = patience
        self._lanes: dict[str, _HostSlots] = {}
        self._told: dict[str, datetime] = {}
        self._known: Mapping[str, datetime] = {}
        self._known_at: datetime | None = None
        self._reading = asyncio.Lock()

    @asynccontextmanager
    async def slot(self, host: str) -> AsyncIterator[Wait | None]:
        """Hold a turn: None, or why there is none. Raises StoreError."""
        lane = self._lanes.setdefault(host, _HostSlots(asyncio.Semaphore(self.per_host)))
        lane.users += 1
        try:
            if not await self._acquire_in_time(lane):
                yield Wait(
                    self._clock() + RETRY_DELAY,
                    f"{host} is busy with other sources",
                    by_server=False,
                )
                return
            try:
                yield await self._wait(host)
            finally:
                lane.slots.release()
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[host]

    def set_retry_after(self, host: str, wait: timedelta) -> None:
        """Remember that a host asked to be left alone, for those that wait for their turn."""
        until = self._clock() + min(wait, MAX_RETRY_AFTER)
        self._told[host] = max(until, self._told.get(host, until))

    async def _acquire_in_time(self, lane: _HostSlots) -> bool:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await lane.slots.acquire()
        except TimeoutError:
            return False
        return True

    async def _wait(self, host: str) -> Wait | None:
        now = self._clock()
        if (told := self._told.get(host)) is not None and told <= now:
            del self._told[host]
        until = max(filter(None, (told, await self._recorded_until(host, now))), default=now)
        if until <= now:
            return None
        return Wait(
            until, f"{host} wants to be left alone until {until:%Y-%m-%d %H:%M}Z", by_server=True
        )

    async def _recorded_until(self, host: str, now: datetime) -> datetime | None:
        """What the record said of a host a few seconds ago: asking at each poll would be a tenth of its cost."""
        if not self._is_fresh(now):
            async with self._reading:
                if not self._is_fresh(now):
                    self._known, self._known_at = await asyncio.to_thread(self._recorded), now
        return self._known.get(host)

    def _is_fresh(self, now: datetime) -> bool:
        return self._known_at is not None and timedelta(0) <= now - self._known_at < RECORD_LIFETIME
