"""Builds a preview from a dry run: its entries, how each field was chosen, and selectors without a match.

Only documents that the dry run parsed within its limits are explained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from aggregator.adapter_table import ARTICLE
from aggregator.model import Entry
from aggregator.normalize.html import html_to_text
from aggregator.parse.trace import trace_items, unmatched_selectors
from aggregator.run.page_fetcher import redact_path
from aggregator.schedule import RETRY_AFTER_REASON
from aggregator.source_status import describe_pace, describe_reading
from aggregator.store.content import urn
from aggregator.store.merge.article import uid_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aggregator.config import Source
    from aggregator.dry_run import DryRun
    from aggregator.fetch import Response
    from aggregator.model import Capture, Outcome, Revision
    from aggregator.parse.captures import ParseTask
    from aggregator.parse.trace import FieldTrace, ItemTrace
    from aggregator.rules.compiled import Sites
    from aggregator.rules.suggest.unmatched import UnmatchedSelector


@dataclass(frozen=True, slots=True)
class PreviewEntry:
    """One entry of a preview; `number` counts from 1.

    `fields` explain each field, None if no explanation was requested. `inputs` are the
    captures that the entry comes from: the source's document, and the article's own
    page if it was read.
    """

    number: int
    revision: Revision
    fields: tuple[FieldTrace, ...] | None = None
    inputs: tuple[tuple[Capture, ParseTask], ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """The result of a dry run for people. `adapter` is None if nothing could be parsed.

    `left_out` are the titles that filters remove. `pace` says how often the source would
    be fetched, None if unknown. `reading` says what is read for an address that leaves the
    choice to its document. `shared_texts` were removed, because several pages share them.
    """

    source: str
    adapter: str | None
    responses: tuple[Response, ...]
    outcome: Outcome
    items: tuple[PreviewEntry, ...] = ()
    left_out: tuple[str, ...] = ()
    unmatched_selectors: tuple[UnmatchedSelector, ...] = ()
    pace: str | None = None
    reading: str | None = None
    shared_texts: tuple[str, ...] = ()


def build_preview(dry_run: DryRun, sites: Sites, *, explained_numbers: Collection[int]) -> Preview:
    """Build the preview of a dry run, with the entries of these numbers explained."""
    reader = _PreviewBuilder(dry_run, sites)
    items = []
    for number, revision in enumerate(_list_revisions(dry_run), 1):
        if number in explained_numbers:
            items.append(reader.build_entry(number, revision))
        else:
            items.append(PreviewEntry(number, revision))

    return Preview(
        dry_run.source.id,
        dry_run.adapter,
        tuple(_redact_response(one, dry_run.source) for one in dry_run.responses),
        dry_run.result.outcome,
        tuple(items),
        reader.left_out_titles(),
        reader.find_unmatched_selectors(),
        _describe_pace(dry_run),
        describe_reading(dry_run.source, dry_run.result.state),
        tuple(part.text for part in dry_run.result.state.shared_parts),
    )


def _describe_pace(dry_run: DryRun) -> str | None:
    """Describe how often the source would be fetched; after a failure only if its server asked to wait."""
    state = dry_run.result.state
    if dry_run.result.outcome.error and state.reason != RETRY_AFTER_REASON:
        return None
    return describe_pace(dry_run.source, state)


def _redact_response(response: Response, source: Source) -> Response:
    """Remove values of environment variables from the URL of a response."""
    if source.display_location == source.location:
        return response
    return replace(
        response,
        url=source.display_location
        if response.url == source.location
        else redact_path(response.url),
    )


def _list_revisions(dry_run: DryRun) -> list[Revision]:
    """List the revisions that a run would store.

    That includes those from the list of articles whose own pages this dry run did not read.
    """
    unread = _unread_indexes(dry_run)
    read = {revision.keys[0]: revision for revision in dry_run.result.revisions}

    revisions = []
    for index, stated in enumerate(dry_run.document_result.revisions):
        key = stated.keys[0]
        if key in read:
            revisions.append(read.pop(key))
        elif index in unread:
            revisions.append(stated)

    return [*revisions, *read.values()]


def _unread_indexes(dry_run: DryRun) -> set[int]:
    """Find the revisions of the list whose own page was neither read nor rejected."""
    settled = set()
    for call in dry_run.parse_calls:
        if call.task.item:
            settled.add(call.task.item.label)
    for rejection in dry_run.result.rejections:
        if rejection.label is not None:
            settled.add(rejection.label)

    unread = set()
    for request in dry_run.document_result.page_requests:
        if request.raw.label not in settled:
            unread.add(request.revision_index)
    return unread


def build_article_preview(
    response: Response, capture: Capture, task: ParseTask, *, outcome: Outcome, sites: Sites
) -> Preview:
    """Build the preview of an article's own page; `outcome` is that of its dry run."""
    items: list[PreviewEntry] = []
    for trace in trace_items(capture, task, sites):
        if trace.revision is None or not trace.passes_filters:
            continue
        number = len(items) + 1
        items.append(PreviewEntry(number, trace.revision, trace.fields, ((capture, task),)))

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
    return Preview(
        capture.source,
        ARTICLE,
        (response,),
        own,
        tuple(items),
        unmatched_selectors=unmatched_selectors(capture, task, sites),
    )


