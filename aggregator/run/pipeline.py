"""The whole way of one source, top to bottom: fetch, adapt and normalize, and what the store is to commit.

    turn      a host that asked to be left alone is
    gather    the bytes that are new (or the finding that nothing is)
    digest    captures -> revisions; pure, in a process of its own
    follow    a list's further pages, as long as they bring what is unknown
    complete  what is new, by the articles' own pages where those are wanted
    Result    revisions, captures, state and outcome: one transaction, in the store's thread
    publish   only where something changed; the caller's matter

Rule: whatever happens to one source ends in one outcome and a next time; nothing it does reaches another source.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from aggregator import schedule
from aggregator.adapter_table import DISCOVERY
from aggregator.errors import SourceError, StoreError
from aggregator.fetch.source import FetchContext, fetch_source, url_to_fetch
from aggregator.model import Hints, Outcome, Result
from aggregator.parse.task import ParseResult, ParseTask, concat, parse_task
from aggregator.run.article_pages import complete_items
from aggregator.run.host_queue import Wait
from aggregator.run.list_pages import follow_pages, list_page
from aggregator.run.page_fetcher import PageFetcher, RunContext, redact_query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch.source import Fetched
    from aggregator.model import Capture, SourceState

logger = logging.getLogger(__name__)
DAY = timedelta(days=1)
FAILURES_OF_A_MOVE = (
    3  # in a row: then the configured address is asked again instead of the one it moved to
)
UNREAD_REASON = "more files to read"
LEAST_ITEMS = 3  # of a page that nobody said to be a list of articles
_NOT_THERE = frozenset({404, 410})


async def run(
    source: Source, state: SourceState, parts: RunContext, *, full: bool = False
) -> Result:
    """Take one source its whole way. Raises StoreError, and nothing else but for cancellation."""
    started, watch = parts.clock(), perf_counter()
    try:
        result = await _run_source(source, state, parts, started, full=full)
    except StoreError:
        raise
    except SourceError as error:
        result = _failure(source, state, error, started, parts)
    except (
        Exception
    ) as error:  # an unforeseen failure of ours must not end the daemon, nor pass unseen
        logger.exception("%s: unforeseen failure", source.id)
        unforeseen = SourceError("internal", f"unforeseen: {type(error).__name__}: {error}")
        result = _failure(source, state, unforeseen, started, parts)
    ms = round((perf_counter() - watch) * 1000)
    return replace(result, outcome=replace(result.outcome, ms=ms))


async def _run_source(
    source: Source, state: SourceState, parts: RunContext, started: datetime, *, full: bool
) -> Result:
    gathered = await _fetch(source, state, parts, started, full=full)
    if isinstance(gathered, Wait):
        return _postponement(source, state, gathered, started)
    visit, digest = PageFetcher(source, parts, started, full=full), ParseResult()
    if gathered.captures:
        job = replace(parse_task(source, gathered.adapter), ignore_guids=state.by_url and not full)
        digest = await _parse_fetched(gathered, job, parts)
        if digest.page_requests or digest.next_urls:
            digest = await _read_on(visit, gathered, digest, job)
    return _success(source, gathered, digest, visit)


async def _parse_fetched(gathered: Fetched, job: ParseTask, parts: RunContext) -> ParseResult:
    """Digest what came. Raises SourceError, also for a page that nobody said to be a list, and that is none."""
    try:
        async with _time_limit(parts):
            digest = await parts.parse(gathered.captures, job)
    except SourceError as error:
        if not gathered.is_guessed_page or error.kind not in ("no-items", "parse"):
            raise
        raise _no_list_error(gathered, str(error)) from error
    count = len(digest.revisions) + digest.filtered
    if gathered.is_guessed_page and count < LEAST_ITEMS:
        raise _no_list_error(gathered, f"only {count} of its links look like articles")
    return digest


def _no_list_error(gathered: Fetched, reason: str) -> SourceError:
    advice = "give the address of its feed, or say `adapter: page` with `items` and `fields`"
    page = redact_query(gathered.captures[0].url)
    return SourceError("not-a-feed", f"{page} is a page that names no feed, and {reason}; {advice}")


async def _read_on(
    visit: PageFetcher, gathered: Fetched, digest: ParseResult, job: ParseTask
) -> ParseResult:
    """Read what the document itself does not say: further pages of the list, and the articles' own."""
    leaves = [list_page(digest, await visit.context.find_known(digest.revisions))]
    if visit.context.follow or leaves[0].is_index:
        leaves = await follow_pages(visit, job, leaves[0], url=gathered.captures[-1].url)
    whole = concat([leaf.result for leaf in leaves])
    whole = await complete_items(
        visit, job, whole, [known for leaf in leaves for known in leaf.known]
    )
    if leaves[0].is_index:  # a list of lists says by its own change nothing of theirs
        visit.has_more = True
        visit.has_unknown_items = any(known is None for leaf in leaves for known in leaf.known)
    return replace(whole, hints=digest.hints, title=digest.title)


