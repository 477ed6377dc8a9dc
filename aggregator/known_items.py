"""What is kept of the items that a source listed last, so that they are known again unread.

An item is known again by a hash of its markup and of all else that its reading depends on: the
feed's head, the source's settings, the site rules and the version of the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

# Raise it when the same markup is read in another way than before.
READING_VERSION = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HASH_BYTES = 8

# The values of a KnownItem, as they are stored.
StoredItem: TypeAlias = Sequence[Any]


class ItemMarkup(NamedTuple):
    """The markup of an item: its number in the document, its hash, and whether its title has Kana.

    `has_kana` is None if the item states no title.
    """

    number: int
    hash: str
    has_kana: bool | None = None


@dataclass(frozen=True, slots=True)
class ReadMarkup:
    """The markup that a revision says all of, and the guid that it states.

    `image` is the URL of its image, also if the revision lost that as a logo.

    `known_as` is the hash of the item in its source's listing, if the markup was not read because
    it is known; the revision has no content then. It is None for an item that was read.
    """

    markup: ItemMarkup
    guid: str | None
    known_as: str | None = None
    image: str | None = None


class KnownItem(NamedTuple):
    """What judging a document needs of an item that is not read; times are microseconds since 1970.

    `published` and `at` are None where they are the time of capture.
    """

    item_hash: str
    keys: Sequence[str]
    guarded: bool
    title: str
    url: str | None
    image: str | None
    published: int | None
    published_from: str
    at: int | None
    guid: str | None
    has_kana: bool | None


@dataclass(frozen=True, slots=True)
class KnownItems:
    """The known items of a source by the hashes of their markup.

    `taken` is when the document was captured that listed them, in microseconds. `salt` is a hash of
    what all readings depend on besides the document.
    """

    taken: int = 0
    items: Mapping[str, StoredItem] = field(default_factory=dict)
    salt: bytes = b""

    def find(self, markup_hash: str) -> KnownItem:
        """Return a known item. Raises: KeyError."""
        return KnownItem(*self.items[markup_hash])

    def hash_markup(self, frame: bytes, markup: bytes) -> str:
        """Return the hash of an item in a document whose frame (all but its items) is known."""
        return blake2b(markup, digest_size=_HASH_BYTES, key=self.salt + frame).hexdigest()


def short_hash(text: str) -> bytes:
    """Return a hash that fits, with another one, into the key of an item's hash."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def to_micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND
