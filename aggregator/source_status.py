"""The status of a source: its state, the result of its last run, and when and why it is fetched next.

Everything comes from the configuration and the store; nothing is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aggregator import schedule
from aggregator.adapter_table import AUTO, named_adapter
from aggregator.publish.json_record import outcome_record, rfc3339
from aggregator.run.page_fetcher import redact_path, redact_query

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from aggregator.config import Config, Source
    from aggregator.model import Outcome, SourceState
    from aggregator.source_health import HealthVerdict
    from aggregator.store import Store

StateName = Literal["new", "ok", "failing", "gone", "disabled"]

_READING_WORDS = {
    "feed": "a feed",
    "page": "the articles that the page lists",
    "json": "a list in JSON",
    "sitemap": "a sitemap",
    "archive": "saved articles",
}


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A configured source with what the store knows of it.

    `state` is None before its first cycle, `outcome` before its first run. `items`
    counts the entries that this source brought first.
    """

    source: Source
    state: SourceState | None
    outcome: Outcome | None
    items: int

    @property
    def state_name(self) -> StateName:
        """The state in one word."""
        if not self.source.enabled:
            return "disabled"
        if self.state is None or self.state.last_run is None:
            return "new"
        if self.state.gone:
            return "gone"
        if self.state.failures:
            return "failing"
        return "ok"

    @property
    def verdict(self) -> HealthVerdict | None:
        """The verdict on it; None before its first run."""
        if self.state is None or self.state.last_run is None:
            return None
        return self.state.health.verdict

    @property
    def evidence(self) -> tuple[str, ...]:
        """Why the verdict is not ok, in sentences."""
        return () if self.state is None else self.state.health.evidence

    def next_due(self) -> datetime | None:
        """Return when it is fetched next; None where never, or where that is not decided yet."""
        if self.state is None or self.state_name in {"gone", "disabled"}:
            return None
        return earliest_fetch(self.state)


def source_statuses(config: Config, store: Store) -> list[SourceStatus]:
    """Return the status of each source, in the order of the configuration."""
    states = {state.source: state for state in store.states()}
    outcomes = store.last_outcomes()
    counts = store.entry_counts()
    statuses = []
    for source in config.sources:
        state = states.get(source.id)
        outcome = outcomes.get(source.id)
        statuses.append(SourceStatus(source, state, outcome, counts.get(source.id, 0)))
    return statuses


def earliest_fetch(state: SourceState) -> datetime:
    """Return the earliest time of the next fetch, by the schedule and by what the server asked for."""
    return max(state.next_fetch_at, state.not_before or state.next_fetch_at)


def is_due(state: SourceState, now: datetime) -> bool:
    """Tell whether `fetch` without `--force` fetches a source now; a new source is due at once."""
    if state.gone:
        return False
    if earliest_fetch(state) <= now:
        return True
    if not state.never_polled:
        return False
    return state.not_before is None or state.not_before <= now


def describe_due(status: SourceStatus, *, now: datetime) -> str:
    """Describe when and why a source is fetched next.

    Examples: `in 18 min: every 1 h`, `in 2 h, not before 14:00Z: Retry-After`, `never: 410 Gone`.
    """
    if status.state_name == "disabled":
        return "never: disabled"
    first = f"never asked, then {schedule.describe_interval(status.source.every)}"
    if status.state is None:
        return f"now: {first}"

    when = "never"
    due = status.next_due()
    if due is not None:
        when = describe_wait(due, now=now)

    reason = status.state.reason
    not_before = status.state.not_before
    if reason == schedule.RETRY_AFTER_REASON and not_before is not None:
        if not_before > now:
            when = f"{when}, not before {describe_time(not_before, now=now)}"
    return f"{when}: {reason or first}"


def describe_pace(source: Source, state: SourceState) -> str:
    """Describe how often a source is fetched, and why; `state` is that after a run.

    It is the interval (`every 1 h`), or what the server asks for instead (`again in 3 h: max-age`).
    """
    interval = schedule.describe_interval(source.every)
    ran = state.last_run or state.next_fetch_at
    if state.reason == schedule.RETRY_AFTER_REASON and state.not_before is not None:
        return f"not before {describe_time(state.not_before, now=ran)}: {state.reason}"
    if state.reason != interval:
        wait = rough_duration(earliest_fetch(state) - ran)
        return f"again in {wait}: {state.reason}"

    if _adapts_interval(source) and state.validators is None:
        return f"{interval}, more seldom while nothing changes: the server sends no validators"
    return interval


