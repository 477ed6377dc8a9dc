"""The fetcher: polite GET requests that dial public addresses only.

Rule: the fetcher remembers nothing between requests but what makes them polite (rate limits, robots.txt). Validators
and times go in and come out as values; the caller keeps them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.fetch.messages import FetchSettings, Request, Response
from aggregator.fetch.rate_limit import host_group

if TYPE_CHECKING:
    from aggregator.fetch.client import Fetcher

__all__ = ["FetchSettings", "Fetcher", "Request", "Response", "host_group"]


def __getattr__(name: str) -> object:
    """Load the fetcher and its library when somebody asks for it: whoever reads folders alone never does."""
    if name == "Fetcher":
        from aggregator.fetch.client import Fetcher

        return Fetcher
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
