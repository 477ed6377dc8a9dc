"""The whole way of one source, top to bottom: fetch, adapt and normalize, and what the store is to commit.

    turn      a host that asked to be left alone is
    gather    the bytes that are new (or the finding that nothing is)
    digest    captures -> revisions; pure, in a process of its own
    Result    revisions, captures, state and outcome: one transaction, in the store's thread
    publish   only where something changed; the caller's matter

Rule: whatever happens to one source ends in one outcome and a next time; nothing it does reaches another source.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from aggregator import schedule
from aggregator.config import CARRIERS
from aggregator.digest import Digest, Job
from aggregator.errors import SourceError, StoreError
from aggregator.fetch.gather import MOVES_BEFORE_BELIEVED, gather
from aggregator.hosts import Wait
from aggregator.model import Hints, Outcome, Result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch import Fetcher
    from aggregator.fetch.gather import Gathered
    from aggregator.hosts import Hosts
    from aggregator.model import Capture, SourceState

logger = logging.getLogger(__name__)
DAY = timedelta(days=1)
FAILURES_OF_A_MOVE = 3  # in a row: then the configured address is asked again instead of the one it moved to
UNREAD = "more files to read"
_NOT_THERE = frozenset({404, 410})


class Digester(Protocol):
    """Whatever runs `digest.digest`: this process, or one that may be killed."""

    def __call__(self, captures: Sequence[Capture], job: Job) -> Awaitable[Digest]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the way needs beyond its source.

    `limit_bytes` bounds one file of a folder, `limit` the time of one run once it is its turn.
    """

    fetcher: Fetcher
    digest: Digester
    hosts: Hosts
    clock: Callable[[], datetime]
    limit_bytes: int
    limit: timedelta


async def run(source: Source, state: SourceState, parts: Parts, *, full: bool = False) -> Result:
    """Take one source its whole way. Raises StoreError, and nothing else but for cancellation."""
    started, watch = parts.clock(), perf_counter()
    try:
        result = await _way(source, state, parts, started, full=full)
    except StoreError:
        raise
    except SourceError as error:
        result = _failed(source, state, error, started, parts)
    except Exception as error:  # an unforeseen failure of ours must not end the daemon, nor pass unseen
        logger.exception("%s: unforeseen failure", source.id)
        unforeseen = SourceError("internal", f"unforeseen: {type(error).__name__}: {error}")
        result = _failed(source, state, unforeseen, started, parts)
    ms = round((perf_counter() - watch) * 1000)
    return replace(result, outcome=replace(result.outcome, ms=ms))


def job_of(source: Source, carrier: str) -> Job:
    """What the pure middle needs to know of a source."""
    site = source.adapter if source.adapter not in CARRIERS else None
    return Job(
        source.id, carrier, site=site, timezone=source.timezone, timezone_stated="timezone" in source.stated,
        language=source.language, tags=source.tags,
    )  # fmt: skip


async def _way(source: Source, state: SourceState, parts: Parts, started: datetime, *, full: bool) -> Result:
    gathered = await _gathered(source, state, parts, started, full=full)
    if isinstance(gathered, Wait):
        return _postponed(source, state, gathered, started)
    digest = Digest()
    if gathered.captures:
        async with _limited(parts):
            digest = await parts.digest(gathered.captures, job_of(source, gathered.carrier))
    return _succeeded(source, gathered, digest, started, parts)


async def _gathered(
    source: Source, state: SourceState, parts: Parts, started: datetime, *, full: bool
) -> Gathered | Wait:
    async def ask() -> Gathered:
        async with _limited(parts):
            return await gather(source, state, parts.fetcher, now=started, full=full, limit_bytes=parts.limit_bytes)

    host = _host(source, state, parts)
    if host is None:
        return await ask()
    async with parts.hosts.turn(host) as wait:
        if wait is not None:
            return wait
        try:
            return await ask()
        except SourceError as error:
            if error.retry_after:
                parts.hosts.told(host, error.retry_after)
            raise


