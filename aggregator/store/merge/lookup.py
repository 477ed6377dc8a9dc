"""What the store already holds of the articles that a batch of revisions may be of.

Rule: a handful of queries for a whole batch; the metadata that tells an unchanged article never touches `content`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from aggregator.store.engine import among, fetched, listed
from aggregator.store.merge.article import GUESSED, SEEN_BEFORE, Sighting
from aggregator.store.schema import (
    MICROSECOND,
    entry,
    entry_key,
    micros,
    revision,
    source,
    tombstone,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from aggregator.model import Revision

_SEEN_BEFORE = SEEN_BEFORE // MICROSECOND


class Held(NamedTuple):
    """As much of a stored entry as tells whether a poll brought anything; moments in microseconds."""

    entry_id: int
    hash: str
    published: int
    published_from: str
    seen_to: int
    run_at: int


class Known(Mapping[str, Sequence[Held]]):
    """The stored entries that keys lead to; mostly one each."""

    __slots__ = ("_entries", "_holders", "_shared")

    def __init__(self, keys: Sequence[tuple[str, int]], entries: Iterable[tuple[Any, ...]]) -> None:
        self._holders = dict(keys)
        self._entries = {row[0]: row for row in entries}
        self._shared: dict[str, list[int]] = {}
        if len(self._holders) < len(keys):
            for key, number in keys:
                self._shared.setdefault(key, []).append(number)

    def __getitem__(self, key: str) -> Sequence[Held]:
        numbers = self._shared[key] if self._shared else (self._holders[key],)
        return [Held(*self._entries[number]) for number in numbers]

    def __contains__(self, key: object) -> bool:
        return key in self._holders

    def __iter__(self) -> Iterator[str]:
        return iter(self._holders)

    def __len__(self) -> int:
        return len(self._holders)

    def any_of(self, keys: Iterable[str]) -> bool:
        """Tell whether any of `keys` leads anywhere."""
        return not self._holders.keys().isdisjoint(keys)

    def holders(self, keys: Iterable[str]) -> set[int]:
        """Return the numbers of the entries that any of `keys` leads to."""
        if self._shared:
            return {number for key in keys for number in self._shared.get(key, ())}
        return {number for key in keys if (number := self._holders.get(key)) is not None}

    def repeats(self, revision: Revision) -> bool:
        """Tell whether `revision` only sees again, later, what is shown already, and all its keys lead there alone.

        It is asked of every item of every poll: what settles most is asked first, and no moment is reckoned twice.
        """
        number = self._holders.get(revision.keys[0])
        if number is None:
            return False
        _, hash_, published, evidence, seen_to, run_at = self._entries[number]
        if revision.hash != hash_ or not self._lead_to(number, revision.keys):
            return False
        captured, dated = micros(revision.captured), micros(revision.published)
        at = captured if revision.at is revision.captured else micros(revision.at)
        if captured <= seen_to or at < run_at:
            return False
        if dated == published and revision.published_from == evidence:
            return True
        if evidence in GUESSED and revision.published_from not in GUESSED:
            return bool(dated > published + _SEEN_BEFORE)
        return (revision.published_from in GUESSED, dated) >= (evidence in GUESSED, published)

    def _lead_to(self, number: int, keys: Sequence[str]) -> bool:
        for key in keys:
            if self._holders.get(key) != number:
                return False
        return not self._shared or all(len(self._shared[key]) == 1 for key in keys)


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


def held(connection: sa.Connection, keys: Collection[str]) -> Known:
    """Return what is known of the entries that `keys` lead to: two look-ups by number, no row read twice."""
    sought = listed(keys, entry_key.c.key, connection)
    holders = fetched(
        connection,
        sa.select(entry_key.c.key, entry_key.c.entry_id).join_from(
            sought.table, entry_key, entry_key.c.key == sought
        ),
    )
    wanted = listed({number for _, number in holders}, entry.c.id, connection)
    columns = (
        entry.c.id,
        entry.c.hash,
        entry.c.published,
        entry.c.published_from,
        entry.c.seen_to,
        entry.c.run_at,
    )
    return Known(
        holders,
        fetched(
            connection, sa.select(*columns).join_from(wanted.table, entry, entry.c.id == wanted)
        ),
    )


def buried(connection: sa.Connection, keys: Collection[str]) -> set[str]:
    """Return those of `keys` that belong to what was deleted on purpose."""
    sought = listed(keys, tombstone.c.key, connection)
    query = sa.select(tombstone.c.key).join_from(sought.table, tombstone, tombstone.c.key == sought)
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


def _load_sightings(
    connection: sa.Connection, entry_ids: Collection[int], shelf: Shelf
) -> set[str]:
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
