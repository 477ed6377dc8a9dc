"""The fetcher: one polite, guarded GET at a time.

Rule: nothing is remembered between requests but what makes them polite (pace, robots.txt); validators and times go in
and come out as values, the caller keeps them.
"""

from aggregator.fetch.client import Fetcher
from aggregator.fetch.messages import FetchSettings, Request, Response
from aggregator.fetch.pace import group_of

__all__ = ["FetchSettings", "Fetcher", "Request", "Response", "group_of"]
