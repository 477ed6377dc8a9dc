"""Computes what is shown of an article from all that its sources say of it.

Everything here is a pure function of a set of sightings and of the rank of their sources.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING, Any

from aggregator.store.merge.statement import (
    CLOCK_TOLERANCE,
    NOW_TOLERANCE,
    Sighting,
    Statement,
    fold_title,
    make_statements,
    sort_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from aggregator.store.merge.statement import RevisionSpan, SourceRank

# The ids of all entries everywhere hang on this value: it never changes.
NAMESPACE = uuid.UUID("cf563d18-fa5a-45db-b290-272db6ea54e9")

_ID_KEY = re.compile("urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

PUBLISHER_TIER = 2  # from here on, a source is taken for the article's own publisher


@dataclass(frozen=True, slots=True)
class Article:
    """What the sightings of one article say of it.

    `statements` are what its sources say, the one that is shown first. `title` is the lead's,
    or the one that followed it in another statement of the publisher. `link_winner` is the lead's
    sighting that shows where the article is now.
    """

    statements: tuple[Statement, ...]
    title: str
    source: str  # the one that brought it first
    date_winner: Sighting  # the one whose date is shown
    first_seen: datetime
    seen_to: datetime
    link_winner: Sighting

    @property
    def lead(self) -> Statement:
        return self.statements[0]

    @property
    def newest(self) -> RevisionSpan:
        """The revision that is shown."""
        return self.lead.spans[-1]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset().union(*(sighting.keys for sighting in self.sightings))

    @property
    def sightings(self) -> frozenset[Sighting]:
        return frozenset(_all_sightings(self.statements))

    @property
    def edits(self) -> int:
        """How many edits led to what is shown.

        Statements of the lead's tier share their history: one saw the first correction, another the
        second. The same edit in several statements counts once.
        """
        if len(self.statements) == 1:  # by far the most
            return self.lead.edits
        return max(len(self.lead.corrections), _shared_edits(self.statements))

    @property
    def updated(self) -> datetime:
        """The last edit of what is shown, or the modification that the publisher states.

        Never before `published`. Another statement that takes the lead is no edit.
        """
        moments = [self.date_winner.published]
        last_edit = _last_edit(self.statements)
        if last_edit is not None:
            moments.append(last_edit)
        best = max(statement.tier for statement in self.statements)
        for statement in self.statements:
            stated = statement.stated_modification
            if statement.tier == best and stated is not None:
                moments.append(stated)
        return max(moments)

    def visible_state(self) -> tuple[object, ...]:
        """Return all that a new sighting may change: what is shown, and each source's revisions."""
        date = self.date_winner
        return (
            self.title,
            self.keys,
            self.source,
            date.published,
            date.published_from,
            date.published_where,
            self.first_seen,
            self.updated,
            [
                (statement.source, statement.spans, statement.link_winner().keys)
                for statement in self.statements
            ],
        )


def build_article(sightings: Iterable[Sighting], ranks: Mapping[str, SourceRank]) -> Article:
    """Compute an article from its sightings, at least one."""
    members = frozenset(sightings)
    statements = make_statements(members, ranks)
    lead = statements[0]
    origin = min(members, key=lambda sighting: (sighting.captured, sighting.source))
    return Article(
        statements=tuple(statements),
        title=_shown_title(statements),
        source=origin.source,
        date_winner=date_winner(statements),
        first_seen=origin.captured,
        seen_to=max(sighting.captured for sighting in members),
        link_winner=lead.link_winner(),
    )


