"""Finds the feed of a platform by what its page says in a script: an id or the feed's URL.

The addresses of these pages do not tell the feed: `podcasts.apple.com/…/id123`,
`soundcloud.com/name`, `flickr.com/photos/name`, `youtube.com/@name`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.discovery.platforms import FeedCandidate
from aggregator.normalize.url import absolute_url

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_BYTES = 3_000_000  # of a page


@dataclass(frozen=True, slots=True)
class PageIdRule:
    """The hosts of a platform, what its pages hold, and the feed that it leads to."""

    platform: str
    host: re.Pattern[str]
    pattern: re.Pattern[str]
    feed: str


PAGE_ID_RULES = (
    PageIdRule(
        "Apple Podcasts",
        re.compile(r"podcasts\.apple\.com|itunes\.apple\.com"),
        re.compile(r'"feedUrl"\s*:\s*"(https?:[^"]{1,1000})"'),
        "{value}",
    ),
    PageIdRule(
        "SoundCloud",
        re.compile(r"(?:m\.)?soundcloud\.com"),
        re.compile(r"soundcloud(?:://users:|:users:)(\d{1,15})"),
        "https://feeds.soundcloud.com/users/soundcloud:users:{value}/sounds.rss",
    ),
    PageIdRule(
        "Flickr photos",
        re.compile(r"flickr\.com"),
        re.compile(r'"(?:nsid|ownerNsid)"\s*:\s*"(\d{1,15}@N\d\d)"'),
        "https://www.flickr.com/services/feeds/photos_public.gne?id={value}&format=atom",
    ),
    PageIdRule(
        "YouTube channel",
        re.compile(r"(?:m\.)?youtube\.com"),
        re.compile(r'"(?:externalId|channelId)"\s*:\s*"(UC[\w-]{22})"'),
        "https://www.youtube.com/feeds/videos.xml?channel_id={value}",
    ),
)


def feeds_by_id(page: bytes, url: str) -> Iterator[FeedCandidate]:
    """Yield the feed of a platform's page, if the page names it or its id."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    for rule in PAGE_ID_RULES:
        if not rule.host.fullmatch(host):
            continue
        text = page[:_MAX_BYTES].decode("utf-8", "replace")
        match = rule.pattern.search(text)
        feed = absolute_url(rule.feed.format(value=_unescape(match[1]))) if match else None
        if feed:
            yield FeedCandidate(feed, f"{rule.platform}: the page names it")


def _unescape(text: str) -> str:
    r"""Return a string of JSON without its escapes (`https:\/\/`, `\u0026`)."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
