"""What the runs of the last 30 days brought and cost, by source and day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.schema import EPOCH, outcome, source

if TYPE_CHECKING:
    from collections.abc import Mapping

DAYS = 30
_DAY_MICROS = 86_400_000_000


@dataclass(frozen=True, slots=True)
class DailyFigures:
    """The sums of a day's runs in UTC; `mean_ms` is the mean time of those that did not fail."""

    runs: int
    failed: int
    unchanged: int
    new: int
    size_bytes: int
    mean_ms: int | None


@dataclass(frozen=True, slots=True)
class Month:
    """The figures of sources by their ids and days; `first` is the first of the 30 days."""

    first: date
    figures: Mapping[tuple[str, date], DailyFigures]

    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(DAYS)]

    def of_source(self, source_id: str) -> list[DailyFigures | None]:
        """Return the figures of each day, None for a day without a run."""
        return [self.figures.get((source_id, day)) for day in self.days()]


def read_month(connection: sa.Connection, source_id: str | None, now: datetime) -> Month:
    """Return the figures of the 30 days until today; source_id None means all sources."""
    first = now.astimezone(UTC).date() - timedelta(days=DAYS - 1)
    begin = datetime.combine(first, time(), UTC)
    micros = sa.type_coerce(outcome.c.started, sa.BigInteger)
    day = (micros // sa.literal(_DAY_MICROS, sa.BigInteger)).label("day")
    query = (
        sa.select(
            source.c.name,
            day,
            sa.func.count().label("runs"),
            _count("failed").label("failed"),
            _count("unchanged").label("unchanged"),
            sa.func.sum(outcome.c.new).label("new"),
            sa.func.coalesce(sa.func.sum(outcome.c.size_bytes), 0).label("size_bytes"),
            sa.func.avg(sa.case((outcome.c.status != "failed", outcome.c.ms))).label("mean_ms"),
        )
        .join(source)
        .where(outcome.c.started >= begin)
        .group_by(source.c.name, day)
    )
    if source_id is not None:
        query = query.where(source.c.name == source_id)

    figures = {}
    for row in connection.execute(query):
        mean_ms = None if row.mean_ms is None else round(row.mean_ms)
        counts = (row.runs, row.failed, row.unchanged, row.new, int(row.size_bytes))
        key = (row.name, (EPOCH + timedelta(days=row.day)).date())
        figures[key] = DailyFigures(*counts, mean_ms)
    return Month(first, figures)


def _count(status: str) -> sa.ColumnElement[int]:
    """Return the number of runs that ended so."""
    return sa.func.sum(sa.case((outcome.c.status == status, 1), else_=0))
