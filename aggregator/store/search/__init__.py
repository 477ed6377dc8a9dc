"""The search index: which shown contents hold every word and phrase of a query.

What an entry no longer shows leaves the index in the transaction that changes the entry; the writer adds what it shows
before it publishes (see `derived.py`). SQLite keeps no text (FTS5, contentless), PostgreSQL the folded words under a
GIN index; both index the same words, so that they find the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.schema import entry
from aggregator.store.search.tokens import query_phrases, split_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MAX_PHRASES = 50  # of one query

_ADD = "INSERT INTO search (rowid, words) VALUES (?, ?)"
_REMOVE = sa.text("INSERT INTO search (search, rowid, words) VALUES ('delete', :id, :words)")
_ADD_ROW = sa.text("INSERT INTO search (id, words) VALUES (:id, :words)")

# As the migrations make it.
_TABLES = {
    "sqlite": ("CREATE VIRTUAL TABLE search USING fts5(words, content='', tokenize='ascii')",),
    "postgresql": (
        "CREATE TABLE search (id BIGINT PRIMARY KEY, words TEXT NOT NULL)",
        "CREATE INDEX ix_search_words ON search USING gin (string_to_array(words, ' '))",
    ),
}


def create_index(connection: sa.Connection) -> None:
    """Make the empty index of a new store."""
    for statement in _TABLES[connection.dialect.name]:
        connection.execute(sa.text(statement))


def add_contents(connection: sa.Connection, words: Mapping[int, str]) -> None:
    """Index contents by their numbers."""
    if not words:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_ADD, list(words.items()))
    else:
        rows = [
            {"id": number, "words": f" {' '.join(split_words(found))} "}
            for number, found in words.items()
        ]
        connection.execute(_ADD_ROW, rows)


def remove_contents(connection: sa.Connection, words: Mapping[int, str]) -> None:
    """Take contents out of the index; `words` are those that were added."""
    if not words:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(
            _REMOVE, [{"id": number, "words": found} for number, found in words.items()]
        )
    else:
        search = sa.table("search", sa.column("id", sa.BigInteger))
        connection.execute(
            sa.delete(search).where(
                in_values(sa.Column("id", sa.BigInteger), list(words), connection)
            )
        )


def max_indexed_id(connection: sa.Connection) -> int:
    """Return the highest number in the index, 0 for none: a number that was left there by mistake is not given again."""
    table, column = (
        ("search_docsize", "id") if connection.dialect.name == "sqlite" else ("search", "id")
    )
    return connection.scalar(sa.text(f"SELECT max({column}) FROM {table}")) or 0  # noqa: S608 (names of ours)


def matches_query(
    connection: sa.Connection, query: str, *, most: int | None = None
) -> sa.ColumnElement[bool]:
    """Return the condition for entries that hold every word and "quoted phrase" of `query`; no query is an error.

    Of more than `most` matches the last stored ones count; None: all count.
    """
    sought = query_phrases(query)[:_MAX_PHRASES]
    if not sought:
        return sa.false()
    found = _postgresql_query(sought)
    if connection.dialect.name == "sqlite":
        found = _sqlite_query(sought)
    if most is not None:
        found = found.order_by(sa.desc("id")).limit(most)
    return entry.c.content_id.in_(found)


def optimize(connection: sa.Connection) -> None:
    """Merge the parts of the index that many commits left."""
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("INSERT INTO search (search) VALUES ('optimize')"))


def _sqlite_query(sought: Sequence[Sequence[str]]) -> sa.Select[Any]:
    number = sa.column("rowid", sa.BigInteger).label("id")
    matches = sa.text("search MATCH :match").bindparams(match=_fts5_query(sought))
    return sa.select(number).select_from(sa.table("search")).where(matches)


def _fts5_query(sought: Sequence[Sequence[str]]) -> str:
    return " AND ".join(f'"{" ".join(words)}"' for words in sought)


def _postgresql_query(sought: Sequence[Sequence[str]]) -> sa.Select[Any]:
    words = sa.column("words", sa.Text)
    query = sa.select(sa.column("id", sa.BigInteger)).select_from(sa.table("search"))
    single = sorted({word for phrase in sought for word in phrase})
    query = query.where(
        sa.func.string_to_array(words, " ").op("@>")(sa.literal(single, sa.ARRAY(sa.Text)))
    )
    for phrase in sought:
        if len(phrase) > 1:  # words are letters and digits: none is a wildcard
            query = query.where(words.like(f"% {' '.join(phrase)} %"))
    return query
