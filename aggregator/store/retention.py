"""Deletes entries when their retention period is over, with everything that belongs to them.

An entry that a source still lists or a view still shows is never deleted. A deleted entry leaves a tombstone, so
that it does not come back as new while a source still lists it. Deletions are made in small transactions, so that the
writer gets its turn between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store import derived, listing, search
from aggregator.store.content import urn
from aggregator.store.engine import in_values, read_transaction, translate_errors, write_transaction
from aggregator.store.leftovers import drop_captures, drop_outcomes
from aggregator.store.merge.article import uid_of
from aggregator.store.merge.lookup import load_articles
from aggregator.store.merge.tombstones import FORGOTTEN_PERIOD, add_tombstones
from aggregator.store.queries import ENTRY_SELECT, ENTRY_TABLES
from aggregator.store.schema import entry, entry_key, metadata, source, source_state, tombstone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.store.engine import Engines
    from aggregator.store.leftovers import RetentionPeriods
    from aggregator.store.queries import EntryBuilder
    from aggregator.store.view import Selection

_ENTRIES_PER_TRANSACTION = 500

# A removed source whose entries were deleted is read as if for the first time, should it come back.
_RESET_STATE: Mapping[str, Any] = {
    "url": None,
    "etag": None,
    "last_modified": None,
    "body_hash": None,
    "detected_adapter": None,
    "read_again": False,
    "folder": {},
    "listing": None,
    "first_complete": None,
}


@dataclass(frozen=True, slots=True)
class RetainedView:
    """What a view with its own `keep` shows: what it selects, published since `since`."""

    since: datetime
    selection: Selection


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What was deleted, or would be: ids of entries, oldest first, and how many of the rest."""

    entries: tuple[str, ...]
    captures: int = 0
    outcomes: int = 0
    tombstones: int = 0


def prune(
    engines: Engines,
    terms: RetentionPeriods,
    *,
    opener: EntryBuilder,
    retained_views: Sequence[RetainedView] = (),
    dry_run: bool = False,
) -> PruneResult:
    """Delete what is kept no longer; with `dry_run` only return what that would be."""
    with read_transaction(engines) as connection:
        expired = _expired_entries(connection, terms, opener=opener, shown=retained_views)
        if dry_run:
            return _dry_run_result(connection, terms, expired)

    deleted: list[bytes] = []
    numbers = list(expired)
    for begin in range(0, len(numbers), _ENTRIES_PER_TRANSACTION):
        batch = numbers[begin : begin + _ENTRIES_PER_TRANSACTION]
        with write_transaction(engines) as connection:
            still_expired = _expired_entries(
                connection, terms, opener=opener, shown=retained_views, among=batch
            )
            _delete_expired(connection, still_expired, terms.now)
            deleted += (one.uid for one in still_expired.values())

    with write_transaction(engines) as connection:
        tombstones = _delete_old_tombstones(connection, terms)
        captures = drop_captures(connection, terms, dry_run=False)
        outcomes = drop_outcomes(connection, dry_run=False)
        search.optimize(connection)
    return PruneResult(tuple(map(urn, deleted)), captures, outcomes, tombstones)


def delete_with_tombstones(
    connection: sa.Connection, numbers: Sequence[int], now: datetime
) -> None:
    """Delete entries with all that belongs to them, and leave tombstones so that they do not come back."""
    if not numbers:
        return

    loaded = load_articles(connection, numbers)
    names = [row["key"] for row in loaded.entries.values()]
    add_tombstones(connection, loaded.sightings, names, now)
    derived.remove_entries(connection, numbers)


def vacuum(engines: Engines) -> None:
    """Rewrite the database without its gaps."""
    with translate_errors(engines.url), engines.write.connect() as connection:
        if connection.dialect.name == "postgresql":
            tables = ", ".join((*metadata.tables, "search"))
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                f"VACUUM FULL {tables}"
            )
            return

        connection.exec_driver_sql("COMMIT")  # VACUUM cannot run inside a transaction
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


@dataclass(frozen=True, slots=True)
class _ExpiredEntry:
    """An entry that is kept no longer; `source_id` where its source is not configured any more, else None."""

    uid: bytes
    source_id: int | None


def _dry_run_result(
    connection: sa.Connection, terms: RetentionPeriods, expired: Mapping[int, _ExpiredEntry]
) -> PruneResult:
    old_tombstones = sa.select(sa.func.count()).where(_is_old_tombstone(connection, terms))
    return PruneResult(
        entries=tuple(urn(one.uid) for one in expired.values()),
        captures=drop_captures(connection, terms, without=list(expired), dry_run=True),
        outcomes=drop_outcomes(connection, dry_run=True),
        tombstones=connection.scalar(old_tombstones) or 0,
    )


def _expired_entries(
    connection: sa.Connection,
    terms: RetentionPeriods,
    *,
    opener: EntryBuilder,
    shown: Sequence[RetainedView],
    among: Collection[int] | None = None,
) -> dict[int, _ExpiredEntry]:
    """Return the entries that nobody lists or shows for longer than their source keeps them, oldest first.

    `among` are the only entries to look at, None for all.
    """
    query = _select_unlisted(connection, terms).order_by(entry.c.published, entry.c.uid)
    if among is not None:
        query = query.where(in_values(entry.c.id, among, connection))
    for view in shown:
        if not view.selection.needs_full_entry:
            is_shown = sa.func.coalesce(_is_in_view(view), sa.false())
            query = query.where(sa.not_(is_shown))

    expired: dict[int, _ExpiredEntry] = {}
    for row in connection.execute(query):
        if terms.has_expired(row.name, row.since):
            removed_source = None if row.name in terms.keep else row.source_id
            expired[row.id] = _ExpiredEntry(bytes(row.uid), removed_source)
    if not expired:
        return expired

    held = _still_listed_entries(connection, expired)
    held.update(_shown_by_predicate(connection, opener, shown, expired))
    for number in held:
        expired.pop(number, None)
    return expired


