"""The pages of a view's archive (RFC 5005 §4): the entries in the order in which they arrived.

A page holds the arrivals of one day from one number to another. Its name says which, so that
it never changes unless an entry in it does: the newest page gets another name when it grows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.([1-9]\d{0,8})-([1-9]\d{0,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """A page of an archive: the arrivals of `day` (UTC) from `first` to `last`, counted from 1."""

    day: date
    first: int
    last: int

    @property
    def name(self) -> str:
        """The name in addresses.

        >>> ArchivePage(date(2026, 11, 29), 201, 247).name
        '2026-11-29.201-247'
        """
        return f"{self.day.isoformat()}.{self.first}-{self.last}"


def last_page(day: date, count: int, size: int) -> ArchivePage:
    """Return the last page of a day on which `count` entries arrived, one at least.

    >>> last_page(date(2026, 11, 29), 247, 100).name, last_page(date(2026, 11, 29), 200, 100).name
    ('2026-11-29.201-247', '2026-11-29.101-200')
    """
    first = (count - 1) // size * size + 1
    return ArchivePage(day, first, count)


def page_before(page: ArchivePage, size: int) -> ArchivePage | None:
    """Return the page of the same day before this one; None if it is the first."""
    if page.first <= size:
        return None
    return ArchivePage(page.day, page.first - size, page.first - 1)


def parse_page(name: str, size: int) -> ArchivePage | None:
    """Read the name of a page; None if no page has it."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        return None
    if day == date.max:  # a day without a next one, which no clock shows
        return None
    page = ArchivePage(day, int(match[2]), int(match[3]))
    if last_page(day, page.last, size) != page:
        return None
    return page
