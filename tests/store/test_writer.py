"""The writing thread: what waits together is committed together, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from aggregator.errors import StoreError
from aggregator.model import Outcome, Result, SourceState
from aggregator.store.writer import RESULTS_PER_COMMIT, Writer


class Store:
    """Commits what it is given, in groups that are kept; fails while `broken`; waits for `open`."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.threads: set[str] = set()
        self.broken = False
        self.open = threading.Event()
        self.open.set()

    def commit(self, results: list[Result], *, now: Any) -> list[Outcome]:
        self.open.wait(10)
        self.threads.add(threading.current_thread().name)
        if self.broken:
            raise StoreError("the disk is full")
        self.groups.append([result.state.source for result in results])
        return [result.outcome for result in results]


def result(name: str, clock: Any) -> Result:
    return Result(SourceState(name, clock()), Outcome(name, clock(), 0, "ok"))


def test_what_arrives_during_a_commit_goes_into_the_next_in_groups_by_one_thread(
    clock: Any,
) -> None:
    async def story() -> tuple[Store, list[str]]:
        store = Store()
        store.open.clear()
        async with Writer(store, clock=clock) as writer:  # type: ignore[arg-type]
            names = [f"s{number}" for number in range(RESULTS_PER_COMMIT + 3)]
            tasks = [
                asyncio.create_task(writer.commit(result(name, clock)))
                for name in ("first", *names)
            ]
            await asyncio.sleep(0)
            store.open.set()
            return store, [outcome.source for outcome in await asyncio.gather(*tasks)]

    store, outcomes = asyncio.run(story())

    assert outcomes == ["first", *(f"s{number}" for number in range(RESULTS_PER_COMMIT + 3))]
    assert [len(group) for group in store.groups] == [RESULTS_PER_COMMIT, 4]
    assert len(store.threads) == 1


def test_each_waiting_run_learns_that_the_store_failed_and_the_next_one_works(clock: Any) -> None:
    async def story() -> tuple[list[Any], Outcome]:
        store = Store()
        async with Writer(store, clock=clock) as writer:  # type: ignore[arg-type]
            store.broken = True
            failed = await asyncio.gather(
                writer.commit(result("a", clock)),
                writer.commit(result("b", clock)),
                return_exceptions=True,
            )
            store.broken = False
            return list(failed), await writer.commit(result("c", clock))

    failed, outcome = asyncio.run(story())

    assert [(type(error), str(error)) for error in failed] == [(StoreError, "the disk is full")] * 2
    assert outcome.source == "c"


def test_who_stops_waiting_does_not_stop_the_commit(clock: Any) -> None:
    async def story() -> Store:
        store = Store()
        store.open.clear()
        async with Writer(store, clock=clock) as writer:  # type: ignore[arg-type]
            task = asyncio.create_task(writer.commit(result("a", clock)))
            other = asyncio.create_task(writer.commit(result("b", clock)))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            store.open.set()
            async with asyncio.timeout(10):
                assert (await other).source == "b"
        return store

    assert asyncio.run(story()).groups == [["a", "b"]]


def test_the_way_out_waits_for_what_is_being_written(clock: Any) -> None:
    async def story() -> list[str]:
        written: list[str] = []
        async with Writer(Store(), clock=clock) as writer:  # type: ignore[arg-type]
            task = asyncio.create_task(writer.call(written.append, "done"))
            await asyncio.sleep(0)
        await task
        return written

    assert asyncio.run(story()) == ["done"]
