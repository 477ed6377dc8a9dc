"""Computes articles from sightings: which sightings are one article, its visible revisions, what is shown.

Rule: everything here is a pure function of a *set* of sightings; the order in which they arrived is never known. Equal
times are decided by the whole value of a sighting, so that every order has the same winner.
"""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha1
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

# The ids of all entries everywhere hang on this value: it never changes.
NAMESPACE = uuid.UUID("cf563d18-fa5a-45db-b290-272db6ea54e9")

# Origins of dates that no publisher stated: such a date loses to any that was stated.
GUESSED_ORIGINS = frozenset({"first_seen", "archive"})
# Clocks differ; a date that is further after the first sighting is no date of publication.
CLOCK_TOLERANCE = timedelta(minutes=10)
# Another title and a date that is further away than this: the id was used again.
REUSED_ID_GAP = timedelta(days=1)
# Link changes of one revision that are followed: a URL with a number of the visit differs at every poll.
MAX_LINK_CHANGES = 3
# Without the publisher's own modified date: pages that print the time of day.
MAX_EDITS_IN_A_ROW = 24


@dataclass(frozen=True, slots=True)
class Sighting:
    """One version of an article as one capture stated it, without its content.

    `digest` is of the content to the byte, where `hash` leaves out what does not make another version.
    """

    source: str
    keys: tuple[str, ...]
    guarded: bool
    at: datetime
    captured: datetime
    hash: str
    title: str
    published: datetime
    published_from: str
    published_where: str | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class RevisionSpan:
    """One visible revision: adjacent sightings of one hash.

    `first_sighting` is shown. `has_publisher_date` tells that the publisher's own modified date
    moved to make the revision.
    """

    at: datetime
    first_sighting: Sighting
    has_publisher_date: bool


@dataclass(frozen=True, slots=True)
class Article:
    """All that the sightings of one article say of it; `revisions` are the visible ones, oldest first.

    `link_winner` is the sighting of the newest revision whose link is the newest: that link is shown.
    """

    key: str
    uid: bytes
    keys: frozenset[str]
    source: str
    date_winner: Sighting  # the one whose date won
    first_seen: datetime
    seen_to: datetime
    revisions: tuple[RevisionSpan, ...]
    link_winner: Sighting
    sightings: frozenset[Sighting]

    @property
    def newest(self) -> RevisionSpan:
        return self.revisions[-1]

    @property
    def updated(self) -> datetime:
        """The newest revision's time, but `published` for a first revision, and never before that."""
        published = self.date_winner.published
        if len(self.revisions) == 1:
            return published
        return max(published, self.newest.at)

    @property
    def edits_in_a_row(self) -> int:
        """How many of the newest revisions came in a row without a modified date of the publisher's."""
        unstated = 0
        for run in reversed(self.revisions[1:]):
            if run.has_publisher_date:
                break
            unstated += 1
        return unstated


def build_articles(sightings: Iterable[Sighting]) -> tuple[Article, ...]:
    """Return the articles that `sightings` are of, in the order of their keys.

    The answer is whole only where every sighting that shares a key with one of these is among them.
    """
    members = frozenset(sightings)
    if len(members) < 2:  # almost every article of a first run
        return tuple(_build_article([sighting], {}) for sighting in members)

    guarded = frozenset(sighting.keys[0] for sighting in members if sighting.guarded)
    groups = group_sightings(members, guarded)
    dated_keys = _dated_keys(groups, guarded)
    articles = []
    for number, group in enumerate(groups):
        articles.append(_build_article(group, dated_keys.get(number, {})))
    articles.sort(key=lambda article: article.key)
    return tuple(articles)


