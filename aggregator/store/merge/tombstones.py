"""Remembers what was deleted, so that it does not come back while a source still lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.engine import in_values, values_column
from aggregator.store.merge.statement import GUESSED_ORIGINS, guid_key
from aggregator.store.schema import tombstone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from aggregator.model import Revision
    from aggregator.store.merge.statement import Sighting

# Keys of what was deleted when keys had no fragments yet, and guids that are URLs were addresses.
_OLD_PREFIX = "v1:"


def find_deleted(connection: sa.Connection, revisions: Mapping[int, Revision]) -> dict[int, str]:
    """Return, for the numbers of those `revisions` that were deleted, the key that tells it.

    What appeared after the deletion is something new, even under an address that is used again.
    """
    is_empty = connection.scalar(sa.select(tombstone.c.key).limit(1)) is None
    if is_empty:  # nobody forgets much, and a store that is never pruned has none
        return {}
    keys: dict[str, list[int]] = {}
    for number, revision in revisions.items():
        for key in _telling_keys(revision):
            keys.setdefault(key, []).append(number)
    sought = values_column(keys, tombstone.c.key, connection)
    query = sa.select(tombstone).join_from(sought.table, tombstone, tombstone.c.key == sought)

    deleted: dict[int, str] = {}
    for row in connection.execute(query):
        for number in keys[row.key]:
            if _is_meant(row.key, row.at, revisions[number]):
                deleted[number] = row.key
    return deleted


def add_tombstones(
    connection: sa.Connection, sightings: Iterable[Sighting], names: Iterable[str], at: datetime
) -> None:
    """Remember the keys of articles that are deleted: their names, first keys and ids."""
    keys = set(names)
    for sighting in sightings:
        keys.add(sighting.keys[0])
        if sighting.guid is not None:
            keys.add(sighting.guid)
    known = _known_keys(connection, keys)
    rows = [{"key": key, "at": at} for key in sorted(keys - known)]
    if rows:
        connection.execute(sa.insert(tombstone), rows)


def _known_keys(connection: sa.Connection, keys: Collection[str]) -> set[str]:
    query = sa.select(tombstone.c.key).where(in_values(tombstone.c.key, keys, connection))
    return set(connection.scalars(query))


def _is_meant(key: str, deleted_at: datetime, revision: Revision) -> bool:
    """Tell whether a tombstone is of this item, and not of another under the same address."""
    if revision.published_from not in GUESSED_ORIGINS:
        return revision.published <= deleted_at
    guid = guid_key(revision.keys)
    return guid is None or key == guid or key.startswith(_OLD_PREFIX)


def _telling_keys(revision: Revision) -> set[str]:
    """Return the keys by which a deleted article is known: the id if there is one, else the first key."""
    guid = guid_key(revision.keys)
    first = revision.keys[0]
    told = {first if guid is None else guid, first}
    for key in tuple(told):
        if key.startswith("guid:url:"):
            key = key.removeprefix("guid:")
        told.add(_OLD_PREFIX + key)
        told.add(_OLD_PREFIX + key.partition("#")[0])
    return told
