"""Searches for a source behind a URL: tries candidates in order, until one has entries.

    known      feeds of a platform that follow from the URL alone
    given      the URL itself: a feed, a sitemap, JSON, or a page
    named      the feeds that a page recommends, then those it links to
    guessed    the feeds of the page's software, then usual feed URLs
    sitemap    a news sitemap that robots.txt names
    page       the page itself: its own data about articles, else inferred rules

A candidate counts only if a dry run of it brings entries. At most MAX_REQUESTS requests
are made. Every step is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin

from aggregator.discovery.candidates import (
    MAX_REQUESTS,
    platform_candidates,
    sitemap_candidates,
    stated_candidates,
    usual_candidates,
)
from aggregator.discovery.platforms import FeedCandidate, possible_feeds
from aggregator.errors import SourceError
from aggregator.fetch.source import looks_like_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aggregator.adapters.listing.infer import InferredList
    from aggregator.config import Source
    from aggregator.discovery.page_links import PageFeeds
    from aggregator.dry_run import DryRun
    from aggregator.fetch import Response
    from aggregator.model import Capture, Revision

_MAX_SITEMAP_PAGES = 2  # of a sitemap's children
_UNREACHABLE_ERRORS = frozenset({"connect", "tls", "timeout"})  # only another scheme may help
_REFUSAL_ERRORS = frozenset({"forbidden", "blocked", "gone", "redirect", "too-large"})
_TOO_MANY_REQUESTS = 429
_HEAD_BYTES = 4096
_OPML = re.compile(rb"<opml\b", re.IGNORECASE)
_GIVEN_URL = "the address itself"


@dataclass(frozen=True, slots=True)
class FoundSource:
    """A source that brings entries.

    `given` are its keys besides id and name, `why` says how it was found. `others` are
    further feeds of the page. `inferred` are rules inferred from the page, None without.
    """

    given: Mapping[str, Any]
    why: str
    dry_run: DryRun
    others: tuple[FeedCandidate, ...] = ()
    inferred: InferredList | None = None


@dataclass(frozen=True, slots=True)
class AlreadyFollowed:
    """A configured source already follows this URL."""

    source: Source
    url: str


class DryRunner(Protocol):
    """Makes a dry run of a source (`dry_run.try_source`) with cached responses."""

    async def __call__(self, source: Source, *, articles: int, follow_pages: bool) -> DryRun: ...


@dataclass(slots=True)
class Search:
    """One search. `find_follower` returns the source that follows a URL already; `report` gets every step.

    `is_private` says that a URL was refused because it is in a private network.
    """

    try_source: DryRunner
    build_source: Callable[[Mapping[str, Any]], Source]
    find_follower: Callable[[str], Source | None]
    report: Callable[[str], None]
    is_private: bool = False
    _requests_left: int = MAX_REQUESTS
    _tried_urls: set[str] = field(default_factory=set)

    async def find_source(self, urls: Sequence[str]) -> FoundSource | AlreadyFollowed | None:
        """Find the source behind a URL; `urls` are its spellings, tried until one responds."""
        known = platform_candidates(urls[0])
        return await self._try_candidates(known) or await self._try_urls(urls)

    async def try_folder(self, path: str) -> FoundSource | None:
        """Try a folder of saved articles."""
        given = {"path": path, "adapter": "archive"}
        dry_run = await self._try_given(given, min_requests=1)
        self.report(f"looked at {path}: {_describe_result(dry_run)}")
        return FoundSource(given, "saved articles", dry_run) if dry_run_entries(dry_run) else None

    async def _try_urls(self, urls: Sequence[str]) -> FoundSource | AlreadyFollowed | None:
        for url in urls:
            found, dry_run = await self._try_candidate(FeedCandidate(url, _GIVEN_URL))
            if found:
                return found
            self.is_private |= dry_run is not None and _is_private(dry_run)
            if dry_run is None or dry_run.result.outcome.error not in _UNREACHABLE_ERRORS:
                return await self._continue_from(url, dry_run)
        return None

    async def _continue_from(
        self, url: str, dry_run: DryRun | None
    ) -> FoundSource | AlreadyFollowed | None:
        """Continue the search from a URL that is not itself a feed."""
        from aggregator.discovery.page_detection import looks_like_html

        response = _last_response(dry_run)
        if response is None:
            guesses = (
                _guess_feeds(url)
                if dry_run and _refuses_url(dry_run) and not self.is_private
                else ()
            )
            return await self._try_candidates(guesses)
        capture = _make_capture(response)
        if not looks_like_html(capture):
            return await self._try_data(url, capture)
        return await self._search_page(url, capture)

    async def _try_data(self, url: str, capture: Capture) -> FoundSource | None:
        """Try to read a document that is neither a feed nor a page."""
        head = capture.body[:_HEAD_BYTES]
        if b"<urlset" in head or b"<sitemapindex" in head:
            return await self._try_reading_as(
                {"url": url, "adapter": "sitemap"}, "a sitemap", articles=3, follow_pages=True
            )
        if looks_like_json(head):
            return await self._try_reading_as({"url": url, "adapter": "json"}, "a list in JSON")
        if _OPML.search(head):
            self.report(f"{url} is a list of feeds (OPML): `aggregator import` takes it")
        return None

    async def _search_page(
        self, url: str, capture: Capture
    ) -> FoundSource | AlreadyFollowed | None:
        from aggregator.discovery.page_links import find_feeds

        feeds = find_feeds(capture)
        candidates = (*stated_candidates(feeds), *usual_candidates(capture.url))
        found = await self._try_candidates(candidates)
        if isinstance(found, FoundSource):
            return replace(found, others=_other_feeds(found, feeds))
        if found:
            return found
        return await self._try_news_sitemap(capture.url) or await self._try_page_itself(
            url, capture
        )

    async def _try_news_sitemap(self, url: str) -> FoundSource | AlreadyFollowed | None:
        robots = urljoin(url, "/robots.txt")
        _, dry_run = await self._try_candidate(
            FeedCandidate(robots, "for sitemaps of news"), quiet=True
        )
        response = _last_response(dry_run)
        text = response.body.decode("utf-8", "replace") if response else ""
        return await self._try_candidates(sitemap_candidates(text, url), adapter="sitemap")

    async def _try_page_itself(self, url: str, capture: Capture) -> FoundSource | None:
        given: dict[str, Any] = {"url": url, "adapter": "page"}
        found = await self._try_reading_as(given, "the page itself")
        if found is None or not found.dry_run.document_result.is_inferred:
            return found
        inferred = _infer_list(capture)
        if inferred is None:
            return found
        rules = {**given, "items": inferred.items, "fields": dict(inferred.fields)}
        proven = await self._try_given(rules)
        return (
            FoundSource(rules, "rules inferred from the page", proven, inferred=inferred)
            if dry_run_entries(proven)
            else found
        )

    async def _try_reading_as(
        self, given: Mapping[str, Any], why: str, *, articles: int = 0, follow_pages: bool = False
    ) -> FoundSource | None:
        """Read a document that was already fetched with another adapter."""
        dry_run = await self._try_given(given, articles=articles, follow_pages=follow_pages)
        self.report(f"read {given['url']} as {why}: {_describe_result(dry_run)}")
        return FoundSource(given, why, dry_run) if dry_run_entries(dry_run) else None

    async def _try_candidates(
        self, candidates: Sequence[FeedCandidate], *, adapter: str = "feed"
    ) -> FoundSource | AlreadyFollowed | None:
        """Return the first candidate with entries, of those that were not tried yet."""
        for candidate in candidates:
            if candidate.url in self._tried_urls:
                continue
            found, _ = await self._try_candidate(candidate, adapter=adapter)
            if found:
                return found
        return None

    async def _try_candidate(
        self, candidate: FeedCandidate, *, adapter: str = "feed", quiet: bool = False
    ) -> tuple[FoundSource | AlreadyFollowed | None, DryRun | None]:
        """Try a candidate, unless it is followed already or no requests are left."""
        if (source := self.find_follower(candidate.url)) is not None:
            return AlreadyFollowed(source, candidate.url), None
        if self._requests_left <= 0:
            return None, None
        self._tried_urls.add(candidate.url)
        given = {"url": candidate.url, "adapter": adapter}
        try:
            dry_run = await self._try_given(given, min_requests=1)
        except ValueError:  # a page may recommend anything
            self.report(
                f"passed over {candidate.url} ({candidate.reason}): no source may have this address"
            )
            return None, None
        told = (
            "it is there"
            if quiet and dry_run.responses
            else _describe_result(dry_run).removesuffix(f" at {candidate.url}")
        )
        self.report(f"looked at {candidate.url} ({candidate.reason}): {told}")
        if not dry_run_entries(dry_run):
            return None, dry_run
        if (source := self._find_follower_of(dry_run)) is not None:
            return AlreadyFollowed(source, candidate.url), dry_run
        return FoundSource(given, candidate.reason, dry_run), dry_run

    async def _try_given(
        self,
        given: Mapping[str, Any],
        *,
        min_requests: int = 0,
        articles: int = 0,
        follow_pages: bool = False,
    ) -> DryRun:
        """Make a dry run of a source; `min_requests` is 0 if its document was fetched before."""
        source = self.build_source(
            {**given, "pages": _MAX_SITEMAP_PAGES} if follow_pages else given
        )
        dry_run = await self.try_source(source, articles=articles, follow_pages=follow_pages)
        self._requests_left -= max(len(dry_run.responses), min_requests) if min_requests else 0
        return dry_run

    def _find_follower_of(self, dry_run: DryRun) -> Source | None:
        """Return the source that follows the URL to which redirects led."""
        response = _last_response(dry_run)
        return self.find_follower(response.url) if response else None


def dry_run_entries(dry_run: DryRun) -> Sequence[Revision]:
    """Return the entries of a dry run; without articles' pages, those of the document itself."""
    stated, complete = dry_run.document_result.revisions, dry_run.result.revisions
    return complete if len(complete) >= len(stated) else stated


