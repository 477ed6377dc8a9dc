"""How long things stay: entries while a source lists them and a time after, and what belongs to them.

Rule: what is still listed is never deleted, nor what a view still shows; what was deleted leaves a tombstone, so that
it does not come back as new while a source still lists it. Deletions are made in small transactions: the writer's turn
comes between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store import derived, listed_keys, search
from aggregator.store.content import urn
from aggregator.store.engine import among, explained, reading, writing
from aggregator.store.leftovers import drop_captures, drop_outcomes
from aggregator.store.merge.lookup import load
from aggregator.store.queries import FRAME, FROM
from aggregator.store.schema import entry, entry_key, metadata, source, source_state, tombstone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.store.engine import Engines
    from aggregator.store.leftovers import Terms
    from aggregator.store.queries import Opener
    from aggregator.store.view import Selection

_AT_ONCE = 500  # entries a transaction

# What a source whose entries have gone is to be asked anew for, should it come back.
_FORGOTTEN: Mapping[str, Any] = {
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
class Shown:
    """What a view of its own `keep` shows: its selection, of all that was published since."""

    since: datetime
    selection: Selection


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted, or would be: ids of entries, oldest first, and how many of the rest."""

    entries: tuple[str, ...]
    captures: int = 0
    outcomes: int = 0
    tombstones: int = 0


def prune(
    engines: Engines,
    terms: Terms,
    *,
    opener: Opener,
    shown: Sequence[Shown] = (),
    dry_run: bool = False,
) -> Pruned:
    """Delete what has had its time; with `dry_run` only tell what that would be."""
    with reading(engines) as connection:
        expired = _expired(connection, terms, opener=opener, shown=shown)
        if dry_run:
            return _told(connection, terms, expired)
    gone: list[bytes] = []
    numbers = list(expired)
    for begin in range(0, len(numbers), _AT_ONCE):
        with writing(engines) as connection:
            part = numbers[begin : begin + _AT_ONCE]
            still = _expired(connection, terms, opener=opener, shown=shown, among_=part)
            _delete(connection, still, terms.now)
            gone += (one.uid for one in still.values())
    with writing(engines) as connection:
        tombstones = _drop_tombstones(connection, terms)
        captures, outcomes = (
            drop_captures(connection, terms, dry_run=False),
            drop_outcomes(connection, dry_run=False),
        )
        search.tidy(connection)
    return Pruned(tuple(map(urn, gone)), captures, outcomes, tombstones)


def bury(connection: sa.Connection, numbers: Sequence[int], now: datetime) -> None:
    """Delete entries with all that belongs to them, and remember that they shall not come back."""
    if not numbers:
        return
    wanted = set(numbers)
    keys = {
        sighting.keys[0]
        for sighting, kept in load(connection, numbers).sightings.items()
        if kept.entry_id in wanted
    }
    known = set(
        connection.scalars(
            sa.select(tombstone.c.key).where(among(tombstone.c.key, keys, connection))
        )
    )
    rows = [{"key": key, "at": now} for key in sorted(keys - known)]
    if rows:
        connection.execute(sa.insert(tombstone), rows)
    derived.remove(connection, numbers)


def vacuum(engines: Engines) -> None:
    """Rewrite the database without its gaps."""
    with explained(engines.url), engines.write.connect() as connection:
        if connection.dialect.name == "postgresql":
            tables = ", ".join((*metadata.tables, "search"))
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                f"VACUUM FULL {tables}"
            )
            return
        for statement in (
            "COMMIT",
            "VACUUM",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ):  # not inside a transaction
            connection.exec_driver_sql(statement)


@dataclass(frozen=True, slots=True)
class _Expired:
    """An entry that has had its time; `source_id` of a source that is configured no more, else None."""

    uid: bytes
    source_id: int | None


def _told(connection: sa.Connection, terms: Terms, expired: Mapping[int, _Expired]) -> Pruned:
    return Pruned(
        tuple(urn(one.uid) for one in expired.values()),
        drop_captures(connection, terms, without=list(expired), dry_run=True),
        drop_outcomes(connection, dry_run=True),
        connection.scalar(sa.select(sa.func.count()).where(_forgettable(connection, terms))) or 0,
    )


