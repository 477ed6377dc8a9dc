"""Groups of syndicated copies: which entries of different sources are one text, and which of them stands for all.

Rule: a function of the entries: two are a pair or not whatever came first, a group is whatever pairs connect, and the
one that stands for it is of the highest priority, then the earliest, then the smallest id. Nothing is deleted. A store
with one source compares nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from aggregator.normalize import copies
from aggregator.store.engine import among
from aggregator.store.schema import MICROSECOND, entry, pair, sketch, source
from aggregator.store.words import BORDER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from aggregator.store.derived import Words

BACKLOG = 1_000  # entries that a commit compares belatedly, after a second source came

_WITHIN = copies.WITHIN // MICROSECOND
_JUDGED_BY = ("content_id", "source_id", "published", "language")

BEST_FIRST = (source.c.priority.desc(), entry.c.published, entry.c.uid)


class Compared(NamedTuple):
    """An entry as it is compared; `published` in microseconds."""

    published: int
    id: int
    source_id: int
    content_id: int
    language: str | None


def several(connection: sa.Connection, more: Collection[int] = ()) -> bool:
    """Tell whether entries come from several sources, `more` among them."""
    ends = sa.select(sa.func.min(entry.c.source_id).label("end")).union_all(sa.select(sa.func.max(entry.c.source_id)))
    return len({end for end in connection.scalars(ends) if end is not None} | set(more)) > 1


def sketch_of(words: str) -> bytes:
    """Return what an entry's row keeps: empty for a text that is too short to compare."""
    return copies.pack(copies.sketch(_text_part(words)[0]))


def follow(connection: sa.Connection, before: Mapping[int, Mapping[str, Any] | None], words: Words) -> None:
    """Bring the groups up to the entries that changed; `before` holds their rows as they were, None for new ones."""
    old = {number: row for number, row in before.items() if row is not None and row["sketch"]}
    touched = _part(connection, old) if old else set()
    if several(connection):
        touched |= _compare(connection, _signed(connection, before) + _backlog(connection, words), words)
    regroup(connection, touched)


def regroup(connection: sa.Connection, touched: Collection[int]) -> None:
    """Tell the groups anew that these entries are of."""
    if not touched:
        return
    parts = _parts(connection, touched)
    rows = _members(connection, {number for part in parts for number in part})
    change = []
    for part in parts:
        members = [number for number in rows if number in part]  # the best first
        stands = members[0] if len(members) > 1 else None
        change += [{"of": number, "copies": stands} for number in members if rows[number] != stands]
    if change:
        connection.execute(sa.update(entry).where(entry.c.id == sa.bindparam("of")), change)


def regroup_all(connection: sa.Connection) -> None:
    """Tell all groups anew: priorities changed."""
    regroup(connection, set(connection.scalars(sa.select(entry.c.id).where(entry.c.copies.is_not(None)))))


# --- pairs -----------------------------------------------------------------------------------------------------------


