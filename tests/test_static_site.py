"""The site as files: every page is there, every link leads to one, nothing moves without a reason."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from aggregator.static_site import SiteChanges, write_site
from aggregator.web.language import choose_language

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINK = re.compile(r'(?:href|src|action)="([^"]*)"')
BASE = "http://here.example/news/"


@pytest.fixture
def write(home: Any, clock: Any) -> Callable[..., SiteChanges]:
    def run(*, language: str = "en", polls: bool = True) -> SiteChanges:
        async def whole() -> SiteChanges:
            async with home.app(clock) as app:
                if polls:
                    await app.cycle(force=True)
                return write_site(app, home.root / "site", choose_language(language))

        return asyncio.run(whole())

    home.path.write_text("views: [{id: all, limit: 5}, {id: 'two'}]\n", encoding="utf-8")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")
    for number in range(12):
        home.save(f"a{number:02}", f"Article {number:02} of the harbour")
    return run


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def dead_links(folder: Path) -> list[tuple[str, str]]:
    dead = []
    there = files(folder)
    for page in sorted(there):
        if not page.endswith(".html"):
            continue
        for link in LINK.findall((folder / page).read_text(encoding="utf-8")):
            address = urljoin(BASE + page, link)
            if not address.startswith(BASE):
                continue
            path = unquote(urlsplit(address.removeprefix(BASE)).path)
            if path in there or (not path and "index.html" in there):
                continue
            dead.append((page, link))
    return dead


def test_every_page_and_every_feed_is_a_file(home: Any, write: Any) -> None:
    changes = write()
    there = files(home.root / "site")

    entries = {name for name in there if name.startswith("entries/")}
    assert len(entries) == 12
    archive = {
        f"views/{view}.{kind}"
        for view in (
            "all/2026-07-04.1-5",
            "all/2026-07-04.6-10",
            "all/2026-07-04.11-12",
            "two/2026-07-04.1-12",
        )
        for kind in ("atom", "rss", "json", "html")
    }
    feeds = {
        f"{name}.{kind}"
        for name in ("feed", "views/all", "views/two")
        for kind in ("atom", "rss", "json")
    }
    assert there - entries - archive - feeds == {
        ".aggregator-site",
        ".nojekyll",
        "404.html",
        "index.html",
        "sources.html",
        "sources.opml",
        "sources/saved.html",
        "style.css",
        "views/two.html",
    }
    assert archive | feeds <= there
    assert changes == SiteChanges(len(there) - 1, 0, 0)


def test_every_link_leads_to_a_file(home: Any, write: Any) -> None:
    write()

    assert dead_links(home.root / "site") == []


def test_a_page_has_no_search_and_no_filter(home: Any, write: Any) -> None:
    write()
    page = (home.root / "site" / "index.html").read_text(encoding="utf-8")

    assert ("<form" in page, 'href="?' in page) == (False, False)
    assert 'href="./views/all/2026-07-04.' in page


def test_writing_again_touches_nothing(home: Any, write: Any) -> None:
    first = write()

    assert write(polls=False) == SiteChanges(0, first.written, 0)


def test_what_is_no_more_is_deleted_and_foreign_files_stay(home: Any, write: Any) -> None:
    write()
    site = home.root / "site"
    (site / "mine.html").write_text("mine")
    (site / "views" / "mine.atom").write_text("mine")
    home.path.write_text("views: [{id: all, limit: 5}]\n", encoding="utf-8")

    changes = write()

    assert changes.deleted == 8  # the view in three formats and its page, and those of its archive
    assert {name for name in files(site) if "mine" in name} == {"mine.html", "views/mine.atom"}
    assert not [name for name in files(site) if name.startswith("views/two")]


def test_a_list_of_files_cannot_lead_out_of_the_folder(home: Any, write: Any) -> None:
    write()
    outside = home.root / "outside.txt"
    outside.write_text("mine")
    with (home.root / "site" / ".aggregator-site").open("a", encoding="utf-8") as manifest:
        manifest.write("../outside.txt\n/etc/hostname\n")

    assert (write().deleted, outside.read_text()) == (0, "mine")


def test_the_pages_speak_the_language_that_is_asked_for(home: Any, write: Any) -> None:
    write(language="zh")

    assert '<html lang="zh' in (home.root / "site" / "index.html").read_text(encoding="utf-8")
