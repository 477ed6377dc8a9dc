"""What the daemon serves beside its feeds names no value of the environment."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from aggregator.daemon.status import DaemonSite, DaemonStatus
from aggregator.model import Entry
from aggregator.redaction import make_secrets

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def site(status: DaemonStatus, *entries: Entry) -> DaemonSite:
    config = SimpleNamespace(secrets=make_secrets({"TOKEN": "s3cr3t"}), feed_view=None)
    store = SimpleNamespace(states=list)
    app: Any = SimpleNamespace(
        config=config, store=store, view_entries=lambda _view, limit: entries[:limit]
    )
    return DaemonSite(status, lambda: app, lambda: 0, clock=lambda: NOW)


def test_the_health_names_the_variables() -> None:
    status = DaemonStatus(
        NOW, store_error="cannot open s3cr3t.db", config_error="a.yaml:1: url: s3cr3t"
    )

    health = site(status).health()

    assert health.reasons == ("the store fails: cannot open ${TOKEN}.db",)
    assert health.details["configuration"] == "a.yaml:1: url: ${TOKEN}"


def test_the_latest_titles_and_links_show_no_secret() -> None:
    entry = Entry(
        id="urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-000000000001",
        source="harbour",
        url="https://a.example/s3cr3t/1",
        url_original=None,
        title="Key s3cr3t",
        summary=None,
        content_html=None,
        content_text=None,
        published=NOW,
        published_from="feed",
        updated=NOW,
        first_seen=NOW,
        authors=(),
        credits=(),
        tags=(),
        language=None,
        publisher=None,
        image=None,
        enclosures=(),
        guid=None,
        revision=1,
        duplicates=(),
        provenance={},
    )

    (shown,) = site(DaemonStatus(NOW), entry).latest(5)

    assert (shown.title, shown.url) == ("Key ***", "https://a.example/***/1")
