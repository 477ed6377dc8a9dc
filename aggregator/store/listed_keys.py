"""What sources list: the keys of the items in the newest document of each, or in each file that a folder has.

Rule: a listing is written only when it differs. An entry that drops out is marked with the time; one that comes back
loses the mark. An entry that was never seen to drop out counts as listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit

import orjson
import sqlalchemy as sa

from aggregator.store.content import ZSTD, Compressor, decompress
from aggregator.store.engine import in_values
from aggregator.store.schema import entry, entry_key, source, source_state

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from aggregator.model import Result, Revision

ListedKeys: TypeAlias = (
    "Mapping[str, list[str]]"  # file name, "" for a polled document -> first keys
)

_POLLED_DOCUMENT = ""


def keys_after_run(result: Result, known: ListedKeys) -> ListedKeys:
    """Return what the source lists after this run, where `known` is what it listed before."""
    if result.outcome.status == "failed":
        return known
    if result.keep_sightings:
        return _keys_of_folder(result, known)
    if not result.captures:
        return known

    in_last_capture = len(result.revisions)
    if len(result.shares) == len(result.captures):
        in_last_capture = result.shares[-1]
    begin = len(result.revisions) - in_last_capture
    return {_POLLED_DOCUMENT: _first_keys(result.revisions[begin:])}


def all_keys(listing: ListedKeys) -> set[str]:
    """Return all keys of a listing."""
    return set().union(*listing.values())


def pack(listing: ListedKeys, compressor: Compressor) -> bytes:
    """Return a listing as it is stored."""
    body: bytes = compressor.pack(orjson.dumps(listing))["body"]
    return body


def unpack(data: bytes | None) -> ListedKeys:
    """Return the listing that was stored; empty where nothing was yet."""
    return {} if data is None else orjson.loads(decompress(ZSTD, bytes(data)))


def mark_unlisted(
    connection: sa.Connection, *, gone: Collection[str], come: Collection[str], now: datetime
) -> None:
    """Mark the entries of keys that dropped out, and take the mark from those that came back."""
    for found, moment, only in (
        (gone, now, sa.true()),
        (come, None, entry.c.unlisted.is_not(None)),
    ):
        if found:
            held = sa.select(entry_key.c.entry_id).where(
                in_values(entry_key.c.key, found, connection)
            )
            connection.execute(
                sa.update(entry).where(entry.c.id.in_(held), only).values(unlisted=moment)
            )


def load_all_keys(connection: sa.Connection) -> set[str]:
    """Return the keys that any configured source lists."""
    query = (
        sa.select(source_state.c.listing)
        .join(source)
        .where(source.c.active, source_state.c.listing.is_not(None))
    )
    keys: set[str] = set()
    for data in connection.scalars(query):
        keys |= all_keys(unpack(data))
    return keys


def _keys_of_folder(result: Result, known: ListedKeys) -> ListedKeys:
    """Return the keys by file: those of files that are gone go, those of files that were read now are new."""
    there = result.state.folder
    found = {name: keys for name, keys in known.items() if name in there}
    if len(result.shares) != len(result.captures):
        return found
    begin = 0
    for capture, share in zip(result.captures, result.shares, strict=True):
        name = name_in_folder(capture.url, there)
        if name is not None:
            found[name] = _first_keys(result.revisions[begin : begin + share])
        begin += share
    return found


def name_in_folder(url: str, folder: Collection[str]) -> str | None:
    """Return the name in the folder's manifest of a `file:` URL: the longest end of its path that is one."""
    path = unquote(urlsplit(url).path)
    while path:
        path = path.partition("/")[2]
        if path in folder:
            return path
    return None


def _first_keys(revisions: Collection[Revision]) -> list[str]:
    return sorted({revision.keys[0] for revision in revisions})
