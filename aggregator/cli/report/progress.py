"""The progress bar of `aggregator fetch`: on stderr, on terminals only, removed at the end."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aggregator.cli.report.terminal import make_console, replace_unprintable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.model import Outcome


@contextmanager
def show_progress(total: int, *, quiet: bool) -> Iterator[Callable[[Outcome], None]]:
    """Give a function to call with each outcome; without a terminal or with `quiet` it does nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=make_console(sys.stderr), transient=True) as bar:
        task = bar.add_task("asking", total=total)
        done = 0

        def advance(outcome: Outcome) -> None:
            nonlocal done
            done += 1
            bar.update(
                task,
                completed=done,
                total=max(total, done),
                description=replace_unprintable(outcome.source),
            )

        yield advance
