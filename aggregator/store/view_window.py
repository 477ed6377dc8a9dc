"""Finds where a view goes on below entries of sources that have their share of it already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.schema import entry, source

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from aggregator.store.view import Selection


def newest_of_others(
    connection: sa.Connection, selection: Selection, full: Collection[int], edge: datetime
) -> datetime | None:
    """Return when the newest entry of a source that is not full was published, not after `edge`.

    Each source has its entries in this order in an index: none is walked.
    """
    newest = (
        sa.select(entry.c.published)
        .where(entry.c.source_id == source.c.id, entry.c.published <= edge)
        .order_by(entry.c.published.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(newest.label("published")).where(
        sa.not_(in_values(source.c.id, full, connection))
    )
    names = selection.sources
    if selection.source is not None:
        names = (selection.source,)
    if names:
        query = query.where(source.c.name.in_(names))
    heads = query.subquery()
    statement = sa.select(sa.func.max(heads.c.published, type_=entry.c.published.type))
    found: datetime | None = connection.scalar(statement)
    return found


def end_of_window(connection: sa.Connection, begin: datetime, size: int) -> datetime | None:
    """Return when the entry was published that ends a window; None if the window takes all the rest."""
    query = (
        sa.select(entry.c.published)
        .where(entry.c.published <= begin)
        .order_by(entry.c.published.desc())
        .offset(size)
        .limit(1)
    )
    end: datetime | None = connection.scalar(query)
    return end
