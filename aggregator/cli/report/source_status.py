"""Where a source stands: its state in one word, what its last run gave, and when and why it is asked next.

Rule: made of the configuration and what the store remembers, `now` given; nobody is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aggregator import schedule
from aggregator.publish.json_record import outcome_record, rfc3339

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from aggregator.config import Source
    from aggregator.model import Outcome, SourceState

Word = Literal["new", "ok", "failing", "gone", "disabled"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One configured source as the store knows it; `state` is None before its first cycle, `outcome` before its first
    run. `items` counts the entries that it brought first."""

    source: Source
    state: SourceState | None
    outcome: Outcome | None
    items: int

    @property
    def word(self) -> Word:
        """One word for all of it."""
        if not self.source.enabled:
            return "disabled"
        if self.state is None or self.state.last_run is None:
            return "new"
        if self.state.gone:
            return "gone"
        return "failing" if self.state.failures else "ok"

    def due(self) -> datetime | None:
        """When it is asked next; None where never, and where nothing was decided yet."""
        if self.state is None or self.word in {"gone", "disabled"}:
            return None
        return due_at(self.state)


def due_at(state: SourceState) -> datetime:
    """When a source may be asked next, whatever asks to wait."""
    return max(state.next_fetch_at, state.not_before or state.next_fetch_at)


def is_due(state: SourceState, now: datetime) -> bool:
    """Tell whether `fetch` requests a source unforced: when its time has come, and the first time at once."""
    if state.gone:
        return False
    if due_at(state) <= now:
        return True
    if not state.never_polled:
        return False
    return state.not_before is None or state.not_before <= now


def due_words(standing: Standing, *, now: datetime) -> str:
    """Say when and why: `in 18 min: every 1 h`, `in 2 h, not before 14:00Z: Retry-After`, `never: 410 Gone`."""
    if standing.word == "disabled":
        return "never: disabled"
    first = f"never asked, then {schedule.every_words(standing.source.every)}"
    if standing.state is None:
        return f"now: {first}"
    due, not_before = standing.due(), standing.state.not_before
    when = "never" if due is None else until(due, now=now)
    if (
        standing.state.reason == schedule.RETRY_AFTER
        and not_before is not None
        and not_before > now
    ):
        when = f"{when}, not before {clock_words(not_before, now=now)}"
    return f"{when}: {standing.state.reason or first}"


def pace_words(source: Source, state: SourceState) -> str:
    """Say how often a source is requested, and why, after a run that went as `state` says.

    It is the interval (`every 1 h`), or what the server asks for instead (`again in 3 h: max-age`).
    """
    interval = schedule.every_words(source.every)
    ran = state.last_run or state.next_fetch_at
    if state.reason == schedule.RETRY_AFTER and state.not_before is not None:
        return f"not before {clock_words(state.not_before, now=ran)}: {state.reason}"
    if state.reason != interval:
        return f"again in {span(due_at(state) - ran)}: {state.reason}"

    adapts = source.url is not None and not source.every_stated and source.every < schedule.DAY
    if adapts and state.validators is None:
        return f"{interval}, more seldom while nothing changes: the server sends no validators"
    return interval


def clock_words(moment: datetime, *, now: datetime) -> str:
    """Say a moment: `14:00Z`, on another day than `now` `2026-03-02 14:00Z`."""
    return f"{moment:%H:%M}Z" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}Z"


def until(moment: datetime, *, now: datetime) -> str:
    """Say how far a moment lies ahead: `in 18 min`; `now` for one that is over."""
    return f"in {span(moment - now)}" if moment > now else "now"


def span(length: timedelta) -> str:
    """Say a time span roughly, in its largest unit.

    >>> from datetime import timedelta
    >>> span(timedelta(minutes=18, seconds=20)), span(timedelta(days=3, hours=2))
    ('18 min', '3 d')
    """
    seconds = round(length.total_seconds())
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or seconds == size:
            return f"{round(seconds / size)} {unit}"
    return f"{seconds} s"


def result_words(outcome: Outcome | None) -> str:
    """Say what a run gave: `3 new, 1 changed`, `unchanged`, `timeout: no answer within 30 s`."""
    if outcome is None:
        return "-"
    if outcome.status == "failed":
        return f"{outcome.error}: {outcome.message}"

    counts = {
        "new": outcome.new,
        "changed": outcome.changed,
        "same": outcome.same,
        "rejected": len(outcome.rejected),
    }
    words = [f"{count} {word}" for word, count in counts.items() if count]
    return ", ".join(words) or "unchanged"


def standing_record(standing: Standing) -> dict[str, object]:
    """Return a source as the commands print it; a secret in its address stays `${NAME}`."""
    source, state, outcome = standing.source, standing.state, standing.outcome
    record: dict[str, object] = {
        "id": source.id,
        "name": source.name,
        "url": None,
        "path": None,
        "adapter": source.adapter,
        "state": standing.word,
        "items": standing.items,
        "failures": 0,
        "last_run": None,
        "last_success": None,
        "every_seconds": round(source.every.total_seconds()),
        "next_due": _moment(standing.due()),
        "not_before": None,
        "reason": None,
        "outcome": None,
    }
    record["url" if source.url else "path"] = source.display_location
    if state is not None:
        record["failures"] = state.failures
        record["last_run"] = _moment(state.last_run)
        record["last_success"] = _moment(state.last_success)
        record["not_before"] = _moment(state.not_before)
        record["reason"] = state.reason
    if outcome is not None:
        record["outcome"] = outcome_record(outcome)
    return record


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
