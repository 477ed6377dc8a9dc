"""Syndicated copies: whether two texts are one, told from their letters (RULES: identity).

Rule: a text is judged by its letters and digits alone, whatever stands between them. A sketch finds those that may be
copies, the shingles themselves decide; both are pure functions of the text.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import timedelta
from heapq import nsmallest
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

WITHIN = timedelta(hours=72)  # between the publications of two copies
CONTAINED = 0.80  # so much of the shorter text is in the longer one
ALIKE = 0.60  # Jaccard: so much of both is common
VERBATIM = 0.62  # so many passages of the shorter are in the longer, letter by letter
LONGEST_PASSAGE, LONGEST_DENSE_PASSAGE = 40, 14  # letters
PASSAGES = 10  # a shorter text is cut into so many
SAME_TITLE = 0.75  # Jaccard of title trigrams, asked for where there are only summaries
LEAST_LETTERS, LEAST_DENSE = 80, 40  # shorter texts say too little
# Words, and characters of a dense script, that are hashed as one. Three are too often shared by chance, and every
# chance costs a look at both texts: 10,200 invented articles of 20 hours made 242,000 pairs to look at, now 11.
TOGETHER, DENSE_TOGETHER = 4, 6
SKETCHED = 12  # smallest hashes kept
SHARED = 2  # of them in common: worth a closer look

_DENSE_BYTES = 2.2  # UTF-8 bytes a letter: more only in scripts that are written without blanks, and Indic ones
_MOST_WORDS = 2_000  # of a text that the sketch is of: what is copied begins alike
_BLANKED = bytes(c if chr(c).isalnum() or c > 127 else 32 for c in range(256))
_NO_LETTERS = bytes(c for c in range(128) if not chr(c).isalnum())


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of a text: its letters, its shingles, and its title's where it is only a summary."""

    letters: str
    shingles: AbstractSet[str]
    dense: bool
    title: AbstractSet[str] | None = None

    def passages(self, size: int) -> AbstractSet[str]:
        return _shingles(self.letters, size)


def sketch(words: str) -> tuple[int, ...]:
    """Return the smallest hashes of what stands together in a text, ascending; none for a text that is too short.

    `words` are folded, parted by blanks or ASCII punctuation; a character of a dense script is one. What stands
    together is shorter than a passage that two copies share.
    Two texts share the smallest hash of both with a chance that is their likeness (Broder 1997).
    """
    data = words.encode()
    letters = data.translate(None, _NO_LETTERS)
    count = len(letters.decode())
    dense = len(letters) > _DENSE_BYTES * count
    if count < (LEAST_DENSE if dense else LEAST_LETTERS):
        return ()
    found = data.translate(_BLANKED).split()[:_MOST_WORDS]
    hashes: Iterable[int] = map(crc32, found)
    for begin in range(1, DENSE_TOGETHER if dense else TOGETHER):
        hashes = map(crc32, found[begin:], hashes)  # of one word more, at C's speed
    return tuple(nsmallest(SKETCHED, set(hashes)))


def text(words: str, title: str | None = None) -> Text:
    """Return what `copies` compares; `title` is given where `words` are only a summary."""
    letters = _letters(words)
    dense = _dense(letters)
    named = None if title is None else _shingles(_letters(title), 3)
    return Text(letters, _shingles(letters, 3 if dense else 4), dense, named)


def copies(one: Text, other: Text) -> bool:
    """Tell whether two texts are copies: most of the shorter is in the longer, which is not much longer, in whole
    passages, and titles agree where there are only summaries.

    Passages tell a copy from another story of the same form: what a form shares is short, and lies between the facts.
    """
    common = len(one.shingles & other.shingles)
    smaller, both = (
        min(len(one.shingles), len(other.shingles)),
        len(one.shingles) + len(other.shingles) - common,
    )
    if not smaller or common < CONTAINED * smaller or common < ALIKE * both:
        return False
    return _passages_agree(one, other) and _titles_agree(one.title, other.title)


def pack(values: Sequence[int]) -> bytes:
    """Return a sketch as bytes, 4 a hash."""
    return struct.pack(f">{len(values)}I", *values)


def unpack(data: bytes) -> tuple[int, ...]:
    """Return the sketch that `pack` made.

    >>> unpack(pack((1, 2)))
    (1, 2)
    """
    return struct.unpack(f">{len(data) // 4}I", data)


def base(language: str | None) -> str | None:
    """Return what languages are compared by: `zh-Hans` and `zh-Hant` are one.

    >>> base("zh-Hans")
    'zh'
    """
    return None if language is None else language.partition("-")[0].lower()


def _passages_agree(one: Text, other: Text) -> bool:
    longest = LONGEST_DENSE_PASSAGE if one.dense else LONGEST_PASSAGE
    size = max(4, min(longest, min(len(one.letters), len(other.letters)) // PASSAGES))
    mine, theirs = one.passages(size), other.passages(size)
    return len(mine & theirs) >= VERBATIM * min(len(mine), len(theirs))


def _titles_agree(one: AbstractSet[str] | None, other: AbstractSet[str] | None) -> bool:
    if one is None or other is None:
        return True
    return len(one & other) >= SAME_TITLE * len(one | other)


def _letters(words: str) -> str:
    return words.encode().translate(None, _NO_LETTERS).decode()


def _dense(letters: str) -> bool:
    return len(letters.encode()) > _DENSE_BYTES * len(letters)


def _shingles(letters: str, size: int) -> AbstractSet[str]:
    return {letters[begin : begin + size] for begin in range(len(letters) - size + 1)}