def _expired(
    connection: sa.Connection,
    terms: Terms,
    *,
    opener: Opener,
    shown: Sequence[Shown],
    among_: Collection[int] | None = None,
) -> dict[int, _Expired]:
    """Return the entries that nobody lists or shows for longer than their source keeps them, oldest first."""
    query = _unlisted(connection, terms).order_by(entry.c.published, entry.c.uid)
    if among_ is not None:
        query = query.where(among(entry.c.id, among_, connection))
    for view in shown:
        if not view.selection.whole:
            query = query.where(sa.not_(sa.func.coalesce(_of_view(view), sa.false())))
    found = {
        row.id: _Expired(bytes(row.uid), None if row.name in terms.keep else row.source_id)
        for row in connection.execute(query)
        if terms.over(row.name, row.since)
    }
    held = (
        {*_listed_elsewhere(connection, found), *_shown_whole(connection, opener, shown, found)}
        if found
        else set()
    )
    return {number: one for number, one in found.items() if number not in held}


def _unlisted(
    connection: sa.Connection, terms: Terms
) -> sa.Select[tuple[int, bytes, int, str, datetime]]:
    """Select entries with when they were last listed: those of a source that was removed, when it was last read."""
    removed = sa.not_(among(source.c.name, terms.keep, connection))
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


def _of_view(view: Shown) -> sa.ColumnElement[bool]:
    return sa.and_(entry.c.published >= view.since, *view.selection.conditions())


def _shown_whole(
    connection: sa.Connection, opener: Opener, shown: Sequence[Shown], numbers: Collection[int]
) -> Iterator[int]:
    """Yield those that a view shows which must read them to know."""
    for view in shown:
        if view.selection.whole:
            query = FRAME.select_from(FROM).where(
                among(entry.c.id, numbers, connection), _of_view(view)
            )
            yield from (
                row.id
                for row in connection.execute(query)
                if view.selection.admits(opener.entry(row))
            )


def _delete(connection: sa.Connection, expired: Mapping[int, _Expired], now: datetime) -> None:
    """Delete entries; no source lists those of a removed one, and should it come back, so do they."""
    removed = {
        number: one.source_id for number, one in expired.items() if one.source_id is not None
    }
    bury(connection, [number for number in expired if number not in removed], now)
    if removed:
        derived.remove(connection, list(removed))
        of = among(source_state.c.source_id, set(removed.values()), connection)
        connection.execute(sa.update(source_state).where(of).values(_FORGOTTEN))


def _listed_elsewhere(connection: sa.Connection, numbers: Collection[int]) -> set[int]:
    keys = listed_keys.everywhere(connection)
    query = sa.select(entry_key.c.key, entry_key.c.entry_id).where(
        among(entry_key.c.entry_id, numbers, connection)
    )
    return {row.entry_id for row in connection.execute(query) if row.key in keys}


def _drop_tombstones(connection: sa.Connection, terms: Terms) -> int:
    """Forget what nobody lists any more for as long as any source keeps anything."""
    held = listed_keys.everywhere(connection) & set(connection.scalars(sa.select(tombstone.c.key)))
    connection.execute(
        sa.update(tombstone).where(among(tombstone.c.key, held, connection)).values(at=terms.now)
    )
    return connection.execute(sa.delete(tombstone).where(_forgettable(connection, terms))).rowcount


def _forgettable(connection: sa.Connection, terms: Terms) -> sa.ColumnElement[bool]:
    longest = max([*terms.keep.values(), *([terms.default] if terms.default else [])], default=None)
    if longest is None:
        return sa.false()
    held = listed_keys.everywhere(connection) & set(connection.scalars(sa.select(tombstone.c.key)))
    return sa.and_(
        tombstone.c.at < terms.now - longest, sa.not_(among(tombstone.c.key, held, connection))
    )
