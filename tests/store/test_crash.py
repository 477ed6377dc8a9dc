"""`kill -9` in the middle: nothing committed is lost, nothing is doubled, going on reaches the same end."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import aggregator
from aggregator.model import Outcome, Result, Revision
from aggregator.store import Store

RUNS, EACH = 9, 6

# The same revisions as `run` below makes them, brought one run after the other; each finished run is told.
BRING = """
import sys
from test_crash import RUNS, bring_run
from aggregator.store import Store
with Store.open(sys.argv[1], text_of=str) as store:
    for number in range(RUNS):
        bring_run(store, number)
        print(number, flush=True)
"""

START = datetime(2026, 3, 1, tzinfo=UTC)


def revisions(number: int) -> list[Revision]:
    at = START + timedelta(hours=number)
    return [
        Revision(
            "news",
            (f"url:{name}",),
            False,
            at,
            at,
            f"1:{name}.{number % 3}",
            f"https://example.org/{name}",
            None,
            f"Title {name}",
            START,
            "feed",
            content_html="<p>text</p>" * 200,
        )
        for name in range(number, number + EACH)
    ]


def bring_run(store: Store, number: int, *, later: timedelta = timedelta(0)) -> None:
    store.sync_sources([("news", "news", START)])
    now = START + timedelta(hours=number) + later
    [state] = store.claim(now, limit=1, lease=timedelta(minutes=5), force=True)
    result = Result(
        state,
        Outcome("news", now, 1, "ok"),
        revisions=tuple(revisions(number)),
        keep_sightings=True,
    )
    store.commit([result], now=now)


@pytest.mark.parametrize("told", [0, 2, 6])
def test_a_killed_writer_leaves_a_whole_store_that_goes_on_to_the_same_end(
    url: str, dump: Any, told: int
) -> None:
    command = [sys.executable, "-c", BRING, url]
    paths = os.pathsep.join([str(Path(aggregator.__file__).parents[1]), str(Path(__file__).parent)])
    environment = os.environ | {"PYTHONPATH": paths}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < told:
            pass
        process.kill()

    with Store.open(url, text_of=str) as store:
        finished = len(store.outcomes("news", 999))
        assert finished > told
        assert len(list(store.entries())) == finished - 1 + EACH
        _check(store)
        for number in range(RUNS):
            bring_run(
                store, number, later=timedelta(days=9)
            )  # when the lease of the killed one is over
        reached = dump(store)
        _check(store)
    assert reached == _undisturbed(url, dump)


def _undisturbed(url: str, dump: Any) -> Any:
    with Store.open(url, text_of=str) as store:
        with store._engines.write.begin() as connection:
            for table in ("entry_key", "revision", "entry", "content"):
                connection.execute(sa.text(f"DELETE FROM {table}"))
        for number in range(RUNS):
            bring_run(store, number, later=timedelta(days=99))
        return dump(store)


def _check(store: Store) -> None:
    if store._engines.path is not None:
        with store._engines.read.connect() as connection:
            assert connection.scalar(sa.text("PRAGMA integrity_check")) == "ok"
            assert connection.execute(sa.text("PRAGMA foreign_key_check")).all() == []
