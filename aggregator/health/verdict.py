"""Judges a source after each run: what was seen, for how many runs, and what it is called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.health.failures import FAILURE, MOVED
from aggregator.source_health import SourceHealth, Symptom, VerdictChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from aggregator.source_health import HealthVerdict

# From well to worst.
VERDICTS: tuple[HealthVerdict, ...] = (
    "ok",
    "quiet",
    "moved",
    "drifting",
    "degraded",
    "broken",
    "blocked",
    "gone",
)
CALM = frozenset({"ok", "quiet"})
# Runs with these lose nothing: what they found is the new usual in time.
HARMLESS = frozenset({"drifting", "moved"})


def after_document(health: SourceHealth, symptoms: Sequence[Symptom], at: datetime) -> SourceHealth:
    """Return the health after a run that read a document."""
    return _judge(health, _count(health.symptoms, symptoms), at)


def after_failure(health: SourceHealth, failure: Symptom, at: datetime) -> SourceHealth:
    """Return the health after a run that failed: what its last document showed still stands."""
    others = [one for one in health.symptoms if one.code not in (FAILURE, MOVED)]
    return _judge(health, [*others, *_count(health.symptoms, [failure])], at)


def after_unchanged(
    health: SourceHealth, symptoms: Sequence[Symptom], at: datetime
) -> SourceHealth:
    """Return the health after a run in which the document was the same as before.

    `symptoms` are those that do not come from the document.
    """
    same = [one for one in health.symptoms if one.code not in (FAILURE, MOVED)]
    return _judge(health, _count(health.symptoms, [*same, *symptoms]), at)


def is_worse(change: VerdictChange) -> bool:
    """Tell whether a change is for the worse; an empty list is no trouble."""
    if change.verdict in CALM:
        return False
    return VERDICTS.index(change.verdict) > VERDICTS.index(change.before)


def find_change(
    source: str, before: SourceHealth, after: SourceHealth, at: datetime
) -> VerdictChange | None:
    """Return the change of a verdict; None where it is the same."""
    if before.verdict == after.verdict:
        return None
    return VerdictChange(source, at, before.verdict, after.verdict, after.evidence)


def _count(before: Iterable[Symptom], symptoms: Iterable[Symptom]) -> list[Symptom]:
    """Return symptoms with the number of runs in a row that showed them."""
    runs = {one.code: one.runs for one in before}
    return [replace(one, runs=runs.get(one.code, 0) + 1) for one in symptoms]


def _judge(health: SourceHealth, symptoms: Sequence[Symptom], at: datetime) -> SourceHealth:
    if not symptoms:
        return _with_verdict(SourceHealth("ok", (), health.since), health, at)

    certain = [one for one in symptoms if one.runs >= one.needed]
    certain.sort(key=lambda one: VERDICTS.index(one.verdict), reverse=True)
    judged = replace(health, symptoms=tuple(symptoms), bad_since=health.bad_since or at)
    if certain:
        evidence = tuple(one.evidence for one in certain)
        judged = replace(judged, verdict=certain[0].verdict, evidence=evidence)
    # Otherwise the verdict stays: a source that was in trouble is well after a good run.
    return _with_verdict(judged, health, at)


def _with_verdict(judged: SourceHealth, before: SourceHealth, at: datetime) -> SourceHealth:
    if judged.verdict == before.verdict:
        return judged
    return replace(judged, since=at)
