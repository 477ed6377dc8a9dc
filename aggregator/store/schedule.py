"""The schedule in the database: which sources there are, which are due, and which process runs them.

A claim is a lease with a number; a run that ends with another number, or after its claim was released, writes
nothing. No source is fetched before the time its server named, not even when forced.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.model import SourceState, Validators
from aggregator.store.document_columns import (
    feed_column,
    feed_from_column,
    hints_column,
    hints_from_column,
    shared_parts_from_column,
)
from aggregator.store.engine import in_values
from aggregator.store.health import NO_HEALTH, forget_health, health_columns, health_from_row
from aggregator.store.process_id import current_process_id, is_dead
from aggregator.store.schema import host, source, source_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

STATE = source_state.c
DAY = timedelta(days=1)

# The state of a source that was never fetched from its present location.
_NEW_STATE: Mapping[str, Any] = {
    "reason": None,
    "url": None,
    "etag": None,
    "last_modified": None,
    "body_hash": None,
    "detected_adapter": None,
    "read_again": False,
    "discovered_feed": None,
    "failures": 0,
    "gone": False,
    "moved_to": None,
    "moved_seen": 0,
    "folder": {},
    "not_before": None,
    "hints": None,
    "feed": None,
    "by_url": False,
    "first_complete": None,
    "last_change": None,
    "has_excerpts": None,
    "shared_parts": None,
    **NO_HEALTH,
}


def sync_sources(
    connection: sa.Connection,
    wanted: Mapping[str, tuple[str, datetime]],
    priorities: Mapping[str, int],
) -> set[int]:
    """Make the rows of sources follow the configuration: name -> (location, first due).

    Returns the sources that were known and have another rank now: another priority, or gone or back.
    """
    query = sa.select(source, STATE.lease).outerjoin(source_state)
    stored = {row.name: row for row in connection.execute(query)}
    _add_sources(connection, [name for name in wanted if name not in stored])

    with_state = set()
    changed = set()
    for name, row in stored.items():
        if row.lease is not None:
            with_state.add(name)
        if row.active != (name in wanted):
            changed.add(row.id)
        if name in wanted:
            location, first_due = wanted[name]
            _update_source(connection, row, location, first_due)
        elif row.active:
            _set_active(connection, row, row.location, active=False)

    _add_states(connection, wanted, with_state)
    return changed | _update_priorities(connection, priorities)


def _update_source(
    connection: sa.Connection, row: sa.Row[Any], location: str, first_due: datetime
) -> None:
    """Make the row of a configured source active; another location makes it as if it were new."""
    if not row.active or row.location != location:
        _set_active(connection, row, location, active=True)
    if row.location == location or row.lease is None:
        return

    # A run that is still under way asked the old place: a new number makes sure that it writes nothing.
    fresh = {
        **_NEW_STATE,
        "next_fetch_at": first_due,
        "lease": STATE.lease + 1,
        "lease_until": None,
    }
    change = sa.update(source_state).where(STATE.source_id == row.id)
    connection.execute(change.values(fresh))
    forget_health(connection, [row.id])


def _set_active(
    connection: sa.Connection, row: sa.Row[Any], location: str | None, *, active: bool
) -> None:
    change = sa.update(source).where(source.c.id == row.id)
    connection.execute(change.values(active=active, location=location))


def claim(
    connection: sa.Connection,
    now: datetime,
    *,
    limit: int,
    lease: timedelta,
    sources: Collection[str] | None,
    force: bool,
    new: bool,
) -> list[SourceState]:
    """Lease what is due, the longest overdue first.

    `force` takes what is not due as well, `new` what was never polled: its first time may still lie ahead.
    """
    _release_dead_claims(connection, now)
    due = (
        sa.select(STATE.source_id)
        .join(source, source.c.id == STATE.source_id)
        .where(
            source.c.active,
            _is_free(now),
            sa.or_(STATE.not_before.is_(None), STATE.not_before <= now),
        )
        .order_by(STATE.next_fetch_at, STATE.source_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=source_state)
    )
    if not force:
        never_polled = STATE.reason.is_(None) if new else sa.false()
        due = due.where(sa.or_(STATE.next_fetch_at <= now, never_polled), sa.not_(STATE.gone))
    if sources is not None:
        due = due.where(in_values(source.c.name, sources, connection))
    taken = (
        sa.update(source_state)
        .where(STATE.source_id.in_(due))
        .values(lease=STATE.lease + 1, lease_until=now + lease, lease_holder=current_process_id())
        .returning(STATE.source_id)
    )
    ids = list(connection.scalars(taken))
    if not ids:
        return []
    return states(connection, in_values(STATE.source_id, ids, connection))


def _release_dead_claims(connection: sa.Connection, now: datetime) -> None:
    """Take back what a process that was killed has claimed."""
    query = sa.select(STATE.lease_holder).distinct().where(STATE.lease_until > now)
    dead = []
    for name in connection.scalars(query).all():
        if name is not None and is_dead(name):
            dead.append(name)
    if not dead:
        return

    freed = sa.update(source_state).where(STATE.lease_holder.in_(dead), STATE.lease_until > now)
    connection.execute(freed.values(lease=STATE.lease + 1, lease_until=None))


def release(connection: sa.Connection, claimed: Iterable[SourceState]) -> None:
    """Give claims back without a run; a claim that another process took over stays with it."""
    rows = [{"of": state.source, "number": state.lease} for state in claimed]
    if not rows:
        return

    of = sa.bindparam("of", type_=sa.Text)
    number = sa.bindparam("number", type_=sa.BigInteger)
    owned = sa.select(source.c.id).where(source.c.name == of).scalar_subquery()
    statement = sa.update(source_state).where(STATE.source_id == owned, STATE.lease == number)
    connection.execute(statement.values(lease=STATE.lease + 1, lease_until=None), rows)


def forgive(
    connection: sa.Connection, sources: Collection[str], hosts: Collection[str], now: datetime
) -> None:
    """Make sources due, without failures, waits and verdicts; forget the waits of hosts and their groups."""
    query = sa.select(source.c.id).where(in_values(source.c.name, sources, connection))
    own = list(connection.scalars(query))
    forget_health(connection, own)
    change = sa.update(source_state).where(in_values(STATE.source_id, own, connection))
    connection.execute(
        change.values(next_fetch_at=now, not_before=None, failures=0, gone=False, reason="forgiven")
    )
    connection.execute(sa.delete(host).where(in_values(host.c.name, hosts, connection)))


def next_due(connection: sa.Connection) -> datetime | None:
    """Return when the next source may be claimed; None where no source is polled."""
    due = _later_of(_later_of(STATE.next_fetch_at, STATE.not_before), STATE.lease_until)
    query = sa.select(sa.func.min(due, type_=STATE.next_fetch_at.type)).join(source)
    due_at: datetime | None = connection.scalar(query.where(source.c.active, sa.not_(STATE.gone)))
    return due_at


def states(
    connection: sa.Connection, where: sa.ColumnElement[bool] | None = None
) -> list[SourceState]:
    """Return the states of all configured sources by name, or of those `where` says in the order they were due."""
    query = sa.select(source_state, source.c.name).join(source)
    if where is None:
        query = query.where(source.c.active).order_by(source.c.name)
    else:
        query = query.where(where).order_by(STATE.next_fetch_at, source.c.name)
    return [_state_from_row(row) for row in connection.execute(query)]


def count_sources(connection: sa.Connection) -> tuple[int, int]:
    """Return how many configured sources there are, and how many of them failed last."""
    failed = sa.func.count().filter(STATE.failures > 0)
    query = sa.select(sa.func.count(), failed).select_from(source_state).join(source)
    all_sources, failing = connection.execute(query.where(source.c.active)).one()
    return all_sources, failing


def state_row(state: SourceState) -> dict[str, Any]:
    """Return the columns that a finished run sets; its lease ends."""
    row = {name: getattr(state, name) for name in _STATE_COLUMNS}
    row |= {
        "url": None,
        "etag": None,
        "last_modified": None,
        "hints": hints_column(state.hints),
        "feed": feed_column(state.feed),
        "shared_parts": [list(part) for part in state.shared_parts] or None,
        "lease_until": None,
        **health_columns(state.health),
    }
    validators = state.validators
    if validators:
        row["url"] = validators.url
        row["etag"] = validators.etag
        row["last_modified"] = validators.last_modified
    return row


def store_host_waits(connection: sa.Connection, waits: Iterable[Mapping[str, datetime]]) -> None:
    """Store until when hosts ask not to be requested; a longer wait is never shortened."""
    longest: dict[str, datetime] = {}
    for wait in waits:
        for name, until in wait.items():
            longest[name] = max(until, longest.get(name, until))
    if not longest:
        return
    is_named = in_values(host.c.name, longest, connection)
    query = sa.select(host.c.name, host.c.not_before).where(is_named)
    known = dict(connection.execute(query).all())
    connection.execute(sa.delete(host).where(is_named))

    rows = []
    for name, until in longest.items():
        not_before = max(until, known.get(name, until))
        rows.append({"name": name, "not_before": not_before})
    connection.execute(sa.insert(host), rows)


def host_waits(connection: sa.Connection) -> dict[str, datetime]:
    """Return the hosts that ask not to be requested, each with the end of the wait."""
    waits = {}
    for row in connection.execute(sa.select(host.c.name, host.c.not_before)):
        waits[row.name] = row.not_before
    return waits


_OTHER_COLUMNS = frozenset(
    ("source", "lease", "validators", "folder", "hints", "shared_parts", "feed", "health")
)
_STATE_COLUMNS = tuple(item.name for item in fields(SourceState) if item.name not in _OTHER_COLUMNS)


def _add_sources(connection: sa.Connection, names: Sequence[str]) -> None:
    if names:
        connection.execute(sa.insert(source), [{"name": name, "active": True} for name in names])


def _update_priorities(connection: sa.Connection, priorities: Mapping[str, int]) -> set[int]:
    """Store priorities; return the sources that have another one than before."""
    query = sa.select(source.c.id, source.c.name, source.c.priority).where(
        in_values(source.c.name, priorities, connection)
    )
    rows = []
    for row in connection.execute(query):
        if row.priority != priorities[row.name]:
            rows.append({"of": row.id, "priority": priorities[row.name]})
    if rows:
        connection.execute(sa.update(source).where(source.c.id == sa.bindparam("of")), rows)
    return {row["of"] for row in rows}


def _add_states(
    connection: sa.Connection, wanted: Mapping[str, tuple[str, datetime]], polled: Collection[str]
) -> None:
    """Give those that have none a state, due for the first time, and their location."""
    new = [name for name in wanted if name not in polled]
    if not new:
        return
    query = sa.select(source.c.name, source.c.id).where(in_values(source.c.name, new, connection))
    ids = dict(connection.execute(query).all())
    rows = [
        {**_NEW_STATE, "source_id": ids[name], "next_fetch_at": wanted[name][1], "lease": 0}
        for name in new
    ]
    connection.execute(sa.insert(source_state), rows)
    place = (
        sa.update(source)
        .where(source.c.id == sa.bindparam("of"))
        .values(location=sa.bindparam("place"))
    )
    connection.execute(place, [{"of": ids[name], "place": wanted[name][0]} for name in new])


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(STATE.lease_until.is_(None), STATE.lease_until <= now)


def _later_of(one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return the greater of the two, where a missing `other` counts for nothing."""
    return sa.case((other > one, other), else_=one)


def _state_from_row(row: sa.Row[Any]) -> SourceState:
    validators = None
    if row.url is not None:
        validators = Validators(row.url, row.etag, row.last_modified)
    folder = {}
    for name, (mtime, size) in row.folder.items():
        folder[name] = (mtime, size)
    same_named = {name: getattr(row, name) for name in _STATE_COLUMNS}
    return SourceState(
        source=row.name,
        lease=row.lease,
        validators=validators,
        folder=folder,
        hints=hints_from_column(row.hints),
        feed=feed_from_column(row.feed),
        shared_parts=shared_parts_from_column(row.shared_parts),
        health=health_from_row(row),
        **same_named,
    )
