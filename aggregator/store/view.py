"""Selects the entries of a view: the newest, and for a while those that came too late to be among them.

Rule: the order is `published`, newest first, ties by id. A late arrival stays in for LATE_ARRIVAL_PERIOD, so that
subscribers get it, unless its source was being read for the first time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.content import primary_language
from aggregator.store.copy_groups import BEST_FIRST
from aggregator.store.queries import (
    ENTRY_SELECT,
    ENTRY_TABLES,
    NEWEST_FIRST,
    entries_by_id,
    join_entry_tables,
    source_id_of,
)
from aggregator.store.schema import entry, entry_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from aggregator.model import Entry
    from aggregator.store.queries import EntryBuilder

LATE_ARRIVAL_PERIOD = timedelta(hours=48)

MAX_ARRIVALS_READ = (
    5_000  # 48 hours of 100 busy sources; what came with more, further down, counts as late
)

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_CHUNK = 128  # rows read ahead


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries a view shows; None admits every entry. A `language` of `zh` admits `zh-Hans`.

    `group_copies` admits only the best of the copies that the rest of the selection admits.
    """

    language: str | None = None
    source: str | None = None
    tag: str | None = None
    predicate: Callable[[Entry], bool] | None = None
    group_copies: bool = True

    @property
    def needs_full_entry(self) -> bool:
        """Whether an entry must be read whole to be judged."""
        return self.predicate is not None

    def admits(self, found: Entry) -> bool:
        return self.predicate is None or self.predicate(found)

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the conditions that the database can test; none uses an index, so that the order of the view decides."""
        if self.source is not None:
            yield entry.c.source_id + 0 == source_id_of(self.source)
        if self.language is not None:
            like = entry.c.language.startswith(f"{self.language}-", autoescape=True)
            yield sa.or_(entry.c.language == self.language, like)
        if self.tag is not None:
            yield sa.exists().where(_TAG_ALIAS.c.tag == self.tag, *_TAG_OF_ENTRY)

    def index_conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the one condition in whose index entries lie in the order of a view."""
        if self.tag is not None:
            yield entry_tag.c.tag == self.tag
        elif self.source is not None:
            yield entry.c.source_id == source_id_of(self.source)
        elif self.language is not None:
            yield entry.c.tongue == primary_language(self.language)

    @property
    def is_filtered(self) -> bool:
        """Whether some entries are left out: the one that represents its copies may be missing."""
        parts = (self.predicate, self.tag, self.source, self.language)
        return any(part is not None for part in parts)


@dataclass(frozen=True, slots=True)
class _ViewRow:
    id: int
    published: datetime
    uid: bytes
    arrived: datetime | None  # None: was always there


def view_entries(
    connection: sa.Connection,
    opener: EntryBuilder,
    limit: int,
    *,
    selection: Selection,
    now: datetime,
) -> list[Entry]:
    """Return the newest `limit` entries of `selection`, and its late arrivals (at most `limit` more)."""
    edge = now - LATE_ARRIVAL_PERIOD
    with closing(newest_rows(connection, opener, selection)) as candidates:
        walked = _take_newest(candidates, limit, edge)

    late = []
    for rank in _late_ranks(walked, limit):
        if _arrived_after(walked[rank], edge):
            late.append(walked[rank])
    if walked:
        with closing(_late_rows(connection, opener, selection, walked[-1], edge)) as older:
            late += islice(older, limit)

    late.sort(key=lambda row: (row.arrived or edge, row.published), reverse=True)
    shown = walked[:limit] + late[:limit]
    return entries_by_id(connection, opener, [row.id for row in shown])


def _take_newest(candidates: Iterator[_ViewRow], limit: int, edge: datetime) -> list[_ViewRow]:
    """Take candidates, newest first, until `limit` of them were there before `edge`.

    Nothing further down could have been among the newest since then. A flood of arrivals is
    walked no further than MAX_ARRIVALS_READ.
    """
    walked: list[_ViewRow] = []
    there_before = 0
    if limit <= 0:
        return walked

    for row in candidates:
        walked.append(row)
        if not _arrived_after(row, edge):
            there_before += 1
        if there_before >= limit or len(walked) >= limit + MAX_ARRIVALS_READ:
            break
    return walked


