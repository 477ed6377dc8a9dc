"""Database connections, and database errors in plain words.

One writer at a time; readers never wait for it and cannot write. No exception of SQLAlchemy or of a driver
leaves the store.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

BUSY_SECONDS = 10  # how long a writer waits for another process before it gives up

_WAL_TRIES = 200
_READ_POOL_SIZE = 8  # connections kept; more are made when more threads read at once

# What drivers say -> what we say, first that matches; a new saying is one line.
_ERROR_MESSAGES = (
    (
        ("database or disk is full", "No space left", "could not extend file"),
        "no space left: free some, then go on",
    ),
    (
        ("database is locked", "lock timeout"),
        "another process is writing for too long: end it, then try again",
    ),
    (
        ("readonly database", "read-only"),
        "cannot be written: look at the rights of the file and of its folder",
    ),
    (
        ("unable to open database file",),
        "cannot be opened: look at the path and the rights of its folder",
    ),
    (
        ("not a database", "malformed", "disk image"),
        "is no database or is damaged: restore a copy, or move it away",
    ),
    (
        ("password authentication", "role ", "no password"),
        "the server refuses this user: look at user and password",
    ),
    (
        ("connection failed", "could not translate", "server closed"),
        "the server cannot be reached: is it running",
    ),
)


class StoreFile:
    """The file of a SQLite store; notices that it was removed or replaced while it is open.

    What is written to a file without a name is lost when the process ends.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode: tuple[int, int] | None = None

    def check(self) -> None:
        """Raises: StoreError where the file is not the one that was there first."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            if self._inode is None:  # a new store, SQLite makes the file
                return
            raise StoreError(
                f"{self._path}: the file was removed while it was open: put it back, or start again"
            ) from None
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read: {error.strerror}") from error
        inode = found.st_dev, found.st_ino
        if self._inode is None:
            self._inode = inode
        elif inode != self._inode:
            raise StoreError(
                f"{self._path}: the file was replaced while it was open: start again to use the new one"
            )


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines to write and to read.

    `url` is for messages and has no password; `path` and `file` are None where there is no file.
    """

    url: str
    path: Path | None
    write: sa.Engine
    read: sa.Engine
    file: StoreFile | None = None

    def check_file(self) -> None:
        """Raises: StoreError where the file of the store was removed or replaced."""
        if self.file is not None:
            self.file.check()


def create_engines(url: str) -> Engines:
    """Make the engines for a SQLAlchemy `url`; nothing is connected yet, only the folder is made.

    Raises: StoreError for what is neither a SQLite file nor PostgreSQL.
    """
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engines(parsed)
        if parsed.get_backend_name() == "postgresql":
            return _postgresql_engines(parsed)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"database: the package {error.name} for PostgreSQL is not installed: "
            'run `pip install "aggregator[postgres]"`, in a checkout `make extras`'
        ) from error
    except (sa.exc.SQLAlchemyError, ValueError, ImportError) as error:
        raise StoreError(f"database: not understood: {error}") from error
    raise StoreError(
        f"database: {parsed.get_backend_name()} is not supported, use sqlite:/// or postgresql+psycopg://"
    )


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Turn database errors into a StoreError that says what to do."""
    try:
        yield
    except (
        sa.exc.SQLAlchemyError,
        sqlite3.Error,
    ) as error:  # the driver's own: rows that are fetched past SQLAlchemy
        raise StoreError(f"{url}: {_error_message(error)}") from error


@contextmanager
def write_transaction(engines: Engines) -> Iterator[sa.Connection]:
    """Open the one write transaction: committed at the end, rolled back on any exception."""
    engines.check_file()
    with translate_errors(engines.url), engines.write.begin() as connection:
        if (
            connection.dialect.name == "postgresql"
        ):  # SQLite has waited for its turn in BEGIN IMMEDIATE
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_number("writer"))))
        yield connection


@contextmanager
def read_transaction(engines: Engines) -> Iterator[sa.Connection]:
    """Open a connection that sees one moment of the store and cannot write."""
    engines.check_file()
    with translate_errors(engines.url), engines.read.connect() as connection:
        yield connection


def database_size(connection: sa.Connection) -> int:
    """Return the size of the database in bytes, that of SQLite without its log."""
    if connection.dialect.name == "postgresql":
        query = sa.text("SELECT pg_database_size(current_database())")
    else:
        query = sa.text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    return int(connection.scalar(query) or 0)


def in_values(
    column: sa.ColumnElement[Any], values: Collection[Any], connection: sa.Connection
) -> sa.ColumnElement[bool]:
    """Return `column IN values` for any number of texts or numbers as one parameter: one statement to compile."""
    if connection.dialect.name == "postgresql":
        return column == sa.any_(sa.literal(list(values), sa.ARRAY(column.type)))
    listed = sa.func.json_each(sa.literal(_to_json(values))).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def values_column(
    values: Collection[Any], column: sa.Column[Any], connection: sa.Connection
) -> sa.ColumnElement[Any]:
    """Return the column `value` of a table of `values`, to join with `column`.

    Faster than `in_values` for thousands of values.
    """
    if connection.dialect.name == "postgresql":
        return (
            sa.func.unnest(sa.literal(list(values), sa.ARRAY(column.type)))
            .table_valued("value")
            .render_derived()
            .c.value
        )
    return sa.func.json_each(sa.literal(_to_json(values))).table_valued("value").c.value


def in_pairs(
    one: sa.Column[Any],
    other: sa.Column[Any],
    values: Collection[tuple[Any, Any]],
    connection: sa.Connection,
) -> sa.ColumnElement[bool]:
    """Return `(one, other) IN values` for any number of pairs."""
    if connection.dialect.name == "postgresql":
        arrays = (
            sa.literal([pair[0] for pair in values], sa.ARRAY(one.type)),
            sa.literal([pair[1] for pair in values], sa.ARRAY(other.type)),
        )
        listed = sa.func.unnest(*arrays).table_valued("one", "other").render_derived()
        return sa.tuple_(one, other).in_(sa.select(listed.c.one, listed.c.other))
    each = sa.func.json_each(sa.literal(_to_json(values))).table_valued("value").c.value
    return sa.tuple_(one, other).in_(
        sa.select(sa.func.json_extract(each, "$[0]"), sa.func.json_extract(each, "$[1]"))
    )


def fetch_raw(connection: sa.Connection, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
    """Return all rows as the driver gives them: times as numbers, JSON as text. For the few queries with many rows."""
    with connection.execute(query) as result:
        cursor: Any = result.cursor
        return list(cursor.fetchall())


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert whole rows as the driver takes them, every column in the order of `table` (its number, where it is made).

    Some 20 µs a row cheaper than rows that SQLAlchemy makes of mappings, and a first run does little else.
    """
    if rows:
        connection.exec_driver_sql(
            insert_statement(connection.dialect.name, table, len(rows[0])), list(rows)
        )


