"""Groups of syndicated copies: which entries of different sources have the same text, and which one represents them.

Rule: the groups depend on the entries alone, not on the order in which they came. Two entries are a pair or not; pairs
connect entries to groups; the representative has the highest priority, then the earliest date, then the smallest id.
Nothing is deleted. A store with one source compares nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from aggregator.normalize import near_duplicate
from aggregator.store.engine import fetch_raw, in_values, insert_rows
from aggregator.store.schema import MICROSECOND, entry, pair, sketch, source
from aggregator.store.search.tokens import FIELD_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    # The words of contents by their numbers.
    WordLookup: TypeAlias = Callable[[Collection[int]], Mapping[int, str]]
    # An entry whose sketch has some value: published, number, source.
    _Occurrence: TypeAlias = tuple[int, int, int]

_WINDOW_MICROSECONDS = near_duplicate.MAX_INTERVAL // MICROSECOND
# The columns that make an entry a copy of another.
COMPARED_COLUMNS = ("content_id", "source_id", "published", "language")

BEST_FIRST = (source.c.priority.desc(), entry.c.published, entry.c.uid)


class ComparableEntry(NamedTuple):
    """An entry as it is compared; `published` in microseconds."""

    published: int
    id: int
    source_id: int
    content_id: int
    language: str | None


def has_pending(connection: sa.Connection) -> bool:
    """Tell whether entries wait to be compared, and are of several sources: three look-ups in indexes."""
    return bool(connection.scalar(_HAS_PENDING))


def forget(connection: sa.Connection, old: Mapping[int, Mapping[str, Any]]) -> None:
    """Forget all that was known of entries as copies; `old` holds their rows as they were."""
    compared: dict[int, Mapping[str, Any]] = {}
    for number, row in old.items():
        if row["sketch"]:
            compared[number] = row
    if not compared:
        return

    touched = _delete_pairs(connection, compared)
    regroup(connection, touched)


def compare_pending(connection: sa.Connection, most: int, words_of: WordLookup) -> int:
    """Compare at most `most` entries that were not compared yet, the latest first.

    Returns how many there were.
    """
    if not has_pending(connection):
        return 0

    entries = []
    for row in fetch_raw(connection, _SELECT_PENDING.limit(most)):
        entries.append(ComparableEntry(*row))
    words = words_of({one.content_id for one in entries})

    updates = []
    sketched = []
    for one in entries:
        data = sketch_of(words[one.content_id])
        updates.append({"of": one.id, "sketch": data})
        if data:  # empty: too short to compare
            sketched.append((one, data))
    change = sa.update(entry).where(entry.c.id == sa.bindparam("of"))
    connection.execute(change, updates)

    regroup(connection, _find_pairs(connection, sketched, words_of))
    return len(entries)


def sketch_of(words: str) -> bytes:
    """Return what an entry's row keeps: empty for a text that is too short to compare."""
    return near_duplicate.pack_sketch(near_duplicate.sketch(_compared_text(words)[0]))


def regroup(connection: sa.Connection, touched: Collection[int]) -> None:
    """Compute the groups of these entries anew."""
    if not touched:
        return
    groups = _connected_groups(connection, touched)
    representatives = _representatives(connection, set().union(*groups))
    changes = []
    for group in groups:
        members = [number for number in representatives if number in group]  # the best first
        representative = members[0] if len(members) > 1 else None
        for number in members:
            if representatives[number] != representative:
                changes.append({"of": number, "copies": representative})
    if changes:
        connection.execute(sa.update(entry).where(entry.c.id == sa.bindparam("of")), changes)


def regroup_all(connection: sa.Connection) -> None:
    """Compute all groups anew: priorities changed."""
    regroup(
        connection,
        set(connection.scalars(sa.select(entry.c.id).where(entry.c.copies.is_not(None)))),
    )


# --- pairs -----------------------------------------------------------------------------------------------------------


