"""The adapter of a page that is searched for feeds, so that a parser process reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.discovery.page_links import find_feeds
from aggregator.model import ParsedDocument

if TYPE_CHECKING:
    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules


# Of each kind, so that a run makes few requests. `add` tries about as many.
_MAX_RECOMMENDED = 3
_MAX_LINKED = 2
_MAX_GUESSED = 2


def parse(capture: Capture, _: SiteRules | None = None) -> ParsedDocument:
    """Return the feeds that a page leads to as its further documents, the best first.

    `notes` are the reasons, in the same order.
    """
    feeds = find_feeds(capture)
    candidates = (
        *feeds.recommended[:_MAX_RECOMMENDED],
        *feeds.linked[:_MAX_LINKED],
        *feeds.guessed[:_MAX_GUESSED],
    )
    reasons: dict[str, str] = {}
    for candidate in candidates:
        reasons.setdefault(candidate.url, candidate.reason)
    return ParsedDocument(next_urls=tuple(reasons), notes=tuple(reasons.values()))
