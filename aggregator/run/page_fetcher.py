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
from aggregator.schedule import LONGEST_RETRY_AFTER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch.preview_cache import Client, PreviewCache
    from aggregator.model import Capture, Revision
    from aggregator.parse.task import Digest, Job
    from aggregator.run.host_queue import Hosts
    from aggregator.store import KnownArticle

MAX_PAGE_BYTES = (
    8 * 1024 * 1024
)  # of one page; the pages of a run are all in memory until they are committed
MAX_VISIT_BYTES = 64 * 1024 * 1024
MAX_ARTICLES = 100  # whose own pages are read in a run; the others have their turn in the next
FAILURES_IN_A_ROW = 3  # of a host: then it is left alone
A_DAY = timedelta(days=1)
MOST_REMEMBERED = 10_000  # pages, in memory: what is forgotten is asked for once more
READINGS_A_DAY = 4  # of one article, the first one and three edits
_PASSING = frozenset({"timeout", "connect", "dns"})
_PASSING_STATUS = frozenset({408, 425, 429})
_BUSY = frozenset({429, 503})


class Digester(Protocol):
    """Whatever runs `digest.digest`: this process, or one that may be killed."""

    def __call__(self, captures: Sequence[Capture], job: Job) -> Awaitable[Digest]: ...


class Librarian(Protocol):
    """Whoever knows what the store holds of some articles: `Store.news`."""

    def __call__(
        self, revisions: Sequence[Revision]
    ) -> Awaitable[Sequence[KnownArticle | None]]: ...


async def nothing_known(revisions: Sequence[Revision]) -> Sequence[KnownArticle | None]:
    """Stand in for a store that is empty."""
    return [None] * len(revisions)


class Vain:
    """The pages that were read in vain, each with why: they are not asked for again within a day.

    What is not stored is not known, and would else be asked for each time that its list changes.
    """

    def __init__(self) -> None:
        self._troubles: dict[tuple[str, str, str], tuple[datetime, str]] = {}

    def note(self, key: tuple[str, str, str], trouble: str, now: datetime) -> None:
        self._troubles[key] = (now, trouble)
        if len(self._troubles) > MOST_REMEMBERED:
            del self._troubles[next(iter(self._troubles))]

    def recall(self, key: tuple[str, str, str], now: datetime) -> str | None:
        noted, trouble = self._troubles.get(key, (None, None))
        if noted is not None and now - noted > A_DAY:
            del self._troubles[key]
            return None
        return trouble


class Readings:
    """The pages that were read, each with when: an article that is always changing is not always read.

    Lists that print "5 minutes ago", or how many have read an article, change all their items each time.
    """

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], tuple[datetime, ...]] = {}

    def note(self, key: tuple[str, str], now: datetime) -> None:
        self._times[key] = (
            *self._times.pop(key, ())[1 - READINGS_A_DAY :],
            now,
        )  # the last that was read stands last
        if len(self._times) > MOST_REMEMBERED:
            del self._times[next(iter(self._times))]

    def were_enough(self, key: tuple[str, str], now: datetime) -> bool:
        times = self._times.get(key, ())
        return len(times) == READINGS_A_DAY and now - times[0] < A_DAY


@dataclass(frozen=True, slots=True)
class Parts:
    """What the way needs beyond its source.

    `limit_bytes` bounds one file of a folder, `limit` the time of each part of one run once it is its turn: asking,
    parsing, and all that is read beyond. `follow` tells whether further pages of a list are read;
    what an index names always is.
    """

    fetcher: Client
    digest: Digester
    hosts: Hosts
    clock: Callable[[], datetime]
    limit_bytes: int
    limit: timedelta
    news: Librarian = nothing_known
    remembered: PreviewCache | None = None
    vain: Vain = field(default_factory=Vain)
    readings: Readings = field(default_factory=Readings)
    max_articles: int = MAX_ARTICLES
    follow: bool = True


@dataclass(slots=True, eq=False)
class Visit:
    """One run's questions beyond its first document; `waits` are the hosts that asked to be left alone, and until when.

    `later` tells that there is more to read than was read, `news` that a list which names only other lists led to
    articles that were not known.
    """

    source: Source
    parts: Parts
    started: datetime
    full: bool = False
    captures: list[Capture] = field(default_factory=list)
    size_bytes: int = 0
    waits: dict[str, datetime] = field(default_factory=dict)
    later: bool = False
    news: bool = False
    _held_bytes: int = 0
    _shut: dict[str, str] = field(default_factory=dict)
    _failures: Counter[str] = field(default_factory=Counter)
    _end: float | None = None

    @property
    def seconds_left(self) -> float:
        """The time that is left, from the first time it is asked for."""
        now = asyncio.get_running_loop().time()
        if self._end is None:
            self._end = now + self.parts.limit.total_seconds()
        return max(self._end - now, 0.0)

    @property
    def is_full(self) -> bool:
        """Tell whether no more may be held in memory."""
        return self._held_bytes >= MAX_VISIT_BYTES

    def host(self, url: str) -> str:
        """Name the host whose turn a URL needs; "" for what is no URL."""
        try:
            return self.parts.fetcher.host_group(url)
        except SourceError:
            return ""

    async def page(self, url: str, *, robots: bool = True) -> Capture:
        """Ask for one document. Raises SourceError, StoreError."""
        host = self.parts.fetcher.host_group(url)
        async with self.parts.hosts.turn(host) as wait:
            if wait is not None:
                self._shut[host] = wait.reason
            if host in self._shut:
                raise SourceError("timeout", f"not asked: {self._shut[host]}")
            try:
                capture = await self._asked(url, robots=robots)
            except SourceError as error:
                self._note(host, error)
                raise
            self._failures.pop(host, None)
            return capture

    async def _asked(self, url: str, *, robots: bool) -> Capture:
        source, web = self.source, self.parts.fetcher
        request = make_request(source, url)
        request = replace(
            request, max_body=min(source.http.max_body or self.parts.limit_bytes, MAX_PAGE_BYTES)
        )
        if robots and not await web.is_allowed(url, like=request):
            raise SourceError(
                "forbidden", "robots.txt does not allow this page to be read by programs"
            )
        remembered = None if self.full else self.parts.remembered
        answer = await fetch_with_cache(web, request, cache=remembered, now=self.started)
        capture = make_capture(source, answer)
        self.captures.append(capture)
        self.size_bytes += answer.response.wire_bytes
        self._held_bytes += len(capture.body)
        return capture

    def _note(self, host: str, error: SourceError) -> None:
        if not passes(error) and error.kind != "blocked":
            self._failures.pop(host, None)
            return
        self._failures[host] += 1
        if error.retry_after:
            self.parts.hosts.told(host, error.retry_after)
            self.waits[host] = self.parts.clock() + min(error.retry_after, LONGEST_RETRY_AFTER)
        if error.retry_after or error.status in _BUSY or self._failures[host] >= FAILURES_IN_A_ROW:
            self._shut[host] = str(error)


def shown(url: str) -> str:
    """Write a URL for messages: without its query, which may hold a key (as `fetch` does)."""
    bare, mark, _ = url.partition("?")
    return f"{bare}?…" if mark else bare


def passes(error: SourceError) -> bool:
    """Tell whether the same question may well be answered another time."""
    status = error.status or 0
    return error.kind in _PASSING or status in _PASSING_STATUS or status >= 500
