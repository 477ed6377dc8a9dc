"""How a source is: the figures of its runs, its symptoms, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

HealthVerdict = Literal["ok", "quiet", "degraded", "drifting", "broken", "blocked", "moved", "gone"]


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What a run counted in a document that it read.

    `found` counts all items, `usable` those that became entries. `filled` says of how many a field
    is known, `winners` the place that gave it most often, and how often. `adapter` read the
    document, `rules` is a checksum of the source's own rules: only runs of the same rules compare.
    `future` counts refused dates in the future, the furthest `ahead_minutes` after the capture.
    `repeated_titles` counts items whose title another item has as well, `beyond_ascii` titles
    with other letters than those of ASCII, and `garbled` those of them in a wrong encoding.
    `body_letters` is the median length of the articles that came whole.
    """

    found: int
    usable: int
    adapter: str = "feed"
    rules: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    winners: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    future: int = 0
    ahead_minutes: int = 0
    repeated_titles: int = 0
    garbled: int = 0
    beyond_ascii: int = 0
    body_letters: int | None = None


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that is wrong with a source, for `runs` runs; after `needed` runs it is its verdict.

    `code` names what was looked at (`failure`, `filled:published`), `evidence` says it in words.
    """

    code: str
    verdict: HealthVerdict
    evidence: str
    needed: int = 2
    runs: int = 1


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """The verdict on a source with its evidence, and since when it holds; None before the first change.

    `symptoms` are those of the last run, `bad_since` is when the first run with any began.
    """

    verdict: HealthVerdict = "ok"
    evidence: tuple[str, ...] = ()
    since: datetime | None = None
    bad_since: datetime | None = None
    symptoms: tuple[Symptom, ...] = ()


WELL = SourceHealth()


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A change of the verdict on a source; `number` is its own for ever, 0 before it is stored."""

    source: str
    at: datetime
    before: HealthVerdict
    verdict: HealthVerdict
    evidence: tuple[str, ...] = ()
    number: int = 0
