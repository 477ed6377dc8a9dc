"""Carries a whole store through a file of JSON lines, from any database to any other.

The first line is a header, each of the others a row: `{"entry": {…}}`. The last one counts the rows,
so that a file that was cut off is noticed. Times are microseconds since 1970, bytes are base64,
contents are JSON text. The search index is not carried: it is made again.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from aggregator.errors import StoreError, UsageError
from aggregator.store.content import Compressor, decompress
from aggregator.store.engine import insert_rows, read_transaction, write_transaction
from aggregator.store.schema import HEAD, Json, Moment, capture, content, metadata
from aggregator.zstd import ZstdError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aggregator.store.engine import Engines

_KIND = "aggregator store"
_FORMAT = 1
_ROWS_PER_BATCH = 500
# What does not hold in another store: its index has no words yet, and no process of it runs a source.
_RESET_COLUMNS: Mapping[str, Mapping[str, None]] = {
    "entry": {"words_crc": None},
    "source_state": {"lease_until": None},
}


def export_rows(engines: Engines, *, with_captures: bool = False) -> Iterator[bytes]:
    """Yield the lines of a store as it is at one moment.

    Raises: StoreError.
    """
    count = 0
    with read_transaction(engines) as connection:
        yield _line({_KIND: _FORMAT, "schema": HEAD})
        for table in metadata.sorted_tables:
            if table is capture and not with_captures:
                continue
            for row in _stream_rows(connection, table):
                yield _line({str(table.name): _encode_row(table, dict(row))})
                count += 1
    yield _line({"end": count})


def import_rows(engines: Engines, lines: Iterable[bytes], *, name: str) -> dict[str, int]:
    """Write the lines of another store into an empty one, all or none; return the rows by table.

    `name` is that of the file, for messages.

    Raises: UsageError for a store that is not empty and for what `export_rows` has not written;
        StoreError.
    """
    with write_transaction(engines) as connection:
        _check_empty(connection, engines.url)
        writer = _RowWriter(connection)
        _read_lines(lines, writer, name)
        _set_sequences(connection)
    return writer.counts


class _RowWriter:
    """Inserts rows in batches; a batch is of one table."""

    def __init__(self, connection: sa.Connection) -> None:
        self.counts: dict[str, int] = {}
        self._connection = connection
        self._compressor = Compressor()
        self._table: sa.Table | None = None
        self._rows: list[tuple[Any, ...]] = []

    def add(self, name: str, row: Mapping[str, Any]) -> None:
        """Take a row. Raises: KeyError, TypeError, ValueError for what is no row of this table."""
        table = metadata.tables[name]
        if table is not self._table or len(self._rows) >= _ROWS_PER_BATCH:
            self.flush()
        self._table = table
        self._rows.append(_decode_row(table, row, self._compressor))
        self.counts[name] = self.counts.get(name, 0) + 1

    def flush(self) -> None:
        if self._table is not None:
            insert_rows(self._connection, self._table, self._rows)
        self._rows = []


def _read_lines(lines: Iterable[bytes], writer: _RowWriter, name: str) -> None:
    numbered = enumerate(lines, start=1)
    _check_header(next(numbered, (1, b""))[1], name)
    is_complete = False
    for number, line in numbered:
        try:
            [(table, row)] = orjson.loads(line).items()
            if table == "end":
                is_complete = row == sum(writer.counts.values())
            else:
                writer.add(table, row)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{name}:{number}: is no row of a store: {error}") from error
    if not is_complete:
        raise UsageError(f"{name}: is not complete: export it again")
    writer.flush()


def _check_header(line: bytes, name: str) -> None:
    try:
        header = orjson.loads(line)
        is_ours = header[_KIND] == _FORMAT
    except (ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours:
        raise UsageError(f"{name}: is not what `aggregator export --format jsonl` writes")
    version = header.get("schema")
    if version != HEAD:
        raise UsageError(
            f"{name}: exported by another version (schema {version}, ours {HEAD}):"
            " export and import with the same one"
        )


def _check_empty(connection: sa.Connection, url: str) -> None:
    for table in metadata.sorted_tables:
        count = connection.scalar(sa.select(sa.func.count()).select_from(table))
        if count:
            raise UsageError(
                f"{url}: has data already ({count} rows in `{table.name}`):"
                " import into a store that nothing was written to"
            )


def _stream_rows(connection: sa.Connection, table: sa.Table) -> Iterator[sa.RowMapping]:
    columns = [sa.type_coerce(column, _plain_type(column)) for column in table.columns]
    named = [value.label(column.name) for value, column in zip(columns, table.columns, strict=True)]
    order = [_in_byte_order(column, connection) for column in table.primary_key]
    query = sa.select(*named).order_by(*order)
    options = {"yield_per": _ROWS_PER_BATCH}
    yield from connection.execute(query, execution_options=options).mappings()


def _plain_type(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """Return the type of what the database holds: numbers for times, text for JSON."""
    if isinstance(column.type, Moment):
        return sa.BigInteger()
    if isinstance(column.type, Json):
        return sa.Text()
    return column.type


def _in_byte_order(
    column: sa.ColumnElement[Any], connection: sa.Connection
) -> sa.ColumnElement[Any]:
    """Sort text as SQLite does, so that both databases export the same file."""
    if connection.dialect.name == "postgresql" and isinstance(column.type, sa.Text):
        return sa.collate(column, "C")
    return column


def _encode_row(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    if table is content:
        return {"id": row["id"], "body": _read_content(row)}
    encoded = {}
    for name, value in row.items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        encoded[str(name)] = value
    return encoded


def _read_content(row: Mapping[str, Any]) -> str:
    try:
        return decompress(row["codec"], row["body"]).decode()
    except (ZstdError, ValueError) as error:
        raise StoreError(f"the content {row['id']} of an article is damaged: {error}") from error


def _decode_row(table: sa.Table, row: Mapping[str, Any], compressor: Compressor) -> tuple[Any, ...]:
    """Return the values of a row in the order of the table's columns."""
    if table is content:
        row = {"id": row["id"], **compressor.pack(row["body"].encode())}
    unknown = row.keys() - table.columns.keys()
    if unknown:
        raise ValueError(f"unknown column {min(unknown)}")
    row = {**row, **_RESET_COLUMNS.get(table.name, {})}
    return tuple(_decode_value(column, row[column.name]) for column in table.columns)


def _decode_value(column: sa.Column[Any], value: Any) -> Any:
    if isinstance(column.type, sa.LargeBinary) and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise ValueError(f"{column.name}: {error}") from error
    return value


def _set_sequences(connection: sa.Connection) -> None:
    """Let PostgreSQL number new rows after those that came with their numbers."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(sa.select(sa.func.setval(sequence, sa.func.max(column))))


def _line(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
