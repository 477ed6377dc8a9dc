"""The entries of a view: the newest, and for a while those that came too late to be among them.

Rule: the order is `published`, newest first, ties by id. A late arrival is carried for CARRIED, so that subscribers get
it, unless its source was being read for the first time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.content import tongue
from aggregator.store.duplicates import BEST_FIRST
from aggregator.store.queries import FRAME, FROM, NEWEST_FIRST, framed, id_of, with_ids
from aggregator.store.schema import entry, entry_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from aggregator.model import Entry
    from aggregator.store.queries import Opener

CARRIED = timedelta(hours=48)

FLOOD = 5_000  # 48 hours of 100 busy sources; what came with more, further down, counts as late

_ALWAYS = datetime.min.replace(tzinfo=UTC)
_CHUNK = 128  # rows read ahead


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries a view is of; None lets every one in. `language` `zh` lets `zh-Hans` in.

    `group` lets only the best one in of copies that the rest of the selection admits.
    """

    language: str | None = None
    source: str | None = None
    tag: str | None = None
    scan: Callable[[Entry], bool] | None = None
    group: bool = True

    @property
    def whole(self) -> bool:
        """Whether an entry must be read whole to be judged."""
        return self.scan is not None

    def admits(self, found: Entry) -> bool:
        return self.scan is None or self.scan(found)

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """Yield what the database tells of an entry; no index knows it: none shall seem better than the order asked."""
        if self.source is not None:
            yield entry.c.source_id + 0 == id_of(self.source)
        if self.language is not None:
            like = entry.c.language.startswith(f"{self.language}-", autoescape=True)
            yield sa.or_(entry.c.language == self.language, like)
        if self.tag is not None:
            yield sa.exists().where(_TAG.c.tag == self.tag, *_SAME)

    def look_up(self) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the one condition in whose index entries lie in the order of a view."""
        if self.tag is not None:
            yield entry_tag.c.tag == self.tag
        elif self.source is not None:
            yield entry.c.source_id == id_of(self.source)
        elif self.language is not None:
            yield entry.c.tongue == tongue(self.language)

    @property
    def narrow(self) -> bool:
        """Whether not every entry is let in: the one that stands for its copies may be missing."""
        return any(part is not None for part in (self.scan, self.tag, self.source, self.language))


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: int
    published: datetime
    uid: bytes
    arrived: datetime | None  # None: was always there


def view(
    connection: sa.Connection, opener: Opener, limit: int, *, selection: Selection, now: datetime
) -> list[Entry]:
    """Return the newest `limit` entries of `selection`, and its late arrivals (at most `limit` more)."""
    edge = now - CARRIED
    with closing(_newest(connection, opener, selection)) as candidates:
        walked = _walk(candidates, limit, edge)
    late = [walked[rank] for rank in _pushed_in_late(walked, limit) if _fresh(walked[rank], edge)]
    if walked:
        with closing(_older(connection, opener, selection, walked[-1], edge)) as older:
            late += islice(older, limit)
    latest = sorted(late, key=lambda found: (found.arrived or edge, found.published), reverse=True)[
        :limit
    ]
    return with_ids(connection, opener, [found.id for found in (*walked[:limit], *latest)])


def _walk(candidates: Iterator[_Candidate], limit: int, edge: datetime) -> list[_Candidate]:
    """Take candidates, newest first, until `limit` of them were there before `edge`: nothing further down could have
    been among the newest since then. A flood of arrivals is walked as far as FLOOD."""
    walked: list[_Candidate] = []
    settled = 0
    while (
        settled < limit
        and len(walked) < limit + FLOOD
        and (found := next(candidates, None)) is not None
    ):
        walked.append(found)
        settled += not _fresh(found, edge)
    return walked


def _pushed_in_late(walked: Sequence[_Candidate], limit: int) -> Iterator[int]:
    """Yield the ranks that had `limit` newer entries above them on the day they came.

    An entry that was once among the newest and went down since is not late: subscribers have had it.
    """
    there: list[int] = []
    for rank in sorted(range(len(walked)), key=lambda rank: (_arrival(walked[rank]), rank)):
        if bisect_left(there, rank) >= limit:
            yield rank
        insort(there, rank)


def _older(
    connection: sa.Connection,
    opener: Opener,
    selection: Selection,
    last: _Candidate,
    edge: datetime,
) -> Generator[_Candidate]:
    """Yield what came after `edge` though it is older than all that was walked, the latest comer first."""
    below = sa.or_(
        entry.c.published < last.published,
        sa.and_(entry.c.published == last.published, entry.c.uid > last.uid),
    )
    where = (*selection.conditions(), entry.c.arrived > edge, below)
    query = _query(selection, entry).where(*where).order_by(entry.c.arrived.desc(), *NEWEST_FIRST)
    return _candidates(connection, opener, selection, query)


def _newest(
    connection: sa.Connection, opener: Opener, selection: Selection
) -> Generator[_Candidate]:
    """Yield candidates, newest first: whatever is selected, they lie in this order in an index."""
    rows = entry if selection.tag is None else _TAGGED
    order = (entry if selection.tag is None else entry_tag).c.published.desc(), entry.c.uid
    query = (
        _query(selection, rows)
        .where(*selection.look_up(), *selection.conditions())
        .order_by(*order)
    )
    return _candidates(connection, opener, selection, query)


_COLUMNS = (entry.c.id, entry.c.published, entry.c.uid, entry.c.copies, entry.c.arrived)
_TAG = entry_tag.alias()
_SAME = (_TAG.c.published == entry.c.published, _TAG.c.entry_id == entry.c.id)
_TAGGED = entry_tag.outerjoin(
    entry, entry.c.id == entry_tag.c.entry_id
)  # outer: `entry` is never walked first


def _query(selection: Selection, rows: sa.FromClause) -> sa.Select[Any]:
    if selection.whole:
        query = FRAME.add_columns(entry.c.arrived).select_from(framed(rows))
    else:
        query = sa.select(*_COLUMNS).select_from(rows)
    if selection.group and not selection.narrow:
        query = query.where(sa.or_(entry.c.copies.is_(None), entry.c.copies == entry.c.id))
    return query


def _candidates(
    connection: sa.Connection, opener: Opener, selection: Selection, query: sa.Select[Any]
) -> Generator[_Candidate]:
    with connection.execute(query.execution_options(yield_per=_CHUNK)) as rows:
        for row in rows:
            if selection.whole and not selection.admits(opener.entry(row)):
                continue
            if selection.group and not _stands(connection, opener, selection, row):
                continue
            yield _Candidate(row.id, row.published, bytes(row.uid), row.arrived)


def _stands(connection: sa.Connection, opener: Opener, selection: Selection, row: Any) -> bool:
    """Tell whether an entry is the best of its copies that the selection admits."""
    if row.copies is None or row.copies == row.id:
        return True
    query = (
        FRAME.select_from(FROM)
        .where(entry.c.copies == row.copies, *selection.conditions())
        .order_by(*BEST_FIRST)
    )
    for member in connection.execute(query).all():
        if not selection.whole or selection.admits(opener.entry(member)):
            return bool(member.id == row.id)
    return True


def _fresh(found: _Candidate, edge: datetime) -> bool:
    return found.arrived is not None and found.arrived > edge


def _arrival(found: _Candidate) -> datetime:
    return found.arrived or _ALWAYS
