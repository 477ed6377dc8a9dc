"""Deletes single entries for good, and remembers which were forgotten by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.model import ForgottenEntry
from aggregator.store.content import urn
from aggregator.store.engine import read_transaction, write_transaction
from aggregator.store.merge.tombstones import FORGOTTEN_PERIOD
from aggregator.store.queries import parse_uid
from aggregator.store.retention import delete_with_tombstones
from aggregator.store.schema import entry, tombstone

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from aggregator.store.engine import Engines


def delete_entries(
    engines: Engines, ids: Collection[str], now: datetime, *, forgotten: bool = False
) -> int:
    """Delete the entries with these ids, and leave tombstones; return how many there were.

    Those that are `forgotten` are named by `forgotten_entries`.
    """
    uids = [parse_uid(id_) for id_ in ids]
    query = sa.select(entry.c.id, entry.c.uid, entry.c.key).where(entry.c.uid.in_(uids))
    with write_transaction(engines) as connection:
        rows = connection.execute(query).all()
        delete_with_tombstones(connection, [row.id for row in rows], now)
        for row in rows if forgotten else ():
            of_entry = sa.update(tombstone).where(tombstone.c.key == row.key)
            connection.execute(of_entry.values(forgotten=row.uid))
    return len(rows)


def forgotten_entries(engines: Engines, now: datetime) -> list[ForgottenEntry]:
    """Return the entries that were forgotten lately and have not come back, the last one first."""
    stored = sa.select(entry.c.id).where(entry.c.uid == tombstone.c.forgotten)
    query = (
        sa.select(tombstone.c.forgotten, tombstone.c.at)
        .where(
            tombstone.c.forgotten.is_not(None),
            tombstone.c.at > now - FORGOTTEN_PERIOD,
            ~stored.exists(),
        )
        .order_by(tombstone.c.at.desc(), tombstone.c.forgotten)
    )
    with read_transaction(engines) as connection:
        return [
            ForgottenEntry(urn(bytes(row.forgotten)), row.at) for row in connection.execute(query)
        ]
