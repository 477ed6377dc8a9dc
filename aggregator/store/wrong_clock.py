"""Corrects what a clock that was ahead has left in the store.

Its times lie in the future. Until they had passed, its sources would not be polled, every later
version of its articles would count as an older one, and articles without a date would stay on top.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.merge.recompute import recompute_entries
from aggregator.store.schema import MICROSECOND, entry, revision, source_state

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from aggregator.store.content import Compressor

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_TOLERANCE = timedelta(minutes=10)
_STATE = source_state.c


def correct_future_times(
    connection: sa.Connection, now: datetime, *, compressor: Compressor
) -> None:
    """Put back the times of sources whose last run is in the future, so that it was just now.

    These sources are due at once, and their articles are computed anew.
    """
    ahead = sa.or_(
        _STATE.last_run > now + _TOLERANCE,
        _STATE.lease_until > now + _DAY,
        sa.and_(_STATE.reason.is_(None), _STATE.next_fetch_at > now + _DAY),  # never polled
    )
    query = sa.select(_STATE.source_id, _STATE.last_run).where(ahead)
    runs = {row.source_id: row.last_run for row in connection.execute(query)}
    if not runs:
        return

    before = now - _SECOND  # a poll at `now` is newer
    due_now: dict[str, Any] = {
        "next_fetch_at": now,
        "not_before": None,
        "lease_until": None,
        "lease": _STATE.lease + 1,
    }
    for column in (_STATE.last_run, _STATE.last_success, _STATE.last_change):
        due_now[column.name] = _at_most(column, before)
    of_sources = in_values(_STATE.source_id, runs, connection)
    connection.execute(sa.update(source_state).where(of_sources).values(due_now))

    latest = max((run for run in runs.values() if run is not None), default=before)
    _put_back_articles(connection, runs, latest - before, now=now, compressor=compressor)


def _put_back_articles(
    connection: sa.Connection,
    source_ids: Collection[int],
    lead: timedelta,
    *,
    now: datetime,
    compressor: Compressor,
) -> None:
    """Put back the sightings of these sources by `lead`, what the clock was ahead: their order stays.

    A stated date that the wrong clock took for past gives way to the time of capture.
    """
    own = in_values(revision.c.source_id, source_ids, connection)
    is_ahead = sa.and_(own, revision.c.captured > now)
    numbers = sorted(set(connection.scalars(sa.select(revision.c.entry_id).where(is_ahead))))
    if not numbers:
        return

    captured = sa.type_coerce(
        sa.type_coerce(revision.c.captured, sa.BigInteger) - lead // MICROSECOND,
        revision.c.captured.type,
    )
    times: dict[str, Any] = {"captured": captured}
    for column in (revision.c.at, revision.c.published):
        times[column.name] = sa.case((column > now, captured), else_=column)
    connection.execute(sa.update(revision).where(is_ahead).values(times))

    arrivals = {}
    for column in (entry.c.updated_base, entry.c.stored_at, entry.c.arrived, entry.c.unlisted):
        arrivals[column.name] = _at_most(column, now)
    of_entries = in_values(entry.c.id, numbers, connection)
    connection.execute(sa.update(entry).where(of_entries).values(arrivals))
    recompute_entries(connection, numbers, compressor=compressor)


def _at_most(column: sa.Column[Any], latest: datetime) -> sa.ColumnElement[Any]:
    """Return the value of a column, at most `latest`; None stays None."""
    return sa.case((column > latest, sa.literal(latest, column.type)), else_=column)
