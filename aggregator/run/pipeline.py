"""The whole way of one source, top to bottom.

    slot        waits for a free place at the host, or postpones the run if the host asked to wait
    fetch       requests the document; the run ends here if nothing changed
    search      what to read instead of a page that is not configured as a list of articles
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
from time import perf_counter
from typing import TYPE_CHECKING

from aggregator.adapter_table import ADAPTERS, AUTO
from aggregator.errors import SourceError, StoreError
from aggregator.fetch.source import FetchContext, fetch_source, with_exact_hash
from aggregator.known_items import KnownItems
from aggregator.parse.task import ParseResult, concat, parse_task
from aggregator.run.article_pages import complete_items
from aggregator.run.host_queue import Wait
from aggregator.run.list_pages import follow_pages, list_page
from aggregator.run.page_fetcher import PageFetcher, RunContext, is_temporary
from aggregator.run.result import failure, host_of, postponement, success, with_safe_messages
from aggregator.run.source_search import SourceDocument, SourceSearch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch.source import Fetched
    from aggregator.model import Capture, Result, SourceState
    from aggregator.parse.task import ParseTask
    from aggregator.store import KnownArticle

logger = logging.getLogger(__name__)


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
    outcome = replace(result.outcome, ms=ms)
    return replace(result, outcome=with_safe_messages(outcome, context.secrets))


async def _run_source(
    source: Source, state: SourceState, context: RunContext, started: datetime, *, full: bool
) -> Result:
    search = SourceSearch(source, state, context, _fetch_context(context, started))
    document = None
    try:
        fetched = await _fetch_in_turn(source, state, context, started, full=full)
    except SourceError as error:
        document = await _find_platform_feed(search, error)
        fetched = document.fetched
    if isinstance(fetched, Wait):
        return postponement(source, state, fetched, started)

    pages = PageFetcher(source, context, started, full=full)
    listed = parsed = ParseResult()
    if fetched.captures:
        if document is None:
            try:
                document = await _read_document(search, fetched, full=full)
            except SourceError as error:
                failed = failure(source, state, error, started, context)
                return replace(failed, captures=_first_unread(state, fetched))
        fetched, parsed = document.fetched, document.parsed
        listed = parsed
        if parsed.page_requests or parsed.excerpts:
            # Any change of the document is an occasion to try pages again that failed.
            fetched = with_exact_hash(fetched)
        if parsed.page_requests or parsed.excerpts or parsed.next_urls:
            parsed = await _read_further_pages(pages, fetched, parsed, document.task)
    return success(source, fetched, parsed, pages, listed=listed)


async def _read_document(search: SourceSearch, fetched: Fetched, *, full: bool) -> SourceDocument:
    """Read what was fetched; a page that may be no list is searched for what to read instead."""
    async with _time_limit(search.context):
        if fetched.is_guessed_page:
            return await search.find_document(fetched)
        return await _parse(search.source, search.state, fetched, search.context, full=full)


def _first_unread(state: SourceState, fetched: Fetched) -> tuple[Capture, ...]:
    """Return what could not be read, to be looked at later, if what came before could be read."""
    if state.failures or state.last_success is None:
        return ()
    return fetched.captures


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


async def _find_platform_feed(search: SourceSearch, error: SourceError) -> SourceDocument:
    """Return the feed that a platform has for a page that cannot be fetched. Raises SourceError."""
    if search.source.adapter != AUTO or not search.is_first or is_temporary(error):
        raise error
    async with _time_limit(search.context):
        document = await search.find_platform_feed()
    if document is None:
        raise error
    return document


async def _fetch(
    source: Source, state: SourceState, context: RunContext, started: datetime, *, full: bool
) -> Fetched:
    async with _time_limit(context):
        return await fetch_source(source, state, _fetch_context(context, started), full=full)


def _fetch_context(context: RunContext, started: datetime) -> FetchContext:
    return FetchContext(
        context.fetcher,
        now=started,
        limit_bytes=context.limit_bytes,
        cache=context.preview_cache,
        max_files=context.max_files,
    )


async def _parse(
    source: Source, state: SourceState, fetched: Fetched, context: RunContext, *, full: bool
) -> SourceDocument:
    task = parse_task(source, fetched.adapter)
    if not full:
        task = replace(task, ignore_guids=state.by_url, has_excerpts=state.has_excerpts)
    to_read = task
    if ADAPTERS[task.adapter].is_feed and len(fetched.captures) == 1:
        # What may be wrong with a source is seen in all of its items.
        reads_all = full or bool(state.health.symptoms)
        known = KnownItems() if reads_all else await context.load_known_items(source.id)
        to_read = replace(task, known=known)
    return SourceDocument(fetched, task, await context.parse(fetched.captures, to_read))


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
    whole = await complete_items(pages, task, whole, known, shared_parts=fetched.state.shared_parts)
    if first.is_index:
        # A change of a list of lists says nothing about the lists: they are read at every poll.
        pages.has_more = True
        pages.has_unknown_items = None in known
    return replace(whole, hints=parsed.hints, title=parsed.title, feed=parsed.feed)


@asynccontextmanager
async def _time_limit(context: RunContext) -> AsyncIterator[None]:
    limit_seconds = context.time_limit.total_seconds()
    try:
        async with asyncio.timeout(limit_seconds):
            yield
    except TimeoutError as error:
        raise SourceError("timeout", f"not done within {limit_seconds:g} s: given up") from error


__all__ = ["RunContext", "run"]
