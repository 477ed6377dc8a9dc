"""What a feed asks of those who poll it.

Rule: RSS 2.0 ttl (minutes), skipHours (GMT), skipDays, and the syndication module's period over frequency, which
counts where there is no ttl; what cannot be read asks nothing. feedparser keeps only the last hour and day.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.media import number
from aggregator.model import Hints

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


def hints(xml: bytes, feed: Mapping[str, Any]) -> Hints:
    """Read the wishes of a document, of which `feed` is feedparser's feed-level data."""
    hours = {int(hour) % 24 for hour in _HOUR.findall(_block(xml, b"skipHours")) if int(hour) <= 24}
    names = (day.decode().lower() for day in _DAY.findall(_block(xml, b"skipDays")))
    days = {_DAYS.index(name) for name in names if name in _DAYS}
    return Hints(ttl=_ttl(feed), skip_hours=tuple(sorted(hours)), skip_days=tuple(sorted(days)))


def _block(xml: bytes, name: bytes) -> bytes:
    start = xml.find(b"<" + name + b">")
    if start < 0:
        return b""
    end = xml.find(b"</" + name, start, start + _BLOCK_BYTES)
    return xml[start:end] if end > 0 else b""


def _ttl(feed: Mapping[str, Any]) -> timedelta | None:
    minutes = number(feed.get("ttl"))
    if minutes:
        return min(timedelta(minutes=min(minutes, 10**6)), _MAX_TTL)
    period = _PERIODS.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    return period / min(number(feed.get("sy_updatefrequency")) or 1, 1440) if period else None
