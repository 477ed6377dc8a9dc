"""Computes and writes the rows that change when articles are computed anew.

Only differences are written. The row of an entry belongs to its uid for ever: it is inserted, updated
in place, or deleted where two entries turn out to be one, and its sightings move to the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.content import (
    Compressor,
    Facets,
    decompress,
    dump_fields,
    facets,
    load_content,
    primary_language,
    urn,
)
from aggregator.store.engine import in_values
from aggregator.store.merge.article import uid_of
from aggregator.store.merge.compose import compose
from aggregator.store.schema import content, entry, entry_key, revision
from aggregator.store.search import max_indexed_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from aggregator.store.merge.article import Article
    from aggregator.store.merge.lookup import LoadedArticles
    from aggregator.store.merge.statement import Sighting

# An entry of which none of these changes has not changed.
_SHOWN_COLUMNS = frozenset(
    {
        "source_id",
        "url",
        "title",
        "language",
        "tags",
        "published",
        "published_from",
        "updated",
        "first_seen",
        "revision",
    }
)
# Parts of a content that readers of the article do not see; of tellers they see links.
_UNSHOWN_FIELDS = frozenset({"tellers", "provenance", "evidence", "guid", "url_original"})


@dataclass(frozen=True, slots=True)
class NewContent:
    """What comes with a sighting that is not stored yet: its content, and what filters need of it."""

    body: bytes
    facets: Facets


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
    # Ids of entries that were taken in before by an entry that is now taken in itself.
    moved_ids: list[dict[str, Any]] = field(default_factory=list)
    # Contents that were composed for an entry and are shown no more.
    dropped_contents: list[dict[str, Any]] = field(default_factory=list)
    # The rows of entries that change.
    rows_before: dict[int, Mapping[str, Any] | None] = field(default_factory=dict)


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
        self._contents: dict[int, dict[str, Any]] = {}  # loaded ones, by number
        self._new_bodies: dict[int, bytes] = {}
        self.changes = RowChanges()

    def add_article(
        self,
        article: Article,
        *,
        name: str,
        row: Mapping[str, Any] | None,
        lost_rows: Sequence[int],
    ) -> bool:
        """Plan the changes of an article; tell whether anything that is shown changes.

        `row` is its row, None for a new one. `lost_rows` are rows of articles that it takes in.
        """
        entry_id = self._take_entry_id() if row is None else int(row["id"])
        bodies = self._add_contents(article)
        content_id = self._shown_content(article, bodies, row)
        values = self._entry_values(article, content_id, row)
        if row is None:
            lost = [self._stored.entries[number] for number in lost_rows]
            values |= {"uid": uid_of(name), "key": name}
            values |= self._arrival_times(values["source_id"], lost)
            self.changes.inserted_entries.append({"id": entry_id, **values})
            self.changes.rows_before[entry_id] = None
            is_changed = True
        else:
            is_changed = self._update_entry(row, values) or self._shows_other(row, content_id)
        self._add_sightings(article, entry_id, bodies)
        self._add_keys(article, entry_id, lost_rows)
        for number in lost_rows:
            self.changes.deleted_entries.append({"of": number})
            self.changes.rows_before[number] = self._stored.entries[number]
            self._drop_composed(self._stored.entries[number], keep=content_id)
        return is_changed

    def _take_entry_id(self) -> int:
        self._next_entry += 1
        return self._next_entry - 1

    def _take_content_id(self, body: bytes, facets_of: Facets) -> int:
        number = self._next_content
        self._next_content += 1
        self._facets[number] = facets_of
        self._new_bodies[number] = body
        self.changes.new_contents.append({"id": number, **self._compressor.pack(body)})
        return number

    def _add_contents(self, article: Article) -> dict[bytes, int]:
        """Give every new content of `article` a number; return the numbers of all by their digests."""
        bodies = {}
        for sighting in article.sightings:
            place = self._stored.sightings.get(sighting)
            if place is not None:
                bodies[sighting.digest] = place.content_id
        for statement in article.statements:
            for sighting in statement.sightings:
                if sighting.digest not in bodies:
                    fresh = self._new_contents[sighting]
                    number = self._take_content_id(fresh.body, fresh.facets)
                    bodies[sighting.digest] = number
        return bodies

    def _shown_content(
        self, article: Article, bodies: Mapping[bytes, int], row: Mapping[str, Any] | None
    ) -> int:
        """Return the number of the content that is shown: the lead's own, or one composed of several."""
        own = bodies[article.link_winner.digest]
        before = None if row is None else int(row["content_id"])
        is_composed = before is not None and before not in bodies.values()
        if len(article.statements) == 1:
            if row is not None and is_composed:
                self._drop_composed(row, keep=own)
            return own

        shown = compose(article, self.content_of)
        body = dump_fields(shown)
        if is_composed and before is not None:
            if dump_fields(self._load_content(before)) == body:
                return before
            self.changes.dropped_contents.append({"of": before})
        return self._take_content_id(body, facets(shown))

    def _drop_composed(self, row: Mapping[str, Any], *, keep: int) -> None:
        """Delete the content that was composed for an entry, if it is no sighting's own."""
        shown = int(row["content_id"])
        sightings = self._stored.by_entry.get(row["id"], ())
        own = {self._stored.sightings[one].content_id for one in sightings}
        if shown != keep and shown not in own:
            self.changes.dropped_contents.append({"of": shown})

    def content_of(self, sighting: Sighting) -> dict[str, Any]:
        """Return the content of a sighting that is stored or has just come."""
        fresh = self._new_contents.get(sighting)
        if fresh is not None:
            return load_content(fresh.body)
        return self._load_content(self._stored.sightings[sighting].content_id)

    def _load_content(self, content_id: int) -> dict[str, Any]:
        if content_id in self._new_bodies:
            return load_content(self._new_bodies[content_id])
        if content_id not in self._contents:
            query = sa.select(content.c.codec, content.c.body).where(content.c.id == content_id)
            row = self._connection.execute(query).one()
            self._contents[content_id] = load_content(decompress(row.codec, row.body))
        return self._contents[content_id]

    def _entry_values(
        self, article: Article, content_id: int, row: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        current, winner = article.lead.current, article.date_winner
        known = self._facets.get(content_id) or facets(self._load_content(content_id))
        revision, base = _revision_numbers(article, row, self._stored.source_ids)
        updated = article.updated
        if row is not None and row["updated_base"] is not None:
            updated = max(updated, row["updated_base"])
        where = winner.published_where
        if where is not None and winner.source != article.source:
            where = f"{winner.source}/{where}"
        return {
            "source_id": self._stored.source_ids[article.source],
            "lead": self._stored.source_ids[article.lead.source],
            "url": known.url,
            "title": article.title,
            "language": known.language,
            "tongue": primary_language(known.language),
            "tags": known.tags,
            "published": winner.published,
            "published_from": winner.published_from,
            "published_where": where,
            "updated": updated,
            "first_seen": article.first_seen,
            "seen_to": article.seen_to,
            "hash": current.hash,
            "revision": revision,
            "revision_base": base,
            "run_at": current.at,
            "content_id": content_id,
        }

    def _update_entry(self, row: Mapping[str, Any], values: dict[str, Any]) -> bool:
        differing = {name for name, value in values.items() if row[name] != value}
        if differing:
            same = {"uid": row["uid"], "key": row["key"]}
            self.changes.updated_entries.append({"of": row["id"], **same, **values})
            self.changes.rows_before[row["id"]] = row
        return not differing.isdisjoint(_SHOWN_COLUMNS)

    def _shows_other(self, row: Mapping[str, Any], content_id: int) -> bool:
        """Tell whether the content of an entry looks other than before."""
        before = int(row["content_id"])
        if before == content_id:
            return False
        return self._shown_fields(content_id) != self._shown_fields(before)

    def _shown_fields(self, content_id: int) -> dict[str, Any]:
        """Return what readers see of a content."""
        loaded = self._load_content(content_id)
        shown = {name: value for name, value in loaded.items() if name not in _UNSHOWN_FIELDS}
        shown["links"] = _links_of_tellers(loaded)
        return shown

    def _arrival_times(self, source_id: int, lost: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return when a new entry came; what takes in older ones came with the oldest."""
        if lost:
            oldest = min(lost, key=lambda row: (row["stored_at"], row["id"]))
            return {"stored_at": oldest["stored_at"], "arrived": oldest["arrived"]}
        arrived = None
        if source_id in self._past_first_run:
            arrived = self._now
        return {"stored_at": self._now, "arrived": arrived}

    def _add_sightings(self, article: Article, entry_id: int, bodies: Mapping[bytes, int]) -> None:
        for statement in article.statements:
            for sighting in statement.sightings:
                place = self._stored.sightings.get(sighting)
                if place is None:
                    content_id = bodies[sighting.digest]
                    self.changes.new_sightings.append(
                        self._sighting_row(sighting, entry_id, content_id)
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
            "tier": sighting.tier,
            "letters": sighting.letters,
            "text_hash": sighting.text_hash,
        }

    def _add_keys(self, article: Article, entry_id: int, lost_rows: Sequence[int]) -> None:
        """Let the keys of an article lead to it, and the ids of those that it takes in."""
        now = set(article.keys)
        for number in lost_rows:
            now.add(urn(bytes(self._stored.entries[number]["uid"])))
            self.changes.moved_ids.append({"of": number, "entry_id": entry_id})
        before: set[str] = set()
        for sighting in self._stored.by_entry.get(entry_id, ()):
            before.update(sighting.keys)
        for key in sorted(now - before):
            self.changes.new_keys.append({"key": key, "entry_id": entry_id})


def _links_of_tellers(loaded: Mapping[str, Any]) -> set[str | None]:
    """Return the links of a content's tellers that are not the links of the content itself."""
    links = set()
    for teller in loaded.get("tellers", ()):
        links |= {teller["url"], teller.get("comments")}
    return links - {loaded["url"], loaded.get("comments"), None}


def _revision_numbers(
    article: Article, row: Mapping[str, Any] | None, source_ids: Mapping[str, int]
) -> tuple[int, int]:
    """Return the number of the revision that is shown, and the base that counted edits are added to.

    The number never falls. If a statement with a shorter history takes the lead, the number stays
    until the edits exceed it. Only a text that replaces a headline, or that of another tier,
    begins a count of its own on top of it.
    """
    edits = article.edits
    if row is None:
        return edits + 1, 1
    before: int = row["revision"]
    base: int = row["revision_base"]
    if edits + base >= before:
        return edits + base, base

    lead = article.lead
    former = [one for one in article.statements if source_ids[one.source] == row["lead"]]
    is_same_kind = any(one.tier == lead.tier and one.has_text == lead.has_text for one in former)
    if not is_same_kind:
        base = before - edits
    return before, base


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
            sa.update(entry_key).where(
                entry_key.c.entry_id == of, entry_key.c.key.startswith("urn:uuid:")
            ),
            plan.moved_ids,
        ),
        (sa.delete(entry_key).where(entry_key.c.entry_id == of), plan.deleted_entries),
        (sa.insert(entry_key), plan.new_keys),
        (sa.delete(entry).where(entry.c.id == of), plan.deleted_entries),
    ):
        if rows:
            connection.execute(statement, rows)


def drop_contents(connection: sa.Connection, plan: RowChanges) -> None:
    """Delete the contents that are shown no more, when nothing derived needs them."""
    if plan.dropped_contents:
        of: sa.BindParameter[int] = sa.bindparam("of")
        connection.execute(sa.delete(content).where(content.c.id == of), plan.dropped_contents)


def delete_entry_rows(connection: sa.Connection, entry_ids: Sequence[int]) -> None:
    """Delete entries with all that belongs to them but what is derived from it."""
    of_sightings = sa.select(revision.c.content_id).where(
        in_values(revision.c.entry_id, entry_ids, connection)
    )
    shown = sa.select(entry.c.content_id).where(in_values(entry.c.id, entry_ids, connection))
    contents = sorted({*connection.scalars(of_sightings), *connection.scalars(shown)})
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
