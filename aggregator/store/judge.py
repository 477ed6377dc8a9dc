"""Judges the source of each run that is committed, and holds back what is surely not its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.health.failures import find_failure, find_move
from aggregator.health.symptoms import NEVER_TAKEN, find_symptoms
from aggregator.health.verdict import (
    HARMLESS,
    after_document,
    after_failure,
    after_unchanged,
    find_change,
)
from aggregator.store.health import load_baseline

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from aggregator.model import Result
    from aggregator.source_health import SourceHealth, Symptom


def judge_run(
    connection: sa.Connection,
    result: Result,
    source_id: int,
    *,
    failures: int,
    knows_items: bool,
) -> Result:
    """Return the result with the health of its source after it.

    A page whose items are surely not the source's own becomes a failed run without items;
    `knows_items` tells that some of them were listed before, `failures` counts the failed runs
    before this one. A run that read nothing new costs
    nothing while its source is well.
    """
    if result.outcome.figures is not None:
        symptoms = _document_symptoms(connection, result, source_id)
        strange = _strange_items(result, symptoms, knows_items=knows_items)
        if strange:
            result = _hold_back(result, strange[0], failures)
        moved = _other_symptoms(result)
        health = after_document(result.state.health, [*symptoms, *moved], result.outcome.started)
        return _with_health(result, health)

    failure = find_failure(result.outcome)
    if failure is not None:
        health = after_failure(result.state.health, failure, result.outcome.started)
        return _with_health(result, health)

    was_asked = result.state.last_run == result.outcome.started
    moved = _other_symptoms(result)
    if was_asked and (moved or result.state.health.symptoms):
        health = after_unchanged(result.state.health, moved, result.outcome.started)
        return _with_health(result, health)
    return result


def is_good(result: Result) -> bool | None:
    """Tell whether the figures of a judged run say what is usual; None where it has none."""
    figures = result.outcome.figures
    if figures is None:
        return None
    has_items = figures.found > 0 and result.outcome.status == "ok"
    return has_items and all(one.verdict in HARMLESS for one in result.state.health.symptoms)


def _document_symptoms(
    connection: sa.Connection, result: Result, source_id: int
) -> Sequence[Symptom]:
    figures = result.outcome.figures
    if figures is None:
        return ()
    return find_symptoms(figures, load_baseline(connection, source_id, figures))


def _other_symptoms(result: Result) -> list[Symptom]:
    moved = find_move(result.state)
    return [] if moved is None else [moved]


def _strange_items(
    result: Result, symptoms: Sequence[Symptom], *, knows_items: bool
) -> list[Symptom]:
    """Return the symptoms that say that the items of a page are not what the source lists."""
    figures = result.outcome.figures
    if figures is None or figures.adapter != "page":
        return []
    strange = [one for one in symptoms if one.code in NEVER_TAKEN]
    if knows_items:  # the links of known articles may move to another folder
        strange = [one for one in strange if one.verdict != "broken"]
    return strange


def _hold_back(result: Result, strange: Symptom, failures: int) -> Result:
    source = result.outcome.source
    outcome = replace(
        result.outcome,
        status="failed",
        error="no-items",
        message=f"held back: {strange.evidence}; `aggregator forgive {source}` accepts it",
        rejected=(),
    )
    # The same bytes are read again, in case that they are accepted meanwhile.
    state = replace(result.state, failures=failures + 1, read_again=True)
    return replace(result, outcome=outcome, state=state, revisions=(), shares=())


def _with_health(result: Result, health: SourceHealth) -> Result:
    at = result.outcome.started
    change = find_change(result.state.source, result.state.health, health, at)
    outcome = replace(result.outcome, verdict_change=change)
    return replace(result, state=replace(result.state, health=health), outcome=outcome)
