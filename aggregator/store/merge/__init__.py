"""Merges revisions into articles: the heart of the store.

Rule: the entries are a function of the set of revisions ever merged, whatever their order and grouping (a poll that
only sees again what is shown leaves nothing, and a document states one version of an article).
"""

from __future__ import annotations

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

    `guids` are those that known articles bear for the first time, `handed_on` the results whose guids are places in a
    list.
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
    verdicts: list[MergeStatus] = ["same"] * len(arrivals)
    arrivals, pending, known, handed_on = _select_for_merge(connection, arrivals)
    if not pending:
        return MergeResult(verdicts, positional_guids=handed_on)
    revisions = {index: arrivals[index].revision for index in pending}
    sources = ensure_source_ids(connection, {revision.source for revision in revisions.values()})
    settled = _sources_past_first_run(connection, sources.values())
    fresh = bulk_insert.find_unshared(revisions, known)
    if fresh:
        terms = bulk_insert.InsertContext(compressor, micros(now), sources, settled)
        bulk_insert.insert_articles(
            connection, [revision for index, revision in revisions.items() if index in fresh], terms
        )
        for index in fresh:
            verdicts[index] = "new"
    rest = {index: arrivals[index] for index in pending if index not in fresh}
    if not rest:
        return MergeResult(verdicts, positional_guids=handed_on)
    shelf = load_articles(
        connection,
        known.entry_ids(key for arrival in rest.values() for key in arrival.revision.keys),
    )
    shelf.source_ids.update(sources)
    given = _merge_with_stored(connection, rest, shelf, verdicts, now=now, compressor=compressor)
    return MergeResult(verdicts, given, handed_on)


def _merge_with_stored(
    connection: sa.Connection,
    arrivals: Mapping[int, IncomingRevision],
    shelf: LoadedArticles,
    verdicts: list[MergeStatus],
    *,
    now: datetime,
    compressor: Compressor,
) -> frozenset[str]:
    """Merge arrivals, by their numbers, that share keys with stored articles or with each other; return the guids that
    stored ones now bear."""
    fresh = {index: _make_sighting(arrival.revision) for index, arrival in arrivals.items()}
    planner = ChangeBuilder(
        connection,
        shelf,
        fresh=dict(fresh.values()),
        compressor=compressor,
        now=now,
        settled=_sources_past_first_run(connection, shelf.source_ids.values()),
    )
    for stored, indexes in _group_by_shared_keys(
        shelf, {index: sighting for index, (sighting, _) in fresh.items()}
    ):
        found, admitted = _accept_sightings(
            stored, [(fresh[index][0], arrivals[index].is_archive, index) for index in indexes]
        )
        if admitted:
            grown = planner.add_group(ArticleGroup(found, tuple(stored)))
            _set_statuses(verdicts, found, grown, admitted)
    set_derived_columns(planner.changes)
    write_changes(connection, planner.changes)
    update_derived_tables(connection, planner.changes)
    return planner.changes.keys_added_to_stored(guids.GUID_PREFIX)


def _select_for_merge(
    connection: sa.Connection, arrivals: Sequence[IncomingRevision]
) -> tuple[Sequence[IncomingRevision], list[int], StoredEntries, frozenset[int]]:
    """Return the arrivals with the keys that count, which of them may matter, what is known of them, and the results
    whose guids do not count.

    Most arrivals of most polls repeat what is shown: nothing else is asked of them.
    """
    known = entries_by_key(
        connection, {key for arrival in arrivals for key in arrival.revision.keys}
    )
    news = [index for index, arrival in enumerate(arrivals) if _is_news(arrival, known)]
    if not news:
        return arrivals, [], known, frozenset()
    stated = _newest_versions(arrivals, {arrivals[index].result_index for index in news})
    met = {
        arrivals[index].result_index
        for index in news
        if known.has_any(arrivals[index].revision.keys)
    }
    polled = [index for index in stated if arrivals[index].result_index in met]
    handed_on, misleading = guids.find_wrong_guids(connection, arrivals, polled, known)
    if misleading:
        arrivals = [
            _drop_guids(arrival, misleading.get(index)) for index, arrival in enumerate(arrivals)
        ]
        news = [index for index, arrival in enumerate(arrivals) if _is_news(arrival, known)]
    dead = deleted_keys(connection, {arrivals[index].revision.keys[0] for index in news})
    pending = [
        index for index in news if index in stated and arrivals[index].revision.keys[0] not in dead
    ]
    return arrivals, pending, known, frozenset(handed_on)


