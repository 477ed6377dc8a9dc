"""`aggregator prune` and `aggregator vacuum`: delete old entries, make the database smaller.

Entries that a source still lists are never deleted. Only the ids of deleted entries go
to stdout.
"""

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.report.terminal import print_stderr

if TYPE_CHECKING:
    from aggregator.app import App
    from aggregator.store.retention import PruneResult


def prune(
    *,
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be deleted.")
    ] = False,
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Also make the database file smaller.")
    ] = False,
) -> int:
    """Delete entries that no source has listed for as long as its `keep` says."""
    import asyncio

    from aggregator.app import App, open_store

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        app = App(config, store)
        pruned = asyncio.run(_run_prune(app, dry_run=dry_run, vacuum=vacuum))
        if not dry_run and (pruned.entries or app.has_expiring_views):
            app.publish()
    for entry_id in pruned.entries:
        typer.echo(entry_id)
    if not ctx.obj.quiet:
        _print_summary(pruned, dry_run=dry_run)
    return 0


def vacuum(*, ctx: typer.Context) -> int:
    """Give the space of what was deleted back to the system."""
    from aggregator.app import open_store

    ctx.obj.configure_logging(logging.WARNING)
    with open_store(ctx.obj.load()) as store:
        before = store.extent()[1]
        store.vacuum()
        after = store.extent()[1]
    if not ctx.obj.quiet:
        print_stderr(f"the database had {before / 2**20:.1f} MiB, now {after / 2**20:.1f} MiB")
    return 0


async def _run_prune(app: "App", *, dry_run: bool, vacuum: bool) -> "PruneResult":
    async with app:
        return await app.prune(dry_run=dry_run, vacuum=vacuum)


def _print_summary(pruned: "PruneResult", *, dry_run: bool) -> None:
    done = "would be deleted" if dry_run else "deleted"
    print_stderr(
        f"{done}: {len(pruned.entries)} entries, {pruned.captures} captures, {pruned.outcomes} outcomes"
    )
