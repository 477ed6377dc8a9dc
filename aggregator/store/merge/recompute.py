"""Computes anew what is shown of stored articles, where no document brought anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.derived import set_derived_columns, update_derived_tables
from aggregator.store.merge.article import build_article
from aggregator.store.merge.changes import ChangeBuilder, drop_contents, write_changes
from aggregator.store.merge.lookup import load_articles, load_ranks
from aggregator.store.schema import EPOCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from aggregator.store.content import Compressor

_ENTRIES_PER_STEP = 500


def recompute_entries(
    connection: sa.Connection, numbers: Sequence[int], *, compressor: Compressor
) -> None:
    """Compute these entries from their sightings and the present ranks of sources."""
    for begin in range(0, len(numbers), _ENTRIES_PER_STEP):
        part = numbers[begin : begin + _ENTRIES_PER_STEP]
        loaded = load_articles(connection, part)
        ranks = load_ranks(connection, loaded.source_ids.keys())
        builder = ChangeBuilder(
            connection,
            loaded,
            fresh={},
            compressor=compressor,
            now=EPOCH,  # nothing arrives
            past_first_run=frozenset(),
        )
        for number in part:
            row = loaded.entries[number]
            article = build_article(loaded.by_entry[number], ranks)
            builder.add_article(article, name=row["key"], row=row, lost_rows=())
        set_derived_columns(builder.changes)
        write_changes(connection, builder.changes)
        update_derived_tables(connection, builder.changes)
        drop_contents(connection, builder.changes)
