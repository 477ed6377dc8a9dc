"""Looks at all items of a document together: which are usable, and whose guids repeat.

An item is rejected on its own and named by its number. A guid that a document gives
twice is trusted only the first time. If more than 5 % of a document's guids repeat, none
of them is trusted (FreshRSS draws the line there too).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aggregator.model import RawEntry

_MAX_TEXT = 2 * 1024 * 1024  # characters of one item's texts
_TOLERATED_REPEATS = 0.05


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
            rejected.append(f"{entry.item}: {reason}")
    return _mark_repeated_guids(usable), (*rejected, *messages)


def _reason_to_reject(entry: RawEntry) -> str | None:
    if not (entry.url or entry.guid or entry.title or entry.content):
        return "no link, no id, no title, no text"

    longest = 0
    for candidate in entry.content:
        longest = max(longest, len(candidate.value))
    if longest > _MAX_TEXT:
        return f"a text of {longest} characters, over the limit of {_MAX_TEXT}"
    return None


def _mark_repeated_guids(entries: Sequence[RawEntry]) -> tuple[RawEntry, ...]:
    """Mark the guids that cannot be trusted, because others of the document equal them."""
    seen = set()
    repeats = set()  # indexes of the entries
    for index, entry in enumerate(entries):
        if entry.guid is None:
            continue
        if entry.guid.value in seen:
            repeats.add(index)
        else:
            seen.add(entry.guid.value)
    if not repeats:
        return tuple(entries)

    trust_none = len(repeats) > _TOLERATED_REPEATS * (len(seen) + len(repeats))
    marked = []
    for index, entry in enumerate(entries):
        if entry.guid and (trust_none or index in repeats):
            marked.append(replace(entry, trusted_guid=False))
        else:
            marked.append(entry)
    return tuple(marked)


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
