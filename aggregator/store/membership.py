"""Answers about one article: does a selection admit it, where does it stand, what are its copies, was it deleted.

Nothing is decided here. The conditions, the order and the rank of copies are those that views use.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.model import Capture
from aggregator.store.content import decompress
from aggregator.store.copy_groups import BEST_FIRST
from aggregator.store.engine import in_values
from aggregator.store.listing import unpack
from aggregator.store.merge.article import uid_of
from aggregator.store.queries import (
    ENTRY_SELECT,
    ENTRY_TABLES,
    NEWEST_FIRST,
    entries_by_id,
    parse_uid,
)
from aggregator.store.schema import capture, entry, source, source_state, tombstone
from aggregator.store.search import matches_query
from aggregator.store.search.tokens import fold_text, query_phrases, split_words
from aggregator.store.view import newest_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Sequence
    from datetime import datetime

    from aggregator.model import Entry
    from aggregator.store.queries import EntryBuilder
    from aggregator.store.view import Selection

_CAPTURES_READ_AHEAD = 16
_TITLES_READ_AHEAD = 256


@dataclass(frozen=True, slots=True)
class Arrival:
    """When an entry was stored; `late` is the same for one that came after its source's first run, else None."""

    stored: datetime
    late: datetime | None


@dataclass(frozen=True, slots=True)
class EntryCopy:
    """One of the entries with the same text; `priority` is that of its source."""

    entry: Entry
    priority: int


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is left of a deleted article.

    `at` is when it was deleted; while a source lists it, when that was last looked at. `listed_by` are
    these sources.
    """

    at: datetime
    listed_by: tuple[str, ...]


def selects(
    connection: sa.Connection, opener: EntryBuilder, entry_id: str, selection: Selection
) -> bool:
    """Tell whether a selection admits an entry, its copies aside."""
    query = ENTRY_SELECT.select_from(ENTRY_TABLES).where(
        entry.c.uid == parse_uid(entry_id), *selection.conditions()
    )
    row = connection.execute(query).first()
    return row is not None and selection.admits(opener.from_row(row))


def selected_copies(
    connection: sa.Connection, opener: EntryBuilder, entry_id: str, selection: Selection
) -> list[EntryCopy]:
    """Return the copies of an entry that a selection admits, itself among them, the one that is shown first."""
    group = sa.select(entry.c.copies).where(entry.c.uid == parse_uid(entry_id)).scalar_subquery()
    query = (
        ENTRY_SELECT.add_columns(source.c.priority)
        .select_from(ENTRY_TABLES)
        .where(entry.c.copies == group, *selection.conditions())
        .order_by(*BEST_FIRST)
    )
    copies = []
    for row in connection.execute(query).all():
        found = opener.from_row(row)
        if selection.admits(found):
            copies.append(EntryCopy(found, row.priority))
    return copies


def rank(
    connection: sa.Connection, opener: EntryBuilder, entry_id: str, selection: Selection
) -> int | None:
    """Return the place of an entry among all that a selection shows, newest first, from 1; None if it has none."""
    uid = parse_uid(entry_id)
    with closing(newest_rows(connection, opener, selection)) as rows:
        for place, row in enumerate(rows, 1):
            if row.uid == uid:
                return place
    return None


def arrival(connection: sa.Connection, entry_id: str) -> Arrival | None:
    """Return when an entry was stored; None for an unknown one."""
    query = sa.select(entry.c.stored_at, entry.c.arrived).where(entry.c.uid == parse_uid(entry_id))
    row = connection.execute(query).first()
    return None if row is None else Arrival(row.stored_at, row.arrived)


def find_by_title(
    connection: sa.Connection, opener: EntryBuilder, text: str, limit: int
) -> list[Entry]:
    """Return at most `limit` entries whose title has every word and "quoted phrase" of `text`, newest first."""
    phrases = query_phrases(text)
    query = sa.select(entry.c.id, entry.c.title).where(matches_query(connection, text))
    numbers: list[int] = []
    query = query.order_by(*NEWEST_FIRST).execution_options(yield_per=_TITLES_READ_AHEAD)
    with connection.execute(query) as rows:
        for row in rows:
            if len(numbers) == limit:
                break
            if has_phrases(row.title, phrases):
                numbers.append(row.id)
    return entries_by_id(connection, opener, numbers)


def has_phrases(title: str, phrases: Sequence[Sequence[str]]) -> bool:
    """Tell whether a title has all these phrases, as the search index understands words."""
    words = f" {' '.join(split_words(fold_text(title)))} "
    return bool(phrases) and all(f" {' '.join(phrase)} " in words for phrase in phrases)


def find_deletion(connection: sa.Connection, keys: Collection[str]) -> Deletion | None:
    """Return what is left of the deleted article with one of these keys; None where none was deleted."""
    query = sa.select(tombstone).where(in_values(tombstone.c.key, keys, connection))
    row = connection.execute(query.order_by(tombstone.c.at.desc())).first()
    if row is None:
        return None
    return Deletion(row.at, _sources_that_list(connection, row.key))


def deleted_keys_of_id(connection: sa.Connection, digits: str) -> list[str]:
    """Return the keys of deleted articles whose ids begin with these hexadecimal digits."""
    wanted = digits.lower().replace("-", "")
    keys = []
    for key in connection.scalars(sa.select(tombstone.c.key)):
        if uid_of(key).hex().startswith(wanted):
            keys.append(key)
    return keys


def sources_of_site(connection: sa.Connection, host: str) -> list[str]:
    """Return the sources that first brought an entry whose link is on a host, by name; `www.` aside."""
    bare = host.removeprefix("www.")
    on_host = []
    for beginning in ("https://", "https://www.", "http://", "http://www."):
        on_host.append(entry.c.url.startswith(f"{beginning}{bare}/", autoescape=True))
    query = sa.select(source.c.name).join(entry, entry.c.source_id == source.c.id)
    return list(
        connection.scalars(query.where(sa.or_(*on_host)).distinct().order_by(source.c.name))
    )


def newest_captures(connection: sa.Connection, name: str) -> Generator[Capture]:
    """Yield the newest capture of each address of a source, the newest first."""
    own = sa.select(source.c.id).where(source.c.name == name).scalar_subquery()
    newest = (
        sa.select(sa.func.max(capture.c.id))
        .where(capture.c.source_id == own)
        .group_by(capture.c.url)
    )
    query = sa.select(capture).where(capture.c.id.in_(newest)).order_by(capture.c.id.desc())
    query = query.execution_options(yield_per=_CAPTURES_READ_AHEAD)
    with connection.execute(query) as rows:
        for row in rows:
            body = decompress(row.codec, row.body)
            yield Capture(name, row.url, row.taken, body, status=row.status, headers=row.headers)


def _sources_that_list(connection: sa.Connection, key: str) -> tuple[str, ...]:
    query = (
        sa.select(source.c.name, source_state.c.listing)
        .join(source_state, source_state.c.source_id == source.c.id)
        .where(source.c.active, source_state.c.listing.is_not(None))
        .order_by(source.c.name)
    )
    names = []
    for row in connection.execute(query):
        if key in unpack(row.listing).names():
            names.append(row.name)
    return tuple(names)
