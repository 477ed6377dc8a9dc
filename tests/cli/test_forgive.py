"""`aggregator forgive`: what waits is due at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.app import open_store
from aggregator.config import load_config
from aggregator.model import Outcome, Result

if TYPE_CHECKING:
    from aggregator.model import SourceState
    from tests.cli.conftest import Project

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(days=20)


@pytest.fixture
def waiting(project: Project) -> Project:
    """Two feeds of one host and one of another; all asked for time, and so did the host."""
    project.write(
        "config/sources/feeds.yaml",
        """\
- {id: tide, url: "https://harbour.example/tide.xml"}
- {id: ferry, url: "https://harbour.example/ferry.xml"}
- {id: hills, url: "https://hills.example/feed"}
""",
    )
    config = load_config(project.config, env={})
    names = ("tide", "ferry", "hills")
    with open_store(config) as store:
        store.sync_sources([(name, f"https://{name}", NOW) for name in names])
        results = []
        for state in store.claim(NOW, limit=9, lease=timedelta(minutes=5)):
            waits = replace(
                state, next_fetch_at=LATER, not_before=LATER, failures=7, reason="Retry-After"
            )
            outcome = Outcome(state.source, NOW, 1, "failed")
            results.append(Result(waits, outcome, host_waits={"harbour.example": LATER}))
        store.commit(results, now=NOW)
    return project


def states(project: Project) -> dict[str, SourceState]:
    with open_store(load_config(project.config, env={})) as store:
        return {state.source: state for state in store.states()}


def test_a_source_is_due_and_its_host_may_be_asked(waiting: Project) -> None:
    said = waiting.call("forgive", "tide")

    after = states(waiting)
    tide = after["tide"]
    with open_store(load_config(waiting.config, env={})) as store:
        assert store.host_waits() == {}
    assert (said.code, said.out) == (0, "")
    assert said.err == f"tide: due now, was due {LATER:%Y-%m-%d %H:%M}Z (Retry-After)\n"
    assert (tide.not_before, tide.failures, tide.gone, tide.reason) == (None, 0, False, "forgiven")
    assert tide.next_fetch_at <= datetime.now(UTC)
    assert after["ferry"].not_before == LATER


def test_a_host_names_all_its_sources(waiting: Project) -> None:
    said = waiting.call("forgive", "Harbour.example")

    after = states(waiting)
    assert [line.partition(":")[0] for line in said.err.splitlines()] == ["tide", "ferry"]
    assert {name for name, state in after.items() if state.not_before} == {"hills"}


def test_what_is_neither_names_the_nearest(waiting: Project) -> None:
    said = waiting.call("forgive", "ferri")

    assert (said.code, said.err) == (
        2,
        "aggregator: there is no source `ferri`, did you mean `ferry`?\n",
    )
