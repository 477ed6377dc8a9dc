"""Counts the entries of each source, so that one source does not fill a view.

None as `most` means that a source may have any number; then nothing is ever full.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict


class ShareCount:
    """The places of a view that each source has taken, at most `most` of each."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._taken: Counter[int] = Counter()
        self.full: set[int] = set()

    def take(self, source_id: int) -> bool:
        """Take a place for a source; False if it has all its places."""
        if self._most is None:
            return True
        if source_id in self.full:
            return False
        self._taken[source_id] += 1
        if self._taken[source_id] >= self._most:
            self.full.add(source_id)
        return True

    def copy(self) -> ShareCount:
        copied = ShareCount(self._most)
        copied._taken.update(self._taken)
        copied.full.update(self.full)
        return copied


class ReadQuota:
    """Tells which sources were read far enough for a view of `limit` entries.

    A source is read until `most` of its entries were there two days ago: no older one was shown
    since. A flood of new entries is read `limit` entries beyond its share and no further.
    """

    def __init__(self, most: int | None, limit: int) -> None:
        self._most = most
        self._limit = limit
        self._read: Counter[int] = Counter()
        self._there_before: Counter[int] = Counter()
        self.full: set[int] = set()

    def count(self, source_id: int, *, was_there: bool) -> None:
        """Count an entry that was read; `was_there` if it is older than the period of late arrivals."""
        if self._most is None:
            return
        self._read[source_id] += 1
        if was_there:
            self._there_before[source_id] += 1

        has_share = self._there_before[source_id] >= self._most
        if has_share or self._read[source_id] >= self._most + self._limit:
            self.full.add(source_id)


class VisibleRanks:
    """The ranks of the entries that were there at one time, of each source the first `most`.

    Rank 0 is the newest entry. Ranks are added in the order in which the entries arrived.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._visible: list[int] = []
        self._by_source: defaultdict[int, list[int]] = defaultdict(list)

    def count_above(self, rank: int) -> int:
        """Return how many entries stood above this rank."""
        return bisect_left(self._visible, rank)

    def add(self, rank: int, source_id: int) -> None:
        if self._most is None:
            insort(self._visible, rank)
            return

        own = self._by_source[source_id]
        insort(own, rank)
        insort(self._visible, rank)
        if len(own) > self._most:
            pushed_out = own.pop()
            self._visible.pop(bisect_left(self._visible, pushed_out))
