"""What the daemon serves beside its feeds names no value of the environment."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from aggregator.daemon.status import DaemonSite, DaemonStatus
from aggregator.errors import StoreError
from aggregator.model import Outcome
from aggregator.redaction import make_secrets
from aggregator.source_health import VerdictChange

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def site(status: DaemonStatus, *, sources: int = 1, failing: int = 0) -> DaemonSite:
    config = SimpleNamespace(
        secrets=make_secrets({"TOKEN": "s3cr3t"}), server=SimpleNamespace(public_url=None)
    )
    change = VerdictChange("news", NOW, "ok", "broken", ("no-items: s3cr3t",))
    store = SimpleNamespace(
        count_sources=lambda: (sources, failing),
        extent=lambda: (7, 4096),
        health=SimpleNamespace(
            count_verdicts=lambda: {"broken": failing}, changes=lambda limit: [change][:limit]
        ),
    )
    app: Any = SimpleNamespace(config=config, store=store)
    return DaemonSite(status, lambda: app, lambda: 0, clock=lambda: NOW)


def test_the_health_names_the_variables() -> None:
    status = DaemonStatus(
        NOW, store_error="cannot open s3cr3t.db", config_error="a.yaml:1: url: s3cr3t"
    )

    health = site(status).health()

    assert health.reasons == (
        "the store fails: cannot open ${TOKEN}.db",
        "the configuration on disk does not load, the former one is in use",
    )
    assert health.details["configuration"] == "a.yaml:1: url: ${TOKEN}"


def test_pages_show_no_secret() -> None:
    page = b'<a href="https://a.example/s3cr3t/1">Key s3cr3t</a>'

    shown = site(DaemonStatus(NOW)).without_secrets(page)

    assert shown == b'<a href="https://a.example/***/1">Key ***</a>'


def test_most_sources_failing_is_no_good_health() -> None:
    status = DaemonStatus(NOW)

    assert site(status, sources=4, failing=2).health().ok
    assert site(status, sources=4, failing=3).health().reasons == ("3 of 4 sources fail",)


def test_the_figures_are_those_of_the_store_and_of_the_runs() -> None:
    status = DaemonStatus(NOW)
    status.metrics.note_run(Outcome("a", NOW, 40, "ok", new=2))

    text, _ = site(status, sources=4, failing=3).metrics("")

    lines = text.decode().splitlines()
    for line in (
        "aggregator_healthy 0.0",
        "aggregator_sources_failing 3.0",
        'aggregator_sources_by_verdict{verdict="broken"} 3.0',
        "aggregator_entries 7.0",
        "aggregator_store_bytes 4096.0",
        'aggregator_items_total{result="new"} 2.0',
    ):
        assert line in lines


def test_figures_are_shown_while_the_store_fails() -> None:
    failing = site(DaemonStatus(NOW))

    def fail() -> tuple[int, int]:
        raise StoreError("no space left")

    failing._app().store.extent = fail  # type: ignore[method-assign]
    text, _ = failing.metrics("")

    assert "aggregator_entries NaN" in text.decode()


def test_the_feed_of_verdicts_names_no_value_of_the_environment() -> None:
    daemon_site = site(DaemonStatus(NOW))

    feed = daemon_site.without_secrets(daemon_site.status_feed()).decode()

    assert "news was ok and is broken: no-items: ***" in feed
