"""`aggregator publish`: regenerate every view from the store.

A file whose bytes would stay the same is not touched, so subscribers see no false change.
"""

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import Column, print_json, print_stderr, print_table

if TYPE_CHECKING:
    from aggregator.view_files import PublishedView

COLUMNS = (
    Column("view"),
    Column("format"),
    Column("changed", styled=True),
    Column("entries", right=True),
    Column("copies", right=True),
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
    from aggregator.app import App, open_store
    from aggregator.view_files import stray_view_files

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        if not ctx.obj.quiet and store.has_uncompared():
            print_stderr("copies of new entries are not known yet: `aggregator fetch` finds them")
        published = App(config, store).publish()
    if format == "json":
        print_json([_view_record(key, view_file) for key, view_file in published.items()])
    else:
        print_table(COLUMNS, (_view_row(key, view_file) for key, view_file in published.items()))
    if not ctx.obj.quiet:
        for path in stray_view_files(config):
            print_stderr(
                f"{path} is a feed of a view that is not configured; delete it if nothing else writes it"
            )
    return 0


def _view_row(key: tuple[str, str], view_file: "PublishedView") -> tuple[str, ...]:
    return (
        *key,
        "yes" if view_file.has_changed else "no",
        str(view_file.entries),
        str(view_file.copies),
        str(view_file.path),
    )


def _view_record(key: tuple[str, str], view_file: "PublishedView") -> dict[str, object]:
    view, kind = key
    return {
        "view": view,
        "format": kind,
        "path": str(view_file.path),
        "changed": view_file.has_changed,
        "entries": view_file.entries,
        "groups": view_file.groups,
        "copies": view_file.copies,
    }
