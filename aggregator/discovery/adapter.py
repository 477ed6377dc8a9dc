"""The adapter of a page that is searched for feeds, so that a parser process reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.discovery.candidates import candidates_of_page
from aggregator.model import ParsedDocument

if TYPE_CHECKING:
    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules


def parse(capture: Capture, _: SiteRules | None = None) -> ParsedDocument:
    """Return the feeds that a page leads to as its further documents, the best first.

    `notes` are the reasons, in the same order.
    """
    candidates = candidates_of_page(capture)
    urls = tuple(candidate.url for candidate in candidates)
    reasons = tuple(candidate.reason for candidate in candidates)
    return ParsedDocument(next_urls=urls, notes=reasons)
