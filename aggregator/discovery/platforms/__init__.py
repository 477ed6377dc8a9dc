"""Finds feeds by the address of a page alone: a table from addresses of platforms to their feeds.

A row is data; there is one table for each kind of platform. `KNOWN_PLATFORMS` holds for
the named hosts and is certain. `ANY_HOST_PLATFORMS` lists software that runs on any host,
so its feeds are guesses. The groups of a row's pattern fill its templates as they stand
in the address; the best feed comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from aggregator.discovery.platforms.anywhere import ANYWHERE
from aggregator.discovery.platforms.blogs import BLOGS
from aggregator.discovery.platforms.code import CODE
from aggregator.discovery.platforms.communities import COMMUNITIES
from aggregator.discovery.platforms.media import MEDIA
from aggregator.discovery.platforms.podcasts import PODCASTS
from aggregator.discovery.platforms.publications import PUBLICATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aggregator.discovery.platforms.rows import PlatformRule

_LONGEST_URL = 2_000  # characters; no platform's address comes near
_FEED_FILE = re.compile(r"\.(?:atom|rss|xml|rdf)$")


@dataclass(frozen=True, slots=True)
class FeedCandidate:
    """The URL of a possible feed, and the reason to think so."""

    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class RowMatch:
    """A row that matches an address, and the values that fill its templates."""

    row: PlatformRule
    values: Mapping[str, str]


KNOWN_PLATFORMS = (*CODE, *COMMUNITIES, *BLOGS, *MEDIA, *PODCASTS, *PUBLICATIONS)
ANY_HOST_PLATFORMS = ANYWHERE


def known_feeds(url: str) -> tuple[FeedCandidate, ...]:
    """Return the feeds that a platform is known to have for an address, best first.

    () for the address of no known platform.

    >>> known_feeds("https://www.youtube.com/playlist?list=PLnumbersandletters")[0].url
    'https://www.youtube.com/feeds/videos.xml?playlist_id=PLnumbersandletters'
    """
    return tuple(_candidates(url, KNOWN_PLATFORMS))


def possible_feeds(url: str) -> tuple[FeedCandidate, ...]:
    """Return the feeds that an address would have if its host ran common software: guesses."""
    return tuple(_candidates(url, ANY_HOST_PLATFORMS))


def match_row(url: str, rows: Iterable[PlatformRule]) -> RowMatch | None:
    """Return the first row that matches an address; None if none does."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    if not host or len(url) > _LONGEST_URL:
        return None
    if _FEED_FILE.search(parts.path):
        return None

    path = parts.path.rstrip("/")
    if parts.query:
        path += f"?{parts.query}"
    for row in rows:
        if not row.host.fullmatch(host):
            continue
        match = row.path.fullmatch(path)
        if match:
            return RowMatch(row, _template_values(match, host, parts))
    return None


def _template_values(match: re.Match[str], host: str, parts: SplitResult) -> dict[str, str]:
    values = match.groupdict(default="")
    values["host"] = host
    values["origin"] = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # no password
    return values


def _candidates(url: str, rows: Iterable[PlatformRule]) -> Iterator[FeedCandidate]:
    match = match_row(url, rows)
    if match is None:
        return
    for template in match.row.feeds:
        yield FeedCandidate(template.format_map(match.values), match.row.platform)
