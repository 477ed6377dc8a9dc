"""Builds the result of a run: its outcome, the source's next state, and when it is due again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zlib import crc32

from aggregator import schedule
from aggregator.adapter_table import AUTO
from aggregator.escapes import escape_unseen
from aggregator.fetch.source import url_to_fetch
from aggregator.health.figures import measure
from aggregator.model import Outcome, PollingHints, Result

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.errors import SourceError
    from aggregator.fetch.source import Fetched
    from aggregator.model import SourceState
    from aggregator.parse.task import ParseResult
    from aggregator.redaction import Secrets
    from aggregator.run.host_queue import Wait
    from aggregator.run.page_fetcher import PageFetcher, RunContext
    from aggregator.source_health import RunFigures

DAY = timedelta(days=1)
# In a row: then the configured URL is fetched again instead of the one that the source moved to.
FAILURES_OF_A_MOVE = 3
UNREAD_REASON = "more files to read"
_NOT_THERE = frozenset({404, 410})
NO_LIST_ERRORS = frozenset({"no-items", "parse"})


def success(
    source: Source,
    fetched: Fetched,
    parsed: ParseResult,
    pages: PageFetcher,
    *,
    listed: ParseResult | None = None,
) -> Result:
    """Return the result of a run in which the source was fetched.

    `listed` is what its first document lists, before articles' own pages are read.
    """
    outcome = _outcome_of_success(source, fetched, parsed, pages)
    if fetched.captures and source.path is None and _were_all_read(listed or parsed):
        figures = _measure(source, fetched, listed or parsed, parsed)
        outcome = replace(outcome, figures=figures)
    return Result(
        _state_after_success(source, fetched, parsed, pages),
        outcome,
        captures=(*fetched.captures, *pages.captures),
        revisions=parsed.revisions,
        keep_sightings=source.path is not None,
        host_waits=pages.waits,
        shares=_shares(fetched, parsed, pages),
        is_complete=not fetched.has_more,
        rejections=parsed.rejected,
        declined=parsed.declined,
    )


def postponement(source: Source, state: SourceState, wait: Wait, started: datetime) -> Result:
    """Return the result of a run that made no request: nothing is known but when to come back."""
    not_before = wait.until if wait.by_server else state.not_before
    state = replace(state, next_fetch_at=wait.until, reason=wait.reason, not_before=not_before)
    notes = (f"not asked: {wait.reason}",)
    return Result(state, Outcome(source.id, started, 0, "unchanged", notes=notes))


def failure(
    source: Source,
    state: SourceState,
    error: SourceError,
    started: datetime,
    context: RunContext,
) -> Result:
    """Return the result of a run in which the source could not be fetched or read."""
    failures = state.failures + 1
    leaves_move = _leaves_move(source, state, error, failures)
    kind = error.kind
    if leaves_move and kind == "gone":
        kind = "http"  # where it moved to is gone, the source itself may not be

    has_validators = None
    if state.last_success:
        has_validators = state.validators is not None
    next_fetch = schedule.next_fetch(
        source.id,
        now=context.clock(),
        every=source.every,
        is_every_explicit=source.is_every_explicit,
        has_validators=has_validators,
        last_change=state.last_change,
        hints=PollingHints(retry_after=error.retry_after),
        failures=failures,
        error=kind,
        min_interval=_min_interval(source),
    )
    host_waits = {}
    if error.url:
        host = context.fetcher.host_group(error.url)
        until = context.hosts.wait_of(host)
        if until is not None:
            host_waits[host] = until

    if leaves_move:
        state = _forget_move(state)
    state = replace(
        state,
        next_fetch_at=next_fetch.at or started + DAY,
        reason=next_fetch.reason,
        not_before=next_fetch.not_before,
        failures=failures,
        gone=kind == "gone",
        last_run=started,
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
    return Result(state, outcome, host_waits=host_waits)


def with_safe_messages(outcome: Outcome, secrets: Secrets) -> Outcome:
    """Return the outcome with messages of one line each, without secrets.

    They quote names of files, ids and URLs that others chose.
    """

    def clean(message: str) -> str:
        return escape_unseen(secrets.hide(message))

    return replace(
        outcome,
        message=None if outcome.message is None else clean(outcome.message),
        notes=tuple(map(clean, outcome.notes)),
        rejected=tuple(map(clean, outcome.rejected)),
    )


def host_of(source: Source, state: SourceState, context: RunContext) -> str | None:
    """Return the host that a run of the source makes its first request to; None for a folder.

    Raises:
        SourceError: the source's URL has no host.
    """
    if source.url is None:
        return None
    return context.fetcher.host_group(url_to_fetch(source, state))


def _outcome_of_success(
    source: Source, fetched: Fetched, parsed: ParseResult, pages: PageFetcher
) -> Outcome:
    rejected = (*fetched.rejected, *map(str, parsed.rejected))
    notes = [*fetched.notes, *parsed.notes]
    if parsed.filtered:
        items = "item" if parsed.filtered == 1 else "items"
        notes.append(f"{parsed.filtered} {items} left out by filters")
    size_bytes = None
    if fetched.size_bytes is not None:
        size_bytes = fetched.size_bytes + pages.size_bytes

    return Outcome(
        source.id,
        pages.started,
        0,
        "ok" if fetched.captures or rejected else "unchanged",
        found=len(parsed.revisions) + len(rejected) + parsed.filtered,
        rejected=rejected,
        notes=tuple(notes),
        http_status=fetched.http_status,
        size_bytes=size_bytes,
    )


def _were_all_read(listed: ParseResult) -> bool:
    """Tell whether no item was left unread because it is known."""
    markups = [revision.read for revision in listed.revisions if revision.read is not None]
    return all(markup.known_as is None for markup in markups)


def _measure(
    source: Source, fetched: Fetched, listed: ParseResult, complete: ParseResult
) -> RunFigures:
    rules = (source.adapter, source.timezone, source.own_rules)
    return measure(
        listed.revisions,
        found=listed.item_count,
        adapter=fetched.adapter,
        rules=crc32(repr(rules).encode()),
        complete=complete.revisions,
    )


def _state_after_success(
    source: Source, fetched: Fetched, parsed: ParseResult, pages: PageFetcher
) -> SourceState:
    state = fetched.state
    # A 304 and unchanged bytes say nothing of what the last document asked for and had.
    hints, by_url, feed = state.hints, state.by_url, state.feed
    if fetched.captures:
        hints, by_url, feed = parsed.hints, parsed.ignore_guids, parsed.feed
    last_change = state.last_change
    if fetched.changed or pages.has_unknown_items or last_change is None:
        last_change = pages.started

    next_fetch = _next_fetch(source, fetched, hints, pages.context.clock(), last_change=last_change)
    return replace(
        state,
        read_again=state.read_again or pages.has_more,
        next_fetch_at=next_fetch.at or pages.started,
        reason=next_fetch.reason,
        not_before=next_fetch.not_before,
        hints=hints,
        failures=0,
        gone=False,
        last_run=pages.started,
        last_success=pages.started,
        last_change=last_change,
        by_url=by_url,
        has_excerpts=_has_excerpts(state, parsed),
        shared_parts=parsed.shared_parts or state.shared_parts,
        feed=feed,
    )


def _has_excerpts(state: SourceState, parsed: ParseResult) -> bool | None:
    """Return what this run found out of the feed's items, else what was known before."""
    if parsed.has_excerpts is None:
        return state.has_excerpts
    return parsed.has_excerpts


