"""What a run's outcome says of floods and of guids, and what becomes of the articles meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.model import Capture, Evidence, Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.store import Store

HOUR = timedelta(hours=1)
DAY_ONLY = Evidence("published", "2026-03-01", "feed:published", precision="day")


@pytest.fixture
def poll(store: Store, start: Any) -> Callable[..., Outcome]:
    """Runs a source at an hour after START with the items of its document."""

    def run(hour: float, *items: Any, **result: Any) -> Outcome:
        now = start + hour * HOUR
        store.sync_sources([("news", "news", start)])
        [state] = store.claim(now, limit=1, lease=HOUR, sources=["news"], force=True)
        document = Capture("news", "https://news.example/feed", now, f"{hour}".encode())
        outcome = Outcome("news", now, 1, "ok", found=len(items))
        values: dict[str, Any] = {"captures": (document,), "revisions": items} | result
        [done] = store.commit([Result(state, outcome, **values)], now=now)
        return done

    return run


@pytest.fixture
def item(revise: Any, start: Any) -> Callable[..., Any]:
    """An item called `name`, at a link of its own and with a guid of its own unless others are given."""

    def make(
        name: str, hour: float, guid: str | None = None, link: str | None = None, **fields: Any
    ) -> Any:
        keys = (f"url:{link or name}", f"guid:news:{guid or name}")
        published = start - (ord(name[0]) - 90) * HOUR
        return revise(name, hour, **{"keys": keys, "published": published} | fields)

    return make


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.new, outcome.changed, outcome.same


def ids(store: Store) -> list[str]:
    return [entry.id for entry in store.entries()]


# --- floods ----------------------------------------------------------------------------------------------------------


def test_a_source_that_suddenly_brings_far_more_than_it_uses_to_says_so(
    poll: Any, revise: Any
) -> None:
    poll(0, *(revise(f"first {n}", 0) for n in range(80)))
    for hour, new in enumerate((3, 4, 0, 30, 5), 1):
        poll(hour, *(revise(f"{hour} {n}", hour) for n in range(new)))

    assert poll(6, *(revise(f"6 {n}", 6) for n in range(50))).notes == ()
    assert poll(7, *(revise(f"7 {n}", 7) for n in range(51))).notes == (
        "51 new items at once, usually 5",
    )


def test_what_a_first_run_brings_is_no_flood_and_is_not_what_is_usual(
    poll: Any, revise: Any
) -> None:
    first = poll(0, *(revise(f"first {n}", 0) for n in range(200)))
    second = poll(1, *(revise(f"second {n}", 1) for n in range(60)))

    assert (first.notes, second.notes) == ((), ("60 new items at once",))


def test_a_folder_that_is_still_being_read_floods_nothing(poll: Any, revise: Any) -> None:
    files = [revise(f"{n}", 0) for n in range(180)]
    read = {"keep_sightings": True}

    parts = [
        poll(0, *files[:60], **read, is_complete=False),
        poll(1, *files[60:120], **read, is_complete=False),
    ]
    parts.append(poll(2, *files[120:], **read))

    assert [part.notes for part in parts] == [()] * 3


def test_what_is_usual_is_ten_times_under_the_bar(poll: Any, revise: Any) -> None:
    poll(0, revise("first", 0))
    poll(1, *(revise(f"1 {n}", 1) for n in range(8)))

    assert poll(2, *(revise(f"2 {n}", 2) for n in range(80))).notes == ()
    assert poll(3, *(revise(f"3 {n}", 3) for n in range(441))).notes == (
        "441 new items at once, usually 44",
    )


# --- guids -----------------------------------------------------------------------------------------------------------


def test_a_feed_that_changes_all_its_guids_keeps_its_entries(
    store: Store, poll: Any, item: Any
) -> None:
    poll(0, *(item(name, 0) for name in "abcd"))
    before = ids(store)
    changed = poll(1, *(item(name, 1, guid=f"{name}2") for name in "abcd"), item("e", 1, guid="e2"))

    assert counts(changed) == (1, 0, 4)
    assert changed.notes == ("all guids changed: 4 items kept, their links are the same",)
    assert set(before) < set(ids(store))
    assert poll(2, *(item(name, 2, guid=f"{name}2") for name in "abcde")).notes == ()


def test_guids_that_change_again_and_again_count_no_more(
    store: Store, poll: Any, item: Any
) -> None:
    poll(0, *(item(name, 0) for name in "abcd"))
    poll(1, *(item(name, 1, guid=f"{name}2") for name in "abcd"))
    again = poll(2, *(item(name, 2, guid=f"{name}3") for name in "abcd"))

    assert again.notes == ("keyed by URL: its guids change again and again",)
    assert [state.by_url for state in store.states()] == [True]
    assert len(ids(store)) == 4


def test_a_guid_that_changes_with_its_article_is_not_worth_a_word(poll: Any, item: Any) -> None:
    poll(0, *(item(name, 0) for name in "abcd"))

    assert poll(1, item("a", 1, guid="new"), *(item(name, 1) for name in "bcd")).notes == ()


def test_guids_that_are_places_in_a_list_join_nothing(store: Store, poll: Any, item: Any) -> None:
    poll(0, item("a", 0, guid="1"), item("b", 0, guid="2"), item("c", 0, guid="3"))
    second = poll(1, item("d", 1, guid="1"), item("a", 1, guid="2"), item("b", 1, guid="3"))

    assert (counts(second), second.notes) == (
        (1, 0, 2),
        ("keyed by URL: its guids are handed on from item to item",),
    )
    assert sorted(entry.title[-1] for entry in store.entries()) == ["a", "b", "c", "d"]
    assert [state.by_url for state in store.states()] == [True]


def test_another_address_forgets_what_was_known_of_guids(
    store: Store, poll: Any, item: Any, start: Any
) -> None:
    poll(0, item("a", 0, guid="1"), item("b", 0, guid="2"))
    poll(1, item("c", 1, guid="1"), item("a", 1, guid="2"))
    store.sync_sources([("news", "elsewhere", start)])

    assert [state.by_url for state in store.states()] == [False]


# --- other links and ids ---------------------------------------------------------------------------------------------


def moved(item: Any, name: str, hour: float, **fields: Any) -> Any:
    return item(name, hour, guid=f"{name}-moved", link=f"{name}-moved", **fields)


def test_items_under_other_links_and_ids_are_known_by_title_and_time(
    store: Store, poll: Any, item: Any
) -> None:
    poll(0, *(item(name, 0) for name in "abcd"))
    before = ids(store)
    after = poll(1, *(moved(item, name, 1) for name in "abcd"), item("e", 1))
    last = poll(2, *(moved(item, name, 2, text="edited") for name in "abcd"), item("e", 2))

    assert (counts(after), after.notes) == (
        (1, 0, 4),
        ("4 items under other links and ids: recognised by title and date",),
    )
    assert (counts(last), last.notes) == ((0, 4, 1), ())
    assert set(before) < set(ids(store))


def test_they_are_known_after_a_day_on_which_the_feed_was_empty(
    store: Store, poll: Any, item: Any
) -> None:
    poll(0, *(item(name, 0) for name in "abc"))
    poll(1)
    poll(2, *(moved(item, name, 2) for name in "abc"))

    assert len(ids(store)) == 3


def test_they_are_known_whichever_came_first(store: Store, poll: Any, item: Any) -> None:
    poll(0, *(moved(item, name, 5) for name in "abc"))
    poll(1, *(item(name, 0) for name in "abc"))

    assert len(ids(store)) == 3
    assert {entry.id for entry in store.find_entries("url:a")} == {
        entry.id for entry in store.find_entries("url:a-moved")
    }


def test_a_title_that_comes_again_at_another_time_is_another_article(
    store: Store, poll: Any, item: Any
) -> None:
    poll(0, item("a", 0), item("b", 0), item("c", 0))
    again = [moved(item, name, 24) for name in "abc"]
    later = [
        item(name, 24, guid=f"{name}2", link=f"{name}2", published=one.published + 24 * HOUR)
        for name, one in zip("abc", again, strict=True)
    ]

    assert counts(poll(24, *later)) == (3, 0, 0)


def test_what_the_document_still_lists_is_not_what_moved(poll: Any, item: Any) -> None:
    poll(0, item("a", 0), item("b", 0))

    assert counts(poll(1, item("a", 1), item("b", 1), moved(item, "a", 1))) == (1, 0, 2)


def test_of_two_with_one_title_and_time_none_is_recognised(
    poll: Any, item: Any, revise: Any
) -> None:
    same = {"title": "Listen again", "published": item("a", 0).published}
    poll(0, item("a", 0, **same), item("b", 0, **same))

    assert counts(poll(1, moved(item, "a", 1, **same), moved(item, "b", 1, **same))) == (2, 0, 0)


@pytest.mark.parametrize(
    "dated", [{"published_from": "first_seen"}, {"evidence": (DAY_ONLY,)}], ids=["none", "a day"]
)
def test_without_a_time_it_takes_a_whole_document(
    store: Store, poll: Any, item: Any, dated: Any
) -> None:
    poll(0, *(item(name, 0, **dated) for name in "abcd"))
    one = poll(1, *(item(name, 1, **dated) for name in "bcd"), moved(item, "a", 1, **dated))
    assert (counts(one), one.notes) == ((1, 0, 3), ())

    whole = poll(
        2,
        *(item(name, 2, guid=f"{name}9", link=f"{name}9", **dated) for name in "bcd"),
        item("x", 2, **dated),
    )
    assert (counts(whole), whole.notes) == (
        (1, 0, 3),
        ("3 items under other links and ids: recognised by title and date",),
    )
    assert len(ids(store)) == 6


def test_a_whole_document_of_other_items_is_another(poll: Any, item: Any) -> None:
    dated = {"published_from": "first_seen"}
    poll(0, *(item(name, 0, **dated) for name in "abcd"))

    others = poll(1, *(item(name, 1, **dated) for name in "wxy"), moved(item, "a", 1, **dated))
    assert counts(others) == (4, 0, 0)


def test_of_files_nothing_is_taken_for_what_moved(poll: Any, item: Any) -> None:
    read = {"keep_sightings": True}
    poll(0, *(item(name, 0) for name in "abc"), **read)

    assert counts(poll(1, *(moved(item, name, 1) for name in "abc"), **read)) == (3, 0, 0)


def test_of_a_feed_of_two_the_same_titles_may_be_others(poll: Any, item: Any) -> None:
    dated = {"published_from": "first_seen"}
    poll(0, item("a", 0, **dated), item("b", 0, **dated))

    assert counts(poll(1, moved(item, "a", 1, **dated), moved(item, "b", 1, **dated))) == (2, 0, 0)
