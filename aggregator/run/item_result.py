"""The results of a run's items: what came of each article's own page, and the notes on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from aggregator.adapters import ROUGH_TEXT

if TYPE_CHECKING:
    from collections.abc import Collection

    from aggregator.model import Rejection, Revision

ROUGH_TEXT_NOTE = (
    "texts of pages without site rules may be rough: install trafilatura "
    '(`pip install "aggregator[fulltext]"`, in a checkout `make extras`)'
)

ItemStatus: TypeAlias = Literal["read", "known", "kept", "rejected", "left out", "later"]


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The result of one item: the revision to store, if any, and why its page could not be read."""

    status: ItemStatus
    revision: Revision | None = None
    reason: Rejection | None = None


def result_notes(results: Collection[ItemResult]) -> list[str]:
    """Return the notes of an outcome on its items: how many pages were read, failed, are left."""
    read = [result for result in results if result.status == "read"]
    reasons = [result.reason for result in results if result.reason]
    notes = []
    if read or reasons:
        note = f"full text of {len(read)} {_items(len(read))} read"
        if reasons:
            note += f", {len(reasons)} failed ({reasons[0]})"
        notes.append(note)
    if any(_is_rough(result.revision) for result in read):
        notes.append(ROUGH_TEXT_NOTE)

    postponed = 0
    for result in results:
        if result.status == "later" and not result.reason:
            postponed += 1
    if postponed:
        notes.append(f"{postponed} {_items(postponed)} left for the next run")
    return notes


def _is_rough(revision: Revision | None) -> bool:
    return revision is not None and revision.provenance.get("content_html") == ROUGH_TEXT


def _items(count: int) -> str:
    return "item" if count == 1 else "items"
