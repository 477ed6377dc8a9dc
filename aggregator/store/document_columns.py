"""What the last document of a source asks for and says of itself, as columns of `source_state`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.model import NO_HINTS, FeedInfo, PollingHints, SharedPart
from aggregator.store.schema import source, source_state

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SourceOrigin:
    """What is known of the document that a source is read from.

    `adapter` is what read it, None before the first. `discovered_feed` is the feed that is read
    instead of the page that the source names.
    """

    feed: FeedInfo
    adapter: str | None = None
    discovered_feed: str | None = None


def source_origins(connection: sa.Connection) -> dict[str, SourceOrigin]:
    """Return what is known of the documents of all sources, by the source's name."""
    state = source_state.c
    query = sa.select(source.c.name, state.feed, state.detected_adapter, state.discovered_feed)
    documents = {}
    for row in connection.execute(query.join(source_state)):
        feed = feed_from_column(row.feed)
        documents[row.name] = SourceOrigin(feed, row.detected_adapter, row.discovered_feed)
    return documents


def hints_column(hints: PollingHints) -> list[Any] | None:
    """Write the hints of a document, which are not those of an answer."""
    has_hours_or_days = hints.skip_hours or hints.skip_days
    if hints.ttl is None and not has_hours_or_days:
        return None

    ttl_seconds = None
    if hints.ttl is not None:
        ttl_seconds = hints.ttl.total_seconds()
    return [ttl_seconds, hints.skip_hours, hints.skip_days]


def hints_from_column(column: list[Any] | None) -> PollingHints:
    """Read what `hints_column` wrote."""
    if column is None:
        return NO_HINTS
    ttl, hours, days = column
    return PollingHints(
        ttl=None if ttl is None else timedelta(seconds=ttl),
        skip_hours=tuple(hours),
        skip_days=tuple(days),
    )


def feed_column(feed: FeedInfo) -> Mapping[str, str] | None:
    """Write what a document says of itself; None where it says nothing."""
    said = {name: value for name, value in asdict(feed).items() if value is not None}
    return said or None


def feed_from_column(column: Mapping[str, str] | None) -> FeedInfo:
    """Read what `feed_column` wrote."""
    return FeedInfo(**column or {})


def shared_parts_from_column(column: list[Any] | None) -> tuple[SharedPart, ...]:
    """Read shared parts; version 0006 first stored their hashes alone."""
    parts = []
    for value in column or ():
        if isinstance(value, str):
            parts.append(SharedPart(value))
        else:
            parts.append(SharedPart(*value))
    return tuple(parts)
