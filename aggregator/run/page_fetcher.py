"""What one run asks beyond its source's own document: each question in its turn, none of a host that wants peace.

Rule: robots.txt is asked before a page, passwords stay at the source's own origin, and everything ends in time. A host
that says it is too busy, or fails again and again, is not asked any more in this run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from aggregator.errors import SourceError
from aggregator.fetch.preview_cache import fetch_with_cache
from aggregator.fetch.source import make_capture, make_request
from aggregator.schedule import MAX_RETRY_AFTER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch.preview_cache import Client, PreviewCache
    from aggregator.model import Capture, Revision
    from aggregator.parse.task import ParseResult, ParseTask
    from aggregator.run.host_queue import HostQueue
    from aggregator.store import KnownArticle

MAX_PAGE_BYTES = (
    8 * 1024 * 1024
)  # of one page; the pages of a run are all in memory until they are committed
MAX_RUN_BYTES = 64 * 1024 * 1024
MAX_ARTICLES = 100  # whose own pages are read in a run; the others have their turn in the next
FAILURES_IN_A_ROW = 3  # of a host: then it is left alone
DAY = timedelta(days=1)
MAX_REMEMBERED_PAGES = 10_000  # pages, in memory: what is forgotten is asked for once more
MAX_READS_PER_DAY = 4  # of one article, the first one and three edits
_TEMPORARY_ERRORS = frozenset({"timeout", "connect", "dns"})
_TEMPORARY_STATUSES = frozenset({408, 425, 429})
_BUSY_STATUSES = frozenset({429, 503})


class Parser(Protocol):
    """Whatever runs `digest.digest`: this process, or one that may be killed."""

    def __call__(
        self, captures: Sequence[Capture], task: ParseTask, /
    ) -> Awaitable[ParseResult]: ...


class FindKnown(Protocol):
    """Whoever knows what the store holds of some articles: `Store.news`."""

    def __call__(
        self, revisions: Sequence[Revision]
    ) -> Awaitable[Sequence[KnownArticle | None]]: ...


async def no_known_articles(revisions: Sequence[Revision]) -> Sequence[KnownArticle | None]:
    """Stand in for a store that is empty."""
    return [None] * len(revisions)


class FailedPages:
    """The pages that were read in vain, each with why: they are not asked for again within a day.

    What is not stored is not known, and would else be asked for each time that its list changes.
    """

    def __init__(self) -> None:
        self._troubles: dict[tuple[str, str, str], tuple[datetime, str]] = {}

    def note(self, key: tuple[str, str, str], trouble: str, now: datetime) -> None:
        self._troubles[key] = (now, trouble)
        if len(self._troubles) > MAX_REMEMBERED_PAGES:
            del self._troubles[next(iter(self._troubles))]

    def recall(self, key: tuple[str, str, str], now: datetime) -> str | None:
        noted, trouble = self._troubles.get(key, (None, None))
        if noted is not None and now - noted > DAY:
            del self._troubles[key]
            return None
        return trouble


class RecentReads:
    """The pages that were read, each with when: an article that is always changing is not always read.

    Lists that print "5 minutes ago", or how many have read an article, change all their items each time.
    """

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], tuple[datetime, ...]] = {}

    def note(self, key: tuple[str, str], now: datetime) -> None:
        self._times[key] = (
            *self._times.pop(key, ())[1 - MAX_READS_PER_DAY :],
            now,
        )  # the last that was read stands last
        if len(self._times) > MAX_REMEMBERED_PAGES:
            del self._times[next(iter(self._times))]

    def is_read_too_often(self, key: tuple[str, str], now: datetime) -> bool:
        times = self._times.get(key, ())
        return len(times) == MAX_READS_PER_DAY and now - times[0] < DAY


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the way needs beyond its source.

    `limit_bytes` bounds one file of a folder, `limit` the time of each part of one run once it is its turn: asking,
    parsing, and all that is read beyond. `follow` tells whether further pages of a list are read;
    what an index names always is.
    """

    fetcher: Client
    parse: Parser
    hosts: HostQueue
    clock: Callable[[], datetime]
    limit_bytes: int
    limit: timedelta
    find_known: FindKnown = no_known_articles
    preview_cache: PreviewCache | None = None
    failed_pages: FailedPages = field(default_factory=FailedPages)
    recent_reads: RecentReads = field(default_factory=RecentReads)
    max_articles: int = MAX_ARTICLES
    follow: bool = True


@dataclass(slots=True, eq=False)
class PageFetcher:
    """One run's questions beyond its first document; `waits` are the hosts that asked to be left alone, and until when.

    `later` tells that there is more to read than was read, `news` that a list which names only other lists led to
    articles that were not known.
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
        """The time that is left, from the first time it is asked for."""
        now = asyncio.get_running_loop().time()
        if self._end is None:
            self._end = now + self.context.limit.total_seconds()
        return max(self._end - now, 0.0)

    @property
    def is_full(self) -> bool:
        """Tell whether no more may be held in memory."""
        return self._held_bytes >= MAX_RUN_BYTES

    def host(self, url: str) -> str:
        """Name the host whose turn a URL needs; "" for what is no URL."""
        try:
            return self.context.fetcher.host_group(url)
        except SourceError:
            return ""

    async def fetch_page(self, url: str, *, robots: bool = True) -> Capture:
        """Ask for one document. Raises SourceError, StoreError."""
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
        source, web = self.source, self.context.fetcher
        request = make_request(source, url)
        request = replace(
            request, max_body=min(source.http.max_body or self.context.limit_bytes, MAX_PAGE_BYTES)
        )
        if robots and not await web.is_allowed(url, like=request):
            raise SourceError(
                "forbidden", "robots.txt does not allow this page to be read by programs"
            )
        remembered = None if self.full else self.context.preview_cache
        answer = await fetch_with_cache(web, request, cache=remembered, now=self.started)
        capture = make_capture(source, answer)
        self.captures.append(capture)
        self.size_bytes += answer.response.wire_bytes
        self._held_bytes += len(capture.body)
        return capture

    def _note_failure(self, host: str, error: SourceError) -> None:
        if not is_temporary(error) and error.kind != "blocked":
            self._failures.pop(host, None)
            return
        self._failures[host] += 1
        if error.retry_after:
            self.context.hosts.set_retry_after(host, error.retry_after)
            self.waits[host] = self.context.clock() + min(error.retry_after, MAX_RETRY_AFTER)
        if (
            error.retry_after
            or error.status in _BUSY_STATUSES
            or self._failures[host] >= FAILURES_IN_A_ROW
        ):
            self._closed_hosts[host] = str(error)


def redact_query(url: str) -> str:
    """Write a URL for messages: without its query, which may hold a key (as `fetch` does)."""
    bare, mark, _ = url.partition("?")
    return f"{bare}?…" if mark else bare


def is_temporary(error: SourceError) -> bool:
    """Tell whether the same question may well be answered another time."""
    status = error.status or 0
    return error.kind in _TEMPORARY_ERRORS or status in _TEMPORARY_STATUSES or status >= 500
