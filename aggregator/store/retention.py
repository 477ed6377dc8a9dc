"""How long things stay: entries while a source lists them and a time after, captures and outcomes a number.

Rule: what is still listed is never deleted; what was deleted leaves a tombstone, so that it does not come back as new
while a source still lists it. Deletions are made in small transactions: the writer's turn comes between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store import derived, listing, search
from aggregator.store.content import urn
from aggregator.store.engine import among, explained, reading, writing
from aggregator.store.schema import capture, entry, entry_key, metadata, outcome, source, tombstone
from aggregator.store.shelf import load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.store.engine import Engines

KEPT_CAPTURES, KEPT_CAPTURES_FOR = 20, timedelta(days=7)  # of a polled source: whichever keeps more
KEPT_OUTCOMES = 1_000  # of a source

_AT_ONCE = 500  # entries a transaction


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted, or would be: ids of entries, oldest first, and how many of the rest."""

    entries: tuple[str, ...]
    captures: int = 0
    outcomes: int = 0
    tombstones: int = 0


def prune(engines: Engines, now: datetime, keep: Mapping[str, timedelta], *, dry_run: bool) -> Pruned:
    """Delete what has had its time; with `dry_run` only tell which entries that would be."""
    with reading(engines) as connection:
        expired = dict(_expired(connection, now, keep))
    if dry_run:
        return Pruned(tuple(map(urn, expired.values())))
    gone: list[bytes] = []
    numbers = list(expired)
    for begin in range(0, len(numbers), _AT_ONCE):
        with writing(engines) as connection:
            still = dict(_expired(connection, now, keep, among_=numbers[begin : begin + _AT_ONCE]))
            bury(connection, list(still), now)
            gone += still.values()
    with writing(engines) as connection:
        tombstones = _drop_tombstones(connection, now, max(keep.values(), default=None))
        captures, outcomes = _drop_captures(connection, now), _drop_outcomes(connection)
        search.tidy(connection)
    return Pruned(tuple(map(urn, gone)), captures, outcomes, tombstones)


def bury(connection: sa.Connection, numbers: Sequence[int], now: datetime) -> None:
    """Delete entries with all that belongs to them, and remember that they shall not come back."""
    if not numbers:
        return
    wanted = set(numbers)
    keys = {
        sighting.keys[0] for sighting, kept in load(connection, numbers).sightings.items() if kept.entry_id in wanted
    }
    known = set(connection.scalars(sa.select(tombstone.c.key).where(among(tombstone.c.key, keys, connection))))
    rows = [{"key": key, "at": now} for key in sorted(keys - known)]
    if rows:
        connection.execute(sa.insert(tombstone), rows)
    derived.remove(connection, numbers)


def vacuum(engines: Engines) -> None:
    """Rewrite the database without its gaps."""
    with explained(engines.url), engines.write.connect() as connection:
        if connection.dialect.name == "postgresql":
            tables = ", ".join((*metadata.tables, "search"))
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(f"VACUUM FULL {tables}")
            return
        for statement in ("COMMIT", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):  # not inside a transaction
            connection.exec_driver_sql(statement)


def _expired(
    connection: sa.Connection, now: datetime, keep: Mapping[str, timedelta], *, among_: Collection[int] | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield entries that nobody lists for longer than their source keeps them, oldest first."""
    query = sa.select(entry.c.id, entry.c.uid, entry.c.unlisted, source.c.name).join(source)
    query = query.where(entry.c.unlisted.is_not(None)).order_by(entry.c.published, entry.c.uid)
    if among_ is not None:
        query = query.where(among(entry.c.id, among_, connection))
    found = {
        row.id: bytes(row.uid)
        for row in connection.execute(query)
        if row.name in keep and row.unlisted + keep[row.name] < now
    }
    if found:
        held = _listed_elsewhere(connection, found)
        yield from ((number, uid) for number, uid in found.items() if number not in held)


def _listed_elsewhere(connection: sa.Connection, numbers: Collection[int]) -> set[int]:
    keys = listing.everywhere(connection)
    query = sa.select(entry_key.c.key, entry_key.c.entry_id).where(among(entry_key.c.entry_id, numbers, connection))
    return {row.entry_id for row in connection.execute(query) if row.key in keys}


def _drop_tombstones(connection: sa.Connection, now: datetime, longest: timedelta | None) -> int:
    """Forget what nobody lists any more for as long as any source keeps anything."""
    if longest is None:
        return 0
    held = listing.everywhere(connection) & set(connection.scalars(sa.select(tombstone.c.key)))
    connection.execute(sa.update(tombstone).where(among(tombstone.c.key, held, connection)).values(at=now))
    return connection.execute(sa.delete(tombstone).where(tombstone.c.at < now - longest)).rowcount


def _drop_captures(connection: sa.Connection, now: datetime) -> int:
    """Forget captures of polled sources; files of a folder are captures of their own and stay."""
    rank = sa.func.row_number().over(
        partition_by=capture.c.source_id, order_by=(capture.c.taken.desc(), capture.c.id.desc())
    )
    ranked = sa.select(capture.c.id, capture.c.taken, rank.label("rank"))
    ranked_ = ranked.where(sa.not_(capture.c.url.startswith("file:"))).subquery()
    old = sa.select(ranked_.c.id).where(ranked_.c.rank > KEPT_CAPTURES, ranked_.c.taken < now - KEPT_CAPTURES_FOR)
    return connection.execute(sa.delete(capture).where(capture.c.id.in_(old))).rowcount


def _drop_outcomes(connection: sa.Connection) -> int:
    rank = sa.func.row_number().over(partition_by=outcome.c.source_id, order_by=outcome.c.id.desc())
    ranked = sa.select(outcome.c.id, rank.label("rank")).subquery()
    old = sa.select(ranked.c.id).where(ranked.c.rank > KEPT_OUTCOMES)
    return connection.execute(sa.delete(outcome).where(outcome.c.id.in_(old))).rowcount
