"""What is no longer listed goes in its time; what is listed stays, and what went does not come back."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from aggregator.model import Capture, Outcome, Result
from aggregator.store.outcomes import outcome_row
from aggregator.store.retention import PruneResult, RetainedView
from aggregator.store.schema import outcome, source
from aggregator.store.view import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.store import Store

DAY = timedelta(days=1)
KEEP = {"news": 10 * DAY, "other": 3 * DAY}
NOTHING = PruneResult(())


@pytest.fixture
def poll(store: Store, revise: Any, start: Any) -> Callable[..., Outcome]:
    """Runs a source on a day: it lists the articles that are the letters of `names`, None for an unchanged document."""

    def run(names: str | None, day: float, source: str = "news", **result: Any) -> Outcome:
        now = start + day * DAY
        known = [(state.source, state.source, start) for state in store.states()]
        store.sync_sources([*known, (source, source, start)])
        [state] = store.claim(now, limit=1, lease=DAY, sources=[source], force=True)
        state = dataclasses.replace(
            state, folder=result.pop("folder", {}), last_run=now, last_success=now
        )
        capture = Capture(source, f"https://{source}.example/feed", now, f"{names} {day}".encode())
        values: dict[str, Any] = {
            "captures": () if names is None else (capture,),
            "revisions": tuple(revise(name, 24 * day, source=source) for name in names or ""),
        } | result
        [outcome] = store.commit([Result(state, Outcome(source, now, 1, "ok"), **values)], now=now)
        return outcome

    return run


@pytest.fixture
def prune(store: Store, start: Any) -> Callable[..., PruneResult]:
    return lambda day, **options: store.prune(start + day * DAY, KEEP, **options)


def _add_outcomes(store: Store, count: int, start: Any) -> None:
    """Add the ends of runs that brought nothing, of which a source keeps the last thousand."""
    with store._engines.write.begin() as connection:
        source_id = connection.scalar(sa.select(source.c.id).where(source.c.name == "news"))
        row = outcome_row(Outcome("news", start, 1, "unchanged"), source_id, good=None)
        connection.execute(sa.insert(outcome), [row] * count)


def names(store: Store) -> str:
    return "".join(sorted(entry.title[-1] for entry in store.entries()))


def test_what_dropped_out_goes_after_the_time_that_its_source_keeps_it(
    store: Store, poll: Any, prune: Any
) -> None:
    poll("abc", 0)
    poll("bcd", 1)
    [gone] = store.find_entries("url:a")

    assert prune(11) == NOTHING
    assert prune(11.1, dry_run=True) == PruneResult((gone.id,))
    assert names(store) == "abcd"
    assert prune(11.1) == PruneResult((gone.id,))
    assert names(store) == "bcd"
    assert list(store.entries(search='"title of a"')) == []


def test_what_is_still_listed_is_never_deleted_however_old_and_unchanged(
    store: Store, poll: Any, prune: Any
) -> None:
    poll("ab", 0)
    for day in range(1, 400, 50):
        poll(None, day)

    assert prune(400) == NOTHING
    assert names(store) == "ab"


def test_what_another_source_lists_stays(store: Store, poll: Any, prune: Any) -> None:
    poll("ab", 0)
    poll("a", 0, "other")
    poll("c", 1)

    assert len(prune(100).entries) == 1
    assert names(store) == "ac"
    poll("z", 100, "other")
    assert prune(105) == NOTHING
    assert len(prune(111).entries) == 1


def test_a_source_that_is_no_longer_configured_lists_nothing_and_keeps_its_own(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    poll("ab", 0)
    poll("ac", 0, "third")
    poll("b", 1)
    store.sync_sources([("news", "news", start)])

    assert len(prune(100).entries) == 1
    assert names(store) == "bc"


def test_what_comes_back_in_time_stays(store: Store, poll: Any, prune: Any) -> None:
    poll("ab", 0)
    poll("b", 1)
    poll("ab", 9)

    assert prune(50) == NOTHING
    poll("b", 60)
    assert (prune(69), len(prune(71).entries)) == (NOTHING, 1)


def test_a_failed_or_unchanged_run_says_nothing_of_what_is_listed(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    poll("ab", 0)
    [state] = store.claim(start + DAY, limit=1, lease=DAY, sources=["news"], force=True)
    failed = Outcome("news", start + DAY, 1, "failed", error="parse")
    page = Capture("news", "https://news.example/feed", start + DAY, b"<html>Sorry")
    store.commit([Result(state, failed, captures=(page,))], now=start + DAY)
    poll(None, 2)

    assert prune(100) == NOTHING


def test_what_went_does_not_come_back_while_it_is_listed_again(
    store: Store, poll: Any, prune: Any
) -> None:
    poll("ab", 0)
    poll("b", 1)
    prune(20)
    poll("ab", 21)
    kept = [prune(day).tombstones for day in (29, 39, 49)]
    poll("ab", 50, captures=())

    assert (names(store), kept) == ("b", [0, 0, 0])


def test_a_tombstone_of_what_nobody_lists_goes_in_its_time(
    store: Store, poll: Any, prune: Any
) -> None:
    poll("ab", 0)
    poll("b", 1)
    prune(20)

    assert (prune(29).tombstones, prune(31).tombstones) == (0, 1)
    poll("ab", 32)
    assert names(store) == "ab"


def test_what_was_forgotten_stays_gone_while_it_is_listed(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    poll("ab", 0)
    store.delete_entries([store.find_entries("url:a")[0].id], now=start)
    prune(50)
    poll("abc", 51)

    assert names(store) == "bc"


def folder(*names: str) -> dict[str, tuple[int, int]]:
    return dict.fromkeys(names, (1, 1))


def files(*names: str, start: Any) -> tuple[Capture, ...]:
    return tuple(
        Capture("news", f"file:///home/me/saved/{name}", start, name.encode()) for name in names
    )


def test_a_file_that_is_still_there_is_still_listed(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    read = {
        "keep_sightings": True,
        "captures": files("1.txt", "sub%20x/1.txt", "2.txt", start=start),
    }
    poll("abc", 0, **read, shares=(1, 1, 1), folder=folder("1.txt", "sub x/1.txt", "2.txt"))
    poll(None, 1, keep_sightings=True, folder=folder("1.txt", "sub x/1.txt"))
    assert prune(10) == NOTHING
    assert len(prune(12).entries) == 1
    assert names(store) == "ab"

    poll(None, 13, keep_sightings=True, folder=folder("1.txt"))
    assert len(prune(30).entries) == 1
    assert names(store) == "a"


def test_a_file_that_says_something_else_now_lists_that(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    one = {
        "keep_sightings": True,
        "folder": folder("1.txt"),
        "captures": files("1.txt", start=start),
    }
    poll("ab", 0, **one, shares=(2,))
    poll("b", 1, **one, shares=(1,))

    assert len(prune(12).entries) == 1
    assert names(store) == "b"


def test_a_folder_of_which_nobody_knows_what_is_in_which_file_keeps_everything(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    poll(
        "ab",
        0,
        keep_sightings=True,
        captures=files("1.txt", "2.txt", start=start),
        folder=folder("1.txt", "2.txt"),
    )
    poll(None, 1, keep_sightings=True, folder={})

    assert prune(100) == NOTHING


def test_old_captures_and_outcomes_go_by_number_and_age(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    for day in range(30):
        poll("a", day)
    _add_outcomes(store, 995, start)
    poll(
        "b",
        0,
        keep_sightings=True,
        source="other",
        captures=files("1.txt", start=store.states()[0].last_run),
    )
    pruned = prune(30)

    assert (pruned.captures, pruned.outcomes) == (10, 25)
    assert [
        round((capture.taken - next(iter(store.captures("news"))).taken) / DAY)
        for capture in store.captures("news")
    ] == list(range(20))
    assert len(store.outcomes("news", 9_999)) == 1_000


def test_captures_of_the_last_week_stay_whatever_their_number(
    store: Store, poll: Any, prune: Any
) -> None:
    for hour in range(30):
        poll("a", hour / 24)

    assert (prune(7).captures, prune(7.3).captures, len(list(store.captures("news")))) == (0, 8, 22)


def test_what_a_removed_source_brought_goes_a_time_after_it_was_last_read(
    store: Store, poll: Any, start: Any
) -> None:
    poll("abc", 0)
    poll("c", 0, "other")
    poll("bc", 1)
    poll(None, 4)
    poll("c", 4, "other")
    store.sync_sources([("other", "other", start)])
    kept = {"keep": {"other": 3 * DAY}, "default": 20 * DAY}

    would = store.prune(start + 22 * DAY, **kept, dry_run=True)
    assert (store.prune(start + 22 * DAY, **kept), names(store)) == (would, "bc")
    assert [len(would.entries), would.captures] == [1, 0]
    would = store.prune(start + 25 * DAY, **kept, dry_run=True)
    assert (store.prune(start + 25 * DAY, **kept), names(store)) == (would, "c")
    assert [len(would.entries), would.captures] == [1, 2]


def test_a_source_that_is_switched_off_keeps_what_it_has(
    store: Store, poll: Any, prune: Any
) -> None:
    poll("ab", 0)
    store.sync_sources([])

    assert prune(9999, default=DAY) == NOTHING
    assert (names(store), len(list(store.captures("news")))) == ("ab", 1)


def test_a_source_that_comes_back_after_its_entries_went_is_read_anew(
    store: Store, poll: Any, start: Any
) -> None:
    poll("ab", 0)
    store.sync_sources([])
    store.prune(start + 100 * DAY, {}, default=20 * DAY)
    gone = names(store)
    poll("ab", 200)

    assert (gone, names(store)) == ("", "ab")
    assert {state.source: state.body_hash for state in store.states()} == {"news": None}


def test_what_belongs_to_no_source_stays_where_no_time_is_set(
    store: Store, poll: Any, start: Any
) -> None:
    poll("ab", 0)
    store.sync_sources([])

    assert store.prune(start + 9999 * DAY, {}) == NOTHING
    assert names(store) == "ab"


def test_what_a_view_of_its_own_keep_shows_stays_until_that_is_over(
    store: Store, poll: Any, prune: Any, revise: Any, start: Any
) -> None:
    selections = [
        Selection(),
        Selection(language="zh"),
        Selection(source="news"),
        Selection(tag="world"),
        Selection(predicate=lambda entry: entry.title.endswith("a")),
    ]
    a = revise("a", 0, language="zh-Hans", tags=("world",))
    old = revise("b", 0, published=start - 40 * DAY, language="zh-Hans", tags=("world",))
    poll("", 0, revisions=(a, old))
    poll("c", 1)

    would = {
        day: [
            len(
                prune(
                    day,
                    retained_views=[RetainedView(start + (day - 30) * DAY, selection)],
                    dry_run=True,
                ).entries
            )
            for selection in selections
        ]
        for day in (12, 29, 31)
    }
    assert would == {12: [1] * 5, 29: [1] * 5, 31: [2] * 5}
    assert (
        len(prune(12, retained_views=[RetainedView(start - 18 * DAY, selections[1])]).entries) == 1
    )
    assert names(store) == "ac"


def test_a_view_of_something_else_keeps_nothing(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    poll("a", 0)
    poll("c", 1)

    assert (
        len(prune(12, retained_views=[RetainedView(start, Selection(language="zh"))]).entries) == 1
    )


def test_a_capture_of_a_file_goes_a_time_after_the_file(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    read = {"keep_sightings": True, "captures": files("1.txt", "2.txt", start=start)}
    poll("ab", 0, **read, shares=(1, 1), folder=folder("1.txt", "2.txt"))
    poll(None, 1, keep_sightings=True, folder=folder("1.txt"))

    assert prune(2) == NOTHING
    assert (len(prune(11.5).entries), prune(12).captures) == (1, 0)
    assert (prune(12.1, dry_run=True).captures, prune(12.1).captures) == (1, 1)
    assert [capture.url for capture in store.captures("news")] == ["file:///home/me/saved/1.txt"]


def test_a_file_that_comes_back_keeps_its_capture(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    there, gone = {"folder": folder("1.txt")}, {"folder": {}}
    poll("a", 0, keep_sightings=True, captures=files("1.txt", start=start), shares=(1,), **there)
    for day, state in ((1, gone), (5, there), (9, gone)):
        poll(None, day, keep_sightings=True, **state)
        prune(day)

    assert prune(18).captures == 0


def test_the_newest_capture_of_an_articles_page_stays_as_long_as_the_article(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    page = [
        Capture("news", "https://example.org/a", start + hour * DAY / 24, b"%d" % hour)
        for hour in range(3)
    ]
    poll("a", 0, captures=tuple(page))
    for day in range(1, 24):
        poll("b", day)

    would = prune(30, dry_run=True)
    assert (len(would.entries), prune(30)) == (1, would)
    assert [capture.url for capture in store.captures("news")] == ["https://news.example/feed"] * 20


def test_the_page_of_an_article_that_stays_is_kept_once(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    page = [
        Capture("news", "https://example.org/a", start + hour * DAY / 24, b"%d" % hour)
        for hour in range(3)
    ]
    poll("a", 0, captures=tuple(page))
    for day in range(1, 24):
        poll("a", day)
    prune(30)

    urls = [capture.url for capture in store.captures("news")]
    assert (urls.count("https://example.org/a"), urls.count("https://news.example/feed")) == (1, 20)


def test_a_dry_run_tells_of_everything_and_changes_nothing(
    store: Store, poll: Any, prune: Any, start: Any
) -> None:
    poll("ab", 0)
    poll("b", 1)
    prune(20)
    _add_outcomes(store, 995, start)
    for day in range(21, 42):
        poll("b", day)
    would = prune(60, dry_run=True)

    assert would == prune(60, dry_run=True) == prune(60) == PruneResult((), 3, 18, 1)
    assert prune(60) == NOTHING


def test_vacuum_gives_space_back(
    store: Store, poll: Any, revise: Any, bring: Any, start: Any
) -> None:
    bring(
        store,
        [
            revise(f"n{n}", text=f"{n} " * 2000 + "".join(map(chr, range(200, 9000, 1 + n))))
            for n in range(60)
        ],
    )
    store.delete_entries([entry.id for entry in store.entries()], now=start)
    before = size(store)
    store.vacuum()

    assert size(store) < before
    assert names(store) == ""


def size(store: Store) -> int:
    path = store._engines.path
    if path is not None:
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
    query = "SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
    with store._engines.read.connect() as connection:
        return int(connection.scalar(sa.text(query)))
