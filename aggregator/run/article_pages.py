"""The articles' own pages: what a list or an excerpt says of an article is completed by the article itself.

Rule: only what is unknown or changed is asked for, and whatever becomes of one page, its item loses nothing: what
cannot be read now stays as it was stated, and is tried again where that may help. The hash stays that of the statement.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from aggregator.adapter_table import ADAPTERS, ARTICLE
from aggregator.adapters import ROUGH_TEXT
from aggregator.errors import SourceError
from aggregator.normalize.filters import chooser
from aggregator.normalize.identity import content_hash
from aggregator.normalize.image import without_logos
from aggregator.run.page_fetcher import passes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aggregator.model import Revision
    from aggregator.parse.task import Digest, Job, Wanted
    from aggregator.run.page_fetcher import Visit
    from aggregator.store import KnownArticle

MAX_PAGES = 10  # of one article
ROUGH_TEXT_NOTE = (
    "texts of pages without site rules may be rough: install trafilatura "
    '(`pip install "aggregator[fulltext]"`, in a checkout `make extras`)'
)

End: TypeAlias = Literal["read", "known", "kept", "rejected", "left out", "later"]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an item: the revision to store, None for none, and why its page could not be read."""

    end: End
    revision: Revision | None = None
    trouble: str | None = None


async def complete(
    visit: Visit, job: Job, digest: Digest, known: Sequence[KnownArticle | None]
) -> Digest:
    """Read the pages that a digest wants; `known` is what the store knows of its revisions. Raises StoreError."""
    desk = _Desk(visit, job, digest, known)
    fates = {one.index: desk.known(one) for one in digest.wanted}
    unknown = [one for one in digest.wanted if fates[one.index] is None]
    fates |= await _read(visit, desk, unknown[: visit.parts.max_articles])
    ends = {one.index: fates[one.index] or desk.later(one) for one in digest.wanted}
    visit.later = visit.later or any(fate.end == "later" for fate in ends.values())
    told = (
        ends[index].revision if index in ends else one for index, one in enumerate(digest.revisions)
    )
    return replace(
        digest,
        revisions=without_logos([one for one in told if one is not None]),
        rejected=(
            *digest.rejected,
            *(fate.trouble or "" for fate in ends.values() if fate.end == "rejected"),
        ),
        notes=(*digest.notes, *_notes(ends.values())),
        left_out=digest.left_out + sum(fate.end == "left out" for fate in ends.values()),
        wanted=(),
    )


async def _read(visit: Visit, desk: _Desk, unknown: Iterable[Wanted]) -> dict[int, Fate]:
    """Read as many pages as the time allows: of one host as many at once as it may be asked, of all hosts at once."""
    fates: dict[int, Fate] = {}
    lanes: defaultdict[str, deque[Wanted]] = defaultdict(deque)
    for wanted in unknown:
        lanes[visit.host(wanted.url)].append(wanted)

    async def pull(lane: deque[Wanted]) -> None:
        while lane and not visit.is_full:
            wanted = lane.popleft()
            fates[wanted.index] = await desk.read(wanted)

    at_once = visit.parts.hosts.per_host
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


