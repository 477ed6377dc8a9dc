"""Chooses anew which statement leads, after the configuration ranks sources otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.derived import set_derived_columns, update_derived_tables
from aggregator.store.engine import in_values
from aggregator.store.merge.article import build_article
from aggregator.store.merge.changes import ChangeBuilder, drop_contents, write_changes
from aggregator.store.merge.lookup import load_articles, load_ranks
from aggregator.store.schema import EPOCH, revision

if TYPE_CHECKING:
    from collections.abc import Collection

    from aggregator.store.content import Compressor

_ENTRIES_PER_STEP = 500


def choose_leads(
    connection: sa.Connection, source_ids: Collection[int], *, compressor: Compressor
) -> None:
    """Choose anew what is shown of the articles that one of these sources tells beside others."""
    numbers = _entries_with_other_tellers(connection, source_ids)
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
