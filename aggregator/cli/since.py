"""What `--since` understands: a day, a moment, or how long ago.

Rule: what states no zone is UTC, as everything that is printed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from aggregator.errors import UsageError

_AGO = re.compile(r"([0-9]{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, *, now: datetime) -> datetime:
    """Read a moment. Raises UsageError.

    >>> moment("7d", now=datetime(2026, 3, 8, 12, tzinfo=UTC)).isoformat()
    '2026-03-01T12:00:00+00:00'
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        stated = datetime.fromisoformat(text)
        return stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise UsageError(
            f"--since: give a day (2026-03-01), a moment (RFC 3339) or 12h, 7d, 2w, not `{text}`"
        ) from e
