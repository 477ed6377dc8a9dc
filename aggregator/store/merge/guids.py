"""Guids that do not keep to their articles: handed on from item to item, or all given anew.

Rule: where a document lists an article by its link and gives that article's guid to another item, its guids are places
in a list: none counts that leads elsewhere than its item's other keys. One that names another title at another link on
another day is used again, as a site's own number is. What only polls can tell is told of polls alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.merge.article import GUESSED_ORIGINS, REUSED_ID_GAP, fold_title
from aggregator.store.schema import MICROSECOND, entry, micros

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from aggregator.model import Revision
    from aggregator.store.merge import IncomingRevision
    from aggregator.store.merge.lookup import EntrySummary

GUID_PREFIX = "guid:"


def find_wrong_guids(
    connection: sa.Connection,
    arrivals: Sequence[IncomingRevision],
    indexes: Iterable[int],
    known: Mapping[str, Sequence[EntrySummary]],
) -> tuple[set[int], dict[int, set[str]]]:
    """Return the numbers of the results whose guids are places in a list, and by number of the arrival, the guids that
    name something else than the item.

    A list of which half the items have guids that named others is one as well: all that it had is gone.
    """
    polled = [index for index in indexes if not arrivals[index].is_archive]
    again = _find_reused_guids(connection, arrivals, polled, known)
    items = Counter(arrivals[index].result_index for index in polled)
    most = {
        result
        for result, count in Counter(arrivals[index].result_index for index in again).items()
        if 2 * count >= items[result]
    }
    results = _find_positional(arrivals, polled, known) | most
    misleading = {
        index: found
        for index, arrival in enumerate(arrivals)
        if arrival.result_index in results and (found := _misleading_guids(arrival.revision, known))
    }
    return results, again | misleading


def drop_keys(revision: Revision, keys: Collection[str]) -> Revision:
    """Take keys from a revision that has others."""
    return replace(revision, keys=tuple(key for key in revision.keys if key not in keys))


def count_renewed(revisions: Sequence[Revision], given: AbstractSet[str]) -> int:
    """Return how many of the items have a guid among those just `given` to known articles; 0 where few have."""
    having = [revision for revision in revisions if _secondary_guids(revision)]
    renewed = sum(not given.isdisjoint(_secondary_guids(revision)) for revision in having)
    return renewed if renewed >= _MIN_ITEMS and 2 * renewed > len(having) else 0


_MIN_ITEMS = 3  # items: fewer do not tell a habit from a correction


def _secondary_guids(revision: Revision) -> set[str]:
    """The guids that are not what the id is made of: another key stands before them."""
    return {key for key in revision.keys[1:] if key.startswith(GUID_PREFIX)}


def _find_positional(
    arrivals: Sequence[IncomingRevision],
    polled: Sequence[int],
    known: Mapping[str, Sequence[EntrySummary]],
) -> set[int]:
    """Return the numbers of the results whose guids name what the same document lists under another link."""
    listed = {
        (arrivals[index].result_index, entry.entry_id)
        for index in polled
        for entry in known.get(arrivals[index].revision.keys[0], ())
    }
    return {
        arrivals[index].result_index
        for index in polled
        for key in _misleading_guids(arrivals[index].revision, known)
        if any((arrivals[index].result_index, entry.entry_id) in listed for entry in known[key])
    }


def _find_reused_guids(
    connection: sa.Connection,
    arrivals: Sequence[IncomingRevision],
    polled: Sequence[int],
    known: Mapping[str, Sequence[EntrySummary]],
) -> dict[int, set[str]]:
    """Return, by number of the arrival, the source's own guids that named quite another article before."""
    found = {
        index: dict(_guids_of_another_day(arrivals[index].revision, known)) for index in polled
    }
    suspects = {index: owners for index, owners in found.items() if owners}
    if not suspects:  # by far the most
        return {}
    numbers = {
        number for owners in suspects.values() for found in owners.values() for number in found
    }
    titles = _folded_titles(connection, numbers)
    again = {
        index: {
            key
            for key, found in owners.items()
            if fold_title(arrivals[index].revision.title) not in map(titles.get, found)
        }
        for index, owners in suspects.items()
    }
    return {index: keys for index, keys in again.items() if keys}


def _guids_of_another_day(
    revision: Revision, known: Mapping[str, Sequence[EntrySummary]]
) -> Iterator[tuple[str, list[int]]]:
    """Yield the source's own guids that lead elsewhere than the link, to what appeared on quite another day."""
    if revision.published_from in GUESSED_ORIGINS:
        return
    for key in _misleading_guids(revision, known):
        owners = known[key]
        if key.startswith(f"{GUID_PREFIX}{revision.source}:") and all(
            _is_on_another_day(revision, owner) for owner in owners
        ):
            yield key, [owner.entry_id for owner in owners]


def _is_on_another_day(revision: Revision, owner: EntrySummary) -> bool:
    apart = abs(micros(revision.published) - owner.published)
    return owner.published_from not in GUESSED_ORIGINS and apart > REUSED_ID_GAP // MICROSECOND


def _folded_titles(connection: sa.Connection, numbers: Collection[int]) -> dict[int, str]:
    rows = connection.execute(
        sa.select(entry.c.id, entry.c.title).where(in_values(entry.c.id, numbers, connection))
    )
    return {number: fold_title(title) for number, title in rows}


def _misleading_guids(revision: Revision, known: Mapping[str, Sequence[EntrySummary]]) -> set[str]:
    found: set[str] = set()
    for key in _secondary_guids(revision):
        if not known.get(key) or known[key] == known.get(revision.keys[0]):  # by far the most
            continue
        owners = {entry.entry_id for entry in known[key]}
        others = {
            entry.entry_id
            for other in revision.keys
            if other != key
            for entry in known.get(other, ())
        }
        if owners.isdisjoint(others):
            found.add(key)
    return found
