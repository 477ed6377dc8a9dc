"""Pages of platforms name their feed, or the id that makes it, in a script."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.discovery.page_ids import PAGE_ID_RULES
from aggregator.discovery.page_links import find_feeds
from aggregator.discovery.platforms import FeedCandidate
from aggregator.model import Capture

CHANNEL = "UCabcdefghijklmnopqrstuv"
PAGES = [
    (
        "https://podcasts.apple.com/us/podcast/harbour-talk/id123456",
        r'{"feedUrl":"https:\/\/feeds.harbour.example\/talk?a=1\u0026b=2"}',
        "https://feeds.harbour.example/talk?a=1&b=2",
        "Apple Podcasts",
    ),
    (
        "https://soundcloud.com/harbour",
        '{"urn":"soundcloud:users:1234567"}',
        "https://feeds.soundcloud.com/users/soundcloud:users:1234567/sounds.rss",
        "SoundCloud",
    ),
    (
        "https://www.flickr.com/photos/harbour/",
        '{"nsid":"12345678@N00"}',
        "https://www.flickr.com/services/feeds/photos_public.gne?id=12345678@N00&format=atom",
        "Flickr photos",
    ),
    (
        "https://www.youtube.com/@harbour",
        f'{{"externalId":"{CHANNEL}"}}',
        f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}",
        "YouTube channel",
    ),
]


def find_recommended(url: str, script: str) -> tuple[FeedCandidate, ...]:
    body = f"<!doctype html><html><body><script>{script}</script></body></html>".encode()
    headers = {"content-type": "text/html; charset=utf-8"}
    taken = datetime(2026, 1, 1, tzinfo=UTC)
    return find_feeds(Capture("news", url, taken, body, headers=headers)).recommended


@pytest.mark.parametrize(("url", "script", "feed", "platform"), PAGES)
def test_a_page_of_a_platform_leads_to_its_feed(
    url: str, script: str, feed: str, platform: str
) -> None:
    assert find_recommended(url, script) == (FeedCandidate(feed, f"{platform}: the page names it"),)


def test_every_rule_has_its_page() -> None:
    assert {rule.platform for rule in PAGE_ID_RULES} == {platform for *_, platform in PAGES}


@pytest.mark.parametrize("script", [script for _, script, *_ in PAGES])
def test_other_hosts_are_no_platform(script: str) -> None:
    assert find_recommended("https://harbour.example/", script) == ()


def test_what_is_no_web_address_is_no_feed() -> None:
    url = "https://podcasts.apple.com/us/podcast/harbour-talk/id123456"

    assert find_recommended(url, '{"feedUrl":"javascript:alert(1)"}') == ()
    assert find_recommended(url, '{"title":"Harbour"}') == ()
