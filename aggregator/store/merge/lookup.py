"""Looks up what the store already holds of the articles that a batch of revisions may belong to.

A handful of queries serves a whole batch, and none reads `content`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from aggregator.normalize.identity import OWN_ID
from aggregator.store.engine import fetch_raw, in_values, values_column
from aggregator.store.merge.statement import Sighting, SourceRank
from aggregator.store.schema import entry, entry_key, revision, source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


class EntrySummary(NamedTuple):
    """As much of a stored entry as tells whether a guid still names it; `published` in microseconds."""

    entry_id: int
    published: int
    published_from: str


class StoredEntries(Mapping[str, Sequence[EntrySummary]]):
    """The stored entries that keys lead to; mostly one each."""

    __slots__ = ("_entries", "_entry_ids")

    def __init__(self, keys: Iterable[tuple[str, int]], entries: Iterable[tuple[Any, ...]]) -> None:
        self._entries = {row[0]: EntrySummary(*row) for row in entries}
        self._entry_ids: dict[str, list[int]] = {}
        for key, number in keys:
            self._entry_ids.setdefault(key, []).append(number)

    def __getitem__(self, key: str) -> Sequence[EntrySummary]:
        return [self._entries[number] for number in self._entry_ids[key]]

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
        for key in keys:
            numbers.update(self._entry_ids.get(key, ()))
        return numbers


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
    by_entry: dict[int, list[Sighting]] = field(default_factory=dict)
    entries: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    source_ids: dict[str, int] = field(default_factory=dict)


def holds_own_ids(connection: sa.Connection) -> bool:
    """Tell whether an entry keeps an id of another program's feed: new articles must not get it again."""
    kept = entry_key.c.key.between(f"{OWN_ID}0", f"{OWN_ID}g")  # hexadecimal digits follow
    return connection.scalar(sa.select(entry_key.c.key).where(kept).limit(1)) is not None


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
    columns = (entry.c.id, entry.c.published, entry.c.published_from)
    return StoredEntries(
        holders,
        fetch_raw(
            connection, sa.select(*columns).join_from(wanted.table, entry, entry.c.id == wanted)
        ),
    )


def load_articles(connection: sa.Connection, entry_ids: Collection[int]) -> LoadedArticles:
    """Load these entries with all their sightings."""
    loaded = LoadedArticles()
    query = (
        sa.select(revision, source.c.name)
        .join(source, source.c.id == revision.c.source_id)
        .where(in_values(revision.c.entry_id, entry_ids, connection))
    )
    for row in connection.execute(query):
        sighting = sighting_from_row(row)
        loaded.sightings[sighting] = SightingRow(row.id, row.entry_id, row.content_id)
        loaded.by_entry.setdefault(row.entry_id, []).append(sighting)
        loaded.source_ids[row.name] = row.source_id
    rows = connection.execute(sa.select(entry).where(in_values(entry.c.id, entry_ids, connection)))
    loaded.entries.update({row["id"]: dict(row) for row in rows.mappings()})
    return loaded


def load_ranks(connection: sa.Connection, names: Collection[str]) -> dict[str, SourceRank]:
    """Return what the configuration says of sources beside others."""
    query = sa.select(source.c.name, source.c.priority, source.c.active)
    rows = connection.execute(query.where(in_values(source.c.name, names, connection)))
    return {row.name: SourceRank(row.priority, row.active) for row in rows}


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
        tier=row.tier,
        letters=row.letters,
        text_hash=bytes(row.text_hash),
    )
