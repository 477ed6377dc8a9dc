"""Completes the items of a list or a feed from the articles' own pages.

Only pages of new or changed items are requested. If a page cannot be read, the item stays
as it is listed, and the page is tried again if that may help. The hash of an item stays
that of the listed item.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from aggregator.adapter_table import ADAPTERS, ARTICLE
from aggregator.adapters import ROUGH_TEXT
from aggregator.errors import SourceError
from aggregator.model import Rejection
from aggregator.normalize.filters import make_filter
from aggregator.normalize.identity import content_hash
from aggregator.normalize.image import drop_logos
from aggregator.run.page_fetcher import FailedPage, is_temporary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from aggregator.model import Revision
    from aggregator.parse.task import PageRequest, ParseResult, ParseTask
    from aggregator.run.page_fetcher import PageFetcher
    from aggregator.store import KnownArticle

MAX_PAGES = 10  # of one article
ROUGH_TEXT_NOTE = (
    "texts of pages without site rules may be rough: install trafilatura "
    '(`pip install "aggregator[fulltext]"`, in a checkout `make extras`)'
)

ItemStatus: TypeAlias = Literal["read", "known", "kept", "rejected", "left out", "later"]


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The result of one item: the revision to store, if any, and why its page could not be read."""

    status: ItemStatus
    revision: Revision | None = None
    reason: Rejection | None = None


async def complete_items(
    pages: PageFetcher,
    task: ParseTask,
    parsed: ParseResult,
    known: Sequence[KnownArticle | None],
) -> ParseResult:
    """Complete items from their own pages; `known` is what the store knows of each revision.

    Raises:
        StoreError: the store failed.
    """
    completer = _ItemCompleter(pages, task, parsed, known)
    results: dict[int, ItemResult] = {}
    unknown = []
    for request in parsed.page_requests:
        result = completer.known_result(request)
        if result is None:
            unknown.append(request)
        else:
            results[request.revision_index] = result

    results |= await _read_pages(pages, completer, unknown[: pages.context.max_articles])
    for request in unknown:
        if request.revision_index not in results:
            results[request.revision_index] = completer.postponed_result(request)
    return _with_item_results(pages, parsed, results)


def _with_item_results(
    pages: PageFetcher, parsed: ParseResult, results: Mapping[int, ItemResult]
) -> ParseResult:
    """Merge the results of the items, by their indexes, into the parse result."""
    revisions = []
    for index, listed in enumerate(parsed.revisions):
        revision = results[index].revision if index in results else listed
        if revision is not None:
            revisions.append(revision)

    statuses = Counter(result.status for result in results.values())
    if statuses["later"]:
        pages.has_more = True
    rejected = []
    for result in results.values():
        is_rejected = result.status == "rejected"
        if is_rejected and result.reason is not None:
            rejected.append(result.reason)
    return replace(
        parsed,
        revisions=drop_logos(revisions),
        rejected=(*parsed.rejected, *rejected),
        notes=(*parsed.notes, *_notes(results.values())),
        filtered=parsed.filtered + statuses["left out"],
        page_requests=(),
    )


