"""Pages of a view: where they begin, what narrows them, and what a search finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.model import Outcome, Result
from aggregator.store.browse import EntryFilter, EntryPosition, Headline, narrow_selection
from aggregator.store.view import Selection

if TYPE_CHECKING:
    from aggregator.model import Entry
    from aggregator.store import Store

HOUR = timedelta(hours=1)
ALL = Selection()


def names(entries: list[Entry]) -> list[str]:
    return [entry.title.removeprefix("Title of ") for entry in entries]


def position_of(entry: Entry) -> EntryPosition:
    return EntryPosition(entry.published, entry.id)


@pytest.fixture
def item(revise: Any, start: Any) -> Any:
    """Makes a revision published `hours` after the start."""

    def make(name: str, hours: float, text: str = "first", **fields: Any) -> Any:
        return revise(name, 1000, text, published=start + hours * HOUR, **fields)

    return make


def test_pages_follow_one_another_without_a_gap_where_times_are_equal(
    store: Store, item: Any, bring: Any
) -> None:
    bring(store, [item("a", 3), *(item(name, 2) for name in "bcdef"), item("g", 1)])
    whole = store.browse(9, selection=ALL)

    paged = store.browse(2, selection=ALL)
    for _ in range(4):
        paged += store.browse(2, selection=ALL, before=position_of(paged[-1]))
    assert (names(paged), len(paged)) == (names(whole), 7)


def test_a_page_may_begin_before_a_time(store: Store, item: Any, bring: Any, start: Any) -> None:
    bring(store, [item("a", 3), item("b", 2), item("c", 1)])

    shown = store.browse(9, selection=ALL, before=EntryPosition(start + 2 * HOUR))
    assert names(shown) == ["c"]


def test_a_page_of_a_tag_begins_where_the_last_ended(store: Store, item: Any, bring: Any) -> None:
    bring(store, [item(name, 5, tags=("x",)) for name in "abc"] + [item("d", 4)])
    tagged = Selection(tag="x")
    whole = store.browse(9, selection=tagged)

    shown = store.browse(9, selection=tagged, before=position_of(whole[0]))
    assert (names(shown), len(whole)) == (names(whole[1:]), 3)


def test_each_page_keeps_to_the_share_of_a_source(store: Store, item: Any, bring: Any) -> None:
    bring(store, [item(f"n{hour}", hour) for hour in range(600)])
    bring(store, [item("other", -1, source="blog")], source="blog")

    shown = store.browse(3, selection=Selection(max_per_source=2))
    assert names(shown) == ["n599", "n598", "other"]


def test_a_search_finds_words_of_every_script_newest_first(
    store: Store, item: Any, bring: Any
) -> None:
    texts = {"a": "the port is shut", "b": "港口工人罢工", "c": "a port", "d": "北方新港口"}
    bring(store, [item(name, hour, text) for hour, (name, text) in enumerate(texts.items())])

    found = {
        word: names(store.browse(9, selection=ALL, search=word)) for word in ("port", "港口", "?")
    }
    assert found == {"port": ["c", "a"], "港口": ["d", "b"], "?": []}


def test_a_search_is_paged_and_narrowed(store: Store, item: Any, bring: Any) -> None:
    bring(store, [item(name, hour, "port") for hour, name in enumerate("abc")])
    bring(store, [item("z", 9, "port", source="blog")], source="blog")
    narrowed = narrow_selection(ALL, EntryFilter(source="news", search="port"))
    assert narrowed is not None

    first = store.browse(1, selection=narrowed, search="port")
    rest = store.browse(9, selection=narrowed, search="port", before=position_of(first[0]))
    assert (names(first), names(rest)) == (["c"], ["b", "a"])


@pytest.mark.parametrize(
    ("selection", "wanted", "narrowed"),
    [
        (ALL, EntryFilter(), ALL),
        (
            Selection(max_per_source=3),
            EntryFilter(source="a", language="zh", tag="x"),
            Selection("zh", "a", "x"),
        ),
        (Selection(source="a"), EntryFilter(source="b"), None),
        (Selection(sources=("a", "b")), EntryFilter(source="b"), Selection(source="b")),
        (Selection(sources=("a", "b")), EntryFilter(source="c"), None),
        (Selection("zh"), EntryFilter(language="zh-Hans"), Selection("zh-Hans")),
        (Selection("zh-Hans"), EntryFilter(language="zh"), Selection("zh-Hans")),
        (Selection("zh"), EntryFilter(language="en"), None),
        (Selection("zh"), EntryFilter(language="zho"), None),
        (Selection(tag="x"), EntryFilter(tag="x"), Selection(tag="x")),
        (
            Selection(max_per_source=3),
            EntryFilter(search="a"),
            Selection(group_copies=False),
        ),
    ],
)
def test_a_filter_never_shows_more_than_the_view(
    selection: Selection, wanted: EntryFilter, narrowed: Selection | None
) -> None:
    assert narrow_selection(selection, wanted) == narrowed


def test_a_second_tag_must_be_there_as_well(store: Store, item: Any, bring: Any) -> None:
    tags = {"a": ("x",), "b": ("x", "y"), "c": ("y",)}
    bring(store, [item(name, 1, tags=tags[name]) for name in tags])
    narrowed = narrow_selection(Selection(tag="x"), EntryFilter(tag="y"))
    assert narrowed is not None

    assert names(store.browse(9, selection=narrowed)) == ["b"]


def test_headlines_are_lines_about_entries(store: Store, item: Any, bring: Any, start: Any) -> None:
    bring(store, [item("a", 1, language="en"), item("b", 0)])
    first, second = store.browse(9, selection=ALL)

    unknown = "urn:uuid:00000000-0000-0000-0000-000000000000"
    assert list(store.headlines([first.id, unknown, second.id]).items()) == [
        (second.id, Headline(second.id, "news", "Title of b", second.url, None, start)),
        (first.id, Headline(first.id, "news", "Title of a", first.url, "en", start + HOUR)),
    ]
    assert store.headlines([]) == {}


def test_the_last_outcome_of_each_source_and_the_number_that_fail_are_known(
    store: Store, bring: Any, start: Any
) -> None:
    bring(store, [])
    bring(store, [], source="blog")
    [state] = store.claim(start, limit=1, lease=HOUR, sources=["blog"], force=True)
    failed = Outcome("blog", start + HOUR, 7, "failed", error="timeout", message="no answer")
    store.commit([Result(replace(state, failures=1), failed)], now=start + HOUR)

    assert store.last_outcomes() == {
        "news": store.outcomes("news", 1)[0],
        "blog": store.outcomes("blog", 1)[0],
    }
    assert (store.last_outcomes()["blog"].error, store.failing_count()) == ("timeout", 1)


def test_the_figures_of_a_day_are_the_sums_of_its_runs(
    store: Store, bring: Any, item: Any, start: Any
) -> None:
    for name in ("news", "blog"):
        bring(store, [item("a", 1)] if name == "news" else [], source=name)
    for hours, status, size, spent in ((1, "failed", None, 900), (2, "unchanged", 10, 40)):
        now = start + hours * HOUR
        [state] = store.claim(now, limit=1, lease=HOUR, sources=["news"], force=True)
        outcome = Outcome("news", now, spent, status, size_bytes=size)
        store.commit([Result(state, outcome)], now=now)

    month = store.month("news", start)
    [first] = [day for day in month.of_source("news") if day]
    assert (month.days()[-1], month.of_source("blog")) == (start.date(), [None] * 30)
    assert (first.runs, first.failed, first.unchanged, first.new) == (3, 1, 1, 1)
    assert first.size_bytes == 10
    assert store.month(None, start).figures.keys() == {
        ("news", start.date()),
        ("blog", start.date()),
    }
    assert store.month(None, start + 31 * 24 * HOUR).figures == {}
