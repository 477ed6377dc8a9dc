"""Groups of copies: which entries are shown as one, and which of them represents the others.

The strongest pairs make groups first. A group holds one entry of a source, and all of it lies
within 72 hours. The representative has the highest priority, then the earliest date, then the
smallest id. Nothing is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from aggregator.normalize import near_duplicate
from aggregator.store.engine import in_values
from aggregator.store.schema import MICROSECOND, entry, pair, source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

WINDOW = near_duplicate.MAX_INTERVAL // MICROSECOND
BEST_FIRST = (source.c.priority.desc(), entry.c.published, entry.c.uid)


class Pair(NamedTuple):
    """Two entries that are copies: `one` has the smaller number, `strength` is in millionths."""

    one: int
    other: int
    strength: int


@dataclass(frozen=True, slots=True)
class Member:
    """An entry that may be grouped; `published` in microseconds, `represented_by` as it is stored."""

    id: int
    uid: bytes
    source_id: int
    published: int
    represented_by: int | None


def regroup(connection: sa.Connection, touched: Collection[int]) -> None:
    """Compute the groups of these entries, and of all that pairs connect with them, anew."""
    if not touched:
        return
    pairs = _connected_pairs(connection, touched)
    numbers = set(touched)
    for one in pairs:
        numbers.update((one.one, one.other))
    members = _load_members(connection, numbers)

    changes = []
    for group in make_groups(members, pairs):
        representative = group[0].id if len(group) > 1 else None
        for member in group:
            if member.represented_by != representative:
                changes.append({"of": member.id, "copies": representative})
    if changes:
        connection.execute(sa.update(entry).where(entry.c.id == sa.bindparam("of")), changes)


def regroup_all(connection: sa.Connection) -> None:
    """Compute all groups anew: priorities changed."""
    grouped = sa.select(entry.c.id).where(entry.c.copies.is_not(None))
    regroup(connection, set(connection.scalars(grouped)))


def make_groups(members: Iterable[Member], pairs: Iterable[Pair]) -> list[list[Member]]:
    """Part `members`, the best first, into groups in the same order."""
    by_id = {member.id: member for member in members}
    homes = {number: [number] for number in by_id}
    for one in sorted(pairs, key=lambda one: _rank(one, by_id)):
        home, other_home = homes[one.one], homes[one.other]
        if home is other_home:
            continue
        joined = home + other_home
        if _may_be_one_group([by_id[number] for number in joined]):
            homes.update(dict.fromkeys(joined, joined))

    groups: dict[int, list[Member]] = {}
    for member in by_id.values():
        groups.setdefault(id(homes[member.id]), []).append(member)
    return list(groups.values())


def _rank(one: Pair, members: Mapping[int, Member]) -> tuple[int, bytes, bytes]:
    """The strongest pair comes first; ids that never change decide between equals."""
    first, second = sorted((members[one.one].uid, members[one.other].uid))
    return -one.strength, first, second


def _may_be_one_group(members: Collection[Member]) -> bool:
    sources = {member.source_id for member in members}
    if len(sources) < len(members):
        return False
    times = [member.published for member in members]
    return max(times) - min(times) <= WINDOW


def _connected_pairs(connection: sa.Connection, touched: Collection[int]) -> list[Pair]:
    """Return the copies among `touched` and whatever pairs connect with them."""
    found: set[Pair] = set()
    seen: set[int] = set()
    wanted = set(touched)
    while wanted:
        seen |= wanted
        query = sa.select(pair.c.entry_id, pair.c.other_id, pair.c.strength).where(
            in_values(pair.c.entry_id, wanted, connection), pair.c.strength > 0
        )
        linked: set[int] = set()
        for row in connection.execute(query):
            one, other = sorted((row.entry_id, row.other_id))
            found.add(Pair(one, other, row.strength))
            linked.add(row.other_id)
        wanted = linked - seen
    return list(found)


def _load_members(connection: sa.Connection, numbers: Collection[int]) -> list[Member]:
    """Return these entries as they are stored, the best first."""
    published = sa.type_coerce(entry.c.published, sa.BigInteger).label("published")
    query = (
        sa.select(entry.c.id, entry.c.uid, entry.c.source_id, published, entry.c.copies)
        .join(source)
        .where(in_values(entry.c.id, numbers, connection))
        .order_by(*BEST_FIRST)
    )
    members = []
    for number, uid, source_id, moment, copies in connection.execute(query):
        members.append(Member(number, bytes(uid), source_id, moment, copies))
    return members
