"""A dry run, ready to be shown: what would come out, why it is as it is, and what came to nothing.

Rule: only what the dry run has read within its limits is explained; what was refused there is not read again.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from aggregator.adapter_table import ARTICLE
from aggregator.cli.report.source_status import pace_words
from aggregator.model import Entry
from aggregator.normalize.html import html_to_text
from aggregator.parse.trace import trace_items, unmatched_selectors
from aggregator.run.page_fetcher import redact_query
from aggregator.schedule import RETRY_AFTER
from aggregator.store.merge.article import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aggregator.config import Source
    from aggregator.dry_run import Rehearsal
    from aggregator.fetch import Response
    from aggregator.model import Capture, Outcome, Revision
    from aggregator.parse.captures import ParseTask
    from aggregator.parse.trace import FieldTrace, ItemTrace
    from aggregator.rules.compiled import Sites
    from aggregator.rules.suggest.unmatched import UnmatchedSelector


@dataclass(frozen=True, slots=True)
class Item:
    """One entry that would come out; `number` counts from 1.

    `fields` tell why it is as it is, None where nobody asked. `read` is what it was read from: the source's document,
    and its own page where that was read.
    """

    number: int
    revision: Revision
    fields: tuple[FieldTrace, ...] | None = None
    read: tuple[tuple[Capture, ParseTask], ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """All of a dry run. `carrier` is what carries the items, None where nothing could be read.

    `left_out` are the titles that filters keep out. `pace` says how often it would be requested, None where that is not
    known.
    """

    source: str
    carrier: str | None
    responses: tuple[Response, ...]
    outcome: Outcome
    items: tuple[Item, ...] = ()
    left_out: tuple[str, ...] = ()
    silent: tuple[UnmatchedSelector, ...] = ()
    pace: str | None = None


def trial_of(rehearsal: Rehearsal, sites: Sites, *, explained: Collection[int]) -> Trial:
    """Put together what a dry run brought, and explain the entries of these numbers."""
    reader = _Reader(rehearsal, sites)
    items = []
    for number, revision in enumerate(_revisions(rehearsal), 1):
        if number in explained:
            items.append(reader.item(number, revision))
        else:
            items.append(Item(number, revision))

    return Trial(
        rehearsal.source.id,
        rehearsal.carrier,
        tuple(_public(one, rehearsal.source) for one in rehearsal.responses),
        rehearsal.result.outcome,
        tuple(items),
        reader.left_out(),
        reader.silent(),
        _pace(rehearsal),
    )


def _pace(rehearsal: Rehearsal) -> str | None:
    """Say how often the source would be requested; of a failure only that its server asked for time."""
    state = rehearsal.result.state
    if rehearsal.result.outcome.error and state.reason != RETRY_AFTER:
        return None
    return pace_words(rehearsal.source, state)


def _public(response: Response, source: Source) -> Response:
    """Leave out of an answer's address what the environment filled in."""
    if source.display_location == source.location:
        return response
    return replace(
        response,
        url=source.display_location
        if response.url == source.location
        else redact_query(response.url),
    )


def _revisions(rehearsal: Rehearsal) -> list[Revision]:
    """List what would come out.

    That includes what a list states of articles whose own pages this dry run left for another time.
    """
    unread = _unread_indexes(rehearsal)
    read = {revision.keys[0]: revision for revision in rehearsal.result.revisions}

    revisions = []
    for index, stated in enumerate(rehearsal.digest.revisions):
        key = stated.keys[0]
        if key in read:
            revisions.append(read.pop(key))
        elif index in unread:
            revisions.append(stated)

    return [*revisions, *read.values()]


def _unread_indexes(rehearsal: Rehearsal) -> set[int]:
    """Find the stated revisions whose own page was neither requested nor refused."""
    settled = {step.job.item.item for step in rehearsal.steps if step.job.item}
    for message in rehearsal.result.outcome.rejected:
        settled.add(message.partition(":")[0])

    requests = rehearsal.digest.page_requests
    return {request.revision_index for request in requests if request.raw.item not in settled}


def trial_of_article(
    response: Response, capture: Capture, job: ParseTask, *, outcome: Outcome, sites: Sites
) -> Trial:
    """Put together what an article's own page gives; `outcome` is of asking for it."""
    items: list[Item] = []
    for trace in trace_items(capture, job, sites):
        if trace.revision is None or not trace.passes_filters:
            continue
        number = len(items) + 1
        items.append(Item(number, trace.revision, trace.fields, ((capture, job),)))

    own = replace(
        outcome,
        status="ok",
        found=len(items),
        rejected=(),
        notes=(),
        http_status=response.status,
        size_bytes=response.wire_bytes,
        error=None,
        message=None,
    )
    return Trial(
        capture.source,
        ARTICLE,
        (response,),
        own,
        tuple(items),
        silent=unmatched_selectors(capture, job, sites),
    )


