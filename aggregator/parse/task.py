"""What goes into the pure middle and what comes out of it: a job, and a digest.

Rule: frozen and picklable, for a parser process may be at either end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.adapter_table import SOURCE_ADAPTERS
from aggregator.config import Corrections, Match
from aggregator.model import Hints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.config import PageRules, Source
    from aggregator.config.source import FullText
    from aggregator.model import Capture, RawEntry, Revision

NO_HINTS = Hints()
_EVERYTHING, _AS_STATED = Match(), Corrections()


@dataclass(frozen=True, slots=True)
class ParseTask:
    """What the middle needs to know of a source.

    `carrier` is an adapter's name, `site` the name of the rules it insists on, None where the address decides. A
    timezone that the user stated for the source outweighs the one that site rules know. `page` are the source's own
    rules, in front of its site's.

    With the carrier `article` the capture is the page of `item`, which a document of carrier `listed` stated, and
    `following` are the further pages of the same article. `by_url` tells that guids of this source name several items.
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


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Revision number `index` of a digest wants its article's own page at `url`; `raw` is what was stated so far."""

    revision_index: int
    raw: RawEntry
    url: str


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What became of some captures: revisions in document order, a message for each rejected item, notes, and hints.

    `shares` tells for each capture how many of the revisions it brought, `left_out` how many items filters kept out.
    `more` are further documents of the same source, or of the same article. `by_url` tells that guids counted for
    nothing where there was a link.
    """

    revisions: tuple[Revision, ...] = ()
    rejected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hints: Hints = NO_HINTS
    title: str | None = None
    revisions_per_capture: tuple[int, ...] = ()
    page_requests: tuple[PageRequest, ...] = ()
    next_urls: tuple[str, ...] = ()
    filtered: int = 0
    ignore_guids: bool = False

    @property
    def item_count(self) -> int:
        """How many items there were, whatever became of them."""
        return len(self.revisions) + len(self.rejected) + self.filtered


def parse_task(source: Source, carrier: str) -> ParseTask:
    """What the pure middle needs to know of a source."""
    site = source.adapter if source.adapter not in SOURCE_ADAPTERS else None
    return ParseTask(
        source.id,
        carrier,
        site=site,
        timezone=source.timezone,
        timezone_stated="timezone" in source.stated,
        language=source.language,
        tags=source.tags,
        page_rules=source.page,
        full_text=source.full_text,
        include=None if source.include == _EVERYTHING else source.include,
        exclude=None if source.exclude == _EVERYTHING else source.exclude,
        corrections=None if source.corrections == _AS_STATED else source.corrections,
    )


def concat(digests: Sequence[ParseResult]) -> ParseResult:
    """Make one digest of several; title and hints are those of the last."""
    if len(digests) < 2:
        return digests[0] if digests else ParseResult()
    wanted: list[PageRequest] = []
    revisions: list[Revision] = []
    for digest in digests:
        wanted += (
            replace(one, revision_index=one.revision_index + len(revisions))
            for one in digest.page_requests
        )
        revisions += digest.revisions
    return replace(
        digests[-1],
        revisions=tuple(revisions),
        page_requests=tuple(wanted),
        rejected=tuple(message for digest in digests for message in digest.rejected),
        notes=tuple(dict.fromkeys(note for digest in digests for note in digest.notes)),
        revisions_per_capture=tuple(
            share for digest in digests for share in digest.revisions_per_capture
        ),
        next_urls=tuple(dict.fromkeys(url for digest in digests for url in digest.next_urls)),
        filtered=sum(digest.filtered for digest in digests),
        ignore_guids=any(digest.ignore_guids for digest in digests),
    )
