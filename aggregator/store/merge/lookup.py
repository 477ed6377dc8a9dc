"""Looks up what the store already holds of the articles that a batch of revisions may belong to.

Rule: a handful of queries for a whole batch. An unchanged article is recognised by metadata alone, without reading
`content`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from aggregator.store.engine import fetch_raw, in_values, values_column
from aggregator.store.merge.article import CLOCK_TOLERANCE, GUESSED_ORIGINS, Sighting
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

_CLOCK_TOLERANCE_MICROSECONDS = CLOCK_TOLERANCE // MICROSECOND


class EntrySummary(NamedTuple):
    """As much of a stored entry as tells whether a poll brought anything; moments in microseconds."""

    entry_id: int
    hash: str
    published: int
    published_from: str
    seen_to: int
    run_at: int


class StoredEntries(Mapping[str, Sequence[EntrySummary]]):
    """The stored entries that keys lead to; mostly one each."""

    __slots__ = ("_entries", "_entry_ids", "_entry_ids_if_shared")

    def __init__(self, keys: Sequence[tuple[str, int]], entries: Iterable[tuple[Any, ...]]) -> None:
        self._entry_ids = dict(keys)
        self._entries = {row[0]: row for row in entries}
        self._entry_ids_if_shared: dict[str, list[int]] = {}
        if len(self._entry_ids) < len(keys):
            for key, number in keys:
                self._entry_ids_if_shared.setdefault(key, []).append(number)

    def __getitem__(self, key: str) -> Sequence[EntrySummary]:
        if self._entry_ids_if_shared:
            numbers = self._entry_ids_if_shared[key]
        else:
            numbers = [self._entry_ids[key]]
        return [EntrySummary(*self._entries[number]) for number in numbers]

    def __contains__(self, key: object) -> bool:
        return key in self._entry_ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._entry_ids)

    def __len__(self) -> int:
        return len(self._entry_ids)

    def has_any(self, keys: Iterable[str]) -> bool:
        """Tell whether any of `keys` leads anywhere."""
        return not self._entry_ids.keys().isdisjoint(keys)

    def entry_ids(self, keys: Iterable[str]) -> set[int]:
        """Return the numbers of the entries that any of `keys` leads to."""
        numbers: set[int] = set()
        if self._entry_ids_if_shared:
            for key in keys:
                numbers.update(self._entry_ids_if_shared.get(key, ()))
            return numbers

        for key in keys:
            number = self._entry_ids.get(key)
            if number is not None:
                numbers.add(number)
        return numbers

    def repeats(self, revision: Revision) -> bool:
        """Tell whether `revision` only sees again, later, what is shown already, and all its keys lead there alone.

        It is asked of every item of every poll: what settles most is asked first, and no moment is
        converted twice.
        """
        number = self._entry_ids.get(revision.keys[0])
        if number is None:
            return False
        _, hash_, published, published_from, seen_to, run_at = self._entries[number]
        if revision.hash != hash_ or not self._all_lead_to(number, revision.keys):
            return False

        captured = micros(revision.captured)
        at = captured if revision.at is revision.captured else micros(revision.at)
        if captured <= seen_to or at < run_at:
            return False

        # The rest tells whether the revision's date loses to the stored one.
        new_published = micros(revision.published)
        if new_published == published and revision.published_from == published_from:
            return True
        is_guess = revision.published_from in GUESSED_ORIGINS
        was_guess = published_from in GUESSED_ORIGINS
        if was_guess and not is_guess:
            return bool(new_published > published + _CLOCK_TOLERANCE_MICROSECONDS)
        return (is_guess, new_published) >= (was_guess, published)

    def _all_lead_to(self, number: int, keys: Sequence[str]) -> bool:
        """Tell whether each key leads to this entry, and to no other."""
        for key in keys:
            if self._entry_ids.get(key) != number:
                return False

        if self._entry_ids_if_shared:
            for key in keys:
                if len(self._entry_ids_if_shared[key]) != 1:
                    return False
        return True


@dataclass(frozen=True, slots=True)
class SightingRow:
    """The row numbers of a stored sighting, its entry and its content."""

    id: int
    entry_id: int
    content_id: int


@dataclass(slots=True)
class LoadedArticles:
    """The stored sightings of some articles, complete, with the rows of their entries."""

    sightings: dict[Sighting, SightingRow] = field(default_factory=dict)
    entries: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    source_ids: dict[str, int] = field(default_factory=dict)


def entries_by_key(connection: sa.Connection, keys: Collection[str]) -> StoredEntries:
    """Return what is known of the entries that `keys` lead to: two look-ups by number, no row read twice."""
    sought = values_column(keys, entry_key.c.key, connection)
    holders = fetch_raw(
        connection,
        sa.select(entry_key.c.key, entry_key.c.entry_id).join_from(
            sought.table, entry_key, entry_key.c.key == sought
        ),
    )
    wanted = values_column({number for _, number in holders}, entry.c.id, connection)
    columns = (
        entry.c.id,
        entry.c.hash,
        entry.c.published,
        entry.c.published_from,
        entry.c.seen_to,
        entry.c.run_at,
    )
    return StoredEntries(
        holders,
        fetch_raw(
            connection, sa.select(*columns).join_from(wanted.table, entry, entry.c.id == wanted)
        ),
    )


def deleted_keys(connection: sa.Connection, keys: Collection[str]) -> set[str]:
    """Return those of `keys` that belong to what was deleted on purpose."""
    sought = values_column(keys, tombstone.c.key, connection)
    query = sa.select(tombstone.c.key).join_from(sought.table, tombstone, tombstone.c.key == sought)
    return set(connection.scalars(query))


def load_articles(connection: sa.Connection, entry_ids: Iterable[int]) -> LoadedArticles:
    """Load the sightings of these entries, and of every entry that shares a key with them, and so on."""
    loaded, wanted = LoadedArticles(), set(entry_ids)
    while wanted:
        keys = _load_sightings(connection, wanted, loaded)
        query = sa.select(entry).where(in_values(entry.c.id, wanted, connection))
        loaded.entries.update(
            {row["id"]: dict(row) for row in connection.execute(query).mappings()}
        )
        shared = sa.select(entry_key.c.entry_id).where(in_values(entry_key.c.key, keys, connection))
        wanted = set(connection.scalars(shared)) - loaded.entries.keys()
    return loaded


def ensure_source_ids(connection: sa.Connection, names: Collection[str]) -> dict[str, int]:
    """Return the row numbers of sources; one that was never configured gets a row that nobody polls."""
    query = sa.select(source.c.name, source.c.id).where(in_values(source.c.name, names, connection))
    found: dict[str, int] = dict(connection.execute(query).all())
    unknown = sorted(set(names) - found.keys())
    if not unknown:
        return found
    connection.execute(sa.insert(source), [{"name": name, "active": False} for name in unknown])
    return ensure_source_ids(connection, names)


def sighting_from_row(row: sa.Row[Any]) -> Sighting:
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
    connection: sa.Connection, entry_ids: Collection[int], loaded: LoadedArticles
) -> set[str]:
    """Add the sightings of these entries to the loaded articles; return their keys."""
    query = (
        sa.select(revision, source.c.name)
        .join(source, source.c.id == revision.c.source_id)
        .where(in_values(revision.c.entry_id, entry_ids, connection))
    )
    keys: set[str] = set()
    for row in connection.execute(query):
        sighting = sighting_from_row(row)
        loaded.sightings[sighting] = SightingRow(row.id, row.entry_id, row.content_id)
        loaded.source_ids[row.name] = row.source_id
        keys.update(sighting.keys)
    return keys
