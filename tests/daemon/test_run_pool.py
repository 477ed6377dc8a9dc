"""The crew: places are bounded, no wish and no claim is lost, and a store that fails is not hammered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.daemon.run_pool import MAX_PAUSE, RETRY_DELAY, RunPool
from aggregator.daemon.status import DaemonStatus
from aggregator.errors import StoreError
from aggregator.model import Outcome, SourceState

if TYPE_CHECKING:
    import pytest


@dataclass
class App:
    """Claims what is due in order; a run ends when its gate opens, and fails while the store is broken."""

    clock: Any
    sources: dict[str, None]
    due: list[str]
    max_runs: int = 3
    broken: bool = False
    ran: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def claim(
        self, *, limit: int, sources: Any = None, force: bool = False
    ) -> list[SourceState]:
        await asyncio.sleep(0)
        names = sorted(sources)[:limit] if force else self.due[:limit]
        self.due = [name for name in self.due if name not in names]
        return [SourceState(name, self.clock()) for name in names]

    async def release(self, states: Any) -> None:
        self.released += [state.source for state in states]

    async def run(self, state: SourceState) -> Outcome:
        self.ran.append(state.source)
        await self.gate.wait()
        if self.broken:
            raise StoreError("the disk is full")
        return Outcome(state.source, self.clock(), 0, "ok", new=1)


def crew_of(clock: Any) -> tuple[RunPool, DaemonStatus, list[str]]:
    told: list[str] = []
    condition = DaemonStatus(started=clock())
    return (
        RunPool(
            condition, ended=lambda: told.append("ended"), changed=lambda: told.append("changed")
        ),
        condition,
        told,
    )


def app_of(clock: Any, *due: str) -> Any:
    return App(clock, dict.fromkeys(due), list(due))


def test_no_more_run_at_a_time_than_there_are_places_and_each_runs_once(clock: Any) -> None:
    async def story() -> None:
        names = [f"s{number}" for number in range(10)]
        app, (crew, _, told) = app_of(clock, *names), crew_of(clock)
        sizes = []
        while app.due or crew.runs:
            left = await crew.start_due(app)
            sizes.append(len(crew.runs))
            assert left == (len(crew.runs) < 3)
            app.gate.set()
            await crew.reap(5)
        assert (max(sizes), app.ran) == (3, names)
        assert told.count("ended") == told.count("changed") == 10

    asyncio.run(story())


def test_what_changes_while_it_is_read_is_read_once_more(clock: Any) -> None:
    async def story() -> list[str]:
        app, (crew, _, _) = app_of(clock, "saved"), crew_of(clock)
        await crew.start_due(app)
        await asyncio.sleep(0)
        crew.request({"saved", "stranger"})
        await crew.start_due(app)
        assert app.ran == ["saved"]
        app.gate.set()
        await crew.reap(5)
        await crew.start_due(app)
        await crew.reap(5)
        return list(app.ran)

    assert asyncio.run(story()) == ["saved", "saved"]


def test_a_wish_waits_for_a_place(clock: Any) -> None:
    async def story() -> list[str]:
        app, (crew, _, _) = app_of(clock, "a", "b", "c"), crew_of(clock)
        app.sources["saved"] = None
        await crew.start_due(app)
        crew.request({"saved"})
        await crew.start_due(app)
        app.gate.set()
        await crew.reap(5)
        await crew.start_due(app)
        await crew.reap(5)
        return list(app.ran)

    assert asyncio.run(story()) == ["a", "b", "c", "saved"]


def test_a_store_that_fails_is_tried_by_one_run_ever_more_seldom_until_it_is_well(
    clock: Any,
) -> None:
    async def story() -> None:
        app, (crew, condition, _) = app_of(clock, "a", "b", "c", "d"), crew_of(clock)
        app.broken = True
        app.gate.set()
        await crew.start_due(app)
        await crew.reap(5)
        assert (crew.pause(clock()), condition.store_error) == (RETRY_DELAY, "the disk is full")

        clock.forward(seconds=5)
        assert not crew.pause(clock())
        await crew.start_due(app)
        assert len(crew.runs) == 1
        assert sorted(app.released) == ["a", "b", "c"]
        await crew.reap(5)
        assert crew.pause(clock()) == 2 * RETRY_DELAY
        for _ in range(20):
            clock.forward(minutes=6)
            await crew.start_due(app)
            await crew.reap(5)
        assert crew.pause(clock()) == MAX_PAUSE

        app.broken = False
        clock.forward(minutes=6)
        await crew.start_due(app)
        await crew.reap(5)
        assert (crew.pause(clock()), condition.store_error) == (timedelta(0), None)
        app.ran.clear()
        await crew.start_due(app)
        while crew.runs:
            await crew.reap(5)
            await crew.start_due(app)
        assert set(app.ran) | {"a"} == {"a", "b", "c", "d"}

    asyncio.run(story())


def test_what_is_still_running_at_the_end_is_stopped(clock: Any) -> None:
    async def story() -> int:
        app, (crew, _, _) = app_of(clock, "a", "b"), crew_of(clock)
        await crew.start_due(app)
        await crew.end(0.01)
        return len(crew.runs)

    assert asyncio.run(story()) == 0


def test_an_error_that_comes_and_goes_is_logged_once_an_hour(
    clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _, condition, _ = crew_of(clock)
    full, locked = StoreError("the disk is full"), StoreError("locked")
    for error in (full, full, locked, full):
        condition.note_store_failure(error, clock())
        condition.store_error = None  # a small write succeeded
        clock.forward(minutes=10)
    clock.forward(minutes=30)
    condition.note_store_failure(full, clock())

    sentence = "the store failed, the daemon goes on and tries again: "
    assert caplog.messages == [
        f"{sentence}the disk is full",
        f"{sentence}locked",
        f"{sentence}the disk is full",
    ]
