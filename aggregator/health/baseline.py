"""What is usual for a source: median and spread of the figures of its last good runs."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aggregator.source_health import RunFigures

GOOD_RUNS = 30  # that a baseline is learned from
ARMED_AFTER = 5
SPREADS = 5  # a figure is unusual that is so many spreads from the median
FALL = 0.30  # of a share
_SPREAD_PER_MAD = 1.4826  # of a normal distribution
# Runs that read the same document twice are not independent, so a chance must be small by itself.
_MAX_CHANCE = 1.1e-6
_MAX_SHARE = 0.99  # nothing is certain: three items that lack what 600 had may be chance, four not


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual value of one figure: its median, its spread, and its least and greatest value."""

    median: float
    spread: float
    least: float
    greatest: float


class Baseline:
    """The figures of good runs of the same rules, the newest first; None is learned of too few."""

    def __init__(self, runs: Sequence[RunFigures]) -> None:
        self.runs = tuple(runs[:GOOD_RUNS])

    @property
    def is_armed(self) -> bool:
        """Whether there are enough good runs to judge by."""
        return len(self.runs) >= ARMED_AFTER

    def usual(self, figure: Callable[[RunFigures], float | None]) -> Usual | None:
        """Return the usual value of a figure; None if too few runs have it."""
        values = [value for value in map(figure, self.runs) if value is not None]
        if len(values) < ARMED_AFTER:
            return None
        middle = median(values)
        deviation = median(abs(value - middle) for value in values)
        return Usual(middle, _SPREAD_PER_MAD * deviation, min(values), max(values))

    def usual_place(self, name: str) -> str | None:
        """Return the place that gave a field most often in the last good runs."""
        for run in self.runs:
            if name in run.winners:
                return run.winners[name][0]
        return None


def share(count: int, total: int) -> float | None:
    """Return a share; None of nothing."""
    if not total:
        return None
    return count / total


def has_fallen(count: int, total: int, usual: Usual) -> bool:
    """Tell whether a share of items is far below the usual, by more than chance."""
    fall = usual.median - count / total
    if fall < max(FALL, SPREADS * usual.spread):
        return False
    return chance_of_at_most(count, total, usual.median) <= _MAX_CHANCE


def has_risen(count: int, total: int, usual: Usual) -> bool:
    """Tell whether a share of items is far above the usual, by more than chance."""
    others = Usual(1 - usual.median, usual.spread, 1 - usual.greatest, 1 - usual.least)
    return has_fallen(total - count, total, others)


def chance_of_at_most(count: int, total: int, probability: float) -> float:
    """Return how likely at most `count` of `total` items are, each with a probability.

    >>> round(chance_of_at_most(1, 2, 0.5), 2)
    0.75
    """
    likely = min(probability, _MAX_SHARE)
    chance = 0.0
    for number in range(count + 1):
        ways = comb(total, number)
        chance += ways * likely**number * (1 - likely) ** (total - number)
    return chance
