"""The archive of a view: from the feed back to the first entry, in pages that do not change."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aggregator.app import App

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
BASE = "http://here.example/"


def follow(home: Any, *, views: str = "[{id: all, limit: 10}]", server: str = "{}") -> None:
    home.path.write_text(f"views: {views}\nserver: {server}\n", encoding="utf-8")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")


def save(home: Any, begin: int, end: int) -> None:
    for number in range(begin, end):
        home.save(f"a{number:03}", f"Article number {number:03} of the harbour")


def served(app: App, path: str) -> bytes:
    """Return what the server gives at a path, after the last publishing."""
    published = app.publish()
    where, _, kind = path.rpartition(".")
    if where == "feed":
        feed = published[app.config.feed_view.id, kind].feed_document
        assert feed is not None
        return feed.data
    _, view_id, *page = where.split("/")
    if not page:
        return published[view_id, kind].document.data
    [view] = [view for view in app.config.views if view.id == view_id]
    document = app.archive_document(view, page[0], kind)
    assert document is not None
    return document.data


def link(root: Any, relation: str) -> str | None:
    for element in root.iter(f"{ATOM}link"):
        if element.getparent() is root and element.get("rel") == relation:
            return str(element.get("href"))
    return None


def walk(app: App, path: str) -> dict[str, bytes]:
    """Follow the links to older pages; return the pages by their paths, the feed first."""
    pages = {}
    while True:
        pages[path] = served(app, path)
        older = link(etree.fromstring(pages[path]), "prev-archive")
        if older is None:
            return pages
        path = urljoin(BASE + path, older).removeprefix(BASE)


def titles(pages: dict[str, bytes]) -> set[str]:
    found = set()
    for data in pages.values():
        for entry in etree.fromstring(data).iter(f"{ATOM}entry"):
            found.add(entry.findtext(f"{ATOM}title"))
    return found


@pytest.fixture
def with_app(home: Any, clock: Any) -> Callable[[Callable[[App], Awaitable[Any]]], Any]:
    def run(work: Callable[[App], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            async with home.app(clock) as app:
                await app.cycle(force=True)
                return await work(app)

        return asyncio.run(whole())

    return run


def walk_of(path: str) -> Callable[[App], Awaitable[dict[str, bytes]]]:
    async def work(app: App) -> dict[str, bytes]:
        return walk(app, path)

    return work


@pytest.mark.parametrize("path", ["feed.atom", "views/all.atom"])
def test_the_archive_leads_back_to_the_first_entry(
    home: Any, clock: Any, with_app: Any, path: str
) -> None:
    follow(home)
    save(home, 0, 12)
    with_app(walk_of(path))
    clock.forward(days=1)
    save(home, 12, 35)

    pages = with_app(walk_of(path))

    assert list(pages) == [
        path,
        "views/all/2026-07-05.21-23.atom",
        "views/all/2026-07-05.11-20.atom",
        "views/all/2026-07-05.1-10.atom",
        "views/all/2026-07-04.11-12.atom",
        "views/all/2026-07-04.1-10.atom",
    ]
    assert titles(pages) == {f"Article number {number:03} of the harbour" for number in range(35)}


def test_a_page_does_not_change_when_entries_come(home: Any, clock: Any, with_app: Any) -> None:
    follow(home)
    save(home, 0, 13)
    before = with_app(walk_of("views/all.atom"))
    save(home, 13, 19)
    same_day = with_app(walk_of("views/all.atom"))
    clock.forward(days=3)
    save(home, 19, 21)
    later = with_app(walk_of("views/all.atom"))

    assert [path for path in before if before[path] == same_day.get(path)] == [
        "views/all/2026-07-04.1-10.atom"
    ]
    assert set(same_day) & set(later) == {
        "views/all.atom",
        "views/all/2026-07-04.11-19.atom",
        "views/all/2026-07-04.1-10.atom",
    }
    assert [path for path in later if later[path] == same_day.get(path)] == [
        "views/all/2026-07-04.11-19.atom",
        "views/all/2026-07-04.1-10.atom",
    ]


def test_a_page_that_has_grown_is_still_there_as_it_was(
    home: Any, clock: Any, with_app: Any
) -> None:
    follow(home)
    save(home, 0, 3)
    before = with_app(walk_of("views/all.atom"))
    save(home, 3, 5)

    async def ask(app: App) -> bytes:
        return served(app, "views/all/2026-07-04.1-3.atom")

    assert with_app(ask) == before["views/all/2026-07-04.1-3.atom"]


@pytest.mark.parametrize("kind", ["atom", "rss"])
def test_a_page_says_that_it_is_one(home: Any, with_app: Any, kind: str) -> None:
    follow(home, server='{public_url: "https://feeds.example.org/news/"}')
    save(home, 0, 12)

    async def ask(app: App) -> tuple[Any, Any]:
        page = served(app, f"views/all/2026-07-04.11-12.{kind}")
        return etree.fromstring(page), etree.fromstring(served(app, f"feed.{kind}"))

    page, feed = with_app(ask)
    if kind == "rss":
        page, feed = page[0], feed[0]

    assert [feed.find(f"{HISTORY}archive"), page.find(f"{HISTORY}archive").tag] == [
        None,
        f"{HISTORY}archive",
    ]
    root = "https://feeds.example.org/news"
    assert {name: link(page, name) for name in ("self", "current", "prev-archive")} == {
        "self": f"{root}/views/all/2026-07-04.11-12.{kind}",
        "current": f"{root}/views/all.{kind}",
        "prev-archive": f"{root}/views/all/2026-07-04.1-10.{kind}",
    }
    assert link(feed, "self") == f"{root}/feed.{kind}"
    assert page.findtext(f"{ATOM}id") == feed.findtext(f"{ATOM}id")


def test_a_json_feed_leads_on_under_a_public_url(home: Any, with_app: Any) -> None:
    follow(home, server='{public_url: "https://feeds.example.org"}')
    save(home, 0, 12)

    async def ask(app: App) -> list[Any]:
        paths = ("feed.json", "views/all/2026-07-04.11-12.json", "views/all/2026-07-04.1-10.json")
        return [json.loads(served(app, path)).get("next_url") for path in paths]

    root = "https://feeds.example.org/views/all"
    assert with_app(ask) == [
        f"{root}/2026-07-04.11-12.json",
        f"{root}/2026-07-04.1-10.json",
        None,
    ]


@pytest.mark.parametrize(
    "name",
    [
        "2026-07-04.1-9.5",
        "2026-07-04.2-12",
        "2026-07-04.1-11",
        "2026-07-04.21-20",
        "2026-07-04.31-40",
        "2026-07-03.1-10",
        "2026-02-30.1-10",
        "9999-12-31.1-10",
        "0001-01-01.1-10",
        "0000-01-01.1-10",
        "20260704.1-10",
        "２０２６-07-04.1-10",
        "2026-07-04.1-999999999999",
        "..",
    ],
)
def test_no_other_name_is_a_page(home: Any, with_app: Any, name: str) -> None:
    follow(home)
    save(home, 0, 12)

    async def ask(app: App) -> Any:
        return app.archive_document(app.config.views[0], name, "atom")

    assert with_app(ask) is None


def test_a_view_that_drops_old_entries_has_no_archive(home: Any, with_app: Any) -> None:
    follow(home, views="[{id: all, limit: 10, keep: 30d}]")
    save(home, 0, 12)

    assert list(with_app(walk_of("feed.atom"))) == ["feed.atom"]


def test_a_view_archives_what_it_selects(home: Any, with_app: Any) -> None:
    follow(home, views="[{id: all, limit: 10, where: {include: {title: '0 of'}}}]")
    save(home, 0, 32)

    pages = with_app(walk_of("feed.atom"))

    assert list(pages) == ["feed.atom", "views/all/2026-07-04.1-4.atom"]
    assert titles({"": pages["views/all/2026-07-04.1-4.atom"]}) == {
        f"Article number {number:03} of the harbour" for number in (0, 10, 20, 30)
    }
