"""What each source lists: the items of its newest document, or of each file that a folder has.

A listing keeps a hash of each item and the name of its article, so that an item that only repeats
what it said before is known at once. It is written only when it differs. An entry that drops out is
marked with the time; one that comes back loses the mark. An entry that was never seen to drop out
counts as listed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

import orjson
import sqlalchemy as sa

from aggregator.health.baseline import ARMED_AFTER
from aggregator.known_items import KnownItem, KnownItems, StoredItem
from aggregator.store.content import ZSTD, Compressor, decompress, urn
from aggregator.store.engine import in_values
from aggregator.store.merge.article import uid_of
from aggregator.store.merge.statement import GUESSED_ORIGINS
from aggregator.store.schema import entry, entry_key, micros, outcome, source, source_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.known_items import ReadMarkup
    from aggregator.model import Result, Revision

_T = TypeVar("_T")
_POLLED_DOCUMENT = ""
_VERSION = 1  # of what a hash is made of; another one has every item compared anew
_IDS_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class KnownListing:
    """File name, "" for a polled document -> hash of an item -> name of its article.

    `taken` is when the document was captured, in microseconds; 0 before the first. `items` are those
    that need not be read again, by the hashes of their markup.
    """

    taken: int = 0
    places: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    items: Mapping[str, StoredItem] = field(default_factory=dict)

    def names(self) -> set[str]:
        """Return the names of all articles that are listed."""
        return {name for items in self.places.values() for name in items.values()}

    def names_by_hash(self) -> dict[str, str]:
        """Return the names of the articles by the hashes of their items."""
        by_hash: dict[str, str] = {}
        for items in self.places.values():
            by_hash.update(items)
        return by_hash


def hash_item(revision: Revision, *, is_archive: bool) -> str:
    """Return a hash of all that a source says of an article; what is guessed is left out.

    Of saved articles the time of capture counts as well: each file is a version of its own. An item
    that was not read keeps the hash that it had.
    """
    if revision.read is not None and revision.read.known_as is not None:
        return revision.read.known_as
    published = None
    if revision.published_from not in GUESSED_ORIGINS:
        published = micros(revision.published)
    modified = None
    if revision.at is not revision.captured and revision.at != revision.captured:
        modified = micros(revision.at)
    captured = None
    if is_archive:
        captured = micros(revision.captured)

    said: tuple[object, ...] = (
        _VERSION,
        revision.keys,
        revision.hash,
        revision.url,
        revision.language,
        revision.publisher,
        revision.credits,
        revision.comments,
        published,
        modified,
        captured,
    )
    # Added only where there is any, so that the hashes of all other items stay as they are.
    attached = (revision.contributors, revision.comments_feed, revision.via)
    if any(attached):
        said = (*said, *attached)
    return blake2b(orjson.dumps(said), digest_size=8).hexdigest()


def listing_after_run(
    result: Result, known: KnownListing, hashes: Sequence[str], names: Sequence[str]
) -> KnownListing:
    """Return what the source lists after this run, where `known` is what it listed before.

    `hashes` and `names` are those of the result's revisions and of their articles, in order.
    """
    if result.outcome.status == "failed":
        return known
    items = list(zip(hashes, names, strict=True))
    if result.keep_sightings:
        return KnownListing(known.taken, _items_of_folder(result, known, items))
    if not result.captures:
        return known

    in_last_capture = len(items)
    if len(result.shares) == len(result.captures):
        in_last_capture = result.shares[-1]
    begin = len(items) - in_last_capture
    listed = dict(items[begin:])
    readable = _items_by_markup(result.revisions[begin:], hashes[begin:], known)
    if listed == known.places.get(_POLLED_DOCUMENT):
        return replace(known, items=readable)
    return KnownListing(micros(result.captures[-1].taken), {_POLLED_DOCUMENT: listed}, readable)


def _items_by_markup(
    revisions: Sequence[Revision], hashes: Sequence[str], known: KnownListing
) -> dict[str, StoredItem]:
    """Return what is kept of the items that are known by their markup next time."""
    items: dict[str, StoredItem] = {}
    for revision, item_hash in zip(revisions, hashes, strict=True):
        read = revision.read
        if read is None:
            continue
        if read.known_as is None:
            items[read.markup.hash] = _known_item(revision, read, item_hash)
        else:
            items[read.markup.hash] = known.items[read.markup.hash]
    return items


def _known_item(revision: Revision, read: ReadMarkup, item_hash: str) -> StoredItem:
    published = at = None
    if revision.published_from not in GUESSED_ORIGINS:
        published = micros(revision.published)
    if revision.at != revision.captured:
        at = micros(revision.at)
    item = KnownItem(
        item_hash,
        list(revision.keys),
        revision.guarded,
        revision.title,
        revision.url,
        read.image,
        published,
        revision.published_from,
        at,
        read.guid,
        read.markup.has_kana,
    )
    return list(item)


def pack(listing: KnownListing, compressor: Compressor) -> bytes:
    """Return a listing as it is stored."""
    data = orjson.dumps({"taken": listing.taken, "places": listing.places, "items": listing.items})
    body: bytes = compressor.pack(data)["body"]
    return body


def unpack(data: bytes | None) -> KnownListing:
    """Return the listing that was stored; an empty one where nothing was yet."""
    if data is None:
        return KnownListing()
    loaded = orjson.loads(decompress(ZSTD, bytes(data)))
    return KnownListing(loaded["taken"], loaded["places"], loaded.get("items", {}))


def load_known_items(connection: sa.Connection, name: str) -> KnownItems:
    """Return the items of a source's last document that need not be read again.

    There are none until it is known what is usual for the source: that is learned from all items.
    """
    good = sa.select(outcome.c.id).join(source).where(source.c.name == name, outcome.c.good)
    if len(connection.scalars(good.limit(ARMED_AFTER)).all()) < ARMED_AFTER:
        return KnownItems()
    query = sa.select(source_state.c.listing).join(source).where(source.c.name == name)
    listing = unpack(connection.scalar(query))
    return KnownItems(listing.taken, listing.items)


def mark_unlisted(
    connection: sa.Connection, *, gone: Collection[str], come: Collection[str], now: datetime
) -> None:
    """Mark the entries with names that dropped out, and take the mark from those that came back."""
    marks = (
        (gone, now, sa.true()),
        (come, None, entry.c.unlisted.is_not(None)),
    )
    for names, moment, only in marks:
        for numbers in _in_parts(entry_ids_of_names(connection, names)):
            is_meant = sa.and_(in_values(entry.c.id, numbers, connection), only)
            connection.execute(sa.update(entry).where(is_meant).values(unlisted=moment))


def entry_ids_of_names(connection: sa.Connection, names: Iterable[str]) -> list[int]:
    """Return the numbers of the entries with these names, also of those that were taken in by another."""
    uids = [uid_of(name) for name in names]
    numbers: list[int] = []
    for part in _in_parts(uids):
        numbers += connection.scalars(sa.select(entry.c.id).where(entry.c.uid.in_(part)))
        former = [urn(uid) for uid in part]
        query = sa.select(entry_key.c.entry_id)
        numbers += connection.scalars(query.where(in_values(entry_key.c.key, former, connection)))
    return numbers


def load_all_names(connection: sa.Connection) -> set[str]:
    """Return the names of the articles that any configured source lists."""
    query = (
        sa.select(source_state.c.listing)
        .join(source)
        .where(source.c.active, source_state.c.listing.is_not(None))
    )
    names: set[str] = set()
    for data in connection.scalars(query):
        names |= unpack(data).names()
    return names


def name_in_folder(url: str, folder: Collection[str]) -> str | None:
    """Return the name in the folder's manifest of a `file:` URL: the longest end of its path that is one."""
    path = unquote(urlsplit(url).path)
    while path:
        path = path.partition("/")[2]
        if path in folder:
            return path
    return None


def _items_of_folder(
    result: Result, known: KnownListing, items: Sequence[tuple[str, str]]
) -> dict[str, Mapping[str, str]]:
    """Return the items by file: those of files that are gone go, those of files that were read now are new."""
    there = result.state.folder
    found = {name: listed for name, listed in known.places.items() if name in there}
    if len(result.shares) != len(result.captures):
        return found
    begin = 0
    for capture, share in zip(result.captures, result.shares, strict=True):
        name = name_in_folder(capture.url, there)
        if name is not None:
            found[name] = dict(items[begin : begin + share])
        begin += share
    return found


def _in_parts(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for begin in range(0, len(values), _IDS_PER_QUERY):
        yield values[begin : begin + _IDS_PER_QUERY]
