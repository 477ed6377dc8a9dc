"""Data derived from the stored entries: tag rows, the search index and the groups of copies.

All of it can be rebuilt from the entries alone, with the same result. A commit writes the tag
rows, but only removes what no longer holds of the rest and marks it as pending (`words_crc`,
`sketch` are None). The writer completes it before it publishes; readers read what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import orjson
import sqlalchemy as sa

from aggregator.store import duplicates, search
from aggregator.store.content import decompress, load_content
from aggregator.store.engine import in_values, insert_rows
from aggregator.store.merge.changes import delete_entry_rows
from aggregator.store.schema import content, entry, entry_tag, micros
from aggregator.store.search.tokens import searchable_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from aggregator.store.merge.changes import RowChanges

_PENDING_COLUMNS = {"words_crc": None, "sketch": None}


class WordCache:
    """The words of contents by their numbers, each made once."""

    __slots__ = ("_connection", "_texts")

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._texts: dict[int, str] = {}

    def for_contents(self, numbers: Collection[int]) -> dict[int, str]:
        """Return the words of these contents; one that is not stored is left out."""
        missing = [number for number in numbers if number not in self._texts]
        if missing:
            self._load(missing)

        words: dict[int, str] = {}
        for number in numbers:
            if number in self._texts:
                words[number] = self._texts[number]
        return words

    def _load(self, numbers: Collection[int]) -> None:
        query = sa.select(content).where(in_values(content.c.id, numbers, self._connection))
        for row in self._connection.execute(query):
            loaded = load_content(decompress(row.codec, row.body))
            self._texts[row.id] = searchable_text(
                loaded["title"], loaded["summary"], loaded["content_html"]
            )


def set_derived_columns(plan: RowChanges) -> None:
    """Carry over into the rows of `plan` what still holds of what was derived from them."""
    for row in plan.inserted_entries:
        row |= _PENDING_COLUMNS
    for row in plan.updated_entries:
        before = plan.rows_before[row["of"]] or {}
        row |= {"words_crc": None, "sketch": None}
        if _has_same_values(row, before, ("content_id",)):
            row["words_crc"] = before["words_crc"]
        if _has_same_values(row, before, duplicates.COMPARED_COLUMNS):
            row["sketch"] = before["sketch"]


def update_derived_tables(connection: sa.Connection, plan: RowChanges) -> None:
    """Delete what was derived from entries as they were before `plan` was written.

    No other entry shows their contents: equal contents have one title, and are of one article.
    """
    _update_tags(connection, plan)
    updated = {row["of"]: row for row in plan.updated_entries}
    with_other_content = []
    no_longer_comparable = {}
    for number, before in plan.rows_before.items():
        if before is None:  # a new entry
            continue
        if not _has_same_values(updated.get(number), before, ("content_id",)):
            with_other_content.append(before)
        if not _has_same_values(updated.get(number), before, duplicates.COMPARED_COLUMNS):
            no_longer_comparable[number] = before

    _remove_from_index(connection, with_other_content, WordCache(connection))
    duplicates.forget(connection, no_longer_comparable)


def remove_entries(connection: sa.Connection, entry_ids: Sequence[int]) -> None:
    """Delete entries with all that belongs to them and all that was derived from it."""
    query = sa.select(entry).where(in_values(entry.c.id, entry_ids, connection))
    rows = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
    words = WordCache(connection)
    # While the contents are there: they are deleted next.
    words.for_contents([row["content_id"] for row in rows.values() if row["words_crc"] is not None])
    delete_entry_rows(connection, list(rows))
    _delete_tags(connection, rows.values())
    _remove_from_index(connection, rows.values(), words)
    duplicates.forget(connection, rows)


def has_unindexed(connection: sa.Connection) -> bool:
    """Tell whether a search would miss entries."""
    query = sa.select(entry.c.id).where(entry.c.words_crc.is_(None)).limit(1)
    return connection.scalar(query) is not None


def has_uncompared(connection: sa.Connection) -> bool:
    """Tell whether entries may have copies that are not known yet."""
    return duplicates.has_pending(connection)


def complete(connection: sa.Connection, most: int) -> bool:
    """Index and compare at most `most` entries each that are not yet, the latest comers first.

    Returns whether more may be left.
    """
    words = WordCache(connection)
    more_to_compare = duplicates.compare_pending(connection, most, words.for_contents)
    more_to_index = _index_pending(connection, most, words) == most
    return more_to_compare or more_to_index


def tag_rows(entry_id: int, published: int, tags: Iterable[str]) -> list[tuple[str, int, int]]:
    """Return the rows of `entry_tag` of an entry; `published` in microseconds."""
    return [(tag, published, entry_id) for tag in dict.fromkeys(tags)]


def _index_pending(connection: sa.Connection, most: int, words: WordCache) -> int:
    """Index the words of at most `most` entries that are not yet; return of how many."""
    query = sa.select(entry.c.id, entry.c.content_id).where(entry.c.words_crc.is_(None))
    rows = connection.execute(query.order_by(entry.c.id.desc()).limit(most)).all()
    if not rows:
        return 0
    made = words.for_contents({row.content_id for row in rows})
    search.add_contents(connection, made)
    marks = [{"of": row.id, "words_crc": crc32(made[row.content_id].encode())} for row in rows]
    connection.execute(sa.update(entry).where(entry.c.id == sa.bindparam("of")), marks)
    return len(rows)


def _has_same_values(
    row: Mapping[str, Any] | None, before: Mapping[str, Any], names: Iterable[str]
) -> bool:
    return row is not None and all(row[name] == before.get(name) for name in names)


def _update_tags(connection: sa.Connection, plan: RowChanges) -> None:
    """Make the rows of tags agree with what `plan` has written."""
    updated = {row["of"]: row for row in plan.updated_entries}
    outdated = []
    for number, before in plan.rows_before.items():
        if before is None:
            continue
        if not _has_same_values(updated.get(number), before, ("tags", "published")):
            outdated.append(before)
    _delete_tags(connection, outdated)

    outdated_ids = {row["id"] for row in outdated}
    rows = []
    for row in plan.inserted_entries:
        rows += _tag_rows_of(row["id"], row)
    for row in plan.updated_entries:
        if row["of"] in outdated_ids:
            rows += _tag_rows_of(row["of"], row)
    insert_rows(connection, entry_tag, rows)


def _tag_rows_of(entry_id: int, row: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    return tag_rows(entry_id, micros(row["published"]), orjson.loads(row["tags"]))


def _delete_tags(connection: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    gone = []
    for row in rows:
        for tag in dict.fromkeys(orjson.loads(row["tags"])):
            gone.append({"what": tag, "of": row["id"], "then": row["published"]})
    if not gone:
        return

    change = sa.delete(entry_tag).where(
        entry_tag.c.tag == sa.bindparam("what"),
        entry_tag.c.published == sa.bindparam("then"),
        entry_tag.c.entry_id == sa.bindparam("of"),
    )
    connection.execute(change, gone)


def _remove_from_index(
    connection: sa.Connection, rows: Iterable[Mapping[str, Any]], words: WordCache
) -> None:
    """Remove what was indexed, and never anything else.

    FTS5 would subtract words that it never counted. Words that are made in another way today
    stay behind, under a number that is not given again.
    """
    checksums = {}
    for row in rows:
        if row["words_crc"] is not None:
            checksums[row["content_id"]] = row["words_crc"]

    indexed = {}
    for number, text in words.for_contents(checksums).items():
        if crc32(text.encode()) == checksums[number]:
            indexed[number] = text
    search.remove_contents(connection, indexed)