def _late_ranks(walked: Sequence[_ViewRow], limit: int) -> Iterator[int]:
    """Yield the ranks that had `limit` newer entries above them on the day they came.

    An entry that was once among the newest and went down since is not late: subscribers have had it.
    """
    there: list[int] = []
    for rank in sorted(range(len(walked)), key=lambda rank: (_arrival_time(walked[rank]), rank)):
        if bisect_left(there, rank) >= limit:
            yield rank
        insort(there, rank)


def _late_rows(
    connection: sa.Connection,
    opener: EntryBuilder,
    selection: Selection,
    last: _ViewRow,
    edge: datetime,
) -> Generator[_ViewRow]:
    """Yield what came after `edge` although it is older than all that was walked, the latest first."""
    below = sa.or_(
        entry.c.published < last.published,
        sa.and_(entry.c.published == last.published, entry.c.uid > last.uid),
    )
    where = (*selection.conditions(), entry.c.arrived > edge, below)
    query = (
        _base_query(selection, entry).where(*where).order_by(entry.c.arrived.desc(), *NEWEST_FIRST)
    )
    return _selected_rows(connection, opener, selection, query)


def newest_rows(
    connection: sa.Connection, opener: EntryBuilder, selection: Selection
) -> Generator[_ViewRow]:
    """Yield candidates, newest first: whatever is selected, they lie in this order in an index."""
    rows = entry if selection.tag is None else _TAGGED_ENTRIES
    order = (entry if selection.tag is None else entry_tag).c.published.desc(), entry.c.uid
    query = (
        _base_query(selection, rows)
        .where(*selection.index_conditions(), *selection.conditions())
        .order_by(*order)
    )
    return _selected_rows(connection, opener, selection, query)


_COLUMNS = (entry.c.id, entry.c.published, entry.c.uid, entry.c.copies, entry.c.arrived)
_TAG_ALIAS = entry_tag.alias()
_TAG_OF_ENTRY = (_TAG_ALIAS.c.published == entry.c.published, _TAG_ALIAS.c.entry_id == entry.c.id)
# An outer join, so that the database never walks `entry` first.
_TAGGED_ENTRIES = entry_tag.outerjoin(entry, entry.c.id == entry_tag.c.entry_id)


def _base_query(selection: Selection, rows: sa.FromClause) -> sa.Select[Any]:
    if selection.needs_full_entry:
        query = ENTRY_SELECT.add_columns(entry.c.arrived).select_from(join_entry_tables(rows))
    else:
        query = sa.select(*_COLUMNS).select_from(rows)
    if selection.group_copies and not selection.is_filtered:
        query = query.where(sa.or_(entry.c.copies.is_(None), entry.c.copies == entry.c.id))
    return query


def _selected_rows(
    connection: sa.Connection, opener: EntryBuilder, selection: Selection, query: sa.Select[Any]
) -> Generator[_ViewRow]:
    with connection.execute(query.execution_options(yield_per=_CHUNK)) as rows:
        for row in rows:
            if not _admits_row(opener, selection, row):
                continue
            if selection.group_copies and not _is_best_copy(connection, opener, selection, row):
                continue
            yield _ViewRow(row.id, row.published, bytes(row.uid), row.arrived)


def _admits_row(opener: EntryBuilder, selection: Selection, row: Any) -> bool:
    """Tell whether a row that the selection's conditions let through is selected."""
    if not selection.needs_full_entry:
        return True
    return selection.admits(opener.from_row(row))


def _is_best_copy(
    connection: sa.Connection, opener: EntryBuilder, selection: Selection, row: Any
) -> bool:
    """Tell whether an entry is the best of its copies that the selection admits."""
    if row.copies is None or row.copies == row.id:
        return True

    query = (
        ENTRY_SELECT.select_from(ENTRY_TABLES)
        .where(entry.c.copies == row.copies, *selection.conditions())
        .order_by(*BEST_FIRST)
    )
    for member in connection.execute(query).all():
        if _admits_row(opener, selection, member):
            return bool(member.id == row.id)
    return True


def _arrived_after(found: _ViewRow, edge: datetime) -> bool:
    return found.arrived is not None and found.arrived > edge


def _arrival_time(found: _ViewRow) -> datetime:
    return found.arrived or _BEFORE_ALL
