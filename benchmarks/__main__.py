"""The table of benchmarks, and the command: `python -m benchmarks [NAME…] [--quick]`.

A benchmark is one module and one line of the table. Exit status 1 where a goal is missed at full size.
"""

from __future__ import annotations

import os
import platform
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmarks import (
    copies,
    cycles,
    extraction,
    fetching,
    folder,
    idle,
    latest,
    merging,
    month,
    publishing,
    start,
    ten_mouths,
    unchanged,
    waiting,
)
from benchmarks.measure import FULL, QUICK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.measure import Figure, Size

BENCHMARKS: Mapping[str, Callable[[Size, Path], list[Figure]]] = MappingProxyType(
    {
        "start": start.run,
        "folder": folder.run,
        "unchanged": unchanged.run,
        "publishing": publishing.run,
        "merging": merging.run,
        "latest": latest.run,
        "copies": copies.run,
        "idle": idle.run,
        "extraction": extraction.run,
        "fetching": fetching.run,
        "cycles": cycles.run,
        "waiting": waiting.run,
        "month": month.run,
        "ten_mouths": ten_mouths.run,
    }
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks that are named, or all; without `arguments` those of the command line."""
    parser = ArgumentParser(
        prog="python -m benchmarks", description="Measure ratios; small sizes with --quick."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument(
        "--quick",
        action="store_true",
        help="prove that the harness works; the figures mean nothing",
    )
    parser.add_argument(
        "--entries",
        type=int,
        metavar="N",
        help="entries of the large store of `publishing`, `latest`",
    )
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark `{unknown[0]}`; there are: {', '.join(BENCHMARKS)}")
    size = QUICK if asked.quick else FULL
    if asked.entries:
        size = replace(size, entries=(size.entries[0], asked.entries))
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}",
        flush=True,
    )
    missed = [
        figure for name in asked.names or BENCHMARKS for figure in _run(name, size) if figure.missed
    ]
    return 1 if missed and not asked.quick else 0


def _run(name: str, size: Size) -> list[Figure]:
    with TemporaryDirectory(prefix="benchmark-") as place:
        figures = BENCHMARKS[name](size, Path(place))
    for figure in figures:
        print(_line(name, figure), flush=True)
    return figures


def _line(name: str, figure: Figure) -> str:
    goal = (
        ""
        if figure.goal is None
        else f"goal {figure.goal:g}{figure.unit} {'MISSED' if figure.missed else 'met'}"
    )
    return f"{name:<11} {figure.what:<45} {figure.value:8.2f} {figure.unit:<4} {goal:<18} ({figure.detail})"


if __name__ == "__main__":
    sys.exit(main())
