"""What the program costs before it does anything: `aggregator --version`.

Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measure import PROGRAM, Figure, cpu_of, typical

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measure import Size


def run(size: Size, place: Path) -> list[Figure]:
    """Measure; nothing is written."""
    seconds = typical(size.times(3), lambda: cpu_of(*PROGRAM, "--version"))
    return [Figure("aggregator --version", seconds, "s", 0.2, "CPU time of a fresh process")]