def _delete_pairs(connection: sa.Connection, old: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Forget the sketches and pairs of entries; return them and those that were their partners."""
    rows = []
    for number, row in old.items():
        for value in near_duplicate.unpack_sketch(row["sketch"]):
            rows.append({"what": value, "then": row["published"], "of": number})
    gone = sa.delete(sketch).where(
        sketch.c.value == sa.bindparam("what"),
        sketch.c.published == sa.bindparam("then"),
        sketch.c.entry_id == sa.bindparam("of"),
    )
    connection.execute(gone, rows)

    touched = set(old)
    for both in _load_pairs(connection, old):
        touched.update(both)
    connection.execute(sa.delete(pair).where(in_values(pair.c.one, old, connection)))
    connection.execute(sa.delete(pair).where(in_values(pair.c.other, old, connection)))
    return touched


_HAS_PENDING = sa.select(
    sa.and_(
        sa.select(sa.func.min(entry.c.source_id)).scalar_subquery()
        != sa.select(sa.func.max(entry.c.source_id)).scalar_subquery(),
        sa.exists().where(entry.c.sketch.is_(None)),
    )
)
_SELECT_COMPARABLE = sa.select(
    entry.c.published, entry.c.id, entry.c.source_id, entry.c.content_id, entry.c.language
)
_SELECT_PENDING = _SELECT_COMPARABLE.where(entry.c.sketch.is_(None)).order_by(entry.c.id.desc())


def _find_pairs(
    connection: sa.Connection,
    signed: Collection[tuple[ComparableEntry, bytes]],
    words_of: WordLookup,
) -> set[int]:
    """Find the copies of these entries and store the pairs; return the entries in them."""
    if not signed:
        return set()
    values = {}
    rows = []
    for row, data in signed:
        values[row] = near_duplicate.unpack_sketch(data)
        for value in values[row]:
            rows.append((value, row.published, row.id, row.source_id))
    insert_rows(connection, sketch, sorted(rows))

    pairs = sorted(_confirm_pairs(candidate_pairs(connection, values), words_of))
    if pairs:
        connection.execute(sa.insert(pair), [{"one": one, "other": other} for one, other in pairs])
    paired: set[int] = set()
    for both in pairs:
        paired.update(both)
    return paired


def candidate_pairs(
    connection: sa.Connection, values: Mapping[ComparableEntry, Iterable[int]]
) -> Iterator[tuple[ComparableEntry, ComparableEntry]]:
    """Yield pairs that share enough of their sketches.

    They are of different sources, near in time and may be of one language.
    """
    alike = _similar_pairs(_occurrences_by_value(connection, values), values)
    if not alike:
        return
    known = {row.id: row for row in values}
    others = set().union(*alike) - known.keys()
    query = _SELECT_COMPARABLE.where(in_values(entry.c.id, others, connection))
    for row in fetch_raw(connection, query):
        known[row[1]] = ComparableEntry(*row)

    for one, other in sorted(alike):
        if _may_share_language(known[one].language, known[other].language):
            yield known[one], known[other]


def _similar_pairs(
    occurrences: Mapping[int, list[_Occurrence]],
    values: Mapping[ComparableEntry, Iterable[int]],
) -> set[tuple[int, int]]:
    """Return pairs of entry numbers, one of them in `values`, that share enough sketch values."""
    alike: set[tuple[int, int]] = set()
    for row, own_values in values.items():
        shared: Counter[int] = Counter()
        for value in own_values:
            for _, number, source_id in _occurrences_near(occurrences[value], row):
                if source_id != row.source_id:
                    shared[number] += 1
        for other, count in shared.items():
            if count >= near_duplicate.MIN_SHARED_HASHES:
                alike.add((min(row.id, other), max(row.id, other)))
    return alike


def _occurrences_by_value(
    connection: sa.Connection, values: Mapping[ComparableEntry, Iterable[int]]
) -> dict[int, list[_Occurrence]]:
    """Return the entries that have each value, in the order of publication."""
    sought = set[int]().union(*values.values())
    times = [row.published for row in values]
    earliest = min(times) - _WINDOW_MICROSECONDS
    latest = max(times) + _WINDOW_MICROSECONDS
    published = sa.type_coerce(sketch.c.published, sa.BigInteger)
    query = sa.select(sketch.c.value, published, sketch.c.entry_id, sketch.c.source_id).where(
        in_values(sketch.c.value, sought, connection), published.between(earliest, latest)
    )

    occurrences: dict[int, list[_Occurrence]] = {}
    for value, *place in fetch_raw(connection, query):
        occurrences.setdefault(value, []).append(tuple(place))
    for places in occurrences.values():
        places.sort()
    return occurrences


def _occurrences_near(places: list[_Occurrence], row: ComparableEntry) -> list[_Occurrence]:
    if len(places) == 1:
        return []  # nobody else has it
    low = bisect_left(places, (row.published - _WINDOW_MICROSECONDS,))
    return places[low : bisect_right(places, (row.published + _WINDOW_MICROSECONDS + 1,))]


def _may_share_language(one: str | None, other: str | None) -> bool:
    """An unknown language may be any."""
    return (
        one is None
        or other is None
        or near_duplicate.base_language(one) == near_duplicate.base_language(other)
    )


def _confirm_pairs(
    candidates: Iterable[tuple[ComparableEntry, ComparableEntry]], words_of: WordLookup
) -> Iterator[tuple[int, int]]:
    pairs = list(candidates)
    contents: set[int] = set()
    for one, other in pairs:
        contents.update((one.content_id, other.content_id))
    texts = {}
    for number, made in words_of(contents).items():
        texts[number] = near_duplicate.prepare_text(*_compared_text(made))

    for one, other in pairs:
        if near_duplicate.are_copies(texts[one.content_id], texts[other.content_id]):
            yield one.id, other.id


def _compared_text(words: str) -> tuple[str, str | None]:
    """Return the words of the content; without content, those of the summary and the title to go with it."""
    title, summary, content = words.split(f" {FIELD_SEPARATOR} ")
    if content.strip():
        return content, None
    return summary, title


# --- groups ----------------------------------------------------------------------------------------------------------


def _load_pairs(connection: sa.Connection, numbers: Collection[int]) -> list[tuple[int, int]]:
    one = sa.select(pair.c.one, pair.c.other).where(in_values(pair.c.one, numbers, connection))
    other = sa.select(pair.c.one, pair.c.other).where(in_values(pair.c.other, numbers, connection))
    return [(row.one, row.other) for row in connection.execute(one.union(other))]


def _connected_groups(connection: sa.Connection, touched: Collection[int]) -> list[set[int]]:
    """Return what pairs connect with `touched`, and each of those that are alone."""
    homes = {number: {number} for number in touched}
    seen: set[int] = set()
    wanted = set(touched)
    while wanted:
        seen |= wanted
        linked: set[int] = set()
        for one, other in _load_pairs(connection, wanted):
            linked.update((one, other))
            home = homes.setdefault(one, {one})
            lost = homes.setdefault(other, {other})
            if home is not lost:
                home |= lost
                homes.update(dict.fromkeys(lost, home))
        wanted = linked - seen

    # Each group stands in `homes` once for each of its members.
    distinct = {id(home): home for home in homes.values()}
    return list(distinct.values())


def _representatives(connection: sa.Connection, numbers: Collection[int]) -> dict[int, int | None]:
    """Return who stands for each of these entries as it is stored, the best first."""
    query = (
        sa.select(entry.c.id, entry.c.copies)
        .join(source)
        .where(in_values(entry.c.id, numbers, connection))
    )
    return {row.id: row.copies for row in connection.execute(query.order_by(*BEST_FIRST))}
