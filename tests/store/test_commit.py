"""One commit of many results, and what breaks in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from aggregator.errors import StoreError
from aggregator.model import Capture, Outcome, Result, Validators

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model import Revision, SourceState
    from aggregator.store import Store

LEASE = timedelta(minutes=5)


@pytest.fixture
def claimed(store: Store, start: datetime) -> dict[str, SourceState]:
    store.sync_sources([(name, name, start) for name in "abc"])
    return {state.source: state for state in store.claim(start, limit=9, lease=LEASE)}


def result(
    state: SourceState, start: datetime, revisions: Sequence[Revision] = (), **fields: Any
) -> Result:
    return Result(
        state, Outcome(state.source, start, 1, "ok"), revisions=tuple(revisions), **fields
    )


def test_a_group_is_counted_source_by_source(
    store: Store, start: Any, revise: Any, claimed: Any
) -> None:
    outcomes = store.commit(
        [
            result(claimed["a"], start, [revise("x", source="a"), revise("y", source="a")]),
            result(
                claimed["b"],
                start,
                [revise("y", 1, source="b"), revise("y", 2, "edit", source="b")],
            ),
            result(claimed["c"], start),
        ],
        now=start,
    )

    assert [(done.source, done.new, done.changed, done.same) for done in outcomes] == [
        ("a", 2, 0, 0),
        ("b", 0, 1, 1),
        ("c", 0, 0, 0),
    ]
    assert [store.outcomes(name, 1) for name in "abc"] == [[done] for done in outcomes]


def test_data_that_cannot_be_written_fails_its_own_source_only(
    store: Store, start: Any, revise: Any, claimed: Any
) -> None:
    good, bad = revise("x", source="a"), revise("y", source="b", title="half a \ud83d pair")
    later = start + timedelta(hours=1)
    state = Result(claimed["b"], Outcome("b", start, 1, "ok", found=1), revisions=(bad,)).state
    known = type(state)(
        "b", later, reason="every 60 min", lease=state.lease, validators=Validators("u", '"x"')
    )
    outcomes = store.commit(
        [
            result(claimed["a"], start, [good]),
            Result(
                known,
                Outcome("b", start, 1, "ok", found=1),
                revisions=(revise("z", source="b"), bad),
            ),
        ],
        now=start,
    )

    assert [(done.status, done.error, done.new) for done in outcomes] == [
        ("ok", None, 1),
        ("failed", "internal", 0),
    ]
    assert "cannot be stored" in str(outcomes[1].message)
    assert [entry.title for entry in store.entries()] == ["Title of x"]
    after = store.states()[1]
    assert (after.validators, after.failures, after.next_fetch_at, after.reason) == (
        None,
        1,
        later,
        "every 60 min",
    )


def test_a_revision_without_a_key_fails_its_own_source_only(
    store: Store, start: Any, revise: Any, claimed: Any
) -> None:
    outcomes = store.commit(
        [
            result(claimed["a"], start, [revise(keys=())]),
            result(claimed["b"], start, [revise("x")]),
        ],
        now=start,
    )

    assert [done.error for done in outcomes] == ["internal", None]


def test_captures_come_back_oldest_first_and_the_same_body_is_kept_once(
    store: Store, start: Any, claimed: Any
) -> None:
    def take(minute: int, body: bytes, url: str = "https://a/feed") -> Capture:
        return Capture("a", url, start + timedelta(minutes=minute), body, headers={"etag": '"x"'})

    taken = [
        take(2, b"two"),
        take(1, b"one"),
        take(3, b"one"),
        take(4, b"one"),
        take(5, b"one", "https://a/page"),
    ]
    store.commit([result(claimed["a"], start, captures=tuple(taken[:4]))], now=start)
    [state] = store.claim(start, limit=1, lease=LEASE, sources=["a"], force=True)
    store.commit([result(state, start, captures=(take(9, b"one"), taken[4]))], now=start)

    assert list(store.captures("a")) == [taken[1], taken[0], taken[4]]
    assert list(store.captures("b")) == []


def test_a_full_disk_stops_the_run_and_says_so(
    tmp_path: Any, template: Any, start: Any, revise: Any, bring: Any
) -> None:
    from aggregator.store import Store

    path = tmp_path / "full.db"
    path.write_bytes(template.read_bytes())
    with Store.open(f"sqlite:///{path}", text_of=str) as store:
        bring(store, [revise("a")])
        with store._engines.write.connect() as connection:
            pages = connection.scalar(sa.text("PRAGMA page_count"))
            connection.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
        states = store.claim(start, limit=1, lease=LEASE, force=True)
        many = [revise(f"n{number}", text=f"{number}" * 3000) for number in range(99)]
        with pytest.raises(StoreError, match=r"full\.db: no space left: free some, then go on"):
            store.commit([result(states[0], start, many)], now=start)
        with store._engines.write.connect() as connection:
            connection.execute(sa.text("PRAGMA max_page_count = 1000000"))

        [done] = store.commit([result(states[0], start, many)], now=start)
        assert (done.new, len(list(store.entries()))) == (99, 100)


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(sa.exc.DBAPIError), store._engines.read.begin() as connection:
        connection.execute(sa.text("DELETE FROM entry"))


def test_readers_do_not_wait_for_the_writer(store: Store, revise: Any, bring: Any) -> None:
    bring(store, [revise("a")])
    from aggregator.store.engine import write_transaction

    with write_transaction(store._engines) as connection:
        connection.execute(sa.text("DELETE FROM entry_key"))

        assert len(store.find_entries("url:a")) == 1


def test_any_thread_reads_while_another_writes(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    with ThreadPoolExecutor(3) as pool:
        for number in range(10):
            bring(store, [revise(f"{number}")])
            reads = [pool.submit(store.view, 99, now=start) for _ in range(3)]
            assert [len(read.result()) for read in reads] == [number + 1] * 3
