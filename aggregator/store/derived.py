"""What is derived from shown entries: rows of tags at once; the search index and the groups of copies when asked for.

Rule: derived means that it could be made again from the entries alone, and would be the same. A commit only takes away
what no longer holds, and leaves the rest unmade (`words_crc`, `sketch` are None): whoever searches or looks at copies
has it made first, so that nobody ever sees less than what is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import orjson
import sqlalchemy as sa

from aggregator.store import duplicates, search
from aggregator.store.content import decompress, load
from aggregator.store.engine import among, insert
from aggregator.store.merge.changes import erase
from aggregator.store.schema import content, entry, entry_tag, micros
from aggregator.store.search.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from aggregator.store.merge.changes import Plan

_UNMADE = {"words_crc": None, "sketch": None}


class Words:
    """The words of contents by their numbers, each made once."""

    __slots__ = ("_connection", "_made")

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._made: dict[int, str] = {}

    def of(self, numbers: Collection[int]) -> dict[int, str]:
        """Return the words of these contents; one that is not stored is not there."""
        missing = [number for number in numbers if number not in self._made]
        if missing:
            query = sa.select(content).where(among(content.c.id, missing, self._connection))
            for row in self._connection.execute(query):
                found = load(decompress(row.codec, row.body))
                self._made[row.id] = words_of(
                    found["title"], found["summary"], found["content_html"]
                )
        return {number: self._made[number] for number in numbers if number in self._made}


def prepare(plan: Plan) -> None:
    """Carry over into the rows of `plan` what still holds of what was derived from them."""
    for row in plan.inserted:
        row |= _UNMADE
    for row in plan.updated:
        before = plan.before[row["of"]] or {}
        row["words_crc"] = before["words_crc"] if _same(row, before, ("content_id",)) else None
        row["sketch"] = before["sketch"] if _same(row, before, duplicates.JUDGED_BY) else None


def follow(connection: sa.Connection, plan: Plan) -> None:
    """Take away what was derived from entries as they were before `plan` was written.

    No other entry shows a content of theirs: equal contents have one title, and are of one article.
    """
    _retag(connection, plan)
    updated = {row["of"]: row for row in plan.updated}
    before = {number: row for number, row in plan.before.items() if row is not None}
    lost = {
        number: row
        for number, row in before.items()
        if not _same(updated.get(number), row, ("content_id",))
    }
    _unindex(connection, lost.values(), Words(connection))
    parted = {
        number: row
        for number, row in before.items()
        if not _same(updated.get(number), row, duplicates.JUDGED_BY)
    }
    duplicates.part(connection, parted)


def remove(connection: sa.Connection, entry_ids: Sequence[int]) -> None:
    """Delete entries with all that belongs to them and all that was derived from it."""
    query = sa.select(entry).where(among(entry.c.id, entry_ids, connection))
    rows = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
    words = Words(connection)
    words.of(
        [row["content_id"] for row in rows.values() if row["words_crc"] is not None]
    )  # while they are there
    erase(connection, list(rows))
    _untag(connection, rows.values())
    _unindex(connection, rows.values(), words)
    duplicates.part(connection, rows)


def is_unindexed(connection: sa.Connection) -> bool:
    """Tell whether a search would miss anything."""
    return (
        connection.scalar(sa.select(entry.c.id).where(entry.c.words_crc.is_(None)).limit(1))
        is not None
    )


def is_uncompared(connection: sa.Connection) -> bool:
    """Tell whether a copy may not be known as one."""
    return duplicates.is_behind(connection)


def index(connection: sa.Connection, most: int, words: Words) -> int:
    """Index the words of at most `most` entries that are not yet, the latest comers first; return of how many."""
    query = sa.select(entry.c.id, entry.c.content_id).where(entry.c.words_crc.is_(None))
    rows = connection.execute(query.order_by(entry.c.id.desc()).limit(most)).all()
    made = words.of({row.content_id for row in rows})
    search.add(connection, made)
    marks = [{"of": row.id, "words_crc": crc32(made[row.content_id].encode())} for row in rows]
    if marks:
        connection.execute(sa.update(entry).where(entry.c.id == sa.bindparam("of")), marks)
    return len(rows)


def compare(connection: sa.Connection, most: int, words: Words) -> int:
    """Look for the copies of at most `most` entries that were not compared yet, the latest comers first; return of how
    many."""
    return duplicates.catch_up(connection, most, words.of)


def tag_rows(entry_id: int, published: int, tags: Iterable[str]) -> list[tuple[str, int, int]]:
    """Return the rows of `entry_tag` of an entry; `published` in microseconds."""
    return [(tag, published, entry_id) for tag in dict.fromkeys(tags)]


def _same(row: Mapping[str, Any] | None, before: Mapping[str, Any], names: Iterable[str]) -> bool:
    return row is not None and all(row[name] == before.get(name) for name in names)


def _retag(connection: sa.Connection, plan: Plan) -> None:
    """Bring the rows of tags up to what `plan` has written, but for what it only inserts fresh."""
    kept = {row["of"]: row for row in plan.updated}
    old = [
        row
        for number, row in plan.before.items()
        if row is not None and not _same(kept.get(number), row, ("tags", "published"))
    ]
    _untag(connection, old)
    gone = {row["id"] for row in old}
    new = [(row["id"], row) for row in plan.inserted] + [
        (row["of"], row) for row in plan.updated if row["of"] in gone
    ]
    rows = [
        made
        for number, row in new
        for made in tag_rows(number, micros(row["published"]), orjson.loads(row["tags"]))
    ]
    insert(connection, entry_tag, rows)


def _untag(connection: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    gone = [
        {"what": tag, "of": row["id"], "then": row["published"]}
        for row in rows
        for tag in dict.fromkeys(orjson.loads(row["tags"]))
    ]
    if gone:
        change = sa.delete(entry_tag).where(
            entry_tag.c.tag == sa.bindparam("what"),
            entry_tag.c.published == sa.bindparam("then"),
            entry_tag.c.entry_id == sa.bindparam("of"),
        )
        connection.execute(change, gone)


def _unindex(connection: sa.Connection, rows: Iterable[Mapping[str, Any]], words: Words) -> None:
    """Take away what was indexed, and never anything else: FTS5 would subtract words that it never counted.

    Words that are made in another way today stay behind, under a number that is not given again.
    """
    crcs = {row["content_id"]: row["words_crc"] for row in rows if row["words_crc"] is not None}
    found = words.of(crcs)
    search.remove(
        connection,
        {number: text for number, text in found.items() if crc32(text.encode()) == crcs[number]},
    )
