"""`aggregator entries`: what the store holds, newest first.

Rule: entries stream from the store to stdout one by one, so that a million of them need no more memory than one.
"""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.completion import source_ids
from aggregator.cli.context import source_named
from aggregator.cli.report.terminal import Column, put, put_table, say

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model import Entry
    from aggregator.store import Store

TABLE_LIMIT = 20
COLUMNS = (Column("published"), Column("source"), Column("title", cuts=True))


def entries(
    *,
    ctx: typer.Context,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Only what this source brought first.", autocompletion=source_ids
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Published since: 2026-03-01, RFC 3339, 7d, 12h."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"At most so many; {TABLE_LIMIT} for a table, else all."),
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only with this in title or text.")
    ] = None,
    format: Annotated[  # noqa: A002
        Literal["table", "json", "jsonl"], typer.Option(help="jsonl is one entry a line.")
    ] = "table",
) -> int:
    """List entries in the common schema, newest first."""
    from aggregator.app import open_store, utc_now
    from aggregator.cli.since import moment

    ctx.obj.log(logging.WARNING)
    earliest = moment(since, now=utc_now()) if since is not None else None
    config = ctx.obj.load()
    most = TABLE_LIMIT if limit is None and format == "table" else limit
    with open_store(config) as store:
        if source is not None:
            _check_source(source, config, store)
        if search and not ctx.obj.quiet and store.has_unindexed():
            say("new entries may be missing: `aggregator fetch` adds them to the search index")
        _print(store.entries(source=source, since=earliest, limit=most, search=search), format)
    return 0


def _check_source(source: str, config: "Config", store: "Store") -> None:
    """Accept also a source that was taken out of the configuration: its entries stay."""
    if source not in store.entry_counts():
        source_named(source, config)


def _print(found: "Iterable[Entry]", format: str) -> None:  # noqa: A002
    if format == "table":
        put_table(COLUMNS, map(_row, found))
    elif format == "jsonl":
        for line in _lines(found):
            put(line + b"\n")
    else:
        _print_array(_lines(found))


def _row(entry: "Entry") -> tuple[str, ...]:
    return f"{entry.published:%Y-%m-%d %H:%M}Z", entry.source, entry.title


def _print_array(lines: Iterable[bytes]) -> None:
    opening = b"[\n"
    for line in lines:
        put(opening + line)
        opening = b",\n"
    put(b"[]\n" if opening == b"[\n" else b"\n]\n")


def _lines(found: "Iterable[Entry]") -> Iterable[bytes]:
    import orjson

    from aggregator.publish.json_record import record

    return (orjson.dumps(record(entry)) for entry in found)
