"""How long things stay, as the configuration says it: per source, and per view."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

VIEWS = """views:
  - {id: merged}
  - {id: week, keep: 7d}
  - {id: year, keep: 365d, where: {include: {title: Harbour}}}
"""
ARTICLE = "<!--{epoch}000-->\n[{title}](https://quay.example/{number})\n------\n\n<p>Words about {title}.</p>\n"
NOON = 1783166400  # 4 July 2026, 12:00 UTC
DAY = 24 * 60 * 60


def saved(home: Any) -> Path:
    """A folder with articles of today and of 5 and 9 days ago, kept for 30 days after they left it."""
    home.path.write_text(home.main + VIEWS, encoding="utf-8")
    home.follow('{id: saved, path: "../../saved/*.txt", adapter: archive, keep: 30d}')
    folder: Path = home.root / "saved"
    folder.mkdir()
    for number, (title, days) in enumerate(
        (("Harbour", 9), ("Bridge", 9), ("Quay", 5), ("Lock", 0))
    ):
        text = ARTICLE.format(epoch=NOON - days * DAY, title=title, number=number)
        (folder / f"{title}.txt").write_text(text, encoding="utf-8")
    return folder


def shown(app: Any) -> dict[str, list[str]]:
    return {view.id: [entry.title for entry in app.view_entries(view)] for view in app.config.views}


def test_a_view_shows_what_was_published_within_its_own_time(home: Any, clock: Any) -> None:
    saved(home)

    async def story() -> tuple[dict[str, list[str]], dict[str, list[str]], bool]:
        async with home.app(clock) as app:
            await app.cycle()
            today = shown(app)
            clock.forward(days=3)
            return today, shown(app), app.has_expiring_views

    today, later, ages = asyncio.run(story())

    assert today == {
        "merged": ["Lock", "Quay", "Harbour", "Bridge"],
        "week": ["Lock", "Quay"],
        "year": ["Harbour"],
    }
    assert later == {**today, "week": ["Lock"]}
    assert ages


def test_what_a_view_still_shows_stays_longer_than_its_source_keeps_it(
    home: Any, clock: Any
) -> None:
    folder = saved(home)

    async def story() -> list[tuple[int, list[str]]]:
        told = []
        async with home.app(clock) as app:
            await app.cycle()
            for path in folder.glob("[HBQ]*.txt"):
                path.unlink()
            await app.cycle(force=True)
            for days in (31, 326):
                clock.forward(days=days)
                would = await app.prune(dry_run=True)
                assert await app.prune(vacuum=True) == would
                told.append(
                    (len(would.entries), sorted(entry.title for entry in app.store.entries()))
                )
        return told

    assert asyncio.run(story()) == [(2, ["Harbour", "Lock"]), (1, ["Lock"])]


def test_what_a_removed_source_brought_goes_when_the_default_time_is_over(
    home: Any, clock: Any
) -> None:
    saved(home)

    async def begin() -> None:
        async with home.app(clock) as app:
            await app.cycle()

    async def pruned() -> tuple[int, int, int]:
        async with home.app(clock) as app:
            gone = await app.prune()
            return len(gone.entries), gone.captures, len(list(app.store.entries()))

    asyncio.run(begin())
    home.follow()
    home.path.write_text(home.main + "defaults: {keep: 60d}\n", encoding="utf-8")
    clock.forward(days=59)
    kept = asyncio.run(pruned())
    clock.forward(days=2)
    gone = asyncio.run(pruned())
    home.follow('{id: saved, path: "../../saved/*.txt", adapter: archive}')
    asyncio.run(begin())
    back = asyncio.run(pruned())

    assert (kept, gone, back) == ((0, 0, 4), (4, 4, 0), (0, 0, 4))
