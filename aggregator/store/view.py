"""Selects the entries of a view: the newest, and for a while those that came too late to be among them.

The order is `published`, newest first, ties by id. A late arrival stays in for LATE_ARRIVAL_PERIOD, so that
subscribers get it, unless its source was being read for the first time. `max_per_source` holds for both together.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.content import primary_language
from aggregator.store.copy_groups import BEST_FIRST
from aggregator.store.engine import in_values
from aggregator.store.queries import (
    ENTRY_SELECT,
    ENTRY_TABLES,
    NEWEST_FIRST,
    entries_by_id,
    join_entry_tables,
    source_id_of,
)
from aggregator.store.schema import MICROSECOND, entry, entry_tag, source
from aggregator.store.source_share import ReadQuota, ShareCount, VisibleRanks
from aggregator.store.view_window import end_of_window, newest_of_others

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence

    from aggregator.model import Entry
    from aggregator.store.queries import EntryBuilder

LATE_ARRIVAL_PERIOD = timedelta(hours=48)

MAX_ARRIVALS_READ = (
    5_000  # 48 hours of 100 busy sources; what came with more, further down, counts as late
)

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_CHUNK = 128  # rows read ahead
# Entries in a row of sources that have their share. After these the database leaves such sources out.
_MAX_SKIPPED = 256
_WINDOW = 5_000  # entries that the database looks at before the next one of another source is found by index


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries a view shows; None admits every entry. A `language` of `zh` admits `zh-Hans`.

    `group_copies` admits only the best of the copies that the rest of the selection admits.
    `sources` admits entries of any of these sources, () of every source. `max_per_source` is the
    most entries of one source that the view shows. `stored` admits what arrived from the one moment
    on and before the other, `published_since` what was published then or later.
    """

    language: str | None = None
    source: str | None = None
    tag: str | None = None
    predicate: Callable[[Entry], bool] | None = None
    group_copies: bool = True
    sources: tuple[str, ...] = ()
    max_per_source: int | None = None
    stored: tuple[datetime, datetime] | None = None
    published_since: datetime | None = None

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
        if self.sources:
            listed = sa.select(source.c.id).where(source.c.name.in_(self.sources))
            yield (entry.c.source_id + 0).in_(listed)
        if self.language is not None:
            like = entry.c.language.startswith(f"{self.language}-", autoescape=True)
            yield sa.or_(entry.c.language == self.language, like)
        if self.stored is not None:
            begin, end = self.stored
            yield sa.and_(entry.c.stored_at >= begin, entry.c.stored_at < end)
        if self.published_since is not None:
            yield ordered_table(self).c.published >= self.published_since
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
        parts = (self.predicate, self.tag, self.source, self.language, self.sources or None)
        return any(part is not None for part in parts)


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A candidate for a view, without its content."""

    id: int
    source_id: int
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
    walked = _take_newest(connection, opener, selection, limit, edge)
    share = ShareCount(selection.max_per_source)
    newest = take_share(walked, limit, share)

    late = _late_among(walked, limit, selection.max_per_source, edge)
    if walked:
        share_of_older = share.copy()
        candidates = _late_rows(
            connection, opener, selection, walked[-1], edge, full=share_of_older.full
        )
        with closing(candidates) as older:
            late += take_share(older, limit, share_of_older)

    late.sort(key=lambda row: (row.arrived or edge, row.published), reverse=True)
    shown = newest + take_share(late, limit, share)
    return entries_by_id(connection, opener, [row.id for row in shown])


def take_share(rows: Iterable[ViewRow], limit: int, share: ShareCount) -> list[ViewRow]:
    """Take the first `limit` rows whose sources have places left."""
    taken: list[ViewRow] = []
    if limit <= 0:
        return taken
    for row in rows:
        if share.take(row.source_id):
            taken.append(row)
            if len(taken) == limit:
                break
    return taken


def _take_newest(
    connection: sa.Connection,
    opener: EntryBuilder,
    selection: Selection,
    limit: int,
    edge: datetime,
) -> list[ViewRow]:
    """Take candidates, newest first, until `limit` of them were there before `edge`.

    Nothing further down could have been among the newest since then. A flood of arrivals is
    walked no further than MAX_ARRIVALS_READ. A source is read as far as its share may reach.
    """
    walked: list[ViewRow] = []
    there_before = 0
    if limit <= 0:
        return walked

    quota = ReadQuota(selection.max_per_source, limit)
    with closing(newest_rows(connection, opener, selection, quota.full)) as candidates:
        for row in candidates:
            walked.append(row)
            was_there = not _arrived_after(row, edge)
            quota.count(row.source_id, was_there=was_there)
            if was_there:
                there_before += 1
            if there_before >= limit or len(walked) >= limit + MAX_ARRIVALS_READ:
                break
    return walked


def _late_among(
    walked: Sequence[ViewRow], limit: int, max_per_source: int | None, edge: datetime
) -> list[ViewRow]:
    """Return what arrived after `edge` and had `limit` newer entries above it on the day it came.

    An entry that was once among the newest and went down since is not late: subscribers have had it.
    """
    late = []
    visible = VisibleRanks(max_per_source)
    for rank in sorted(range(len(walked)), key=lambda rank: (_arrival_time(walked[rank]), rank)):
        row = walked[rank]
        if _arrived_after(row, edge) and visible.count_above(rank) >= limit:
            late.append(row)
        visible.add(rank, row.source_id)
    return late


def _late_rows(
    connection: sa.Connection,
    opener: EntryBuilder,
    selection: Selection,
    last: ViewRow,
    edge: datetime,
    *,
    full: Collection[int],
) -> Generator[ViewRow]:
    """Yield what came after `edge` although it is older than all that was walked, the latest first."""
    below = sa.or_(
        entry.c.published < last.published,
        sa.and_(entry.c.published == last.published, entry.c.uid > last.uid),
    )
    where = [*selection.conditions(), entry.c.arrived > edge, below]
    if full:
        where.append(_is_not_of(full, connection))
    query = (
        base_query(selection, entry).where(*where).order_by(entry.c.arrived.desc(), *NEWEST_FIRST)
    )
    return selected_rows(connection, opener, selection, query, full)


def newest_rows(
    connection: sa.Connection,
    opener: EntryBuilder,
    selection: Selection,
    full: Collection[int] = (),
    *,
    begin: Sequence[sa.ColumnElement[bool]] = (),
) -> Generator[ViewRow]:
    """Yield candidates, newest first, without those of the sources in `full`.

    The caller may add to `full` meanwhile. Whatever is selected, candidates lie in this order in an index.
    `begin` is the condition of the first ones (`is_older_than`), () for the newest of all.
    """
    query = _newest_query(selection).where(*begin)
    end: datetime | None = None
    while True:
        skipped: list[ViewRow] = []
        with closing(selected_rows(connection, opener, selection, query, full)) as rows:
            for row in rows:
                if row.source_id not in full:
                    skipped.clear()
                    yield row
                    continue
                skipped.append(row)
                if len(skipped) == _MAX_SKIPPED:
                    break

        if len(skipped) == _MAX_SKIPPED:
            last = skipped[-1]
            window = _window_of_others(connection, selection, full, last.published, last.uid)
        elif end is not None:
            window = _window_of_others(connection, selection, full, end - MICROSECOND)
        else:
            return
        if window is None:
            return
        query, end = window


def is_older_than(
    table: sa.Table, published: datetime, uid: bytes | None
) -> sa.ColumnElement[bool]:
    """Return the condition for entries behind the one with this time and `uid`; None: behind the time.

    `table` is the one in whose order the entries are read.
    """
    column = table.c.published
    if uid is None:
        return column < published
    # One upper bound alone: of several SQLite takes the first for the index.
    return sa.and_(column <= published, sa.not_(sa.and_(column == published, entry.c.uid <= uid)))


def _window_of_others(
    connection: sa.Connection,
    selection: Selection,
    full: Collection[int],
    edge: datetime,
    last_uid: bytes | None = None,
) -> tuple[sa.Select[Any], datetime | None] | None:
    """Return a query for the next candidates of sources that are not full, and where it ends.

    It begins at `edge`, there below `last_uid`. It ends where an entry was published, inclusive;
    None if it takes all the rest. The database looks at about _WINDOW rows, so that many entries
    of full sources are neither handed over nor, where they lie together, looked at. Returns None
    if there are no more candidates.
    """
    begin = newest_of_others(connection, selection, full, edge)
    if begin is None:
        return None

    # One upper bound alone: of several SQLite takes the first for the index.
    published = ordered_table(selection).c.published
    query = _newest_query(selection).where(published <= begin, _is_not_of(full, connection))
    if last_uid is not None:
        query = query.where(sa.not_(sa.and_(published == edge, entry.c.uid <= last_uid)))
    end = end_of_window(connection, begin, _WINDOW)
    if end is not None:
        query = query.where(published >= end)
    return query, end


def _is_not_of(full: Collection[int], connection: sa.Connection) -> sa.ColumnElement[bool]:
    return sa.not_(in_values(entry.c.source_id, full, connection))


def ordered_table(selection: Selection) -> sa.Table:
    """Return the table in whose index the entries of a view lie in their order."""
    return entry if selection.tag is None else entry_tag


def _newest_query(selection: Selection) -> sa.Select[Any]:
    rows = entry if selection.tag is None else _TAGGED_ENTRIES
    return (
        base_query(selection, rows)
        .where(*selection.index_conditions(), *selection.conditions())
        .order_by(ordered_table(selection).c.published.desc(), entry.c.uid)
    )


_FURTHER_COLUMNS = (entry.c.arrived, entry.c.source_id)
_COLUMNS = (entry.c.id, entry.c.published, entry.c.uid, entry.c.copies, *_FURTHER_COLUMNS)
_TAG_ALIAS = entry_tag.alias()
_TAG_OF_ENTRY = (_TAG_ALIAS.c.published == entry.c.published, _TAG_ALIAS.c.entry_id == entry.c.id)
# An outer join, so that the database never walks `entry` first.
_TAGGED_ENTRIES = entry_tag.outerjoin(entry, entry.c.id == entry_tag.c.entry_id)


def base_query(selection: Selection, rows: sa.FromClause) -> sa.Select[Any]:
    if selection.needs_full_entry:
        query = ENTRY_SELECT.add_columns(*_FURTHER_COLUMNS).select_from(join_entry_tables(rows))
    else:
        query = sa.select(*_COLUMNS).select_from(rows)
    if selection.group_copies and not selection.is_filtered:
        query = query.where(sa.or_(entry.c.copies.is_(None), entry.c.copies == entry.c.id))
    return query


def selected_rows(
    connection: sa.Connection,
    opener: EntryBuilder,
    selection: Selection,
    query: sa.Select[Any],
    full: Collection[int],
) -> Generator[ViewRow]:
    """Yield the rows that are selected, and untested those of the sources in `full`, which the caller skips."""
    with connection.execute(query.execution_options(yield_per=_CHUNK)) as rows:
        for row in rows:
            if row.source_id not in full:
                if not _admits_row(opener, selection, row):
                    continue
                if selection.group_copies and not _is_best_copy(connection, opener, selection, row):
                    continue
            yield ViewRow(row.id, row.source_id, row.published, bytes(row.uid), row.arrived)


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


def _arrived_after(found: ViewRow, edge: datetime) -> bool:
    return found.arrived is not None and found.arrived > edge


def _arrival_time(found: ViewRow) -> datetime:
    return found.arrived or _BEFORE_ALL
