"""The captures: what was fetched, kept so that better rules can read it again.

A body that is the same as the last one of its source and URL is not stored twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.model import Capture
from aggregator.store.content import Compressor, decompress, digest
from aggregator.store.engine import in_pairs
from aggregator.store.schema import capture, source

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_CHUNK = 64  # captures read ahead: bodies may be megabytes


def store_captures(
    connection: sa.Connection, captures: Sequence[tuple[int, Capture]], compressor: Compressor
) -> None:
    """Store captures, each with the row number of its source, in their order."""
    last = _last_digests(connection, captures)
    rows = []
    for source_id, taken in captures:
        found = digest(taken.body)
        if last.get((source_id, taken.url)) != found:
            last[source_id, taken.url] = found
            rows.append(_capture_row(source_id, taken, found) | compressor.pack(taken.body))
    if rows:
        connection.execute(sa.insert(capture), rows)


def load_captures(connection: sa.Connection, name: str) -> Generator[Capture]:
    """Yield the captures of a source, oldest first."""
    query = (
        sa.select(capture)
        .join(source)
        .where(source.c.name == name)
        .order_by(capture.c.taken, capture.c.id)
        .execution_options(yield_per=_CHUNK)
    )
    with connection.execute(query) as rows:
        for row in rows:
            body = decompress(row.codec, row.body)
            yield Capture(name, row.url, row.taken, body, status=row.status, headers=row.headers)


def _last_digests(
    connection: sa.Connection, captures: Sequence[tuple[int, Capture]]
) -> dict[tuple[int, str], bytes]:
    if not captures:
        return {}
    newest = (
        sa.select(sa.func.max(capture.c.id))
        .where(
            in_pairs(
                capture.c.source_id,
                capture.c.url,
                {(id_, taken.url) for id_, taken in captures},
                connection,
            )
        )
        .group_by(capture.c.source_id, capture.c.url)
    )
    query = sa.select(capture.c.source_id, capture.c.url, capture.c.digest).where(
        capture.c.id.in_(newest)
    )
    return {(row.source_id, row.url): bytes(row.digest) for row in connection.execute(query)}


def _capture_row(source_id: int, taken: Capture, found: bytes) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "url": taken.url,
        "taken": taken.taken,
        "status": taken.status,
        "headers": dict(taken.headers),
        "digest": found,
    }
