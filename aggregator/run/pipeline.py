"""The whole way of one source, top to bottom.

    slot        waits for a free place at the host, or postpones the run if the host asked to wait
    fetch       the bytes that are new, or the finding that nothing is
    parse       captures -> revisions; pure, in a parser process
    list pages  the list's further pages, as long as they bring unknown items
    articles    what is new, completed from the articles' own pages if that is wanted
    result      revisions, captures, state and outcome, for one transaction of the store

The caller commits the result and publishes if something changed. Each run ends in one outcome and
a next time; its failure reaches no other source.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from aggregator.adapter_table import DISCOVERY
from aggregator.errors import SourceError, StoreError
from aggregator.fetch.source import FetchContext, fetch_source
from aggregator.parse.task import ParseResult, ParseTask, concat, parse_task
from aggregator.run.article_pages import complete_items
from aggregator.run.host_queue import Wait
from aggregator.run.list_pages import follow_pages, list_page
from aggregator.run.page_fetcher import PageFetcher, RunContext, redact_query
from aggregator.run.result import failure, host_of, postponement, success

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch.source import Fetched
    from aggregator.model import Capture, Result, SourceState
    from aggregator.store import KnownArticle

logger = logging.getLogger(__name__)
MIN_ITEMS = 3  # of a page that is not configured as a list of articles


async def run(
    source: Source, state: SourceState, context: RunContext, *, full: bool = False
) -> Result:
    """Run one source to its result.

    Raises:
        StoreError: the store failed. Whatever else fails is in the result's outcome.
    """
    started = context.clock()
    start_seconds = perf_counter()
    try:
        result = await _run_source(source, state, context, started, full=full)
    except StoreError:
        raise
    except SourceError as error:
        result = failure(source, state, error, started, context)
    except Exception as error:  # our own mistake: logged, and no other source suffers from it
        logger.exception("%s: unforeseen failure", source.id)
        unforeseen = SourceError("internal", f"unforeseen: {type(error).__name__}: {error}")
        result = failure(source, state, unforeseen, started, context)

    ms = round((perf_counter() - start_seconds) * 1000)
    return replace(result, outcome=replace(result.outcome, ms=ms))


async def _run_source(
    source: Source, state: SourceState, context: RunContext, started: datetime, *, full: bool
) -> Result:
    fetched = await _fetch_in_turn(source, state, context, started, full=full)
    if isinstance(fetched, Wait):
        return postponement(source, state, fetched, started)

    pages = PageFetcher(source, context, started, full=full)
    parsed = ParseResult()
    if fetched.captures:
        task = parse_task(source, fetched.adapter)
        task = replace(task, ignore_guids=state.by_url and not full)
        parsed = await _parse(fetched, task, context)
        if parsed.page_requests or parsed.next_urls:
            parsed = await _read_further_pages(pages, fetched, parsed, task)
    return success(source, fetched, parsed, pages)


async def _fetch_in_turn(
    source: Source, state: SourceState, context: RunContext, started: datetime, *, full: bool
) -> Fetched | Wait:
    """Fetch the source when its host has a free slot; return the wait if the host asked for one."""
    host = host_of(source, state, context)
    if host is None:
        return await _fetch(source, state, context, started, full=full)

    async with context.hosts.slot(host) as wait:
        if wait is not None:
            return wait
        try:
            return await _fetch(source, state, context, started, full=full)
        except SourceError as error:
            if error.retry_after and error.url:
                answering_host = context.fetcher.host_group(error.url)
                context.hosts.note_retry_after(answering_host, error.url, error.retry_after)
            raise


async def _fetch(
    source: Source, state: SourceState, context: RunContext, started: datetime, *, full: bool
) -> Fetched:
    fetch_context = FetchContext(
        context.fetcher,
        find_feed=partial(_find_feed, source, context),
        now=started,
        limit_bytes=context.limit_bytes,
        cache=context.preview_cache,
        max_files=context.max_files,
    )
    async with _time_limit(context):
        return await fetch_source(source, state, fetch_context, full=full)


async def _find_feed(source: Source, context: RunContext, page: Capture) -> str | None:
    """Return the URL of the best feed that a page names; a parser process reads the page."""
    found = await context.parse([page], ParseTask(source.id, DISCOVERY))
    if not found.next_urls:
        return None
    return found.next_urls[0]


async def _parse(fetched: Fetched, task: ParseTask, context: RunContext) -> ParseResult:
    """Parse what came.

    Raises:
        SourceError: it cannot be read, or it is a page that nobody said to be a list, and is none.
    """
    try:
        async with _time_limit(context):
            parsed = await context.parse(fetched.captures, task)
    except SourceError as error:
        if fetched.is_guessed_page and error.kind in ("no-items", "parse"):
            raise _no_list_error(fetched, str(error)) from error
        raise

    count = len(parsed.revisions) + parsed.filtered
    if fetched.is_guessed_page and count < MIN_ITEMS:
        raise _no_list_error(fetched, f"only {count} of its links look like articles")
    return parsed


def _no_list_error(fetched: Fetched, reason: str) -> SourceError:
    advice = "give the address of its feed, or say `adapter: page` with `items` and `fields`"
    page = redact_query(fetched.captures[0].url)
    return SourceError("not-a-feed", f"{page} is a page that names no feed, and {reason}; {advice}")


async def _read_further_pages(
    pages: PageFetcher, fetched: Fetched, parsed: ParseResult, task: ParseTask
) -> ParseResult:
    """Add the further pages of the list, and complete its items from the articles' own pages."""
    first = list_page(parsed, await pages.context.find_known(parsed.revisions))
    list_pages = [first]
    if pages.context.follow_pages or first.is_index:
        list_pages = await follow_pages(pages, task, first, url=fetched.captures[-1].url)

    known: list[KnownArticle | None] = []
    for page in list_pages:
        known += page.known
    whole = concat([page.result for page in list_pages])
    whole = await complete_items(pages, task, whole, known)
    if first.is_index:
        # A change of a list of lists says nothing about the lists: they are read at every poll.
        pages.has_more = True
        pages.has_unknown_items = None in known
    return replace(whole, hints=parsed.hints, title=parsed.title)


@asynccontextmanager
async def _time_limit(context: RunContext) -> AsyncIterator[None]:
    limit_seconds = context.time_limit.total_seconds()
    try:
        async with asyncio.timeout(limit_seconds):
            yield
    except TimeoutError as error:
        raise SourceError("timeout", f"not done within {limit_seconds:g} s: given up") from error


__all__ = ["RunContext", "run"]
