"""The runs under way in the daemon: it takes what is due, as many sources at a time as there are places.

Rule: every claim ends in a commit, or is given back. Where the store fails nothing is started for a while, longer each
time, and then one run alone tries: nobody's server is asked again and again for what cannot be stored.
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
RETRY = timedelta(seconds=5)  # after the store failed for the first time
LONGEST_PAUSE = timedelta(minutes=5)  # after it did so again and again


class RunPool:
    """The runs under way.

    `ended` is called after each run, `changed` where a run changed what is published.
    """

    def __init__(
        self, condition: DaemonStatus, *, ended: Callable[[], None], changed: Callable[[], None]
    ) -> None:
        self._condition = condition
        self._tell_ended = ended
        self._tell_changed = changed
        self._runs: set[asyncio.Task[None]] = set()
        self._requested: set[str] = set()
        self._unreleased: list[SourceState] = []
        self._store_failures = 0
        self._resume: datetime | None = None

    @property
    def runs(self) -> frozenset[asyncio.Task[None]]:
        """The runs under way; each bears its source's name."""
        return frozenset(self._runs)

    def request(self, sources: Collection[str]) -> None:
        """Let sources run next, due or not; those that run already, once more."""
        self._requested |= set(sources)

    def pause(self, now: datetime) -> timedelta:
        """How long nothing is to be started because the store failed; nothing at all where it is well."""
        return timedelta(0) if self._resume is None else max(self._resume - now, timedelta(0))

    async def start_due(self, app: App) -> bool:
        """Start what is wanted and what is due; tell whether places are left. Raises StoreError."""
        await self._release_unreleased(app)
        await self.start_requested(app)
        if (room := self._free_places(app)) > 0:
            self._start(app, await app.claim(limit=room))
        if not self._runs:
            self._note_store_success()
        return self._free_places(app) > 0

    def note_store_failure(self, error: AggregatorError, now: datetime) -> None:
        """Start nothing for a while; runs that fail together are one failure."""
        self._condition.store_fails(error)
        if not self.pause(now):
            self._store_failures += 1
            self._resume = now + min(RETRY * 2 ** min(self._store_failures - 1, 16), LONGEST_PAUSE)

    def _note_store_success(self) -> None:
        self._store_failures, self._resume, self._condition.store_error = 0, None, None

    async def reap(self, seconds: float) -> None:
        """Wait until nothing runs, but no longer than `seconds`."""
        if self._runs:
            await asyncio.wait(self._runs, timeout=seconds)

    async def end(self, seconds: float) -> None:
        """Let runs end for `seconds`, then stop them and give their claims back."""
        await self.reap(seconds)
        for run in self._runs:
            run.cancel()
        if self._runs:
            await asyncio.wait(self._runs)

    def _free_places(self, app: App) -> int:
        return (1 if self._store_failures else app.max_runs) - len(self._runs)

    async def _release_unreleased(self, app: App) -> None:
        owed = tuple(self._unreleased)
        await app.release(owed)
        del self._unreleased[: len(owed)]

    async def start_requested(self, app: App) -> None:
        """Start what is wanted, as far as there are places. Raises StoreError."""
        self._requested &= app.sources.keys()
        wanted = self._requested - {run.get_name() for run in self._runs}
        room = self._free_places(app)
        if not wanted or room <= 0:
            return
        self._requested -= wanted  # what is wanted again from here on is wanted once more
        try:
            states = await app.claim(limit=room, sources=wanted, force=True)
        except AggregatorError:
            self._requested |= wanted
            raise
        if len(states) == room:
            self._requested |= wanted - {state.source for state in states}
        self._start(app, states)

    def _start(self, app: App, states: Collection[SourceState]) -> None:
        for state in states:
            run = asyncio.create_task(self._run_source(app, state), name=state.source)
            self._runs.add(run)
            run.add_done_callback(self._on_run_end)

    def _on_run_end(self, run: asyncio.Task[None]) -> None:
        self._runs.discard(run)
        self._tell_ended()

    async def _run_source(self, app: App, state: SourceState) -> None:
        try:
            outcome = await app.run(state)
        except AggregatorError as error:
            self.note_store_failure(error, app.clock())
            self._unreleased.append(state)
            self._requested.add(state.source)
        except (
            Exception
        ):  # its lease is left to end by time: whatever it is, it would happen again at once
            logger.exception("%s: unforeseen failure", state.source)
        else:
            self._note_store_success()
            if has_changes(outcome):
                self._tell_changed()


def has_changes(outcome: Outcome) -> bool:
    """Tell whether a run changed what is published."""
    return bool(outcome.new or outcome.changed)
