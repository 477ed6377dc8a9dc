"""`aggregator forget`: delete single entries for good.

A source that still lists them does not bring them back, and the Atom feeds tell readers to delete
them. The ids of deleted entries go to stdout.
"""

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.commands.show import find_entries
from aggregator.cli.report.terminal import print_stderr, replace_in_line

if TYPE_CHECKING:
    from aggregator.model import Entry


def forget(
    names: Annotated[
        list[str],
        typer.Argument(metavar="ID|URL", help="Ids, their first 8 digits or more, or links."),
    ],
    *,
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be deleted.")
    ] = False,
) -> int:
    """Delete entries for good, whoever still lists them."""
    from aggregator.app import App, open_store, utc_now

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        app = App(config, store)
        entries: dict[str, Entry] = {}
        for name in names:  # all of them before anything is deleted: one may be unknown
            for entry in find_entries(app, name):
                entries[entry.id] = entry
        if not dry_run:
            store.upkeep.forget(list(entries), now=utc_now())
            app.publish()
    for entry in entries.values():
        typer.echo(entry.id)
        if not ctx.obj.quiet:
            done = "would be deleted" if dry_run else "deleted"
            print_stderr(f"{done}: {replace_in_line(entry.title)} ({entry.source})")
    return 0
