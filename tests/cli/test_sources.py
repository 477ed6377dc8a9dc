from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import Source
from aggregator.model import Outcome, SourceState, Validators
from aggregator.source_health import SourceHealth
from aggregator.source_status import (
    SourceStatus,
    describe_adapter,
    describe_address,
    describe_due,
    describe_pace,
    describe_result,
    rough_duration,
    source_record,
)

if TYPE_CHECKING:
    from tests.cli.conftest import Project

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RAN = SourceState(
    "a", NOW + timedelta(minutes=18), reason="every 30 min", last_run=NOW, last_success=NOW
)
WAITS = replace(RAN, not_before=NOW + timedelta(hours=3), reason="Retry-After", failures=2)
BROKEN = replace(WAITS, health=SourceHealth("broken", ("http: HTTP 503",), NOW))
STANDINGS = [
    ("never seen", None, True, "new", "now: never asked, then every 1 h"),
    ("never run", SourceState("a", NOW), True, "new", "now: never asked, then every 1 h"),
    (
        "spread",
        SourceState("a", NOW + timedelta(minutes=9)),
        True,
        "new",
        "in 9 min: never asked, then every 1 h",
    ),
    ("well", RAN, True, "ok", "in 18 min: every 30 min"),
    (
        "overdue",
        replace(RAN, next_fetch_at=NOW - timedelta(hours=1)),
        True,
        "ok",
        "now: every 30 min",
    ),
    ("told to wait", WAITS, True, "failing", "in 3 h, not before 15:00Z: Retry-After"),
    ("waited", replace(WAITS, not_before=NOW), True, "failing", "in 18 min: Retry-After"),
    ("gone", replace(RAN, gone=True, reason="410 Gone"), True, "gone", "never: 410 Gone"),
    ("disabled", RAN, False, "disabled", "never: disabled"),
]


@pytest.mark.parametrize(
    ("state", "enabled", "word", "due"),
    [case[1:] for case in STANDINGS],
    ids=[case[0] for case in STANDINGS],
)
def test_a_source_stands_in_one_word_and_is_due_for_a_reason(
    state: SourceState | None, enabled: bool, word: str, due: str
) -> None:
    status = SourceStatus(
        Source(id="a", url="https://example.org/feed", enabled=enabled), state, None, 0
    )

    assert (status.state_name, describe_due(status, now=NOW)) == (word, due)


HOURLY = replace(RAN, next_fetch_at=NOW + timedelta(minutes=63), reason="every 1 h")
KNOWN = Validators("https://example.org/feed", '"1"')
PACES = [
    (
        "without validators",
        HOURLY,
        {},
        "every 1 h, more seldom while nothing changes: the server sends no validators",
    ),
    ("with validators", replace(HOURLY, validators=KNOWN), {}, "every 1 h"),
    ("stated", HOURLY, {"is_every_explicit": True}, "every 1 h"),
    ("a folder", HOURLY, {"path": Path("/saved")}, "every 1 h"),
    (
        "max-age",
        replace(HOURLY, next_fetch_at=NOW + timedelta(hours=3), reason="max-age"),
        {},
        "again in 3 h: max-age",
    ),
    ("Retry-After", WAITS, {}, "not before 15:00Z: Retry-After"),
    (
        "Retry-After for days",
        replace(WAITS, not_before=NOW + timedelta(days=2)),
        {},
        "not before 2026-03-03 12:00Z: Retry-After",
    ),
]


