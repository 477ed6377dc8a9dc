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
from aggregator.normalize.html import html_to_text
from aggregator.parse.captures import parse_captures
from aggregator.parse.task import ParseTask
from aggregator.rules.loader import load_sites
from aggregator.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENARIOS = json.loads((Path(__file__).parent / "data/identity/scenarios.json").read_bytes())
START = datetime(2026, 11, 20, tzinfo=UTC)
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
        if "tag" in item:
            fields.append(f"<category>{item['tag']}</category>")
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
    with Store.open(f"sqlite:///{tmp_path}/store.db", text_of=html_to_text) as store:
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


# --- statements of several sources ---------------------------------------------------------------------------------------


def atom_of(entry: Any) -> tuple[str, str, str | None, int]:
    return entry.title, entry.content_text or entry.summary or "", entry.url, entry.revision


def feed(source: str, **fields: Any) -> bytes:
    item = {"guid": None, "link": f"https://{source}.feeds.example/story", "title": "The story"}
    return rss([item | {"date": "2026-03-01T08:00:00Z"} | fields])


LONG = "The bridge across the river was opened this morning. " * 20


def test_a_link_blog_never_takes_the_place_of_the_publisher(world: World) -> None:
    story = "https://blog.feeds.example/story"
    for number in range(4):
        world.poll("blog", feed("blog", text=LONG), 2 * number)
        links = feed("links", link=story, guid="7", title="The story (2026) [pdf]", text="Comments")
        world.poll("links", links, 2 * number + 1)

    [entry] = world.store.entries()
    assert atom_of(entry) == ("The story", LONG.strip(), story, 1)


def test_it_does_not_either_where_it_came_first(world: World) -> None:
    story = "https://blog.feeds.example/story"
    links = feed("links", link=story, guid="7", title="The story (2026) [pdf]", text="Comments")
    world.poll("links", links, 0)
    world.poll("blog", feed("blog", text=LONG), 1)

    [entry] = world.store.entries()
    assert atom_of(entry) == ("The story", LONG.strip(), story, 1)
    assert [teller.source for teller in entry.tellers] == ["blog", "links"]


def test_two_section_feeds_that_differ_in_a_category_make_no_revisions(world: World) -> None:
    story = "https://paper.feeds.example/story"
    outcomes = []
    for number in range(12):
        for source, tag in (("paper", "politics"), ("section", "europe")):
            item = {"guid": "s1", "link": story, "title": "The story", "text": LONG, "tag": tag}
            outcomes.append(world.poll(source, rss([item]), 2 * number))

    [entry] = world.store.entries()
    assert (entry.revision, entry.tags) == (1, ("politics", "europe"))
    assert [(one.new, one.changed) for one in outcomes[2:]] == [(0, 0)] * 22


def test_a_correction_is_one_edit_however_many_feeds_carry_it(world: World) -> None:
    story = "https://paper.feeds.example/story"
    corrected = LONG + "CORRECTION: it was opened at noon."
    for number, text in enumerate((LONG, LONG, corrected, corrected)):
        for source in ("paper", "section", "third"):
            item = {"guid": "s1", "link": story, "title": "The story", "text": text}
            world.poll(source, rss([item]), number)

    [entry] = world.store.entries()
    assert (entry.revision, entry.content_text or entry.summary) == (2, corrected)


def test_the_source_that_goes_gives_its_place_to_the_next(world: World) -> None:
    story = "https://blog.feeds.example/story"
    world.poll("blog", feed("blog", text=LONG), 0)
    world.poll("planet", feed("planet", link=story, title="Planet: the story", text=LONG), 1)
    world.store.sync_sources([("planet", "planet", START)])

    [entry] = world.store.entries()
    assert (entry.title, entry.revision) == ("Planet: the story", 1)


# --- cases from the field -----------------------------------------------------------------------------------------------

FIELD_CASES = {
    "01-comments-told-apart-by-fragment": 6,
    "03-link-loses-its-anchor": 4,
    "08-own-guids-under-one-address": 5,
    "09-atom-versions-of-one-id": 1,
}


@pytest.mark.skipif(not CASES.exists(), reason="no cases beside the repository (../shared/cases)")
@pytest.mark.parametrize(("name", "entries"), FIELD_CASES.items(), ids=FIELD_CASES)
def test_cases_from_the_field(world: World, name: str, entries: int) -> None:
    files = sorted(CASES.glob(f"{name}*.xml"))
    for number, file in enumerate(files):
        world.poll("case", file.read_bytes(), number)
    found = list(world.store.entries())

    assert len(found) == entries
    assert len({entry.url for entry in found}) == (1 if name.startswith("08") else entries)
    if name.startswith("09"):
        assert (found[0].title, found[0].revision) == ("v3 newest", 3)
