"""The changes of verdicts as a feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import feedparser

from aggregator.publish.status_feed import render_status
from aggregator.source_health import VerdictChange

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BROKEN = VerdictChange("news & more", AT, "ok", "broken", ("`items` finds <nothing>", "again"), 7)
WELL = VerdictChange("news & more", AT.replace(hour=14), "broken", "ok", number=8)


def test_each_change_is_an_entry_with_its_evidence() -> None:
    feed = feedparser.parse(
        BytesIO(render_status([WELL, BROKEN], public_url="https://feeds.example/a/"))
    )

    assert not feed.bozo
    assert (feed.feed.updated, feed.feed.author) == ("2026-03-01T14:00:00+00:00", "aggregator")
    assert [link.href for link in feed.feed.links] == [
        "https://feeds.example/a/status.atom",
        "https://feeds.example/a/sources",
    ]
    assert [(entry.title, entry.updated, entry.link) for entry in feed.entries] == [
        (
            "news & more: ok (was broken)",
            "2026-03-01T14:00:00+00:00",
            "https://feeds.example/a/sources/news%20%26%20more",
        ),
        (
            "news & more: broken (was ok)",
            "2026-03-01T12:00:00+00:00",
            "https://feeds.example/a/sources/news%20%26%20more",
        ),
    ]
    assert feed.entries[1].content[0].value == (
        "news & more was ok and is broken: `items` finds <nothing>; again"
    )


def test_ids_are_the_same_however_often_a_change_is_shown() -> None:
    def ids(*changes: VerdictChange) -> list[str]:
        feed = feedparser.parse(BytesIO(render_status(changes, public_url=None)))
        return [entry.id for entry in feed.entries]

    both = ids(WELL, BROKEN)

    assert ids(replace(BROKEN, number=1)) == both[1:]
    assert len(set(both)) == 2


def test_without_changes_the_feed_is_the_same_every_time() -> None:
    assert render_status([], public_url=None) == render_status([], public_url=None)