async def _read_pages(
    pages: PageFetcher, completer: _ItemCompleter, unknown: Iterable[PageRequest]
) -> dict[int, ItemResult]:
    """Read pages until the time is up, from all hosts at once, with the limit of requests for each host."""
    results: dict[int, ItemResult] = {}
    hosts: defaultdict[str, deque[PageRequest]] = defaultdict(deque)
    for request in unknown:
        hosts[pages.host(request.url)].append(request)

    async def read_host(requests: deque[PageRequest]) -> None:
        while requests and not pages.is_full:
            request = requests.popleft()
            results[request.revision_index] = await completer.read_page(request)

    at_once = pages.context.hosts.per_host
    tasks = [
        asyncio.create_task(read_host(requests))
        for requests in hosts.values()
        for _ in range(min(at_once, len(requests)))
    ]
    try:
        if tasks:
            done, _ = await asyncio.wait(
                tasks, timeout=pages.seconds_left, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return results


class _ItemCompleter:
    """Completes the items of one run, each by itself."""

    def __init__(
        self,
        pages: PageFetcher,
        task: ParseTask,
        parsed: ParseResult,
        known: Sequence[KnownArticle | None],
    ) -> None:
        self._pages = pages
        self._task = task
        self._revisions = parsed.revisions
        self._known = known
        self._passes_filters = make_filter(task.include, task.exclude)

    def known_result(self, request: PageRequest) -> ItemResult | None:
        """Return the result of an item that needs no page, None if its page is to be read.

        It needs none if it brings nothing new, or if its page was read too often or failed
        within the last day.
        """
        listed = self._listed_revision(request)
        known = self._known[request.revision_index]
        context = self._pages.context
        is_read_too_often = not listed.guarded and context.recent_reads.is_read_too_often(
            self._read_key(request), self._pages.started
        )
        if known is not None:
            needs_no_read = is_read_too_often and self._has_told(request)
            if needs_no_read or known.is_unchanged_by(listed):
                return ItemResult("known", _listed_again(listed, known))

        failed = context.failed_pages.recall(self._failure_key(request), self._pages.started)
        if failed is None:
            return None
        return self._rejected_result(request, failed.rejection)

    def postponed_result(self, request: PageRequest) -> ItemResult:
        """Return the result of an item whose page is left for the next run."""
        listed = self._listed_revision(request)
        if self._has_told(request) or _has_text(listed):
            return ItemResult("later", self._unread_revision(request))
        return ItemResult("later")

    async def read_page(self, request: PageRequest) -> ItemResult:
        """Read the page of an item; its failure is the item's result. Raises StoreError."""
        try:
            read = await self._parse_article(request)
        except SourceError as error:
            failure = Rejection(None, str(error))
            if is_temporary(error):
                return self._delayed_result(request, failure)
            return self._failed_result(request, failure)
        self._pages.context.recent_reads.note(self._read_key(request), self._pages.started)
        if not read.revisions:
            return self._failed_result(request, next(iter(read.rejected), None))
        return ItemResult(
            "read", _complete_revision(self._listed_revision(request), read.revisions[0])
        )

    async def _parse_article(self, request: PageRequest) -> ParseResult:
        """Fetch and parse an article with all its pages, at most MAX_PAGES."""
        pages = self._pages
        task = replace(
            self._task, adapter=ARTICLE, item=request.raw, list_adapter=self._task.adapter
        )
        first = await pages.fetch_page(request.url)
        read = await pages.context.parse([first], task)
        fetched_urls, host = {request.url, first.url}, pages.host(first.url)
        while len(task.next_pages) < MAX_PAGES - 1:
            url = next(
                (
                    url
                    for url in read.next_urls
                    if url not in fetched_urls and pages.host(url) == host
                ),
                None,
            )
            if url is None:
                break
            fetched_urls.add(url)
            task = replace(task, next_pages=(*task.next_pages, await pages.fetch_page(url)))
            read = await pages.context.parse([first], task)
        return read

    def _delayed_result(self, request: PageRequest, failure: Rejection) -> ItemResult:
        """Return the result of an item whose page failed for now."""
        listed = self._listed_revision(request)
        if not _has_title(listed) and not _has_text(listed):
            return ItemResult("later", reason=failure)
        return self._unchanged_result(self._unread_revision(request), failure)

    def _failed_result(self, request: PageRequest, failure: Rejection | None) -> ItemResult:
        page = FailedPage(self._pages.started, failure)
        self._pages.context.failed_pages.note(self._failure_key(request), page)
        return self._rejected_result(request, failure)

    def _rejected_result(self, request: PageRequest, failure: Rejection | None) -> ItemResult:
        """Return the result of an item without a page; `failure` is None if a filter rejected the page."""
        listed, known = self._listed_revision(request), self._known[request.revision_index]
        if failure is None:
            return ItemResult("left out")
        if not ADAPTERS[self._task.adapter].is_list or _has_text(listed):
            return self._unchanged_result(listed, failure)
        if known is not None and self._has_told(request):
            return self._unchanged_result(_listed_again(listed, known), failure)
        if _has_title(listed):
            return self._unchanged_result(listed, failure)
        return ItemResult("rejected", reason=replace(failure, label=request.raw.label))

    def _unchanged_result(self, revision: Revision, failure: Rejection) -> ItemResult:
        if self._passes_filters is not None and not self._passes_filters(revision):
            return ItemResult("left out", reason=failure)
        return ItemResult("kept", revision, failure)

    def _unread_revision(self, request: PageRequest) -> Revision:
        """Return the revision of an item until its page is read.

        Its hash differs from the listed one, so that the page is requested next time. A
        known article stays as it is, unless its key may stand for another article.
        """
        listed, known = self._listed_revision(request), self._known[request.revision_index]
        if known is not None and self._has_told(request) and not listed.guarded:
            return _listed_again(listed, known)
        return replace(listed, hash=_unread_hash(listed))

    def _listed_revision(self, request: PageRequest) -> Revision:
        return self._revisions[request.revision_index]

    def _has_told(self, request: PageRequest) -> bool:
        """Tell whether the source itself stated the article before; a deleted one counts as well."""
        known = self._known[request.revision_index]
        return known is not None and (known.is_deleted or known.source_hash is not None)

    def _read_key(self, request: PageRequest) -> tuple[str, str]:
        return self._task.source, request.url

    def _failure_key(self, request: PageRequest) -> tuple[str, str, str]:
        return (*self._read_key(request), self._listed_revision(request).hash)


def _unread_hash(listed: Revision) -> str:
    """Return the hash of an item whose page is not read: another one than when it is."""
    return content_hash({"hash": listed.hash, "page": "unread"})


def _listed_again(listed: Revision, known: KnownArticle) -> Revision:
    """Return a revision that only says that a known article is still listed; its stored content is better.

    Its hash is the source's own: that of another source's statement would be an edit.
    """
    return replace(
        listed,
        hash=known.source_hash or listed.hash,
        at=listed.captured,
        published=listed.captured,
        published_from="first_seen",
    )


def _complete_revision(listed: Revision, read: Revision) -> Revision:
    """Return the revision of the article's page with the keys and the hash of the listed item."""
    keys = tuple(dict.fromkeys((*listed.keys, *read.keys)))
    return replace(read, keys=keys, hash=listed.hash, guarded=listed.guarded or read.guarded)


def _has_text(listed: Revision) -> bool:
    return bool(listed.content_html or listed.summary)


def _has_title(listed: Revision) -> bool:
    """Tell whether an item has a headline; with a link that is an entry even without its page."""
    return listed.provenance.get("title") != "url"


def _notes(results: Collection[ItemResult]) -> list[str]:
    notes = []
    texts_note = _note_of_texts(results)
    if texts_note:
        notes.append(texts_note)
    if any(_is_rough(result.revision) for result in results if result.status == "read"):
        notes.append(ROUGH_TEXT_NOTE)

    postponed = 0
    for result in results:
        if result.status == "later" and not result.reason:
            postponed += 1
    if postponed:
        notes.append(f"{postponed} {_items(postponed)} left for the next run")
    return notes


def _note_of_texts(results: Collection[ItemResult]) -> str | None:
    """Return how many full texts were read and failed, None if none was tried."""
    statuses = Counter(result.status for result in results)
    reasons = [result.reason for result in results if result.reason]
    count = statuses["read"]
    if not count and not reasons:
        return None

    note = f"full text of {count} {_items(count)} read"
    if reasons:
        note += f", {len(reasons)} failed ({reasons[0]})"
    return note


def _is_rough(revision: Revision | None) -> bool:
    return revision is not None and revision.provenance.get("content_html") == ROUGH_TEXT


def _items(count: int) -> str:
    return "item" if count == 1 else "items"
