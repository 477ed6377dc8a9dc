"""Views of edits, of digests and of episodes: what they make of the entries of the store."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from aggregator.view_kinds import Period, ended_periods

if TYPE_CHECKING:
    from collections.abc import Sequence

VIEWS = (
    "[{id: all}, {id: edits, kind: edits}, {id: days, title: Days, kind: digest, "
    "timezone: Europe/Paris}, {id: pod, title: Shows, kind: podcast, icon: 'https://a.example/i.png'}]"
)
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
NIGHT = (
    '<enclosure url="https://cdn.example/night.mp3" type="audio/mpeg" length="9"/>'
    "<author>ann@a.example (Ann)</author>"
)


def feed(*items: str) -> str:
    return (
        '<rss version="2.0"><channel><title>Harbour</title><link>https://a.example/</link>'
        f"<description>News</description>{''.join(items)}</channel></rss>"
    )


def item(number: int, title: str, text: str, more: str = "", *, day: int = 4) -> str:
    return (
        f"<item><guid>https://a.example/{number}</guid><link>https://a.example/{number}</link>"
        f"<title>{title}</title><description>{text}</description>"
        f"<pubDate>{day:02} Jul 2026 06:0{number}:00 +0000</pubDate>{more}</item>"
    )


class Story:
    """A feed that changes, polled and published after each change."""

    def __init__(self, home: Any, clock: Any, way: Any) -> None:
        self._home, self._clock, self._way = home, clock, way
        home.path.write_text(
            f"network: {{allow_private: true, timeout: 20s}}\nviews: {VIEWS}\n", encoding="utf-8"
        )

    def publish(self, *documents: str, hours: float = 1) -> list[str]:
        """Poll each document, `hours` apart; return the files that changed at last."""
        return asyncio.run(self._publish(documents, hours))

    def read(self, view: str) -> list[dict[str, Any]]:
        path = self._home.root / "var" / "feeds" / f"{view}.json"
        items: list[dict[str, Any]] = json.loads(path.read_bytes())["items"]
        return items

    async def _publish(self, documents: Sequence[str], hours: float) -> list[str]:
        published: Any = {}
        async with self._way.Origin() as origin:
            self._home.follow(f'{{id: up, url: "{origin.url("/feed")}", full_text: never}}')
            for document in documents:
                origin.pages["/feed"] = self._way.Reply(document)
                async with self._home.app(self._clock) as app:
                    await app.cycle(force=True)
                    published = app.publish()
                self._clock.forward(hours=hours)
        return sorted(view.path.name for view in published.values() if view.has_changed)


@pytest.fixture
def story(home: Any, clock: Any, way: Any) -> Story:
    return Story(home, clock, way)


def test_an_edit_is_an_entry_that_shows_what_changed(story: Story) -> None:
    story.publish(
        feed(item(1, "Fog on the pier", "It stays.")),
        feed(item(1, "Fog on the pier", "It goes &lt;b&gt;soon&lt;/b&gt;.")),
        feed(item(1, "Fog leaves the pier", "It goes &lt;b&gt;soon&lt;/b&gt;.")),
    )

    edits = story.read("edits")

    assert [(edit["title"], edit["summary"], edit["content_html"]) for edit in edits] == [
        (
            "Fog leaves the pier",
            "Changed: title",
            "<h4>title</h4><p>Fog <del>on</del><ins>leaves</ins> the pier</p>",
        ),
        (
            "Fog on the pier",
            "Changed: content",
            "<h4>content</h4><p>It <del>stays</del><ins>goes soon</ins>.</p>",
        ),
    ]
    assert len({edit["id"] for edit in edits} | {story.read("all")[0]["id"]}) == 3
    assert edits[0]["url"] == "https://a.example/1"
    assert edits[0]["date_published"] > edits[1]["date_published"]


def test_an_article_that_never_changed_is_no_edit(story: Story) -> None:
    document = feed(item(1, "Fog", "It stays."))

    story.publish(document, document)

    assert story.read("edits") == []


def test_a_digest_holds_what_arrived_on_a_day_that_is_over(story: Story) -> None:
    first = item(1, "Fog &amp;amp; sea", "It stays.")
    second = item(2, "Storm", "It comes.", day=5)
    third = item(3, "Calm", "It is over.", day=6)
    story.publish(feed(first), hours=23)
    today = story.read("days")
    story.publish(feed(first, second), hours=24)
    tomorrow = story.read("days")
    changed = story.publish(feed(first, second, third), hours=1)

    assert today == []
    assert [
        (digest["title"], digest["date_published"], digest["content_html"]) for digest in tomorrow
    ] == [
        (
            "Days, 2026-07-04",
            "2026-07-04T22:00:00Z",
            '<h3>Harbour</h3><ul><li><a href="https://a.example/1">Fog &amp; sea</a><br>It stays.</li></ul>',
        )
    ]
    assert [digest["title"] for digest in story.read("days")] == [
        "Days, 2026-07-05",
        "Days, 2026-07-04",
    ]
    assert story.read("days")[1] == tomorrow[0]
    assert "days.atom" in changed
    again = story.publish(feed(first, second, third))
    assert [name for name in again if name.startswith("days")] == []


def test_the_past_of_a_new_source_is_in_no_digest(story: Story) -> None:
    old = item(1, "Fog", "It stays.").replace("Jul 2026", "May 2026")

    story.publish(feed(old), feed(old), hours=26)

    assert story.read("days") == []


def test_a_podcast_has_the_episodes_alone_with_their_show_as_author(
    story: Story, home: Any
) -> None:
    story.publish(
        feed(item(1, "Fog", "It stays."), item(2, "Night", "A talk.", NIGHT)),
    )

    root = etree.fromstring((home.root / "var/feeds/pod.rss").read_bytes())
    [episode] = root.findall("channel/item")
    channel = root.find("channel")
    assert [episode.findtext(name) for name in ("title", f"{ITUNES}author")] == ["Night", "Harbour"]
    assert episode.find("enclosure").get("url") == "https://cdn.example/night.mp3"
    assert [channel.findtext(f"{ITUNES}{name}") for name in ("author", "type", "block")] == [
        "Shows",
        "episodic",
        "Yes",
    ]
    assert channel.find(f"{ITUNES}image").get("href") == "https://a.example/i.png"
    assert [entry["title"] for entry in story.read("pod")] == ["Night"]


def test_periods_are_those_of_the_timezone() -> None:
    now = datetime(2026, 3, 30, 12, tzinfo=UTC)  # Paris is an hour ahead of March 29, then two

    days = list(islice(ended_periods("day", now, ZoneInfo("Europe/Paris")), 2))
    [week] = islice(ended_periods("week", now, ZoneInfo("UTC")), 1)

    assert days == [
        Period(
            "2026-03-29",
            datetime(2026, 3, 28, 23, tzinfo=UTC),
            datetime(2026, 3, 29, 22, tzinfo=UTC),
        ),
        Period(
            "2026-03-28",
            datetime(2026, 3, 27, 23, tzinfo=UTC),
            datetime(2026, 3, 28, 23, tzinfo=UTC),
        ),
    ]
    assert week == Period(
        "2026-W13", datetime(2026, 3, 23, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)
    )
