from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.publish.diff import Piece, compare_texts, mark_changes, shorten_unchanged

if TYPE_CHECKING:
    from collections.abc import Sequence

CASES = orjson.loads((Path(__file__).parent / "data" / "diffs.json").read_bytes())
TEXTS = st.text(alphabet="ab 日本涨\n\n.", max_size=60)


def side(found: Sequence[Piece], kind: str) -> str:
    return "".join(piece.text for piece in found if piece.kind in ("same", kind))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_changes_read_as_phrases(case: dict[str, str]) -> None:
    assert mark_changes(compare_texts(case["old"], case["new"])) == case["marked"]


@settings(deadline=None, max_examples=100, derandomize=True)
@given(old=TEXTS, new=TEXTS)
def test_both_texts_can_be_read_from_their_diff(old: str, new: str) -> None:
    found = compare_texts(old, new)

    assert (side(found, "gone"), side(found, "come")) == (old, new)
    assert all(one.kind != other.kind for one, other in pairwise(found))


def test_texts_too_long_to_compare_are_replaced_as_a_whole() -> None:
    old, new = "天地" * 20_000 + "人", "玄黄" * 20_000 + "人"

    assert compare_texts(old, new) == [
        Piece("gone", old[:-1]),
        Piece("come", new[:-1]),
        Piece("same", "人"),
    ]


def test_what_stayed_is_shown_only_near_a_change() -> None:
    long = "x" * 200

    found = list(
        shorten_unchanged(
            compare_texts(f"{long} red {long} old {long}", f"{long} blue {long} new {long}")
        )
    )

    edge = "x" * 39
    assert [piece.text for piece in found] == [
        f"… {edge} ",
        "red",
        "blue",
        f" {edge} … {edge} ",
        "old",
        "new",
        f" {edge} …",
    ]