def number_revision(
    article: Article, row: Mapping[str, Any] | None, source_ids: Mapping[str, int]
) -> tuple[int, int]:
    """Return the number of the revision that is shown, and the base that counted edits are added to.

    `row` is the entry's row before, None for a new one; `source_ids` are the rows of sources.
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


def _shared_edits(statements: Sequence[Statement]) -> int:
    """Return the length of the longest chain of edits that ends in the title and text that are shown.

    One statement may have edited A to B, another B to C. An edit leads to a state that was seen
    later, so that a chain never runs in a circle.
    """
    lead = statements[0]
    first_seen: dict[bytes, datetime] = {}
    edits: set[tuple[bytes, bytes]] = set()
    for statement in statements:
        if statement.tier != lead.tier:
            continue
        for span in statement.spans:
            state = span.first_sighting.text_hash
            first_seen[state] = min(span.at, first_seen.get(state, span.at))
        for before, after in statement.corrections:
            edits.add((before.first_sighting.text_hash, after.first_sighting.text_hash))

    lengths = dict.fromkeys(first_seen, 0)
    for state in sorted(first_seen, key=lambda state: first_seen[state]):
        for earlier, later in edits:
            if later == state and first_seen[earlier] < first_seen[state]:
                lengths[state] = max(lengths[state], lengths[earlier] + 1)
    return lengths[lead.current.text_hash]


def _last_edit(statements: Sequence[Statement]) -> datetime | None:
    """Return when what is shown was edited last, None if it never was.

    Statements that have the same title and text were edited at the earliest of their times: one
    that is polled later is not edited once more. A modification that one of them states for this
    text was the edit, also if that source did not tell the text before it.
    """
    lead = statements[0]
    if len(statements) == 1:
        return lead.last_edit
    own = None
    if lead.corrections:
        before, after = lead.corrections[-1]
        own = after.at
        if before.first_sighting.text_hash == after.first_sighting.text_hash:
            return own  # an edit of something else

    moments = []
    for statement in statements:
        if statement.tier == lead.tier:
            moments += _times_of_edits_into(lead.current.text_hash, statement)
    if not moments:
        return own
    for statement in statements:
        if statement.tier == lead.tier:
            moments += _stated_modifications_of(lead.current.text_hash, statement)
    return min(moments)


def _stated_modifications_of(state: bytes, statement: Statement) -> list[datetime]:
    """Return when a statement says that the article was modified to this title and text."""
    times = []
    for span in statement.spans:
        sighting = span.first_sighting
        is_stated = sighting.published < sighting.at < sighting.captured - NOW_TOLERANCE
        if is_stated and sighting.text_hash == state:
            times.append(sighting.at)
    return times


def _times_of_edits_into(state: bytes, statement: Statement) -> list[datetime]:
    """Return when a statement was edited to this title and text."""
    times = []
    for before, after in statement.corrections:
        if after.first_sighting.text_hash == state != before.first_sighting.text_hash:
            times.append(after.at)
    return times


def date_winner(statements: Sequence[Statement]) -> Sighting:
    """Return the sighting whose date is the article's: the earliest that its publisher stated.

    Where the publisher states none, the earliest that anybody states counts. A stated date after
    the article was first seen gives way to a guess: a date in the future whose day has come, or a
    feed that gave none and now says "now".
    """
    members = _all_sightings(statements)
    chosen = min(_dates_of_publisher(statements) or members, key=_date_sort_key)
    first_seen = min(sighting.captured for sighting in members)
    if chosen.published <= first_seen + CLOCK_TOLERANCE:
        return chosen

    guesses = [sighting for sighting in members if not sighting.has_stated_date]
    return min(guesses, key=_date_sort_key, default=chosen)


def uid_of(key: str) -> bytes:
    """Return the UUIDv5 over NAMESPACE of an identity key (RFC 9562 §5.5); `uuid.uuid5` takes four times as long.

    A key that is an id, `urn:uuid:…`, is kept: it is that of an entry of our own feed.

    >>> uid_of("url:a") == uuid.uuid5(NAMESPACE, "url:a").bytes
    True
    """
    if _ID_KEY.fullmatch(key):
        return uuid.UUID(key).bytes
    made = bytearray(sha1(NAMESPACE.bytes + key.encode(), usedforsecurity=False).digest()[:16])
    made[6], made[8] = made[6] & 0x0F | 0x50, made[8] & 0x3F | 0x80
    return bytes(made)


def _all_sightings(statements: Iterable[Statement]) -> list[Sighting]:
    sightings: list[Sighting] = []
    for statement in statements:
        sightings += statement.sightings
    return sightings


def _shown_title(statements: Sequence[Statement]) -> str:
    """Return the lead's title, or the one that the publisher has put in its place elsewhere.

    A saved page keeps the title of its day, while the feed has the corrected one. A title that
    the lead itself has given up does not come back.
    """
    lead = statements[0]
    title = lead.current.title
    given_up = _earlier_titles(lead)
    for other in statements[1:]:
        if other.tier < lead.tier or fold_title(other.current.title) in given_up:
            continue
        if fold_title(title) in _earlier_titles(other):
            return other.current.title
    return title


def _earlier_titles(statement: Statement) -> set[str]:
    return {fold_title(span.first_sighting.title) for span in statement.spans[:-1]}


def _dates_of_publisher(statements: Sequence[Statement]) -> list[Sighting]:
    """Return the sightings that state a date, of the statements nearest to the publisher that do."""
    for tier in range(3, PUBLISHER_TIER - 1, -1):
        stated = _stated_dates_of_tier(statements, tier)
        if stated:
            return stated
    return []


def _stated_dates_of_tier(statements: Sequence[Statement], tier: int) -> list[Sighting]:
    stated = []
    for statement in statements:
        if statement.tier == tier:
            stated += [one for one in statement.sightings if one.has_stated_date]
    return stated


def _date_sort_key(sighting: Sighting) -> tuple[object, ...]:
    return (
        not sighting.has_stated_date,
        sighting.published,
        sighting.captured,
        sort_key(sighting),
    )