def _shares(fetched: Fetched, parsed: ParseResult, pages: PageFetcher) -> tuple[int, ...]:
    """Return how many revisions each capture brought, () if further pages make that unknown."""
    if pages.captures or len(parsed.revisions_per_capture) != len(fetched.captures):
        return ()
    return parsed.revisions_per_capture


def _next_fetch(
    source: Source, fetched: Fetched, hints: PollingHints, now: datetime, *, last_change: datetime
) -> schedule.NextFetch:
    if fetched.has_more:
        return schedule.NextFetch(at=now, reason=UNREAD_REASON)
    is_folder = source.path is not None
    response_hints = fetched.hints
    return schedule.next_fetch(
        source.id,
        now=now,
        every=source.every,
        is_every_explicit=source.is_every_explicit or is_folder,
        has_validators=fetched.state.validators is not None or is_folder,
        last_change=last_change,
        hints=replace(
            hints, max_age=response_hints.max_age, retry_after=response_hints.retry_after
        ),
        min_interval=_min_interval(source),
    )


def _min_interval(source: Source) -> timedelta:
    """Return the least interval: a folder is the user's own and may be read as often as wished."""
    if source.path is not None:
        return timedelta(0)
    return schedule.MIN_INTERVAL


def _leaves_move(source: Source, state: SourceState, error: SourceError, failures: int) -> bool:
    """Tell whether to forget where a source moved to, or what a search chose to read.

    It is forgotten if nothing is there, or if it has failed for long.
    """
    if state.moved_to is None and state.discovered_feed is None:
        return _is_lost_list(source, state, error) and failures >= FAILURES_OF_A_MOVE
    return error.status in _NOT_THERE or failures >= FAILURES_OF_A_MOVE


def _is_lost_list(source: Source, state: SourceState, error: SourceError) -> bool:
    """Tell whether a page that a search chose lists no articles any more."""
    is_chosen = source.adapter == AUTO and not source.items
    return is_chosen and state.detected_adapter == "page" and error.kind in NO_LIST_ERRORS


def _forget_move(state: SourceState) -> SourceState:
    detected_adapter = state.detected_adapter
    if state.discovered_feed is not None or state.moved_to is None:
        detected_adapter = None  # so that the page is searched again
    return replace(
        state,
        moved_to=None,
        moved_seen=0,
        discovered_feed=None,
        detected_adapter=detected_adapter,
    )