async def _fetch(
    source: Source, state: SourceState, parts: RunContext, started: datetime, *, full: bool
) -> Fetched | Wait:
    async def ask() -> Fetched:
        async with _time_limit(parts):
            context = FetchContext(
                parts.fetcher,
                find_feed=partial(_find_feed, source, parts),
                now=started,
                limit_bytes=parts.limit_bytes,
                remembered=parts.preview_cache,
            )
            return await fetch_source(source, state, context, full=full)

    host = _host(source, state, parts)
    if host is None:
        return await ask()
    async with parts.hosts.slot(host) as wait:
        if wait is not None:
            return wait
        try:
            return await ask()
        except SourceError as error:
            if error.retry_after:
                parts.hosts.set_retry_after(host, error.retry_after)
            raise


async def _find_feed(source: Source, parts: RunContext, page: Capture) -> str | None:
    """Return the URL of the best feed that a page names; a parser process reads the page."""
    digest = await parts.parse([page], ParseTask(source.id, DISCOVERY))
    if not digest.next_urls:
        return None
    return digest.next_urls[0]


def _success(source: Source, gathered: Fetched, digest: ParseResult, visit: PageFetcher) -> Result:
    started, rejected = visit.started, (*gathered.rejected, *digest.rejected)
    unchanged = not gathered.captures and not rejected
    last_change = gathered.state.last_change
    if gathered.changed or visit.has_unknown_items or last_change is None:
        last_change = started
    due = _next_fetch(source, gathered, digest, visit.context.clock(), last_change=last_change)
    state = replace(
        replace(gathered.state, read_again=True) if visit.has_more else gathered.state,
        next_fetch_at=due.at or started,
        reason=due.reason,
        not_before=due.not_before,
        hints=_document_hints(gathered, digest),
        failures=0,
        gone=False,
        last_run=started,
        last_success=started,
        last_change=last_change,
        by_url=digest.ignore_guids if gathered.captures else gathered.state.by_url,
    )
    outcome = Outcome(
        source.id,
        started,
        0,
        "unchanged" if unchanged else "ok",
        found=len(digest.revisions) + len(rejected) + digest.filtered,
        rejected=rejected,
        notes=(*gathered.notes, *digest.notes, *_filter_note(digest)),
        http_status=gathered.http_status,
        size_bytes=None if gathered.size_bytes is None else gathered.size_bytes + visit.size_bytes,
    )
    return Result(
        state,
        outcome,
        captures=(*gathered.captures, *visit.captures),
        revisions=digest.revisions,
        keep_sightings=source.path is not None,
        host_waits=visit.waits,
        shares=digest.revisions_per_capture
        if len(digest.revisions_per_capture) == len(gathered.captures) and not visit.captures
        else (),
        complete=not gathered.has_more,
    )


def _filter_note(digest: ParseResult) -> tuple[str, ...]:
    count = digest.filtered
    return (f"{count} {'item' if count == 1 else 'items'} left out by filters",) if count else ()


