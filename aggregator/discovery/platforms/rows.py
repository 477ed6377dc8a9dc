"""The form of a platform's row, and the parts of patterns that several tables share."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAME = r"(?P<name>[\w.~%-]+)"
QUERY = r"(?:\?.*)?"
GITLAB_PROJECT = r"(?P<project>/[\w.-]+(?:/(?!-(?:/|$))[\w.-]+)+)"


@dataclass(frozen=True, slots=True)
class PlatformRule:
    """The addresses of one kind of page and the templates of its feeds.

    `host` matches the whole host without `www.`; `path` matches the whole path without
    a final slash and with `?` and the query.
    """

    platform: str
    host: re.Pattern[str]
    path: re.Pattern[str]
    feeds: tuple[str, ...]


def platform_rows(*table: tuple[str, str, str, *tuple[str, ...]]) -> tuple[PlatformRule, ...]:
    """Compile the rows of a table: platform, host, path, and the templates of the feeds."""
    rows = []
    for platform, host, path, *feeds in table:
        host_pattern = re.compile(host, re.IGNORECASE)
        rows.append(PlatformRule(platform, host_pattern, re.compile(path), tuple(feeds)))
    return tuple(rows)
