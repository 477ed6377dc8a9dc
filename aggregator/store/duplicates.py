"""Syndicated copies: which entries of different sources have the same text.

Copies depend on the stored entries alone, not on the order in which they came. Entries that
share hashes are a pair, stored in both directions; a pair is judged by the texts of both and by what
is near each in its source. When such a neighbour comes, changes or goes, the pair is judged again. A
store with one source compares nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from aggregator.normalize import near_duplicate
from aggregator.normalize.near_duplicate import ComparedText, copy_strength
from aggregator.store.boilerplate import ArticleReader, ComparableEntry, neighbourhood
from aggregator.store.copy_groups import regroup
from aggregator.store.engine import fetch_raw, in_values, insert_rows
from aggregator.store.hash_holders import (
    HashHolders,
    entries_at_limit,
    load_holders,
    parts_near_in_time,
    similar_pairs,
)
from aggregator.store.schema import entry, micros, pair, sketch, source
from aggregator.store.search.tokens import FIELD_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from aggregator.store.hash_holders import Sketches

    # The words of contents by their numbers.
    WordLookup: TypeAlias = Callable[[Collection[int]], Mapping[int, str]]

# The columns that make an entry a copy of another.
COMPARED_COLUMNS = ("content_id", "source_id", "published", "language")
PAIRS_PER_TURN = 200  # judged, each with 64 neighbours: some 0.3 s
_MILLION = 1_000_000


def has_pending(connection: sa.Connection) -> bool:
    """Tell whether entries of several sources wait to be compared: a few look-ups in indexes."""
    return bool(connection.scalar(_HAS_PENDING))


def forget(connection: sa.Connection, old: Mapping[int, Mapping[str, Any]]) -> None:
    """Forget all that was known of entries as copies; `old` holds their rows as they were."""
    gone: dict[ComparableEntry, tuple[int, ...]] = {}
    for number, row in old.items():
        published = micros(row["published"])
        one = ComparableEntry(
            published, number, row["source_id"], row["content_id"], row["language"]
        )
        gone[one] = near_duplicate.unpack_sketch(row["sketch"] or b"")

    touched = _delete_pairs(connection, old)
    _delete_sketches(connection, gone)
    touched |= _update_pairs(connection, gone, are_gone=True)
    _judge_near_again(connection, gone)
    regroup(connection, touched)


def compare_pending(connection: sa.Connection, most: int, words_of: WordLookup) -> bool:
    """Compare at most `most` entries that were not compared yet, the latest first.

    Returns whether more may be left.
    """
    if not has_pending(connection):
        return False
    count = _sketch_pending(connection, most, words_of)
    judged = _judge_pending(connection, PAIRS_PER_TURN)
    return count == most or judged == PAIRS_PER_TURN


def sketch_of(words: str) -> bytes:
    """Return what an entry's row keeps: empty for a text that is too short to compare."""
    _, summary, content = words.split(f" {FIELD_SEPARATOR} ")
    text = content if content.strip() else summary
    return near_duplicate.pack_sketch(near_duplicate.sketch(text))


def candidate_pairs(
    connection: sa.Connection, sketches: Sketches
) -> Iterator[tuple[ComparableEntry, ComparableEntry]]:
    """Yield pairs that share enough of their sketches, the smaller number first.

    They are of different sources, near in time and may be of one language.
    """
    alike: set[tuple[int, int]] = set()
    for part in parts_near_in_time(sketches):
        alike |= similar_pairs(part, HashHolders(load_holders(connection, part)))
    yield from _possible_copies(connection, alike, sketches)


# --- sketches ---------------------------------------------------------------------------------------

_HAS_PENDING = sa.select(
    sa.and_(
        sa.select(sa.func.min(entry.c.source_id)).scalar_subquery()
        != sa.select(sa.func.max(entry.c.source_id)).scalar_subquery(),
        sa.or_(
            sa.exists().where(entry.c.sketch.is_(None)),
            sa.exists().where(pair.c.pending.is_not(None)),
        ),
    )
)
SELECT_COMPARABLE = sa.select(
    entry.c.published, entry.c.id, entry.c.source_id, entry.c.content_id, entry.c.language
)
_SELECT_PENDING = SELECT_COMPARABLE.where(entry.c.sketch.is_(None)).order_by(entry.c.id.desc())


