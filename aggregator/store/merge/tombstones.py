"""Remembers what was deleted, so that it does not come back while a source still lists it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.engine import in_values, values_column
from aggregator.store.merge.keys import guid_key
from aggregator.store.merge.statement import GUESSED_ORIGINS, fold_title, link_key
from aggregator.store.schema import tombstone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from aggregator.model import Revision
    from aggregator.store.merge.statement import Sighting

# For how long feeds say of an entry that it was forgotten.
FORGOTTEN_PERIOD = timedelta(days=30)

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
    """Remember the keys of articles that are deleted: their names, first keys and ids.

    One that was deleted before, and had come back as something new, is deleted anew.
    """
    keys = set(names)
    for sighting in sightings:
        keys.add(sighting.keys[0])
        if sighting.guid is not None:
            keys.add(sighting.guid)
    known = _known_keys(connection, keys)
    if known:
        is_known = in_values(tombstone.c.key, known, connection)
        connection.execute(sa.update(tombstone).where(is_known).values(at=at))
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
    if guid is None or key == guid:
        return True
    if key in _other_form(guid):
        return True
    if not key.startswith(_OLD_PREFIX):
        return False
    return key in _telling_keys(revision, with_address=False)


def _telling_keys(revision: Revision, *, with_address: bool = True) -> set[str]:
    """Return the keys by which a deleted article is known: the id if there is one, else the first key.

    Of what was deleted in older versions the first key is known only: the address, with the title
    if several items had it. `with_address` is False for what says no date, so that an address which
    all items have does not stand for each of them.
    """
    guid = guid_key(revision.keys)
    first = revision.keys[0]
    told = {first if guid is None else guid, first} | _other_form(guid or first)
    for key in tuple(told):
        told |= _old_forms(key)

    link = link_key(revision.keys)
    if link is not None:
        page = link.partition("#")[0]
        told.add(f"{_OLD_PREFIX}{page}#{fold_title(revision.title)}")
        if with_address:
            told |= _old_forms(link)
    return told


def _other_form(key: str) -> set[str]:
    """Return the id that is this link, or the link that is this id: an item may have either."""
    if key.startswith("url:"):
        return {f"guid:{key}"}
    if key.startswith("guid:url:"):
        return {key.removeprefix("guid:")}
    return set()


def _old_forms(key: str) -> set[str]:
    """Return a key as older versions made it: without the place in a page."""
    if key.startswith("guid:url:"):
        key = key.removeprefix("guid:")
    if key.startswith(("guid:", "item:")):
        return {_OLD_PREFIX + key}
    return {_OLD_PREFIX + key, _OLD_PREFIX + key.partition("#")[0]}
