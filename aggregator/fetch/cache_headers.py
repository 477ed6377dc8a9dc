"""Caching headers of a response: its validators, and how long to wait before the next request.

Validators are sent back byte for byte or not at all. Times are parsed leniently; `schedule.py`
decides how long they are obeyed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from aggregator.model import PollingHints, Validators

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIRECTIVE = re.compile(
    r"""(?P<name>[a-z-]+)(?:\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^",]*)))?""", re.IGNORECASE
)


def conditional_headers(validators: Validators | None, url: str) -> dict[str, str]:
    """Make the conditional headers for `url`; none if the validators belong to another URL."""
    headers: dict[str, str] = {}
    if validators is None or validators.url != url:
        return headers

    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def read_validators(headers: Mapping[str, str], url: str) -> Validators | None:
    """Read the validators of a response (lower-case names); None if none can be sent back unchanged."""
    etag = _sendable_validator(headers.get("etag"))
    modified = _sendable_validator(headers.get("last-modified"))
    if etag is None and modified is None:
        return None
    return Validators(url=url, etag=etag, last_modified=modified)


def merge_validators(sent: Validators, headers: Mapping[str, str]) -> Validators:
    """Return the sent validators, updated with those of a 304 answer (RFC 9110 §15.4.5)."""
    new = read_validators(headers, sent.url)
    if new is None:
        return sent
    return Validators(
        url=sent.url,
        etag=new.etag or sent.etag,
        last_modified=new.last_modified or sent.last_modified,
    )


def read_hints(headers: Mapping[str, str], now: datetime) -> PollingHints:
    """Read how long a response may be cached, and how long its server asks to wait."""
    return PollingHints(max_age=_max_age(headers, now), retry_after=read_retry_after(headers, now))


def read_retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read Retry-After, seconds or date (RFC 9110 §10.2.3); a date counts by the server's clock."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return _parse_seconds(value)

    until = _parse_date(value)
    if until is None:
        return None
    return _if_positive(until - _server_time(headers, now))


def _max_age(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long an answer stays fresh: by Cache-Control, else by Expires."""
    directives: dict[str, str] = {}
    for directive in _DIRECTIVE.finditer(headers.get("cache-control", "")):
        value = directive["quoted"] or directive["plain"] or ""
        directives[directive["name"].lower()] = value.strip()
    # `no-cache="set-cookie"` speaks of that header alone (RFC 9111 §5.2.2.4).
    if directives.get("no-cache") == "" or "no-store" in directives:
        return None

    max_age = directives.get("max-age", "")
    if max_age.isdecimal():
        return _if_positive(_parse_seconds(max_age) - _age(headers))

    expires = _parse_date(headers.get("expires", ""))
    if expires is None:
        return None
    return _if_positive(expires - _server_time(headers, now))


def _server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return the time by the server's clock, or ours where the answer has no date."""
    return _parse_date(headers.get("date", "")) or now


def _if_positive(span: timedelta) -> timedelta | None:
    if span <= timedelta(0):
        return None
    return span


def _age(headers: Mapping[str, str]) -> timedelta:
    """Read how long the answer has been in a cache on the way (RFC 9111 §4.2.3)."""
    value = headers.get("age", "").strip()
    if not value.isdecimal():
        return timedelta(0)
    return _parse_seconds(value)


def _parse_seconds(digits: str) -> timedelta:
    # Any larger number is cut to its first digits, which a timedelta can hold.
    return timedelta(seconds=int(digits[:10]))


def _parse_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
        if date.tzinfo is None:
            return date.replace(tzinfo=UTC)
        return date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _sendable_validator(value: str | None) -> str | None:
    # aiohttp reads header bytes as UTF-8 with surrogates for the rest, and drops surrogates when it sends: such a
    # validator could not go back byte for byte.
    if not value or not value.isprintable():
        return None
    return value
