"""Merges revisions into articles: the heart of the store.

An item that only repeats what its source said before ends here at once. Of the rest, `resolve.py`
decides which article each is, `article.py` computes what is shown, and `changes.py` writes the
difference.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import orjson
import sqlalchemy as sa

from aggregator.store.content import (
    Compressor,
    Facets,
    digest,
    dump_content,
    plain_text,
    text_size_of,
    urn,
)
from aggregator.store.derived import set_derived_columns, update_derived_tables
from aggregator.store.engine import in_values
from aggregator.store.merge import bulk_insert, guids
from aggregator.store.merge.article import build_article, uid_of
from aggregator.store.merge.article_record import ArticleRecord
from aggregator.store.merge.changes import ChangeBuilder, NewContent, drop_contents, write_changes
from aggregator.store.merge.keys import asked_keys
from aggregator.store.merge.lookup import (
    ensure_source_ids,
    entries_by_key,
    holds_own_ids,
    load_articles,
    load_ranks,
)
from aggregator.store.merge.resolve import DocumentItem, ListedDocument, Resolver
from aggregator.store.merge.restless import is_too_restless
from aggregator.store.merge.statement import Sighting
from aggregator.store.merge.tombstones import find_deleted
from aggregator.store.schema import entry, micros, source_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Revision
    from aggregator.store.merge.article import Article
    from aggregator.store.merge.lookup import LoadedArticles, StoredEntries
    from aggregator.store.merge.statement import SourceRank

MergeStatus: TypeAlias = Literal["new", "changed", "same"]


class IncomingRevision(NamedTuple):
    """One revision of the result number `result_index`.

    `is_archive` is the result's `keep_sightings`. `repeats` is the name of the article of which the
    source said just this before, None for anything else. `recognised` is the row of the article
    that it was found to be by title and date.
    """

    result_index: int
    revision: Revision
    is_archive: bool
    repeats: str | None = None
    recognised: int | None = None


@dataclass(slots=True)
class MergeResult:
    """What each arrival did, in order, and what became of guids.

    `names` are the keys that the ids of their articles are made of. `positional_guids` are the
    results whose guids are positions in a list. `renewed_guids` counts by result the items that
    have other guids than before, `slowed` those whose edit has to wait.
    """

    statuses: list[MergeStatus]
    names: list[str]
    positional_guids: frozenset[int] = frozenset()
    renewed_guids: dict[int, int] = field(default_factory=dict)
    slowed: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))


def merge(
    connection: sa.Connection,
    arrivals: Sequence[IncomingRevision],
    *,
    now: datetime,
    compressor: Compressor,
) -> MergeResult:
    """Merge all `arrivals`; return what each of them did."""
    names = [arrival.repeats or arrival.revision.keys[0] for arrival in arrivals]
    merged = MergeResult(["same"] * len(arrivals), names)
    news = [index for index, arrival in enumerate(arrivals) if arrival.repeats is None]
    if not news:
        return merged

    batch = _read_batch(connection, arrivals, news)
    merged.positional_guids = batch.positional_guids
    revisions = {index: batch.arrivals[index].revision for index in news}
    source_ids = ensure_source_ids(connection, {revision.source for revision in revisions.values()})
    unknown = _find_unknown(batch, revisions)
    deleted = find_deleted(connection, revisions)
    past_first_run = _sources_past_first_run(connection, source_ids.values())

    # Almost all of a first run shares no key with anything and is written without comparing.
    unshared = unknown & bulk_insert.find_unshared(revisions, batch.stored) - deleted.keys()
    if unshared:
        context = bulk_insert.InsertContext(compressor, micros(now), source_ids, past_first_run)
        new = [revisions[index] for index in sorted(unshared)]
        bulk_insert.insert_articles(connection, new, context)
    for index in unshared:
        merged.statuses[index] = "new"
        merged.names[index] = revisions[index].keys[0]
    for index, name in deleted.items():
        merged.names[index] = name

    gone = unknown & deleted.keys()
    pending = [index for index in news if index not in unshared and index not in gone]
    if pending:
        merger = _Merger(connection, batch, source_ids, now=now, compressor=compressor)
        merger.merge(pending, deleted.keys(), merged)
    return merged


@dataclass(frozen=True, slots=True)
class _Batch:
    """The arrivals of one merge, and what was learned about them beforehand."""

    arrivals: Sequence[IncomingRevision]
    stored: StoredEntries
    # Results whose guids are list positions (1, 2, 3 …) and name another item at each poll.
    positional_guids: frozenset[int] = frozenset()


def _read_batch(
    connection: sa.Connection, arrivals: Sequence[IncomingRevision], news: Collection[int]
) -> _Batch:
    """Look up what the documents with news lead to, and drop guids that name something else."""
    documents = {arrivals[index].result_index for index in news}
    with_news = []
    keys: set[str] = set()
    for index, arrival in enumerate(arrivals):
        if arrival.result_index in documents:
            with_news.append(index)
            keys |= asked_keys(arrival.revision.keys)
    if holds_own_ids(connection):
        keys.update(urn(uid_of(arrivals[index].revision.keys[0])) for index in with_news)
    stored = entries_by_key(connection, keys)

    # Only a guid that meets a stored entry can be wrong: a first run skips the check.
    suspects = set()
    for index in news:
        if stored.has_any(arrivals[index].revision.keys):
            suspects.add(arrivals[index].result_index)
    to_check = [index for index in with_news if arrivals[index].result_index in suspects]
    positional, wrong_guids = guids.find_wrong_guids(connection, arrivals, to_check, stored)
    corrected = list(arrivals)
    for index, wrong in wrong_guids.items():
        revision = guids.drop_keys(arrivals[index].revision, wrong)
        corrected[index] = arrivals[index]._replace(revision=revision)
    return _Batch(corrected, stored, frozenset(positional))


def _find_unknown(batch: _Batch, revisions: Mapping[int, Revision]) -> set[int]:
    """Return the arrivals of which no key is known."""
    unknown = set()
    for index, revision in revisions.items():
        arrival = batch.arrivals[index]
        is_known = batch.stored.has_any(asked_keys(revision.keys))
        if not is_known and arrival.recognised is None:
            unknown.add(index)
    return unknown


class _Merger:
    """Merges arrivals that share keys with stored articles or with each other."""

    def __init__(
        self,
        connection: sa.Connection,
        batch: _Batch,
        source_ids: Mapping[str, int],
        *,
        now: datetime,
        compressor: Compressor,
    ) -> None:
        self._connection = connection
        self._arrivals = batch.arrivals
        self._stored = batch.stored
        self._now = now
        self._compressor = compressor
        self._contents: dict[Sighting, NewContent] = {}
        self._source_ids = source_ids

    def merge(
        self, pending: Collection[int], deleted: Collection[int], merged: MergeResult
    ) -> None:
        """Merge these arrivals, and write down what each of them did; `deleted` become no new articles."""
        loaded = self._load(pending)
        sightings = self._make_sightings(pending)
        resolver = Resolver(_known_articles(loaded), is_name_taken=self._is_name_taken)
        found: dict[int, ArticleRecord] = {}
        for number, document in self._documents(pending, sightings):
            resolved, renewed = resolver.resolve(document, deleted)
            found |= resolved
            if renewed:
                merged.renewed_guids[number] = merged.renewed_guids.get(number, 0) + renewed

        by_article: dict[int, list[int]] = {}
        for index in sorted(found, key=lambda index: _order(sightings[index], index)):
            article = resolver.final(found[index])
            merged.names[index] = article.name
            by_article.setdefault(article.number, []).append(index)
        self._write(by_article, sightings, resolver, loaded, merged)

    def _load(self, pending: Iterable[int]) -> LoadedArticles:
        keys: set[str] = set()
        numbers: set[int] = set()
        for index in pending:
            arrival = self._arrivals[index]
            keys |= asked_keys(arrival.revision.keys)
            if arrival.recognised is not None:
                numbers.add(arrival.recognised)
        loaded = load_articles(self._connection, self._stored.entry_ids(keys) | numbers)
        loaded.source_ids.update(self._source_ids)
        return loaded

    def _make_sightings(self, pending: Collection[int]) -> dict[int, Sighting]:
        """Return the sightings of all arrivals of the documents with news, by their numbers."""
        documents = {self._arrivals[index].result_index for index in pending}
        sightings = {}
        for index, arrival in enumerate(self._arrivals):
            if arrival.result_index in documents:
                sighting, new_content = _make_sighting(arrival.revision)
                sightings[index] = sighting
                if new_content is not None:
                    self._contents[sighting] = new_content
        return sightings

    def _documents(
        self, pending: Collection[int], sightings: Mapping[int, Sighting]
    ) -> list[tuple[int, ListedDocument]]:
        """Return the documents with the number of their results, in the order of their capture.

        Each saved file is a document of its own.
        """
        wanted = set(pending)
        by_document: dict[tuple[datetime, str, int, int], list[DocumentItem]] = {}
        for index, sighting in sightings.items():
            arrival = self._arrivals[index]
            number_in_folder = index if arrival.is_archive else 0
            place = (
                sighting.captured,
                sighting.source,
                arrival.result_index,
                number_in_folder,
            )
            item = DocumentItem(index, sighting, index in wanted, arrival.recognised)
            by_document.setdefault(place, []).append(item)
        documents = []
        for place in sorted(by_document):
            items = by_document[place]
            number = self._arrivals[items[0].index].result_index
            documents.append((number, ListedDocument.of(items[0].sighting.source, items)))
        return documents

    def _write(
        self,
        by_article: Mapping[int, Sequence[int]],
        sightings: Mapping[int, Sighting],
        resolver: Resolver,
        loaded: LoadedArticles,
        merged: MergeResult,
    ) -> None:
        ranks = load_ranks(self._connection, loaded.source_ids.keys())
        builder = ChangeBuilder(
            self._connection,
            loaded,
            fresh=self._contents,
            compressor=self._compressor,
            now=self._now,
            past_first_run=_sources_past_first_run(self._connection, loaded.source_ids.values()),
        )
        for number, indexes in by_article.items():
            known = resolver.articles[number]
            lost = [one for one in resolver.united if _end_of(one, resolver.united) == number]
            lost_rows = [one for one in lost if one > 0]
            stored = list(loaded.by_entry.get(number, ()))
            for row in lost_rows:
                stored += loaded.by_entry[row]
            self._add(known, indexes, sightings, stored, lost_rows, builder, ranks, loaded, merged)

        set_derived_columns(builder.changes)
        write_changes(self._connection, builder.changes)
        update_derived_tables(self._connection, builder.changes)
        drop_contents(self._connection, builder.changes)

    def _add(
        self,
        known: ArticleRecord,
        indexes: Sequence[int],
        sightings: Mapping[int, Sighting],
        stored: Sequence[Sighting],
        lost_rows: Sequence[int],
        builder: ChangeBuilder,
        ranks: Mapping[str, SourceRank],
        loaded: LoadedArticles,
        merged: MergeResult,
    ) -> None:
        """Plan what the arrivals of one article change."""
        members = set(stored)
        article = build_article(members, ranks) if members else None
        listed = self._repeated_in(known.name)
        accepted = []
        for index in indexes:
            sighting = sightings[index]
            if sighting in members or self._is_second_listing(index, sighting, listed):
                continue
            after = build_article(members | {sighting}, ranks)
            is_archive = self._arrivals[index].is_archive
            if article is not None and not is_archive:
                if article.visible_state() == after.visible_state():
                    continue
                if self._has_to_wait(article, after, sighting, builder):
                    merged.slowed[self._arrivals[index].result_index] += 1
                    continue
            members.add(sighting)
            accepted.append((index, _is_edit(article, after, sighting.source)))
            article = after
        if article is None or not (accepted or lost_rows):
            return

        row = loaded.entries.get(known.number)
        is_changed = builder.add_article(article, name=known.name, row=row, lost_rows=lost_rows)
        _set_statuses(merged, accepted, is_new=row is None, is_changed=is_changed)

    def _repeated_in(self, name: str) -> set[tuple[object, ...]]:
        """Return in which documents an article is repeated, each with the time of the version."""
        repeated: set[tuple[object, ...]] = set()
        for arrival in self._arrivals:
            if arrival.repeats == name:
                repeated.add((arrival.result_index, arrival.revision.at))
        return repeated

    def _is_second_listing(
        self, index: int, sighting: Sighting, listed: set[tuple[object, ...]]
    ) -> bool:
        """Tell whether a document states a version of this time already: the first one counts."""
        arrival = self._arrivals[index]
        version = (arrival.result_index, sighting.at)
        is_second = version in listed and not arrival.is_archive
        listed.add(version)
        return is_second

    def _has_to_wait(
        self, before: Article, after: Article, sighting: Sighting, builder: ChangeBuilder
    ) -> bool:
        """Tell whether a poll's edit has to wait, because its source changes the article at every poll."""
        statements = [one for one in before.statements if one.source == sighting.source]
        if not statements:
            return False
        [edited] = [one for one in after.statements if one.source == sighting.source]
        return is_too_restless(
            statements[0], edited, lambda one: plain_text(builder.content_of(one))
        )

    def _is_name_taken(self, name: str) -> bool:
        found = self._connection.scalar(sa.select(entry.c.id).where(entry.c.uid == uid_of(name)))
        return found is not None


