"""What an answer's headers say about the next question: validators, and how long to wait.

Rule: validators are the server's own bytes or nothing; times are read leniently and never believed beyond their caps.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from aggregator.model import Hints, Validators

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_AGE_CEILING = timedelta(hours=24)
RETRY_AFTER_CEILING = timedelta(days=31)
_DIRECTIVE = re.compile(r"([a-z-]+)(?:\s*=\s*\"?([^\",]*)\"?)?", re.IGNORECASE)


def conditional_headers(validators: Validators | None, url: str) -> dict[str, str]:
    """Make the conditional headers for `url`: both where both are known, none where they belong to another URL."""
    if validators is None or validators.url != url:
        return {}
    pairs = (("If-None-Match", validators.etag), ("If-Modified-Since", validators.last_modified))
    return {name: value for name, value in pairs if value}


def validators_of(headers: Mapping[str, str], url: str) -> Validators | None:
    """Read the validators of an answer (lower-case names); None where it has none that could be sent back unchanged."""
    etag, modified = (
        _sendable_validator(headers.get("etag")),
        _sendable_validator(headers.get("last-modified")),
    )
    return (
        None
        if etag is None and modified is None
        else Validators(url=url, etag=etag, last_modified=modified)
    )


def merge_validators(sent: Validators, headers: Mapping[str, str]) -> Validators:
    """Renew the validators that were sent by those a 304 carries (RFC 9110 §15.4.5)."""
    new = validators_of(headers, sent.url)
    if new is None:
        return sent
    return Validators(
        url=sent.url,
        etag=new.etag or sent.etag,
        last_modified=new.last_modified or sent.last_modified,
    )


def hints_of(headers: Mapping[str, str], now: datetime) -> Hints:
    """Read what an answer asks of those who poll it."""
    return Hints(max_age=_max_age(headers, now), retry_after=retry_after(headers, now))


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read Retry-After, seconds or date (RFC 9110 §10.2.3), at most 31 days; a date counts by the server's clock."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return min(_parse_seconds(value), RETRY_AFTER_CEILING)
    until = _parse_date(value)
    if until is None:
        return None
    wait = until - (_parse_date(headers.get("date", "")) or now)
    return min(wait, RETRY_AFTER_CEILING) if wait > timedelta(0) else None


def _max_age(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    directives = {
        name.lower(): value.strip()
        for name, value in _DIRECTIVE.findall(headers.get("cache-control", ""))
    }
    if "no-cache" in directives or "no-store" in directives:
        return None
    if (stated := directives.get("max-age", "")).isdecimal():
        return _cap_lifetime(_parse_seconds(stated) - _age(headers))
    expires = _parse_date(headers.get("expires", ""))
    return (
        None
        if expires is None
        else _cap_lifetime(expires - (_parse_date(headers.get("date", "")) or now))
    )


def _cap_lifetime(lifetime: timedelta) -> timedelta | None:
    return min(lifetime, MAX_AGE_CEILING) if lifetime > timedelta(0) else None


def _age(headers: Mapping[str, str]) -> timedelta:
    """Read how long the answer has been in a cache on the way (RFC 9111 §4.2.3)."""
    value = headers.get("age", "").strip()
    return _parse_seconds(value) if value.isdecimal() else timedelta(0)


def _parse_seconds(digits: str) -> timedelta:
    return timedelta(seconds=min(int(digits[:10]), 10**9))


def _parse_date(value: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _sendable_validator(value: str | None) -> str | None:
    # aiohttp reads header bytes as UTF-8 with surrogates for the rest, and drops surrogates when it sends: such a
    # validator could not go back byte for byte.
    if not value or not value.isprintable():
        return None
    return value
