"""How many articles the documents of some sources are: real documents through parsing and store.

Each scenario of `data/identity/scenarios.json` is a list of polls. `want` is the number of entries
after the last one.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest

from aggregator.model import Capture, Outcome, Result
from aggregator.parse.captures import parse_captures
from aggregator.parse.task import ParseTask
from aggregator.rules.loader import load_sites
from aggregator.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENARIOS = json.loads((Path(__file__).parent / "data/identity/scenarios.json").read_bytes())
START = datetime(2026, 3, 20, tzinfo=UTC)
SITES = load_sites()
HOUR = timedelta(hours=1)
CASES = Path(__file__).parents[2] / "shared/cases/identity"


def rss(items: list[dict[str, Any]]) -> bytes:
    parts = []
    for item in items:
        fields = [f"<title>{escape(item['title'])}</title><link>{escape(item['link'])}</link>"]
        if item["guid"] is not None:
            fields.append(f'<guid isPermaLink="false">{escape(item["guid"])}</guid>')
        if "date" in item:
            fields.append(f"<pubDate>{rfc822(item['date'])}</pubDate>")
        if "updated" in item:
            fields.append(f"<atom:updated>{item['updated']}</atom:updated>")
        if "orig" in item:
            fields.append(f"<feedburner:origLink>{item['orig']}</feedburner:origLink>")
        fields.append(f"<description>{item.get('text', 'Nothing more.')}</description>")
        parts.append(f"<item>{''.join(fields)}</item>")
    return (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel>'
        f"<title>Feed</title>{''.join(parts)}</channel></rss>"
    ).encode()


def rfc822(moment: str) -> str:
    return format_datetime(datetime.fromisoformat(moment))


class World:
    """A store and the polls that fill it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.sites = SITES
        self.sources: dict[str, bool] = {}

    def poll(self, source: str, body: bytes, number: int) -> Outcome:
        now = START + number * HOUR
        if source not in self.sources:
            self.sources[source] = False
            self.store.sync_sources([(name, name, START) for name in self.sources])
        capture = Capture(source, f"https://{source}.feeds.example/rss", now, body)
        task = ParseTask(source, "feed", ignore_guids=self.sources[source], full_text="never")
        parsed = parse_captures([capture], task, self.sites)
        [state] = self.store.claim(now, limit=1, lease=HOUR, sources=[source], force=True)
        outcome = Outcome(source, now, 1, "ok", found=len(parsed.revisions))
        result = Result(
            state, outcome, (capture,), parsed.revisions, shares=parsed.revisions_per_capture
        )
        [done] = self.store.commit([result], now=now)
        notes = (*parsed.notes, *done.notes)
        self.sources[source] = parsed.ignore_guids or any("keyed by URL" in note for note in notes)
        return done


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Store.open(f"sqlite:///{tmp_path}/store.db", text_of=str) as store:
        yield World(store)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one["name"] for one in SCENARIOS])
def test_documents_become_as_many_entries_as_there_are_articles(
    world: World, scenario: dict[str, Any]
) -> None:
    for number, poll in enumerate(scenario["polls"]):
        world.poll(poll["source"], rss(poll["items"]), number)
    found = [(entry.title, entry.url) for entry in world.store.entries()]

    assert len(found) == scenario["want"], found


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one["name"] for one in SCENARIOS])
def test_documents_that_come_again_change_nothing(world: World, scenario: dict[str, Any]) -> None:
    for number, poll in enumerate(scenario["polls"]):
        world.poll(poll["source"], rss(poll["items"]), number)
    last = {poll["source"]: poll for poll in scenario["polls"]}
    if "random" in scenario["name"]:  # the same guids again are no longer random
        return
    before = list(world.store.entries())
    again = [
        world.poll(name, rss(poll["items"]), 100 + number)
        for number, (name, poll) in enumerate(last.items())
    ]

    assert [(outcome.new, outcome.changed) for outcome in again] == [(0, 0)] * len(again)
    assert list(world.store.entries()) == before
