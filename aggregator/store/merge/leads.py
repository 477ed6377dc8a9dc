"""Chooses anew which statement leads, after the configuration ranks sources otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.merge.recompute import recompute_entries
from aggregator.store.schema import revision

if TYPE_CHECKING:
    from collections.abc import Collection

    from aggregator.store.content import Compressor


def choose_leads(
    connection: sa.Connection, source_ids: Collection[int], *, compressor: Compressor
) -> None:
    """Choose anew what is shown of the articles that one of these sources tells beside others."""
    numbers = _entries_with_other_tellers(connection, source_ids)
    recompute_entries(connection, numbers, compressor=compressor)


def _entries_with_other_tellers(
    connection: sa.Connection, source_ids: Collection[int]
) -> list[int]:
    other = revision.alias("other")
    has_other = sa.exists().where(
        other.c.entry_id == revision.c.entry_id, other.c.source_id != revision.c.source_id
    )
    query = sa.select(revision.c.entry_id).where(
        in_values(revision.c.source_id, source_ids, connection), has_other
    )
    return sorted(set(connection.scalars(query)))
