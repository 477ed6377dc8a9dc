"""What goes into the pure middle and what comes out of it: a job, and a digest.

Rule: frozen and picklable, for a parser process may be at either end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.adapter_table import SOURCE_ADAPTERS
from aggregator.config import Corrections, Match
from aggregator.model import PollingHints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.config import PageRules, Source
    from aggregator.config.source import FullText
    from aggregator.model import Capture, RawEntry, Rejection, Revision

NO_HINTS = PollingHints()
_EVERYTHING, _AS_STATED = Match(), Corrections()


@dataclass(frozen=True, slots=True)
class ParseTask:
    """What the middle needs to know of a source.

    `carrier` is an adapter's name, `site` the name of the rules it insists on, None where the address decides. A
    timezone that the user stated for the source outweighs the one that site rules know. `page` are the source's own
    rules, in front of its site's.

    With the carrier `article` the capture is the page of `item`, which a document of carrier `listed` stated, and
    `following` are the further pages of the same article. `by_url` tells that guids of this source name several items.
    `publisher_sites` are the hosts of the publisher whose source this is, as the user states them.
    """

    source: str
    adapter: str
    site: str | None = None
    timezone: str = "UTC"
    timezone_stated: bool = False
    language: str | None = None
    tags: tuple[str, ...] = ()
    page_rules: PageRules | None = None
    full_text: FullText = "missing"
    include: Match | None = None
    exclude: Match | None = None
    corrections: Corrections | None = None
    item: RawEntry | None = None
    list_adapter: str = "feed"
    next_pages: tuple[Capture, ...] = ()
    ignore_guids: bool = False
    publisher_sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Revision number `index` of a digest wants its article's own page at `url`; `raw` is what was stated so far."""

    revision_index: int
    raw: RawEntry
    url: str


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What became of some captures: revisions in document order, rejected items, notes, and hints.

    `shares` tells for each capture how many of the revisions it brought, `left_out` how many items filters kept out.
    `next_urls` are further documents of the same source, or of the same article. `by_url` tells that guids counted for
    nothing where there was a link.
    """

    revisions: tuple[Revision, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    notes: tuple[str, ...] = ()
    hints: PollingHints = NO_HINTS
    title: str | None = None
    revisions_per_capture: tuple[int, ...] = ()
    page_requests: tuple[PageRequest, ...] = ()
    next_urls: tuple[str, ...] = ()
    filtered: int = 0
    ignore_guids: bool = False
    is_inferred: bool = False

    @property
    def item_count(self) -> int:
        """How many items there were, whatever became of them."""
        return len(self.revisions) + len(self.rejected) + self.filtered


def parse_task(source: Source, adapter: str) -> ParseTask:
    """Return what parsing needs to know of a source."""
    names_site_rules = source.adapter not in SOURCE_ADAPTERS
    task = ParseTask(
        source.id,
        adapter,
        site=source.adapter if names_site_rules else None,
        timezone=source.timezone,
        timezone_stated="timezone" in source.given_keys,
        language=source.language,
        tags=source.tags,
        page_rules=source.own_rules,
        full_text=source.full_text,
        publisher_sites=source.site,
    )
    # Filters and corrections that do nothing are not sent to the parser process.
    if source.include != _EVERYTHING:
        task = replace(task, include=source.include)
    if source.exclude != _EVERYTHING:
        task = replace(task, exclude=source.exclude)
    if source.corrections != _AS_STATED:
        task = replace(task, corrections=source.corrections)
    return task


def concat(results: Sequence[ParseResult]) -> ParseResult:
    """Make one result of several; title and hints are those of the last."""
    if not results:
        return ParseResult()
    if len(results) == 1:
        return results[0]

    revisions: list[Revision] = []
    requests: list[PageRequest] = []
    rejected: list[Rejection] = []
    shares: list[int] = []
    notes: dict[str, None] = {}  # each once, in their order
    next_urls: dict[str, None] = {}
    for result in results:
        for request in result.page_requests:
            index = request.revision_index + len(revisions)
            requests.append(replace(request, revision_index=index))
        revisions += result.revisions
        rejected += result.rejected
        shares += result.revisions_per_capture
        notes |= dict.fromkeys(result.notes)
        next_urls |= dict.fromkeys(result.next_urls)

    return replace(
        results[-1],
        revisions=tuple(revisions),
        page_requests=tuple(requests),
        rejected=tuple(rejected),
        notes=tuple(notes),
        revisions_per_capture=tuple(shares),
        next_urls=tuple(next_urls),
        filtered=sum(result.filtered for result in results),
        ignore_guids=any(result.ignore_guids for result in results),
        is_inferred=any(result.is_inferred for result in results),
    )
