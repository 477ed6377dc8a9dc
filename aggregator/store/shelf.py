"""What the store already holds of the articles that a batch of revisions may be of.

Rule: a handful of queries for a whole batch; the metadata that tells an unchanged article never touches `content`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.engine import among
from aggregator.store.history import GUESSED, Sighting
from aggregator.store.schema import entry, entry_key, micros, revision, source, tombstone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from aggregator.model import Revision


@dataclass(frozen=True, slots=True)
class Held:
    """As much of a stored entry as tells whether a poll brought anything; moments in microseconds."""

    entry_id: int
    hash: str
    published: int
    guessed: bool
    seen_to: int
    run_at: int

    def repeats(self, revision: Revision) -> bool:
        """Tell whether `revision` only sees again, later, what is shown already."""
        guessed = revision.published_from in GUESSED
        return (
            revision.hash == self.hash
            and micros(revision.captured) > self.seen_to
            and micros(revision.at) >= self.run_at
            and (guessed, micros(revision.published)) >= (self.guessed, self.published)
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a stored sighting lies."""

    id: int
    entry_id: int
    content_id: int


@dataclass(slots=True)
class Shelf:
    """The stored sightings of some articles, complete, with the rows of their entries."""

    sightings: dict[Sighting, Kept] = field(default_factory=dict)
    entries: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    source_ids: dict[str, int] = field(default_factory=dict)


def held(connection: sa.Connection, keys: Collection[str]) -> dict[str, list[Held]]:
    """Return the entries that each of `keys` leads to."""
    number = sa.BigInteger
    columns = (
        entry_key.c.key,
        entry.c.id,
        entry.c.hash,
        sa.type_coerce(entry.c.published, number),
        entry.c.published_from,
        sa.type_coerce(entry.c.seen_to, number),
        sa.type_coerce(entry.c.run_at, number),
    )
    query = sa.select(*columns).join(entry, entry.c.id == entry_key.c.entry_id)
    found: dict[int, Held] = {}
    by_key: dict[str, list[Held]] = {}
    for key, id_, hash_, published, evidence, seen_to, run_at in connection.execute(
        query.where(among(entry_key.c.key, keys, connection))
    ):
        if id_ not in found:
            found[id_] = Held(id_, hash_, published, evidence in GUESSED, seen_to, run_at)
        by_key.setdefault(key, []).append(found[id_])
    return by_key


def buried(connection: sa.Connection, keys: Collection[str]) -> set[str]:
    """Return those of `keys` that belong to what was deleted on purpose."""
    query = sa.select(tombstone.c.key).where(among(tombstone.c.key, keys, connection))
    return set(connection.scalars(query))


def load(connection: sa.Connection, entry_ids: Iterable[int]) -> Shelf:
    """Load the sightings of these entries, and of every entry that shares a key with them, and so on."""
    shelf, wanted = Shelf(), set(entry_ids)
    while wanted:
        keys = _load_sightings(connection, wanted, shelf)
        query = sa.select(entry).where(among(entry.c.id, wanted, connection))
        shelf.entries.update({row["id"]: dict(row) for row in connection.execute(query).mappings()})
        shared = sa.select(entry_key.c.entry_id).where(among(entry_key.c.key, keys, connection))
        wanted = set(connection.scalars(shared)) - shelf.entries.keys()
    return shelf


def source_ids(connection: sa.Connection, names: Collection[str]) -> dict[str, int]:
    """Return the row numbers of sources; one that was never configured gets a row that nobody polls."""
    query = sa.select(source.c.name, source.c.id).where(among(source.c.name, names, connection))
    found: dict[str, int] = dict(connection.execute(query).all())
    unknown = sorted(set(names) - found.keys())
    if not unknown:
        return found
    connection.execute(sa.insert(source), [{"name": name, "active": False} for name in unknown])
    return source_ids(connection, names)


def sighting_of(row: sa.Row[Any]) -> Sighting:
    """Return the sighting of a row of `revision` with the `name` of its source."""
    return Sighting(
        source=row.name,
        keys=tuple(row.keys),
        guarded=row.guarded,
        at=row.at,
        captured=row.captured,
        hash=row.hash,
        title=row.title,
        published=row.published,
        published_from=row.published_from,
        published_where=row.published_where,
        digest=bytes(row.digest),
    )


def _load_sightings(connection: sa.Connection, entry_ids: Collection[int], shelf: Shelf) -> set[str]:
    """Put the sightings of these entries on the shelf; return their keys."""
    query = (
        sa.select(revision, source.c.name)
        .join(source, source.c.id == revision.c.source_id)
        .where(among(revision.c.entry_id, entry_ids, connection))
    )
    keys: set[str] = set()
    for row in connection.execute(query):
        sighting = sighting_of(row)
        shelf.sightings[sighting] = Kept(row.id, row.entry_id, row.content_id)
        shelf.source_ids[row.name] = row.source_id
        keys.update(sighting.keys)
    return keys