class _Desk:
    """Where the items of one run are completed, each by itself."""

    def __init__(
        self, visit: Visit, job: Job, digest: Digest, known: Sequence[KnownArticle | None]
    ) -> None:
        self._visit = visit
        self._job = job
        self._revisions = digest.revisions
        self._known = known
        self._chosen = chooser(job.include, job.exclude)

    def known(self, wanted: Wanted) -> Fate | None:
        """The fate of an item that needs no page: nothing of it is new, or its page was read often, or in vain."""
        stated, known, parts = self._stated(wanted), self._known[wanted.index], self._visit.parts
        enough = not stated.guarded and parts.readings.were_enough(
            self._place(wanted), self._visit.started
        )
        if known is not None and (enough or known.is_unchanged_by(stated)):
            return Fate("known", _seen_again(stated, known))
        trouble = parts.vain.recall(self._key(wanted), self._visit.started)
        return None if trouble is None else self._refused(wanted, trouble)

    def later(self, wanted: Wanted) -> Fate:
        """The fate of an item for whose page there was no time."""
        known = self._known[wanted.index] is not None
        return Fate(
            "later",
            self._unread(wanted) if known or _says_something(self._stated(wanted)) else None,
        )

    async def read(self, wanted: Wanted) -> Fate:
        """Read the page of an item; whatever is wrong with it is this item's fate. Raises StoreError."""
        try:
            read = await self._article(wanted)
        except SourceError as error:
            return (
                self._delayed(wanted, str(error))
                if passes(error)
                else self._in_vain(wanted, str(error))
            )
        self._visit.parts.readings.note(self._place(wanted), self._visit.started)
        if not read.revisions:
            return self._in_vain(wanted, next(iter(read.rejected), ""))
        return Fate("read", _completed(self._stated(wanted), read.revisions[0]))

    async def _article(self, wanted: Wanted) -> Digest:
        """Digest an article with all its pages, at most MAX_PAGES."""
        visit = self._visit
        job = replace(self._job, carrier=ARTICLE, item=wanted.raw, listed=self._job.carrier)
        first = await visit.page(wanted.url)
        read = await visit.parts.digest([first], job)
        asked, host = {wanted.url, first.url}, visit.host(first.url)
        while len(job.following) < MAX_PAGES - 1:
            url = next(
                (url for url in read.more if url not in asked and visit.host(url) == host), None
            )
            if url is None:
                break
            asked.add(url)
            job = replace(job, following=(*job.following, await visit.page(url)))
            read = await visit.parts.digest([first], job)
        return read

    def _delayed(self, wanted: Wanted, trouble: str) -> Fate:
        """The fate of an item whose page may be there another time."""
        stated = self._stated(wanted)
        if not _has_a_name(stated) and not _says_something(stated):
            return Fate("later", trouble=trouble)
        return self._kept(self._unread(wanted), trouble)

    def _in_vain(self, wanted: Wanted, trouble: str) -> Fate:
        self._visit.parts.vain.note(self._key(wanted), trouble, self._visit.started)
        return self._refused(wanted, trouble)

    def _refused(self, wanted: Wanted, trouble: str) -> Fate:
        """The fate of an item whose page is not to be had; without `trouble` it was a filter that kept it out."""
        stated, known = self._stated(wanted), self._known[wanted.index]
        if not trouble:
            return Fate("left out")
        if not ADAPTERS[self._job.carrier].is_list or _says_something(stated):
            return self._kept(stated, trouble)
        if known is not None:
            return self._kept(_seen_again(stated, known), trouble)
        if _has_a_name(stated):
            return self._kept(stated, trouble)
        named = trouble.startswith(f"{wanted.raw.item}:")
        return Fate("rejected", trouble=trouble if named else f"{wanted.raw.item}: {trouble}")

    def _kept(self, revision: Revision, trouble: str) -> Fate:
        if self._chosen is not None and not self._chosen(revision):
            return Fate("left out", trouble=trouble)
        return Fate("kept", revision, trouble)

    def _unread(self, wanted: Wanted) -> Revision:
        """The item until its page is read: with a hash that lets it be wanted again the next time it is listed.

        What is known keeps what it has until then, unless its key may stand for another article.
        """
        stated, known = self._stated(wanted), self._known[wanted.index]
        if known is not None and not stated.guarded:
            return _seen_again(stated, known)
        return replace(stated, hash=content_hash({"hash": stated.hash, "page": "unread"}))

    def _stated(self, wanted: Wanted) -> Revision:
        return self._revisions[wanted.index]

    def _place(self, wanted: Wanted) -> tuple[str, str]:
        return self._job.source, wanted.url

    def _key(self, wanted: Wanted) -> tuple[str, str, str]:
        return (*self._place(wanted), self._stated(wanted).hash)


def _seen_again(stated: Revision, known: KnownArticle) -> Revision:
    """What says that an article is still listed and nothing else: what its own page said is better."""
    return replace(
        stated,
        hash=known.shown_hash or stated.hash,
        at=stated.captured,
        published=stated.captured,
        published_from="first_seen",
    )


def _completed(stated: Revision, read: Revision) -> Revision:
    """An article as its page has it, under the keys and the hash that it is listed with."""
    keys = tuple(dict.fromkeys((*stated.keys, *read.keys)))
    return replace(read, keys=keys, hash=stated.hash, guarded=stated.guarded or read.guarded)


def _says_something(stated: Revision) -> bool:
    return bool(stated.content_html or stated.summary)


def _has_a_name(stated: Revision) -> bool:
    """A headline and a link are an entry, also where the page behind it cannot be read; an address alone is none."""
    return stated.provenance.get("title") != "url"


def _notes(fates: Iterable[Fate]) -> list[str]:
    ends = list(fates)
    read = sum(fate.end == "read" for fate in ends)
    troubles = [fate.trouble for fate in ends if fate.trouble]
    later = sum(fate.end == "later" and not fate.trouble for fate in ends)
    notes = []
    if read or troubles:
        failed = f", {len(troubles)} failed ({troubles[0]})" if troubles else ""
        notes.append(f"full text of {read} {_items(read)} read{failed}")
    if any(_is_rough(fate.revision) for fate in ends if fate.end == "read"):
        notes.append(ROUGH_TEXT_NOTE)
    if later:
        notes.append(f"{later} {_items(later)} left for the next run")
    return notes


def _is_rough(revision: Revision | None) -> bool:
    return revision is not None and revision.provenance.get("content_html") == ROUGH_TEXT


def _items(count: int) -> str:
    return "item" if count == 1 else "items"
