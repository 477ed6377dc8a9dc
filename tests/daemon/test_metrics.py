"""The figures for Prometheus: what ran since the start, and what there is now."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse_text

from aggregator.daemon.metrics import DaemonMetrics, Snapshot, StoreFigures
from aggregator.model import Outcome

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
NEVER = Snapshot(True, 0, None, None, {})
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


def figures(metrics: DaemonMetrics, snapshot: Snapshot = NEVER) -> dict[str, float]:
    text, _ = metrics.render(snapshot, "")
    found = {}
    for family in parse_text(text.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_runs_are_counted() -> None:
    metrics = DaemonMetrics()
    metrics.note_run(
        Outcome("a", NOW, 300, "ok", 9, 2, 1, 5, rejected=("item 3: no title",), size_bytes=4096)
    )
    metrics.note_run(Outcome("b", NOW, 40, "failed", error="timeout", message="no answer"))

    shown = figures(metrics)

    assert {name: shown[name] for name in shown if "_total" in name and name[0] == "a"} == {
        "aggregator_runs_total{status=ok}": 1,
        "aggregator_runs_total{status=unchanged}": 0,
        "aggregator_runs_total{status=failed}": 1,
        "aggregator_run_errors_total{error=timeout}": 1,
        "aggregator_items_total{result=new}": 2,
        "aggregator_items_total{result=changed}": 1,
        "aggregator_items_total{result=same}": 5,
        "aggregator_items_total{result=rejected}": 1,
        "aggregator_downloaded_bytes_total": 4096,
    }
    assert shown["aggregator_run_duration_seconds_count"] == 2
    assert shown["aggregator_run_duration_seconds_bucket{le=0.05}"] == 1


def test_gauges_show_what_there_is_now() -> None:
    metrics = DaemonMetrics()
    figures(metrics, Snapshot(True, 3, NOW, None, {"gone": 5}, StoreFigures(9, 0, 1, 1)))

    shown = figures(
        metrics,
        Snapshot(
            False,
            2,
            NOW,
            NOW,
            {"merged": 100},
            StoreFigures(63, 61, 5_000, 8192, {"ok": 2, "broken": 61}),
        ),
    )

    assert {
        name: shown[name] for name in shown if name[:10] == "aggregator" and "run" not in name
    } == {
        "aggregator_build_info{version=" + _version() + "}": 1,
        "aggregator_items_total{result=new}": 0,
        "aggregator_items_total{result=changed}": 0,
        "aggregator_items_total{result=same}": 0,
        "aggregator_items_total{result=rejected}": 0,
        "aggregator_downloaded_bytes_total": 0,
        "aggregator_healthy": 0,
        "aggregator_sources": 63,
        "aggregator_sources_failing": 61,
        "aggregator_sources_by_verdict{verdict=ok}": 2,
        "aggregator_sources_by_verdict{verdict=quiet}": 0,
        "aggregator_sources_by_verdict{verdict=moved}": 0,
        "aggregator_sources_by_verdict{verdict=drifting}": 0,
        "aggregator_sources_by_verdict{verdict=degraded}": 0,
        "aggregator_sources_by_verdict{verdict=broken}": 61,
        "aggregator_sources_by_verdict{verdict=blocked}": 0,
        "aggregator_sources_by_verdict{verdict=gone}": 0,
        "aggregator_entries": 5_000,
        "aggregator_store_bytes": 8192,
        "aggregator_last_tick_timestamp_seconds": NOW.timestamp(),
        "aggregator_last_publish_timestamp_seconds": NOW.timestamp(),
        "aggregator_published_entries{view=merged}": 100,
    }
    assert shown["aggregator_running_runs"] == 2


def test_what_is_not_known_is_no_number() -> None:
    shown = figures(DaemonMetrics())

    unknown = [name for name, value in shown.items() if value != value]
    assert unknown == [
        "aggregator_sources",
        "aggregator_sources_failing",
        "aggregator_entries",
        "aggregator_store_bytes",
        "aggregator_last_tick_timestamp_seconds",
        "aggregator_last_publish_timestamp_seconds",
    ]


def test_a_client_may_ask_for_openmetrics() -> None:
    text, content_type = DaemonMetrics().render(NEVER, OPEN_METRICS)

    assert content_type.startswith("application/openmetrics-text")
    assert "aggregator_healthy" in {family.name for family in parse_open(text.decode())}


def _version() -> str:
    from aggregator import __version__

    return __version__


def test_every_figure_is_explained() -> None:
    text, _ = DaemonMetrics().render(NEVER, "")
    page = Path(__file__).parents[2].joinpath("docs", "operations.md").read_text("utf-8")

    names = {family.name for family in parse_text(text.decode())}
    ours = {name for name in names if name.startswith("aggregator_")}
    assert {name for name in ours if f"`{name}" not in page} == set()
    assert len(ours) == 16