def group_sightings(
    members: Collection[Sighting], guarded: Collection[str]
) -> list[list[Sighting]]:
    """Part `members` into articles: any shared key joins them, a `guarded` one only where title or date agree."""
    ordered = sorted(members, key=_sort_key)
    sets = DisjointSets(len(ordered))
    holders: dict[str, list[int]] = {}
    for number, sighting in enumerate(ordered):
        for key in sighting.keys:
            holders.setdefault(key, []).append(number)

    for key, numbers in holders.items():
        if key in guarded:
            continue
        for number in numbers[1:]:
            sets.join(numbers[0], number)
    for key in sorted(guarded):
        _join_guarded(ordered, holders[key], sets)

    groups = []
    for numbers in sets.parts():
        groups.append([ordered[number] for number in numbers])
    return groups


def date_winner(sightings: Iterable[Sighting]) -> Sighting:
    """Return the sighting whose date is the article's: the earliest that a publisher stated, else the earliest.

    A stated date after the article was first seen gives way to the guess: a date in the future whose day has come, or
    a feed that gave none and now says "now".
    """
    members = tuple(sightings)
    chosen = min(members, key=_date_sort_key)
    first_seen = min(sighting.captured for sighting in members)
    if chosen.published <= first_seen + CLOCK_TOLERANCE:
        return chosen

    guesses = [sighting for sighting in members if sighting.published_from in GUESSED_ORIGINS]
    return min(guesses, key=_date_sort_key, default=chosen)


def revision_spans(sightings: Iterable[Sighting]) -> tuple[RevisionSpan, ...]:
    """Return the visible revisions, oldest first; their times never go back.

    >>> revision_spans([])
    ()
    """
    spans: list[RevisionSpan] = []
    for sighting in sorted(sightings, key=_sort_key):
        if not spans:
            has_date = sighting.at != sighting.captured
            spans.append(RevisionSpan(sighting.at, sighting, has_publisher_date=has_date))
        elif sighting.hash != spans[-1].first_sighting.hash:
            spans.append(_next_span(spans[-1], sighting))
    return tuple(spans)


def link_winner(sightings: Iterable[Sighting], newest: RevisionSpan) -> Sighting:
    """Return the sighting of the newest revision that shows where the article is now.

    A link is as new as its first mention: two links that take turns do not take turns in what is
    shown. A link that another source gives is another way to the article, not a newer one.
    """
    begin = _sort_key(newest.first_sighting)
    known: set[str] = set()
    moves = [newest.first_sighting]
    for sighting in sorted(sightings, key=_sort_key):
        link = _first_link(sighting)
        if link is None or link in known:
            continue

        known.add(link)
        is_same_source = sighting.source == newest.first_sighting.source
        if is_same_source and _sort_key(sighting) > begin:
            moves.append(sighting)
    return moves[: MAX_LINK_CHANGES + 1][-1]


def _first_link(sighting: Sighting) -> str | None:
    for key in sighting.keys:
        if key.startswith("url:"):
            return key
    return None


def uid_of(key: str) -> bytes:
    """Return the UUIDv5 over NAMESPACE of an identity key (RFC 9562 §5.5); `uuid.uuid5` takes four times as long.

    >>> uid_of("url:a") == uuid.uuid5(NAMESPACE, "url:a").bytes
    True
    """
    made = bytearray(sha1(NAMESPACE.bytes + key.encode(), usedforsecurity=False).digest()[:16])
    made[6], made[8] = made[6] & 0x0F | 0x50, made[8] & 0x3F | 0x80
    return bytes(made)