def _is_news(arrival: IncomingRevision, known: StoredEntries) -> bool:
    return arrival.is_archive or not known.repeats(arrival.revision)


def _drop_guids(arrival: IncomingRevision, keys: Collection[str] | None) -> IncomingRevision:
    return arrival._replace(revision=guids.drop_keys(arrival.revision, keys)) if keys else arrival


def _newest_versions(arrivals: Sequence[IncomingRevision], results: Collection[int]) -> set[int]:
    """Return the arrivals of `results` but those that a document lists beside a newer, or earlier listed, version."""
    taken: dict[int, set[object]] = {}
    kept = set()
    indexes = [index for index, arrival in enumerate(arrivals) if arrival.result_index in results]
    for index in sorted(indexes, key=lambda index: arrivals[index].revision.at, reverse=True):
        arrival = arrivals[index]
        names, others = (
            _version_keys(arrival.revision),
            taken.setdefault(arrival.result_index, set()),
        )
        if arrival.is_archive or others.isdisjoint(names):
            kept.add(index)
        others.update(names)
    return kept


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
    shelf: LoadedArticles, fresh: Mapping[int, Sighting]
) -> Iterator[tuple[list[Sighting], list[int]]]:
    """Part all sightings by any shared key: the stored ones, and the numbers of the fresh ones, of each part."""
    stored, indexes = list(shelf.sightings), list(fresh)
    sets, holders = DisjointSets(len(stored) + len(indexes)), dict[str, int]()
    for number, sighting in enumerate([*stored, *fresh.values()]):
        for key in sighting.keys:
            sets.join(holders.setdefault(key, number), number)
    border = len(stored)
    for part in sets.parts():
        yield (
            [stored[number] for number in part if number < border],
            [indexes[number - border] for number in part if number >= border],
        )


def _accept_sightings(
    stored: Iterable[Sighting], fresh: Sequence[tuple[Sighting, bool, int]]
) -> tuple[tuple[Article, ...], dict[Sighting, int]]:
    """Return the articles of one family, and which of the fresh sightings, by number, now belong to them."""
    members, admitted = set(stored), dict[Sighting, int]()
    for sighting, keep, index in fresh:
        if keep and sighting not in members:
            members.add(sighting)
            admitted[sighting] = index
    found = build_articles(members)
    for sighting, keep, index in fresh:
        if keep or sighting in members:
            continue
        after = build_articles(members | {sighting})
        if _changes_anything(found, after, sighting):
            members.add(sighting)
            admitted[sighting], found = index, after
    return found, admitted


def _changes_anything(
    before: Sequence[Article], after: Sequence[Article], sighting: Sighting
) -> bool:
    """Tell whether a poll's sighting changes anything, and is not one more edit of a page that always changes."""
    if [_visible_state(article) for article in before] == [
        _visible_state(article) for article in after
    ]:
        return False
    return not any(
        article.edits_in_a_row > MAX_EDITS_IN_A_ROW and article.newest.first_sighting == sighting
        for article in after
    )


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
    verdicts: list[MergeStatus],
    found: Sequence[Article],
    grown: Sequence[int | None],
    admitted: Mapping[Sighting, int],
) -> None:
    """Write down what each admitted sighting did: the first of a new entry is new, then one is changed a revision."""
    for article, growth in zip(found, grown, strict=True):
        changes = len(article.revisions) - 1 if growth is None else growth
        for index in sorted(
            admitted[sighting] for sighting in article.sightings if sighting in admitted
        ):
            if growth is None:
                verdicts[index], growth = "new", 0
            elif changes:
                verdicts[index], changes = "changed", changes - 1
