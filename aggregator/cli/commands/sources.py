"""`aggregator sources`: every configured source and how it fares.

Rule: it reads the configuration and the store, and asks nobody.
"""

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import Column, put_json, put_table

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.cli.report.source_status import Standing
    from aggregator.config import Config
    from aggregator.store import Store

COLUMNS = (
    Column("source"),
    Column("state", styled=True),
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
    """List every source and how it fares."""
    from aggregator.app import open_store, utc_now
    from aggregator.cli.report.source_status import standing_record

    ctx.obj.log(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        found = standings(config, store)
    if format == "json":
        put_json([standing_record(standing) for standing in found])
    else:
        now = utc_now()
        put_table(COLUMNS, (_row(standing, now) for standing in found))
    return 0


def standings(config: "Config", store: "Store") -> "list[Standing]":
    """Put together what is configured and what is remembered, in the order of the configuration."""
    from aggregator.cli.report.source_status import Standing

    states = {state.source: state for state in store.states()}
    counts = store.entry_counts()
    return [
        Standing(
            source,
            states.get(source.id),
            next(iter(store.outcomes(source.id, 1)), None),
            counts.get(source.id, 0),
        )
        for source in config.sources
    ]


def _row(standing: "Standing", now: "datetime") -> tuple[str, ...]:
    from aggregator.cli.report.source_status import due_words, result_words

    source, state = standing.source, standing.state
    last = f"{state.last_run:%Y-%m-%d %H:%M}Z" if state and state.last_run else "-"
    return (
        source.id,
        standing.word,
        str(standing.items),
        last,
        result_words(standing.outcome),
        due_words(standing, now=now),
        source.adapter,
        source.display_location,
    )
