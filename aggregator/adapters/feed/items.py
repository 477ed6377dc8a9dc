"""What a document's items are when seen together: rejects, limits, and ids that repeat.

Rule: an item is rejected by itself and named by its number; a guid that a document gives twice is believed once, and
where more than 5 % of a document's guids repeat none of them is (FreshRSS draws the line there too).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import RawEntry

_MAX_TEXT = 2 * 1024 * 1024  # characters of one item's texts
_TOLERATED_REPEATS = 0.05


def gathered(
    entries: Sequence[RawEntry], rejected: Sequence[str] = ()
) -> tuple[tuple[RawEntry, ...], tuple[str, ...]]:
    """Part the items that can become entries from the messages about those that cannot."""
    reasons = {entry.item: reason for entry in entries if (reason := _reason(entry))}
    kept = [entry for entry in entries if entry.item not in reasons]
    return _trusted(kept), (*(f"{item}: {reason}" for item, reason in reasons.items()), *rejected)


def _reason(entry: RawEntry) -> str | None:
    if not (entry.url or entry.guid or entry.title or entry.content):
        return "no link, no id, no title, no text"
    length = max((len(found.value) for found in entry.content), default=0)
    return (
        f"a text of {length} characters, over the limit of {_MAX_TEXT}"
        if length > _MAX_TEXT
        else None
    )


def _trusted(entries: Sequence[RawEntry]) -> tuple[RawEntry, ...]:
    """Mark the guids that are not to be believed."""
    repeats, seen = set(), set()
    for number, entry in enumerate(entries):
        if entry.guid and entry.guid.value in seen:
            repeats.add(number)
        elif entry.guid:
            seen.add(entry.guid.value)
    if not repeats:
        return tuple(entries)
    none = len(repeats) > _TOLERATED_REPEATS * (len(seen) + len(repeats))
    return tuple(
        replace(entry, trusted_guid=False) if entry.guid and (none or number in repeats) else entry
        for number, entry in enumerate(entries)
    )
