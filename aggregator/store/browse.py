"""Reads entries for people: a page of a view, narrowed by filters or a search, and short lines of entries.

The order is that of a view. A page is found by an index, so an old page costs as much as the newest.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.content import urn
from aggregator.store.queries import NEWEST_FIRST, entries_by_id, parse_uid
from aggregator.store.schema import entry, source, source_state
from aggregator.store.search import matches_query
from aggregator.store.source_share import ShareCount
from aggregator.store.view import (
    Selection,
    base_query,
    is_older_than,
    newest_rows,
    ordered_table,
    selected_rows,
    take_share,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Generator
    from datetime import datetime

    from aggregator.model import Entry
    from aggregator.store.queries import EntryBuilder
    from aggregator.store.view import ViewRow

# Matches of a search that are looked at, the last stored first: common words have many thousands.
MAX_MATCHES = 5_000


@dataclass(frozen=True, slots=True)
class EntryPosition:
    """A place in the order of a view: behind the entry `id`, or before all that was published at that time."""

    published: datetime
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """One line about an entry, such as a copy that is not shown itself."""

    id: str
    source: str
    title: str
    url: str | None
    language: str | None
    published: datetime


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What a reader asks for within a view; None asks for nothing. `search` are words and "phrases"."""

    source: str | None = None
    language: str | None = None
    tag: str | None = None
    search: str | None = None


def narrow_selection(selection: Selection, wanted: EntryFilter) -> Selection | None:
    """Return the part of a selection that a reader asks for; None if the two exclude each other.

    A search shows every copy that matches, because the one that stands for all may not match.
    """
    narrowed = _narrow_source(selection, wanted.source)
    if narrowed is not None:
        narrowed = _narrow_language(narrowed, wanted.language)
    if narrowed is not None:
        narrowed = _narrow_tag(narrowed, wanted.tag)
    if narrowed is None or wanted.search is None:
        return narrowed
    return replace(narrowed, group_copies=False, max_per_source=None)


def _narrow_source(selection: Selection, name: str | None) -> Selection | None:
    if name is None:
        return selection
    if selection.source not in (None, name):
        return None
    if selection.sources and name not in selection.sources:
        return None
    # A reader who asks for one source wants all of it.
    return replace(selection, source=name, sources=(), max_per_source=None)


def _narrow_language(selection: Selection, language: str | None) -> Selection | None:
    if language is None or selection.language is None:
        return replace(selection, language=language or selection.language)
    if f"{language}-".startswith(f"{selection.language}-"):
        return replace(selection, language=language)
    if selection.language.startswith(f"{language}-"):
        return selection
    return None


def _narrow_tag(selection: Selection, tag: str | None) -> Selection | None:
    if tag is None or selection.tag is None or tag == selection.tag:
        return replace(selection, tag=tag or selection.tag)
    passes_view = selection.admits

    def has_both_tags(found: Entry) -> bool:
        return tag in found.tags and passes_view(found)

    return replace(selection, predicate=has_both_tags)


def browse_entries(
    connection: sa.Connection,
    opener: EntryBuilder,
    limit: int,
    *,
    selection: Selection,
    search: str | None = None,
    before: EntryPosition | None = None,
) -> list[Entry]:
    """Return the newest `limit` entries of a selection that match the search and stand behind `before`."""
    share = ShareCount(selection.max_per_source)
    if search is None:
        rows = _newest_rows(connection, opener, selection, share, before)
    else:
        rows = _matching_rows(connection, opener, selection, search, before)
    with closing(rows):
        taken = take_share(rows, limit, share)
    return entries_by_id(connection, opener, [row.id for row in taken])


def _newest_rows(
    connection: sa.Connection,
    opener: EntryBuilder,
    selection: Selection,
    share: ShareCount,
    before: EntryPosition | None,
) -> Generator[ViewRow]:
    begin = _is_behind(ordered_table(selection), before)
    return newest_rows(connection, opener, selection, share.full, begin=begin)


def _matching_rows(
    connection: sa.Connection,
    opener: EntryBuilder,
    selection: Selection,
    search: str,
    before: EntryPosition | None,
) -> Generator[ViewRow]:
    """Yield what matches a search, newest first; the search decides, and no index of the order is walked."""
    query = base_query(selection, entry).where(
        matches_query(connection, search, most=MAX_MATCHES),
        *selection.conditions(),
        *_is_behind(entry, before),
    )
    return selected_rows(connection, opener, selection, query.order_by(*NEWEST_FIRST), ())


def edited_entries(
    connection: sa.Connection, opener: EntryBuilder, limit: int, *, selection: Selection
) -> list[Entry]:
    """Return the `limit` entries of a selection that were edited last, the last edited first."""
    query = (
        base_query(selection, entry)
        .where(entry.c.revision > 1, *selection.conditions())
        .order_by(entry.c.updated.desc(), entry.c.uid)
    )
    with closing(selected_rows(connection, opener, selection, query, ())) as rows:
        taken = take_share(rows, limit, ShareCount(None))
    return entries_by_id(connection, opener, [row.id for row in taken])


def _is_behind(table: sa.Table, before: EntryPosition | None) -> list[sa.ColumnElement[bool]]:
    if before is None:
        return []
    uid = None if before.id is None else parse_uid(before.id)
    return [is_older_than(table, before.published, uid)]


def load_headlines(connection: sa.Connection, ids: Collection[str]) -> dict[str, Headline]:
    """Return the headlines of entries by their public ids; an unknown id is left out."""
    query = (
        sa.select(entry, source.c.name.label("source"))
        .join(source, source.c.id == entry.c.source_id)
        .where(entry.c.uid.in_([parse_uid(public_id) for public_id in ids]))
        .order_by(entry.c.published, entry.c.uid)
    )
    headlines = {}
    for row in connection.execute(query):
        public_id = urn(bytes(row.uid))
        headlines[public_id] = Headline(
            public_id, row.source, row.title, row.url, row.language, row.published
        )
    return headlines


def count_failing(connection: sa.Connection) -> int:
    """Return how many configured sources failed at their last run and are still polled."""
    query = (
        sa.select(sa.func.count())
        .select_from(source_state.join(source))
        .where(source.c.active, source_state.c.failures > 0, sa.not_(source_state.c.gone))
    )
    return connection.scalar(query) or 0


def count_entries(connection: sa.Connection) -> int:
    """Return how many entries there are."""
    return connection.scalar(sa.select(sa.func.count()).select_from(entry)) or 0


def entry_counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many entries each source brought first; a source without any is not there."""
    query = sa.select(source.c.name, sa.func.count()).join(entry, entry.c.source_id == source.c.id)
    return dict(connection.execute(query.group_by(source.c.name)).all())