@pytest.mark.parametrize(
    ("state", "given", "words"), [case[1:] for case in PACES], ids=[case[0] for case in PACES]
)
def test_the_pace_is_the_interval_or_what_the_server_asks_for(
    state: SourceState, given: Any, words: str
) -> None:
    place = {"path": given["path"]} if "path" in given else {"url": "https://example.org/feed"}
    source = Source(id="a", **place).with_origin(
        origin="", given_keys=(), is_every_explicit="is_every_explicit" in given
    )

    assert describe_pace(source, state) == words


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (None, "-"),
        (Outcome("a", NOW, 1, "unchanged"), "unchanged"),
        (
            Outcome("a", NOW, 1, "ok", new=2, same=3, rejected=("x: odd",)),
            "2 new, 3 same, 1 rejected",
        ),
        (Outcome("a", NOW, 1, "failed", error="http", message="HTTP 503"), "http: HTTP 503"),
    ],
)
def test_the_last_run_is_told_in_words(outcome: Outcome | None, words: str) -> None:
    assert describe_result(outcome) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(seconds=90), "90 s"),
        (timedelta(minutes=59, seconds=50), "60 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(minutes=100), "100 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(length: timedelta, words: str) -> None:
    assert rough_duration(length) == words


def test_the_record_of_a_source_has_stable_keys() -> None:
    outcome = Outcome("a", NOW, 12, "failed", error="http", message="HTTP 503", http_status=503)
    status = SourceStatus(
        Source(id="a", url="https://example.org/feed", name="A"), BROKEN, outcome, 7
    )

    assert source_record(status) == {
        "id": "a",
        "name": "A",
        "url": "https://example.org/feed",
        "path": None,
        "adapter": "auto",
        "detected_adapter": None,
        "discovered_url": None,
        "state": "failing",
        "verdict": "broken",
        "evidence": ["http: HTTP 503"],
        "verdict_since": "2026-03-01T12:00:00Z",
        "items": 7,
        "failures": 2,
        "last_run": "2026-03-01T12:00:00Z",
        "last_success": "2026-03-01T12:00:00Z",
        "every_seconds": 3600,
        "not_before": "2026-03-01T15:00:00Z",
        "next_due": "2026-03-01T15:00:00Z",
        "reason": "Retry-After",
        "outcome": {
            "source": "a",
            "started": "2026-03-01T12:00:00Z",
            "ms": 12,
            "status": "failed",
            "found": 0,
            "new": 0,
            "changed": 0,
            "same": 0,
            "rejected": [],
            "notes": [],
            "renewed_guids": 0,
            "http_status": 503,
            "size_bytes": None,
            "error": "http",
            "message": "HTTP 503",
        },
    }


def test_every_configured_source_is_listed(fetched: Project) -> None:
    fetched.write(
        "config/sources/off.yaml", "- {id: off, url: 'https://example.org/feed', enabled: false}\n"
    )

    said = fetched.call("sources")

    head, saved, off = (re.split(r"  +", line) for line in said.lines)
    assert (said.code, said.err) == (0, "")
    assert head == [
        "source",
        "state",
        "verdict",
        "items",
        "last run",
        "result",
        "next",
        "adapter",
        "address",
    ]
    assert saved[:4] + saved[5:6] + saved[7:] == [
        "saved",
        "ok",
        "ok",
        "3",
        "3 new",
        "archive",
        str(fetched.root / "saved/*.txt"),
    ]
    assert re.fullmatch(r"in \d+ min: every 1 h", saved[6])
    assert off == [
        "off",
        "disabled",
        "-",
        "0",
        "-",
        "-",
        "never: disabled",
        "auto",
        "https://example.org/feed",
    ]


def test_the_sources_as_json_count_what_each_brought(fetched: Project) -> None:
    fetched.write("config/sources/more.yaml", "- {id: more, path: ../../more, adapter: archive}\n")

    listed = fetched.call("sources", "--format", "json").json

    assert [(source["id"], source["state"], source["items"]) for source in listed] == [
        ("more", "new", 0),
        ("saved", "ok", 3),
    ]


def test_a_secret_in_an_address_is_not_shown(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cret")
    project.write(
        "config/sources/secret.yaml", "- {id: quiet, url: 'https://example.org/feed?t=${TOKEN}'}\n"
    )

    said = project.call("sources", "--format", "json")

    assert [source["url"] for source in said.json] == [None, "https://example.org/feed?t=${TOKEN}"]
    assert "s3cret" not in said.out + said.err


def test_what_a_search_chose_is_shown_without_its_query() -> None:
    state = replace(
        WAITS, discovered_feed="https://example.org/rss?key=secret", detected_adapter="feed"
    )
    status = SourceStatus(Source(id="a", url="https://example.org/"), state, None, 7)
    page = SourceStatus(Source(id="a", url="https://example.org/", adapter="page"), WAITS, None, 7)

    record = source_record(status)
    assert (record["detected_adapter"], record["discovered_url"]) == (
        "feed",
        "https://example.org/rss?…",
    )
    assert describe_adapter(status) == "auto: feed"
    assert describe_address(status) == "https://example.org/ (reads https://example.org/rss?…)"
    assert (describe_adapter(page), describe_address(page)) == ("page", "https://example.org/")
