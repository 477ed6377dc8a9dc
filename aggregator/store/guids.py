"""Guids that do not keep to their articles: handed on from item to item, or all given anew.

Rule: where a document lists an article by its link and gives that article's guid to another item, its guids are places
in a list: none counts that leads elsewhere than its item's other keys. What only polls can tell is told of polls alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from aggregator.model import Revision
    from aggregator.store.merge import Arrival
    from aggregator.store.shelf import Held

GUID = "guid:"


def handed_on(arrivals: Sequence[Arrival], indexes: Sequence[int], known: Mapping[str, Sequence[Held]]) -> set[int]:
    """Return the numbers of the results whose guids name what the same document lists under another link."""
    polled = [arrivals[index] for index in indexes if not arrivals[index].keep]
    listed = {
        (arrival.result, entry.entry_id) for arrival in polled for entry in known.get(arrival.revision.keys[0], ())
    }
    return {
        arrival.result
        for arrival in polled
        for key in _misleading(arrival.revision, known)
        if any((arrival.result, entry.entry_id) in listed for entry in known[key])
    }


def without_misleading(revision: Revision, known: Mapping[str, Sequence[Held]]) -> Revision:
    """Take from a revision the guids that lead elsewhere than its other keys."""
    misleading = _misleading(revision, known)
    if not misleading:
        return revision
    return replace(revision, keys=tuple(key for key in revision.keys if key not in misleading))


def most_are_new(revisions: Sequence[Revision], given: AbstractSet[str]) -> int:
    """Return how many of the items have a guid among those just `given` to known articles; 0 where few have."""
    having = [revision for revision in revisions if _guids(revision)]
    renewed = sum(not given.isdisjoint(_guids(revision)) for revision in having)
    return renewed if renewed >= _FEWEST and 2 * renewed > len(having) else 0


_FEWEST = 3  # items: fewer do not tell a habit from a correction


def _guids(revision: Revision) -> set[str]:
    """The guids that are not what the id is made of: another key stands before them."""
    return {key for key in revision.keys[1:] if key.startswith(GUID)}


def _misleading(revision: Revision, known: Mapping[str, Sequence[Held]]) -> set[str]:
    found: set[str] = set()
    for key in _guids(revision):
        if not known.get(key) or known[key] == known.get(revision.keys[0]):  # by far the most
            continue
        owners = {entry.entry_id for entry in known[key]}
        others = {entry.entry_id for other in revision.keys if other != key for entry in known.get(other, ())}
        if owners.isdisjoint(others):
            found.add(key)
    return found
