"""Finds what to read for a page that is not configured as a list of articles.

    stated   feeds that a known platform has, and those that the page names, links to, or
             should have by its software
    page     the page itself, if it lists articles
    usual    usual URLs of feeds, then news sitemaps

The list of candidates is that of `discovery/candidates.py`, which `add` walks as well.
The first candidate with items is taken, and the state remembers it: `discovered_feed` is
its URL, `detected_adapter` says how it is read. A first search makes at most
MAX_REQUESTS requests. A search after a failed run tries the best candidates again
and a few of the others, in turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from aggregator.adapter_table import DISCOVERY
from aggregator.discovery.candidates import (
    MAX_REQUESTS,
    platform_candidates,
    sitemap_candidates,
    usual_candidates,
)
from aggregator.errors import SourceError
from aggregator.fetch.source import check_robots, fetch_candidate
from aggregator.parse.task import ParseTask, parse_task
from aggregator.run.page_fetcher import is_temporary, redact_query
from aggregator.run.result import NO_LIST_ERRORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.config import Source
    from aggregator.fetch.source import FetchContext, Fetched
    from aggregator.model import SourceState
    from aggregator.parse.task import ParseResult
    from aggregator.run.page_fetcher import RunContext

BEST_CANDIDATES = 2  # which every search tries
OTHER_CANDIDATES = 3  # which a search after a failed run tries
MIN_ITEMS = 3  # of a page that is not configured as a list of articles
# In a row; until then a feed that only fails for now is waited for.
FAILURES_OF_A_FEED = 3
_MAX_NOTES = 3  # about candidates that are passed over
_SITEMAPS = "news sitemaps"  # the reason of the candidate that stands for all of them


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """The document that a source is read from, and what its parser made of it."""

    fetched: Fetched
    task: ParseTask
    parsed: ParseResult


@dataclass(frozen=True, slots=True)
class _Candidate:
    url: str
    reason: str


@dataclass(slots=True)
class SourceSearch:
    """One search. `state` is the source's before the run."""

    source: Source
    state: SourceState
    context: RunContext
    fetch_context: FetchContext
    _requests_left: int = MAX_REQUESTS
    _passed_over: list[str] = field(default_factory=list)
    _empty: SourceDocument | None = None
    _delay: SourceError | None = None
    _refusing_hosts: set[str] = field(default_factory=set)

    @property
    def is_first(self) -> bool:
        """Whether nothing was chosen yet for the source's address."""
        return self.state.discovered_feed is None and self.state.detected_adapter is None

    async def find_document(self, page: Fetched) -> SourceDocument:
        """Return the first candidate with items, or else the first feed that is empty.

        Raises:
            SourceError: nothing can be read, or a stated feed fails for the time being.
        """
        url = page.captures[0].url
        stated = await self._stated_feeds(page)
        usual = _usual_candidates(url)
        if self.state.failures:
            stated, usual = self._next_candidates(stated, usual)

        found = await self._try_feeds(stated)
        if found is None and self._delay and self.state.failures < FAILURES_OF_A_FEED:
            raise self._delay
        page_error = None
        if found is None:
            found, page_error = await self._try_page(page)
        if found is None:
            found = await self._try_usual(usual, url)
        found = found or self._empty
        if found is None:
            raise page_error or self._no_list_error(page, "it has no items")
        return found

    async def find_platform_feed(self) -> SourceDocument | None:
        """Return the feed that a known platform has for the source's address, None without one.

        Some platforms serve their feeds to programs and refuse them their pages.
        """
        return await self._try_feeds(self._platform_feeds())

    def _platform_feeds(self) -> list[_Candidate]:
        found = platform_candidates(self.source.url or "")
        return [_Candidate(feed.url, feed.reason) for feed in found]

    async def _stated_feeds(self, page: Fetched) -> list[_Candidate]:
        """Return the feeds that an address and its page lead to; a parser process reads the page."""
        task = ParseTask(self.source.id, DISCOVERY)
        feeds = await self.context.parse(page.captures, task)
        candidates = self._platform_feeds()
        known_urls = {candidate.url for candidate in candidates}
        for url, reason in zip(feeds.next_urls, feeds.notes, strict=True):
            if url not in known_urls:
                candidates.append(_Candidate(url, reason))
        return candidates

    def _next_candidates(
        self, stated: Sequence[_Candidate], usual: Sequence[_Candidate]
    ) -> tuple[list[_Candidate], list[_Candidate]]:
        """Return the candidates of a search after a failed run."""
        best = stated[:BEST_CANDIDATES]
        others = [*stated[BEST_CANDIDATES:], *usual]
        start = (self.state.failures - 1) * OTHER_CANDIDATES % len(others)
        in_turn = [*others[start:], *others[:start]][:OTHER_CANDIDATES]
        later_stated = [one for one in stated[BEST_CANDIDATES:] if one in in_turn]
        return [*best, *later_stated], [one for one in usual if one in in_turn]

    async def _try_feeds(self, candidates: Sequence[_Candidate]) -> SourceDocument | None:
        for candidate in candidates:
            if self._requests_left <= 0:
                break
            self._requests_left -= 1
            try:
                document = await self._read_feed(candidate)
            except SourceError as error:
                self._note_failure(candidate, error)
                continue
            if document.parsed.item_count:
                return document
            self._passed_over.append(f"{redact_query(candidate.url)}: it has no items")
            self._empty = self._empty or document
        return None

    async def _try_usual(self, candidates: Sequence[_Candidate], url: str) -> SourceDocument | None:
        """Try usual URLs of feeds, then the news sitemaps if their turn has come."""
        feeds = [one for one in candidates if one.reason != _SITEMAPS]
        found = await self._try_feeds(feeds)
        if found is None and len(feeds) < len(candidates):
            found = await self._try_feeds(await self._sitemaps(url))
        return found

    async def _sitemaps(self, url: str) -> list[_Candidate]:
        """Return the news sitemaps that robots.txt names, and the usual one."""
        if self._requests_left <= 0:
            return []
        self._requests_left -= 1
        try:
            robots = await self._fetch_in_turn(urljoin(url, "/robots.txt"))
            text = robots.captures[0].body.decode("utf-8", "replace")
        except SourceError:
            text = ""
        return [_Candidate(one.url, one.reason) for one in sitemap_candidates(text, url)]

    async def _read_feed(self, candidate: _Candidate) -> SourceDocument:
        fetched = await self._fetch_in_turn(candidate.url)
        if fetched.adapter == "page":
            raise SourceError("not-a-feed", "it is a page")
        task = parse_task(self.source, fetched.adapter)
        parsed = await self.context.parse(fetched.captures, task)
        note = f"read from {redact_query(candidate.url)}: {candidate.reason}"
        return SourceDocument(self._with_notes(fetched, note), task, parsed)

    async def _fetch_in_turn(self, url: str) -> Fetched:
        hosts = self.context.hosts
        host = self.context.fetcher.host_group(url)
        async with hosts.slot(host) as wait:
            if wait is not None:
                raise SourceError("timeout", f"not asked: {wait.reason}")
            if host in self._refusing_hosts:
                raise SourceError("timeout", f"not asked: {host} asked to wait")
            try:
                return await fetch_candidate(self.source, self.state, url, self.fetch_context)
            except SourceError as error:
                if error.retry_after and error.url:
                    answering_host = self.context.fetcher.host_group(error.url)
                    self._refusing_hosts.add(answering_host)
                    hosts.note_retry_after(answering_host, error.url, error.retry_after)
                raise

    def _note_failure(self, candidate: _Candidate, error: SourceError) -> None:
        """Note why a candidate is passed over, and whether it may work another time.

        A host that is not there may never come back, so its feed is not waited for.
        """
        url = redact_query(candidate.url)
        self._passed_over.append(f"{url}: {str(error).removesuffix(f' at {url}')}")
        if is_temporary(error) and error.kind not in ("dns", "connect") and not self._delay:
            self._delay = error

    async def _try_page(self, page: Fetched) -> tuple[SourceDocument | None, SourceError | None]:
        """Return the page if it lists articles, else the error that says why it does not."""
        try:
            await check_robots(self.source, page.captures[0].url, self.fetch_context)
            task = parse_task(self.source, page.adapter)
            parsed = await self.context.parse(page.captures, task)
        except SourceError as error:
            if error.kind in NO_LIST_ERRORS:
                return None, self._no_list_error(page, str(error))
            return None, error

        count = len(parsed.revisions) + parsed.filtered
        if count < MIN_ITEMS:
            reason = f"only {count} of its links look like articles"
            return None, self._no_list_error(page, reason)
        return SourceDocument(self._with_notes(page), task, parsed), None

    def _with_notes(self, fetched: Fetched, *notes: str) -> Fetched:
        passed_over = [f"passed over {message}" for message in self._passed_over[:_MAX_NOTES]]
        return replace(fetched, notes=(*fetched.notes, *notes, *passed_over))

    def _no_list_error(self, page: Fetched, reason: str) -> SourceError:
        advice = "give the address of its feed, or say `adapter: page` with `items` and `fields`"
        url = redact_query(page.captures[0].url)
        names = "a page that names no feed"
        if self._passed_over:
            names = (
                f"a page whose feeds cannot be read ({'; '.join(self._passed_over[:_MAX_NOTES])})"
            )
        return SourceError("not-a-feed", f"{url} is {names}, and {reason}; {advice}")


def _usual_candidates(url: str) -> list[_Candidate]:
    usual = [_Candidate(feed.url, feed.reason) for feed in usual_candidates(url)]
    return [*usual, _Candidate(urljoin(url, "/robots.txt"), _SITEMAPS)]
