"""The way from an address to a source that brings entries: every candidate is asked, every step is told.

    known      a platform tells by the address alone where its feeds are
    asked      the address itself: a feed, a sitemap, JSON, or a page
    stated     the feeds that a page recommends, then those it links to
    guessed    where its software keeps feeds, then the usual addresses
    sitemap    of news, as robots.txt names it
    page       the page itself: what it says of its articles, else what repeats in it

Rule: nothing is believed that does not give an entry, and no site is asked more than MOST_QUESTIONS times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin

from aggregator.discovery import platforms
from aggregator.discovery.platforms import FeedCandidate
from aggregator.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aggregator.adapters.listing.infer import InferredList
    from aggregator.config import Source
    from aggregator.discovery.page_links import PageFeeds
    from aggregator.dry_run import Rehearsal
    from aggregator.fetch import Response
    from aggregator.model import Capture, Revision

MAX_REQUESTS = 12
_PAGES = 2  # of a sitemap's children
_OTHERWISE = frozenset(
    {"connect", "tls", "timeout"}
)  # reached in no other way than by another scheme
_REFUSED = frozenset({"forbidden", "blocked", "gone", "redirect", "too-large"})
_TOO_MANY_REQUESTS = 429
_HEAD_BYTES = 4096
_OPML = re.compile(rb"<opml\b", re.IGNORECASE)
_GIVEN = "the address itself"


@dataclass(frozen=True, slots=True)
class FoundSource:
    """A source that brings entries.

    `given` are its keys besides id and name, `why` says how it was found, `others` are the further feeds of the page.
    `inferred` holds the rules that were inferred from a page, None where none were needed.
    """

    given: Mapping[str, Any]
    why: str
    dry_run: Rehearsal
    others: tuple[FeedCandidate, ...] = ()
    inferred: InferredList | None = None


@dataclass(frozen=True, slots=True)
class AlreadyFollowed:
    """The address is that of a source that is configured already."""

    source: Source
    url: str


class Rehearse(Protocol):
    """A dry run of a source (`rehearsal.rehearse`) that asks for nothing whose answer is remembered."""

    async def __call__(self, source: Source, *, articles: int, more: bool) -> Rehearsal: ...


@dataclass(slots=True)
class Search:
    """One search: `rehearse` asks, `follower` names the source that has an address already, `tell` is told every step.

    `refused` tells that an address was refused because it is private.
    """

    rehearse: Rehearse
    draft: Callable[[Mapping[str, Any]], Source]
    follower: Callable[[str], Source | None]
    tell: Callable[[str], None]
    refused: bool = False
    _left: int = MAX_REQUESTS
    _seen: set[str] = field(default_factory=set)

    async def find(self, urls: Sequence[str]) -> FoundSource | AlreadyFollowed | None:
        """Find the source that an address leads to; `urls` are its spellings, tried until one answers."""
        return await self._first_working(
            platforms.known_feeds(urls[0]), most=3
        ) or await self._request(urls)

    async def folder(self, path: str) -> FoundSource | None:
        """Try a folder of saved articles."""
        given = {"path": path, "adapter": "archive"}
        rehearsal = await self._rehearse(given, questions=1)
        self.tell(f"looked at {path}: {_describe_result(rehearsal)}")
        return FoundSource(given, "saved articles", rehearsal) if entries(rehearsal) else None

    async def _request(self, urls: Sequence[str]) -> FoundSource | AlreadyFollowed | None:
        for url in urls:
            found, rehearsal = await self._try(FeedCandidate(url, _GIVEN))
            if found:
                return found
            self.refused |= rehearsal is not None and _is_private(rehearsal)
            if rehearsal is None or rehearsal.result.outcome.error not in _OTHERWISE:
                return await self._after_response(url, rehearsal)
        return None

    async def _after_response(
        self, url: str, rehearsal: Rehearsal | None
    ) -> FoundSource | AlreadyFollowed | None:
        """Go on from an address that answered, and is no feed."""
        from aggregator.discovery.page_links import looks_like_html

        answer = _answer(rehearsal)
        if answer is None:
            guesses = (
                _guesses(url) if rehearsal and _refuses(rehearsal) and not self.refused else ()
            )
            return await self._first_working(guesses, most=len(guesses))
        capture = _capture(answer)
        if not looks_like_html(capture):
            return await self._try_data(url, capture)
        return await self._of_page(url, capture)

    async def _try_data(self, url: str, capture: Capture) -> FoundSource | None:
        """Read a document that is neither a feed nor a page, if anything can."""
        head = capture.body[:_HEAD_BYTES]
        if b"<urlset" in head or b"<sitemapindex" in head:
            return await self._confirm(
                {"url": url, "adapter": "sitemap"}, "a sitemap", articles=3, more=True
            )
        if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
            return await self._confirm({"url": url, "adapter": "json"}, "a list in JSON")
        if _OPML.search(head):
            self.tell(f"{url} is a list of feeds (OPML): `aggregator import` takes it")
        return None

    async def _of_page(self, url: str, capture: Capture) -> FoundSource | AlreadyFollowed | None:
        from aggregator.discovery.page_links import find_feeds, well_known_feeds

        feeds = find_feeds(capture)
        for candidates, most in (
            (feeds.recommended, 3),
            (feeds.linked, 2),
            (feeds.guessed, 3),
            (well_known_feeds(capture.url), 6),
        ):
            found = await self._first_working(candidates, most=most)
            if isinstance(found, FoundSource):
                return replace(found, others=_others(found, feeds))
            if found:
                return found
        return await self._news_sitemap(capture.url) or await self._page_itself(url, capture)

    async def _news_sitemap(self, url: str) -> FoundSource | AlreadyFollowed | None:
        from aggregator.discovery.page_links import news_sitemaps

        robots = urljoin(url, "/robots.txt")
        _, rehearsal = await self._try(FeedCandidate(robots, "for sitemaps of news"), quiet=True)
        answer = _answer(rehearsal)
        named = news_sitemaps(answer.body.decode("utf-8", "replace") if answer else "", url)
        return await self._first_working(named, most=2, adapter="sitemap")

    async def _page_itself(self, url: str, capture: Capture) -> FoundSource | None:
        given: dict[str, Any] = {"url": url, "adapter": "page"}
        found = await self._confirm(given, "the page itself")
        if found is None or not found.dry_run.digest.is_inferred:
            return found
        inferred = _infer_list(capture)
        if inferred is None:
            return found
        rules = {**given, "items": inferred.items, "fields": dict(inferred.fields)}
        proven = await self._rehearse(rules)
        return (
            FoundSource(rules, "rules inferred from the page", proven, inferred=inferred)
            if entries(proven)
            else found
        )

    async def _confirm(
        self, given: Mapping[str, Any], why: str, *, articles: int = 0, more: bool = False
    ) -> FoundSource | None:
        """Read what was fetched already in another way."""
        rehearsal = await self._rehearse(given, articles=articles, more=more)
        self.tell(f"read {given['url']} as {why}: {_describe_result(rehearsal)}")
        return FoundSource(given, why, rehearsal) if entries(rehearsal) else None

    async def _first_working(
        self, candidates: Sequence[FeedCandidate], *, most: int, adapter: str = "feed"
    ) -> FoundSource | AlreadyFollowed | None:
        """The first of a few candidates that brings entries."""
        fresh = [candidate for candidate in candidates if candidate.url not in self._seen]
        for candidate in fresh[:most]:
            found, _ = await self._try(candidate, adapter=adapter)
            if found:
                return found
        return None

    async def _try(
        self, candidate: FeedCandidate, *, adapter: str = "feed", quiet: bool = False
    ) -> tuple[FoundSource | AlreadyFollowed | None, Rehearsal | None]:
        """Ask for a candidate, unless it is followed already, or enough was asked."""
        if (source := self.follower(candidate.url)) is not None:
            return AlreadyFollowed(source, candidate.url), None
        if self._left <= 0:
            return None, None
        self._seen.add(candidate.url)
        given = {"url": candidate.url, "adapter": adapter}
        try:
            rehearsal = await self._rehearse(given, questions=1)
        except ValueError:  # a page may recommend anything
            self.tell(
                f"passed over {candidate.url} ({candidate.reason}): no source may have this address"
            )
            return None, None
        told = (
            "it is there"
            if quiet and rehearsal.responses
            else _describe_result(rehearsal).removesuffix(f" at {candidate.url}")
        )
        self.tell(f"looked at {candidate.url} ({candidate.reason}): {told}")
        if not entries(rehearsal):
            return None, rehearsal
        if (source := self._follower_of(rehearsal)) is not None:
            return AlreadyFollowed(source, candidate.url), rehearsal
        return FoundSource(given, candidate.reason, rehearsal), rehearsal

    async def _rehearse(
        self, given: Mapping[str, Any], *, questions: int = 0, articles: int = 0, more: bool = False
    ) -> Rehearsal:
        """Try a source; `questions` is how many it costs at least, 0 where its document was asked for before."""
        source = self.draft({**given, "pages": _PAGES} if more else given)
        rehearsal = await self.rehearse(source, articles=articles, more=more)
        self._left -= max(len(rehearsal.responses), questions) if questions else 0
        return rehearsal

    def _follower_of(self, rehearsal: Rehearsal) -> Source | None:
        """The source that follows the address where redirects led."""
        answer = _answer(rehearsal)
        return self.follower(answer.url) if answer else None


def entries(rehearsal: Rehearsal) -> Sequence[Revision]:
    """The entries of a rehearsal, those whose articles were not read as they were stated."""
    stated, complete = rehearsal.digest.revisions, rehearsal.result.revisions
    return complete if len(complete) >= len(stated) else stated


def _guesses(url: str) -> tuple[FeedCandidate, ...]:
    from aggregator.discovery.page_links import well_known_feeds

    return (*platforms.possible_feeds(url), *well_known_feeds(url))


def _others(found: FoundSource, feeds: PageFeeds) -> tuple[FeedCandidate, ...]:
    by_url = {candidate.url: candidate for candidate in (*feeds.linked, *feeds.recommended)}
    by_url.pop(str(found.given["url"]), None)
    return tuple(reversed(by_url.values()))


def _answer(rehearsal: Rehearsal | None) -> Response | None:
    return rehearsal.responses[-1] if rehearsal and rehearsal.responses else None


def _capture(answer: Response) -> Capture:
    from datetime import UTC, datetime

    from aggregator.model import Capture

    return Capture(
        "", answer.url, datetime.now(UTC), answer.body, status=answer.status, headers=answer.headers
    )


def _is_private(rehearsal: Rehearsal) -> bool:
    outcome = rehearsal.result.outcome
    return outcome.error == "blocked" and "allow_private" in (outcome.message or "")


def _refuses(rehearsal: Rehearsal) -> bool:
    """Tell whether it was this address that was refused: another of the same host may well be open to programs."""
    outcome = rehearsal.result.outcome
    if outcome.error in _REFUSED:
        return True
    status = outcome.http_status or 0
    return 400 <= status < 500 and status != _TOO_MANY_REQUESTS


def _describe_result(rehearsal: Rehearsal) -> str:
    outcome = rehearsal.result.outcome
    count = len(entries(rehearsal))
    if count == 1:
        return "1 entry"
    if count:
        return f"{count} entries"

    if outcome.status == "failed":
        return outcome.message or str(outcome.error)
    if outcome.rejected:
        return f"no entries ({outcome.rejected[0]})"
    return "no entries"


def _infer_list(capture: Capture) -> InferredList | None:
    from aggregator.adapters.html import parse_page
    from aggregator.adapters.listing.infer import infer_list

    try:
        return infer_list(parse_page(capture))
    except SourceError:
        return None
