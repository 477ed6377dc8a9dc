"""The articles' own pages: what a list or an excerpt says of an article is completed by the article itself.

Rule: only what is unknown or changed is asked for, and whatever becomes of one page, its item loses nothing: what
cannot be read now stays as it was stated, and is tried again where that may help. The hash stays that of the statement.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from aggregator.adapter_table import ADAPTERS, ARTICLE
from aggregator.adapters import ROUGH_TEXT
from aggregator.errors import SourceError
from aggregator.normalize.filters import make_filter
from aggregator.normalize.identity import content_hash
from aggregator.normalize.image import drop_logos
from aggregator.run.page_fetcher import is_temporary

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
    """What became of an item: the revision to store, None for none, and why its page could not be read."""

    status: ItemStatus
    revision: Revision | None = None
    reason: str | None = None


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
    """Put what became of the items, by their indexes, into the parse result."""
    revisions = []
    for index, listed in enumerate(parsed.revisions):
        revision = results[index].revision if index in results else listed
        if revision is not None:
            revisions.append(revision)

    statuses = Counter(result.status for result in results.values())
    if statuses["later"]:
        pages.has_more = True
    rejected = [result.reason or "" for result in results.values() if result.status == "rejected"]
    return replace(
        parsed,
        revisions=drop_logos(revisions),
        rejected=(*parsed.rejected, *rejected),
        notes=(*parsed.notes, *_notes(results.values())),
        filtered=parsed.filtered + statuses["left out"],
        page_requests=(),
    )


async def _read_pages(
    visit: PageFetcher, desk: _ItemCompleter, unknown: Iterable[PageRequest]
) -> dict[int, ItemResult]:
    """Read as many pages as the time allows: of one host as many at once as it may be asked, of all hosts at once."""
    fates: dict[int, ItemResult] = {}
    lanes: defaultdict[str, deque[PageRequest]] = defaultdict(deque)
    for wanted in unknown:
        lanes[visit.host(wanted.url)].append(wanted)

    async def pull(lane: deque[PageRequest]) -> None:
        while lane and not visit.is_full:
            wanted = lane.popleft()
            fates[wanted.revision_index] = await desk.read_page(wanted)

    at_once = visit.context.hosts.per_host
    tasks = [
        asyncio.create_task(pull(lane))
        for lane in lanes.values()
        for _ in range(min(at_once, len(lane)))
    ]
    try:
        if tasks:
            done, _ = await asyncio.wait(
                tasks, timeout=visit.seconds_left, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return fates


class _ItemCompleter:
    """Where the items of one run are completed, each by itself."""

    def __init__(
        self,
        visit: PageFetcher,
        job: ParseTask,
        digest: ParseResult,
        known: Sequence[KnownArticle | None],
    ) -> None:
        self._visit = visit
        self._job = job
        self._revisions = digest.revisions
        self._known = known
        self._chosen = make_filter(job.include, job.exclude)

    def known_result(self, request: PageRequest) -> ItemResult | None:
        """Return the result of an item that needs no page, None if its page is to be read.

        It needs none if it brings nothing new, if its page was read often lately, or if its page
        failed lately.
        """
        listed = self._listed_revision(request)
        known = self._known[request.revision_index]
        context = self._visit.context
        is_read_too_often = not listed.guarded and context.recent_reads.is_read_too_often(
            self._place(request), self._visit.started
        )
        if known is not None and (is_read_too_often or known.is_unchanged_by(listed)):
            return ItemResult("known", _seen_again(listed, known))

        reason = context.failed_pages.recall(self._key(request), self._visit.started)
        if reason is None:
            return None
        return self._rejected_result(request, reason)

    def postponed_result(self, wanted: PageRequest) -> ItemResult:
        """The fate of an item for whose page there was no time."""
        known = self._known[wanted.revision_index] is not None
        return ItemResult(
            "later",
            self._unread_result(wanted)
            if known or _says_something(self._listed_revision(wanted))
            else None,
        )

    async def read_page(self, wanted: PageRequest) -> ItemResult:
        """Read the page of an item; whatever is wrong with it is this item's fate. Raises StoreError."""
        try:
            read = await self._article(wanted)
        except SourceError as error:
            return (
                self._delayed_result(wanted, str(error))
                if is_temporary(error)
                else self._failed_result(wanted, str(error))
            )
        self._visit.context.recent_reads.note(self._place(wanted), self._visit.started)
        if not read.revisions:
            return self._failed_result(wanted, next(iter(read.rejected), ""))
        return ItemResult(
            "read", _complete_revision(self._listed_revision(wanted), read.revisions[0])
        )

    async def _article(self, wanted: PageRequest) -> ParseResult:
        """Digest an article with all its pages, at most MAX_PAGES."""
        visit = self._visit
        job = replace(self._job, adapter=ARTICLE, item=wanted.raw, list_adapter=self._job.adapter)
        first = await visit.fetch_page(wanted.url)
        read = await visit.context.parse([first], job)
        asked, host = {wanted.url, first.url}, visit.host(first.url)
        while len(job.next_pages) < MAX_PAGES - 1:
            url = next(
                (url for url in read.next_urls if url not in asked and visit.host(url) == host),
                None,
            )
            if url is None:
                break
            asked.add(url)
            job = replace(job, next_pages=(*job.next_pages, await visit.fetch_page(url)))
            read = await visit.context.parse([first], job)
        return read

    def _delayed_result(self, wanted: PageRequest, trouble: str) -> ItemResult:
        """The fate of an item whose page may be there another time."""
        stated = self._listed_revision(wanted)
        if not _has_title(stated) and not _says_something(stated):
            return ItemResult("later", reason=trouble)
        return self._unchanged_result(self._unread_result(wanted), trouble)

    def _failed_result(self, wanted: PageRequest, trouble: str) -> ItemResult:
        self._visit.context.failed_pages.note(self._key(wanted), trouble, self._visit.started)
        return self._rejected_result(wanted, trouble)

    def _rejected_result(self, wanted: PageRequest, trouble: str) -> ItemResult:
        """The fate of an item whose page is not to be had; without `trouble` it was a filter that kept it out."""
        stated, known = self._listed_revision(wanted), self._known[wanted.revision_index]
        if not trouble:
            return ItemResult("left out")
        if not ADAPTERS[self._job.adapter].is_list or _says_something(stated):
            return self._unchanged_result(stated, trouble)
        if known is not None:
            return self._unchanged_result(_seen_again(stated, known), trouble)
        if _has_title(stated):
            return self._unchanged_result(stated, trouble)
        named = trouble.startswith(f"{wanted.raw.item}:")
        return ItemResult("rejected", reason=trouble if named else f"{wanted.raw.item}: {trouble}")

    def _unchanged_result(self, revision: Revision, trouble: str) -> ItemResult:
        if self._chosen is not None and not self._chosen(revision):
            return ItemResult("left out", reason=trouble)
        return ItemResult("kept", revision, trouble)

    def _unread_result(self, wanted: PageRequest) -> Revision:
        """The item until its page is read: with a hash that lets it be wanted again the next time it is listed.

        What is known keeps what it has until then, unless its key may stand for another article.
        """
        stated, known = self._listed_revision(wanted), self._known[wanted.revision_index]
        if known is not None and not stated.guarded:
            return _seen_again(stated, known)
        return replace(stated, hash=content_hash({"hash": stated.hash, "page": "unread"}))

    def _listed_revision(self, wanted: PageRequest) -> Revision:
        return self._revisions[wanted.revision_index]

    def _place(self, wanted: PageRequest) -> tuple[str, str]:
        return self._job.source, wanted.url

    def _key(self, wanted: PageRequest) -> tuple[str, str, str]:
        return (*self._place(wanted), self._listed_revision(wanted).hash)


