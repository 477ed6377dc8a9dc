"""The rows of articles that come for the first time: no key of theirs is known, or borne by anything beside them.

Rule: they are what `history.articles` would tell of one sighting alone, written straight as the driver takes it: a
first run is hardly anything else, and telling its articles apart would cost more than keeping them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from aggregator.store.content import digest, dump_content, primary_language
from aggregator.store.derived import tag_rows
from aggregator.store.engine import insert_rows
from aggregator.store.merge.article import uid_of
from aggregator.store.merge.changes import next_ids
from aggregator.store.schema import content, entry, entry_key, entry_tag, micros, revision

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import sqlalchemy as sa

    from aggregator.model import Revision
    from aggregator.store.content import Compressor
    from aggregator.store.merge.lookup import StoredEntries


@dataclass(frozen=True, slots=True)
class InsertContext:
    """What holds for all that is written at once; `settled` are the sources whose first complete run is over."""

    compressor: Compressor
    stored_at: int  # of arrival, in microseconds
    source_ids: Mapping[str, int]
    past_first_run: Collection[int]


def find_unshared(found: Mapping[int, Revision], known: StoredEntries) -> set[int]:
    """Return the numbers of those that share no key with anything stored, nor with each other."""
    owners: dict[str, int] = {}
    shared: set[int] = set()
    for number, one in found.items():
        for key in one.keys:
            owner = owners.setdefault(key, number)
            if owner != number:
                shared.update((owner, number))
            elif key in known:
                shared.add(number)
    return found.keys() - shared


def insert_articles(
    connection: sa.Connection, newcomers: Iterable[Revision], terms: InsertContext
) -> None:
    """Store the articles of which these are the first sightings."""
    entry_id, content_id = next_ids(connection)
    tables = (
        content,
        entry,
        revision,
        entry_key,
        entry_tag,
    )  # in the order that foreign keys allow
    rows: tuple[list[tuple[Any, ...]], ...] = tuple([] for _ in tables)
    for number, one in enumerate(newcomers):
        for made, more in zip(
            rows, _article_rows(one, entry_id + number, content_id + number, terms), strict=True
        ):
            made.extend(more)
    for table, made in zip(tables, rows, strict=True):
        insert_rows(
            connection, table, sorted(made) if table in (entry_key, entry_tag) else made
        )  # neighbours are cheaper


def _article_rows(
    one: Revision, entry_id: int, content_id: int, terms: InsertContext
) -> tuple[Iterable[tuple[Any, ...]], ...]:
    """Return the rows of an article by table: content, entry, revision, entry_key, entry_tag."""
    body, source_id = dump_content(one), terms.source_ids[one.source]
    packed, published, captured = (
        terms.compressor.pack(body),
        micros(one.published),
        micros(one.captured),
    )
    at = captured if one.at is one.captured else micros(one.at)
    where = one.provenance.get("published")
    late = terms.stored_at if source_id in terms.past_first_run else None
    tags = orjson.dumps(one.tags).decode()
    return (
        ((content_id, packed["codec"], packed["body"]),),
        (
            (
                entry_id,
                uid_of(one.keys[0]),
                one.keys[0],
                source_id,
                one.url,
                one.title,
                one.language,
                primary_language(one.language),
                tags,
                published,
                one.published_from,
                where,
                published,
                captured,
                captured,
                one.hash,
                1,
                at,
                content_id,
                terms.stored_at,
                late,
                None,
                None,
                None,
                None,
            ),
        ),
        (
            (
                entry_id,
                source_id,
                orjson.dumps(one.keys).decode(),
                one.guarded,
                at,
                captured,
                one.hash,
                one.title,
                published,
                one.published_from,
                where,
                digest(body),
                content_id,
            ),
        ),
        [(key, entry_id) for key in dict.fromkeys(one.keys)],
        tag_rows(entry_id, published, one.tags),
    )
