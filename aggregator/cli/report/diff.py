"""What changed between two versions of a text, as people read it.

Rule: words are compared, and single characters of scripts that put no space between words; what is left standing alone
between two changes joins them, so that a diff reads as phrases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Han, Kana, Thai, Lao, Burmese and Khmer a character each (with the marks above it), else words, spaces, anything.
_SPACELESS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_TOKEN = re.compile(rf"[{_SPACELESS}]|[^\W{_SPACELESS}]+|\s+|.", re.DOTALL)
_MOST_PAIRS = 25_000_000  # SequenceMatcher's worst case is their number: 5,000 tokens against 5,000 take half a second
_CONTEXT = 40  # characters that are shown around a change

Kind = Literal["same", "gone", "come"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that stayed, went or came."""

    kind: Kind
    text: str


def pieces(old: str, new: str) -> list[Piece]:
    """Compare two texts, paragraph by paragraph and then word by word.

    >>> [(piece.kind, piece.text) for piece in pieces("a red car", "a blue car")]
    [('same', 'a '), ('gone', 'red'), ('come', 'blue'), ('same', ' car')]
    """
    found: list[Piece] = []
    for was, now in _align(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        found += _mark_lone_pieces(list(_words(was, now))) if was != now else [Piece("same", was)]
    return list(_join_neighbours(found))


def excerpt(found: Sequence[Piece]) -> Iterator[Piece]:
    """Shorten what stayed to some words around each change."""
    last = len(found) - 1
    for place, piece in enumerate(found):
        if piece.kind != "same" or len(piece.text) <= 2 * _CONTEXT + 10:
            yield piece
            continue

        shortened = "…"
        if place > 0:
            shortened = f"{piece.text[:_CONTEXT]} {shortened}"
        if place < last:
            shortened = f"{shortened} {piece.text[-_CONTEXT:]}"
        yield Piece("same", shortened)


def mark_changes(found: Iterable[Piece]) -> str:
    """Write a diff with marks (those of `wdiff`), where there are no colours.

    >>> mark_changes(pieces("日股收涨", "日股收跌"))
    '日股收[-涨-]{+跌+}'
    """
    marks = {"same": "{}", "gone": "[-{}-]", "come": "{{+{}+}}"}
    return "".join(marks[piece.kind].format(piece.text) for piece in found)


def _words(was: str, now: str) -> Iterator[Piece]:
    for gone, come in _align(_TOKEN.findall(was), _TOKEN.findall(now)):
        if gone == come:
            if gone:
                yield Piece("same", gone)
            continue

        if gone:
            yield Piece("gone", gone)
        if come:
            yield Piece("come", come)


def _align(was: Sequence[str], now: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the aligned stretches of two sequences, equal ones as equal texts."""
    start = next(
        (n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b),
        min(len(was), len(now)),
    )
    rest = min(len(was), len(now)) - start
    end = next((n for n in range(rest) if was[-1 - n] != now[-1 - n]), rest)
    yield "".join(was[:start]), "".join(now[:start])
    yield from _align_middle(was[start : len(was) - end], now[start : len(now) - end])
    yield "".join(was[len(was) - end :]), "".join(now[len(now) - end :])


def _align_middle(was: Sequence[str], now: Sequence[str]) -> Iterator[tuple[str, str]]:
    if len(was) * len(now) > _MOST_PAIRS:
        yield "".join(was), "".join(now)
        return
    for _, was_from, was_to, now_from, now_to in SequenceMatcher(
        None, was, now, autojunk=False
    ).get_opcodes():
        yield "".join(was[was_from:was_to]), "".join(now[now_from:now_to])


def _mark_lone_pieces(found: Sequence[Piece]) -> Iterator[Piece]:
    """Take a single character or space between two changes for changed as well."""
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
    """Join neighbours, and within one change what went before what came."""
    for is_same, group in groupby(found, key=lambda piece: piece.kind == "same"):
        texts: dict[Kind, list[str]] = {"same": []} if is_same else {"gone": [], "come": []}
        for piece in group:
            texts[piece.kind].append(piece.text)

        for kind, parts in texts.items():
            if text := "".join(parts):
                yield Piece(kind, text)
