"""Recognises syndicated copies: tells by their letters whether two texts are the same.

Rule: only letters and digits count, whatever is between them. A sketch finds the texts that may be
copies, their shingles decide; both are pure functions of the text.
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

MAX_INTERVAL = timedelta(hours=72)  # between the publications of two copies
MIN_CONTAINED_SHARE = 0.80  # of the shorter text's shingles are in the longer one
MIN_JACCARD = 0.60  # of both texts' shingles are common (Jaccard)
MIN_VERBATIM_SHARE = 0.62  # of the shorter text's passages are in the longer, letter by letter
PASSAGES = 10  # of a text that is too short for passages of the usual length
MIN_TITLE_JACCARD = 0.75  # of title trigrams are common (Jaccard), if there are only summaries
SKETCH_SIZE = 12  # smallest hashes kept
MIN_SHARED_HASHES = 2  # hashes in common: the texts are compared

# UTF-8 bytes per letter: more only in scripts that are written without blanks, and in Indic ones.
_DENSE_BYTES = 2.2
_MOST_WORDS = 2_000  # of a text that are sketched: copies begin alike
_BLANKED = bytes(c if chr(c).isalnum() or c > 127 else 32 for c in range(256))
_NO_LETTERS = bytes(c for c in range(128) if not chr(c).isalnum())


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The sizes that fit a script.

    Of the words (characters of a dense script) that are hashed as one group, three are too often
    shared by chance, and every chance costs a comparison of both texts: 10,200 invented articles of
    20 hours made 242,000 pairs to compare, now 11.
    """

    least_letters: int  # of a text that is sketched: shorter ones say too little
    words_in_group: int
    letters_in_shingle: int
    letters_in_passage: int


_WITH_BLANKS = _Sizes(80, words_in_group=4, letters_in_shingle=4, letters_in_passage=40)
_DENSE = _Sizes(40, words_in_group=6, letters_in_shingle=3, letters_in_passage=14)


@dataclass(frozen=True, slots=True)
class ComparedText:
    """What is compared of a text: its letters, its shingles, and its title's if it is only a summary."""

    letters: str
    shingles: AbstractSet[str]
    sizes: _Sizes
    title_shingles: AbstractSet[str] | None = None

    def passages(self, size: int) -> AbstractSet[str]:
        return _shingles(self.letters, size)


def sketch(words: str) -> tuple[int, ...]:
    """Return the smallest hashes of the word groups of a text, ascending; none for a short text.

    `words` are folded, separated by blanks or ASCII punctuation; a character of a dense script is a
    word. A group is shorter than a passage that two copies share. The chance that two texts share the
    smallest hash of both is their similarity (Broder 1997).
    """
    data = words.encode()
    letters = data.translate(None, _NO_LETTERS)
    count = len(letters.decode())
    sizes = _sizes_for(len(letters), count)
    if count < sizes.least_letters:
        return ()

    word_list = data.translate(_BLANKED).split()[:_MOST_WORDS]
    hashes: Iterable[int] = map(crc32, word_list)
    for begin in range(1, sizes.words_in_group):
        hashes = map(crc32, word_list[begin:], hashes)  # adds one word to each group, at C's speed
    return tuple(nsmallest(SKETCH_SIZE, set(hashes)))


def prepare_text(words: str, title: str | None = None) -> ComparedText:
    """Return what `copies` compares; `title` is given if `words` are only a summary."""
    letters = _letters(words)
    sizes = _sizes_for(len(letters.encode()), len(letters))
    shingles = _shingles(letters, sizes.letters_in_shingle)
    if title is None:
        return ComparedText(letters, shingles, sizes)
    return ComparedText(letters, shingles, sizes, title_shingles=_shingles(_letters(title), 3))


def are_copies(one: ComparedText, other: ComparedText) -> bool:
    """Tell whether two texts are copies of each other.

    Most of the shorter must be in the longer, which may not be much longer; whole passages must agree,
    and titles if there are only summaries.

    Passages tell a copy from another story of the same form: what a form shares is short, and lies
    between the facts.
    """
    common = len(one.shingles & other.shingles)
    smaller = min(len(one.shingles), len(other.shingles))
    union = len(one.shingles) + len(other.shingles) - common

    is_contained = smaller > 0 and common >= MIN_CONTAINED_SHARE * smaller
    is_alike = common >= MIN_JACCARD * union
    if not is_contained or not is_alike:
        return False
    return _passages_agree(one, other) and _titles_agree(one.title_shingles, other.title_shingles)


def pack_sketch(values: Sequence[int]) -> bytes:
    """Return a sketch as bytes, 4 a hash."""
    return struct.pack(f">{len(values)}I", *values)


def unpack_sketch(data: bytes) -> tuple[int, ...]:
    """Return the sketch that `pack` made.

    >>> unpack_sketch(pack_sketch((1, 2)))
    (1, 2)
    """
    return struct.unpack(f">{len(data) // 4}I", data)


def base_language(language: str | None) -> str | None:
    """Return what languages are compared by: `zh-Hans` and `zh-Hant` are one.

    >>> base_language("zh-Hans")
    'zh'
    """
    if language is None:
        return None
    return language.partition("-")[0].lower()


def _passages_agree(one: ComparedText, other: ComparedText) -> bool:
    shorter_text = min(len(one.letters), len(other.letters))
    size = max(4, min(one.sizes.letters_in_passage, shorter_text // PASSAGES))

    passages = one.passages(size)
    other_passages = other.passages(size)
    fewer = min(len(passages), len(other_passages))
    return len(passages & other_passages) >= MIN_VERBATIM_SHARE * fewer


def _titles_agree(one: AbstractSet[str] | None, other: AbstractSet[str] | None) -> bool:
    """Tell whether two titles are alike; None is the title of a text that is no summary."""
    if one is None or other is None:
        return True
    common = len(one & other)
    return common >= MIN_TITLE_JACCARD * len(one | other)


def _sizes_for(byte_count: int, letters: int) -> _Sizes:
    is_dense = byte_count > _DENSE_BYTES * letters
    return _DENSE if is_dense else _WITH_BLANKS


def _letters(words: str) -> str:
    return words.encode().translate(None, _NO_LETTERS).decode()


def _shingles(letters: str, size: int) -> AbstractSet[str]:
    return {letters[begin : begin + size] for begin in range(len(letters) - size + 1)}
