"""Our part: the real pipeline over a temporary configuration, with a clock that is turned by hand.

Rule: nothing is replaced but the clock and, for the one host that must not look like our own machine, the system's name
service. Restarts come between polls, as they do.
"""

from __future__ import annotations

import json
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

from aggregator import __version__
from aggregator import config as configuration
from aggregator.app import App, open_store
from benchmarks.politeness.judge import fault_of
from benchmarks.politeness.origin import Origin
from benchmarks.politeness.scenario import Log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.politeness.scenario import Scenario

START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
BETWEEN = timedelta(minutes=61)
TICK = timedelta(minutes=3)  # at least between two looks at what is due: lateness is no fault
RESTARTS_EVERY = 20  # looks
SPACED_HOST = "busy.feeds.test"


class Clock:
    """The present, turned by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


async def play(scenarios: Sequence[Scenario], place: Path) -> dict[str, str | None]:
    """Play all scenarios in `place`, an empty folder; return the fault of each, None for none."""
    clock = Clock()
    async with Origin(scenarios, clock=clock) as origin:
        player = _Player(origin, clock, place)
        with mock.patch("socket.getaddrinfo", player.name_service):
            await player.force([scenario for scenario in scenarios if scenario.polls])
            for hours in sorted({scenario.hours for scenario in scenarios} - {0}):
                await player.let_alone(
                    [scenario for scenario in scenarios if scenario.hours == hours], hours
                )
        return {scenario.name: fault_of(scenario, player.log(scenario)) for scenario in scenarios}


def version() -> str:
    return f"aggregator {__version__}"


class _Player:
    def __init__(self, origin: Origin, clock: Clock, place: Path) -> None:
        self._origin = origin
        self._clock = clock
        self._place = place
        self._runs: dict[str, tuple[datetime, ...]] = {}

    def log(self, scenario: Scenario) -> Log:
        return Log(self._origin.asked(scenario), self._runs.get(scenario.name))

    async def force(self, scenarios: Sequence[Scenario]) -> None:
        """Poll by force, with restarts after the first and the fifth poll."""
        config = self._config("forced", scenarios)
        polls = range(max((scenario.polls for scenario in scenarios), default=0))
        with closing(open_store(config)) as store:
            for between in (polls[:1], polls[1:5], polls[5:]):
                async with App(config, store, clock=self._clock) as app:
                    for poll in between:
                        self._origin.poll = poll
                        await app.cycle(
                            [
                                name
                                for one in scenarios
                                if one.polls > poll
                                for name, _ in self._sources(one)
                            ],
                            force=True,
                        )
                        self._clock.now += BETWEEN

    async def let_alone(self, scenarios: Sequence[Scenario], hours: int) -> None:
        """Run what is due, whenever it is, for so many hours; restart now and then."""
        config = self._config(f"paced-{hours}", scenarios)
        end = self._clock.now + timedelta(hours=hours)
        with closing(open_store(config)) as store:
            while self._clock.now < end:
                async with App(config, store, clock=self._clock) as app:
                    for _ in range(RESTARTS_EVERY):
                        self._origin.poll += 1
                        await app.cycle()
                        due = store.next_due(self._clock.now) or end
                        self._clock.now = max(due, self._clock.now + TICK)
            for scenario in scenarios:
                (name, _), *_ = self._sources(scenario)
                self._runs[scenario.name] = tuple(
                    reversed([o.started for o in store.outcomes(name, 1_000)])
                )

    def name_service(self, host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        """Know one name more than the system does not know."""
        spaced = next((one for one in self._origin.scenarios if one.spaced), None)
        if host != SPACED_HOST or spaced is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such host")
        address = (self._origin.address(spaced), port)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]

    def _sources(self, scenario: Scenario) -> Iterator[tuple[str, str]]:
        number = self._origin.scenarios.index(scenario)
        urls = self._origin.urls(scenario, SPACED_HOST if scenario.spaced else None)
        return ((f"s{number}-{part}", url) for part, url in enumerate(urls))

    def _config(self, name: str, scenarios: Sequence[Scenario]) -> configuration.Config:
        folder = self._place / name
        folder.mkdir()
        sources = [
            {"id": source, "url": url, "adapter": "feed"}
            | ({"every": one.every} if one.every else {})
            for one in scenarios
            for source, url in self._sources(one)
        ]
        path = folder / "aggregator.yaml"
        settings = {
            "database": "sqlite:///store.db",
            "output": "feeds",
            "sources": sources,
            "server": {"public_url": "https://feeds.example.org"},
            "network": {"allow_private": True, "timeout": "2s"},
        }
        path.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        return configuration.load_config(path, env={})
