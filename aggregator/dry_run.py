"""A dry run: one source is run as usual, but nothing is stored.

It uses the same code as a real run, with an empty store. Every response is cached for an
hour, so that the real run that follows requests nothing again.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.adapter_table import DISCOVERY
from aggregator.app import utc_now
from aggregator.fetch import Fetcher
from aggregator.model import SourceState
from aggregator.parse.captures import ParseResult
from aggregator.parse.pool import ParserPool
from aggregator.rules.sites_folder import sites_folder
from aggregator.run.host_queue import HostQueue
from aggregator.run.pipeline import RunContext, run
from aggregator.run.settings import fetch_settings, make_preview_cache, max_run_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from aggregator.config import Config, Source
    from aggregator.fetch import Request, Response
    from aggregator.fetch.preview_cache import PreviewCache
    from aggregator.model import Capture, Result
    from aggregator.parse.captures import ParseTask


@dataclass(frozen=True, slots=True)
class ParseCall:
    """One call of the parser; `result` is None if the document was rejected."""

    captures: tuple[Capture, ...]
    task: ParseTask
    result: ParseResult | None


@dataclass(frozen=True, slots=True)
class DryRun:
    """The result of a dry run, with its parser calls and responses.

    `parse_calls` start with the source's own document; its further pages follow, then
    the articles (adapter `article`). `responses` are all responses in order, including
    that of a page that only led to the feed.
    """

    source: Source
    result: Result
    parse_calls: tuple[ParseCall, ...]
    responses: tuple[Response, ...]

    @property
    def adapter(self) -> str | None:
        """The adapter of the source's document; None if nothing was parsed."""
        return self.parse_calls[0].task.adapter if self.parse_calls else None

    @property
    def document_result(self) -> ParseResult:
        """The result of the source's own document, before articles' pages were read."""
        if not self.parse_calls:
            return ParseResult()
        return self.parse_calls[0].result or ParseResult()


@dataclass(frozen=True, slots=True)
class DryRunSession:
    """What several dry runs of one configuration share."""

    fetcher: Fetcher
    parser_pool: ParserPool
    cache: PreviewCache


@asynccontextmanager
async def open_dry_run_session(
    config: Config, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[DryRunSession]:
    """Open a session, in which all dry runs share one rate limit and one parser process."""
    async with (
        Fetcher(fetch_settings(config), clock=clock) as fetcher,
        ParserPool(sites_folder(config), count=1) as parser_pool,
    ):
        yield DryRunSession(fetcher, parser_pool, make_preview_cache(config, clock=clock))


async def try_source(
    config: Config,
    source: Source,
    *,
    articles: int = 3,
    follow_pages: bool = False,
    use_cache: bool = False,
    clock: Callable[[], datetime] = utc_now,
    session: DryRunSession | None = None,
) -> DryRun:
    """Run a source without storing anything; failures are in the result's outcome.

    At most `articles` articles' own pages are read. `follow_pages` reads the further
    pages of a list too. `use_cache` uses the responses of earlier dry runs. The source
    need not be in the configuration. Without a `session`, a new one is opened.
    """
    now = clock()
    async with AsyncExitStack() as stack:
        if session is None:
            new_session = open_dry_run_session(config, clock=clock)
            session = await stack.enter_async_context(new_session)
        fetcher = _RecordingFetcher(session.fetcher, session.cache, use_cache=use_cache)
        parser = _RecordingParser(session.parser_pool)
        hosts = HostQueue(dict, clock=clock, per_host=config.network.per_host)
        context = RunContext(
            fetcher,
            parser.parse,
            hosts,
            clock,
            limit_bytes=config.network.max_body,
            time_limit=max_run_time(config),
            max_articles=articles,
            follow_pages=follow_pages,
            secrets=config.secrets,
        )
        result = await run(source, SourceState(source.id, now), context, full=True)
    calls = _calls_from_document(parser.calls, result)
    return DryRun(source, result, calls, tuple(fetcher.responses))


def _calls_from_document(calls: Sequence[ParseCall], result: Result) -> tuple[ParseCall, ...]:
    """Return the calls without those for candidates that were passed over before the document."""
    if result.captures:
        for index, call in enumerate(calls):
            if result.captures[0] in call.captures:
                return tuple(calls[index:])
    return tuple(calls)


class _RecordingFetcher:
    """A fetcher that records and caches every response."""

    def __init__(self, fetcher: Fetcher, cache: PreviewCache, *, use_cache: bool) -> None:
        self._fetcher = fetcher
        self._cache = cache
        self._use_cache = use_cache
        self.responses: list[Response] = []

    async def get(self, request: Request) -> Response:
        known = await asyncio.to_thread(self._cache.peek, request) if self._use_cache else None
        response = known.response if known is not None else await self._fetcher.get(request)
        if known is None:
            await asyncio.to_thread(self._cache.store, request, response)
        self.responses.append(response)
        return response

    async def is_allowed(self, url: str, *, like: Request | None = None) -> bool:
        return await self._fetcher.is_allowed(url, like=like)

    def host_group(self, url: str) -> str:
        return self._fetcher.host_group(url)


@dataclass(slots=True, eq=False)
class _RecordingParser:
    """A parser that records every call."""

    parser_pool: ParserPool
    calls: list[ParseCall] = field(default_factory=list)

    async def parse(self, captures: Sequence[Capture], task: ParseTask) -> ParseResult:
        if task.adapter == DISCOVERY:  # a page that only leads to the source's document
            return await self.parser_pool.parse(captures, task)
        index = len(self.calls)
        self.calls.append(ParseCall(tuple(captures), task, None))
        result = await self.parser_pool.parse(captures, task)
        self.calls[index] = ParseCall(tuple(captures), task, result)
        return result
