"""The one list of what may be read for a bare address; `add` and `fetch` walk it in this order.

    platform     feeds that a known platform has for the address
    recommended  feeds that the page or the Link header recommends
    linked       feeds that the page's text links to
    software     feeds that the page's software usually has
    usual        usual URLs of feeds
    sitemaps     news sitemaps that robots.txt names, and the usual one

The page itself is the last candidate of `add`, which writes its rules down for the user to
see. `fetch` takes it before what no page names, because it costs no request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.discovery.page_links import find_feeds, news_sitemaps, well_known_feeds
from aggregator.discovery.platforms import known_feeds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.discovery.page_links import PageFeeds
    from aggregator.discovery.platforms import FeedCandidate
    from aggregator.model import Capture

MAX_REQUESTS = 12  # of one search
MAX_PLATFORM = 3
MAX_RECOMMENDED = 3
MAX_LINKED = 2
MAX_SOFTWARE = 3
MAX_SITEMAPS = 2


def platform_candidates(url: str) -> tuple[FeedCandidate, ...]:
    """Return the feeds that a known platform has for an address."""
    return known_feeds(url)[:MAX_PLATFORM]


def stated_candidates(feeds: PageFeeds) -> tuple[FeedCandidate, ...]:
    """Return the feeds that a page leads to: recommended, linked, of its software."""
    return _each_once(
        (
            *feeds.recommended[:MAX_RECOMMENDED],
            *feeds.linked[:MAX_LINKED],
            *feeds.guessed[:MAX_SOFTWARE],
        )
    )


def candidates_of_page(capture: Capture) -> tuple[FeedCandidate, ...]:
    """Return the candidates that a page's address and content give, before the page itself."""
    return _each_once((*platform_candidates(capture.url), *stated_candidates(find_feeds(capture))))


def usual_candidates(url: str) -> tuple[FeedCandidate, ...]:
    """Return the usual URLs of feeds."""
    return well_known_feeds(url)


def sitemap_candidates(robots: str, url: str) -> tuple[FeedCandidate, ...]:
    """Return the news sitemaps; `robots` is the text of the host's robots.txt."""
    return news_sitemaps(robots, url)[:MAX_SITEMAPS]


def _each_once(candidates: Iterable[FeedCandidate]) -> tuple[FeedCandidate, ...]:
    by_url: dict[str, FeedCandidate] = {}
    for candidate in candidates:
        by_url.setdefault(candidate.url, candidate)
    return tuple(by_url.values())
