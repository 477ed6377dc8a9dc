"""What the store keeps of the health of sources, and what it holds back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from aggregator.model import Outcome, Result
from aggregator.source_health import WELL, RunFigures, VerdictChange
from aggregator.store.engine import write_transaction
from aggregator.store.migrations import upgrade

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.store import Store

HOUR = timedelta(hours=1)
FOLDER = "link folder"
GOOD = RunFigures(
    10,
    10,
    "page",
    7,
    filled={"title": 10, FOLDER: 10},
    winners={"title": ("listing:h2", 10), FOLDER: ("example.org/news/", 10)},
)
UNTITLED = replace(GOOD, filled={"title": 0, FOLDER: 10})
ALIKE = replace(GOOD, repeated_titles=10)
ELSEWHERE = replace(GOOD, winners={**GOOD.winners, FOLDER: ("example.org/shop/", 10)})
EVIDENCE = "`title` is known of 0 of 10 items, usually of 100%, found by `listing:h2`"


class _Polls:
    """Commits runs of the source `news`, an hour apart."""

    def __init__(self, store: Store, start: datetime) -> None:
        self.store = store
        self.now = start
        store.sync_sources([("news", "https://example.org", start)])

    def poll(self, figures: RunFigures | None, *revisions: Any, **fields: Any) -> Outcome:
        self.now += HOUR
        [state] = self.store.claim(self.now, limit=1, lease=timedelta(minutes=5), force=True)
        state = replace(state, last_run=self.now, next_fetch_at=self.now)
        values: dict[str, Any] = {"status": "ok", "http_status": 200, "figures": figures}
        outcome = Outcome("news", self.now, 1, **values | fields)
        [ended] = self.store.commit([Result(state, outcome, revisions=revisions)], now=self.now)
        return ended

    def poll_unchanged(self) -> Outcome:
        return self.poll(None, status="unchanged", http_status=304)

    def learn(self) -> None:
        for _ in range(5):
            self.poll(GOOD)

    @property
    def verdict(self) -> str:
        return self.store.states()[0].health.verdict


@pytest.fixture
def polls(store: Store, start: datetime) -> _Polls:
    return _Polls(store, start)


def test_the_second_bad_run_changes_the_verdict_and_is_kept_with_its_evidence(
    polls: _Polls,
) -> None:
    polls.learn()

    first, second = polls.poll(UNTITLED), polls.poll(UNTITLED)
    third = polls.poll(UNTITLED)

    change = VerdictChange("news", polls.now - HOUR, "ok", "degraded", (EVIDENCE,))
    assert [first.verdict_change, second.verdict_change, third.verdict_change] == [
        None,
        change,
        None,
    ]
    health = polls.store.states()[0].health
    assert (health.verdict, health.evidence) == ("degraded", (EVIDENCE,))
    assert (health.since, health.bad_since) == (polls.now - HOUR, polls.now - 2 * HOUR)
    assert polls.store.health.changes(9) == [replace(change, number=1)]
    assert polls.store.health.count_verdicts() == {"degraded": 1}


def test_figures_come_back_as_they_were_committed(polls: _Polls) -> None:
    polls.poll(GOOD)
    polls.poll_unchanged()

    assert [one.figures for one in polls.store.outcomes("news", 9)] == [None, GOOD]


def test_an_unchanged_document_is_as_bad_as_it_was(polls: _Polls) -> None:
    polls.learn()
    polls.poll(UNTITLED)

    change = polls.poll_unchanged().verdict_change

    assert change is not None
    assert change.verdict == "degraded"


def test_a_good_run_takes_the_verdict_back(polls: _Polls) -> None:
    polls.learn()
    polls.poll(UNTITLED)
    polls.poll(UNTITLED)

    change = polls.poll(GOOD).verdict_change

    assert change == VerdictChange("news", polls.now, "degraded", "ok")
    assert polls.verdict == "ok"


def test_bad_runs_are_never_learned(polls: _Polls) -> None:
    polls.learn()
    for _ in range(40):
        polls.poll(UNTITLED)

    assert polls.verdict == "degraded"


def test_other_rules_are_learned_anew(polls: _Polls) -> None:
    polls.learn()
    polls.poll(UNTITLED)
    polls.poll(UNTITLED)

    polls.poll(replace(UNTITLED, rules=8))

    assert polls.verdict == "ok"


def test_a_run_that_only_waited_says_nothing(polls: _Polls, start: datetime) -> None:
    polls.learn()
    polls.poll(UNTITLED)
    [state] = polls.store.claim(polls.now, limit=1, lease=HOUR, force=True)
    waited = Outcome("news", polls.now + HOUR, 0, "unchanged")
    polls.store.commit([Result(state, waited)], now=polls.now)

    assert polls.verdict == "ok"


def test_a_page_whose_titles_are_suddenly_alike_is_held_back(polls: _Polls, revise: Any) -> None:
    polls.poll(GOOD, revise("a"))
    polls.learn()

    held = polls.poll(ALIKE, revise("a", 2, "Menu", title="Menu"), revise("b", title="Menu"))

    assert (held.status, held.error, held.new, held.changed) == ("failed", "no-items", 0, 0)
    assert held.message == (
        "held back: 10 of 10 items share their `title` with another (`listing:h2`); "
        "`aggregator forgive news` accepts it"
    )
    assert [entry.title for entry in polls.store.entries()] == ["Title of a"]
    [state] = polls.store.states()
    assert (state.failures, state.read_again) == (1, True)


def test_a_feed_is_never_held_back(polls: _Polls, revise: Any) -> None:
    for _ in range(5):
        polls.poll(replace(GOOD, adapter="feed"))

    assert polls.poll(replace(ALIKE, adapter="feed"), revise("b")).new == 1


def test_links_to_another_folder_are_held_back_unless_an_article_is_known(
    polls: _Polls, revise: Any
) -> None:
    polls.poll(GOOD, revise("a"))
    polls.learn()

    held = polls.poll(ELSEWHERE, revise("shop"))
    polls.store.forgive(["news"], hosts=[], now=polls.now)
    taken = polls.poll(ELSEWHERE, revise("shop"))

    assert (held.status, held.new) == ("failed", 0)
    assert (taken.status, taken.new) == ("ok", 1)


def test_forgiving_forgets_the_verdict_and_what_was_usual(polls: _Polls) -> None:
    polls.learn()
    polls.poll(UNTITLED)
    polls.poll(UNTITLED)

    polls.store.forgive(["news"], hosts=[], now=polls.now)

    assert polls.store.states()[0].health == WELL
    polls.poll(UNTITLED)
    polls.poll(UNTITLED)
    assert polls.verdict == "ok"


def test_another_location_begins_without_a_verdict(polls: _Polls) -> None:
    polls.learn()
    polls.poll(UNTITLED)
    polls.poll(UNTITLED)

    polls.store.sync_sources([("news", "https://elsewhere.example", polls.now)])

    assert polls.store.states()[0].health == WELL


def test_an_unchanged_run_of_a_well_source_reads_no_baseline(polls: _Polls) -> None:
    polls.learn()
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sa.event.listen(polls.store._engines.write, "before_cursor_execute", note)
    polls.poll_unchanged()

    assert [one for one in statements if "outcome.good" in one or "verdict_change" in one] == []


def test_a_store_of_the_version_before_is_well(bare_url: Any, start: datetime) -> None:
    from aggregator.store import Store
    from aggregator.store.engine import create_engines

    with bare_url() as url:
        engines = create_engines(url)
        with write_transaction(engines) as connection:
            upgrade(connection, to="0008")
            connection.execute(
                sa.text("INSERT INTO source (id, name, active, priority) VALUES (1, 'a', true, 0)")
            )
            connection.execute(
                sa.text(
                    "INSERT INTO source_state (source_id, next_fetch_at, lease, failures, gone,"
                    " moved_seen, folder, by_url) VALUES (1, 0, 0, 0, false, 0, '{}', false)"
                )
            )
        engines.read.dispose()
        engines.write.dispose()

        with Store.open(url, text_of=str) as store:
            assert [state.health for state in store.states()] == [WELL]
            assert store.health.count_verdicts() == {"ok": 1}
