"""Copies in several sources are one group, whatever came first."""

from __future__ import annotations

import itertools
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from aggregator.store import Store, duplicates

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = timedelta(hours=1)
WORDS = (
    "harbour",
    "council",
    "winter",
    "bridge",
    "railway",
    "doctor",
    "farmer",
    "letter",
    "window",
    "market",
    "island",
)


def prose(seed: int, size: int = 120) -> str:
    chance = Random(seed)
    return " ".join(
        chance.choice(WORDS) + chance.choice(("", "s", "ed", "ing", "ly")) for _ in range(size)
    )


@pytest.fixture
def item(revise: Any, start: Any) -> Callable[..., Any]:
    """Makes a revision of `source`, published `hours` after the start, with a long text."""

    def make(source: str, text: str, hours: float = 0, **fields: Any) -> Any:
        values = {"source": source, "published": start + hours * HOUR, "language": "en"} | fields
        return revise(f"{source}-{fields.get('title', 'copy')}", 1, text, **values)

    return make


def groups(store: Store) -> dict[str, set[str]]:
    """Source of each entry -> sources of its copies."""
    entries = list(store.entries())
    sources = {entry.id: entry.source for entry in entries}
    return {entry.source: {sources[other] for other in entry.duplicates} for entry in entries}


def shown(store: Store, now: Any, **selection: Any) -> list[str]:
    return [entry.source for entry in store.view(9, now=now, **selection)]


def test_a_copy_in_another_source_is_linked_and_a_view_shows_the_earliest(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item("late", prose(1), 5), item("late", prose(2), 6, title="x")], source="late")
    bring(store, [item("early", f"Agency. {prose(1)}", 1)], source="early")
    [[copy], [original], [other]] = [
        store.find_entries(f"url:{name}") for name in ("late-copy", "early-copy", "late-x")
    ]

    assert (copy.duplicates, original.duplicates, other.duplicates) == (
        (original.id,),
        (copy.id,),
        (),
    )
    assert shown(store, start) == ["late", "early"]
    assert shown(store, start, group_copies=False) == ["late", "late", "early"]


def test_the_addresses_of_copies_are_given_by_their_ids(
    store: Store, item: Any, bring: Any
) -> None:
    bring(store, [item("a", prose(1)), item("b", prose(2), url=None)])
    [[one], [other]] = [store.find_entries(f"url:{name}-copy") for name in ("a", "b")]

    assert store.entry_urls(
        [one.id, other.id, "urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-0000000000ff"]
    ) == {one.id: one.url}
    assert store.entry_urls([]) == {}


