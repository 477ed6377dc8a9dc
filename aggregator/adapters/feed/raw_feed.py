"""A feed as its reader gives it: feedparser's version, namespaces and fields, whichever reader read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.adapters.feed.extensions import Extensions


@dataclass(frozen=True, slots=True)
class RawItem:
    """The fields of an item, and what feedparser drops of it.

    An item that is known by the hash of its markup has none. The hash is None if nobody asked.
    """

    fields: Mapping[str, Any]
    extensions: Extensions
    markup_hash: str | None = None
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed, in which no value was looked at.

    `namespaces` are the prefixes that feedparser knows them by. `declined` says why feedparser had
    to read the feed, None if it had not.
    """

    version: str
    namespaces: frozenset[str]
    fields: Mapping[str, Any]
    items: Sequence[RawItem]
    is_malformed: bool = False
    declined: str | None = None
