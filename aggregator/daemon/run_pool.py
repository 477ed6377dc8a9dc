"""The pool of running runs in the daemon; it starts due sources while there are free places.

Every lease ends in a commit or is released. If the store fails, no run starts for a
while, longer each time; then a single run tries. So servers are not polled for entries that
cannot be stored.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from aggregator.app import App
    from aggregator.daemon.status import DaemonStatus
    from aggregator.model import Outcome, SourceState

logger = logging.getLogger(__name__)
RETRY_DELAY = timedelta(seconds=5)  # after the first failure of the store
MAX_PAUSE = timedelta(minutes=5)  # after many failures in a row


class RunPool:
    """The pool of running runs.

    `ended` is called after each run, `changed` after a run that changed entries.
    """

    def __init__(
        self,
        status: DaemonStatus,
        *,
        ended: Callable[[], None],
        changed: Callable[[], None],
        retry_delay: timedelta = RETRY_DELAY,
        max_pause: timedelta = MAX_PAUSE,
    ) -> None:
        self._status = status
        self._on_ended = ended
        self._on_changed = changed
        self._retry_delay = retry_delay
        self._max_pause = max_pause
        self._runs: set[asyncio.Task[None]] = set()
        self._requested: set[str] = set()
        self._unreleased: list[SourceState] = []
        self._store_failures = 0
        self._resume: datetime | None = None

    @property
    def runs(self) -> frozenset[asyncio.Task[None]]:
        """The running runs; a task's name is the id of its source."""
        return frozenset(self._runs)

    def request(self, sources: Collection[str]) -> None:
        """Run sources next, due or not; those that are running, once more."""
        self._requested |= set(sources)

    def pause(self, now: datetime) -> timedelta:
        """Return how long no run may start because the store failed; zero if it works."""
        return timedelta(0) if self._resume is None else max(self._resume - now, timedelta(0))

    async def start_due(self, app: App) -> bool:
        """Start requested and due sources; tell whether places are left. Raises StoreError."""
        await self._release_unreleased(app)
        await self.start_requested(app)
        if (free_places := self._free_places(app)) > 0:
            self._start(app, await app.claim(limit=free_places))
        if not self._runs:
            self._note_store_success()
        return self._free_places(app) > 0

    def note_store_failure(self, error: AggregatorError, now: datetime) -> None:
        """Pause after a failure of the store; failures during a pause count as one."""
        self._status.note_store_failure(error, now)
        if not self.pause(now):
            self._store_failures += 1
            doublings = min(self._store_failures - 1, 16)
            self._resume = now + min(self._retry_delay * 2**doublings, self._max_pause)

    def _note_store_success(self) -> None:
        self._store_failures, self._resume, self._status.store_error = 0, None, None

    async def reap(self, seconds: float) -> None:
        """Wait until no run is left, at most `seconds`."""
        if self._runs:
            await asyncio.wait(self._runs, timeout=seconds)

    async def end(self, seconds: float) -> None:
        """Give runs `seconds` to end, then cancel them and release their leases."""
        await self.reap(seconds)
        for run in self._runs:
            run.cancel()
        if self._runs:
            await asyncio.wait(self._runs)

    def _free_places(self, app: App) -> int:
        return (1 if self._store_failures else app.max_runs) - len(self._runs)

    async def _release_unreleased(self, app: App) -> None:
        states = tuple(self._unreleased)
        await app.release(states)
        del self._unreleased[: len(states)]

    async def start_requested(self, app: App) -> None:
        """Start requested sources while there are free places. Raises StoreError."""
        self._requested &= app.sources.keys()
        requested = self._requested - {run.get_name() for run in self._runs}
        free_places = self._free_places(app)
        if not requested or free_places <= 0:
            return
        self._requested -= requested  # later requests count again
        try:
            states = await app.claim(limit=free_places, sources=requested, force=True)
        except AggregatorError:
            self._requested |= requested
            raise
        if len(states) == free_places:
            self._requested |= requested - {state.source for state in states}
        self._start(app, states)

    def _start(self, app: App, states: Collection[SourceState]) -> None:
        for state in states:
            run = asyncio.create_task(self._run_source(app, state), name=state.source)
            self._runs.add(run)
            run.add_done_callback(self._on_run_end)

    def _on_run_end(self, run: asyncio.Task[None]) -> None:
        self._runs.discard(run)
        self._on_ended()

    async def _run_source(self, app: App, state: SourceState) -> None:
        try:
            outcome = await app.run(state)
        except AggregatorError as error:
            self.note_store_failure(error, app.clock())
            self._unreleased.append(state)
            self._requested.add(state.source)
        except Exception:
            # The lease is left to end by itself: the failure would happen again at once.
            logger.exception("%s: unforeseen failure", state.source)
        else:
            self._note_store_success()
            self._status.metrics.note_run(outcome)
            if has_changes(outcome):
                self._on_changed()


def has_changes(outcome: Outcome) -> bool:
    """Tell whether a run changed entries."""
    return bool(outcome.new or outcome.changed)
