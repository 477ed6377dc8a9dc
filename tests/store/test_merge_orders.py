"""The same revisions in any order and grouping give the same store."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.model import Outcome, Result
from aggregator.store import Store
from aggregator.store.schema import metadata


def shown(found: Any) -> Any:
    """A dump without the numbers of revisions: a lead that is edited less often keeps the count."""
    return [
        (replace(entry, revision=0), [replace(one.entry, revision=0) for one in history], keys)
        for entry, history, keys in found
    ]


def tangle(revise: Any, start: Any) -> list[Any]:
    """Statements of four sources on five articles, which edit, move and overtake each other."""
    day = timedelta(days=1)
    long_text = "word " * 300
    return [
        revise("a", 0, keys=("url:a", "guid:news:1")),
        revise("a", 4, "edited", keys=("url:a", "guid:news:1")),
        revise("a", 6, "edited", keys=("url:a2", "guid:news:1"), url="https://example.org/a2"),
        revise("a", 1, "Comments", source="links", tier=0, tags=("links",)),
        revise("a", 9, long_text, source="saved", at=start - day, authors=("Ann",)),
        revise("b", 2, "guess", published=start - 9 * day, published_from="archive"),
        revise("b", 3, "told", source="links", tier=0),
        revise("b", 5, "told twice", source="links", tier=0),
        revise("x", 0, "storm", keys=("voa:7",), guarded=True, title="Storm"),
        revise("x", 9, "storm 2", keys=("voa:7",), guarded=True, title="Great storm"),
        revise("z", 200, "storm 3", keys=("voa:7",), guarded=True, title="STORM"),
        revise("d", 3, keys=("url:d",), source="other", tags=("one",)),
        revise("d", 8, keys=("url:d",), source="section", tags=("two",)),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_grouping_of_the_same_statements_gives_the_same_store(
    new_url: Any, revise: Any, bring: Any, dump: Any, start: Any, seed: int
) -> None:
    revisions, chance = tangle(revise, start), random.Random(seed)
    # An address that moves is known as one article by who heard of its id before.
    first = revisions[:1]
    shuffled = [*revisions[1:], *revisions[:4]]
    chance.shuffle(shuffled)
    with new_url() as one, Store.open(one, text_of=str) as store:
        bring(store, revisions, keep=True)
        whole = shown(dump(store))
    with new_url() as other, Store.open(other, text_of=str) as store:
        bring(store, first, keep=True)
        while shuffled:
            size = chance.randint(1, 4)
            bring(store, shuffled[:size], keep=True)
            shuffled = shuffled[size:]
        parts = shown(dump(store))

    assert parts == whole
    assert len(whole) == 4


@pytest.fixture
def new_file(template: Any, tmp_path: Any) -> Any:
    numbers = itertools.count()

    def fresh() -> Store:
        path = tmp_path / f"{next(numbers)}.db"
        path.write_bytes(template.read_bytes())
        return Store.open(f"sqlite:///{path}", text_of=str)

    return fresh


@pytest.fixture
def emptied(url: str) -> Any:
    """Gives one store again and again, with nothing in it: a schema of its own takes too long for each example."""

    def fresh() -> Store:
        store = Store.open(url, text_of=str)
        with store._engines.write.begin() as connection:
            connection.execute(
                sa.text(f"TRUNCATE {', '.join((*metadata.tables, 'search'))} CASCADE")
            )
        return store

    return fresh


small = st.integers(0, 3)
wild = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        small,
        small,
        small,
        small,
    ),
    max_size=7,
)


def check_random_revisions(
    fresh: Any, revise: Any, bring: Any, dump: Any, start: Any, drawn: Any, chance: random.Random
) -> None:
    revisions = [
        revise(
            "n",
            hours,
            f"text {text}",
            keys=(f"url:{key}",),
            source=f"source {kind}",
            tier=kind,
            title=f"Title {text}",
            published=start + timedelta(hours=20 * published),
            published_from="first_seen" if kind == 1 else "feed",
            url_original=f"https://example.org/{kind}",
        )
        for key, hours, text, published, kind in drawn
    ]
    shuffled = chance.sample(revisions, len(revisions))
    dumps = []
    for order, size in ((revisions, len(revisions) or 1), (shuffled, chance.randint(1, 3))):
        with fresh() as store:
            for begin in range(0, len(order), size):
                bring(store, order[begin : begin + size], keep=True)
            dumps.append(shown(dump(store)))

    assert dumps[0] == dumps[1]


def few(examples: int) -> Any:
    quiet = [HealthCheck.function_scoped_fixture]
    return settings(
        deadline=None, derandomize=True, max_examples=examples, suppress_health_check=quiet
    )


@few(12)
@given(wild, st.randoms(use_true_random=False))
def test_random_revisions_give_one_store_in_any_order(
    new_file: Any, revise: Any, bring: Any, dump: Any, start: Any, drawn: Any, chance: random.Random
) -> None:
    check_random_revisions(new_file, revise, bring, dump, start, drawn, chance)


@pytest.mark.parametrize("new_url", ["postgresql"], indirect=True)
@few(5)
@given(wild, st.randoms(use_true_random=False))
def test_random_revisions_give_one_store_in_any_order_on_postgresql(
    emptied: Any, revise: Any, bring: Any, dump: Any, start: Any, drawn: Any, chance: random.Random
) -> None:
    check_random_revisions(emptied, revise, bring, dump, start, drawn, chance)


def test_polls_give_one_store_however_they_are_grouped(
    new_url: Any, revise: Any, bring: Any, dump: Any, start: Any
) -> None:
    polls = [revise("a", hours, text) for hours, text in enumerate("xxyyxzzz")]
    dumps = []
    for size in (1, 3, 8):
        with new_url() as url, Store.open(url, text_of=str) as store:
            store.sync_sources([(f"s{n}", "x", start) for n in range(8)])
            for begin in range(0, 8, size):
                group = polls[begin : begin + size]
                states = store.claim(start, limit=len(group), lease=timedelta(hours=1), force=True)
                results = [
                    Result(state, Outcome(state.source, start, 1, "ok"), revisions=(poll,))
                    for state, poll in zip(states, group, strict=True)
                ]
                store.commit(results, now=start)
            dumps.append(dump(store))

    assert dumps[0] == dumps[1] == dumps[2]
    assert [version.entry.content_text for version in dumps[0][0][1]] == [
        f"<p>{text}</p>" for text in "xyxz"
    ]
