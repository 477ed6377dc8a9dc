from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.cli.since import moment
from aggregator.errors import UsageError

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T10:30", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
        ("2026-03-01T10:30:00Z", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
        ("2026-03-01T10:30:00+08:00", datetime(2026, 3, 1, 2, 30, tzinfo=UTC)),
        ("30m", datetime(2026, 3, 8, 11, 30, tzinfo=UTC)),
        ("12h", datetime(2026, 3, 8, tzinfo=UTC)),
        ("7d", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("1w", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_days_moments_and_spans_are_understood(text: str, expected: datetime) -> None:
    assert moment(text, now=NOW) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "7", "7y", "-7d", "999999w", "2026-13-01", "0001-01-01T00:00:00+14:00", "٧d"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--since"):
        moment(text, now=NOW)
