"""Finds out whether the items of a feed are excerpts of what is on their pages.

If all items of a feed are short, a few of their pages are read and compared with them. The
finding is kept in the source's state. If the pages are much longer, the articles are read
in full from then on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.normalize.text.excerpts import is_much_longer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Revision
    from aggregator.parse.task import PageRequest, ParseResult

MAX_PROBES = 3  # pages that a run reads to find out
MIN_LONGER_PAGES = 2  # of them that are much longer than their items
EXCERPTS_NOTE = "its items are excerpts: the pages of its articles are read from now on"


@dataclass(frozen=True, slots=True)
class Probe:
    """The page of one item; `page` is its revision, None if it could not be read.

    With `may_succeed` a page that could not be read may be read another time.
    """

    listed: Revision
    page: Revision | None
    may_succeed: bool = False


def choose_probes(requests: Sequence[PageRequest], limit: int) -> list[PageRequest]:
    """Return the requests to start with; () if there may not be enough to find out anything."""
    limit = min(limit, MAX_PROBES)
    if limit < MIN_LONGER_PAGES:
        return []
    return list(requests[:limit])


def judge_probes(probes: Sequence[Probe]) -> bool | None:
    """Tell whether the items are excerpts; None if that is to be tried another time."""
    longer = 0
    for probe in probes:
        if probe.page is not None and is_much_longer(probe.page, probe.listed):
            longer += 1
    if longer >= MIN_LONGER_PAGES:
        return True
    if any(probe.may_succeed for probe in probes):
        return None
    return False


def with_finding(parsed: ParseResult, has_excerpts: bool | None) -> ParseResult:
    """Return a result with the finding; if the items are excerpts, all their pages are requested."""
    if not has_excerpts:
        return replace(parsed, excerpts=(), has_excerpts=has_excerpts)

    requests = sorted(
        (*parsed.page_requests, *parsed.excerpts), key=lambda request: request.revision_index
    )
    return replace(
        parsed,
        page_requests=tuple(requests),
        excerpts=(),
        has_excerpts=True,
        notes=(*parsed.notes, EXCERPTS_NOTE),
    )
