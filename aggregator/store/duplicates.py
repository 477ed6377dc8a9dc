"""Groups of syndicated copies: which entries of different sources are one text, and which of them stands for all.

Rule: a function of the entries: two are a pair or not whatever came first, a group is whatever pairs connect, and the
one that stands for it is of the highest priority, then the earliest, then the smallest id. Nothing is deleted. A store
with one source compares nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from aggregator.normalize import near_duplicate
from aggregator.store.engine import among, fetched, insert
from aggregator.store.schema import MICROSECOND, entry, pair, sketch, source
from aggregator.store.search.tokens import BORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    WordsOf: TypeAlias = Callable[
        [Collection[int]], Mapping[int, str]
    ]  # the words of contents by their numbers
    _Place: TypeAlias = tuple[int, int, int]  # an entry with some value: published, number, source

_WITHIN = near_duplicate.WITHIN // MICROSECOND
JUDGED_BY = (
    "content_id",
    "source_id",
    "published",
    "language",
)  # columns that make an entry a copy of another

BEST_FIRST = (source.c.priority.desc(), entry.c.published, entry.c.uid)


class Compared(NamedTuple):
    """An entry as it is compared; `published` in microseconds."""

    published: int
    id: int
    source_id: int
    content_id: int
    language: str | None


def is_behind(connection: sa.Connection) -> bool:
    """Tell whether entries wait to be compared, and are of several sources: three look-ups in indexes."""
    return bool(connection.scalar(_BEHIND))


def part(connection: sa.Connection, old: Mapping[int, Mapping[str, Any]]) -> None:
    """Forget all that was known of entries as copies; `old` holds their rows as they were."""
    known = {number: row for number, row in old.items() if row["sketch"]}
    if known:
        regroup(connection, _part(connection, known))


def catch_up(connection: sa.Connection, most: int, words_of: WordsOf) -> int:
    """Compare at most `most` entries that were not yet, the latest comers first; return how many there were."""
    if not is_behind(connection):
        return 0
    rows = [Compared(*row) for row in fetched(connection, _LATE.limit(most))]
    words = words_of({row.content_id for row in rows})
    made = [(row, sketch_of(words[row.content_id])) for row in rows]
    change = sa.update(entry).where(entry.c.id == sa.bindparam("of"))
    connection.execute(change, [{"of": row.id, "sketch": data} for row, data in made])
    regroup(connection, _compare(connection, [(row, data) for row, data in made if data], words_of))
    return len(rows)


def sketch_of(words: str) -> bytes:
    """Return what an entry's row keeps: empty for a text that is too short to compare."""
    return near_duplicate.pack(near_duplicate.sketch(_text_part(words)[0]))


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
    regroup(
        connection,
        set(connection.scalars(sa.select(entry.c.id).where(entry.c.copies.is_not(None)))),
    )


# --- pairs -----------------------------------------------------------------------------------------------------------


