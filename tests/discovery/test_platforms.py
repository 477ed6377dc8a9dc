"""Addresses of platforms lead to their feeds: each row of data/platforms.json is an address and what it leads to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.discovery import platforms

CASES = json.loads((Path(__file__).parent / "data" / "platforms.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("url", "feeds"), CASES["known"].items())
def test_a_platform_is_known_by_its_host(url: str, feeds: list[str]) -> None:
    assert [candidate.url for candidate in platforms.known_feeds(url)] == feeds


@pytest.mark.parametrize(("url", "feeds"), CASES["anywhere"].items())
def test_a_program_on_any_host_is_guessed_by_the_path(url: str, feeds: list[str]) -> None:
    assert [candidate.url for candidate in platforms.possible_feeds(url)] == feeds


def test_every_row_has_its_case() -> None:
    reached = set()
    for kind, rows in (
        ("known", platforms.KNOWN_PLATFORMS),
        ("anywhere", platforms.ANY_HOST_PLATFORMS),
    ):
        for url in CASES[kind]:
            match = platforms.match_row(url, rows)
            if match is not None:
                reached.add(match.row)

    missing = [
        row.platform
        for row in (*platforms.KNOWN_PLATFORMS, *platforms.ANY_HOST_PLATFORMS)
        if row not in reached
    ]
    assert missing == []


def test_a_feed_of_a_platform_leads_to_nothing_else() -> None:
    feeds = {feed for feeds in CASES["known"].values() for feed in feeds}

    further = {feed: [found.url for found in platforms.known_feeds(feed)] for feed in feeds}
    assert {feed: found for feed, found in further.items() if found not in ([], [feed])} == {}


def test_why_names_the_platform() -> None:
    url = "https://bsky.app/profile/example.org"

    assert platforms.known_feeds(url) == (platforms.FeedCandidate(f"{url}/rss", "Bluesky"),)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    st.text(),
    st.sampled_from(["", "https://github.com/", "https://medium.com/", "https://a.example/"]),
)
def test_no_address_raises(text: str, start: str) -> None:
    for candidate in (
        *platforms.known_feeds(start + text),
        *platforms.possible_feeds(start + text),
    ):
        assert candidate.url.startswith(("http://", "https://"))


@pytest.mark.parametrize("piece", ["/-", "/a", "/t/a", "a-", "/c/a", "%", "/-/"])
def test_a_long_address_takes_no_time(piece: str) -> None:
    for start in ("https://gitlab.com", "https://a.example"):
        platforms.known_feeds(start + piece * 900)
        platforms.possible_feeds(start + (piece * 2000)[:1900])


def test_an_address_longer_than_any_platform_s_leads_nowhere() -> None:
    assert platforms.known_feeds("https://github.com/" + "a" * 1900) != ()
    assert platforms.known_feeds("https://github.com/" + "a" * 2000) == ()
