"""Insertion of articles that come for the first time and share no key with any other.

The rows are those that `build_article` makes of a single sighting, written without comparing anything.
Almost all articles of a first run are of this kind, and comparing them would cost more than storing
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from aggregator.normalize.identity import OWN_ID
from aggregator.store.content import digest, dump_content, primary_language, text_size_of, urn
from aggregator.store.derived import tag_rows
from aggregator.store.engine import insert_rows
from aggregator.store.merge.article import uid_of
from aggregator.store.merge.changes import next_ids
from aggregator.store.merge.keys import asked_keys
from aggregator.store.merge.statement import NOW_TOLERANCE
from aggregator.store.schema import (
    MICROSECOND,
    content,
    entry,
    entry_key,
    entry_tag,
    micros,
    revision,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import sqlalchemy as sa

    from aggregator.model import Revision
    from aggregator.store.content import Compressor
    from aggregator.store.merge.lookup import StoredEntries

_NOW_MICROSECONDS = NOW_TOLERANCE // MICROSECOND


@dataclass(frozen=True, slots=True)
class InsertContext:
    """What all articles of one insertion have in common."""

    compressor: Compressor
    stored_at: int  # time of arrival in microseconds
    source_ids: Mapping[str, int]
    past_first_run: Collection[int]  # sources whose first complete run is over


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows to insert: by column name, or in the order of the columns where there are only two or three."""

    contents: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    revisions: list[dict[str, Any]] = field(default_factory=list)
    keys: list[tuple[str, int]] = field(default_factory=list)
    tags: list[tuple[str, int, int]] = field(default_factory=list)


def find_unshared(found: Mapping[int, Revision], known: StoredEntries) -> set[int]:
    """Return the numbers of the articles that share no key with a stored article, nor with each other."""
    owners: dict[str, int] = {}
    shared: set[int] = set()
    kept_ids = {key for key in known if key.startswith(OWN_ID)}
    for number, article in found.items():
        # The id that an entry has in our own feed may be that of another entry here.
        is_kept = article.keys[0].startswith(OWN_ID)
        if is_kept or (kept_ids and urn(uid_of(article.keys[0])) in kept_ids):
            shared.add(number)
        for key in asked_keys(article.keys):
            owner = owners.setdefault(key, number)
            if owner != number:
                shared.update((owner, number))
            elif key in known:
                shared.add(number)
    return found.keys() - shared


def insert_articles(
    connection: sa.Connection, newcomers: Iterable[Revision], context: InsertContext
) -> None:
    """Insert articles, each with its first sighting."""
    first_entry, first_content = next_ids(connection)
    rows = _Rows()
    for number, article in enumerate(newcomers):
        _add_article(
            rows,
            article,
            context,
            entry_id=first_entry + number,
            content_id=first_content + number,
        )

    # In the order that foreign keys allow. Rows of an index are cheaper to insert in its order.
    _insert_by_name(connection, content, rows.contents)
    _insert_by_name(connection, entry, rows.entries)
    _insert_by_name(connection, revision, rows.revisions)
    insert_rows(connection, entry_key, sorted(rows.keys))
    insert_rows(connection, entry_tag, sorted(rows.tags))


def _add_article(
    rows: _Rows, article: Revision, context: InsertContext, *, entry_id: int, content_id: int
) -> None:
    body = dump_content(article)
    size = text_size_of(article)
    published = micros(article.published)
    captured = micros(article.captured)
    at = captured if article.at is article.captured else micros(article.at)
    in_both = {  # columns that the entry and its revision share
        "source_id": context.source_ids[article.source],
        "title": article.title,
        "published": published,
        "published_from": article.published_from,
        "published_where": article.provenance.get("published"),
        "hash": article.hash,
        "content_id": content_id,
    }

    rows.contents.append({"id": content_id, **context.compressor.pack(body)})
    rows.entries.append(
        {
            "id": entry_id,
            **in_both,
            "first_seen": captured,
            "seen_to": captured,
            "updated": _first_updated(published, at, captured),
            "run_at": at,
            **_entry_columns(article, context),
        }
    )
    rows.revisions.append(
        {
            "entry_id": entry_id,
            **in_both,
            "keys": orjson.dumps(article.keys).decode(),
            "guarded": article.guarded,
            "at": at,
            "captured": captured,
            "digest": digest(body),
            "tier": article.tier,
            "letters": size.letters,
            "text_hash": size.text_hash,
        }
    )
    for key in dict.fromkeys(article.keys):
        rows.keys.append((key, entry_id))
    rows.tags.extend(tag_rows(entry_id, published, article.tags))


def _first_updated(published: int, at: int, captured: int) -> int:
    """Return `updated` of a first revision: the publisher's modified date, else the date of publication.

    All moments are in microseconds.
    """
    if at + _NOW_MICROSECONDS < captured:
        return max(published, at)
    return published


def _entry_columns(article: Revision, context: InsertContext) -> dict[str, Any]:
    """Return the columns that an entry does not share with its revision, except the times of the article."""
    arrived = None
    if context.source_ids[article.source] in context.past_first_run:
        arrived = context.stored_at
    first_key = article.keys[0]
    return {
        "uid": uid_of(first_key),
        "key": first_key,
        "url": article.url,
        "language": article.language,
        "tongue": primary_language(article.language),
        "tags": orjson.dumps(article.tags).decode(),
        "revision": 1,
        "revision_base": 1,
        "updated_base": None,
        "lead": context.source_ids[article.source],
        "stored_at": context.stored_at,
        "arrived": arrived,
        "unlisted": None,
        "words_crc": None,
        "sketch": None,
        "copies": None,
    }


def _insert_by_name(
    connection: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Insert rows in the order of the table's columns; a row that lacks a column is a KeyError."""
    names = []
    for column in table.columns:
        if column is not table.autoincrement_column:
            names.append(column.name)
    in_column_order = itemgetter(*names)
    insert_rows(connection, table, [in_column_order(row) for row in rows])
