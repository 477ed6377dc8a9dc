"""What one source says of one article: its versions as captures stated them, and the revisions that they make.

Everything here is a pure function of a set of sightings. Equal times are decided by the whole value
of a sighting, so that the order of arrival never matters.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from aggregator.store.merge.keys import guid_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aggregator.model import LeadReason

# Origins of dates that no publisher stated: such a date loses to any that was stated.
GUESSED_ORIGINS = frozenset({"first_seen", "archive"})
# Clocks differ; a date that is further after the first sighting is no date of publication.
CLOCK_TOLERANCE = timedelta(minutes=10)
# A date so near the time of capture is "now" as the server's clock has it, not a date of the article.
NOW_TOLERANCE = timedelta(minutes=5)
# A modified date nearer than this to every poll is that of the answer. It is narrower: of a page polled
# every five minutes, honest dates are up to five minutes old.
ANSWER_TOLERANCE = timedelta(minutes=1)
# Link changes of one revision that are followed: a URL with a number of the visit differs at every poll.
MAX_LINK_CHANGES = 3
# Fewer letters than this are a headline or a label such as "Comments".
HEADLINE_LETTERS = 40
# Texts below this many letters are of one size, whatever their length.
SHORT_LETTERS = 75
# A newer version that kept less than this share of a text may be an excerpt of it.
KEPT_SHARE = 0.5

_LINK_PREFIX = "url:"
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One version of an article as one capture stated it, without its content.

    `digest` is of the content to the byte, where `hash` leaves out what does not make another
    version. `text_hash` is of title and text alone. `tier` (0 to 3) says how sure it is that the
    source is the article's own publisher; `letters` is the length of the text.
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
    tier: int = 3
    letters: int = 0
    text_hash: bytes = b""

    @property
    def link(self) -> str | None:
        """The key of the article's address: the last `url:` key."""
        return link_key(self.keys)

    @property
    def guid(self) -> str | None:
        """The key of the publisher's own id; None where it has none, or the address is the id."""
        return guid_key(self.keys)

    @property
    def has_stated_date(self) -> bool:
        """Whether a publisher stated when the article appeared."""
        return self.published_from not in GUESSED_ORIGINS


@dataclass(frozen=True, slots=True)
class RevisionSpan:
    """Adjacent sightings of one hash.

    `first_sighting` is shown. `has_publisher_date` tells that the publisher's own modified date
    moved to make the revision. `is_edit` tells that nobody saw this state before: a statement that
    comes back to an earlier state is not edited by that.
    """

    at: datetime
    first_sighting: Sighting
    has_publisher_date: bool
    is_edit: bool


@dataclass(frozen=True, slots=True)
class SourceRank:
    """What the configuration says of a source beside others; `is_active` is False for a removed one."""

    priority: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source says of an article: `spans` are its revisions, oldest first."""

    source: str
    rank: SourceRank
    spans: tuple[RevisionSpan, ...]
    sightings: tuple[Sighting, ...]

    @property
    def current(self) -> Sighting:
        """The version that the source stands by."""
        return self.spans[-1].first_sighting

    @property
    def tier(self) -> int:
        return self.current.tier

    @property
    def has_text(self) -> bool:
        """Whether it is more than a headline."""
        return self.current.letters >= HEADLINE_LETTERS

    @property
    def edits(self) -> int:
        return sum(span.is_edit for span in self.spans)

    @property
    def last_edit(self) -> datetime | None:
        """When the newest edit was made; None if there was none."""
        for span in reversed(self.spans):
            if span.is_edit:
                return span.at
        return None

    @property
    def corrections(self) -> list[tuple[RevisionSpan, RevisionSpan]]:
        """The edits, each after the revision before it; the first text behind a headline is none."""
        corrections = []
        for before, after in pairwise(self.spans):
            was_headline = before.first_sighting.letters < HEADLINE_LETTERS
            is_first_text = was_headline and after.first_sighting.letters >= HEADLINE_LETTERS
            if after.is_edit and not is_first_text:
                corrections.append((before, after))
        return corrections

    @property
    def stated_modification(self) -> datetime | None:
        """The latest modified date that the publisher stated of any revision; None without any."""
        stated = []
        for span in self.spans:
            sighting = span.first_sighting
            if sighting.at + NOW_TOLERANCE < sighting.captured:
                stated.append(sighting.at)
        return max(stated, default=None)

    @property
    def earliest_stated_date(self) -> datetime | None:
        dates = [sighting.published for sighting in self.sightings if sighting.has_stated_date]
        return min(dates, default=None)

    @property
    def edits_in_a_row(self) -> int:
        """How many of the newest revisions came in a row without a modified date of the publisher's."""
        unstated = 0
        for span in reversed(self.spans[1:]):
            if span.has_publisher_date:
                break
            unstated += 1
        return unstated

    def link_winner(self) -> Sighting:
        """Return the sighting of the newest revision that shows where the article is now.

        A link is as new as its first mention: two links that take turns do not take turns in what
        is shown.
        """
        begin = sort_key(self.current)
        known: set[str] = set()
        moves = [self.current]
        for sighting in self.sightings:
            link = sighting.link
            if link is None or link in known:
                continue
            known.add(link)
            if sort_key(sighting) > begin:
                moves.append(sighting)
        return moves[: MAX_LINK_CHANGES + 1][-1]


class LeadKey(NamedTuple):
    """What statements are compared by; the smallest key leads."""

    is_removed: bool
    is_headline: bool
    priority: int
    tier: int
    is_left_behind: bool
    size: int
    stated_date: datetime
    source: str