def entry_from_revision(revision: Revision) -> Entry:
    """Return the entry that a first revision makes."""
    content_text = None
    if revision.content_html:
        content_text = html_to_text(revision.content_html)
    shared = {name: getattr(revision, name) for name in _SHARED_FIELDS}
    return Entry(
        id=urn(uid_of(revision.keys[0])),
        content_text=content_text,
        updated=revision.published,
        first_seen=revision.captured,
        revision=1,
        duplicates=(),
        **shared,
    )


_SHARED_FIELDS = (
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
    "comments",
    "contributors",
    "comments_feed",
    "via",
)


class _PreviewBuilder:
    """Explains the entries of a dry run; traces each document at most once."""

    def __init__(self, dry_run: DryRun, sites: Sites) -> None:
        self._parse_calls = dry_run.parse_calls
        self._document_call = dry_run.parse_calls[0] if dry_run.parse_calls else None
        self._outcome = dry_run.result.outcome
        self._explain_cached = lru_cache(maxsize=None)(
            lambda position: trace_items(*self._call_input(position), sites)
        )
        self._sites = sites

    def build_entry(self, number: int, revision: Revision) -> PreviewEntry:
        position = self._capture_index(revision)
        if position is None or self._document_call is None:
            return PreviewEntry(number, revision)

        document = (self._document_call.captures[position], self._document_call.task)
        stated = _find_matching(revision, self._explain_cached((0, position)))
        if stated is None:
            return PreviewEntry(number, revision, (), (document,))

        page = self._page_call_index(stated)
        if page is None:
            return PreviewEntry(number, revision, stated.fields, (document,))

        call = self._parse_calls[page]
        read = _find_matching(revision, self._explain_cached((page, 0)))
        fields = read.fields if read else ()
        return PreviewEntry(number, revision, fields, (document, (call.captures[0], call.task)))

    def left_out_titles(self) -> tuple[str, ...]:
        """Return the titles that filters remove from the source's document."""
        call = self._document_call
        if call is None or call.result is None or not call.result.filtered:
            return ()
        if len(call.captures) > 1:
            return ()

        rejected = {rejection.label for rejection in call.result.rejected}
        titles = []
        for trace in self._explain_cached((0, 0)):
            is_left_out = not trace.passes_filters and trace.label not in rejected
            if is_left_out and trace.revision is not None:
                titles.append(trace.revision.title)
        return tuple(titles)

    def find_unmatched_selectors(self) -> tuple[UnmatchedSelector, ...]:
        """Find the selectors that match nothing in the document and its articles' pages, each once."""
        if self._outcome.error not in (None, "no-items", "not-a-feed"):
            return ()

        found: dict[tuple[str, str], UnmatchedSelector] = {}
        for call in self._parse_calls:
            if call.result is None and call is not self._document_call:
                continue
            for unmatched in unmatched_selectors(call.captures[0], call.task, self._sites):
                found[unmatched.path, unmatched.selector] = unmatched
        return tuple(found.values())

    def _call_input(self, position: tuple[int, int]) -> tuple[Capture, ParseTask]:
        call = self._parse_calls[position[0]]
        return call.captures[position[1]], call.task

    def _capture_index(self, revision: Revision) -> int | None:
        """Return the index of the document's capture that a revision comes from, None without one."""
        parsed = self._document_call.result if self._document_call else None
        if parsed is None:
            return None

        keys = [stated.keys[0] for stated in parsed.revisions]
        if revision.keys[0] not in keys:
            return None

        index = keys.index(revision.keys[0])
        for position, end in enumerate(accumulate(parsed.revisions_per_capture)):
            if index < end:
                return position
        return None

    def _page_call_index(self, stated: ItemTrace) -> int | None:
        """Return the index of the parser call for the item's own page: the last, which has all parts."""
        page = None
        for number, call in enumerate(self._parse_calls):
            item = call.task.item
            if item is None or item.label != stated.label:
                continue
            has_revisions = call.result is not None and bool(call.result.revisions)
            if has_revisions:
                page = number
        return page


def _find_matching(revision: Revision, explained: Sequence[ItemTrace]) -> ItemTrace | None:
    keys = set(revision.keys)
    for trace in explained:
        if trace.revision is None or not trace.passes_filters:
            continue
        if not keys.isdisjoint(trace.revision.keys):
            return trace
    return None
