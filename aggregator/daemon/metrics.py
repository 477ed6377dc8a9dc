"""The figures of the daemon for Prometheus, at /metrics; docs/operations.md names them all.

Counters begin at zero when the daemon starts. Gauges are read when they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from aggregator import __version__
from aggregator.health.verdict import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aggregator.model import Outcome

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """What the store says of itself."""

    sources: int
    failing: int
    entries: int
    size_bytes: int
    verdicts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the gauges show; times are None for never, `store` is None while it fails."""

    is_healthy: bool
    running: int
    last_tick: datetime | None
    last_publish: datetime | None
    published_entries: Mapping[str, int]
    store: StoreFigures | None = None


class DaemonMetrics:
    """The counters and gauges of one daemon."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the start of every counter is that of the process
        registry = self._registry = CollectorRegistry()
        self._lock = Lock()
        ProcessCollector(registry=registry)
        version = Gauge(
            "aggregator_build_info", "Version that runs.", ["version"], registry=registry
        )
        version.labels(__version__).set(1)
        self._runs = Counter(
            "aggregator_runs", "Runs of sources that ended.", ["status"], registry=registry
        )
        self._errors = Counter(
            "aggregator_run_errors", "Failed runs by class of error.", ["error"], registry=registry
        )
        self._items = Counter(
            "aggregator_items", "Items that runs found.", ["result"], registry=registry
        )
        self._bytes = Counter(
            "aggregator_downloaded_bytes", "Bytes of documents received.", registry=registry
        )
        self._seconds = Histogram(
            "aggregator_run_duration_seconds",
            "How long runs took.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._gauges = {
            name: Gauge(f"aggregator_{name}", text, registry=registry)
            for name, text in _GAUGES.items()
        }
        self._published = Gauge(
            "aggregator_published_entries",
            "Entries that a view shows.",
            ["view"],
            registry=registry,
        )
        self._verdicts = Gauge(
            "aggregator_sources_by_verdict",
            "Sources that are configured, by verdict.",
            ["verdict"],
            registry=registry,
        )
        for status in ("ok", "unchanged", "failed"):
            self._runs.labels(status)
        for result in ("new", "changed", "same", "rejected"):
            self._items.labels(result)

    def note_run(self, outcome: Outcome) -> None:
        """Count a run that ended."""
        self._runs.labels(outcome.status).inc()
        if outcome.error is not None:
            self._errors.labels(outcome.error).inc()
        self._items.labels("new").inc(outcome.new)
        self._items.labels("changed").inc(outcome.changed)
        self._items.labels("same").inc(outcome.same)
        self._items.labels("rejected").inc(len(outcome.rejected))
        self._bytes.inc(outcome.size_bytes or 0)
        self._seconds.observe(outcome.ms / 1000)

    def render(self, snapshot: Snapshot, accept: str) -> tuple[bytes, str]:
        """Return the figures and their content type, in a format that the client accepts."""
        encode, content_type = choose_encoder(accept)
        with self._lock:
            self._set_gauges(snapshot)
            return encode(self._registry), content_type

    def _set_gauges(self, snapshot: Snapshot) -> None:
        values: dict[str, float | None] = {
            "healthy": snapshot.is_healthy,
            "running_runs": snapshot.running,
            "last_tick_timestamp_seconds": _seconds(snapshot.last_tick),
            "last_publish_timestamp_seconds": _seconds(snapshot.last_publish),
        }
        if snapshot.store is not None:
            values |= {
                "sources": snapshot.store.sources,
                "sources_failing": snapshot.store.failing,
                "entries": snapshot.store.entries,
                "store_bytes": snapshot.store.size_bytes,
            }
        for name, gauge in self._gauges.items():
            value = values.get(name)
            gauge.set(float("nan") if value is None else value)
        self._verdicts.clear()
        if snapshot.store is not None:
            for verdict in VERDICTS:
                count = snapshot.store.verdicts.get(verdict, 0)
                self._verdicts.labels(verdict).set(count)
        self._published.clear()
        for view, count in snapshot.published_entries.items():
            self._published.labels(view).set(count)


_GAUGES = {
    "healthy": "1 while /healthz is ok.",
    "sources": "Sources that are configured.",
    "sources_failing": "Sources whose last run failed.",
    "entries": "Entries in the store.",
    "store_bytes": "Size of the database.",
    "running_runs": "Runs that are under way.",
    "last_tick_timestamp_seconds": "When the schedule was last looked at.",
    "last_publish_timestamp_seconds": "When the views were last published.",
}


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
