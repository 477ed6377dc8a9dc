"""Reads entries: newest first, one alone, or with all their revisions.

Rows are streamed, and content is decoded only for the entries that are asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.content import (
    EntryColumns,
    build_entry,
    decompress,
    evidence_of,
    load_content,
    urn,
)
from aggregator.store.engine import in_values
from aggregator.store.merge.article import build_article
from aggregator.store.merge.keys import asked_keys
from aggregator.store.merge.lookup import load_ranks, sighting_from_row
from aggregator.store.merge.statement import lead_reason
from aggregator.store.schema import content, entry, entry_key, revision, source
from aggregator.store.search import matches_query

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Generator,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from datetime import datetime

    from aggregator.model import Entry, Evidence, LeadReason
    from aggregator.store.merge.article import Article
    from aggregator.store.merge.statement import RevisionSpan, Sighting

_CHUNK = 256  # rows read ahead
_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)

NEWEST_FIRST = (entry.c.published.desc(), entry.c.uid)

# The outer join keeps SQLite from walking `content` or `source` first: the order of `entry` is an index's.
ENTRY_SELECT = sa.select(
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


def join_entry_tables(rows: sa.FromClause) -> sa.FromClause:
    """Return what ENTRY_SELECT is selected from, where `rows` are those of `entry`, or more."""
    return rows.outerjoin(source, source.c.id == entry.c.source_id).outerjoin(
        content, content.c.id == entry.c.content_id
    )


ENTRY_TABLES = join_entry_tables(entry)


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


class EntryBuilder:
    """Builds entries from rows; one thread at a time may use it."""

    __slots__ = ("_text_of",)

    def __init__(self, text_of: Callable[[str], str]) -> None:
        self._text_of = text_of

    def from_columns(self, frame: EntryColumns, row: Any) -> Entry:
        """Return the entry of `frame` with the content that `row` holds."""
        return build_entry(frame, self.content(row), text_of=self._text_of)

    def content(self, row: Any) -> dict[str, Any]:
        """Return the content that `row` holds, as it was stored."""
        return load_content(decompress(row.codec, row.body))

    def from_row(self, row: Any, duplicates: tuple[str, ...] = ()) -> Entry:
        """Return the entry of a row of ENTRY_SELECT, with the given ids of its copies."""
        frame = EntryColumns(
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
        return self.from_columns(frame, row)


def build_entries(
    connection: sa.Connection, opener: EntryBuilder, rows: Sequence[Any]
) -> Iterator[Entry]:
    """Yield the entries of rows of ENTRY_SELECT, with the ids of their copies in other sources."""
    wanted = {row.copies for row in rows if row.copies is not None}
    uids_by_group = _uids_by_group(connection, wanted)
    for row in rows:
        own_uid = bytes(row.uid)
        duplicates = []
        for uid in uids_by_group.get(row.copies, ()):
            if uid != own_uid:
                duplicates.append(urn(uid))
        yield opener.from_row(row, tuple(duplicates))


def entries(
    connection: sa.Connection,
    opener: EntryBuilder,
    *,
    source_name: str | None,
    since: datetime | None,
    search: str | None,
) -> Generator[Entry]:
    """Yield entries, newest first; `search` are words and "quoted phrases" that all must be there, None for any."""
    query = ENTRY_SELECT.select_from(ENTRY_TABLES).order_by(*NEWEST_FIRST)
    if source_name is not None:
        query = query.where(is_of_source(source_name))
    if since is not None:
        query = query.where(entry.c.published >= since)
    if search is not None and not search.isspace() and search:
        yield from _entries_in_batches(
            connection, opener, query.where(matches_query(connection, search))
        )
        return
    with connection.execute(query.execution_options(yield_per=_CHUNK)) as rows:
        for part in rows.partitions():
            yield from build_entries(connection, opener, part)


def entries_by_id(
    connection: sa.Connection, opener: EntryBuilder, ids: Collection[int]
) -> list[Entry]:
    """Return the entries with these row numbers, newest first."""
    query = (
        ENTRY_SELECT.select_from(ENTRY_TABLES)
        .where(in_values(entry.c.id, ids, connection))
        .order_by(*NEWEST_FIRST)
    )
    return list(build_entries(connection, opener, connection.execute(query).all()))


def _entries_in_batches(
    connection: sa.Connection, opener: EntryBuilder, query: sa.Select[Any]
) -> Generator[Entry]:
    """Yield the entries of a query that must sort what it finds: numbers are sorted, contents are read after."""
    numbers = list(
        connection.scalars(query.with_only_columns(entry.c.id, maintain_column_froms=True))
    )
    for begin in range(0, len(numbers), _CHUNK):
        yield from entries_by_id(connection, opener, numbers[begin : begin + _CHUNK])


def _uids_by_group(connection: sa.Connection, numbers: Collection[int]) -> dict[int, list[bytes]]:
    if not numbers:
        return {}
    query = sa.select(entry.c.copies, entry.c.uid).where(
        in_values(entry.c.copies, numbers, connection)
    )
    groups: dict[int, list[bytes]] = {}
    for number, member in connection.execute(query.order_by(entry.c.uid)):
        groups.setdefault(number, []).append(bytes(member))
    return groups


def find_entries(
    connection: sa.Connection,
    opener: EntryBuilder,
    name: str,
    *,
    url_key: Callable[[str], str] | None,
) -> list[Entry]:
    """Return the entries that an id, a URL or a key leads to: several where a publisher used an id again."""
    matched = _UUID.fullmatch(name)
    if matched:
        uid = parse_uid(matched[1])
        former = sa.select(entry_key.c.entry_id).where(entry_key.c.key == urn(uid))
        where: sa.ColumnElement[bool] = sa.or_(entry.c.uid == uid, entry.c.id.in_(former))
    else:
        keys = {name}
        if url_key is not None:
            keys.add(url_key(name))
        held = sa.select(entry_key.c.entry_id).where(entry_key.c.key.in_(asked_keys(keys)))
        where = sa.or_(entry.c.id.in_(held), entry.c.url == name)
    query = ENTRY_SELECT.select_from(ENTRY_TABLES).where(where).order_by(*NEWEST_FIRST)
    return list(build_entries(connection, opener, connection.execute(query).all()))


def entry_urls(connection: sa.Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return where the entries with these public ids can be read; one without an address is left out."""
    by_uid = {parse_uid(public_id): public_id for public_id in ids}
    query = sa.select(entry.c.uid, entry.c.url).where(
        entry.c.uid.in_(by_uid), entry.c.url.is_not(None)
    )
    urls: dict[str, str] = {}
    for row in connection.execute(query):
        public_id = by_uid[bytes(row.uid)]
        urls[public_id] = row.url
    return urls


