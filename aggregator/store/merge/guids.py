"""Finds guids that do not stay with their articles: passed on from item to item, or all new at once.

Where a document lists an article by its link and gives that article's guid to another item, its guids are
positions in a list: none counts that leads elsewhere than its item's other keys. A guid that names another title at
another link on another day is used again, like a number of the site's own. What only polls can show is decided for
polls alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.merge.article_record import REUSED_ID_GAP
from aggregator.store.merge.keys import GUID_PREFIX
from aggregator.store.merge.statement import GUESSED_ORIGINS, fold_title
from aggregator.store.schema import MICROSECOND, entry, micros

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from aggregator.model import Revision
    from aggregator.store.merge import IncomingRevision
    from aggregator.store.merge.lookup import EntrySummary


def find_wrong_guids(
    connection: sa.Connection,
    arrivals: Sequence[IncomingRevision],
    indexes: Iterable[int],
    known: Mapping[str, Sequence[EntrySummary]],
) -> tuple[set[int], dict[int, set[str]]]:
    """Return the results whose guids are places in a list, and the guids that name another item.

    The latter are keyed by the number of the arrival. A document of which half the items have
    guids that named other articles before is a list of places, too: all that it had is gone.
    """
    polled = [index for index in indexes if not arrivals[index].is_archive]
    reused = _find_reused_guids(connection, arrivals, polled, known)
    item_counts = Counter(arrivals[index].result_index for index in polled)
    reused_counts = Counter(arrivals[index].result_index for index in reused)
    positional = _find_positional(arrivals, polled, known)
    for result, count in reused_counts.items():
        if 2 * count >= item_counts[result]:
            positional.add(result)

    wrong = dict(reused)
    for index, arrival in enumerate(arrivals):
        if arrival.result_index not in positional:
            continue
        misleading = _misleading_guids(arrival.revision, known)
        if misleading:
            wrong[index] = misleading
    return positional, wrong


def drop_keys(revision: Revision, keys: Collection[str]) -> Revision:
    """Take keys from a revision that has others."""
    return replace(revision, keys=tuple(key for key in revision.keys if key not in keys))


def _secondary_guids(revision: Revision) -> set[str]:
    """Return the guids that the id is not made of: another key stands before them."""
    return {key for key in revision.keys[1:] if key.startswith(GUID_PREFIX)}


def _find_positional(
    arrivals: Sequence[IncomingRevision],
    polled: Sequence[int],
    known: Mapping[str, Sequence[EntrySummary]],
) -> set[int]:
    """Return the results whose guids name what the same document lists under another link."""
    listed = set()
    for index in polled:
        arrival = arrivals[index]
        for summary in known.get(arrival.revision.keys[0], ()):
            listed.add((arrival.result_index, summary.entry_id))

    positional = set()
    for index in polled:
        arrival = arrivals[index]
        for key in _misleading_guids(arrival.revision, known):
            owners = {(arrival.result_index, entry.entry_id) for entry in known[key]}
            if not listed.isdisjoint(owners):
                positional.add(arrival.result_index)
    return positional


def _find_reused_guids(
    connection: sa.Connection,
    arrivals: Sequence[IncomingRevision],
    polled: Sequence[int],
    known: Mapping[str, Sequence[EntrySummary]],
) -> dict[int, set[str]]:
    """Return, by arrival, the source's own guids that named quite another article before."""
    suspects: dict[int, dict[str, list[int]]] = {}
    owner_ids: set[int] = set()
    for index in polled:
        owners = dict(_guids_of_another_day(arrivals[index].revision, known))
        if owners:
            suspects[index] = owners
            owner_ids.update(*owners.values())
    if not suspects:  # by far the most
        return {}

    titles = _folded_titles(connection, owner_ids)
    reused: dict[int, set[str]] = {}
    for index, owners in suspects.items():
        title = fold_title(arrivals[index].revision.title)
        for key, entry_ids in owners.items():
            if title not in map(titles.get, entry_ids):
                reused.setdefault(index, set()).add(key)
    return reused


def _guids_of_another_day(
    revision: Revision, known: Mapping[str, Sequence[EntrySummary]]
) -> Iterator[tuple[str, list[int]]]:
    """Yield the source's own guids of which all owners appeared on quite another day.

    They lead elsewhere than the link. With each come the numbers of the entries that have it.
    """
    if revision.published_from in GUESSED_ORIGINS:
        return
    own_prefix = f"{GUID_PREFIX}{revision.source}:"
    for key in _misleading_guids(revision, known):
        if not key.startswith(own_prefix):
            continue
        if all(_is_on_another_day(revision, owner) for owner in known[key]):
            yield key, [owner.entry_id for owner in known[key]]


def _is_on_another_day(revision: Revision, owner: EntrySummary) -> bool:
    apart = abs(micros(revision.published) - owner.published)
    return owner.published_from not in GUESSED_ORIGINS and apart > REUSED_ID_GAP // MICROSECOND


def _folded_titles(connection: sa.Connection, numbers: Collection[int]) -> dict[int, str]:
    rows = connection.execute(
        sa.select(entry.c.id, entry.c.title).where(in_values(entry.c.id, numbers, connection))
    )
    return {number: fold_title(title) for number, title in rows}


def _misleading_guids(revision: Revision, known: Mapping[str, Sequence[EntrySummary]]) -> set[str]:
    """Return the guids that lead to entries that no other key of the revision leads to."""
    misleading: set[str] = set()
    for key in _secondary_guids(revision):
        entries = known.get(key)
        if not entries or entries == known.get(revision.keys[0]):  # by far the most
            continue
        owners = {entry.entry_id for entry in entries}
        if owners.isdisjoint(_entry_ids_of_other_keys(revision, key, known)):
            misleading.add(key)
    return misleading


def _entry_ids_of_other_keys(
    revision: Revision, key: str, known: Mapping[str, Sequence[EntrySummary]]
) -> set[int]:
    entry_ids: set[int] = set()
    for other_key in revision.keys:
        if other_key != key:
            entry_ids.update(entry.entry_id for entry in known.get(other_key, ()))
    return entry_ids
