"""Merges revisions into articles: the heart of the store.

Rule: the entries are a function of the set of revisions ever merged, whatever their order and grouping (a poll that
only sees again what is shown leaves nothing, and a document states one version of an article).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import orjson
import sqlalchemy as sa

from aggregator.store.content import Compressor, Facets, Said, digest, dump
from aggregator.store.derived import follow, prepare
from aggregator.store.engine import among
from aggregator.store.history import EDITS_IN_A_ROW, Sets, Sighting, articles, fold
from aggregator.store.plan import Family, Fresh, Planner, write
from aggregator.store.schema import source_state
from aggregator.store.shelf import buried, held, load, source_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Revision
    from aggregator.store.history import Article
    from aggregator.store.shelf import Held, Shelf

Verdict: TypeAlias = Literal["new", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One revision of the result number `result`; `keep` is the result's `keep_sightings`."""

    result: int
    revision: Revision
    keep: bool


def merge(
    connection: sa.Connection, arrivals: Sequence[Arrival], *, now: datetime, compressor: Compressor
) -> list[Verdict]:
    """Merge all `arrivals`; return what each of them did."""
    verdicts: list[Verdict] = ["same"] * len(arrivals)
    pending, entry_ids = _pending(connection, arrivals)
    if not pending:
        return verdicts
    shelf = load(connection, entry_ids)
    shelf.source_ids.update(source_ids(connection, {arrivals[index].revision.source for index in pending}))
    fresh = {index: _sighting(arrivals[index].revision) for index in pending}
    planner = Planner(
        connection,
        shelf,
        fresh=dict(fresh.values()),
        compressor=compressor,
        now=now,
        settled=_settled(connection, shelf),
    )
    for stored, indexes in _families(shelf, {index: sighting for index, (sighting, _) in fresh.items()}):
        found, admitted = _admit(stored, [(fresh[index][0], arrivals[index].keep, index) for index in indexes])
        if admitted:
            grown = planner.add(Family(found, tuple(stored)))
            _judge(verdicts, found, grown, admitted)
    words = prepare(connection, planner.plan)
    write(connection, planner.plan)
    follow(connection, planner.plan, words)
    return verdicts


def _pending(connection: sa.Connection, arrivals: Sequence[Arrival]) -> tuple[list[int], set[int]]:
    """Return the arrivals that may matter, and the entries that they may be of."""
    indexes = _stated(arrivals)
    known = held(connection, {key for index in indexes for key in arrivals[index].revision.keys})
    dead = buried(connection, {arrivals[index].revision.keys[0] for index in indexes})
    pending = [
        index
        for index in indexes
        if arrivals[index].revision.keys[0] not in dead and not _repeats(arrivals[index], known)
    ]
    keys = (key for index in pending for key in arrivals[index].revision.keys)
    return pending, {entry.entry_id for key in keys for entry in known.get(key, ())}


def _stated(arrivals: Sequence[Arrival]) -> list[int]:
    """Return the arrivals without those that a document lists beside a newer, or earlier listed, version."""
    taken: dict[int, set[object]] = {}
    kept = []
    for index in sorted(range(len(arrivals)), key=lambda index: arrivals[index].revision.at, reverse=True):
        arrival = arrivals[index]
        names, others = _names(arrival.revision), taken.setdefault(arrival.result, set())
        if arrival.keep or others.isdisjoint(names):
            kept.append(index)
        others.update(names)
    return sorted(kept)


def _names(revision: Revision) -> set[object]:
    if not revision.guarded:
        return set(revision.keys)
    return {(revision.keys[0], fold(revision.title)), *revision.keys[1:]}


def _repeats(arrival: Arrival, known: Mapping[str, Sequence[Held]]) -> bool:
    if arrival.keep:
        return False
    entries = [known.get(key, ()) for key in arrival.revision.keys]
    first = entries[0]
    return len(first) == 1 and all(found == first for found in entries) and first[0].repeats(arrival.revision)


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
    said = Said(revision.title, revision.summary, revision.content_html)
    return sighting, Fresh(body, Facets(revision.url, revision.language, tags), said)


def _settled(connection: sa.Connection, shelf: Shelf) -> frozenset[int]:
    """Return the sources whose first complete run is over: only theirs can be late."""
    query = sa.select(source_state.c.source_id).where(
        among(source_state.c.source_id, shelf.source_ids.values(), connection),
        source_state.c.first_complete.is_not(None),
    )
    return frozenset(connection.scalars(query))


def _families(shelf: Shelf, fresh: Mapping[int, Sighting]) -> Iterator[tuple[list[Sighting], list[int]]]:
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
    return not any(article.edits > EDITS_IN_A_ROW and article.shown.first == sighting for article in after)


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
    verdicts: list[Verdict], found: Sequence[Article], grown: Sequence[int | None], admitted: Mapping[Sighting, int]
) -> None:
    """Write down what each admitted sighting did: the first of a new entry is new, then one is changed a revision."""
    for article, growth in zip(found, grown, strict=True):
        changes = len(article.runs) - 1 if growth is None else growth
        for index in sorted(admitted[sighting] for sighting in article.sightings if sighting in admitted):
            if growth is None:
                verdicts[index], growth = "new", 0
            elif changes:
                verdicts[index], changes = "changed", changes - 1