def test_the_source_with_the_highest_priority_stands_for_the_others(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    for hours, source in enumerate(("a", "b", "c")):
        bring(store, [item(source, prose(1), hours)], source=source)
    first = shown(store, start)
    store.sync_sources([("a", "a", start), ("b", "b", start, 5), ("c", "c", start, 1)])
    second = shown(store, start)
    store.sync_sources([("a", "a", start), ("b", "b", start, -1), ("c", "c", start)])

    assert (first, second, shown(store, start)) == (["a"], ["b"], ["a"])
    assert groups(store) == {"a": {"b", "c"}, "b": {"a", "c"}, "c": {"a", "b"}}


def test_a_view_of_one_source_shows_its_copy(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    bring(store, [item("a", prose(1), tags=("x",))], source="a")
    bring(store, [item("b", prose(1), 1, tags=("y",), language="en-GB")], source="b")

    assert shown(store, start) == ["a"]
    assert shown(store, start, source="b") == ["b"]
    assert shown(store, start, language="en-GB") == ["b"]
    assert shown(store, start, language="en") == ["a"]
    assert shown(store, start, tag="y") == ["b"]
    assert shown(store, start, predicate=lambda entry: entry.source == "b") == ["b"]
    assert shown(store, start, predicate=lambda entry: True) == ["a"]


@pytest.mark.parametrize(
    ("other", "linked"),
    [
        ({}, True),
        ({"hours": 72}, True),
        ({"hours": 73}, False),
        ({"hours": -72}, True),
        ({"language": "en-US"}, True),
        ({"language": None}, True),
        ({"language": "fr"}, False),
        ({"source": "a", "title": "again"}, False),
        ({"text": prose(2)}, False),
        ({"text": prose(1, 6)}, False),
    ],
    ids=str,
)
def test_who_is_a_copy(
    store: Store, item: Any, bring: Any, other: dict[str, Any], linked: bool
) -> None:
    bring(store, [item("a", prose(1))], source="a")
    bring(store, [item("b", prose(5), title="first")], source="b")
    second = {"source": "b", "text": prose(1)} | other
    bring(store, [item(**second)], source=second["source"])
    entries = list(store.entries())

    assert any(entry.duplicates for entry in entries) is linked


def test_an_edit_leaves_its_group_and_joins_another(
    store: Store, item: Any, revise: Any, bring: Any
) -> None:
    bring(store, [item("a", prose(1))], source="a")
    bring(store, [item("b", prose(1))], source="b")
    bring(store, [item("c", prose(2))], source="c")
    before = groups(store)
    bring(
        store,
        [revise("b", 2, prose(2), source="b", keys=("url:b-copy",), language="en")],
        source="b",
    )

    assert before == {"a": {"b"}, "b": {"a"}, "c": set()}
    assert groups(store) == {"a": set(), "b": {"c"}, "c": {"b"}}


def test_what_stood_for_others_may_go(store: Store, item: Any, bring: Any, start: Any) -> None:
    for hours, source in enumerate(("a", "b", "c")):
        bring(store, [item(source, prose(1), hours)], source=source)
    store.delete_entries([entry.id for entry in store.entries() if entry.source == "a"], now=start)
    two = (shown(store, start), groups(store))
    store.delete_entries([entry.id for entry in store.entries() if entry.source == "b"], now=start)

    assert two == (["b"], {"b": {"c"}, "c": {"b"}})
    assert (shown(store, start), groups(store)) == (["c"], {"c": set()})


def test_any_order_of_arrival_gives_the_same_groups(
    new_url: Any, item: Any, bring: Any, start: Any, dump: Any
) -> None:
    texts = {
        "a": prose(1),
        "b": f"{prose(1)} {prose(3, 30)}",
        "c": f"{prose(3, 30)} {prose(1)}",
        "d": prose(2),
    }
    seen = []
    for order in itertools.islice(itertools.permutations("abcd"), 0, 24, 5):
        with new_url() as url, Store.open(url, text_of=str) as store:
            for source in order:
                bring(store, [item(source, texts[source], ord(source))], source=source)
            seen.append(
                (sorted(dump(store), key=str), [entry.id for entry in store.view(9, now=start)])
            )

    assert [one == seen[0] for one in seen] == [True] * 5
    assert len(seen[0][1]) == 2


def test_a_group_spans_72_hours_as_a_whole(store: Store, item: Any, bring: Any, start: Any) -> None:
    for hours, source in ((0, "a"), (60, "b"), (120, "c")):
        bring(store, [item(source, prose(1), hours)], source=source)
    [size, *others] = sorted(groups(store).values(), key=len)

    assert (size, [len(other) for other in others]) == (set(), [1, 1])


def test_a_group_holds_one_entry_of_a_source(store: Store, item: Any, bring: Any) -> None:
    for source, text in (("a", prose(1)), ("b", prose(1)), ("c", f"{prose(1)} {prose(2, 9)}")):
        bring(store, [item(source, text)], source=source)
    bring(store, [item("a", f"{prose(1)} {prose(2, 9)}", 2, title="again")], source="a")

    # Of two pairs with "a" the one whose texts are equal comes first.
    assert [
        {other.source for other in entries(store) if other.id in entry.duplicates}
        for entry in entries(store)
    ] == [{"c"}, {"b"}, {"a"}, {"a"}]


def entries(store: Store) -> list[Any]:
    return sorted(store.entries(), key=lambda entry: (entry.source, -entry.published.timestamp()))


def test_a_store_with_one_source_compares_nothing_until_a_second_one_comes(
    store: Store, item: Any, bring: Any, monkeypatch: Any
) -> None:
    made: list[str] = []
    monkeypatch.setattr(
        duplicates,
        "sketch_of",
        lambda words, make=duplicates.sketch_of: made.append(words) or make(words),
    )
    bring(store, [item("a", prose(n), title=f"t{n}") for n in range(5)], source="a")
    alone = len(made)
    bring(store, [item("b", prose(3))], source="b")

    assert (alone, len(made), groups(store)["b"]) == (0, 6, {"a"})
    assert [
        entry.title for entry in store.entries() if entry.duplicates and entry.source == "a"
    ] == ["t3"]


def test_a_backlog_is_compared_bit_by_bit_the_latest_first(
    store: Store, item: Any, bring: Any
) -> None:
    for source in ("a", "b"):
        articles = [item(source, prose(n), n, title=f"t{n}") for n in range(4)]
        bring(store, articles, source=source, complete=False)
    grouped = []
    for _ in range(4):
        more = store.update_indexes(2)
        grouped.append((more, sorted({e.title for e in store.entries() if e.duplicates})))

    assert grouped == [
        (True, []),
        (True, []),
        (True, ["t2", "t3"]),
        (True, ["t0", "t1", "t2", "t3"]),
    ]
    assert (store.has_uncompared(), store.update_indexes(2)) == (False, False)


def test_no_reader_writes(store: Store, item: Any, bring: Any, start: Any) -> None:
    for hours, source in enumerate("ba"):
        bring(store, [item(source, prose(1), hours)], source=source, complete=False)
    with store._engines.write.begin():  # nobody else gets a turn
        seen = (shown(store, start), groups(store), len(store.find_entries("url:a-copy")))
        found = list(store.entries(search="harbour"))
        pending = (store.has_uncompared(), store.has_unindexed())

    assert (seen, found, pending) == (
        (["a", "b"], {"a": set(), "b": set()}, 1),
        [],
        (True, True),
    )
    assert store.update_indexes() is False
    assert (shown(store, start), len(list(store.entries(search="harbour")))) == (["b"], 2)


def test_nothing_stays_of_entries_that_are_gone(
    store: Store, item: Any, bring: Any, start: Any
) -> None:
    for source in ("a", "b"):
        bring(store, [item(source, prose(1))], source=source)
    store.delete_entries([entry.id for entry in store.entries()], now=start)
    with store._engines.read.connect() as connection:
        left = [
            connection.scalar(sa.text(f"SELECT count(*) FROM {name}"))
            for name in ("sketch", "pair", "content")
        ]

    assert left == [0, 0, 0]
