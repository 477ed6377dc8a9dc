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
from aggregator.parse.task import Digest
from aggregator.run.page_fetcher import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.parse.task import Job
    from aggregator.run.page_fetcher import Visit
    from aggregator.store import KnownArticle

MAX_PARTS = 5  # of a sitemap in one run, the newest


@dataclass(frozen=True, slots=True)
class Leaf:
    """One document of a list, and what is known of the articles in it, in their order.

    `is_index` tells of a document that names others, and no article.
    """

    digest: Digest
    known: Sequence[KnownArticle | None]
    is_index: bool = False

    @property
    def goes_on(self) -> bool:
        """Tell whether to read what it leads to: behind what is new, and behind an index."""
        return self.is_index or any(known is None for known in self.known)


def leaf_of(digest: Digest, known: Sequence[KnownArticle | None]) -> Leaf:
    return Leaf(digest, known, is_index=not digest.found and bool(digest.more))


async def follow(visit: Visit, job: Job, first: Leaf, *, url: str) -> list[Leaf]:
    """Read on from the document at `url`, and return all leaves, the first in front. Raises StoreError."""
    leaves, asked, keys = [first], {url, str(visit.source.url)}, _keys(first.digest)
    queue = deque(first.digest.more if first.goes_on else ())
    most = MAX_PARTS if job.carrier == "sitemap" else visit.source.pages - 1
    while queue and len(leaves) <= most and visit.seconds_left and not visit.is_full:
        address = queue.popleft()
        if address in asked or not same_site(address, url):
            continue
        asked.add(address)
        leaf = await _in_time(visit, job, address, keys)
        leaves.append(leaf)
        keys |= _keys(leaf.digest)
        if not leaf.goes_on:
            break
        queue.extend(leaf.digest.more)
    return leaves


async def _in_time(visit: Visit, job: Job, address: str, keys: set[str]) -> Leaf:
    try:
        async with asyncio.timeout(visit.seconds_left):
            return await _leaf(visit, job, address, keys)
    except TimeoutError:
        return Leaf(
            Digest(notes=(f"{shown(address)} could not be read in the time of this run",)), ()
        )


async def _leaf(visit: Visit, job: Job, address: str, keys: set[str]) -> Leaf:
    try:
        capture = await visit.page(address, robots=job.carrier == "page")
        digest = await visit.parts.digest([capture], job)
    except SourceError as error:
        return Leaf(Digest(notes=(f"{shown(address)} could not be read: {error}",)), ())
    fresh = _without(digest, keys)
    return replace(leaf_of(digest, ()), digest=fresh, known=await visit.parts.news(fresh.revisions))


def _keys(digest: Digest) -> set[str]:
    return {key for revision in digest.revisions for key in revision.keys}


def _without(digest: Digest, keys: set[str]) -> Digest:
    """Leave out what an earlier document of the list has already: lists move while they are read."""
    kept = [
        index for index, revision in enumerate(digest.revisions) if keys.isdisjoint(revision.keys)
    ]
    if len(kept) == len(digest.revisions):
        return digest
    places = {index: place for place, index in enumerate(kept)}
    return replace(
        digest,
        revisions=tuple(digest.revisions[index] for index in kept),
        wanted=tuple(
            replace(one, index=places[one.index]) for one in digest.wanted if one.index in places
        ),
    )
