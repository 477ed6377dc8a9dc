"""Notes for a person about a run, beyond its counts: a flood of new items, and ids that are not what they seem.

A note compares with earlier runs; without any there is no note.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.schema import outcome

if TYPE_CHECKING:
    from datetime import datetime

MIN_FLOOD_ITEMS = 50  # new items at once
FLOOD_FACTOR = 10  # times what is usual
COMPARED_RUNS = 30

GUIDS_ALWAYS_RENEWED = "keyed by URL: its guids change again and again"
GUIDS_POSITIONAL = "keyed by URL: its guids are handed on from item to item"


def flood_note(
    connection: sa.Connection, source_id: int, *, new: int, since: datetime | None
) -> str | None:
    """Return a note if a source brings far more new items than usual; `since` is when its first complete run ended.

    Usual is the median of the last runs after the first that brought anything new.
    """
    if since is None or new <= MIN_FLOOD_ITEMS:
        return None

    query = sa.select(outcome.c.new).where(
        outcome.c.source_id == source_id,
        outcome.c.status == "ok",
        outcome.c.new > 0,
        outcome.c.started > since,
    )
    counts = list(connection.scalars(query.order_by(outcome.c.id.desc()).limit(COMPARED_RUNS)))
    if not counts:
        return f"{new} new items at once"

    usual = median(counts)
    if new <= FLOOD_FACTOR * usual:
        return None
    return f"{new} new items at once, usually {usual:g}"


def renewed_guids_note(items: int) -> str:
    """Say that items have other guids than before, and are what they were."""
    return f"all guids changed: {items} items kept, their links are the same"


def slowed_note(items: int) -> str:
    """Say that edits have to wait, because their pages change at every poll."""
    pages = "1 page changes" if items == 1 else f"{items} pages change"
    return f"{pages} at every poll: edits are kept once an hour or once a day"


def renamed_items_note(items: int) -> str:
    """Return the note that items have other links and guids than before, and are the same articles."""
    return (
        f"{items} item{'s' * (items > 1)} under other links and ids: recognised by title and date"
    )


def has_renewed_guids(connection: sa.Connection, source_id: int) -> bool:
    """Tell whether the guids of a source were all new in one of its last runs already."""
    query = (
        sa.select(outcome.c.renewed_guids)
        .where(outcome.c.source_id == source_id)
        .order_by(outcome.c.id.desc())
        .limit(COMPARED_RUNS)
    )
    return any(connection.scalars(query))