def _adapts_interval(source: Source) -> bool:
    """Tell whether the interval of a source gets longer while nothing changes."""
    if source.url is None or source.is_every_explicit:
        return False
    return source.every < schedule.DAY


def describe_time(moment: datetime, *, now: datetime) -> str:
    """Format a time: `14:00Z`, or `2026-03-02 14:00Z` if it is not on the day of `now`."""
    return f"{moment:%H:%M}Z" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}Z"


def describe_wait(moment: datetime, *, now: datetime) -> str:
    """Describe the time until a moment: `in 18 min`; `now` for one in the past."""
    return f"in {rough_duration(moment - now)}" if moment > now else "now"


def rough_duration(length: timedelta) -> str:
    """Format a duration roughly, in its largest unit.

    >>> from datetime import timedelta
    >>> rough_duration(timedelta(minutes=18, seconds=20)), rough_duration(timedelta(days=3, hours=2))
    ('18 min', '3 d')
    """
    seconds = round(length.total_seconds())
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or seconds == size:
            return f"{round(seconds / size)} {unit}"
    return f"{seconds} s"


def describe_result(outcome: Outcome | None) -> str:
    """Describe the result of a run: `3 new, 1 changed`, `unchanged`, `timeout: no answer within 30 s`."""
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
    if not words:
        return "unchanged"
    return ", ".join(words)


def describe_verdict(status: SourceStatus) -> str:
    """Describe the verdict on a source with its evidence: `broken: 0 of 20 dates …`, `-` for none."""
    if status.verdict is None:
        return "-"
    if not status.evidence:
        return status.verdict
    return f"{status.verdict}: {'; '.join(status.evidence)}"


def describe_adapter(status: SourceStatus) -> str:
    """Describe how a source is read: `page`; `auto: feed` if its document decided."""
    adapter = status.source.adapter
    if adapter != AUTO or status.state is None or status.state.detected_adapter is None:
        return adapter
    return f"{adapter}: {status.state.detected_adapter}"


def describe_address(status: SourceStatus) -> str:
    """Describe where a source is, with the URL that was found on its page and is read instead."""
    location = status.source.display_location
    chosen = _chosen_url(status)
    return f"{location} (reads {chosen})" if chosen else location


def describe_reading(source: Source, state: SourceState) -> str | None:
    """Describe what is read for an address that leaves the choice to its document.

    `https://example.org/feed.xml: a feed`; None if the source names its adapter, or before
    its first document.
    """
    if named_adapter(source.adapter) is not None or state.detected_adapter is None:
        return None
    url = _chosen_url_of(source, state) or source.display_location
    return f"{url}: {_READING_WORDS.get(state.detected_adapter, state.detected_adapter)}"


def _chosen_url(status: SourceStatus) -> str | None:
    if status.state is None:
        return None
    return _chosen_url_of(status.source, status.state)


def _chosen_url_of(source: Source, state: SourceState) -> str | None:
    if state.discovered_feed is None:
        return None
    if source.display_location != source.location:
        return redact_path(state.discovered_feed)
    return redact_query(state.discovered_feed)


def source_record(status: SourceStatus) -> dict[str, object]:
    """Return a source as JSON; a secret in its URL stays `${NAME}`."""
    source, state, outcome = status.source, status.state, status.outcome
    record: dict[str, object] = {
        "id": source.id,
        "name": source.name,
        "url": None,
        "path": None,
        "adapter": source.adapter,
        "detected_adapter": None,
        "discovered_url": _chosen_url(status),
        "state": status.state_name,
        "verdict": None,
        "evidence": [],
        "verdict_since": None,
        "items": status.items,
        "failures": 0,
        "last_run": None,
        "last_success": None,
        "every_seconds": round(source.every.total_seconds()),
        "next_due": _format_time(status.next_due()),
        "not_before": None,
        "reason": None,
        "outcome": None,
    }
    record["url" if source.url else "path"] = source.display_location
    if state is not None:
        record["detected_adapter"] = state.detected_adapter
        record["failures"] = state.failures
        record["verdict"] = status.verdict
        record["evidence"] = list(status.evidence)
        record["verdict_since"] = _format_time(state.health.since)
        record["last_run"] = _format_time(state.last_run)
        record["last_success"] = _format_time(state.last_success)
        record["not_before"] = _format_time(state.not_before)
        record["reason"] = state.reason
    if outcome is not None:
        record["outcome"] = outcome_record(outcome)
    return record


def _format_time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