def _succeeded(source: Source, gathered: Gathered, digest: Digest, started: datetime, parts: Parts) -> Result:
    rejected = (*gathered.rejected, *digest.rejected)
    unchanged = not gathered.captures and not rejected
    due = _next(source, gathered, digest, parts.clock())
    state = replace(
        gathered.state, next_fetch_at=due.at or started, reason=due.reason, not_before=due.not_before,
        hints=_document_hints(gathered, digest), failures=0, gone=False, last_run=started, last_success=started,
    )  # fmt: skip
    outcome = Outcome(
        source.id, started, 0, "unchanged" if unchanged else "ok", found=len(digest.revisions) + len(rejected),
        rejected=rejected, notes=(*gathered.notes, *digest.notes), http_status=gathered.http_status,
        size_bytes=gathered.size_bytes,
    )  # fmt: skip
    return Result(
        state, outcome, captures=gathered.captures, revisions=digest.revisions,
        keep_sightings=source.path is not None, shares=digest.shares,
    )  # fmt: skip


def _postponed(source: Source, state: SourceState, wait: Wait, started: datetime) -> Result:
    """Leave a source unasked: nothing is known but when to come back."""
    not_before = wait.until if wait.asked_for else state.not_before
    state = replace(state, next_fetch_at=wait.until, reason=wait.reason, not_before=not_before)
    return Result(state, Outcome(source.id, started, 0, "unchanged", notes=(f"not asked: {wait.reason}",)))


def _failed(source: Source, state: SourceState, error: SourceError, started: datetime, parts: Parts) -> Result:
    failures = state.failures + 1
    moved = _move_is_over(state, error, failures)
    kind = "http" if moved and error.kind == "gone" else error.kind  # where it moved to is gone, the source may be not
    due = schedule.next_fetch(
        source.id, now=parts.clock(), every=source.every, every_stated=source.every_stated,
        has_validators=state.validators is not None if state.last_success else None,
        hints=Hints(retry_after=error.retry_after), failures=failures, error=kind, least=_least(source),
    )  # fmt: skip
    host = _host(source, state, parts) if due.not_before else None
    waits = {host: due.not_before} if host and due.not_before else {}
    state = replace(
        state, next_fetch_at=due.at or started + DAY, reason=due.reason, not_before=due.not_before, failures=failures,
        gone=kind == "gone", last_run=started,
    )  # fmt: skip
    if moved:
        state = replace(state, moved_to=None, moved_seen=0)
    outcome = Outcome(source.id, started, 0, "failed", http_status=error.status, error=error.kind, message=str(error))
    return Result(state, outcome, host_waits=waits)


def _move_is_over(state: SourceState, error: SourceError, failures: int) -> bool:
    """Tell whether to forget where a source moved to: nothing is there, or nothing has worked there for long."""
    return state.moved_to is not None and (error.status in _NOT_THERE or failures >= FAILURES_OF_A_MOVE)


def _next(source: Source, gathered: Gathered, digest: Digest, now: datetime) -> schedule.Due:
    if gathered.more:
        return schedule.Due(at=now, reason=UNREAD)
    said = _document_hints(gathered, digest)
    hints = replace(said, max_age=gathered.hints.max_age, retry_after=gathered.hints.retry_after)
    of_folder = source.path is not None
    return schedule.next_fetch(
        source.id, now=now, every=source.every, every_stated=source.every_stated or of_folder,
        has_validators=gathered.state.validators is not None or of_folder, hints=hints, least=_least(source),
    )  # fmt: skip


def _document_hints(gathered: Gathered, digest: Digest) -> Hints:
    """What the last document asks: this run's, or the one that a 304 or the same bytes tell us to keep."""
    return digest.hints if gathered.captures else gathered.state.hints


def _least(source: Source) -> timedelta:
    """A folder is nobody else's machine: it may be looked at as often as its owner likes."""
    return timedelta(0) if source.path is not None else schedule.LEAST


def _host(source: Source, state: SourceState, parts: Parts) -> str | None:
    """Name the host that is asked; None for a folder. Raises SourceError where the address has none."""
    if source.url is None:
        return None
    believed = state.moved_seen >= MOVES_BEFORE_BELIEVED
    return parts.fetcher.group(state.moved_to if believed and state.moved_to else source.url)


@asynccontextmanager
async def _limited(parts: Parts) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(parts.limit.total_seconds()):
            yield
    except TimeoutError as error:
        raise SourceError("timeout", f"not done within {parts.limit.total_seconds():g} s: given up") from error
