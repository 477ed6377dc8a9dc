"""Fetches the further pages of a run, within limits of time and memory.

robots.txt is checked before a page, and passwords are sent to the source's own origin
only. A host that is busy or fails several times in a row gets no more requests in this run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from aggregator.errors import SourceError
from aggregator.fetch.page_redirect import follow_page_redirects
from aggregator.fetch.preview_cache import fetch_with_cache
from aggregator.fetch.source import MAX_FILES, NOT_ALLOWED, make_capture, make_request
from aggregator.known_items import KnownItems
from aggregator.redaction import NO_SECRETS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch.preview_cache import Client, PreviewCache, TimedResponse
    from aggregator.model import Capture, Rejection, Revision
    from aggregator.parse.task import ParseResult, ParseTask
    from aggregator.redaction import Secrets
    from aggregator.run.host_queue import HostQueue
    from aggregator.store import KnownArticle

MAX_PAGE_BYTES = 8 * 1024 * 1024  # all pages of a run stay in memory until the commit
MAX_RUN_BYTES = 64 * 1024 * 1024
MAX_ARTICLES = 100  # whose own pages are read in one run; the others follow in the next
FAILURES_IN_A_ROW = 3  # after these, a host gets no more requests
DAY = timedelta(days=1)
MAX_REMEMBERED_PAGES = 10_000  # in memory; a forgotten page is requested once more
MAX_READS_PER_DAY = 4  # of one article, the first one and three edits
_TEMPORARY_ERRORS = frozenset({"timeout", "connect", "dns"})
_TEMPORARY_STATUSES = frozenset({408, 425, 429})
_BUSY_STATUSES = frozenset({429, 503})


class Parser(Protocol):
    """Runs `parse_captures`, in this process or in a parser process."""

    def __call__(
        self, captures: Sequence[Capture], task: ParseTask, /
    ) -> Awaitable[ParseResult]: ...


class FindKnown(Protocol):
    """Returns what the store knows of some articles (`Store.find_known`)."""

    def __call__(
        self, revisions: Sequence[Revision]
    ) -> Awaitable[Sequence[KnownArticle | None]]: ...


async def no_known_articles(revisions: Sequence[Revision]) -> Sequence[KnownArticle | None]:
    """Return what an empty store knows."""
    return [None] * len(revisions)


class LoadKnownItems(Protocol):
    """Returns the items of a source that need not be read again (`Store.known_items`)."""

    def __call__(self, source: str) -> Awaitable[KnownItems]: ...


async def no_known_items(source: str) -> KnownItems:  # noqa: ARG001 - the protocol names it
    """Return the items that an empty store knows."""
    return KnownItems()


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page that gave no article, and when; `rejection` is None if a filter left it out."""

    at: datetime
    rejection: Rejection | None


class FailedPages:
    """Remembers pages that gave no article, so that they are not requested again within a day.

    Their items may not be stored, so they would count as new each time their list changes.
    """

    def __init__(self) -> None:
        self._pages: dict[tuple[str, str, str], FailedPage] = {}

    def note(self, key: tuple[str, str, str], page: FailedPage) -> None:
        self._pages[key] = page
        if len(self._pages) > MAX_REMEMBERED_PAGES:
            del self._pages[next(iter(self._pages))]

    def recall(self, key: tuple[str, str, str], now: datetime) -> FailedPage | None:
        page = self._pages.get(key)
        if page is None:
            return None
        if now - page.at > DAY:
            del self._pages[key]
            return None
        return page


