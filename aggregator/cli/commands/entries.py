"""`aggregator entries`: list the entries of the store, newest first.

Entries stream from the store to stdout one by one, so memory use is constant.
"""

import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.completion import source_ids
from aggregator.cli.context import find_source
from aggregator.cli.report.terminal import Column, print_stderr, print_table, write_stdout
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model import Entry
    from aggregator.store import Store

TABLE_LIMIT = 20
COLUMNS = (Column("published"), Column("source"), Column("title", cuts=True))
_RELATIVE_TIME = re.compile(r"([0-9]{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def entries(
    *,
    ctx: typer.Context,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Only entries that this source brought first.",
            autocompletion=source_ids,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Published since: 2026-03-01, RFC 3339, 7d, 12h."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"List at most this many; default: {TABLE_LIMIT} for a table, else all."
        ),
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only entries with these words.")
    ] = None,
    format: Annotated[  # noqa: A002
        Literal["table", "json", "jsonl"], typer.Option(help="jsonl is one entry a line.")
    ] = "table",
) -> int:
    """List entries in the common schema, newest first."""
    from aggregator.app import open_store, utc_now

    ctx.obj.configure_logging(logging.WARNING)
    earliest = None
    if since is not None:
        earliest = parse_since(since, now=utc_now())
    if limit is None and format == "table":
        limit = TABLE_LIMIT

    config = ctx.obj.load()
    with open_store(config) as store:
        if source is not None:
            _check_source(source, config, store)
        if search and not ctx.obj.quiet and store.has_unindexed():
            print_stderr(
                "new entries may be missing: `aggregator fetch` adds them to the search index"
            )
        found = store.entries(source=source, since=earliest, limit=limit, search=search)
        _print_entries(found, format)
    return 0


def _check_source(source: str, config: "Config", store: "Store") -> None:
    """Raise UsageError for an unknown source; one that is no longer configured may still have entries."""
    if source not in store.entry_counts():
        find_source(source, config)


def _print_entries(found: "Iterable[Entry]", format: str) -> None:  # noqa: A002
    if format == "table":
        print_table(COLUMNS, map(_row, found))
    elif format == "jsonl":
        for line in _json_lines(found):
            write_stdout(line + b"\n")
    else:
        _print_json_array(_json_lines(found))


def _row(entry: "Entry") -> tuple[str, ...]:
    return f"{entry.published:%Y-%m-%d %H:%M}Z", entry.source, entry.title


def _print_json_array(lines: Iterable[bytes]) -> None:
    opening = b"[\n"
    for line in lines:
        write_stdout(opening + line)
        opening = b",\n"
    write_stdout(b"[]\n" if opening == b"[\n" else b"\n]\n")


def _json_lines(found: "Iterable[Entry]") -> Iterable[bytes]:
    from aggregator.publish.json_record import entry_json

    return map(entry_json, found)


def parse_since(text: str, *, now: datetime) -> datetime:
    """Parse the value of `--since`: a day, a time, or how long ago. Raises UsageError.

    A time without a zone is UTC, as everything that is printed.

    >>> parse_since("7d", now=datetime(2026, 3, 8, 12, tzinfo=UTC)).isoformat()
    '2026-03-01T12:00:00+00:00'
    """
    try:
        relative = _RELATIVE_TIME.fullmatch(text)
        if relative:
            return now - timedelta(**{_UNITS[relative[2]]: int(relative[1])})

        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            return time.replace(tzinfo=UTC)
        return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"--since: give a day (2026-03-01), a moment (RFC 3339) or 12h, 7d, 2w, not `{text}`"
        ) from error
