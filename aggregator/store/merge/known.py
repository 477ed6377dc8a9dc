"""Finds which of some revisions are new, before an article's own page is fetched.

An article is known by any of its keys. What was deleted on purpose counts as known: it is not read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.merge.keys import asked_keys
from aggregator.store.merge.lookup import entries_by_key
from aggregator.store.merge.statement import HEADLINE_LETTERS
from aggregator.store.merge.tombstones import find_deleted
from aggregator.store.schema import entry, source
from aggregator.store.schema import revision as sighting

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aggregator.model import Revision


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """What is known of an article: the hash of what is shown, and the hash that the asking source stated last.

    `shown_hash` is None for an article that was deleted, `source_hash` for one that only other sources stated so far.
    `has_text` tells whether more than a headline is shown.
    """

    shown_hash: str | None
    source_hash: str | None = None
    has_text: bool = True

    @property
    def is_deleted(self) -> bool:
        return self.shown_hash is None

    def is_unchanged_by(self, revision: Revision) -> bool:
        """Tell whether there is nothing new in `revision`.

        What another source states in the same words is nothing new if its text is known: two lists
        of one publisher have each page read once.
        """
        if self.is_deleted or revision.hash == self.source_hash:
            return True
        return self.has_text and revision.hash == self.shown_hash


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
        keys |= asked_keys(revision.keys)
    stored = entries_by_key(connection, keys)
    deleted = find_deleted(connection, dict(enumerate(revisions)))
    entry_ids = stored.entry_ids(keys)
    shown = _shown_hashes(connection, entry_ids)
    latest = _latest_hashes(connection, entry_ids, revisions[0].source)

    found: list[KnownArticle | None] = []
    for index, revision in enumerate(revisions):
        candidates = []
        for number in sorted(stored.entry_ids(asked_keys(revision.keys))):
            shown_hash, has_text = shown[number]
            candidates.append(KnownArticle(shown_hash, latest.get(number), has_text=has_text))
        if index in deleted:
            candidates.append(KnownArticle(None))
        found.append(_best_known(revision, candidates))
    return found


def _best_known(revision: Revision, candidates: Sequence[KnownArticle]) -> KnownArticle | None:
    """Return the article that the revision adds nothing to, else the first, None if there is none."""
    for candidate in candidates:
        if candidate.is_unchanged_by(revision):
            return candidate
    if not candidates:
        return None
    return candidates[0]


def _shown_hashes(
    connection: sa.Connection, entry_ids: Collection[int]
) -> dict[int, tuple[str, bool]]:
    """Return for each of these entries the hash of what is shown, and whether that has a text."""
    is_shown = sa.and_(
        sighting.c.entry_id == entry.c.id,
        sighting.c.source_id == entry.c.lead,
        sighting.c.hash == entry.c.hash,
    )
    letters = sa.func.max(sighting.c.letters)
    query = (
        sa.select(entry.c.id, entry.c.hash, letters)
        .outerjoin(sighting, is_shown)
        .where(in_values(entry.c.id, entry_ids, connection))
        .group_by(entry.c.id, entry.c.hash)
    )
    shown = {}
    for number, shown_hash, most_letters in connection.execute(query):
        shown[number] = shown_hash, (most_letters or 0) >= HEADLINE_LETTERS
    return shown


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
