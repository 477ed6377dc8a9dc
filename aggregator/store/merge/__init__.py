"""Merges revisions into articles: the heart of the store.

Rule: the entries are a function of the set of revisions ever merged, whatever their order and grouping (a poll that
only sees again what is shown leaves nothing, and a document states one version of an article).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import orjson
import sqlalchemy as sa

from aggregator.store.content import Compressor, Facets, digest, dump
from aggregator.store.derived import follow, prepare
from aggregator.store.engine import among
from aggregator.store.merge import bulk_insert, guids
from aggregator.store.merge.article import EDITS_IN_A_ROW, Sets, Sighting, articles, fold
from aggregator.store.merge.changes import Family, Fresh, Planner, write
from aggregator.store.merge.lookup import buried, held, load, source_ids
from aggregator.store.schema import micros, source_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Revision
    from aggregator.store.merge.article import Article
    from aggregator.store.merge.lookup import Known, Shelf

Verdict: TypeAlias = Literal["new", "changed", "same"]


class Arrival(NamedTuple):
    """One revision of the result number `result`; `keep` is the result's `keep_sightings`."""

    result: int
    revision: Revision
    keep: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """What each arrival did, in order, and what became of guids.

    `guids` are those that known articles bear for the first time, `handed_on` the results whose guids are places in a
    list.
    """

    verdicts: list[Verdict]
    guids: frozenset[str] = frozenset()
    handed_on: frozenset[int] = frozenset()


def merge(
    connection: sa.Connection, arrivals: Sequence[Arrival], *, now: datetime, compressor: Compressor
) -> Merged:
    """Merge all `arrivals`; return what each of them did."""
    verdicts: list[Verdict] = ["same"] * len(arrivals)
    arrivals, pending, known, handed_on = _pending(connection, arrivals)
    if not pending:
        return Merged(verdicts, handed_on=handed_on)
    revisions = {index: arrivals[index].revision for index in pending}
    sources = source_ids(connection, {revision.source for revision in revisions.values()})
    settled = _settled(connection, sources.values())
    fresh = bulk_insert.alone(revisions, known)
    if fresh:
        terms = bulk_insert.Terms(compressor, micros(now), sources, settled)
        bulk_insert.write(
            connection, [revision for index, revision in revisions.items() if index in fresh], terms
        )
        for index in fresh:
            verdicts[index] = "new"
    rest = {index: arrivals[index] for index in pending if index not in fresh}
    if not rest:
        return Merged(verdicts, handed_on=handed_on)
    shelf = load(
        connection, known.holders(key for arrival in rest.values() for key in arrival.revision.keys)
    )
    shelf.source_ids.update(sources)
    given = _merge_known(connection, rest, shelf, verdicts, now=now, compressor=compressor)
    return Merged(verdicts, given, handed_on)


def _merge_known(
    connection: sa.Connection,
    arrivals: Mapping[int, Arrival],
    shelf: Shelf,
    verdicts: list[Verdict],
    *,
    now: datetime,
    compressor: Compressor,
) -> frozenset[str]:
    """Merge arrivals, by their numbers, that share keys with stored articles or with each other; return the guids that
    stored ones now bear."""
    fresh = {index: _sighting(arrival.revision) for index, arrival in arrivals.items()}
    planner = Planner(
        connection,
        shelf,
        fresh=dict(fresh.values()),
        compressor=compressor,
        now=now,
        settled=_settled(connection, shelf.source_ids.values()),
    )
    for stored, indexes in _families(
        shelf, {index: sighting for index, (sighting, _) in fresh.items()}
    ):
        found, admitted = _admit(
            stored, [(fresh[index][0], arrivals[index].keep, index) for index in indexes]
        )
        if admitted:
            grown = planner.add(Family(found, tuple(stored)))
            _judge(verdicts, found, grown, admitted)
    prepare(planner.plan)
    write(connection, planner.plan)
    follow(connection, planner.plan)
    return planner.plan.known_by(guids.GUID)


def _pending(
    connection: sa.Connection, arrivals: Sequence[Arrival]
) -> tuple[Sequence[Arrival], list[int], Known, frozenset[int]]:
    """Return the arrivals with the keys that count, which of them may matter, what is known of them, and the results
    whose guids do not count.

    Most arrivals of most polls repeat what is shown: nothing else is asked of them.
    """
    known = held(connection, {key for arrival in arrivals for key in arrival.revision.keys})
    news = [index for index, arrival in enumerate(arrivals) if _is_news(arrival, known)]
    if not news:
        return arrivals, [], known, frozenset()
    stated = _stated(arrivals, {arrivals[index].result for index in news})
    met = {arrivals[index].result for index in news if known.any_of(arrivals[index].revision.keys)}
    polled = [index for index in stated if arrivals[index].result in met]
    handed_on, misleading = guids.distrusted(connection, arrivals, polled, known)
    if misleading:
        arrivals = [
            _without(arrival, misleading.get(index)) for index, arrival in enumerate(arrivals)
        ]
        news = [index for index, arrival in enumerate(arrivals) if _is_news(arrival, known)]
    dead = buried(connection, {arrivals[index].revision.keys[0] for index in news})
    pending = [
        index for index in news if index in stated and arrivals[index].revision.keys[0] not in dead
    ]
    return arrivals, pending, known, frozenset(handed_on)


