"""Which entries have each hash of a sketch, and which of different sources share enough of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from aggregator.normalize import near_duplicate
from aggregator.store.copy_groups import WINDOW
from aggregator.store.engine import fetch_raw, in_values
from aggregator.store.schema import sketch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from aggregator.store.boilerplate import ComparableEntry

    # Entries with the hashes of their sketches.
    Sketches: TypeAlias = Mapping[ComparableEntry, Sequence[int]]
    # An entry that has some hash: published, number, source.
    Holder: TypeAlias = tuple[int, int, int]

# A hash that sources repeat so often within 72 hours is boilerplate and makes no pairs: credits that
# thousands of entries share would make millions.
MAX_REPETITIONS = 32  # entries beyond the first one of each source
MAX_HOLDERS = 256  # entries of any sources

_SKETCH_PUBLISHED = sa.type_coerce(sketch.c.published, sa.BigInteger)


class HashHolders:
    """The entries that have each hash, in the order of publication."""

    def __init__(self, holders: Mapping[int, list[Holder]]) -> None:
        self._holders = holders
        self._previous: dict[int, list[int]] = {}

    def similar_to(self, one: ComparableEntry, values: Iterable[int]) -> list[int]:
        """Return the entries of other sources that share enough hashes with an entry."""
        shared: Counter[int] = Counter()
        for value in values:
            if len(self._holders[value]) > 1:
                shared.update(self._others_with(value, one))

        similar = []
        for number, count in shared.items():
            if count >= near_duplicate.MIN_SHARED_HASHES:
                similar.append(number)
        return similar

    def _others_with(self, value: int, one: ComparableEntry) -> Iterator[int]:
        """Yield the entries of other sources that share a hash with an entry, if it is not common."""
        if self.is_common(value, one.published):
            return
        begin, end = self._window(value, one.published)
        for published, number, source_id in self._holders[value][begin:end]:
            if source_id != one.source_id and not self.is_common(value, published):
                yield number

    def is_common(self, value: int, moment: int) -> bool:
        """Tell whether sources repeat a hash too often near a moment to say anything."""
        begin, end = self._window(value, moment)
        if end - begin <= MAX_REPETITIONS:
            return False
        if end - begin > MAX_HOLDERS:
            return True

        repetitions = 0
        for previous in self._previous_of_source(value)[begin:end]:
            if previous >= begin:
                repetitions += 1
        return repetitions > MAX_REPETITIONS

    def _window(self, value: int, moment: int) -> tuple[int, int]:
        holders = self._holders[value]
        return (
            bisect_left(holders, (moment - WINDOW,)),
            bisect_right(holders, (moment + WINDOW + 1,)),
        )

    def _previous_of_source(self, value: int) -> list[int]:
        """Return for each holder the place of its source's holder before it, -1 for none."""
        if value not in self._previous:
            places: dict[int, int] = {}
            previous = []
            for place, (_, _, source_id) in enumerate(self._holders[value]):
                previous.append(places.get(source_id, -1))
                places[source_id] = place
            self._previous[value] = previous
        return self._previous[value]


def load_holders(connection: sa.Connection, sketches: Sketches) -> dict[int, list[Holder]]:
    """Return who has the hashes of these entries.

    Whether a hash is common at the other entry of a pair depends on what is twice as far away.
    """
    sought = set[int]().union(*sketches.values())
    times = [one.published for one in sketches]
    query = sa.select(
        sketch.c.value, _SKETCH_PUBLISHED, sketch.c.entry_id, sketch.c.source_id
    ).where(
        in_values(sketch.c.value, sought, connection),
        _SKETCH_PUBLISHED.between(min(times) - 2 * WINDOW, max(times) + 2 * WINDOW),
    )
    holders: dict[int, list[Holder]] = {value: [] for value in sought}
    for value, *place in fetch_raw(connection, query):
        holders[value].append(tuple(place))
    for places in holders.values():
        places.sort()
    return holders


def parts_near_in_time(sketches: Sketches) -> Iterator[Sketches]:
    """Part entries where none can be near another: what lies between is not looked at."""
    part: dict[ComparableEntry, Sequence[int]] = {}
    latest = 0
    for one in sorted(sketches):
        if part and one.published - latest > 4 * WINDOW:
            yield part
            part = {}
        part[one] = sketches[one]
        latest = one.published
    if part:
        yield part


def similar_pairs(part: Sketches, holders: HashHolders) -> set[tuple[int, int]]:
    """Return the numbers of entries that share enough hashes, the smaller first."""
    alike = set()
    for one, values in part.items():
        for other in holders.similar_to(one, values):
            alike.add((min(one.id, other), max(one.id, other)))
    return alike


def entries_at_limit(part: Sketches, holders: Mapping[int, list[Holder]]) -> set[int]:
    """Return the other entries at which a hash is common with those of `part`, and not without them."""
    own: dict[int, set[Holder]] = {}
    for one, values in part.items():
        for value in values:
            own.setdefault(value, set()).add((one.published, one.id, one.source_id))

    at_limit: set[int] = set()
    for value, places in holders.items():
        if len(places) + len(own[value]) > MAX_REPETITIONS:
            at_limit.update(_holders_at_limit(value, places, own[value]))
    return at_limit


def _holders_at_limit(
    value: int, places: Sequence[Holder], own: Collection[Holder]
) -> Iterator[int]:
    """Yield the entries of `places` at which a hash is common with those of `own` alone."""
    others = [place for place in places if place not in own]
    without = HashHolders({value: others})
    together = HashHolders({value: sorted({*places, *own})})
    for published, number, _ in others:
        if without.is_common(value, published):
            continue
        if together.is_common(value, published):
            yield number
