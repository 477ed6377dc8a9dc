"""When a source is due: pure decisions, the present is an argument.

Rule: what the user, the server or a failure asks for is a floor; whatever spreads the polls only ever adds to it. A
failing source is asked ever more seldom, down to once a day, and never given up; only 410 Gone ends it. So is a source
whose server sends no validators, as long as its bytes stay the same; a change brings it back to its interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from aggregator.model import PollingHints

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.errors import ErrorClass

NO_HINTS = PollingHints()
LEAST = timedelta(minutes=5)  # what a user may ask a stranger's server for
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)  # no hint, no back-off and no drift is longer
DRIFT = 3  # a third of the time that nothing has changed for: 24 h are reached after three days
LONGEST_RETRY_AFTER = timedelta(days=31)
RETRY_AFTER = "Retry-After"  # the reason of a wait that the server asked for
BACK_OFF = 1.8
_LATE_PART = 10  # polls may be up to a tenth of their wait late, so that they spread
_LATEST = DAY / _LATE_PART
_LATEST_AFTER_SKIPPED = timedelta(minutes=30)  # or a skipped hour could come again before it
_AT_ONCE = 50  # that many new sources are polled without spreading
_STARTS_A_SECOND = 20
_LONGEST_START = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Due:
    """When to ask next and why, in words; `at` is None where never again (410 Gone).

    Before `not_before` not even a forced run may ask: the server said so (Retry-After); None where it did not.
    """

    at: datetime | None
    reason: str
    not_before: datetime | None = None


def next_fetch(
    source: str,
    *,
    now: datetime,
    every: timedelta,
    every_stated: bool,
    has_validators: bool | None,
    last_change: datetime | None = None,
    hints: PollingHints = NO_HINTS,
    failures: int = 0,
    error: ErrorClass | None = None,
    least: timedelta = LEAST,
) -> Due:
    """Decide when `source` (its id) is due again, once its run has ended at `now`.

    `every` is the interval of its config; `every_stated` tells that the user wrote it. `has_validators` is None where
    the server has never answered; `last_change` is when other bytes came than before, None where that is not known.
    `hints` are those of the answer, or hold the error's `retry_after`. `failures` counts the failed runs in a row, this
    one included; `error` is this run's, None where it went well. `least` is the shortest interval a user may state:
    zero for what is no one else's, such as a folder.

    Source of the rules: miniflux, Feedbin and lemon24/reader; RFC 9110 §10.2.3, RFC 9111 §5.2.2.1, RSS 2.0 ttl.
    """
    if error == "gone":
        return Due(at=None, reason="410 Gone")
    interval = _Floor(max(every, least), every_words(max(every, least)))
    if has_validators is False and last_change is not None and not every_stated:
        interval = _lengthen_interval(interval, now - last_change)

    floors = _floors(interval, every_stated, hints, failures)
    floor = max(floors, key=lambda floor: floor.wait)
    at, reason = now + floor.wait + _late(source, floor.wait), floor.reason
    if not every_stated and (later := _outside_skipped(at, hints)) != at:
        at, reason = (
            later + _offset(source, _LATEST_AFTER_SKIPPED),
            "skipHours" if hints.skip_hours else "skipDays",
        )
    asked = _retry_after(hints)
    return Due(at=at, reason=reason, not_before=None if asked is None else now + asked)


def first_due(source: str, *, now: datetime, together: int) -> datetime:
    """Decide when a new source is first asked, one of `together` new ones: at once, or spread over some minutes."""
    if together <= _AT_ONCE:
        return now
    return now + _offset(
        source, min(timedelta(seconds=together / _STARTS_A_SECOND), _LONGEST_START)
    )


@dataclass(frozen=True, slots=True)
class _Floor:
    wait: timedelta
    reason: str


def _floors(
    interval: _Floor, every_stated: bool, hints: PollingHints, failures: int
) -> list[_Floor]:
    """List what asks to wait; where two ask for the same, the first names the reason."""
    floors = [interval]
    if hints.max_age:
        floors.append(_Floor(min(hints.max_age, DAY), "max-age"))
    if hints.ttl and not every_stated:
        floors.append(_Floor(min(hints.ttl, DAY), "ttl"))
    if (asked := _retry_after(hints)) is not None:
        floors.append(_Floor(asked, RETRY_AFTER))
    elif failures:
        floors.append(_Floor(_backed_off(interval.wait, failures), _failures(failures)))
    return floors


def _lengthen_interval(interval: _Floor, quiet: timedelta) -> _Floor:
    """Lengthen the interval of a server that sends everything every time.

    It grows in whole hours with `quiet`, the time for which nothing has changed.
    Polls are not counted: forced ones, or days without any, make no difference.
    """
    wait = min(quiet // (DRIFT * HOUR) * HOUR, DAY)
    if wait <= interval.wait:
        return interval
    reason = f"the server sends no validators and nothing changed for {_quiet(quiet)}"
    return _Floor(wait, f"{every_words(wait)}: {reason}")


def _quiet(span: timedelta) -> str:
    """Say in whole hours, then days, how long nothing has changed."""
    hours = span // HOUR
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def every_words(interval: timedelta) -> str:
    """Say an interval as a reason: `every 1 h`."""
    return f"every {_words(interval)}"


def _retry_after(hints: PollingHints) -> timedelta | None:
    return min(hints.retry_after, LONGEST_RETRY_AFTER) if hints.retry_after else None


def _backed_off(interval: timedelta, failures: int) -> timedelta:
    factor = BACK_OFF ** min(failures, 64)  # 1.8^64 is beyond any interval, 1.8^2000 beyond a float
    return DAY if factor >= DAY / max(interval, timedelta(seconds=1)) else interval * factor


def _failures(count: int) -> str:
    return "1 failure" if count == 1 else f"{count} failures in a row"


def _late(source: str, wait: timedelta) -> timedelta:
    """Add what makes the period of each source its own: whatever polls together drifts apart within ten waits.

    A common grid would keep together for ever what once ended together: a restart after a night, a failed network.
    """
    return _offset(source, min(wait / _LATE_PART, _LATEST))


def _offset(source: str, span: timedelta) -> timedelta:
    """Place a source within a span, always at the same part of it."""
    part = int.from_bytes(blake2b(source.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    return span * (part % 1_000_000) / 1_000_000


def _outside_skipped(at: datetime, hints: PollingHints) -> datetime:
    """Move to the beginning of the next hour (UTC) that is not skipped; hints that skip all hours are no hints."""
    hours, days = set(hints.skip_hours), set(hints.skip_days)
    hour = at
    for _ in range(24 * 7):
        if hour.hour not in hours and hour.weekday() not in days:
            return hour
        hour = hour.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def _words(span: timedelta) -> str:
    """Write a time span shortly: `15 min`, `1 h 30 min`, `45 s`, `7 d`."""
    seconds = round(span.total_seconds())
    days, rest = divmod(seconds, 86_400)
    if days > 1 and rest == 0:
        return f"{days} d"
    counts = {"h": seconds // 3600, "min": seconds % 3600 // 60, "s": seconds % 60}
    parts = [f"{count} {unit}" for unit, count in counts.items() if count]
    return " ".join(parts) or "0 s"
