"""Articles that ten sources tell: one entry each, each correction once, equal feeds in any order.

With 1,000 articles, 20 orders and 20 kills: `python -m benchmarks ten_mouths`.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import pytest

from benchmarks.ten_mouths import Newspaper, Shown, live, make_order, play, play_with_kills

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.ten_mouths import Reading

ARTICLES = 13  # of which five are corrected, two of them twice
ORDERS = 5
KILLS = 2
SEED = 9  # its articles have a correction that shortens the text


@dataclass(frozen=True)
class World:
    """A newspaper, its polls, and what they give in the order of time."""

    newspaper: Newspaper
    readings: list[Reading]
    in_time: Shown


NAMES = ["proxy", "opaque proxy"]


@pytest.fixture(scope="module", params=[False, True], ids=NAMES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    newspaper = Newspaper(
        ARTICLES, opaque_proxy=request.param, states_changes=request.param, seed=SEED
    )
    readings = newspaper.read_all()
    path = tmp_path_factory.mktemp("ten-mouths") / "time.db"
    return World(newspaper, readings, play(path, newspaper, [[one] for one in readings]))


def test_ten_sources_tell_articles_that_are_corrected_in_overlapping_documents(
    world: World,
) -> None:
    corrections = [len(article.versions) - 1 for article in world.newspaper.articles]
    tellers = {reading.source for reading in world.readings}

    assert (len(tellers), corrections.count(1), corrections.count(2)) == (10, 3, 2)
    assert len(world.readings) > 20


def test_readers_see_each_correction_once_and_nothing_else(world: World, tmp_path: Path) -> None:
    life, shown = live(tmp_path / "store.db", world.newspaper)

    assert life.faults == []
    assert (shown.entries, shown.faults) == (ARTICLES, ())


def test_the_feed_has_the_same_bytes_in_any_order_of_the_polls(
    world: World, tmp_path: Path
) -> None:
    newspaper = world.newspaper
    for number in range(ORDERS):
        order = make_order(world.readings, Random(number))
        shown = play(tmp_path / f"{number}.db", newspaper, order)

        assert (shown.entries, shown.faults) == (ARTICLES, ())
        assert newspaper.comparable(shown) == newspaper.comparable(world.in_time)


@pytest.mark.parametrize("world", [False], indirect=True, ids=NAMES[:1])
def test_a_feed_after_kills_has_the_bytes_of_one_without(world: World, tmp_path: Path) -> None:
    newspaper = world.newspaper
    order = make_order(world.readings, Random("killed"))
    shown = play_with_kills(tmp_path, newspaper, order, kills=KILLS, random=Random(1))

    assert (shown.feed, shown.records) == (world.in_time.feed, world.in_time.records)


@pytest.mark.parametrize("world", [True], indirect=True, ids=NAMES[1:])
def test_an_opaque_proxy_that_comes_first_names_articles_and_no_more(
    world: World, tmp_path: Path
) -> None:
    others_first = sorted(world.readings, key=lambda reading: reading.source == "a-proxy")
    proxy_first = sorted(world.readings, key=lambda reading: reading.source != "a-proxy")
    first, last = (
        play(tmp_path / f"{name}.db", world.newspaper, [[one] for one in readings])
        for name, readings in (("first", proxy_first), ("last", others_first))
    )

    assert first.feed != last.feed
    assert first.without_ids() == last.without_ids()
    assert (first.faults, last.faults) == ((), ())