def _seen_again(stated: Revision, known: KnownArticle) -> Revision:
    """What says that an article is still listed and nothing else: what its own page said is better."""
    return replace(
        stated,
        hash=known.shown_hash or stated.hash,
        at=stated.captured,
        published=stated.captured,
        published_from="first_seen",
    )


def _complete_revision(stated: Revision, read: Revision) -> Revision:
    """An article as its page has it, under the keys and the hash that it is listed with."""
    keys = tuple(dict.fromkeys((*stated.keys, *read.keys)))
    return replace(read, keys=keys, hash=stated.hash, guarded=stated.guarded or read.guarded)


def _says_something(stated: Revision) -> bool:
    return bool(stated.content_html or stated.summary)


def _has_title(stated: Revision) -> bool:
    """A headline and a link are an entry, also where the page behind it cannot be read; an address alone is none."""
    return stated.provenance.get("title") != "url"


def _notes(results: Collection[ItemResult]) -> list[str]:
    read = [result for result in results if result.status == "read"]
    reasons = [result.reason for result in results if result.reason]
    notes = []
    if read or reasons:
        note = f"full text of {len(read)} {_items(len(read))} read"
        if reasons:
            note += f", {len(reasons)} failed ({reasons[0]})"
        notes.append(note)
    if any(_is_rough(result.revision) for result in read):
        notes.append(ROUGH_TEXT_NOTE)

    postponed = 0
    for result in results:
        if result.status == "later" and not result.reason:
            postponed += 1
    if postponed:
        notes.append(f"{postponed} {_items(postponed)} left for the next run")
    return notes


def _is_rough(revision: Revision | None) -> bool:
    return revision is not None and revision.provenance.get("content_html") == ROUGH_TEXT


def _items(count: int) -> str:
    return "item" if count == 1 else "items"
