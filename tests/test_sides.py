"""One article of one publisher, from every side: in a feed, on a section page, on its own page, saved to a file.

Whatever way it comes it is the same entry: same identity, title, time and text. `kranich` is a publisher that nobody
wrote code for: one file of rules.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Capture
from aggregator.parse.captures import ParseTask, parse_captures
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from aggregator.model import Revision
    from aggregator.rules.compiled import Sites

DATA = Path(__file__).parent / "data" / "sides"
TAKEN = datetime(2026, 7, 3, 18, 0, tzinfo=UTC)
ADDRESSES = {
    "voa": "https://www.voachinese.com/a/cold-air-arrives-20260703/7812345.html",
    "rfi": "https://www.rfi.fr/fr/europe/20260703-trois-ponts-rouvrent-dans-la-vieille-ville",
    "kranich": "https://www.kranich.example/zh/%E6%9F%8F%E6%9E%97%E5%9C%B0%E5%9B%BE/a-70123456",
}
LISTS = {
    "voa": {
        "feed": "https://www.voachinese.com/api/z_$m-example$y",
        "page": "https://www.voachinese.com/z/1739",
    },
    "rfi": {"feed": "https://www.rfi.fr/fr/europe/rss", "page": "https://www.rfi.fr/fr/europe/"},
    "kranich": {
        "feed": "https://www.kranich.example/zh/atom",
        "page": "https://www.kranich.example/zh/kultur",
    },
}


@pytest.fixture(scope="module")
def sites() -> Sites:
    return load_sites(DATA / "kranich")


def capture(publisher: str, name: str, url: str) -> Capture:
    kind = "text/html" if name.endswith(".html") else "application/xml"
    body = (DATA / publisher / name).read_bytes()
    return Capture(publisher, url, TAKEN, body, headers={"content-type": f"{kind}; charset=utf-8"})


def listed(publisher: str, carrier: str, sites: Sites) -> Revision:
    """The article as a feed or a section page leads to it, completed by its own page."""
    document = capture(
        publisher, "feed.xml" if carrier == "feed" else "section.html", LISTS[publisher][carrier]
    )
    task = ParseTask(publisher, carrier, full_text="always")
    found = parse_captures([document], task, sites)
    (wanted,) = [
        one
        for one in found.page_requests
        if found.revisions[one.revision_index].title == saved(publisher, sites).title
    ]
    page = capture(publisher, "article.html", wanted.url)
    (revision,) = parse_captures(
        [page], replace(task, adapter="article", item=wanted.raw, list_adapter=carrier), sites
    ).revisions
    return revision


def saved(publisher: str, sites: Sites) -> Revision:
    body = (DATA / publisher / "saved.txt").read_bytes()
    file = Capture(publisher, "file:///articles/000_saved.txt", TAKEN, body)
    (revision,) = parse_captures([file], ParseTask(publisher, "archive"), sites).revisions
    return revision


@pytest.mark.parametrize("publisher", ADDRESSES)
@pytest.mark.parametrize("side", ["feed", "page", "saved"])
def test_an_article_is_the_same_entry_from_every_side(
    publisher: str, side: str, sites: Sites
) -> None:
    expected = saved(publisher, sites)

    revision = expected if side == "saved" else listed(publisher, side, sites)

    assert revision.keys[0] == expected.keys[0]
    assert revision.title == expected.title
    assert revision.published.replace(second=0, microsecond=0) == expected.published.replace(
        second=0, microsecond=0
    )
    assert revision.content_html == expected.content_html
    assert revision.url is not None
    assert revision.image is not None
    assert revision.language == expected.language
    assert revision.publisher == expected.publisher


def test_the_saved_articles_say_what_they_should(sites: Sites) -> None:
    found = {publisher: saved(publisher, sites) for publisher in ADDRESSES}

    assert {
        name: (one.title, one.published.isoformat(), one.url) for name, one in found.items()
    } == {
        "voa": ("冷空气将在周末抵达东北部", "2026-07-03T09:15:27+00:00", ADDRESSES["voa"]),
        "rfi": (
            "Trois ponts rouvrent dans la vieille ville",
            "2026-07-03T06:40:00+00:00",
            ADDRESSES["rfi"],
        ),
        "kranich": ("柏林印刷厂用再生纸印地图", "2026-07-03T14:26:45+00:00", ADDRESSES["kranich"]),
    }
    assert [one.keys[0] for one in found.values()] == [
        "voa:7812345",
        "url://rfi.fr/fr/europe/20260703-trois-ponts-rouvrent-dans-la-vieille-ville",
        "kranich:70123456",
    ]


def test_a_broadcast_without_a_link_is_the_page_that_its_guid_names(sites: Sites) -> None:
    found = parse_captures(
        [capture("voa", "feed.xml", LISTS["voa"]["feed"])], ParseTask("voa", "feed"), sites
    ).revisions[1]

    assert (found.url, found.keys[0], found.enclosures[0].type) == (
        "https://www.voachinese.com/a/7812399.html",
        "voa:7812399",
        "audio/mpeg",
    )


def test_a_section_page_lists_its_articles_and_nothing_else(sites: Sites) -> None:
    found = {
        publisher: [
            one.title
            for one in parse_captures(
                [capture(publisher, "section.html", LISTS[publisher]["page"])],
                ParseTask(publisher, "page"),
                sites,
            ).revisions
        ]
        for publisher in ADDRESSES
    }

    assert found == {
        "voa": ["冷空气将在周末抵达东北部", "早间广播（2026年7月3日）"],
        "rfi": [
            "Trois ponts rouvrent dans la vieille ville",
            "Le marché du samedi change de place",
        ],
        "kranich": ["柏林印刷厂用再生纸印地图", "河边的风筝"],
    }


def test_the_rules_of_the_new_publisher_take_no_more_than_twenty_five_lines() -> None:
    assert len((DATA / "kranich" / "kranich.yaml").read_text(encoding="utf-8").splitlines()) <= 25
