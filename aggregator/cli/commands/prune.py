"""`aggregator prune`: let go of what has had its time.

Rule: what a source still lists is never deleted; the ids of what goes are the only words on stdout.
"""

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.report.terminal import say

if TYPE_CHECKING:
    from aggregator.app import App
    from aggregator.store.retention import PruneResult


def prune(
    *,
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be deleted.")
    ] = False,
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Then give the space back to the system.")
    ] = False,
) -> int:
    """Delete entries that no source has listed for as long as its `keep` says."""
    import asyncio

    from aggregator.app import App, open_store

    ctx.obj.log(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        app = App(config, store)
        pruned = asyncio.run(_run_prune(app, dry_run=dry_run, vacuum=vacuum))
        if not dry_run and (pruned.entries or app.ages):
            app.publish()
    for entry_id in pruned.entries:
        typer.echo(entry_id)
    if not ctx.obj.quiet:
        _tell(pruned, dry_run=dry_run)
    return 0


async def _run_prune(app: "App", *, dry_run: bool, vacuum: bool) -> "PruneResult":
    async with app:
        return await app.prune(dry_run=dry_run, vacuum=vacuum)


def _tell(pruned: "PruneResult", *, dry_run: bool) -> None:
    done = "would be deleted" if dry_run else "deleted"
    say(
        f"{done}: {len(pruned.entries)} entries, {pruned.captures} captures, {pruned.outcomes} outcomes"
    )