def entry_of(revision: Revision) -> Entry:
    """The entry that a first revision makes."""
    return Entry(
        id=uuid.uuid5(NAMESPACE, revision.keys[0]).urn,
        content_text=html_to_text(revision.content_html) if revision.content_html else None,
        updated=revision.published,
        first_seen=revision.captured,
        revision=1,
        duplicates=(),
        **{name: getattr(revision, name) for name in _SHARED},
    )


_SHARED = (
    "source",
    "url",
    "url_original",
    "title",
    "summary",
    "content_html",
    "published",
    "published_from",
    "authors",
    "credits",
    "tags",
    "language",
    "publisher",
    "image",
    "enclosures",
    "guid",
    "provenance",
)


class _Reader:
    """Goes over the documents of a dry run once more, each at most once."""

    def __init__(self, rehearsal: Rehearsal, sites: Sites) -> None:
        self._steps = rehearsal.steps
        self._document = rehearsal.steps[0] if rehearsal.steps else None
        self._outcome = rehearsal.result.outcome
        self._explain = lru_cache(maxsize=None)(
            lambda place: trace_items(*self._captures(place), sites)
        )
        self._sites = sites

    def item(self, number: int, revision: Revision) -> Item:
        place = self._place(revision)
        if place is None or self._document is None:
            return Item(number, revision)

        document = (self._document.captures[place], self._document.job)
        stated = _like(revision, self._explain((0, place)))
        if stated is None:
            return Item(number, revision, (), (document,))

        page = self._page(stated)
        if page is None:
            return Item(number, revision, stated.fields, (document,))

        step = self._steps[page]
        read = _like(revision, self._explain((page, 0)))
        fields = read.fields if read else ()
        return Item(number, revision, fields, (document, (step.captures[0], step.job)))

    def left_out(self) -> tuple[str, ...]:
        """Name what filters keep out of a document."""
        step = self._document
        if step is None or step.digest is None or not step.digest.filtered:
            return ()
        if len(step.captures) > 1:
            return ()

        rejected = "\n".join(step.digest.rejected)
        titles = []
        for trace in self._explain((0, 0)):
            if trace.revision is None or trace.passes_filters:
                continue
            if f"{trace.item}:" not in rejected:
                titles.append(trace.revision.title)
        return tuple(titles)

    def silent(self) -> tuple[UnmatchedSelector, ...]:
        """Tell which rules find nothing, in the document and in the pages of its articles, each once."""
        if self._outcome.error not in (None, "no-items", "not-a-feed"):
            return ()

        found: dict[tuple[str, str], UnmatchedSelector] = {}
        for step in self._steps:
            if step.digest is None and step is not self._document:
                continue
            for unmatched in unmatched_selectors(step.captures[0], step.job, self._sites):
                found[unmatched.path, unmatched.selector] = unmatched
        return tuple(found.values())

    def _captures(self, place: tuple[int, int]) -> tuple[Capture, ParseTask]:
        step = self._steps[place[0]]
        return step.captures[place[1]], step.job

    def _place(self, revision: Revision) -> int | None:
        """Return which of the document's captures brought a revision; None where none did."""
        digest = self._document.digest if self._document else None
        if digest is None:
            return None

        keys = [stated.keys[0] for stated in digest.revisions]
        if revision.keys[0] not in keys:
            return None

        index = keys.index(revision.keys[0])
        for place, end in enumerate(accumulate(digest.revisions_per_capture)):
            if index < end:
                return place
        return None

    def _page(self, stated: ItemTrace) -> int | None:
        """Return which step read the item's own page: the last, which has all its parts."""
        page = None
        for number, step in enumerate(self._steps):
            if step.job.item is None or step.job.item.item != stated.item:
                continue
            if step.digest and step.digest.revisions:
                page = number
        return page


def _like(revision: Revision, explained: Sequence[ItemTrace]) -> ItemTrace | None:
    keys = set(revision.keys)
    for trace in explained:
        if trace.revision is None or not trace.passes_filters:
            continue
        if not keys.isdisjoint(trace.revision.keys):
            return trace
    return None
