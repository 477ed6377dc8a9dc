"""Merges revisions into articles: the heart of the store.

Rule: the entries are a function of the set of revisions ever merged, whatever their order and grouping (a poll that
only sees again what is shown leaves nothing, and a document states one version of an article).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import orjson
import sqlalchemy as sa

from aggregator.store.content import Compressor, Facets, digest, dump_content
from aggregator.store.derived import set_derived_columns, update_derived_tables
from aggregator.store.engine import in_values
from aggregator.store.merge import bulk_insert, guids
from aggregator.store.merge.article import (
    MAX_EDITS_IN_A_ROW,
    DisjointSets,
    Sighting,
    build_articles,
    fold_title,
)
from aggregator.store.merge.changes import ArticleGroup, ChangeBuilder, NewContent, write_changes
from aggregator.store.merge.lookup import (
    deleted_keys,
    ensure_source_ids,
    entries_by_key,
    load_articles,
)
from aggregator.store.schema import micros, source_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Revision
    from aggregator.store.merge.article import Article
    from aggregator.store.merge.lookup import LoadedArticles, StoredEntries

MergeStatus: TypeAlias = Literal["new", "changed", "same"]


class IncomingRevision(NamedTuple):
    """One revision of the result number `result`; `keep` is the result's `keep_sightings`."""

    result_index: int
    revision: Revision
    is_archive: bool


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What each arrival did, in order, and what became of guids.

    `added_guids` are those that stored articles have for the first time. `positional_guids` are the results whose guids
    are positions in a list.
    """

    statuses: list[MergeStatus]
    added_guids: frozenset[str] = frozenset()
    positional_guids: frozenset[int] = frozenset()


def merge(
    connection: sa.Connection,
    arrivals: Sequence[IncomingRevision],
    *,
    now: datetime,
    compressor: Compressor,
) -> MergeResult:
    """Merge all `arrivals`; return what each of them did."""
    statuses: list[MergeStatus] = ["same"] * len(arrivals)
    batch = _select_for_merge(connection, arrivals)
    if not batch.pending:
        return MergeResult(statuses, positional_guids=batch.positional_guids)

    pending = {index: batch.arrivals[index] for index in batch.pending}
    revisions = {index: arrival.revision for index, arrival in pending.items()}
    names = {revision.source for revision in revisions.values()}
    source_ids = ensure_source_ids(connection, names)
    past_first_run = _sources_past_first_run(connection, source_ids.values())

    # Almost all of a first run shares no key with anything and is written without comparing.
    unshared = bulk_insert.find_unshared(revisions, batch.stored)
    if unshared:
        context = bulk_insert.InsertContext(compressor, micros(now), source_ids, past_first_run)
        new = [revision for index, revision in revisions.items() if index in unshared]
        bulk_insert.insert_articles(connection, new, context)
        for index in unshared:
            statuses[index] = "new"

    shared = {index: arrival for index, arrival in pending.items() if index not in unshared}
    if not shared:
        return MergeResult(statuses, positional_guids=batch.positional_guids)
    loaded = load_articles(connection, batch.stored.entry_ids(_all_keys(shared.values())))
    loaded.source_ids.update(source_ids)
    added_guids = _merge_with_stored(
        connection, shared, loaded, statuses, now=now, compressor=compressor
    )
    return MergeResult(statuses, added_guids, batch.positional_guids)


def _merge_with_stored(
    connection: sa.Connection,
    arrivals: Mapping[int, IncomingRevision],
    loaded: LoadedArticles,
    statuses: list[MergeStatus],
    *,
    now: datetime,
    compressor: Compressor,
) -> frozenset[str]:
    """Merge arrivals that share keys with stored articles or with each other.

    `arrivals` are keyed by their numbers; what each did is written into `statuses`. Returns the
    guids that stored articles have from now on.
    """
    sightings: dict[int, Sighting] = {}
    contents: dict[Sighting, NewContent] = {}
    for index, arrival in arrivals.items():
        sighting, new_content = _make_sighting(arrival.revision)
        sightings[index] = sighting
        contents[sighting] = new_content

    planner = ChangeBuilder(
        connection,
        loaded,
        fresh=contents,
        compressor=compressor,
        now=now,
        past_first_run=_sources_past_first_run(connection, loaded.source_ids.values()),
    )
    for stored, indexes in _group_by_shared_keys(loaded, sightings):
        fresh = [(sightings[index], arrivals[index].is_archive, index) for index in indexes]
        articles, accepted = _accept_sightings(stored, fresh)
        if accepted:
            growth = planner.add_group(ArticleGroup(articles, tuple(stored)))
            _set_statuses(statuses, articles, growth, accepted)

    set_derived_columns(planner.changes)
    write_changes(connection, planner.changes)
    update_derived_tables(connection, planner.changes)
    return planner.changes.keys_added_to_stored(guids.GUID_PREFIX)


@dataclass(frozen=True, slots=True)
class _Batch:
    """The arrivals of one merge, and what was learned about them beforehand."""

    arrivals: Sequence[IncomingRevision]
    pending: Sequence[int]  # indexes of the arrivals that may change the store
    stored: StoredEntries
    # Results whose guids are list positions (1, 2, 3 …) and name another item at each poll.
    positional_guids: frozenset[int] = frozenset()


def _select_for_merge(connection: sa.Connection, arrivals: Sequence[IncomingRevision]) -> _Batch:
    """Find the arrivals that may change the store.

    Most items of most polls repeat what is stored. They are sorted out first, with one query for
    the whole batch; the costlier checks see only documents with news.
    """
    stored = entries_by_key(connection, _all_keys(arrivals))
    news = _find_news(arrivals, stored)
    if not news:
        return _Batch(arrivals, (), stored)

    documents = {arrivals[index].result_index for index in news}
    newest = _newest_versions(arrivals, documents)

    # Only a guid that meets a stored entry can be wrong: a first run skips the check.
    suspects = _documents_with_stored_items(arrivals, news, stored)
    to_check = [index for index in newest if arrivals[index].result_index in suspects]
    positional_guids, wrong_guids = guids.find_wrong_guids(connection, arrivals, to_check, stored)
    if wrong_guids:
        arrivals = _drop_guids(arrivals, wrong_guids)
        news = _find_news(arrivals, stored)

    deleted = deleted_keys(connection, {arrivals[index].revision.keys[0] for index in news})
    pending = []
    for index in news:
        if index in newest and arrivals[index].revision.keys[0] not in deleted:
            pending.append(index)
    return _Batch(arrivals, pending, stored, frozenset(positional_guids))


def _all_keys(arrivals: Iterable[IncomingRevision]) -> set[str]:
    keys: set[str] = set()
    for arrival in arrivals:
        keys.update(arrival.revision.keys)
    return keys


def _find_news(arrivals: Sequence[IncomingRevision], stored: StoredEntries) -> list[int]:
    """Return the indexes of the arrivals that do not just repeat what is stored."""
    news = []
    for index, arrival in enumerate(arrivals):
        if arrival.is_archive or not stored.repeats(arrival.revision):
            news.append(index)
    return news


def _documents_with_stored_items(
    arrivals: Sequence[IncomingRevision], news: Iterable[int], stored: StoredEntries
) -> set[int]:
    documents = set()
    for index in news:
        if stored.has_any(arrivals[index].revision.keys):
            documents.add(arrivals[index].result_index)
    return documents


def _drop_guids(
    arrivals: Sequence[IncomingRevision], wrong_guids: Mapping[int, Collection[str]]
) -> list[IncomingRevision]:
    """Return the arrivals without the keys that name something else, given by their index."""
    corrected = list(arrivals)
    for index, keys in wrong_guids.items():
        revision = guids.drop_keys(arrivals[index].revision, keys)
        corrected[index] = arrivals[index]._replace(revision=revision)
    return corrected


def _newest_versions(arrivals: Sequence[IncomingRevision], results: Collection[int]) -> set[int]:
    """Return the arrivals of `results`, without those that their document lists in a newer version.

    Of versions of one time the one that is listed first counts. Archives keep all.
    """
    indexes = [index for index, arrival in enumerate(arrivals) if arrival.result_index in results]
    indexes.sort(key=lambda index: arrivals[index].revision.at, reverse=True)

    taken: defaultdict[int, set[object]] = defaultdict(set)
    newest = set()
    for index in indexes:
        arrival = arrivals[index]
        keys = _version_keys(arrival.revision)
        taken_in_document = taken[arrival.result_index]
        if arrival.is_archive or taken_in_document.isdisjoint(keys):
            newest.add(index)
        taken_in_document.update(keys)
    return newest


def _version_keys(revision: Revision) -> set[object]:
    if not revision.guarded:
        return set(revision.keys)
    return {(revision.keys[0], fold_title(revision.title)), *revision.keys[1:]}


def _make_sighting(revision: Revision) -> tuple[Sighting, NewContent]:
    body = dump_content(revision)
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


def _group_by_shared_keys(
    loaded: LoadedArticles, fresh: Mapping[int, Sighting]
) -> Iterator[tuple[list[Sighting], list[int]]]:
    """Group all sightings by any shared key.

    Yields for each group its stored sightings, and the numbers of its fresh ones.
    """
    stored = list(loaded.sightings)
    indexes = list(fresh)
    sets = DisjointSets(len(stored) + len(indexes))
    holders: dict[str, int] = {}
    for number, sighting in enumerate([*stored, *fresh.values()]):
        for key in sighting.keys:
            sets.join(holders.setdefault(key, number), number)

    first_fresh = len(stored)
    for group in sets.parts():
        begin = bisect_left(group, first_fresh)  # stored sightings have the smaller numbers
        stored_of_group = [stored[number] for number in group[:begin]]
        fresh_of_group = [indexes[number - first_fresh] for number in group[begin:]]
        yield stored_of_group, fresh_of_group


def _accept_sightings(
    stored: Iterable[Sighting], fresh: Sequence[tuple[Sighting, bool, int]]
) -> tuple[tuple[Article, ...], dict[Sighting, int]]:
    """Return the articles of one group, and the fresh sightings that belong to them by number.

    Each saved file is kept as a sighting. A poll's is kept only if it changes something.
    """
    members = set(stored)
    accepted: dict[Sighting, int] = {}
    for sighting, is_archive, index in fresh:
        if is_archive and sighting not in members:
            members.add(sighting)
            accepted[sighting] = index

    articles = build_articles(members)
    for sighting, is_archive, index in fresh:
        if is_archive or sighting in members:
            continue
        after = build_articles(members | {sighting})
        if _changes_anything(articles, after, sighting):
            members.add(sighting)
            accepted[sighting] = index
            articles = after
    return articles, accepted


def _changes_anything(
    before: Sequence[Article], after: Sequence[Article], sighting: Sighting
) -> bool:
    """Tell whether a poll's sighting changes what is visible.

    One more edit of a page that always changes is no change.
    """
    if list(map(_visible_state, before)) == list(map(_visible_state, after)):
        return False
    for article in after:
        is_restless = article.edits_in_a_row > MAX_EDITS_IN_A_ROW
        if is_restless and article.newest.first_sighting == sighting:
            return False
    return True


def _visible_state(article: Article) -> tuple[object, ...]:
    date = article.date_winner
    return (
        article.key,
        article.keys,
        article.source,
        date.published,
        date.published_from,
        date.published_where,
        article.first_seen,
        article.revisions,
    )


def _set_statuses(
    statuses: list[MergeStatus],
    articles: Sequence[Article],
    growth: Sequence[int | None],
    accepted: Mapping[Sighting, int],
) -> None:
    """Write down what each accepted sighting did.

    `growth` tells by how many revisions each article grew, None for a new entry. The first
    sighting of a new entry is `new`; then one sighting is `changed` for each revision.
    """
    for article, gained in zip(articles, growth, strict=True):
        indexes = sorted(accepted[one] for one in article.sightings if one in accepted)
        changes = gained
        if gained is None:
            changes = len(article.revisions) - 1
            if indexes:
                statuses[indexes.pop(0)] = "new"
        for index in indexes[: changes or 0]:
            statuses[index] = "changed"
