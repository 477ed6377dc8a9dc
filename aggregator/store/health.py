"""The health of sources in the database: verdicts, what was usual, and each change of a verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.health.baseline import GOOD_RUNS, Baseline
from aggregator.source_health import WELL, RunFigures, SourceHealth, Symptom, VerdictChange
from aggregator.store.engine import in_values, read_transaction
from aggregator.store.schema import outcome, source, source_state, verdict_change

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from aggregator.store.engine import Engines

KEPT_CHANGES = 1_000
# The columns of a source that is as if it were new.
NO_HEALTH: Mapping[str, Any] = {
    "verdict": None,
    "verdict_since": None,
    "evidence": None,
    "bad_since": None,
    "symptoms": None,
}


def health_columns(health: SourceHealth) -> dict[str, Any]:
    """Write the health of a source; all is None for one that was never anything but ok."""
    verdict = None
    if health.since is not None:
        verdict = health.verdict
    return {
        "verdict": verdict,
        "verdict_since": health.since,
        "evidence": health.evidence or None,
        "bad_since": health.bad_since,
        "symptoms": [asdict(symptom) for symptom in health.symptoms] or None,
    }


def health_from_row(row: sa.Row[Any]) -> SourceHealth:
    """Read what `health_columns` wrote."""
    if row.verdict is None and row.symptoms is None:
        return WELL
    symptoms = [Symptom(**symptom) for symptom in row.symptoms or ()]
    return SourceHealth(
        row.verdict or "ok",
        tuple(row.evidence or ()),
        row.verdict_since,
        row.bad_since,
        tuple(symptoms),
    )


def figures_column(figures: RunFigures | None) -> dict[str, Any] | None:
    """Write the figures of a run, without those that are zero or missing."""
    if figures is None:
        return None
    return {name: value for name, value in asdict(figures).items() if value}


def figures_from_column(column: Mapping[str, Any] | None) -> RunFigures | None:
    """Read what `figures_column` wrote."""
    if column is None:
        return None
    winners = column.get("winners", {})
    places = {name: (place, count) for name, (place, count) in winners.items()}
    counted = {"found": 0, "usable": 0} | dict(column)
    return RunFigures(**counted | {"winners": places})


def load_baseline(connection: sa.Connection, source_id: int, figures: RunFigures) -> Baseline:
    """Return what was usual in the last good runs, by the same adapter and rules as `figures`."""
    query = (
        sa.select(outcome.c.figures)
        .where(outcome.c.source_id == source_id, outcome.c.good)
        .order_by(outcome.c.id.desc())
        .limit(GOOD_RUNS)
    )
    runs = []
    for column in connection.scalars(query):
        run = figures_from_column(column)
        if run is None or (run.adapter, run.rules) != (figures.adapter, figures.rules):
            break
        runs.append(run)
    return Baseline(runs)


def store_changes(connection: sa.Connection, changes: Sequence[tuple[int, VerdictChange]]) -> None:
    """Store changes of verdicts, each with the row number of its source; drop those long past."""
    rows = []
    for source_id, change in changes:
        row = {"source_id": source_id, "at": change.at, "before": change.before}
        rows.append(row | {"verdict": change.verdict, "evidence": change.evidence})
    if not rows:
        return
    connection.execute(sa.insert(verdict_change), rows)
    newest = sa.select(sa.func.max(verdict_change.c.id)).scalar_subquery()
    connection.execute(
        sa.delete(verdict_change).where(verdict_change.c.id <= newest - KEPT_CHANGES)
    )


def forget_health(connection: sa.Connection, source_ids: Collection[int]) -> None:
    """Forget verdicts, and what was usual: it is learned anew from the next runs."""
    if not source_ids:
        return
    state = sa.update(source_state)
    chosen = in_values(source_state.c.source_id, source_ids, connection)
    connection.execute(state.where(chosen).values(NO_HEALTH))
    runs = sa.update(outcome).where(outcome.c.good)
    chosen = in_values(outcome.c.source_id, source_ids, connection)
    connection.execute(runs.where(chosen).values(good=None))


@dataclass(frozen=True, slots=True)
class HealthRecords:
    """Reads the health of all sources."""

    engines: Engines

    def changes(self, limit: int) -> list[VerdictChange]:
        """Return the newest changes of verdicts, newest first."""
        query = sa.select(verdict_change, source.c.name).join(source)
        query = query.order_by(verdict_change.c.id.desc()).limit(limit)
        with read_transaction(self.engines) as connection:
            return [_change_from_row(row) for row in connection.execute(query)]

    def find_damage(self) -> str | None:
        """Return what is wrong with the database file and what to do; None for nothing."""
        if self.engines.path is None:
            return None
        with read_transaction(self.engines) as connection:
            found = connection.scalar(sa.text("PRAGMA quick_check(1)"))
        if found == "ok":
            return None
        return f"it is damaged ({found}): stop the daemon, restore a backup or start empty"

    def count_verdicts(self) -> Counter[str]:
        """Count the configured sources by their verdicts."""
        query = (
            sa.select(source_state.c.verdict, sa.func.count())
            .join(source)
            .where(source.c.active)
            .group_by(source_state.c.verdict)
        )
        counts = Counter[str]()
        with read_transaction(self.engines) as connection:
            for verdict, count in connection.execute(query):
                counts[verdict or "ok"] += count
        return counts


def _change_from_row(row: sa.Row[Any]) -> VerdictChange:
    return VerdictChange(row.name, row.at, row.before, row.verdict, tuple(row.evidence), row.id)
