"""What the daemon serves beside its feeds names no value of the environment."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from aggregator.daemon.status import DaemonSite, DaemonStatus
from aggregator.redaction import make_secrets

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def site(status: DaemonStatus) -> DaemonSite:
    config = SimpleNamespace(secrets=make_secrets({"TOKEN": "s3cr3t"}))
    store = SimpleNamespace(count_sources=lambda: (1, 0))
    app: Any = SimpleNamespace(config=config, store=store)
    return DaemonSite(status, lambda: app, lambda: 0, clock=lambda: NOW)


def test_the_health_names_the_variables() -> None:
    status = DaemonStatus(
        NOW, store_error="cannot open s3cr3t.db", config_error="a.yaml:1: url: s3cr3t"
    )

    health = site(status).health()

    assert health.reasons == ("the store fails: cannot open ${TOKEN}.db",)
    assert health.details["configuration"] == "a.yaml:1: url: ${TOKEN}"


def test_pages_show_no_secret() -> None:
    page = b'<a href="https://a.example/s3cr3t/1">Key s3cr3t</a>'

    shown = site(DaemonStatus(NOW)).without_secrets(page)

    assert shown == b'<a href="https://a.example/***/1">Key ***</a>'