def _part(connection: sa.Connection, old: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Forget the sketches and pairs of entries; return them and those that were their partners."""
    rows = [
        {"what": value, "then": row["published"], "of": number}
        for number, row in old.items()
        for value in near_duplicate.unpack(row["sketch"])
    ]
    gone = sa.delete(sketch).where(
        sketch.c.value == sa.bindparam("what"),
        sketch.c.published == sa.bindparam("then"),
        sketch.c.entry_id == sa.bindparam("of"),
    )
    connection.execute(gone, rows)
    partners = {number for both in _pairs(connection, old) for number in both}
    connection.execute(sa.delete(pair).where(among(pair.c.one, old, connection)))
    connection.execute(sa.delete(pair).where(among(pair.c.other, old, connection)))
    return partners | set(old)


_BEHIND = sa.select(
    sa.and_(
        sa.select(sa.func.min(entry.c.source_id)).scalar_subquery()
        != sa.select(sa.func.max(entry.c.source_id)).scalar_subquery(),
        sa.exists().where(entry.c.sketch.is_(None)),
    )
)
_COMPARED = sa.select(
    entry.c.published, entry.c.id, entry.c.source_id, entry.c.content_id, entry.c.language
)
_LATE = _COMPARED.where(entry.c.sketch.is_(None)).order_by(entry.c.id.desc())


def _compare(
    connection: sa.Connection, signed: Collection[tuple[Compared, bytes]], words_of: WordsOf
) -> set[int]:
    """Find the copies of these entries and remember the pairs; return who is in them."""
    if not signed:
        return set()
    values = {row: near_duplicate.unpack(data) for row, data in signed}
    rows = [
        (value, row.published, row.id, row.source_id)
        for row, found in values.items()
        for value in found
    ]
    insert(connection, sketch, sorted(rows))
    pairs = sorted(_confirmed(candidates(connection, values), words_of))
    if pairs:
        connection.execute(sa.insert(pair), [{"one": one, "other": other} for one, other in pairs])
    return {number for both in pairs for number in both}


def candidates(
    connection: sa.Connection, values: Mapping[Compared, Iterable[int]]
) -> Iterator[tuple[Compared, Compared]]:
    """Yield pairs of different sources, near in time and of one language, that share enough of their sketches."""
    fresh = {row.id: row for row in values}
    alike = _alike(_shelves(connection, values), values)
    query = _COMPARED.where(
        among(entry.c.id, {number for both in alike for number in both} - fresh.keys(), connection)
    )
    known = fresh | {row[1]: Compared(*row) for row in fetched(connection, query)} if alike else {}
    for one, other in sorted(alike):
        if _one_language(known[one].language, known[other].language):
            yield known[one], known[other]


def _alike(
    shelves: Mapping[int, list[_Place]], values: Mapping[Compared, Iterable[int]]
) -> set[tuple[int, int]]:
    """Return the numbers of entries, two of which one is in `values`, that share enough of their sketches."""
    alike: set[tuple[int, int]] = set()
    for row, found in values.items():
        shared: Counter[int] = Counter()
        for value in found:
            shared.update(
                number
                for _, number, source_id in _near(shelves[value], row)
                if source_id != row.source_id
            )
        alike.update(
            (min(row.id, other), max(row.id, other))
            for other in shared
            if shared[other] >= near_duplicate.SHARED
        )
    return alike


def _shelves(
    connection: sa.Connection, values: Mapping[Compared, Iterable[int]]
) -> dict[int, list[_Place]]:
    """Return who has which value, in the order of publication."""
    moments = [row.published for row in values]
    sought = {value for found in values.values() for value in found}
    published = sa.type_coerce(sketch.c.published, sa.BigInteger)
    query = sa.select(sketch.c.value, published, sketch.c.entry_id, sketch.c.source_id).where(
        among(sketch.c.value, sought, connection),
        published.between(min(moments) - _WITHIN, max(moments) + _WITHIN),
    )
    shelves: dict[int, list[_Place]] = {}
    for value, *place in fetched(connection, query):
        shelves.setdefault(value, []).append(tuple(place))
    for places in shelves.values():
        places.sort()
    return shelves


def _near(places: list[_Place], row: Compared) -> list[_Place]:
    if len(places) == 1:
        return []  # nobody else has it
    low = bisect_left(places, (row.published - _WITHIN,))
    return places[low : bisect_right(places, (row.published + _WITHIN + 1,))]


def _one_language(one: str | None, other: str | None) -> bool:
    """An unknown language may be any."""
    return one is None or other is None or near_duplicate.base(one) == near_duplicate.base(other)


def _confirmed(
    candidates: Iterable[tuple[Compared, Compared]], words_of: WordsOf
) -> Iterator[tuple[int, int]]:
    found = list(candidates)
    numbers = {row.content_id for both in found for row in both}
    texts = {
        number: near_duplicate.text(*_text_part(made)) for number, made in words_of(numbers).items()
    }
    for one, other in found:
        if near_duplicate.copies(texts[one.content_id], texts[other.content_id]):
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
    query = (
        sa.select(entry.c.id, entry.c.copies)
        .join(source)
        .where(among(entry.c.id, numbers, connection))
    )
    return {row.id: row.copies for row in connection.execute(query.order_by(*BEST_FIRST))}
