"""The bar that moves while sources are asked.

Rule: only on a terminal, only on stderr, and gone when it is done.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aggregator.cli.report.terminal import clean, console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.model import Outcome


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[Outcome], None]]:
    """Give what is to be called with each outcome; nothing is drawn where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task("asking", total=total)
        done = 0

        def advance(outcome: Outcome) -> None:
            nonlocal done
            done += 1
            bar.update(
                task, completed=done, total=max(total, done), description=clean(outcome.source)
            )

        yield advance