def _postponement(source: Source, state: SourceState, wait: Wait, started: datetime) -> Result:
    """Leave a source unasked: nothing is known but when to come back."""
    not_before = wait.until if wait.by_server else state.not_before
    state = replace(state, next_fetch_at=wait.until, reason=wait.reason, not_before=not_before)
    return Result(
        state, Outcome(source.id, started, 0, "unchanged", notes=(f"not asked: {wait.reason}",))
    )


def _failure(
    source: Source, state: SourceState, error: SourceError, started: datetime, parts: RunContext
) -> Result:
    failures = state.failures + 1
    moved = _move_is_over(state, error, failures)
    kind = (
        "http" if moved and error.kind == "gone" else error.kind
    )  # where it moved to is gone, the source may be not
    due = schedule.next_fetch(
        source.id,
        now=parts.clock(),
        every=source.every,
        every_stated=source.every_stated,
        has_validators=state.validators is not None if state.last_success else None,
        last_change=state.last_change,
        hints=Hints(retry_after=error.retry_after),
        failures=failures,
        error=kind,
        least=_min_interval(source),
    )
    host = _host(source, state, parts) if due.not_before else None
    waits = {host: due.not_before} if host and due.not_before else {}
    state = replace(
        state,
        next_fetch_at=due.at or started + DAY,
        reason=due.reason,
        not_before=due.not_before,
        failures=failures,
        gone=kind == "gone",
        last_run=started,
    )
    if moved:
        # What the page names now is searched again: its feed may have a new address.
        state = replace(
            state,
            moved_to=None,
            moved_seen=0,
            discovered_feed=None,
            detected_adapter=None if state.discovered_feed else state.detected_adapter,
        )
    outcome = Outcome(
        source.id,
        started,
        0,
        "failed",
        http_status=error.status,
        error=error.kind,
        message=str(error),
    )
    return Result(state, outcome, host_waits=waits)


def _move_is_over(state: SourceState, error: SourceError, failures: int) -> bool:
    """Tell whether to forget where a source moved to: nothing is there, or nothing has worked there for long."""
    if state.moved_to is None and state.discovered_feed is None:
        return False
    return error.status in _NOT_THERE or failures >= FAILURES_OF_A_MOVE


def _next_fetch(
    source: Source, gathered: Fetched, digest: ParseResult, now: datetime, *, last_change: datetime
) -> schedule.Due:
    if gathered.has_more:
        return schedule.Due(at=now, reason=UNREAD_REASON)
    said = _document_hints(gathered, digest)
    hints = replace(said, max_age=gathered.hints.max_age, retry_after=gathered.hints.retry_after)
    of_folder = source.path is not None
    return schedule.next_fetch(
        source.id,
        now=now,
        every=source.every,
        every_stated=source.every_stated or of_folder,
        has_validators=gathered.state.validators is not None or of_folder,
        last_change=last_change,
        hints=hints,
        least=_min_interval(source),
    )


def _document_hints(gathered: Fetched, digest: ParseResult) -> Hints:
    """What the last document asks: this run's, or the one that a 304 or the same bytes tell us to keep."""
    return digest.hints if gathered.captures else gathered.state.hints


def _min_interval(source: Source) -> timedelta:
    """A folder is nobody else's machine: it may be looked at as often as its owner likes."""
    return timedelta(0) if source.path is not None else schedule.LEAST


def _host(source: Source, state: SourceState, parts: RunContext) -> str | None:
    """Name the host that is asked; None for a folder. Raises SourceError where the address has none."""
    if source.url is None:
        return None
    return parts.fetcher.host_group(url_to_fetch(source, state))


@asynccontextmanager
async def _time_limit(parts: RunContext) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(parts.limit.total_seconds()):
            yield
    except TimeoutError as error:
        raise SourceError(
            "timeout", f"not done within {parts.limit.total_seconds():g} s: given up"
        ) from error


__all__ = ["RunContext", "run"]