def _part(connection: sa.Connection, old: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Forget the sketches and pairs of entries; return them and those that were their partners."""
    rows = [{"value": value, "of": number} for number, row in old.items() for value in copies.unpack(row["sketch"])]
    gone = sa.delete(sketch).where(sketch.c.value == sa.bindparam("value"), sketch.c.entry_id == sa.bindparam("of"))
    connection.execute(gone, rows)
    partners = {number for both in _pairs(connection, old) for number in both}
    connection.execute(sa.delete(pair).where(among(pair.c.one, old, connection)))
    connection.execute(sa.delete(pair).where(among(pair.c.other, old, connection)))
    return partners | set(old)


def _signed(connection: sa.Connection, changed: Collection[int]) -> list[tuple[Compared, bytes]]:
    query = _QUERY.where(among(entry.c.id, changed, connection), entry.c.sketch.is_not(None))
    return [(Compared(*row[:-1]), bytes(row[-1])) for row in connection.execute(query) if row[-1]]


def _backlog(connection: sa.Connection, words: Words) -> list[tuple[Compared, bytes]]:
    """Sketch entries that came while there was one source, the newest first."""
    late = _QUERY.where(entry.c.sketch.is_(None)).order_by(entry.c.published.desc()).limit(BACKLOG)
    rows = [Compared(*row[:-1]) for row in connection.execute(late)]
    if not rows:
        return []
    found = words.of({row.content_id for row in rows})
    made = [(row, sketch_of(found[row.content_id])) for row in rows]
    change = sa.update(entry).where(entry.c.id == sa.bindparam("of"))
    connection.execute(change, [{"of": row.id, "sketch": data} for row, data in made])
    return [(row, data) for row, data in made if data]


_QUERY = sa.select(
    sa.type_coerce(entry.c.published, sa.BigInteger),
    entry.c.id,
    entry.c.source_id,
    entry.c.content_id,
    entry.c.language,
    entry.c.sketch,
)


def _compare(connection: sa.Connection, signed: Collection[tuple[Compared, bytes]], words: Words) -> set[int]:
    """Find the copies of these entries and remember the pairs; return who is in them."""
    if not signed:
        return set()
    values = {row: copies.unpack(data) for row, data in signed}
    rows = [{"value": value, "entry_id": row.id} for row, found in values.items() for value in found]
    connection.execute(sa.insert(sketch), sorted(rows, key=lambda row: (row["value"], row["entry_id"])))
    pairs = sorted(_confirmed(_candidates(connection, values), words))
    if pairs:
        connection.execute(sa.insert(pair), [{"one": one, "other": other} for one, other in pairs])
    return {number for both in pairs for number in both}


def _candidates(
    connection: sa.Connection, values: Mapping[Compared, Iterable[int]]
) -> Iterator[tuple[Compared, Compared]]:
    """Yield pairs of different sources, near in time and of one language, that share enough of their sketches."""
    shelves = _shelves(connection, values)
    shared: Counter[tuple[Compared, Compared]] = Counter()
    for row, found in values.items():
        for value in found:
            for source_id, others in shelves.get(value, {}).items():
                if source_id != row.source_id:
                    shared.update((row, other) if row.id < other.id else (other, row) for other in _near(others, row))
    fresh = {row.id for row in values}
    for (one, other), count in shared.items():
        both = one.id in fresh and other.id in fresh  # each has found the other
        if count >= copies.SHARED * (1 + both) and _one_language(one.language, other.language):
            yield one, other


def _shelves(
    connection: sa.Connection, values: Mapping[Compared, Iterable[int]]
) -> dict[int, dict[int, list[Compared]]]:
    """Return who has which value, by value and source, in the order of publication."""
    moments = [row.published for row in values]
    sought = {value for found in values.values() for value in found}
    published = sa.type_coerce(entry.c.published, sa.BigInteger)
    query = (
        sa.select(*_QUERY.selected_columns[:-1], sketch.c.value)
        .join(entry, entry.c.id == sketch.c.entry_id)
        .where(among(sketch.c.value, sought, connection))
        .where(published.between(min(moments) - _WITHIN, max(moments) + _WITHIN))
    )
    shelves: dict[int, dict[int, list[Compared]]] = {}
    for *columns, value in connection.execute(query):
        row = Compared(*columns)
        shelves.setdefault(value, {}).setdefault(row.source_id, []).append(row)
    for shelf in shelves.values():
        for rows in shelf.values():
            rows.sort()
    return shelves


def _near(others: list[Compared], row: Compared) -> list[Compared]:
    low = bisect_left(others, row.published - _WITHIN, key=lambda other: other.published)
    return others[low : bisect_right(others, row.published + _WITHIN, key=lambda other: other.published)]


def _one_language(one: str | None, other: str | None) -> bool:
    """An unknown language may be any."""
    return one is None or other is None or copies.base(one) == copies.base(other)


def _confirmed(candidates: Iterable[tuple[Compared, Compared]], words: Words) -> Iterator[tuple[int, int]]:
    found = list(candidates)
    numbers = {row.content_id for both in found for row in both}
    texts = {number: copies.text(*_text_part(made)) for number, made in words.of(numbers).items()}
    for one, other in found:
        if copies.copies(texts[one.content_id], texts[other.content_id]):
            yield one.id, other.id


def _text_part(words: str) -> tuple[str, str | None]:
    """Return the words of the content; those of the summary, and the title to go with it, where there is no content."""
    title, summary, content = words.split(f" {BORDER} ")
    return (content, None) if content.strip() else (summary, title)


# --- groups ----------------------------------------------------------------------------------------------------------


def _pairs(connection: sa.Connection, numbers: Collection[int]) -> list[tuple[int, int]]:
    one = sa.select(pair.c.one, pair.c.other).where(among(pair.c.one, numbers, connection))
    other = sa.select(pair.c.one, pair.c.other).where(among(pair.c.other, numbers, connection))
    return [(row.one, row.other) for row in connection.execute(one.union(other))]


def _parts(connection: sa.Connection, touched: Collection[int]) -> list[set[int]]:
    """Return what pairs connect with `touched`, and each of those that are alone."""
    homes = {number: {number} for number in touched}
    seen, wanted = set[int](), set(touched)
    while wanted:
        seen |= wanted
        pairs = _pairs(connection, wanted)
        for one, other in pairs:
            home, lost = homes.setdefault(one, {one}), homes.setdefault(other, {other})
            if home is not lost:
                home |= lost
                homes.update(dict.fromkeys(lost, home))
        wanted = {number for both in pairs for number in both} - seen
    return list({id(home): home for home in homes.values()}.values())


def _members(connection: sa.Connection, numbers: Collection[int]) -> dict[int, int | None]:
    """Return who stands for each of these entries as it is stored, the best first."""
    query = sa.select(entry.c.id, entry.c.copies).join(source).where(among(entry.c.id, numbers, connection))
    return {row.id: row.copies for row in connection.execute(query.order_by(*BEST_FIRST))}