def _sketch_pending(connection: sa.Connection, most: int, words_of: WordLookup) -> int:
    """Make the sketches of at most `most` entries and find their pairs; return how many there were."""
    entries = []
    for row in fetch_raw(connection, _SELECT_PENDING.limit(most)):
        entries.append(ComparableEntry(*row))
    if not entries:
        return 0
    words = words_of({one.content_id for one in entries})

    updates = []
    rows = []
    sketches = {}
    for one in entries:
        data = sketch_of(words[one.content_id])
        updates.append({"of": one.id, "sketch": data})
        if data:  # empty: too short to compare
            sketches[one] = near_duplicate.unpack_sketch(data)
        for value in sketches.get(one, ()):
            rows.append((value, one.published, one.id, one.source_id))
    change = sa.update(entry).where(entry.c.id == sa.bindparam("of"))
    connection.execute(change, updates)
    insert_rows(connection, sketch, sorted(rows))

    regroup(connection, _update_pairs(connection, sketches))
    _judge_near_again(connection, entries)
    return len(entries)


def _delete_sketches(connection: sa.Connection, sketches: Sketches) -> None:
    rows = []
    for one, values in sketches.items():
        for value in values:
            rows.append({"what": value, "then": one.published, "of": one.id})
    if not rows:
        return
    change = sa.delete(sketch).where(
        sketch.c.value == sa.bindparam("what"),
        sketch.c.published == sa.bindparam("then", type_=sa.BigInteger),
        sketch.c.entry_id == sa.bindparam("of"),
    )
    connection.execute(change, rows)


def _possible_copies(
    connection: sa.Connection,
    alike: Collection[tuple[int, int]],
    loaded: Iterable[ComparableEntry],
) -> Iterator[tuple[ComparableEntry, ComparableEntry]]:
    """Yield the pairs of `alike` that may be of one language; those of `loaded` are not read again."""
    if not alike:
        return
    entries = {one.id: one for one in loaded}
    others = set().union(*alike) - entries.keys()
    query = SELECT_COMPARABLE.where(in_values(entry.c.id, others, connection))
    for row in fetch_raw(connection, query):
        entries[row[1]] = ComparableEntry(*row)

    for one_id, other_id in sorted(alike):
        one, other = entries[one_id], entries[other_id]
        if _may_share_language(one.language, other.language):
            yield one, other


def _may_share_language(one: str | None, other: str | None) -> bool:
    """An unknown language may be any."""
    return (
        one is None
        or other is None
        or near_duplicate.base_language(one) == near_duplicate.base_language(other)
    )


# --- pairs ------------------------------------------------------------------------------------------


def _update_pairs(
    connection: sa.Connection, changed: Sketches, *, are_gone: bool = False
) -> set[int]:
    """Store the pairs of entries that came, and of those at which a hash is now common or no longer.

    Returns the entries that may have lost a copy.
    """
    alike: set[tuple[int, int]] = set()
    at_limit: set[int] = set()
    for part in parts_near_in_time(changed):
        holders = load_holders(connection, part)
        at_limit |= entries_at_limit(part, holders)
        if not are_gone:
            alike |= similar_pairs(part, HashHolders(holders))

    again = _load_sketches(connection, at_limit)
    for part in parts_near_in_time(again):
        alike |= similar_pairs(part, HashHolders(load_holders(connection, part)))
    wanted = set(_possible_copies(connection, alike, [*changed, *again]))
    return _store_pairs(connection, wanted, looked_at_again=at_limit)


def _store_pairs(
    connection: sa.Connection,
    wanted: Collection[tuple[ComparableEntry, ComparableEntry]],
    *,
    looked_at_again: Collection[int],
) -> set[int]:
    """Make the stored pairs agree with those that are wanted; return the entries that lost one.

    Only entries that are `looked_at_again` have pairs that may be stored already.
    """
    stored = set()
    if looked_at_again:
        query = sa.select(pair.c.entry_id, pair.c.other_id).where(
            in_values(pair.c.entry_id, looked_at_again, connection)
        )
        for row in connection.execute(query):
            stored.add((min(row), max(row)))

    rows = []
    wanted_ids = set()
    for one, other in wanted:
        wanted_ids.add((one.id, other.id))
        if (one.id, other.id) not in stored:
            rows.append((one.source_id, one.published, one.id, other.id, 0, 1))
            rows.append((other.source_id, other.published, other.id, one.id, 0, 1))
    insert_rows(connection, pair, sorted(rows))

    lost = stored - wanted_ids
    _delete_pair_rows(connection, lost)
    return set().union(*lost)


