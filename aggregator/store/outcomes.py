"""The outcomes of runs in the database."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.model import Outcome
from aggregator.store.health import figures_column, figures_from_column
from aggregator.store.schema import outcome, source

if TYPE_CHECKING:
    from datetime import datetime

_NOT_OF_THE_SAME_NAME = {"source", "figures", "verdict_change"}
_OUTCOME_COLUMNS = tuple(
    item.name for item in fields(Outcome) if item.name not in _NOT_OF_THE_SAME_NAME
)


def outcome_row(outcome: Outcome, source_id: int, *, good: bool | None) -> dict[str, Any]:
    """Return the columns of an outcome; `good` tells whether its figures are usual, None without any."""
    row = {name: getattr(outcome, name) for name in _OUTCOME_COLUMNS}
    figures = figures_column(outcome.figures)
    return row | {"source_id": source_id, "figures": figures, "good": good}


def newest_outcomes(connection: sa.Connection, name: str | None, limit: int) -> list[Outcome]:
    """Return the newest outcomes of a source, None for all sources, newest first."""
    query = sa.select(outcome, source.c.name).join(source)
    if name is not None:
        query = query.where(source.c.name == name)
    rows = connection.execute(query.order_by(outcome.c.id.desc()).limit(limit)).mappings()
    return [_outcome_from_row(row["name"], row) for row in rows]


def last_outcomes(connection: sa.Connection) -> dict[str, Outcome]:
    """Return the newest outcome of each source by its name."""
    newest = (
        sa.select(sa.func.max(outcome.c.id))
        .where(outcome.c.source_id == source.c.id)
        .correlate(source)
        .scalar_subquery()
    )
    query = sa.select(outcome, source.c.name).join(source).where(outcome.c.id == newest)
    rows = connection.execute(query).mappings()
    return {row["name"]: _outcome_from_row(row["name"], row) for row in rows}


def last_change(connection: sa.Connection) -> datetime | None:
    """Return when the newest run that brought or changed something began; None where none ever did."""
    brought = sa.select(outcome.c.started).where(sa.or_(outcome.c.new > 0, outcome.c.changed > 0))
    return connection.scalar(brought.order_by(outcome.c.id.desc()).limit(1))


def _outcome_from_row(name: str, row: sa.RowMapping) -> Outcome:
    known = {column: row[column] for column in _OUTCOME_COLUMNS}
    known["rejected"] = tuple(row["rejected"])
    known["notes"] = tuple(row["notes"])
    return Outcome(source=name, figures=figures_from_column(row["figures"]), **known)
