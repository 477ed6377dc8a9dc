"""Finds which of some revisions are new, before an article's own page is fetched.

Rule: an article is known by any of its keys. What was deleted on purpose counts as known: it is not read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.merge.lookup import deleted_keys, entries_by_key
from aggregator.store.schema import revision as sighting
from aggregator.store.schema import source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from aggregator.model import Revision
    from aggregator.store.merge.lookup import EntrySummary


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """What is known of an article: the hash of what is shown, and the hash that the asking source stated last.

    `shown_hash` is None for an article that was deleted, `source_hash` for one that only other sources stated so far.
    """

    shown_hash: str | None
    source_hash: str | None = None

    def is_unchanged_by(self, revision: Revision) -> bool:
        """Tell whether there is nothing new in `revision`."""
        return self.shown_hash is None or revision.hash in (self.shown_hash, self.source_hash)


def find_known(
    connection: sa.Connection, revisions: Sequence[Revision]
) -> list[KnownArticle | None]:
    """Return what is known of the articles of `revisions`, in their order; None for unknown ones.

    All revisions are of one source.
    """
    if not revisions:
        return []
    keys: set[str] = set()
    for revision in revisions:
        keys.update(revision.keys)
    by_key = entries_by_key(connection, keys)
    deleted = deleted_keys(connection, {revision.keys[0] for revision in revisions})
    entry_ids: set[int] = set()
    for entries in by_key.values():
        entry_ids.update(entry.entry_id for entry in entries)
    latest = _latest_hashes(connection, entry_ids, revisions[0].source)

    found: list[KnownArticle | None] = []
    for revision in revisions:
        candidates = []
        for entry in _entries_of(revision, by_key):
            candidates.append(KnownArticle(entry.hash, latest.get(entry.entry_id)))
        if revision.keys[0] in deleted:
            candidates.append(KnownArticle(None))
        found.append(_best_known(revision, candidates))
    return found


def _entries_of(
    revision: Revision, by_key: Mapping[str, Sequence[EntrySummary]]
) -> Iterable[EntrySummary]:
    """Return the entries that any key of a revision leads to, each once."""
    entries = {}
    for key in revision.keys:
        for entry in by_key.get(key, ()):
            entries[entry.entry_id] = entry
    return entries.values()


def _best_known(revision: Revision, candidates: Sequence[KnownArticle]) -> KnownArticle | None:
    """Return the article that the revision adds nothing to, else the first, None if there is none."""
    for candidate in candidates:
        if candidate.is_unchanged_by(revision):
            return candidate
    if not candidates:
        return None
    return candidates[0]


def _latest_hashes(
    connection: sa.Connection, entry_ids: Collection[int], name: str
) -> dict[int, str]:
    """Return for each of these entries the hash of the newest sighting that a source had of it."""
    query = (
        sa.select(sighting.c.entry_id, sighting.c.hash)
        .join(source, source.c.id == sighting.c.source_id)
        .where(source.c.name == name, in_values(sighting.c.entry_id, entry_ids, connection))
        .order_by(sighting.c.captured, sighting.c.id)
    )
    return {row.entry_id: row.hash for row in connection.execute(query)}  # the last one stands
