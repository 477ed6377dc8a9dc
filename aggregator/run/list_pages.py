"""The further documents of a list: its next pages, the parts of a sitemap.

Rule: they are read as long as they bring articles that are not known, each once, and none beyond the list's own domain.
One that cannot be read ends the reading, never the run.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.errors import SourceError
from aggregator.normalize.url import same_site
from aggregator.parse.task import ParseResult
from aggregator.run.page_fetcher import redact_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.parse.task import ParseTask
    from aggregator.run.page_fetcher import PageFetcher
    from aggregator.store import KnownArticle

MAX_PARTS = 5  # of a sitemap in one run, the newest


@dataclass(frozen=True, slots=True)
class ListPage:
    """One document of a list, and what is known of the articles in it, in their order.

    `is_index` tells of a document that names others, and no article.
    """

    result: ParseResult
    known: Sequence[KnownArticle | None]
    is_index: bool = False

    @property
    def has_unknown_items(self) -> bool:
        """Tell whether to read what it leads to: behind what is new, and behind an index."""
        return self.is_index or any(known is None for known in self.known)


def list_page(digest: ParseResult, known: Sequence[KnownArticle | None]) -> ListPage:
    return ListPage(digest, known, is_index=not digest.item_count and bool(digest.next_urls))


async def follow_pages(
    visit: PageFetcher, job: ParseTask, first: ListPage, *, url: str
) -> list[ListPage]:
    """Read on from the document at `url`, and return all leaves, the first in front. Raises StoreError."""
    leaves, asked, keys = [first], {url, str(visit.source.url)}, _keys(first.result)
    queue = deque(first.result.next_urls if first.has_unknown_items else ())
    most = MAX_PARTS if job.adapter == "sitemap" else visit.source.pages - 1
    while queue and len(leaves) <= most and visit.seconds_left and not visit.is_full:
        address = queue.popleft()
        if address in asked or not same_site(address, url):
            continue
        asked.add(address)
        leaf = await _in_time(visit, job, address, keys)
        leaves.append(leaf)
        keys |= _keys(leaf.result)
        if not leaf.has_unknown_items:
            break
        queue.extend(leaf.result.next_urls)
    return leaves


async def _in_time(visit: PageFetcher, job: ParseTask, address: str, keys: set[str]) -> ListPage:
    try:
        async with asyncio.timeout(visit.seconds_left):
            return await _read_list_page(visit, job, address, keys)
    except TimeoutError:
        return ListPage(
            ParseResult(
                notes=(f"{redact_query(address)} could not be read in the time of this run",)
            ),
            (),
        )


async def _read_list_page(
    visit: PageFetcher, job: ParseTask, address: str, keys: set[str]
) -> ListPage:
    try:
        capture = await visit.fetch_page(address, robots=job.adapter == "page")
        digest = await visit.context.parse([capture], job)
    except SourceError as error:
        return ListPage(
            ParseResult(notes=(f"{redact_query(address)} could not be read: {error}",)), ()
        )
    fresh = _without_items(digest, keys)
    return replace(
        list_page(digest, ()), result=fresh, known=await visit.context.find_known(fresh.revisions)
    )


def _keys(digest: ParseResult) -> set[str]:
    return {key for revision in digest.revisions for key in revision.keys}


def _without_items(result: ParseResult, keys: set[str]) -> ParseResult:
    """Leave out what an earlier page of the list has already: lists move while they are read."""
    kept = []
    for index, revision in enumerate(result.revisions):
        if keys.isdisjoint(revision.keys):
            kept.append(index)
    if len(kept) == len(result.revisions):
        return result

    places = {index: place for place, index in enumerate(kept)}
    requests = []
    for request in result.page_requests:
        if request.revision_index in places:
            requests.append(replace(request, revision_index=places[request.revision_index]))
    return replace(
        result,
        revisions=tuple(result.revisions[index] for index in kept),
        page_requests=tuple(requests),
    )
