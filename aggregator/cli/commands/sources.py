"""`aggregator sources`: list every configured source with its status; nothing is fetched."""

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import Column, print_json, print_table

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.source_status import SourceStatus

COLUMNS = (
    Column("source"),
    Column("state", styled=True),
    Column("verdict", folds=True),
    Column("items", right=True),
    Column("last run"),
    Column("result", folds=True),
    Column("next", folds=True),
    Column("adapter"),
    Column("address", folds=True),
)


def sources(
    *,
    ctx: typer.Context,
    format: Annotated[Literal["table", "json"], typer.Option(help="How to print them.")] = "table",  # noqa: A002
) -> int:
    """List all sources with their state and last run."""
    from aggregator.app import open_store, utc_now
    from aggregator.source_status import source_record, source_statuses

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        found = source_statuses(config, store)
    if format == "json":
        print_json([source_record(status) for status in found])
    else:
        now = utc_now()
        print_table(COLUMNS, (_source_row(status, now) for status in found))
    return 0


def _source_row(status: "SourceStatus", now: "datetime") -> tuple[str, ...]:
    from aggregator.source_status import (
        describe_adapter,
        describe_address,
        describe_due,
        describe_result,
        describe_verdict,
    )

    source, state = status.source, status.state
    last = f"{state.last_run:%Y-%m-%d %H:%M}Z" if state and state.last_run else "-"
    return (
        source.id,
        status.state_name,
        describe_verdict(status),
        str(status.items),
        last,
        describe_result(status.outcome),
        describe_due(status, now=now),
        describe_adapter(status),
        describe_address(status),
    )