def find_by_id_prefix(connection: sa.Connection, opener: EntryBuilder, digits: str) -> list[Entry]:
    """Return the entries whose id begins with these hexadecimal digits, newest first."""
    low, high = (bytes.fromhex(digits.replace("-", "").ljust(32, filling)) for filling in "0f")
    query = (
        ENTRY_SELECT.select_from(ENTRY_TABLES)
        .where(entry.c.uid.between(low, high))
        .order_by(*NEWEST_FIRST)
    )
    return list(build_entries(connection, opener, connection.execute(query).all()))


def history(
    connection: sa.Connection, opener: EntryBuilder, entry_id: str, *, source_name: str | None
) -> list[VisibleRevision]:
    """Return the revisions of the entry with this public id, oldest first; none for an unknown one.

    They are those of the statement that is shown, else of the source that is named: what one source
    says is no revision of what another says.
    """
    if _UUID.fullmatch(entry_id) is None:
        return []
    found = find_entries(connection, opener, entry_id, url_key=None)
    if not found:
        return []
    rows = _load_sightings(connection, found[0].id, source_name)
    if not rows:
        return []
    shown = found[0]
    if source_name is not None:
        shown = _build_statement(connection, opener, shown.id, rows)

    lead = _build_article(connection, rows).lead
    first_number = shown.revision - lead.edits
    revisions: list[VisibleRevision] = []
    numbers: dict[str, int] = {}
    for span in lead.spans:
        first = span.first_sighting
        number = numbers.setdefault(first.hash, first_number + len(numbers))
        columns = _revision_columns(shown, number, span, is_first=number == first_number)
        content = opener.from_columns(columns, rows[first])
        revisions.append(VisibleRevision(number, span.at, first.captured, content))
    return revisions