class RecentReads:
    """The times when pages were read, to limit the reads of each article per day.

    Lists that print "5 minutes ago" or the number of readers change all their items each time.
    """

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], tuple[datetime, ...]] = {}

    def note(self, key: tuple[str, str], now: datetime) -> None:
        # Put back at the end, so that the least recently read stands first.
        earlier = self._times.pop(key, ())
        self._times[key] = (*earlier[1 - MAX_READS_PER_DAY :], now)
        if len(self._times) > MAX_REMEMBERED_PAGES:
            del self._times[next(iter(self._times))]

    def is_read_too_often(self, key: tuple[str, str], now: datetime) -> bool:
        times = self._times.get(key, ())
        return len(times) == MAX_READS_PER_DAY and now - times[0] < DAY


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run needs besides its source.

    `limit_bytes` is the limit of one file of a folder, `max_files` that of files in one
    run. `time_limit` holds for each part
    of a run: fetching, parsing, and reading further pages. With `follow_pages`, further
    pages of a list are read; the documents of an index always are. `secrets` are hidden in
    the outcome.
    """

    fetcher: Client
    parse: Parser
    hosts: HostQueue
    clock: Callable[[], datetime]
    limit_bytes: int
    time_limit: timedelta
    find_known: FindKnown = no_known_articles
    load_known_items: LoadKnownItems = no_known_items
    preview_cache: PreviewCache | None = None
    failed_pages: FailedPages = field(default_factory=FailedPages)
    recent_reads: RecentReads = field(default_factory=RecentReads)
    max_articles: int = MAX_ARTICLES
    max_files: int = MAX_FILES
    follow_pages: bool = True
    secrets: Secrets = NO_SECRETS


@dataclass(slots=True, eq=False)
class PageFetcher:
    """Fetches the pages of one run after its first document.

    `waits` are the hosts that asked to wait, and until when. With `has_more`, not
    everything was read. With `has_unknown_items`, an index led to unknown articles.
    """

    source: Source
    context: RunContext
    started: datetime
    full: bool = False
    captures: list[Capture] = field(default_factory=list)
    size_bytes: int = 0
    waits: dict[str, datetime] = field(default_factory=dict)
    has_more: bool = False
    has_unknown_items: bool = False
    _held_bytes: int = 0
    _closed_hosts: dict[str, str] = field(default_factory=dict)
    _failures: Counter[str] = field(default_factory=Counter)
    _end: float | None = None

    @property
    def seconds_left(self) -> float:
        """The time that is left; it starts with the first use."""
        now = asyncio.get_running_loop().time()
        if self._end is None:
            self._end = now + self.context.time_limit.total_seconds()
        return max(self._end - now, 0.0)

    @property
    def is_full(self) -> bool:
        """Whether the limit of memory is reached."""
        return self._held_bytes >= MAX_RUN_BYTES

    def host(self, url: str) -> str:
        """Return the host group of a URL, "" for an invalid URL."""
        try:
            return self.context.fetcher.host_group(url)
        except SourceError:
            return ""

    async def fetch_page(self, url: str, *, robots: bool = True) -> Capture:
        """Fetch one document. Raises SourceError, StoreError."""
        host = self.context.fetcher.host_group(url)
        async with self.context.hosts.slot(host) as wait:
            if wait is not None:
                self._closed_hosts[host] = wait.reason
            if host in self._closed_hosts:
                raise SourceError("timeout", f"not asked: {self._closed_hosts[host]}")
            try:
                capture = await self._fetch(url, robots=robots)
            except SourceError as error:
                self._note_failure(host, error)
                raise
            self._failures.pop(host, None)
            return capture

    async def _fetch(self, url: str, *, robots: bool) -> Capture:
        source, fetcher = self.source, self.context.fetcher
        max_body = min(source.http.max_body or self.context.limit_bytes, MAX_PAGE_BYTES)
        cache = None if self.full else self.context.preview_cache

        async def fetch(target: str) -> TimedResponse:
            request = replace(make_request(source, target), max_body=max_body)
            if robots and not await fetcher.is_allowed(target, like=request):
                raise SourceError("forbidden", NOT_ALLOWED)
            return await fetch_with_cache(fetcher, request, cache=cache, now=self.started)

        timed_response = await follow_page_redirects(fetch, url)
        capture = make_capture(source, timed_response)
        self.captures.append(capture)
        self.size_bytes += timed_response.response.wire_bytes
        self._held_bytes += len(capture.body)
        return capture

    def _note_failure(self, host: str, error: SourceError) -> None:
        if not is_temporary(error) and error.kind != "blocked":
            self._failures.pop(host, None)
            return
        self._failures[host] += 1
        if error.retry_after and error.url:
            self._note_retry_after(error.url, error.retry_after)
        if (
            error.retry_after
            or error.status in _BUSY_STATUSES
            or self._failures[host] >= FAILURES_IN_A_ROW
        ):
            self._closed_hosts[host] = str(error)

    def _note_retry_after(self, url: str, wait: timedelta) -> None:
        hosts, host = self.context.hosts, self.host(url)
        hosts.note_retry_after(host, url, wait)
        until = hosts.wait_of(host)
        if until is not None:
            self.waits[host] = until


def redact_query(url: str) -> str:
    """Return a URL for messages, without its query, which may contain a key."""
    bare, mark, _ = url.partition("?")
    return f"{bare}?…" if mark else bare


def redact_path(url: str) -> str:
    """Return the scheme and host of a URL: of a source whose path may contain a key, nothing more."""
    scheme, mark, rest = url.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2].partition("?")[0]
    return f"{scheme}{mark}{host}/…"


def is_temporary(error: SourceError) -> bool:
    """Tell whether the same request may succeed later."""
    status = error.status or 0
    return error.kind in _TEMPORARY_ERRORS or status in _TEMPORARY_STATUSES or status >= 500
