"""How often a feed wants to be polled.

Read are RSS 2.0 ttl (minutes), skipHours (GMT) and skipDays, and the syndication
module's period divided by its frequency, which counts where there is no ttl. What cannot
be read is ignored.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.media import read_number
from aggregator.model import PollingHints

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>")
_DAY = re.compile(rb"<day>\s*([A-Za-z]{6,9})\s*</day>")
_BLOCK_BYTES = 8192
_MAX_TTL = timedelta(days=365)
_MAX_TTL_MINUTES = 10**6  # a larger number would overflow a timedelta
_MAX_FREQUENCY = 1440  # times a period


def read_hints(xml: bytes, feed: Mapping[str, Any]) -> PollingHints:
    """Read the polling hints of a document; `feed` is feedparser's feed-level data."""
    return PollingHints(ttl=_ttl(feed), skip_hours=_skip_hours(xml), skip_days=_skip_days(xml))


def _skip_hours(xml: bytes) -> tuple[int, ...]:
    # From the XML, because feedparser keeps only the last hour and day.
    hours = set()
    for match in _HOUR.findall(_block(xml, b"skipHours")):
        hour = int(match)
        if hour <= 24:
            hours.add(hour % 24)
    return tuple(sorted(hours))


def _skip_days(xml: bytes) -> tuple[int, ...]:
    days = set()
    for match in _DAY.findall(_block(xml, b"skipDays")):
        name = match.decode().lower()
        if name in _DAYS:
            days.add(_DAYS.index(name))
    return tuple(sorted(days))


def _block(xml: bytes, name: bytes) -> bytes:
    start = xml.find(b"<" + name + b">")
    if start < 0:
        return b""
    end = xml.find(b"</" + name, start, start + _BLOCK_BYTES)
    if end < 0:
        return b""
    return xml[start:end]


def _ttl(feed: Mapping[str, Any]) -> timedelta | None:
    minutes = read_number(feed.get("ttl"))
    if minutes:
        return min(timedelta(minutes=min(minutes, _MAX_TTL_MINUTES)), _MAX_TTL)

    period = _PERIODS.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    if period is None:
        return None
    frequency = read_number(feed.get("sy_updatefrequency")) or 1
    return period / min(frequency, _MAX_FREQUENCY)
