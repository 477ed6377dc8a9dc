"""Reads the further documents of a list: its next pages, or the parts of a sitemap.

They are read while they bring unknown articles, each once, on the list's own site only. A
page that cannot be read ends the reading, but not the run.
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
    """One document of a list, with what the store knows of its articles, in order.

    An index (`is_index`) names other documents and has no articles.
    """

    result: ParseResult
    known: Sequence[KnownArticle | None]
    is_index: bool = False

    @property
    def has_unknown_items(self) -> bool:
        """Tell whether to read the following documents; an index always counts."""
        return self.is_index or any(known is None for known in self.known)


def list_page(parsed: ParseResult, known: Sequence[KnownArticle | None]) -> ListPage:
    return ListPage(parsed, known, is_index=not parsed.item_count and bool(parsed.next_urls))


async def follow_pages(
    pages: PageFetcher, task: ParseTask, first: ListPage, *, url: str
) -> list[ListPage]:
    """Read the documents that follow the one at `url`; return all, the first included. Raises StoreError."""
    list_pages, seen, keys = [first], {url, str(pages.source.url)}, _keys(first.result)
    queue = deque(first.result.next_urls if first.has_unknown_items else ())
    limit = MAX_PARTS if task.adapter == "sitemap" else pages.source.pages - 1
    while queue and len(list_pages) <= limit and pages.seconds_left and not pages.is_full:
        next_url = queue.popleft()
        if next_url in seen or not same_site(next_url, url):
            continue
        seen.add(next_url)
        page = await _read_in_time(pages, task, next_url, keys)
        list_pages.append(page)
        keys |= _keys(page.result)
        if not page.has_unknown_items:
            break
        queue.extend(page.result.next_urls)
    return list_pages


async def _read_in_time(
    pages: PageFetcher, task: ParseTask, next_url: str, keys: set[str]
) -> ListPage:
    try:
        async with asyncio.timeout(pages.seconds_left):
            return await _read_list_page(pages, task, next_url, keys)
    except TimeoutError:
        return ListPage(
            ParseResult(
                notes=(f"{redact_query(next_url)} could not be read in the time of this run",)
            ),
            (),
        )


async def _read_list_page(
    pages: PageFetcher, task: ParseTask, next_url: str, keys: set[str]
) -> ListPage:
    try:
        capture = await pages.fetch_page(next_url, robots=task.adapter == "page")
        parsed = await pages.context.parse([capture], task)
    except SourceError as error:
        return ListPage(
            ParseResult(notes=(f"{redact_query(next_url)} could not be read: {error}",)), ()
        )
    new_items = _without_items(parsed, keys)
    return replace(
        list_page(parsed, ()),
        result=new_items,
        known=await pages.context.find_known(new_items.revisions),
    )


def _keys(parsed: ParseResult) -> set[str]:
    return {key for revision in parsed.revisions for key in revision.keys}


def _without_items(result: ParseResult, keys: set[str]) -> ParseResult:
    """Remove items that an earlier page has already; items move to later pages while a list is read."""
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
        excerpts=(),
    )
