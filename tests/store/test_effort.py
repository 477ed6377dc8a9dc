"""What a commit and a look ask of the database, counted: it grows with what is brought, never with what is stored."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.model import Capture, Outcome, Result
from aggregator.store import Store, duplicates
from aggregator.store.engine import fetch_raw
from aggregator.store.schema import entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUR = timedelta(hours=1)


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Gather what the writer says."""
    said: list[str] = []

    def listen(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    sa.event.listen(store._engines.write, "before_cursor_execute", listen)
    yield said
    sa.event.remove(store._engines.write, "before_cursor_execute", listen)


def poll(store: Store, feeds: list[list[Any]], now: Any) -> list[Outcome]:
    states = {
        state.source: state for state in store.claim(now, limit=len(feeds), lease=HOUR, force=True)
    }
    results = []
    for revisions in feeds:
        name = revisions[0].source
        capture = Capture(name, f"https://{name}.example.org/", now, b"<rss/>")
        outcome = Outcome(name, now, 1, "ok", found=len(revisions))
        results.append(
            Result(states[name], outcome, (capture,), tuple(revisions), shares=(len(revisions),))
        )
    return store.commit(results, now=now)


def test_a_commit_says_as_much_for_many_feeds_as_for_few(
    new_url: Any, revise: Any, start: Any
) -> None:
    said = []
    for count in (2, 20):
        with new_url() as url, Store.open(url, text_of=str) as store:
            names = [f"s{number}" for number in range(count)]
            store.sync_sources([(name, "", start) for name in names])
            counted = []
            for hours in (1, 2):
                feeds = [
                    [revise(f"{name}.{n}", hours, source=name) for n in range(count)]
                    for name in names
                ]
                with statements(store) as heard:
                    ended = poll(store, feeds, start + hours * HOUR)
                counted.append((len(heard), {(outcome.new, outcome.same) for outcome in ended}))
            said.append(
                [(number, sums == {(count, 0)}, sums == {(0, count)}) for number, sums in counted]
            )

    assert said[0] == said[1]
    assert [sums for _, *sums in said[0]] == [[True, False], [False, True]]


def test_looking_for_copies_takes_no_more_steps_in_a_large_store(
    template: Path, tmp_path: Path, revise: Any, bring: Any, start: Any
) -> None:
    chance, steps = Random(3), []
    path = tmp_path / "grown.db"
    path.write_bytes(template.read_bytes())

    def item(source: str, number: int, hours: float) -> Any:
        text = "read more in our newsletter every day " + " ".join(
            f"w{chance.randrange(900)}" for _ in range(60)
        )
        return revise(
            f"{source}{number}",
            1,
            text,
            source=source,
            published=start + hours * HOUR,
            language="en",
        )

    with Store.open(f"sqlite:///{path}", text_of=str) as store:
        bring(store, [item("a", number, number) for number in range(40)], source="a")
        for size in (40, 1_000):
            older = [item("b", size + number, -number - 100) for number in range(size)]
            bring(store, [item("b", number, number) for number in range(40)] + older, source="b")
            store.update_indexes(5_000)
            steps.append(_steps(store))

    assert steps[1] <= 1.3 * steps[0]


def _steps(store: Store) -> int:
    """Count the virtual machine's steps, in tens, that looking for the copies of the newest entries takes."""
    counted: list[int] = []
    columns = (
        entry.c.published,
        entry.c.id,
        entry.c.source_id,
        entry.c.content_id,
        entry.c.language,
        entry.c.sketch,
    )
    with store._engines.read.connect() as connection:
        rows = fetch_raw(
            connection,
            sa.select(*columns).order_by(entry.c.published.desc(), entry.c.uid).limit(30),
        )
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: counted.append(1), 10)
        for *row, data in rows:
            list(
                duplicates.candidate_pairs(
                    connection,
                    {
                        duplicates.ComparableEntry(*row): duplicates.near_duplicate.unpack_sketch(
                            data
                        )
                    },
                )
            )
        driver.set_progress_handler(None, 0)
    return len(counted)