def _select_unlisted(
    connection: sa.Connection, terms: RetentionPeriods
) -> sa.Select[tuple[int, bytes, int, str, datetime]]:
    """Select entries with the time they were last listed; for those of a removed source, the time it was last read."""
    removed = sa.not_(in_values(source.c.name, terms.keep, connection))
    last = sa.func.coalesce(
        entry.c.unlisted,
        source_state.c.last_success,
        entry.c.stored_at,
        type_=entry.c.unlisted.type,
    )
    query = sa.select(
        entry.c.id, entry.c.uid, entry.c.source_id, source.c.name, last.label("since")
    )
    query = query.join(source, source.c.id == entry.c.source_id)
    query = query.outerjoin(source_state, source_state.c.source_id == source.c.id)
    return query.where(
        sa.or_(entry.c.unlisted.is_not(None), sa.and_(removed, sa.not_(source.c.active)))
    )


def _is_in_view(view: RetainedView) -> sa.ColumnElement[bool]:
    return sa.and_(entry.c.published >= view.since, *view.selection.conditions())


def _shown_by_predicate(
    connection: sa.Connection,
    opener: EntryBuilder,
    shown: Sequence[RetainedView],
    numbers: Collection[int],
) -> Iterator[int]:
    """Yield the entries that are shown by a view which must read an entry to know."""
    for view in shown:
        if not view.selection.needs_full_entry:
            continue
        query = ENTRY_SELECT.select_from(ENTRY_TABLES).where(
            in_values(entry.c.id, numbers, connection), _is_in_view(view)
        )
        for row in connection.execute(query):
            if view.selection.admits(opener.from_row(row)):
                yield row.id


def _delete_expired(
    connection: sa.Connection, expired: Mapping[int, _ExpiredEntry], now: datetime
) -> None:
    """Delete entries.

    Those of a removed source leave no tombstone: no source lists them, and should the source come
    back, so do they.
    """
    of_removed_sources = []
    removed_sources = set()
    others = []
    for number, one in expired.items():
        if one.source_id is None:
            others.append(number)
        else:
            of_removed_sources.append(number)
            removed_sources.add(one.source_id)

    delete_with_tombstones(connection, others, now)
    if of_removed_sources:
        derived.remove_entries(connection, of_removed_sources)
        is_removed = in_values(source_state.c.source_id, removed_sources, connection)
        connection.execute(sa.update(source_state).where(is_removed).values(_RESET_STATE))


def _still_listed_entries(connection: sa.Connection, numbers: Collection[int]) -> set[int]:
    listed = listing.load_all_names(connection)
    query = sa.select(entry.c.id, entry.c.key).where(in_values(entry.c.id, numbers, connection))
    entries = {row.id for row in connection.execute(query) if row.key in listed}
    return entries | (set(numbers) & set(_entries_with_former_ids(connection, numbers, listed)))


def _entries_with_former_ids(
    connection: sa.Connection, numbers: Collection[int], listed: Collection[str]
) -> list[int]:
    """Return those entries that took in another one which is still listed under its former name."""
    query = sa.select(entry_key.c.key, entry_key.c.entry_id).where(
        in_values(entry_key.c.entry_id, numbers, connection),
        entry_key.c.key.startswith("urn:uuid:"),
    )
    rows = connection.execute(query).all()
    if not rows:  # by far the most
        return []
    ids = {urn(uid_of(name)) for name in listed}
    return [row.entry_id for row in rows if row.key in ids]


def _delete_old_tombstones(connection: sa.Connection, terms: RetentionPeriods) -> int:
    """Delete tombstones whose entry no source has listed for the longest retention period."""
    still_listed = in_values(tombstone.c.key, _listed_tombstones(connection), connection)
    connection.execute(sa.update(tombstone).where(still_listed).values(last_listed=terms.now))
    deletion = sa.delete(tombstone).where(_is_old_tombstone(connection, terms))
    return connection.execute(deletion).rowcount


def _is_old_tombstone(connection: sa.Connection, terms: RetentionPeriods) -> sa.ColumnElement[bool]:
    periods = list(terms.keep.values())
    if terms.default:
        periods.append(terms.default)
    if not periods:
        return sa.false()

    still_listed = in_values(tombstone.c.key, _listed_tombstones(connection), connection)
    since = sa.func.coalesce(tombstone.c.last_listed, tombstone.c.at, type_=tombstone.c.at.type)
    is_published = sa.and_(
        tombstone.c.forgotten.is_not(None), tombstone.c.at > terms.now - FORGOTTEN_PERIOD
    )
    return sa.and_(since < terms.now - max(periods), sa.not_(still_listed), sa.not_(is_published))


def _listed_tombstones(connection: sa.Connection) -> set[str]:
    """Return the keys of deleted entries that a source still lists."""
    deleted = set(connection.scalars(sa.select(tombstone.c.key)))
    return listing.load_all_names(connection) & deleted
