"""Entries as they are read: newest first, one, or with all their revisions.

Rule: rows are streamed; content is decoded only for what is asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.content import Frame, assemble, decompress, evidence_of, load, urn
from aggregator.store.engine import among
from aggregator.store.merge.article import dated, timeline
from aggregator.store.merge.lookup import sighting_of
from aggregator.store.schema import content, entry, entry_key, revision, source
from aggregator.store.search import found

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
    from datetime import datetime

    from aggregator.model import Entry, Evidence
    from aggregator.store.merge.article import Run, Sighting

_CHUNK = 256  # rows read ahead
_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)

NEWEST_FIRST = (entry.c.published.desc(), entry.c.uid)

# The outer join keeps SQLite from walking `content` or `source` first: the order of `entry` is an index's.
FRAME = sa.select(
    entry.c.id,
    entry.c.copies,
    entry.c.uid,
    entry.c.published,
    entry.c.published_from,
    entry.c.published_where,
    entry.c.updated,
    entry.c.first_seen,
    entry.c.revision,
    source.c.name.label("source"),
    content.c.codec,
    content.c.body,
)


def framed(rows: sa.FromClause) -> sa.FromClause:
    """Return what FRAME is selected from, where `rows` are those of `entry`, or more."""
    return rows.outerjoin(source, source.c.id == entry.c.source_id).outerjoin(
        content, content.c.id == entry.c.content_id
    )


FROM = framed(entry)


@dataclass(frozen=True, slots=True)
class VisibleRevision:
    """One version of an entry that readers could see; `entry` is the entry as that version showed it.

    `at` is the version's own time: the publisher's modified date, else the capture's.
    """

    number: int
    at: datetime
    captured: datetime
    entry: Entry

    @property
    def title(self) -> str:
        return self.entry.title


class Opener:
    """Makes entries of rows; not for two threads at a time."""

    __slots__ = ("_text_of",)

    def __init__(self, text_of: Callable[[str], str]) -> None:
        self._text_of = text_of

    def framed(self, frame: Frame, row: Any) -> Entry:
        """Return the entry of `frame` with the content that `row` holds."""
        return assemble(frame, self.content(row), text_of=self._text_of)

    def content(self, row: Any) -> dict[str, Any]:
        """Return the content that `row` holds, as it was stored."""
        return load(decompress(row.codec, row.body))

    def entry(self, row: Any, duplicates: tuple[str, ...] = ()) -> Entry:
        """Return the entry of a row of FRAME, without its copies."""
        frame = Frame(
            uid=bytes(row.uid),
            source=row.source,
            published=row.published,
            published_from=row.published_from,
            published_where=row.published_where,
            updated=row.updated,
            first_seen=row.first_seen,
            revision=row.revision,
            duplicates=duplicates,
        )
        return self.framed(frame, row)


def opened(connection: sa.Connection, opener: Opener, rows: Sequence[Any]) -> Iterator[Entry]:
    """Yield the entries of rows of FRAME, with the ids of their copies in other sources."""
    groups = _groups(connection, {row.copies for row in rows if row.copies is not None})
    for row in rows:
        others = groups.get(row.copies, ()) if row.copies is not None else ()
        yield opener.entry(row, tuple(urn(found) for found in others if found != bytes(row.uid)))


def entries(
    connection: sa.Connection,
    opener: Opener,
    *,
    source_name: str | None,
    since: datetime | None,
    search: str | None,
) -> Generator[Entry]:
    """Yield entries, newest first; `search` are words and "quoted phrases" that all must be there, None for any."""
    query = FRAME.select_from(FROM).order_by(*NEWEST_FIRST)
    if source_name is not None:
        query = query.where(of_source(source_name))
    if since is not None:
        query = query.where(entry.c.published >= since)
    if search is not None and not search.isspace() and search:
        yield from _numbered(connection, opener, query.where(found(connection, search)))
        return
    with connection.execute(query.execution_options(yield_per=_CHUNK)) as rows:
        for part in rows.partitions():
            yield from opened(connection, opener, part)


def with_ids(connection: sa.Connection, opener: Opener, ids: Collection[int]) -> list[Entry]:
    """Return the entries with these row numbers, newest first."""
    query = (
        FRAME.select_from(FROM).where(among(entry.c.id, ids, connection)).order_by(*NEWEST_FIRST)
    )
    return list(opened(connection, opener, connection.execute(query).all()))


def _numbered(connection: sa.Connection, opener: Opener, query: sa.Select[Any]) -> Generator[Entry]:
    """Yield the entries of a query that must sort what it finds: numbers are sorted, contents are read after."""
    numbers = list(
        connection.scalars(query.with_only_columns(entry.c.id, maintain_column_froms=True))
    )
    for begin in range(0, len(numbers), _CHUNK):
        yield from with_ids(connection, opener, numbers[begin : begin + _CHUNK])


def _groups(connection: sa.Connection, numbers: Collection[int]) -> dict[int, list[bytes]]:
    if not numbers:
        return {}
    query = sa.select(entry.c.copies, entry.c.uid).where(among(entry.c.copies, numbers, connection))
    groups: dict[int, list[bytes]] = {}
    for number, member in connection.execute(query.order_by(entry.c.uid)):
        groups.setdefault(number, []).append(bytes(member))
    return groups


def find(
    connection: sa.Connection, opener: Opener, name: str, *, url_key: Callable[[str], str] | None
) -> list[Entry]:
    """Return the entries that an id, a URL or a key leads to: several where a publisher used an id again."""
    matched = _UUID.fullmatch(name)
    if matched:
        where: sa.ColumnElement[bool] = entry.c.uid == uid(matched[1])
    else:
        keys = [name] if url_key is None else [name, url_key(name)]
        held = sa.select(entry_key.c.entry_id).where(entry_key.c.key.in_(keys))
        where = sa.or_(entry.c.id.in_(held), entry.c.url == name)
    query = FRAME.select_from(FROM).where(where).order_by(*NEWEST_FIRST)
    return list(opened(connection, opener, connection.execute(query).all()))


def addresses(connection: sa.Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return where the entries with these public ids can be read; one without an address is not there."""
    by_uid = {uid(id_): id_ for id_ in ids}
    query = sa.select(entry.c.uid, entry.c.url).where(
        entry.c.uid.in_(by_uid), entry.c.url.is_not(None)
    )
    return {by_uid[bytes(row.uid)]: row.url for row in connection.execute(query)}


