"""The software of a page tells where its feeds are, by the marks that it leaves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.discovery import generators, page_links
from aggregator.model import Capture

HERE = "https://news.example.org/section/page"
CHANNEL = "UCabcdefghijklmnopqrstuv"


def usual(head: str, *, url: str = HERE, **headers: str) -> list[str]:
    capture = Capture(
        "x",
        url,
        datetime(2026, 1, 1, tzinfo=UTC),
        f"<html><head>{head}</head><body>x".encode(),
        200,
        headers,
    )
    return [candidate.url for candidate in page_links.find_feeds(capture).guessed]


def meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{content}">'


@pytest.mark.parametrize(("name", "mark", "feeds"), generators.GENERATORS)
def test_every_generator_has_its_feeds(name: str, mark: str, feeds: tuple[str, ...]) -> None:
    found = usual(meta("generator", f"{mark.title()} 5.1 (https://made.example)"))

    fillers = {"here": f"{HERE}/", "bare": HERE, "home": "https://news.example.org/"}
    assert found[: len(feeds)] == [feed.format(**fillers) for feed in feeds]


def test_a_page_of_unknown_software_has_no_usual_feed() -> None:
    assert usual(meta("generator", "Handmade") + meta("description", "All of WordPress")) == []


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            '<link rel="https://api.w.org/" href="https://news.example.org/blog/wp-json/">',
            [f"{HERE}/feed/", "https://news.example.org/blog/feed/"],
        ),
        (
            '<link rel="https://api.w.org/" href="/?rest_route=/">',
            ["https://news.example.org/?feed=rss2"],
        ),
        ('<link rel="https://api.w.org/" href="javascript:1">', []),
    ],
)
def test_wordpress_is_known_by_its_api(head: str, expected: list[str]) -> None:
    assert usual(head) == expected


def test_wordpress_is_known_by_its_header() -> None:
    found = usual("", link='<https://news.example.org/wp-json/>; rel="https://api.w.org/"')

    assert found == [f"{HERE}/feed/", "https://news.example.org/feed/"]


@pytest.mark.parametrize(
    "head",
    [
        f'<link rel="canonical" href="https://www.youtube.com/channel/{CHANNEL}">',
        f'<meta property="og:url" content="https://www.youtube.com/channel/{CHANNEL}">',
        f'<meta itemprop="identifier" content="{CHANNEL}">',
    ],
)
def test_the_channel_of_a_handle_is_on_its_page(head: str) -> None:
    feed = f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"

    assert usual(head, url="https://www.youtube.com/@example")[0] == feed
    assert usual(head, url="https://tube.example/@example") == ["https://tube.example/@example.rss"]


@pytest.mark.parametrize(
    ("head", "feed"),
    [
        ('<link rel="preconnect" href="https://substackcdn.com">', "https://news.example.org/feed"),
        (meta("al:ios:app_name", "Medium"), "https://news.example.org/feed"),
        (
            '<link rel="shortcut icon" href="https://assets.tumblr.com/i.png">',
            "https://news.example.org/rss",
        ),
        (
            meta("al:ios:url", "soundcloud://users:123"),
            "https://feeds.soundcloud.com/users/soundcloud:users:123/sounds.rss",
        ),
    ],
)
def test_a_blog_under_its_own_name_is_known_by_its_host(head: str, feed: str) -> None:
    assert usual(head) == [feed]


def test_what_a_page_says_of_its_software_is_proven_by_nothing_but_a_question() -> None:
    assert usual(meta("generator", "{here.__class__}")) == []
