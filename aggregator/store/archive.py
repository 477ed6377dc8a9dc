"""Reads entries in the order in which they arrived, for the archive of a view.

A day is over when it is over, so what arrived on it is the same for ever, whatever comes later.
Days are those of UTC. Copies are not grouped: which one stands for all may change.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.engine import read_transaction
from aggregator.store.queries import entries_by_id
from aggregator.store.schema import entry
from aggregator.store.view import base_query, selected_rows

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from aggregator.model import Entry
    from aggregator.store.engine import Engines
    from aggregator.store.queries import EntryBuilder
    from aggregator.store.view import Selection, ViewRow

_DAY = timedelta(days=1)
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Archive:
    """The arrivals of each day, of the entries that a selection admits."""

    engines: Engines
    entry_builder: EntryBuilder

    def count(self, selection: Selection, day: date, *, after: int = 0) -> tuple[int, int]:
        """Count a day's arrivals with a row number above `after`.

        Returns their number, and the highest row number of them.
        """
        count, last = 0, after
        arrived = _arrived_on(selection, day)
        with self._rows(arrived, entry.c.id > after, order=entry.c.id) as rows:
            for row in rows:
                count += 1
                last = row.id
        return count, last

    def entries(self, selection: Selection, day: date, first: int, last: int) -> list[Entry]:
        """Return a day's arrivals from the `first` to the `last`, counted from 1."""
        with self._rows(_arrived_on(selection, day), order=entry.c.id) as rows:
            ids = [row.id for row in islice(rows, first - 1, last)]
        with read_transaction(self.engines) as connection:
            return entries_by_id(connection, self.entry_builder, ids)

    def last_day_before(self, selection: Selection, day: date) -> date | None:
        """Return the last day before this one on which an entry of a selection arrived."""
        earlier = replace(selection, group_copies=False, stored=(_BEFORE_ALL, _midnight(day)))
        with self._rows(earlier, order=entry.c.stored_at.desc()) as rows:
            newest = next(rows, None)
        if newest is None:
            return None
        query = sa.select(entry.c.stored_at).where(entry.c.id == newest.id)
        with read_transaction(self.engines) as connection:
            stored: datetime = connection.scalars(query).one()
        return stored.astimezone(UTC).date()

    @contextmanager
    def _rows(
        self,
        selection: Selection,
        *conditions: sa.ColumnElement[bool],
        order: sa.ColumnElement[Any],
    ) -> Iterator[Generator[ViewRow]]:
        query = base_query(selection, entry).where(*selection.conditions(), *conditions)
        with read_transaction(self.engines) as connection:
            rows = selected_rows(
                connection, self.entry_builder, selection, query.order_by(order), ()
            )
            with closing(rows):
                yield rows


def _arrived_on(selection: Selection, day: date) -> Selection:
    period = (_midnight(day), _midnight(day) + _DAY)
    return replace(selection, group_copies=False, max_per_source=None, stored=period)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
