"""Computes and writes the rows that change when articles are computed anew.

Rule: only differences are written. The row of an entry belongs to its uid for ever, so a row is inserted, updated in
place or deleted, and its sightings move.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.content import (
    Compressor,
    Facets,
    decompress,
    facets,
    load_content,
    primary_language,
)
from aggregator.store.engine import in_values
from aggregator.store.schema import content, entry, entry_key, revision
from aggregator.store.search import max_indexed_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from aggregator.store.merge.article import Article, Sighting
    from aggregator.store.merge.lookup import LoadedArticles, SightingRow

# An entry of which only these change has not changed.
_BOOKKEEPING_COLUMNS = frozenset({"seen_to", "run_at"})


@dataclass(frozen=True, slots=True)
class NewContent:
    """What comes with a sighting that is not stored yet: its content, and what filters need of it."""

    body: bytes
    facets: Facets


@dataclass(frozen=True, slots=True)
class ArticleGroup:
    """Articles computed anew from all the sightings that are connected by any key."""

    articles: tuple[Article, ...]
    stored: tuple[Sighting, ...]


@dataclass(slots=True)
class RowChanges:
    """Rows to write, by table and kind of change."""

    new_contents: list[dict[str, Any]] = field(default_factory=list)
    inserted_entries: list[dict[str, Any]] = field(default_factory=list)
    updated_entries: list[dict[str, Any]] = field(default_factory=list)
    deleted_entries: list[dict[str, Any]] = field(default_factory=list)
    new_sightings: list[dict[str, Any]] = field(default_factory=list)
    moved_sightings: list[dict[str, Any]] = field(default_factory=list)
    new_keys: list[dict[str, Any]] = field(default_factory=list)
    dropped_keys: list[dict[str, Any]] = field(default_factory=list)
    # The rows of entries that change.
    rows_before: dict[int, Mapping[str, Any] | None] = field(default_factory=dict)

    def keys_added_to_stored(self, prefix: str) -> frozenset[str]:
        """Return the keys with this beginning that entries which were there already now have as well."""
        inserted = {row["id"] for row in self.inserted_entries}
        added = set()
        for row in self.new_keys:
            if row["entry_id"] not in inserted and row["key"].startswith(prefix):
                added.add(row["key"])
        return frozenset(added)


class ChangeBuilder:
    """Collects the row changes of one merge; `past_first_run` are the sources whose first complete run is over."""

    def __init__(
        self,
        connection: sa.Connection,
        loaded: LoadedArticles,
        *,
        fresh: Mapping[Sighting, NewContent],
        compressor: Compressor,
        now: datetime,
        past_first_run: frozenset[int],
    ) -> None:
        self._connection = connection
        self._stored = loaded
        self._new_contents = fresh
        self._compressor = compressor
        self._now = now
        self._past_first_run = past_first_run
        self._next_entry, self._next_content = next_ids(connection)
        self._facets = {
            row["content_id"]: Facets(row["url"], row["language"], row["tags"])
            for row in loaded.entries.values()
        }
        self._rows_by_uid = {bytes(row["uid"]): row for row in loaded.entries.values()}
        self.changes = RowChanges()

    def add_group(self, group: ArticleGroup) -> list[int | None]:
        """Plan the changes of one group; return by how many revisions each article grew, None for a new entry."""
        kept = {sighting: self._stored.sightings[sighting] for sighting in group.stored}
        bodies = {sighting.digest: place.content_id for sighting, place in kept.items()}
        old_keys = _keys_by_entry(kept)
        grown = []
        for article in group.articles:
            self._add_contents(article, bodies)
            row = self._rows_by_uid.get(article.uid)
            entry_id = self._take_entry_id() if row is None else row["id"]
            values = self._entry_values(article, bodies[article.link_winner.digest])
            grown.append(self._add_entry(article, entry_id, values, row, kept))
            self._add_sightings(article, entry_id, bodies, kept)
            self._add_keys(article.keys, old_keys.pop(entry_id, frozenset()), entry_id)
        for entry_id, keys in old_keys.items():
            self._add_keys(frozenset(), keys, entry_id)
            self.changes.deleted_entries.append({"of": entry_id})
            self.changes.rows_before[entry_id] = self._stored.entries[entry_id]
        return grown

    def _take_entry_id(self) -> int:
        self._next_entry += 1
        return self._next_entry - 1

    def _add_contents(self, article: Article, bodies: dict[bytes, int]) -> None:
        """Give every new content of `article` a number in `bodies`."""
        for sighting in article.sightings:
            if sighting.digest in bodies:
                continue
            fresh = self._new_contents[sighting]
            bodies[sighting.digest] = self._next_content
            self._facets[self._next_content] = fresh.facets
            self.changes.new_contents.append(
                {"id": self._next_content, **self._compressor.pack(fresh.body)}
            )
            self._next_content += 1

    def _entry_values(self, article: Article, content_id: int) -> dict[str, Any]:
        shown, winner = article.newest.first_sighting, article.date_winner
        known = self._facets.get(content_id) or self._load_facets(content_id)
        return {
            "uid": article.uid,
            "key": article.key,
            "source_id": self._stored.source_ids[article.source],
            "url": known.url,
            "title": shown.title,
            "language": known.language,
            "tongue": primary_language(known.language),
            "tags": known.tags,
            "published": winner.published,
            "published_from": winner.published_from,
            "published_where": winner.published_where,
            "updated": article.updated,
            "first_seen": article.first_seen,
            "seen_to": article.seen_to,
            "hash": shown.hash,
            "revision": len(article.revisions),
            "run_at": shown.at,
            "content_id": content_id,
        }

    def _load_facets(self, content_id: int) -> Facets:
        """Read a content that becomes the shown one again: only where articles part or join."""
        row = self._connection.execute(
            sa.select(content.c.codec, content.c.body).where(content.c.id == content_id)
        ).one()
        return facets(load_content(decompress(row.codec, row.body)))

    def _add_entry(
        self,
        article: Article,
        entry_id: int,
        values: dict[str, Any],
        row: Mapping[str, Any] | None,
        kept: Mapping[Sighting, SightingRow],
    ) -> int | None:
        if row is None:
            self.changes.rows_before[entry_id] = None
            self.changes.inserted_entries.append(
                {
                    "id": entry_id,
                    **values,
                    **self._arrival_times(article, values["source_id"], kept),
                }
            )
            return None
        differing = {name for name, value in values.items() if row[name] != value}
        if differing:
            self.changes.updated_entries.append({"of": entry_id, **values})
            self.changes.rows_before[entry_id] = row
        return max(
            len(article.revisions) - int(row["revision"]),
            1 if differing - _BOOKKEEPING_COLUMNS else 0,
        )

    def _arrival_times(
        self, article: Article, source_id: int, kept: Mapping[Sighting, SightingRow]
    ) -> dict[str, Any]:
        """Return when a new entry came: what parts from an older one came with it."""
        rows = []
        for sighting in article.sightings:
            if sighting in kept:
                rows.append(self._stored.entries[kept[sighting].entry_id])
        if rows:
            oldest = min(rows, key=lambda row: (row["stored_at"], row["id"]))
            return {"stored_at": oldest["stored_at"], "arrived": oldest["arrived"]}

        arrived = None
        if source_id in self._past_first_run:
            arrived = self._now
        return {"stored_at": self._now, "arrived": arrived}

    def _add_sightings(
        self,
        article: Article,
        entry_id: int,
        bodies: Mapping[bytes, int],
        kept: Mapping[Sighting, SightingRow],
    ) -> None:
        for sighting in article.sightings:
            place = kept.get(sighting)
            if place is None:
                self.changes.new_sightings.append(
                    self._sighting_row(sighting, entry_id, bodies[sighting.digest])
                )
            elif place.entry_id != entry_id:
                self.changes.moved_sightings.append({"of": place.id, "entry_id": entry_id})

    def _sighting_row(self, sighting: Sighting, entry_id: int, content_id: int) -> dict[str, Any]:
        return {
            "entry_id": entry_id,
            "source_id": self._stored.source_ids[sighting.source],
            "keys": sighting.keys,
            "guarded": sighting.guarded,
            "at": sighting.at,
            "captured": sighting.captured,
            "hash": sighting.hash,
            "title": sighting.title,
            "published": sighting.published,
            "published_from": sighting.published_from,
            "published_where": sighting.published_where,
            "digest": sighting.digest,
            "content_id": content_id,
        }

    def _add_keys(self, now: frozenset[str], before: frozenset[str], entry_id: int) -> None:
        for key in sorted(now - before):
            self.changes.new_keys.append({"key": key, "entry_id": entry_id})
        for key in sorted(before - now):
            self.changes.dropped_keys.append({"old": key, "of": entry_id})


def write_changes(connection: sa.Connection, plan: RowChanges) -> None:
    """Write the rows of `plan`, in the order that foreign keys allow."""
    of: sa.BindParameter[int] = sa.bindparam("of")
    for statement, rows in (
        (sa.insert(content), plan.new_contents),
        (sa.insert(entry), plan.inserted_entries),
        (sa.update(entry).where(entry.c.id == of), plan.updated_entries),
        (sa.insert(revision), plan.new_sightings),
        (sa.update(revision).where(revision.c.id == of), plan.moved_sightings),
        (
            sa.delete(entry_key).where(
                entry_key.c.key == sa.bindparam("old"), entry_key.c.entry_id == of
            ),
            plan.dropped_keys,
        ),
        (sa.insert(entry_key), plan.new_keys),
        (sa.delete(entry).where(entry.c.id == of), plan.deleted_entries),
    ):
        if rows:
            connection.execute(statement, rows)


def delete_entry_rows(connection: sa.Connection, entry_ids: Sequence[int]) -> None:
    """Delete entries with all that belongs to them but what is derived from it."""
    lost = sa.select(revision.c.content_id).where(
        in_values(revision.c.entry_id, entry_ids, connection)
    )
    contents = sorted(set(connection.scalars(lost)))
    for statement in (
        sa.delete(revision).where(in_values(revision.c.entry_id, entry_ids, connection)),
        sa.delete(entry_key).where(in_values(entry_key.c.entry_id, entry_ids, connection)),
        sa.delete(entry).where(in_values(entry.c.id, entry_ids, connection)),
        sa.delete(content).where(in_values(content.c.id, contents, connection)),
    ):
        connection.execute(statement)


def next_ids(connection: sa.Connection) -> tuple[int, int]:
    """Return the numbers that the next entry and the next content are given."""
    last_entry = _max_id(connection, entry)
    last_content = max(_max_id(connection, content), max_indexed_id(connection))
    return last_entry + 1, last_content + 1


def _max_id(connection: sa.Connection, table: sa.Table) -> int:
    return connection.scalar(sa.select(sa.func.max(table.c.id))) or 0


def _keys_by_entry(kept: Mapping[Sighting, SightingRow]) -> dict[int, frozenset[str]]:
    keys: dict[int, set[str]] = {}
    for sighting, place in kept.items():
        keys.setdefault(place.entry_id, set()).update(sighting.keys)
    return {entry_id: frozenset(found) for entry_id, found in keys.items()}