def _load_sketches(
    connection: sa.Connection, numbers: Collection[int]
) -> dict[ComparableEntry, tuple[int, ...]]:
    if not numbers:
        return {}
    query = SELECT_COMPARABLE.add_columns(entry.c.sketch)
    sketches = {}
    for *columns, data in fetch_raw(
        connection, query.where(in_values(entry.c.id, numbers, connection))
    ):
        sketches[ComparableEntry(*columns)] = near_duplicate.unpack_sketch(data)
    return sketches


def _delete_pairs(connection: sa.Connection, numbers: Collection[int]) -> set[int]:
    """Delete all pairs of these entries; return them and their partners."""
    query = sa.select(pair.c.entry_id, pair.c.other_id).where(
        in_values(pair.c.entry_id, numbers, connection)
    )
    ids = [(row.entry_id, row.other_id) for row in connection.execute(query)]
    _delete_pair_rows(connection, ids)
    return set().union(*ids)


def _delete_pair_rows(connection: sa.Connection, ids: Collection[tuple[int, int]]) -> None:
    if not ids:
        return
    rows = []
    for one, other in ids:
        rows.append({"one": one, "other": other})
        rows.append({"one": other, "other": one})
    connection.execute(sa.delete(pair).where(*_IS_PAIR), rows)


_IS_PAIR = (
    pair.c.entry_id == sa.bindparam("one"),
    pair.c.other_id == sa.bindparam("other"),
)


def _judge_near_again(connection: sa.Connection, changed: Iterable[ComparableEntry]) -> None:
    """Mark the pairs that have one of these entries as a neighbour."""
    times: dict[int, list[int]] = {}
    for one in changed:
        times.setdefault(one.source_id, []).append(one.published)
    has_pairs = sa.exists().where(pair.c.source_id == source.c.id)
    query = sa.select(source.c.id).where(in_values(source.c.id, times, connection), has_pairs)

    published = sa.type_coerce(pair.c.published, sa.BigInteger)
    for source_id in connection.scalars(query).all():
        ranges = neighbourhood(connection, source_id, min(times[source_id]), max(times[source_id]))
        for first, last in ranges:
            is_near = sa.and_(pair.c.source_id == source_id, published.between(first, last))
            connection.execute(sa.update(pair).where(is_near).values(pending=1))


def _judge_pending(connection: sa.Connection, most: int) -> int:
    """Judge the pairs of at most `most` rows, the latest entries first; return how many there were."""
    query = sa.select(pair.c.entry_id, pair.c.other_id, pair.c.strength).where(
        pair.c.pending.is_not(None)
    )
    rows = connection.execute(query.order_by(pair.c.entry_id.desc()).limit(most)).all()
    before = {}
    for row in rows:
        before[min(row.entry_id, row.other_id), max(row.entry_id, row.other_id)] = row.strength
    if not rows:
        return 0

    numbers = set().union(*before)
    entries = {}
    query_entries = SELECT_COMPARABLE.where(in_values(entry.c.id, numbers, connection))
    for columns in fetch_raw(connection, query_entries):
        entries[columns[1]] = ComparableEntry(*columns)

    reader = ArticleReader(connection)
    boilerplate = reader.load_boilerplate(entries.values())
    changes = []
    touched: set[int] = set()
    for one, other in sorted(before):
        # What either source repeats is no part of either text.
        repeated = boilerplate[one] | boilerplate[other]
        text = ComparedText(reader.article(entries[one].content_id), repeated)
        other_text = ComparedText(reader.article(entries[other].content_id), repeated)
        strength = round(copy_strength(text, other_text) * _MILLION)
        changes.append({"one": one, "other": other, "new": strength})
        changes.append({"one": other, "other": one, "new": strength})
        if strength != before[one, other]:
            touched.update((one, other))
    change = sa.update(pair).where(*_IS_PAIR)
    connection.execute(change.values(strength=sa.bindparam("new"), pending=None), changes)
    regroup(connection, touched)
    return len(rows)
