"""Readable differences between two versions of a text.

Words are compared; in scripts without spaces between words, single characters. A lone
character or space between two changes counts as changed, so that a diff reads as phrases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Scripts without spaces between words: Kana, Han, Thai, Lao, Burmese and Khmer.
_UNSPACED_SCRIPTS = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_TOKEN = re.compile(rf"[{_UNSPACED_SCRIPTS}]|[^\W{_UNSPACED_SCRIPTS}]+|\s+|.", re.DOTALL)
# SequenceMatcher's worst case compares all pairs: 5,000 times 5,000 tokens take half a second.
_MAX_PAIRS = 25_000_000
_CONTEXT_CHARACTERS = 40  # shown on each side of a change

PieceKind = Literal["same", "gone", "come"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that stayed the same, was removed (`gone`) or was added (`come`)."""

    kind: PieceKind
    text: str


def compare_texts(old: str, new: str, *, max_pairs: int = _MAX_PAIRS) -> list[Piece]:
    """Compare two texts, paragraph by paragraph and then word by word.

    Parts that need more than `max_pairs` comparisons are shown whole, removed and added.

    >>> [(piece.kind, piece.text) for piece in compare_texts("a red car", "a blue car")]
    [('same', 'a '), ('gone', 'red'), ('come', 'blue'), ('same', ' car')]
    """
    found: list[Piece] = []
    lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for was, now in _align(*lines, max_pairs):
        found += (
            _mark_lone_pieces(list(_compare_words(was, now, max_pairs)))
            if was != now
            else [Piece("same", was)]
        )
    return list(_join_neighbours(found))


def shorten_unchanged(found: Sequence[Piece]) -> Iterator[Piece]:
    """Shorten the unchanged parts to some words around each change."""
    last = len(found) - 1
    for place, piece in enumerate(found):
        if piece.kind != "same" or len(piece.text) <= 2 * _CONTEXT_CHARACTERS + 10:
            yield piece
            continue

        shortened = "…"
        if place > 0:
            shortened = f"{piece.text[:_CONTEXT_CHARACTERS]} {shortened}"
        if place < last:
            shortened = f"{shortened} {piece.text[-_CONTEXT_CHARACTERS:]}"
        yield Piece("same", shortened)


def mark_changes(found: Iterable[Piece]) -> str:
    """Format a diff as text, with the marks of `wdiff`.

    >>> mark_changes(compare_texts("日股收涨", "日股收跌"))
    '日股收[-涨-]{+跌+}'
    """
    marks = {"same": "{}", "gone": "[-{}-]", "come": "{{+{}+}}"}
    return "".join(marks[piece.kind].format(piece.text) for piece in found)


def _compare_words(was: str, now: str, max_pairs: int) -> Iterator[Piece]:
    for gone, come in _align(_TOKEN.findall(was), _TOKEN.findall(now), max_pairs):
        if gone == come:
            if gone:
                yield Piece("same", gone)
            continue

        if gone:
            yield Piece("gone", gone)
        if come:
            yield Piece("come", come)


def _align(was: Sequence[str], now: Sequence[str], max_pairs: int) -> Iterator[tuple[str, str]]:
    """Yield pairs of corresponding parts of two sequences; unchanged parts are equal texts."""
    shorter = min(len(was), len(now))
    start = 0
    while start < shorter and was[start] == now[start]:
        start += 1

    rest = shorter - start
    end = 0
    while end < rest and was[-1 - end] == now[-1 - end]:
        end += 1

    yield "".join(was[:start]), "".join(now[:start])
    middle = was[start : len(was) - end], now[start : len(now) - end]
    yield from _align_middle(*middle, max_pairs)
    yield "".join(was[len(was) - end :]), "".join(now[len(now) - end :])


def _align_middle(
    was: Sequence[str], now: Sequence[str], max_pairs: int
) -> Iterator[tuple[str, str]]:
    if len(was) * len(now) > max_pairs:
        yield "".join(was), "".join(now)
        return
    for _, was_from, was_to, now_from, now_to in SequenceMatcher(
        None, was, now, autojunk=False
    ).get_opcodes():
        yield "".join(was[was_from:was_to]), "".join(now[now_from:now_to])


def _mark_lone_pieces(found: Sequence[Piece]) -> Iterator[Piece]:
    """Mark a single character or space between two changes as changed too."""
    kinds = ["same", *(piece.kind for piece in found), "same"]
    for place, piece in enumerate(found):
        before, after = kinds[place], kinds[place + 2]
        is_between_changes = before != "same" and after != "same"
        is_short = len(piece.text.strip()) <= 1

        if piece.kind == "same" and is_between_changes and is_short:
            yield Piece("gone", piece.text)
            yield Piece("come", piece.text)
        else:
            yield piece


def _join_neighbours(found: Iterable[Piece]) -> Iterator[Piece]:
    """Join neighbours of one kind; within a change, all removed text comes before the added text."""
    for is_same, group in groupby(found, key=lambda piece: piece.kind == "same"):
        texts: dict[PieceKind, list[str]] = {"same": []} if is_same else {"gone": [], "come": []}
        for piece in group:
            texts[piece.kind].append(piece.text)

        for kind, parts in texts.items():
            if text := "".join(parts):
                yield Piece(kind, text)
