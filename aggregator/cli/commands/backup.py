"""`aggregator backup` and `aggregator restore`: copy the store, and bring a copy back."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.report.terminal import print_stderr

if TYPE_CHECKING:
    from aggregator.store.backup import BackupInfo


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="File to write; an older one is replaced.")
    ],
    *,
    ctx: typer.Context,
) -> int:
    """Copy the store to a file, also while the daemon runs."""
    from aggregator.store.backup import back_up

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    info = back_up(config.database, file)
    if not ctx.obj.quiet:
        print_stderr(f"{file}: {_describe(info)}")
    return 0


def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file that `aggregator backup` wrote.")
    ],
    *,
    ctx: typer.Context,
) -> int:
    """Put a backup in the place of the store, which is kept beside it; stop the daemon first."""
    from aggregator.app import utc_now
    from aggregator.store.backup import restore as restore_store

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    info = restore_store(config.database, file, now=utc_now())
    if not ctx.obj.quiet:
        print_stderr(f"restored from {file}: {_describe(info)}")
        if info.former is not None:
            print_stderr(f"the former store is kept as {info.former}")
    return 0


def _describe(info: "BackupInfo") -> str:
    return f"{info.entries} entries, {info.size_bytes / 2**20:.1f} MiB, schema {info.version}"
