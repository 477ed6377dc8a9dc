"""The adapter of a page that is searched for feeds, so that a parser process reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.discovery.page_links import find_feeds
from aggregator.model import ParsedDocument

if TYPE_CHECKING:
    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules


def parse(capture: Capture, _: SiteRules | None = None) -> ParsedDocument:
    """Return the feeds that a page recommends as its further documents, the best first."""
    return ParsedDocument(next_urls=tuple(feed.url for feed in find_feeds(capture).recommended))
