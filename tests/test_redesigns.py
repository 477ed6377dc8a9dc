"""Invented sites that are redesigned: each gets its verdict by the second bad run, nothing wrong is
published, and the doctor finds new rules where there are any."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aggregator.doctor.source import Diagnosis, diagnose
from aggregator.rules.loader import load_sites

GOOD_RUNS = 6
ITEMS = 20
SITES = load_sites()
SUBJECTS = ("Harbour", "Bridge", "Élection", "Market", "River", "Museum", "Café", "Station")
VERBS = ("opens after years of work", "closes for the winter season", "gets a new owner today")

# kind of redesign -> the verdict, and whether the known articles are still in the page.
KINDS = {
    "class renamed": ("broken", True),
    "list moved": ("broken", True),
    "headline out of the link": ("broken", True),
    "wrong section": ("broken", True),
    "duplicate titles": ("degraded", True),
    "dates gone": ("degraded", False),
    "zone shift": ("degraded", False),
    "encoding change": ("degraded", False),
    "consent wall": ("broken", False),
    "soft 404": ("broken", False),
    "block page": ("blocked", False),
    "gone": ("gone", False),
    "empty but alive": ("quiet", False),
}


@dataclass(frozen=True)
class Markup:
    """How a site writes its list."""

    item: str
    name: str
    heading: str
    around: str = "main"
    renamed: str = "story-tile"


MARKUPS = (
    Markup("article", "card", "h2"),
    Markup("li", "news-item", "h3", around="ul", renamed="feed-entry"),
    Markup("div", "teaser", "h2", renamed="headline-box"),
    Markup("section", "post", "h4", renamed="article-row"),
    Markup("div", "entry", "h3", around="section", renamed="news-block"),
    Markup("article", "item", "h3", renamed="preview"),
    Markup("li", "summary", "h2", around="ol", renamed="line"),
    Markup("div", "archive-story", "h5", renamed="report"),
)


def title_of(number: int) -> str:
    subject = SUBJECTS[number % len(SUBJECTS)]
    return f"{subject} number {number} {VERBS[number % len(VERBS)]}"


@dataclass(frozen=True)
class Site:
    """One source: a kind of redesign of one markup."""

    kind: str
    number: int

    @property
    def markup(self) -> Markup:
        return MARKUPS[self.number]

    @property
    def id(self) -> str:
        return f"{self.kind.replace(' ', '-')}-{self.number}"

    def line(self, origin: Any) -> str:
        look = self.markup
        fields = f"{{title: {look.heading}, url: 'a@href', published: 'time@datetime'}}"
        return (
            f"{{id: {self.id}, url: '{origin.url(f'/{self.id}/')}', adapter: page, "
            f"items: '.list {look.item}.{look.name}', fields: {fields}, full_text: never}}"
        )

    def reply(self, way: Any, now: datetime, hour: int, *, is_new: bool) -> Any:
        kind = self.kind if is_new else "none"
        if kind == "gone":
            return way.Reply(status=404)
        if kind == "block page":
            head = "<html><head><title>Access denied</title></head>"
            return way.Reply(f"{head}<body>Your IP address is blocked.</body></html>", status=403)
        body = self._page(kind, now, hour)
        if kind == "encoding change":
            body = body.encode().decode("latin-1")
        return way.Reply(body, headers={"Content-Type": "text/html; charset=utf-8"})

    def _page(self, kind: str, now: datetime, hour: int) -> str:
        look = self.markup
        walls = {
            "consent wall": "<h1>We value your privacy</h1><p>Accept cookies to go on.</p>",
            "soft 404": "<h1>Page not found</h1><p>The page that you want is not here.</p>",
            "empty but alive": f"<{look.around} class='list'><!-- none today --></{look.around}>",
        }
        text = walls.get(kind)
        if text is None:
            text = self._list(kind, now, hour)
        menu = "<nav><a href='/about'>About us</a> <a href='/help'>Help</a></nav>"
        return f"<html lang='en'><head><title>Post</title></head><body>{menu}{text}</body></html>"

    def _list(self, kind: str, now: datetime, hour: int) -> str:
        look = self.markup
        others = ""
        if kind == "wrong section":
            others = "".join(self._offer(number) for number in range(ITEMS))
        if kind in ("class renamed", "wrong section"):
            look = replace(look, name=look.renamed)
        if kind == "list moved":
            look = Markup("tr", "row-of-news", look.heading, around="table")
        newest = ITEMS + hour
        items = "".join(
            self._item(kind, look, number, now - timedelta(minutes=20 * place))
            for place, number in enumerate(range(newest, newest - ITEMS, -1))
        )
        return f"<aside class='list'>{others}</aside><{look.around} class='list'>{items}</{look.around}>"

    def _offer(self, number: int) -> str:
        look = self.markup
        return (
            f"<{look.item} class='{look.name}'><{look.heading}><a href='/{self.id}/shop/{number}'>"
            f"Buy the lovely thing number {number}</a></{look.heading}></{look.item}>"
        )

    def _item(self, kind: str, look: Markup, number: int, at: datetime) -> str:
        link, title = f"/{self.id}/news/{number}.html", title_of(number)
        if kind == "zone shift":
            at += timedelta(hours=5)
        date = f"<time datetime='{at:%Y-%m-%dT%H:%M:%SZ}'>{at:%H:%M}</time>"
        if kind == "dates gone":
            date = ""
        headline = f"<{look.heading}><a href='{link}'>{title}</a></{look.heading}>"
        if kind == "headline out of the link":
            headline = f"<a href='{link}'><img src='/i.png'></a><p class='headline'>{title}</p>"
        if kind == "duplicate titles":
            label = f"<{look.heading}>Latest news today</{look.heading}>"
            headline = f"{label}<h6><a href='{link}'>{title}</a></h6>"
        inner = f"{headline}{date}<p class='lead'>What number {number} is about, in short.</p>"
        if look.item == "tr":
            inner = f"<td>{inner}</td>"
        return f"<{look.item} class='{look.name}'>{inner}</{look.item}>"


class Story:
    """Polls all sites at once, hour by hour, and notes what is said of them."""

    def __init__(self, way: Any, clock: Any, origin: Any) -> None:
        self._way, self._clock, self._origin = way, clock, origin
        self.sites = [Site(kind, number) for kind in KINDS for number in range(len(MARKUPS))]
        self.told: dict[str, list[str]] = {site.id: [] for site in self.sites}
        self._hour = 0

    async def poll(self, app: Any, runs: int, *, is_new: bool) -> None:
        for _ in range(runs):
            self._hour += 1
            self._clock.forward(hours=1)
            for site in self.sites:
                page = site.reply(self._way, self._clock(), self._hour, is_new=is_new)
                self._origin.pages[f"/{site.id}/"] = page
            for outcome in await app.cycle(force=True):
                if outcome.verdict_change is not None:
                    self.told[outcome.source].append(outcome.verdict_change.verdict)

    def wrong_entries(self, app: Any) -> list[tuple[str, str]]:
        wrong = []
        for entry in app.store.entries():
            number = (entry.url or "").rpartition("/")[2].removesuffix(".html")
            is_right = number.isdigit() and entry.title == title_of(int(number))
            if not is_right or entry.published > self._clock():
                wrong.append((entry.source, entry.title))
        return wrong


def test_redesigned_sites_get_their_verdict_and_their_repair(
    home: Any, way: Any, clock: Any
) -> None:
    async def follow_story() -> None:
        async with way.Origin() as origin:
            story = Story(way, clock, origin)
            sites = story.sites
            repairable = {site.id for site in sites if KINDS[site.kind][1]}
            verdicts = {site.id: [KINDS[site.kind][0]] for site in sites}

            home.follow(*(site.line(origin) for site in sites))
            async with home.app(clock) as app:
                await story.poll(app, GOOD_RUNS, is_new=False)
                assert story.told == {site.id: [] for site in sites}

                await story.poll(app, 2, is_new=True)
                assert story.told == verdicts
                assert story.wrong_entries(app) == []
                found = {
                    source.id: diagnose(source, app.store, SITES) for source in app.config.sources
                }

            repairs = {id_: one.repair for id_, one in found.items() if one.repair is not None}
            assert {id_ for id_, repair in repairs.items() if repair.yaml} == repairable

            home.follow(*(_repaired_line(site, found[site.id], origin) for site in sites))
            async with home.app(clock) as app:
                await story.poll(app, 1, is_new=True)
                well = {id_: [*verdicts[id_], "ok"] for id_ in repairable}
                assert story.told == verdicts | well
                assert story.wrong_entries(app) == []

    asyncio.run(follow_story())


def _repaired_line(site: Site, found: Diagnosis, origin: Any) -> str:
    """Return the source with the keys that the doctor proposes in place of its own."""
    import yaml

    if found.repair is None or found.repair.yaml is None or not KINDS[site.kind][1]:
        return site.line(origin)
    source = yaml.safe_load(site.line(origin)) | yaml.safe_load(found.repair.yaml)
    return yaml.safe_dump(source, default_flow_style=True, width=10_000).strip()