def _guess_feeds(url: str) -> tuple[FeedCandidate, ...]:
    return (*possible_feeds(url), *usual_candidates(url))


def _other_feeds(found: FoundSource, feeds: PageFeeds) -> tuple[FeedCandidate, ...]:
    by_url = {candidate.url: candidate for candidate in (*feeds.linked, *feeds.recommended)}
    by_url.pop(str(found.given["url"]), None)
    return tuple(reversed(by_url.values()))


def _last_response(dry_run: DryRun | None) -> Response | None:
    return dry_run.responses[-1] if dry_run and dry_run.responses else None


def _make_capture(response: Response) -> Capture:
    from datetime import UTC, datetime

    from aggregator.model import Capture

    return Capture(
        "",
        response.url,
        datetime.now(UTC),
        response.body,
        status=response.status,
        headers=response.headers,
    )


def _is_private(dry_run: DryRun) -> bool:
    outcome = dry_run.result.outcome
    return outcome.error == "blocked" and "allow_private" in (outcome.message or "")


def _refuses_url(dry_run: DryRun) -> bool:
    """Tell whether only this URL was refused; others of the same host may be open to programs."""
    outcome = dry_run.result.outcome
    if outcome.error in _REFUSAL_ERRORS:
        return True
    status = outcome.http_status or 0
    return 400 <= status < 500 and status != _TOO_MANY_REQUESTS


def _describe_result(dry_run: DryRun) -> str:
    outcome = dry_run.result.outcome
    count = len(dry_run_entries(dry_run))
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
