"""What is derived from shown entries, and follows them in the same transaction: the search index, the groups of copies.

Rule: derived means that it could be made again from the entries alone, and would be the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import sqlalchemy as sa

from aggregator.store import copies, search
from aggregator.store.content import Decompressor, Said, load, said
from aggregator.store.engine import among
from aggregator.store.plan import erase
from aggregator.store.schema import content, entry
from aggregator.store.words import words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from aggregator.store.plan import Plan


class Words:
    """The words of contents by their numbers, each made once; `known` holds contents that need not be read."""

    __slots__ = ("_connection", "_known", "_made")

    def __init__(self, connection: sa.Connection, known: Mapping[int, Said]) -> None:
        self._connection, self._known = connection, known
        self._made: dict[int, str] = {}

    def of(self, numbers: Collection[int]) -> dict[int, str]:
        """Return the words of these contents; one that is not stored is not there."""
        missing = [number for number in numbers if number not in self._made]
        for number in missing:
            if number in self._known:
                self._make(number, self._known[number])
        self._read([number for number in missing if number not in self._known])
        return {number: self._made[number] for number in numbers if number in self._made}

    def _read(self, numbers: Collection[int]) -> None:
        if not numbers:
            return
        opened = Decompressor()
        query = sa.select(content).where(among(content.c.id, numbers, self._connection))
        for row in self._connection.execute(query):
            self._make(row.id, said(load(opened.unpack(row.codec, row.body))))

    def _make(self, number: int, found: Said) -> None:
        self._made[number] = words_of(found.title, found.summary, found.content_html)


def prepare(connection: sa.Connection, plan: Plan) -> Words:
    """Put what is derived from one entry alone into the rows of `plan` that will be written; return the words."""
    words = Words(connection, plan.said)
    made = words.of({row["content_id"] for row in (*plan.inserted, *plan.updated)})
    compared = copies.several(connection, {row["source_id"] for row in plan.inserted})
    for row in plan.inserted:
        row |= _derived(made[row["content_id"]], compared=compared)
    for row in plan.updated:
        before = plan.before[row["of"]]
        if before is not None and before["content_id"] == row["content_id"]:
            row |= {"words_crc": before["words_crc"], "sketch": before["sketch"]}
        else:
            row |= _derived(made[row["content_id"]], compared=compared)
    return words


def follow(connection: sa.Connection, plan: Plan, words: Words) -> None:
    """Bring index and groups up to the entries that `plan` has written.

    No other entry shows a content of theirs: equal contents have one title, and are of one article.
    """
    rows = [row for row in plan.before.values() if row is not None]
    before = {row["content_id"] for row in rows}
    after = {row["content_id"] for row in (*plan.inserted, *plan.updated)}
    _unindex(connection, [row for row in rows if row["content_id"] not in after], words)
    search.add(connection, words.of(after - before))
    copies.follow(connection, plan.before, words)


def remove(connection: sa.Connection, entry_ids: Sequence[int]) -> None:
    """Delete entries with all that belongs to them and all that was derived from it."""
    query = sa.select(entry).where(among(entry.c.id, entry_ids, connection))
    rows = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
    words = Words(connection, {})
    words.of([row["content_id"] for row in rows.values()])  # read while they are there
    erase(connection, list(rows))
    _unindex(connection, list(rows.values()), words)
    copies.follow(connection, rows, words)


def _derived(words: str, *, compared: bool) -> dict[str, Any]:
    return {"words_crc": crc32(words.encode()), "sketch": copies.sketch_of(words) if compared else None}


def _unindex(connection: sa.Connection, rows: Collection[Mapping[str, Any]], words: Words) -> None:
    """Take away what was indexed, and never anything else: FTS5 would subtract words that it never counted.

    Words that are made in another way today stay behind, under a number that is not given again.
    """
    crcs = {row["content_id"]: row["words_crc"] for row in rows}
    found = words.of(crcs)
    search.remove(connection, {number: text for number, text in found.items() if crc32(text.encode()) == crcs[number]})
