"""Items that are known and not read again leave the store as if all had been read."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.app import App, open_store
from aggregator.known_items import KnownItems
from aggregator.store.listing import unpack

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

STEPS = 16
HEALTH = (
    "figures",
    "good",
    "verdict",
    "verdict_since",
    "evidence",
    "bad_since",
    "symptoms",
)
TEXT = "The harbour is quiet, and the boats are in. " * 60
NO_RULES = "id: {name}, url: '{url}'"
SETTINGS = (
    NO_RULES,
    NO_RULES + ", exclude: {{title: ['7']}}",
    NO_RULES + ", corrections: {{cut_title: ['^News ']}}",
    NO_RULES + ", language: de",
)


class Whole(App):
    """An App that reads each changed document as a whole."""

    async def _load_known_items(self, source: str) -> KnownItems:
        return KnownItems()


@dataclass
class Item:
    """An item of the feed; `date` is written as it is."""

    number: int
    date: str
    title: str
    link: str
    guid: str
    text: str
    image: str = ""

    def xml(self) -> str:
        image = f'<enclosure url="{self.image}" type="image/png" length="1"/>' if self.image else ""
        return (
            f"<item><title>{self.title}</title><link>{self.link}</link><guid>{self.guid}</guid>"
            f"{self.date}<description>{self.text}</description>{image}</item>"
        )


@dataclass
class Story:
    """A feed that changes at random, by a seed."""

    seed: int
    items: list[Item] = field(default_factory=list)
    title: str = "Harbour"
    language: str = "<language>en</language>"
    count: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def begin(self, now: datetime) -> None:
        for _ in range(self.random.choice((3, 8, 14))):
            self.add(now)

    def xml(self, now: datetime) -> str:
        items = "".join(item.xml() for item in self.items)
        return (
            f'<rss version="2.0"><channel><title>{self.title}</title>'
            f"<link>https://harbour.example/</link>{self.language}"
            f"<lastBuildDate>{format_datetime(now)}</lastBuildDate>{items}</channel></rss>"
        )

    def change(self, now: datetime) -> None:
        for _ in range(self.random.choice((0, 1, 1, 2, 3))):
            change = self.random.choice(CHANGES)
            change(self, now)

    def add(self, now: datetime) -> None:
        number = self.count = self.count + 1
        date = f"<pubDate>{self._date(now)}</pubDate>"
        item = Item(
            number,
            self.random.choice((date, date, date, date, "")),
            f"News {number}",
            f"https://harbour.example/{number}",
            f"id-{number}",
            f"{TEXT}{number}",
        )
        self.items.insert(0, item)

    def _date(self, now: datetime) -> str:
        at = now - timedelta(minutes=self.random.randrange(600))
        plain = format_datetime(at)
        odd = (
            f"{at.month}/{at.day}/{at.year} 10:00",
            "2 hours ago",
            format_datetime(now + timedelta(hours=30)),
        )
        return self.random.choice((plain,) * 9 + odd)

    def pick(self) -> Item:
        if not self.items:
            self.items.append(Item(0, "", "News 0", "https://harbour.example/0", "id-0", TEXT))
        return self.random.choice(self.items)

    def edit(self, _: datetime) -> None:
        item = self.pick()
        item.text += " More is known now."

    def retitle(self, _: datetime) -> None:
        self.pick().title += self.random.choice((" again", " 港口", " みなと"))

    def drop(self, _: datetime) -> None:
        self.items.remove(self.pick())

    def turn(self, _: datetime) -> None:
        self.random.shuffle(self.items)

    def repeat_guid(self, _: datetime) -> None:
        self.pick().guid = self.pick().guid

    def renew_guid(self, _: datetime) -> None:
        self.pick().guid += "-b"

    def share_link(self, _: datetime) -> None:
        self.pick().link = self.pick().link

    def move(self, _: datetime) -> None:
        self.pick().link = f"https://other.example/{self.random.randrange(99)}"

    def share_image(self, _: datetime) -> None:
        for item in self.items[: self.random.randrange(20)]:
            item.image = "https://harbour.example/logo.png"

    def rename(self, _: datetime) -> None:
        self.title = self.random.choice(("Harbour", "The Harbour"))

    def translate(self, _: datetime) -> None:
        self.language = self.random.choice(("", "<language>de</language>"))


CHANGES = (
    *(Story.add,) * 6,
    Story.edit,
    Story.retitle,
    Story.drop,
    Story.turn,
    Story.repeat_guid,
    Story.renew_guid,
    Story.share_link,
    Story.move,
    Story.share_image,
    Story.rename,
    Story.translate,
)


async def run_once(home: Any, kind: type[App], clock: Any, skipped: Counter[str]) -> list[Any]:
    """Run all sources in a program of its own, so that each step is a restart."""
    with open_store(home.load()) as store:
        async with kind(home.load(), store, clock=clock) as app:
            commit = app.writer.commit

            async def count(result: Any) -> Any:
                for revision in result.revisions:
                    if revision.read is not None and revision.read.known_as is not None:
                        skipped[kind.__name__] += 1
                return await commit(result)

            app.writer.commit = count  # type: ignore[method-assign]
            outcomes = await app.cycle(force=True)
            app.publish()
            return [
                replace(outcome, ms=0, figures=None, verdict_change=None) for outcome in outcomes
            ]


def rows_of(home: Any) -> dict[str, list[Any]]:
    """Return all that the store has, but for the items that need not be read."""
    [path] = (home.root / "var").glob("*.db")
    tables: dict[str, list[Any]] = {}
    with sqlite3.connect(path) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            if name.startswith(("sqlite_", "alembic", "verdict_change")):
                continue
            cursor = database.execute(f'SELECT * FROM "{name}"')
            columns = [column[0] for column in cursor.description]
            tables[name] = [comparable(dict(zip(columns, row, strict=True))) for row in cursor]
    return tables


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("ms", *HEALTH):  # what is not read is not measured
        row.pop(name, None)
    row.pop("headers", None)  # the origin's clock is the real one
    if row.get("listing") is not None:
        listing = unpack(row["listing"])
        row["listing"] = (listing.taken, listing.places)
    return row


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_changing_feed_is_stored_and_published_as_if_it_were_read_whole(
    tmp_path: Path, warm_parsers: None, way: Any, clock: Any, seed: int
) -> None:
    story = Story(seed)
    skipped: Counter[str] = Counter()

    async def live() -> None:
        home, whole = type_of_home(tmp_path)
        settings = NO_RULES
        story.begin(clock())
        async with way.Origin() as origin:
            for _ in range(STEPS):
                origin.pages["/rss"] = way.Reply(story.xml(clock()))
                source = settings.format(name="rss", url=origin.url("/rss"))
                outcomes = []
                for one, kind in ((home, App), (whole, Whole)):
                    one.follow(f"{{{source}}}")
                    outcomes.append(await run_once(one, kind, clock, skipped))
                assert outcomes[0] == outcomes[1]
                assert rows_of(home) == rows_of(whole)
                assert home.feed() == whole.feed()
                clock.forward(minutes=story.random.choice((30, 90, 1500)))
                story.change(clock())
                if story.random.random() < 0.1:
                    settings = story.random.choice(SETTINGS)

    asyncio.run(live())

    assert skipped["Whole"] == 0
    assert skipped["App"] > 0


def type_of_home(tmp_path: Path) -> tuple[Any, Any]:
    from tests.conftest import Home

    return Home(tmp_path / "unread"), Home(tmp_path / "whole")
