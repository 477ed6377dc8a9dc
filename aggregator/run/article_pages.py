"""Completes the items of a list or a feed from the articles' own pages.

Only pages of new or changed items are requested. If a page cannot be read, the item stays
as it is listed, and the page is tried again if that may help. The hash of an item stays
that of the listed item.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.adapter_table import ADAPTERS, ARTICLE
from aggregator.errors import SourceError
from aggregator.model import Rejection
from aggregator.normalize.filters import make_filter
from aggregator.normalize.identity import content_hash
from aggregator.normalize.image import drop_logos
from aggregator.run.excerpts import Probe, choose_probes, judge_probes, with_finding
from aggregator.run.item_result import ROUGH_TEXT_NOTE, ItemResult, result_notes
from aggregator.run.page_fetcher import FailedPage, is_temporary
from aggregator.run.shared_parts import SAME_TEXT, ReadArticle, learn_shared, without_shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aggregator.model import Revision, SharedPart
    from aggregator.parse.task import PageRequest, ParseResult, ParseTask
    from aggregator.run.page_fetcher import PageFetcher
    from aggregator.store import KnownArticle

MAX_PAGES = 10  # of one article


async def complete_items(
    pages: PageFetcher,
    task: ParseTask,
    parsed: ParseResult,
    known: Sequence[KnownArticle | None],
    *,
    shared_parts: Sequence[SharedPart] = (),
) -> ParseResult:
    """Complete items from their own pages; `known` is what the store knows of each revision.

    `shared_parts` is what earlier runs found of the blocks that the source's pages share.

    Raises:
        StoreError: the store failed.
    """
    completer = _ItemCompleter(pages, task, parsed, known)
    parsed, results = await _probe_excerpts(pages, completer, parsed)
    limit = pages.context.max_articles - len(results)
    unknown = []
    for request in parsed.page_requests:
        if request.revision_index in results:
            continue
        result = completer.known_result(request)
        if result is None:
            unknown.append(request)
        else:
            results[request.revision_index] = result

    results |= await _read_pages(pages, completer, unknown[:limit])
    for request in unknown:
        if request.revision_index not in results:
            results[request.revision_index] = completer.postponed_result(request)
    shared = completer.remove_shared(results, shared_parts)
    parsed = replace(parsed, shared_parts=shared)
    return _with_item_results(pages, parsed, results)


async def _probe_excerpts(
    pages: PageFetcher, completer: _ItemCompleter, parsed: ParseResult
) -> tuple[ParseResult, dict[int, ItemResult]]:
    """Find out whether the items are excerpts if that is to be done.

    Returns the result with the finding, and if they are excerpts the items that were read.
    """
    requests = choose_probes(parsed.excerpts, pages.context.max_articles)
    if not requests:
        return parsed, {}

    read = await _read_pages(pages, completer, requests)
    compared = dict(read)
    completer.remove_shared(compared, ())
    probes = []
    for request in requests:
        probes.append(completer.probe(request, compared.get(request.revision_index)))
    has_excerpts = judge_probes(probes)
    if not has_excerpts:
        return with_finding(parsed, has_excerpts), {}

    results: dict[int, ItemResult] = {}
    for request in requests:
        result = completer.known_result(request) or read.get(request.revision_index)
        if result is not None:
            results[request.revision_index] = result
    return with_finding(parsed, has_excerpts), results


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
        notes=(*parsed.notes, *result_notes(results.values())),
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

    def probe(self, request: PageRequest, result: ItemResult | None) -> Probe:
        """Return what was read of an item's page; `result` is None if the time was up."""
        listed = self._listed_revision(request)
        if result is not None and result.status == "read":
            return Probe(listed, result.revision)
        if result is not None and result.reason == SAME_TEXT:
            return Probe(listed, listed)
        failed = self._pages.context.failed_pages.recall(
            self._failure_key(request), self._pages.started
        )
        return Probe(listed, None, may_succeed=failed is None)

    def remove_shared(
        self, results: dict[int, ItemResult], known_parts: Sequence[SharedPart]
    ) -> tuple[SharedPart, ...]:
        """Remove what the pages that were read share; return what is known of that now.

        An item whose page has nothing else stays as it is listed.
        """
        articles = {}
        for index, result in results.items():
            if result.status == "read" and result.revision is not None:
                articles[index] = ReadArticle(self._revisions[index], result.revision)

        parts = learn_shared(known_parts, tuple(articles.values()))
        hashes = frozenset(part.hash for part in parts)
        for index, article in articles.items():
            own = without_shared(article, hashes)
            if own is None:
                results[index] = self._unchanged_result(article.listed, SAME_TEXT)
            else:
                results[index] = ItemResult("read", own)
        return parts

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


__all__ = ["ROUGH_TEXT_NOTE", "ItemResult", "complete_items"]
