"""Ten sources tell the same articles: one entry each, no revision that nobody made, one feed in any order.

`benchmarks/ten_mouths.py` plays the same with 1,000 articles, 20 orders and 20 kills.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from benchmarks.ten_mouths import Newspaper, live, make_order, play, play_with_kills

if TYPE_CHECKING:
    from pathlib import Path

ARTICLES = 8


@pytest.fixture(params=[False, True], ids=["links that lead", "opaque links"])
def newspaper(request: pytest.FixtureRequest) -> Newspaper:
    return Newspaper(ARTICLES, opaque_proxy=request.param, states_changes=request.param)


def test_readers_see_each_article_once_whole_and_each_correction_once(
    newspaper: Newspaper, tmp_path: Path
) -> None:
    life, shown = live(tmp_path / "store.db", newspaper)

    assert (shown.entries, life.faults, list(shown.faults)) == (ARTICLES, [], [])


def test_the_feed_is_the_same_in_any_order(newspaper: Newspaper, tmp_path: Path) -> None:
    readings = newspaper.read_all()
    wanted = play(tmp_path / "wanted.db", newspaper, [[reading] for reading in readings])

    for number in range(3):
        order = make_order(readings, Random(number))
        shown = play(tmp_path / f"{number}.db", newspaper, order)
        assert newspaper.are_equal(shown, wanted)
        assert (shown.entries, list(shown.faults)) == (ARTICLES, [])


def test_the_feed_is_the_same_after_kills(newspaper: Newspaper, tmp_path: Path) -> None:
    readings = newspaper.read_all()
    wanted = play(tmp_path / "wanted.db", newspaper, [[reading] for reading in readings])
    killed = play_with_kills(
        tmp_path,
        newspaper,
        make_order(readings, Random(1)),
        kills=2,
        random=Random(2),
        longest_pause=0.05,
    )

    assert newspaper.are_equal(killed, wanted)