def fold_title(title: str) -> str:
    """Return what two spellings of one title have in common.

    >>> fold_title("Ｎews  of\\tToday") == fold_title("news of today")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


class DisjointSets:
    """Disjoint sets of the numbers below `size` (union-find; roots are the smallest members)."""

    __slots__ = ("_parents",)

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def root(self, number: int) -> int:
        parents = self._parents
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    def join(self, one: int, other: int) -> None:
        one, other = self.root(one), self.root(other)
        self._parents[max(one, other)] = min(one, other)

    def parts(self) -> list[list[int]]:
        """Return the sets, each ascending, in the order of their first members."""
        parts: dict[int, list[int]] = {}
        for number in range(len(self._parents)):
            parts.setdefault(self.root(number), []).append(number)
        return list(parts.values())


def _sort_key(sighting: Sighting) -> tuple[object, ...]:
    return (
        sighting.at,
        sighting.captured,
        sighting.hash,
        sighting.source,
        sighting.digest,
        sighting.keys,
        sighting.published,
        sighting.published_from,
        sighting.published_where or "",
        sighting.guarded,
        sighting.title,
    )


def _next_span(last: RevisionSpan, sighting: Sighting) -> RevisionSpan:
    """Return the revision that `sighting` begins; its time is never before that of the last."""
    at = last.at
    if sighting.at > last.at:
        at = sighting.at
    elif sighting.captured > last.at:
        at = sighting.captured

    is_stated = sighting.at != sighting.captured
    is_newer = sighting.at > last.first_sighting.at
    return RevisionSpan(at, sighting, has_publisher_date=is_stated and is_newer)


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Holders of a re-used key that are one article."""

    titles: set[str]  # folded
    first_published: datetime
    member: int  # any of them stands for all


def _join_guarded(ordered: Sequence[Sighting], holders: Sequence[int], sets: DisjointSets) -> None:
    """Join the holders of one re-used key into clusters: the same title, or published within a day of the first."""

    def by_publication(number: int) -> tuple[object, ...]:
        return ordered[number].published, _sort_key(ordered[number])

    parts: dict[int, list[int]] = {}
    for number in sorted(holders, key=by_publication):
        parts.setdefault(sets.root(number), []).append(number)

    clusters: list[_Cluster] = []
    for numbers in parts.values():
        titles = {fold_title(ordered[number].title) for number in numbers}
        first_published = ordered[numbers[0]].published
        cluster = _matching_cluster(clusters, titles, first_published)
        if cluster is None:
            clusters.append(_Cluster(titles, first_published, numbers[0]))
        else:
            cluster.titles.update(titles)
            sets.join(cluster.member, numbers[0])


def _matching_cluster(
    clusters: Sequence[_Cluster], titles: set[str], first_published: datetime
) -> _Cluster | None:
    for cluster in clusters:
        if not cluster.titles.isdisjoint(titles):
            return cluster

    if not clusters:
        return None
    latest = clusters[-1]
    if first_published - latest.first_published > REUSED_ID_GAP:
        return None
    return latest


def _dated_keys(
    groups: Sequence[Sequence[Sighting]], guarded: Collection[str]
) -> dict[int, dict[str, str]]:
    """Return, for the number of a group, its own names for keys that an earlier published group holds plainly."""
    names: dict[int, dict[str, str]] = {}
    for key in guarded:
        holders = []
        for number, group in enumerate(groups):
            dates = [sighting.published for sighting in group if key in sighting.keys]
            if dates:
                holders.append((min(dates), number))

        holders.sort()
        for first, number in holders[1:]:
            names.setdefault(number, {})[key] = f"{key}@{first.date().isoformat()}"
    return names


def _build_article(members: Sequence[Sighting], names: dict[str, str]) -> Article:
    earliest = min(members, key=lambda sighting: (sighting.captured, _sort_key(sighting)))
    origin = min(members, key=lambda sighting: (sighting.captured, sighting.source))
    key = names.get(earliest.keys[0], earliest.keys[0])
    runs = revision_spans(members)
    return Article(
        key=key,
        uid=uid_of(key),
        keys=frozenset(key for sighting in members for key in sighting.keys),
        source=origin.source,
        date_winner=date_winner(members),
        first_seen=earliest.captured,
        seen_to=max(sighting.captured for sighting in members),
        revisions=runs,
        link_winner=link_winner(members, runs[-1]),
        sightings=frozenset(members),
    )


def _date_sort_key(sighting: Sighting) -> tuple[object, ...]:
    return (
        sighting.published_from in GUESSED_ORIGINS,
        sighting.published,
        sighting.captured,
        _sort_key(sighting),
    )
