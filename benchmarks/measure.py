"""What a process costs: CPU time and memory of one child, as the kernel counted them.

CPU time, never wall time: other work on the machine may delay a run but hardly makes it dearer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = (sys.executable, "-m", "aggregator")
_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Size:
    """How much a benchmark does: the sizes that its goal is stated for, or small ones that only prove it works."""

    articles: int = 2_000
    entries: tuple[int, int] = (1_000, 200_000)
    sources: int = 1_000
    idle_seconds: float = 20.0
    fetches: int = 2_000
    month_sources: int = 10_000
    month_days: int = 2
    waits: int = 1_000
    feeds: int = 1_000
    polled_feeds: int = 200
    told_articles: int = 100
    orders: int = 20
    kills: int = 20
    rounds: int = 3

    def times(self, most: int) -> int:
        """How often to repeat what is over in a moment: at small sizes once."""
        return most * self.rounds if self.rounds > 1 else 1


FULL = Size()
QUICK = Size(
    articles=6,
    entries=(600, 900),
    sources=5,
    idle_seconds=0.2,
    fetches=8,
    month_sources=20,
    month_days=2,
    waits=8,
    feeds=3,
    polled_feeds=3,
    told_articles=2,
    orders=1,
    kills=1,
    rounds=1,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `goal` is the most it may be, None where there is none. `detail` names what was compared."""

    what: str
    value: float
    unit: str
    goal: float | None
    detail: str

    @property
    def missed(self) -> bool:
        return self.goal is not None and self.value > self.goal


def typical(rounds: int, cost: Callable[[], float]) -> float:
    """Return the median of `rounds` measurements."""
    return median(cost() for _ in range(rounds))


def side_by_side(rounds: int, *costs: Callable[[], float]) -> list[float]:
    """Return the median of each, measured in turns: what slows the machine for a while slows all of them."""
    turns = [[cost() for cost in costs] for _ in range(rounds)]
    return [median(column) for column in zip(*turns, strict=True)]


def cpu_of(*command: str | Path, good: tuple[int, ...] = (0,)) -> float:
    """Run a command to its end; return its CPU seconds, user and system, with those of the children it waited for.

    Raises: RuntimeError where it ends with a status that is not `good`.
    """
    with subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        output = child.stdout.read() if child.stdout else b""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in good:
        raise RuntimeError(
            f"{command} ended with {child.returncode}:\n{output.decode(errors='replace')}"
        )
    return usage.ru_utime + usage.ru_stime


def part_of(module: str, *arguments: str | Path) -> float:
    """Run a module of this package in a process of its own; return the number that it prints."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


@contextmanager
def running(*command: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command beside us; it is asked to end (SIGTERM) when the context does."""
    with subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        try:
            yield child
        finally:
            child.terminate()
            child.wait(30)


def spent(pid: int) -> float:
    """Return the CPU seconds of a running process and of its children that ended (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def resident_mib(pid: int) -> float:
    """Return the resident memory of a running process in MiB (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB
