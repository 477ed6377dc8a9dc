"""The one thread that writes to the store: takes results, commits them in groups, returns counted outcomes.

An outcome is returned only after its transaction is on disk. What arrives during a commit goes into the next.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from types import TracebackType

    from aggregator.model import Outcome, Result
    from aggregator.store import Store

P = ParamSpec("P")
T = TypeVar("T")
RESULTS_PER_COMMIT = 64  # results a transaction


class Writer:
    """Runs one thread that writes to a store; an async context manager."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[tuple[Result, asyncio.Future[Outcome]]] = []
        self._commit_task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._commit_task is not None:
            await asyncio.wait([self._commit_task])
        await asyncio.to_thread(self._thread.shutdown)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that uses the store in the store's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*args, **kwargs))

    async def commit(self, result: Result) -> Outcome:
        """Commit a result with whatever else waits; return its outcome as counted.

        Cancelling the caller does not stop the commit.

        Raises:
            StoreError: the database fails.
        """
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((result, future))
        if self._commit_task is None or self._commit_task.done():
            self._commit_task = asyncio.create_task(self._commit_waiting())
        return await future

    async def _commit_waiting(self) -> None:
        while self._waiting:
            group = self._waiting[:RESULTS_PER_COMMIT]
            self._waiting = self._waiting[RESULTS_PER_COMMIT:]
            results = [result for result, _ in group]
            try:
                outcomes = await self.call(self._store.commit, results, now=self._clock())
            except Exception as error:  # noqa: BLE001 - each waiting run gets it; none may wait for ever
                _fail_all(group, error)
            else:
                _finish_all(group, outcomes)


def _finish_all(
    group: Sequence[tuple[Result, asyncio.Future[Outcome]]], outcomes: Sequence[Outcome]
) -> None:
    for (_, future), outcome in zip(group, outcomes, strict=True):
        if not future.done():
            future.set_result(outcome)


def _fail_all(group: Sequence[tuple[Result, asyncio.Future[Outcome]]], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)
