"""Decides when a source is due next; pure, the current time is an argument.

The configuration, the server and failures set minimum waits; the longest one counts, and
spreading only adds to it. A failing source is polled less and less often, down to once a
day, until 410 Gone ends it. A source without validators is polled less often while its
bytes stay the same; a change brings it back to its interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from aggregator.model import NO_HINTS, PollingHints

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.errors import ErrorClass

MIN_INTERVAL = timedelta(minutes=5)  # for servers; folders have none
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)  # the maximum of hints, backoff and longer intervals
UNCHANGED_TIME_DIVISOR = 3  # wait a third of the time without a change: 24 h after three days
MAX_RETRY_AFTER = timedelta(days=31)
# Of a whole host, where several of its URLs ask for it.
MAX_HOST_WAIT = timedelta(hours=6)
RETRY_AFTER_REASON = "Retry-After"  # the server asked to wait
BACKOFF_FACTOR = 1.8
_SPREAD_DIVISOR = 10  # polls are up to a tenth of their wait late, so that they spread
_MAX_SPREAD = DAY / _SPREAD_DIVISOR
_MAX_SPREAD_AFTER_SKIP = timedelta(minutes=30)  # less than an hour, or it could be skipped again
_MAX_UNSPREAD_STARTS = 50  # so many new sources are polled at once
_STARTS_PER_SECOND = 20
_MAX_START_SPREAD = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class NextFetch:
    """When to fetch next, and the reason in words; `at` is None for never (410 Gone).

    `not_before` holds for forced runs too: the server asked for it (Retry-After).
    """

    at: datetime | None
    reason: str
    not_before: datetime | None = None


def next_fetch(
    source: str,
    *,
    now: datetime,
    every: timedelta,
    is_every_explicit: bool,
    has_validators: bool | None,
    last_change: datetime | None = None,
    hints: PollingHints = NO_HINTS,
    failures: int = 0,
    error: ErrorClass | None = None,
    min_interval: timedelta = MIN_INTERVAL,
) -> NextFetch:
    """Decide when the source with this id is due again after a run that ended at `now`.

    `every` is the source's interval, `is_every_explicit` whether the user configured
    it. `has_validators` is None if the server has never answered. `last_change` is when
    its bytes last changed, None if unknown. `hints` are those of the response, or have
    the error's `retry_after`. `failures` counts the failed runs in a row with this one,
    `error` is that of this run. `min_interval` is the minimum of `every`, zero for a
    folder.

    Source of the rules: miniflux, Feedbin and lemon24/reader; RFC 9110 §10.2.3, RFC 9111 §5.2.2.1, RSS 2.0 ttl.
    """
    if error == "gone":
        return NextFetch(at=None, reason="410 Gone")
    interval = _MinimumWait(max(every, min_interval), describe_interval(max(every, min_interval)))
    if has_validators is False and last_change is not None and not is_every_explicit:
        interval = _lengthen_interval(interval, now - last_change)

    waits = _minimum_waits(interval, is_every_explicit, hints, failures)
    longest = max(waits, key=lambda longest: longest.wait)
    at = now + longest.wait + _spread_delay(source, longest.wait)
    reason = longest.reason
    if not is_every_explicit:
        allowed = _next_allowed_time(at, hints)
        if allowed != at:
            at = allowed + _stable_offset(source, _MAX_SPREAD_AFTER_SKIP)
            reason = "skipHours" if hints.skip_hours else "skipDays"

    not_before = None
    asked = _capped_retry_after(hints)
    if asked is not None:
        not_before = now + asked
    return NextFetch(at=at, reason=reason, not_before=not_before)


def first_poll_time(source: str, *, now: datetime, new_sources: int) -> datetime:
    """Return when a new source is polled first: now, or spread over minutes if there are many new ones."""
    if new_sources <= _MAX_UNSPREAD_STARTS:
        return now
    return now + _stable_offset(
        source, min(timedelta(seconds=new_sources / _STARTS_PER_SECOND), _MAX_START_SPREAD)
    )


@dataclass(frozen=True, slots=True)
class _MinimumWait:
    wait: timedelta
    reason: str


def _minimum_waits(
    interval: _MinimumWait, is_every_explicit: bool, hints: PollingHints, failures: int
) -> list[_MinimumWait]:
    """List all minimum waits; of equal ones, the first gives the reason."""
    waits = [interval]
    if hints.max_age:
        waits.append(_MinimumWait(min(hints.max_age, DAY), "max-age"))
    if hints.ttl and not is_every_explicit:
        waits.append(_MinimumWait(min(hints.ttl, DAY), "ttl"))
    if (asked := _capped_retry_after(hints)) is not None:
        waits.append(_MinimumWait(asked, RETRY_AFTER_REASON))
    elif failures:
        waits.append(
            _MinimumWait(_backoff_wait(interval.wait, failures), _failures_reason(failures))
        )
    return waits


def _lengthen_interval(interval: _MinimumWait, quiet: timedelta) -> _MinimumWait:
    """Lengthen the interval of a source whose server sends everything each time.

    It grows in whole hours with `quiet`, the time without a change. The number of polls
    makes no difference.
    """
    wait = min(quiet // (UNCHANGED_TIME_DIVISOR * HOUR) * HOUR, DAY)
    if wait <= interval.wait:
        return interval
    reason = (
        f"the server sends no validators and nothing changed for {_describe_unchanged_time(quiet)}"
    )
    return _MinimumWait(wait, f"{describe_interval(wait)}: {reason}")


def _describe_unchanged_time(span: timedelta) -> str:
    """Format the time without a change in hours, from two days on in days."""
    hours = span // HOUR
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def describe_interval(interval: timedelta) -> str:
    """Describe an interval as a reason: `every 1 h`."""
    return f"every {_describe_duration(interval)}"


def cap_retry_after(wait: timedelta) -> timedelta:
    """Return for how long a Retry-After is obeyed."""
    return min(wait, MAX_RETRY_AFTER)


def _capped_retry_after(hints: PollingHints) -> timedelta | None:
    if not hints.retry_after:  # also for 0, which asks for nothing
        return None
    return cap_retry_after(hints.retry_after)


def _backoff_wait(interval: timedelta, failures: int) -> timedelta:
    factor = BACKOFF_FACTOR ** min(
        failures, 64
    )  # 1.8^64 is beyond any interval, 1.8^2000 beyond a float
    return DAY if factor >= DAY / max(interval, timedelta(seconds=1)) else interval * factor


def _failures_reason(count: int) -> str:
    return "1 failure" if count == 1 else f"{count} failures in a row"


def _spread_delay(source: str, wait: timedelta) -> timedelta:
    """Return a delay that gives each source its own period.

    Sources that are polled at the same time, for instance after a restart, drift apart
    within ten waits.
    """
    return _stable_offset(source, min(wait / _SPREAD_DIVISOR, _MAX_SPREAD))


def _stable_offset(source: str, span: timedelta) -> timedelta:
    """Return an offset within a span that is always the same part of it for the same source."""
    part = int.from_bytes(blake2b(source.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    return span * (part % 1_000_000) / 1_000_000


def _next_allowed_time(at: datetime, hints: PollingHints) -> datetime:
    """Return the start of the next hour (UTC) that is not skipped; hints that skip all hours are ignored."""
    hours, days = set(hints.skip_hours), set(hints.skip_days)
    hour = at
    for _ in range(24 * 7):
        if hour.hour not in hours and hour.weekday() not in days:
            return hour
        hour = hour.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def _describe_duration(span: timedelta) -> str:
    """Format a duration: `15 min`, `1 h 30 min`, `45 s`, `7 d`."""
    seconds = round(span.total_seconds())
    days, rest = divmod(seconds, 86_400)
    if days > 1 and rest == 0:
        return f"{days} d"
    if seconds == 0:
        return "0 s"

    counts = {"h": seconds // 3600, "min": seconds % 3600 // 60, "s": seconds % 60}
    parts = [f"{count} {unit}" for unit, count in counts.items() if count]
    return " ".join(parts)
