"""`aggregator publish`: every view anew from the store.

Rule: equal bytes touch nothing; whoever subscribed sees no change where there is none.
"""

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import Column, put_json, put_table, say

if TYPE_CHECKING:
    from aggregator.app import Rendition

COLUMNS = (
    Column("view"),
    Column("format"),
    Column("changed", styled=True),
    Column("path", folds=True),
)


def publish(
    *,
    ctx: typer.Context,
    format: Annotated[  # noqa: A002
        Literal["table", "json"], typer.Option(help="How to print what was written.")
    ] = "table",
) -> int:
    """Regenerate every view from the store."""
    from aggregator.app import App, open_store, stray_view_files

    ctx.obj.log(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        if not ctx.obj.quiet and store.has_uncompared():
            say("copies of new entries are not known yet: `aggregator fetch` finds them")
        renditions = App(config, store).publish()
    if format == "json":
        put_json([_record(key, rendition) for key, rendition in renditions.items()])
    else:
        put_table(COLUMNS, (_row(key, rendition) for key, rendition in renditions.items()))
    if not ctx.obj.quiet:
        for path in stray_view_files(config):
            say(
                f"{path} is a feed of a view that is not configured; delete it if nothing else writes it"
            )
    return 0


def _row(key: tuple[str, str], rendition: "Rendition") -> tuple[str, ...]:
    return *key, "yes" if rendition.has_changed else "no", str(rendition.path)


def _record(key: tuple[str, str], rendition: "Rendition") -> dict[str, object]:
    view, kind = key
    return {
        "view": view,
        "format": kind,
        "path": str(rendition.path),
        "changed": rendition.has_changed,
    }