def _is_news(arrival: Arrival, known: Known) -> bool:
    return arrival.keep or not known.repeats(arrival.revision)


def _without(arrival: Arrival, keys: Collection[str] | None) -> Arrival:
    return arrival._replace(revision=guids.without(arrival.revision, keys)) if keys else arrival


def _stated(arrivals: Sequence[Arrival], results: Collection[int]) -> set[int]:
    """Return the arrivals of `results` but those that a document lists beside a newer, or earlier listed, version."""
    taken: dict[int, set[object]] = {}
    kept = set()
    indexes = [index for index, arrival in enumerate(arrivals) if arrival.result in results]
    for index in sorted(indexes, key=lambda index: arrivals[index].revision.at, reverse=True):
        arrival = arrivals[index]
        names, others = _names(arrival.revision), taken.setdefault(arrival.result, set())
        if arrival.keep or others.isdisjoint(names):
            kept.add(index)
        others.update(names)
    return kept


def _names(revision: Revision) -> set[object]:
    if not revision.guarded:
        return set(revision.keys)
    return {(revision.keys[0], fold(revision.title)), *revision.keys[1:]}


def _sighting(revision: Revision) -> tuple[Sighting, Fresh]:
    body = dump(revision)
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
    return sighting, Fresh(body, Facets(revision.url, revision.language, tags))


def _settled(connection: sa.Connection, numbers: Collection[int]) -> frozenset[int]:
    """Return the sources whose first complete run is over: only theirs can be late."""
    query = sa.select(source_state.c.source_id).where(
        among(source_state.c.source_id, numbers, connection),
        source_state.c.first_complete.is_not(None),
    )
    return frozenset(connection.scalars(query))


def _families(
    shelf: Shelf, fresh: Mapping[int, Sighting]
) -> Iterator[tuple[list[Sighting], list[int]]]:
    """Part all sightings by any shared key: the stored ones, and the numbers of the fresh ones, of each part."""
    stored, indexes = list(shelf.sightings), list(fresh)
    sets, holders = Sets(len(stored) + len(indexes)), dict[str, int]()
    for number, sighting in enumerate([*stored, *fresh.values()]):
        for key in sighting.keys:
            sets.join(holders.setdefault(key, number), number)
    border = len(stored)
    for part in sets.parts():
        yield (
            [stored[number] for number in part if number < border],
            [indexes[number - border] for number in part if number >= border],
        )


def _admit(
    stored: Iterable[Sighting], fresh: Sequence[tuple[Sighting, bool, int]]
) -> tuple[tuple[Article, ...], dict[Sighting, int]]:
    """Return the articles of one family, and which of the fresh sightings, by number, now belong to them."""
    members, admitted = set(stored), dict[Sighting, int]()
    for sighting, keep, index in fresh:
        if keep and sighting not in members:
            members.add(sighting)
            admitted[sighting] = index
    found = articles(members)
    for sighting, keep, index in fresh:
        if keep or sighting in members:
            continue
        after = articles(members | {sighting})
        if _matters(found, after, sighting):
            members.add(sighting)
            admitted[sighting], found = index, after
    return found, admitted


def _matters(before: Sequence[Article], after: Sequence[Article], sighting: Sighting) -> bool:
    """Tell whether a poll's sighting changes anything, and is not one more edit of a page that always changes."""
    if [_look(article) for article in before] == [_look(article) for article in after]:
        return False
    return not any(
        article.edits > EDITS_IN_A_ROW and article.shown.first == sighting for article in after
    )


def _look(article: Article) -> tuple[object, ...]:
    date = article.published
    return (
        article.key,
        article.keys,
        article.source,
        date.published,
        date.published_from,
        date.published_where,
        article.first_seen,
        article.runs,
    )


def _judge(
    verdicts: list[Verdict],
    found: Sequence[Article],
    grown: Sequence[int | None],
    admitted: Mapping[Sighting, int],
) -> None:
    """Write down what each admitted sighting did: the first of a new entry is new, then one is changed a revision."""
    for article, growth in zip(found, grown, strict=True):
        changes = len(article.runs) - 1 if growth is None else growth
        for index in sorted(
            admitted[sighting] for sighting in article.sightings if sighting in admitted
        ):
            if growth is None:
                verdicts[index], growth = "new", 0
            elif changes:
                verdicts[index], changes = "changed", changes - 1