def _end_of(number: int, united: Mapping[int, int]) -> int:
    while number in united:
        number = united[number]
    return number


def _known_articles(loaded: LoadedArticles) -> list[ArticleRecord]:
    articles = []
    for number, row in loaded.entries.items():
        articles.append(ArticleRecord(number, row["key"], list(loaded.by_entry.get(number, ()))))
    return articles


def _order(sighting: Sighting, index: int) -> tuple[object, ...]:
    """Return what orders arrivals: by capture, then the newest version of one document first."""
    return sighting.captured, sighting.source, -micros(sighting.at), index


def _is_edit(before: Article | None, after: Article, source: str) -> bool:
    """Tell whether a source has edited what it said before."""
    return before is not None and _edits_of(after, source) > _edits_of(before, source)


def _edits_of(article: Article, source: str) -> int:
    return sum(one.edits for one in article.statements if one.source == source)


def _set_statuses(
    merged: MergeResult,
    accepted: Sequence[tuple[int, bool]],
    *,
    is_new: bool,
    is_changed: bool,
) -> None:
    """Write down what each accepted sighting did: the first of a new entry is `new`, an edit `changed`.

    If none is an edit and yet something that is shown has changed, the last one did it.
    """
    if not accepted:
        return

    edits = [index for index, is_edit in accepted if is_edit]
    for index in edits:
        merged.statuses[index] = "changed"

    if is_new:
        first, _ = accepted[0]
        merged.statuses[first] = "new"
    elif is_changed and not edits:
        last, _ = accepted[-1]
        merged.statuses[last] = "changed"


def _make_sighting(revision: Revision) -> tuple[Sighting, NewContent]:
    body = dump_content(revision)
    size = text_size_of(revision)
    sighting = Sighting(
        source=revision.source,
        keys=revision.keys,
        guarded=revision.guarded,
        at=revision.at,
        captured=revision.captured,
        hash=revision.hash,
        title=revision.title,
        published=revision.published,
        published_from=revision.published_from,
        published_where=revision.provenance.get("published"),
        digest=digest(body),
        tier=revision.tier,
        letters=size.letters,
        text_hash=size.text_hash,
    )
    tags = orjson.dumps(revision.tags).decode()
    return sighting, NewContent(body, Facets(revision.url, revision.language, tags))


def _sources_past_first_run(connection: sa.Connection, numbers: Collection[int]) -> frozenset[int]:
    """Return the sources whose first complete run is over: only theirs can be late."""
    query = sa.select(source_state.c.source_id).where(
        in_values(source_state.c.source_id, numbers, connection),
        source_state.c.first_complete.is_not(None),
    )
    return frozenset(connection.scalars(query))