def starting(connection: sa.Connection, opener: Opener, digits: str) -> list[Entry]:
    """Return the entries whose id begins with these hexadecimal digits, newest first."""
    low, high = (bytes.fromhex(digits.replace("-", "").ljust(32, filling)) for filling in "0f")
    query = FRAME.select_from(FROM).where(entry.c.uid.between(low, high)).order_by(*NEWEST_FIRST)
    return list(opened(connection, opener, connection.execute(query).all()))


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many entries each source brought first; a source without any is not there."""
    query = sa.select(source.c.name, sa.func.count()).join(entry, entry.c.source_id == source.c.id)
    return dict(connection.execute(query.group_by(source.c.name)).all())


def history(connection: sa.Connection, opener: Opener, entry_id: str) -> list[VisibleRevision]:
    """Return the visible revisions of the entry with this public id, oldest first; none for an unknown one."""
    matched = _UUID.fullmatch(entry_id)
    shown = find(connection, opener, entry_id, url_key=None) if matched else []
    if matched is None or not shown:
        return []
    rows = _sightings(connection, uid(matched[1]))
    return [
        VisibleRevision(
            number,
            run.at,
            run.first.captured,
            opener.framed(_frame(shown[0], number, run), rows[run.first]),
        )
        for number, run in enumerate(timeline(rows), 1)
    ]


def evidence(connection: sa.Connection, opener: Opener, entry_id: str) -> tuple[Evidence, ...]:
    """Return how the dates of the entry with this public id were stated; none for an unknown one.

    Its date may be of another version than the one that is shown.
    """
    rows = _sightings(connection, uid(entry_id)) if _UUID.fullmatch(entry_id) else {}
    if not rows:
        return ()
    published, updated = (
        opener.content(rows[dated(rows)]),
        opener.content(rows[timeline(rows)[-1].first]),
    )
    return (*evidence_of(published, "published"), *evidence_of(updated, "updated"))


def _sightings(connection: sa.Connection, found: bytes) -> dict[Sighting, sa.Row[Any]]:
    query = sa.select(revision, source.c.name, content.c.codec, content.c.body).select_from(
        revision.join(entry, entry.c.id == revision.c.entry_id)
        .join(source, source.c.id == revision.c.source_id)
        .join(content, content.c.id == revision.c.content_id)
    )
    return {sighting_of(row): row for row in connection.execute(query.where(entry.c.uid == found))}


def of_source(name: str) -> sa.ColumnElement[bool]:
    """Return the condition for entries that a source brought first."""
    return entry.c.source_id == id_of(name)


def id_of(name: str) -> sa.ScalarSelect[int]:
    """Return the row number of a source."""
    return sa.select(source.c.id).where(source.c.name == name).scalar_subquery()


def _frame(shown: Entry, number: int, run: Run) -> Frame:
    return Frame(
        uid=uid(shown.id),
        source=run.first.source,
        published=shown.published,
        published_from=shown.published_from,
        published_where=shown.provenance.get("published"),
        updated=shown.published if number == 1 else max(shown.published, run.at),
        first_seen=shown.first_seen,
        revision=number,
    )


def uid(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("urn:uuid:").replace("-", ""))
