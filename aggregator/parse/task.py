"""The input and the output of parsing; both are sent to and from parser processes, pickled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.adapter_table import SOURCE_ADAPTERS
from aggregator.config import Corrections, Match
from aggregator.model import NO_HINTS, FeedInfo, PollingHints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.config import PageRules, Source
    from aggregator.config.source import FullText
    from aggregator.known_items import KnownItems
    from aggregator.model import Capture, RawEntry, Rejection, Revision, SharedPart

NO_FEED_INFO = FeedInfo()
_EVERYTHING, _AS_STATED = Match(), Corrections()


@dataclass(frozen=True, slots=True)
class ParseTask:
    """What parsing needs to know of a source.

    `site` is the id of the site rules that the source names, None if the URL decides. With
    `timezone_stated` the source's timezone has priority over that of site rules. `page_rules` are
    the source's own rules, which come before those of its site.

    With the adapter `article` the capture is the page of `item`, which a document read by
    `list_adapter` stated, and `next_pages` are the further pages of the same article. With
    `ignore_guids` guids count only for items without a link. `publisher_sites` are the hosts of the
    publisher whose source this is, if the user states them. `has_excerpts` tells whether the items
    of the feed are excerpts of what is on their pages, None if that is not known. `known` are the
    items that need not be read; None if nothing is to be known again of those that are.
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
    has_excerpts: bool | None = None
    known: KnownItems | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for an article's own page at `url`; `raw` is the item as the list states it.

    `revision_index` is the place of its revision in the result.
    """

    revision_index: int
    raw: RawEntry
    url: str


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The result of parsing some captures: revisions in document order, rejected items, notes, and hints.

    `revisions_per_capture` counts the revisions of each capture, `filtered` the items that filters
    left out. `next_urls` are further documents of the same source, or of the same article.
    `ignore_guids` means that guids counted only for items without a link. `excerpts` are requests
    for the pages of a feed's items if all of them are short: it is to be found out whether they are
    excerpts. `has_excerpts` is what is known of that. `shared_parts` are the blocks and
    titles that the articles' pages share. `feed` is what the document says of itself. `declined`
    says why feedparser had to read it, None if it had not.
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
    excerpts: tuple[PageRequest, ...] = ()
    has_excerpts: bool | None = None
    shared_parts: tuple[SharedPart, ...] = ()
    feed: FeedInfo = NO_FEED_INFO
    declined: str | None = None

    @property
    def item_count(self) -> int:
        """The number of all items, also of rejected and filtered ones."""
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
    """Make one result of several; title, hints and feed are those of the last."""
    if not results:
        return ParseResult()
    if len(results) == 1:
        return results[0]

    revisions: list[Revision] = []
    requests: list[PageRequest] = []
    excerpts: list[PageRequest] = []
    rejected: list[Rejection] = []
    shares: list[int] = []
    notes: dict[str, None] = {}  # each once, in their order
    next_urls: dict[str, None] = {}
    for result in results:
        requests += _shifted(result.page_requests, len(revisions))
        excerpts += _shifted(result.excerpts, len(revisions))
        revisions += result.revisions
        rejected += result.rejected
        shares += result.revisions_per_capture
        notes |= dict.fromkeys(result.notes)
        next_urls |= dict.fromkeys(result.next_urls)

    return replace(
        results[-1],
        revisions=tuple(revisions),
        page_requests=tuple(requests),
        excerpts=tuple(excerpts),
        rejected=tuple(rejected),
        notes=tuple(notes),
        revisions_per_capture=tuple(shares),
        next_urls=tuple(next_urls),
        filtered=sum(result.filtered for result in results),
        ignore_guids=any(result.ignore_guids for result in results),
        is_inferred=any(result.is_inferred for result in results),
    )


def _shifted(requests: Sequence[PageRequest], count: int) -> list[PageRequest]:
    """Return requests of a result that stands behind `count` revisions of others."""
    shifted = []
    for request in requests:
        shifted.append(replace(request, revision_index=request.revision_index + count))
    return shifted