@lru_cache
def insert_statement(dialect: str, table: sa.Table, width: int) -> str:
    """Return the statement that inserts rows of the last `width` columns of a table."""
    names = ", ".join([column.name for column in table.columns][-width:])
    mark = "?" if dialect == "sqlite" else "%s"
    marks = ", ".join([mark] * width)
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 (ours)


def lock_number(name: str) -> sa.ColumnElement[int]:
    """Return the PostgreSQL advisory lock called `name` of this schema."""
    return sa.func.hashtextextended(
        sa.func.concat("aggregator ", sa.func.current_schema(), " ", name), 0
    )


def _to_json(values: Collection[Any]) -> str:
    import orjson

    return orjson.dumps(list(values)).decode()


def _sqlite_engines(url: sa.URL) -> Engines:
    if not url.database or url.database == ":memory:" or "mode=memory" in url.database:
        raise StoreError("database: SQLite in memory cannot be shared between threads, name a file")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: its folder cannot be made: {error.strerror}") from error
    write = sa.create_engine(
        url, pool_size=1, max_overflow=0, connect_args={"timeout": BUSY_SECONDS}
    )
    read = sa.create_engine(
        url, pool_size=_READ_POOL_SIZE, max_overflow=-1, connect_args={"timeout": BUSY_SECONDS}
    )
    _configure(write, ("synchronous=NORMAL", "foreign_keys=ON"), begin="BEGIN IMMEDIATE")
    sa.event.listen(write, "connect", _use_wal)
    _configure(read, ("query_only=ON",), begin="BEGIN")
    return Engines(str(path), path, write, read, StoreFile(path))


def _configure(engine: sa.Engine, pragmas: tuple[str, ...], begin: str) -> None:
    """Take the transactions out of the hands of Python's driver, which begins them late (SQLAlchemy's own recipe)."""

    def set_pragmas(connection: Any, record: object) -> None:  # noqa: ARG001 (interface)
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def begin_transaction(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    sa.event.listen(engine, "connect", set_pragmas)
    sa.event.listen(engine, "begin", begin_transaction)


def _use_wal(connection: Any, record: object) -> None:  # noqa: ARG001 (interface)
    """Let readers and the writer work at the same time; the file remembers it.

    Where several processes open a new file at once SQLite says "locked" here without waiting: so we do.
    """
    for _ in range(_WAL_TRIES):
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(BUSY_SECONDS / _WAL_TRIES)
    connection.execute("PRAGMA journal_mode=WAL")


def _postgresql_engines(url: sa.URL) -> Engines:
    write = sa.create_engine(url, pool_size=1, max_overflow=0)
    # Repeatable read: a page that asks twice sees one moment, as it does in SQLite.
    read = sa.create_engine(
        url, pool_size=_READ_POOL_SIZE, max_overflow=-1, isolation_level="REPEATABLE READ"
    )
    return Engines(
        url.render_as_string(hide_password=True),
        None,
        write,
        read.execution_options(postgresql_readonly=True),
    )


def _error_message(error: BaseException) -> str:
    """Explain the first of an error and its causes that is known; a full disk hides behind the lost savepoint."""
    original = getattr(error, "orig", None) or error
    line = " ".join(str(original).split())[:200]
    cause: BaseException | None = error
    while cause is not None:
        advice = _advice_for(str(cause))
        if advice is not None:
            return f"{advice} ({line})"
        cause = cause.__context__
    return line


def _advice_for(message: str) -> str | None:
    for parts, advice in _ERROR_MESSAGES:
        for part in parts:
            if part in message:
                return advice
    return None
