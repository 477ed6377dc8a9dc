"""Tells the usable items of a document from the others, which are named by their numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aggregator.model import RawEntry

_HAN = re.compile("[一-鿿]")
_KANA = re.compile("[ぁ-ねは-ゖァ-ヺ]")  # without の, which Chinese uses
_MAX_TEXT = 2 * 1024 * 1024  # characters of one item's texts


def split_rejected(
    entries: Sequence[RawEntry], messages: Sequence[str] = ()
) -> tuple[tuple[RawEntry, ...], tuple[str, ...]]:
    """Return the usable items, and a message for each of the others before `messages`."""
    usable = []
    rejected = []
    for entry in entries:
        reason = _reason_to_reject(entry)
        if reason is None:
            usable.append(entry)
        else:
            rejected.append(f"{entry.label}: {reason}")
    return tuple(usable), (*rejected, *messages)


def _reason_to_reject(entry: RawEntry) -> str | None:
    if not (entry.url or entry.guid or entry.title or entry.content_html):
        return "no link, no id, no title, no text"

    longest = 0
    for candidate in entry.content_html:
        longest = max(longest, len(candidate.value))
    if longest > _MAX_TEXT:
        return f"a text of {longest} characters, over the limit of {_MAX_TEXT}"
    return None


def add_language_of_titles(entries: tuple[RawEntry, ...]) -> tuple[RawEntry, ...]:
    """Add Japanese to titles without Kana if most titles of the feed have some.

    A title of Han characters alone looks like Chinese; the other titles of its feed tell. A
    stated language stays the only one.
    """
    titles = [candidate.value for entry in entries for candidate in entry.title[:1]]
    if not _KANA.search(" ".join(titles)):
        return entries
    with_kana = sum(1 for title in titles if _KANA.search(title))
    if with_kana * 2 < len(titles):
        return entries

    completed = []
    for entry in entries:
        title = entry.title[0].value if entry.title else ""
        if not entry.language and _HAN.search(title) and not _KANA.search(title):
            entry = replace(entry, language=(Candidate("ja", "feed:titles"),))
        completed.append(entry)
    return tuple(completed)


def unique(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return each value once, with the first place where it was found."""
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.value, candidate)
    return tuple(first.values())


def unique_values(values: Iterable[str | None], where: str) -> tuple[Candidate, ...]:
    """Return each value once, all found in `where`; an absent one is skipped."""
    unique: dict[str, Candidate] = {}
    for value in values:
        if value:
            unique[value] = Candidate(value, where)
    return tuple(unique.values())