def load_statement(
    connection: sa.Connection, opener: EntryBuilder, entry_id: str, *, source_name: str
) -> Entry | None:
    """Return the entry as if this source alone told it; None if it does not tell it."""
    rows = _load_sightings(connection, entry_id, source_name)
    if not rows:
        return None
    return _build_statement(connection, opener, entry_id, rows)


def _build_statement(
    connection: sa.Connection,
    opener: EntryBuilder,
    entry_id: str,
    rows: Mapping[Sighting, sa.Row[Any]],
) -> Entry:
    """Build an entry from the sightings of one source."""
    article = _build_article(connection, rows)
    columns = EntryColumns(
        uid=parse_uid(entry_id),
        source=article.source,
        published=article.date_winner.published,
        published_from=article.date_winner.published_from,
        published_where=article.date_winner.published_where,
        updated=article.updated,
        first_seen=article.first_seen,
        revision=article.lead.edits + 1,
    )
    return opener.from_columns(columns, rows[article.link_winner])


def find_lead_reason(connection: sa.Connection, entry_id: str) -> LeadReason | None:
    """Return why the first teller of an entry is shown; None for a single one or an unknown entry."""
    rows = _load_sightings(connection, entry_id, None)
    if not rows:
        return None
    return lead_reason(_build_article(connection, rows).statements)


def evidence(
    connection: sa.Connection, opener: EntryBuilder, entry_id: str, *, source_name: str | None
) -> tuple[Evidence, ...]:
    """Return how the dates of the entry with this public id were stated; none for an unknown one.

    Its date may be of another version than the one that is shown. With `source_name` only what
    that source stated counts.
    """
    rows = _load_sightings(connection, entry_id, source_name)
    if not rows:
        return ()
    article = _build_article(connection, rows)
    stated = []
    for field, sighting in (
        ("published", article.date_winner),
        ("updated", article.lead.current),
    ):
        for one in evidence_of(opener.content(rows[sighting]), field):
            if sighting.source != article.source:
                one = replace(one, where=f"{sighting.source}/{one.where}")
            stated.append(one)
    return tuple(stated)


def _build_article(connection: sa.Connection, sightings: Collection[Sighting]) -> Article:
    sources = {sighting.source for sighting in sightings}
    return build_article(sightings, load_ranks(connection, sources))


def _load_sightings(
    connection: sa.Connection, entry_id: str, source_name: str | None
) -> dict[Sighting, sa.Row[Any]]:
    """Return the sightings of an entry with their rows, those of one source if it is named."""
    if _UUID.fullmatch(entry_id) is None:
        return {}
    query = sa.select(revision, source.c.name, content.c.codec, content.c.body).select_from(
        revision.join(entry, entry.c.id == revision.c.entry_id)
        .join(source, source.c.id == revision.c.source_id)
        .join(content, content.c.id == revision.c.content_id)
    )
    query = query.where(entry.c.uid == parse_uid(entry_id))
    if source_name is not None:
        query = query.where(source.c.name == source_name)
    return {sighting_from_row(row): row for row in connection.execute(query)}


def is_of_source(name: str) -> sa.ColumnElement[bool]:
    """Return the condition for entries that a source brought first."""
    return entry.c.source_id == source_id_of(name)


def source_id_of(name: str) -> sa.ScalarSelect[int]:
    """Return the row number of a source."""
    return sa.select(source.c.id).where(source.c.name == name).scalar_subquery()


def _revision_columns(
    shown: Entry, number: int, run: RevisionSpan, *, is_first: bool
) -> EntryColumns:
    return EntryColumns(
        uid=parse_uid(shown.id),
        source=run.first_sighting.source,
        published=shown.published,
        published_from=shown.published_from,
        published_where=shown.provenance.get("published"),
        updated=shown.published if is_first else max(shown.published, run.at),
        first_seen=shown.first_seen,
        revision=number,
    )


def parse_uid(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("urn:uuid:").replace("-", ""))