# What each part of a LeadKey is about.
_LEAD_REASONS: tuple[LeadReason, ...] = (
    "followed",
    "text",
    "priority",
    "publisher",
    "version",
    "size",
    "date",
    "id",
)


def make_statements(
    sightings: Iterable[Sighting], ranks: Mapping[str, SourceRank]
) -> list[Statement]:
    """Return what each source says, the statement that leads first.

    The lead is the first by: a source that is still followed; a text, not only a headline;
    `priority`; evidence that the source is the article's own publisher; not being an older version
    of an equal statement; size of the text; the earliest stated date; the source's id. No time of
    capture is asked, so the order of arrival does not matter.
    """
    by_source: dict[str, list[Sighting]] = {}
    for sighting in sorted(sightings, key=sort_key):
        by_source.setdefault(sighting.source, []).append(sighting)
    statements = []
    for source, members in by_source.items():
        rank = ranks.get(source, SourceRank())
        spans = revision_spans(members)
        statements.append(Statement(source, rank, spans, tuple(members)))

    if len(statements) == 1:  # by far the most
        return statements
    return sorted(statements, key=lambda statement: _lead_key(statement, statements))


def lead_reason(statements: Sequence[Statement]) -> LeadReason | None:
    """Return why the first of these statements leads before the second; None for a single one.

    They are in the order of `make_statements`.
    """
    if len(statements) < 2:
        return None
    lead, second = (_lead_key(statement, statements) for statement in statements[:2])
    for reason, ours, theirs in zip(_LEAD_REASONS, lead, second, strict=True):
        if ours != theirs:
            return reason
    return None


def revision_spans(ordered: Sequence[Sighting]) -> tuple[RevisionSpan, ...]:
    """Return the revisions of one source's sightings in the order of `sort_key`; times never go back.

    >>> revision_spans([])
    ()
    """
    spans: list[RevisionSpan] = []
    states: set[str] = set()
    for sighting in ordered:
        if not spans:
            has_date = sighting.at != sighting.captured
            spans.append(RevisionSpan(sighting.at, sighting, has_date, is_edit=False))
        elif sighting.hash != spans[-1].first_sighting.hash:
            is_edit = sighting.hash not in states
            spans.append(_next_span(spans[-1], sighting, is_edit=is_edit))
        states.add(sighting.hash)
    return tuple(spans)


def size_class(letters: int) -> int:
    """Return the size of a text: 0 for a headline, 1 for a line, then one more for each doubling.

    An excerpt of 180 letters is another size than the 500 letters of a short report.

    >>> [size_class(letters) for letters in (39, 40, 74, 75, 149, 150, 599, 600)]
    [0, 1, 1, 2, 2, 3, 4, 5]
    """
    if letters < HEADLINE_LETTERS:
        return 0
    return 1 + (letters // SHORT_LETTERS).bit_length()


def sort_key(sighting: Sighting) -> tuple[object, ...]:
    """Return what orders sightings by time, and those of one time by their values."""
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
        sighting.tier,
        sighting.letters,
        sighting.text_hash,
    )


def link_key(keys: Sequence[str]) -> str | None:
    """Return the key of the address among the keys of an item, None if there is none.

    >>> link_key(("guid:news:7", "url://example.org/a"))
    'url://example.org/a'
    """
    for key in reversed(keys):
        if key.startswith(_LINK_PREFIX):
            return key
    return None


def fold_title(title: str) -> str:
    """Return what two spellings of one title have in common.

    >>> fold_title("Ｎews  of\\tToday") == fold_title("news of today")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def _lead_key(statement: Statement, statements: Sequence[Statement]) -> LeadKey:
    current = statement.current
    others_have_text = any(one.has_text for one in statements)
    is_headline = others_have_text and not statement.has_text
    is_left_behind = any(_is_left_behind(statement, other) for other in statements)
    stated_date = statement.earliest_stated_date or _NEVER
    return LeadKey(
        is_removed=not statement.rank.is_active,
        is_headline=is_headline,
        priority=-statement.rank.priority,
        tier=-current.tier,
        is_left_behind=is_left_behind,
        size=-size_class(current.letters),
        stated_date=stated_date,
        source=statement.source,
    )


def _is_left_behind(statement: Statement, other: Statement) -> bool:
    """Tell whether a statement is an older version of another of its tier.

    A feed that no longer lists an article stands by what it said last, while another has the
    correction. That may be shorter; what kept less than half is an excerpt. Without a common
    version, stated modifications of texts of one size decide.
    """
    current, newer = statement.current, other.current
    if statement is other or current.text_hash == newer.text_hash:
        return False
    if current.tier != newer.tier:
        return False
    had_this_text = any(span.first_sighting.text_hash == current.text_hash for span in other.spans)
    if had_this_text:
        return newer.letters >= KEPT_SHARE * current.letters

    if size_class(current.letters) != size_class(newer.letters):
        return False
    modified = statement.stated_modification
    other_modified = other.stated_modification
    if modified is None or other_modified is None:
        return False
    return modified < other_modified


def _next_span(last: RevisionSpan, sighting: Sighting, *, is_edit: bool) -> RevisionSpan:
    """Return the revision that `sighting` begins; its time is never before that of the last."""
    at = last.at
    if sighting.at > last.at:
        at = sighting.at
    elif sighting.captured > last.at:
        at = sighting.captured

    is_stated = abs(sighting.captured - sighting.at) > ANSWER_TOLERANCE
    is_newer = sighting.at > last.first_sighting.at
    return RevisionSpan(at, sighting, is_stated and is_newer, is_edit)
