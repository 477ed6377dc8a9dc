"""Fetches one source, from the web or from a folder.

A 304, the same bytes and an unchanged folder give no captures. If the source does not name
its adapter, it is detected from the bytes. robots.txt is checked before a page is requested
that is known to be one. A page that sends its reader on is followed.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.adapter_table import named_adapter
from aggregator.errors import SourceError
from aggregator.fetch import folder
from aggregator.fetch.document_hash import hash_bytes, hash_document
from aggregator.fetch.messages import Request
from aggregator.fetch.page_redirect import follow_page_redirects
from aggregator.fetch.preview_cache import fetch_with_cache
from aggregator.model import NO_HINTS, Capture, PollingHints

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch.messages import Response
    from aggregator.fetch.preview_cache import Client, PreviewCache, TimedResponse
    from aggregator.model import SourceState, Validators

REDIRECTS_BEFORE_MOVE = 10  # a hotel's captive portal must not move a feed
# Of a folder in one run; the rest follows at once in the next. What a killed run had read is read
# again, and other sources wait while its files are parsed: 1,000 take some 4 s.
MAX_FILES = 1_000
MAX_FOLDER_BYTES = 64 * 1024 * 1024
NOT_ALLOWED = "robots.txt does not allow this page to be read by programs"
_HEAD_BYTES = 4096
_JSONP = re.compile(
    rb"(?:/\*.{0,40}?\*/)?\s*(?:typeof\s+[\w$.]{1,80}\s*={2,3}[^;&]{1,40}&&\s*)?[\w$.]{1,80}\(\s*[{\[]"
)
_ANTI_HIJACKING_PREFIX = re.compile(rb"\)\]\}'?,?\s*|while\s*\(1\);\s*|for\s*\(;;\);\s*")


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result of fetching a source; without captures if nothing is new.

    `adapter` parses the captures. `rejected` are messages of unreadable files. With
    `has_more`, a folder has more files to read at once. `is_guessed_page` means that a
    page is not configured as a list of articles: `run/source_search.py` searches it for
    feeds. `changed` means that the document says something else than the last one; it
    may also be read again without. `exact_hash` is over all its bytes, where the hash in
    `state` is over what a change of the document is looked for in.
    """

    state: SourceState
    adapter: str
    captures: tuple[Capture, ...] = ()
    rejected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hints: PollingHints = NO_HINTS
    http_status: int | None = None
    size_bytes: int | None = None
    has_more: bool = False
    is_guessed_page: bool = False
    changed: bool = False
    exact_hash: str | None = None


@dataclass(frozen=True, slots=True)
class FetchContext:
    """What fetching needs besides the source.

    `limit_bytes` is the limit of one file of a folder, `max_files` that of files in one
    run. `cache` has the responses of earlier previews.
    """

    client: Client
    now: datetime
    limit_bytes: int
    cache: PreviewCache | None = None
    max_files: int = MAX_FILES


async def fetch_source(
    source: Source, state: SourceState, context: FetchContext, *, full: bool = False
) -> Fetched:
    """Fetch a source; `full` sends no validators and takes the same bytes again.

    Raises:
        SourceError: the source cannot be fetched.
    """
    if source.path is not None:
        return await asyncio.to_thread(_fetch_folder, source, state, context, full=full)
    if full:
        context = replace(context, cache=None)
    return await _fetch_url(source, state, context, full=full)


def make_request(source: Source, url: str, *, validators: Validators | None = None) -> Request:
    """Make a source's request for a URL; its password and headers go to its own origin only."""
    options = source.http
    headers: dict[str, str] = {}
    basic_auth = None
    if _origin(url) == _origin(str(source.url)):
        headers = {name: value.get_secret_value() for name, value in options.headers.items()}
        if options.basic_auth:
            password = options.basic_auth.password.get_secret_value()
            basic_auth = (options.basic_auth.username, password)

    return Request(
        url=url,
        validators=validators,
        headers=headers,
        basic_auth=basic_auth,
        allow_private=source.allow_private,
        max_body=options.max_body,
        proxy=options.proxy,
        user_agent=options.user_agent,
        spacing=options.min_interval,
    )


def make_capture(source: Source, timed_response: TimedResponse) -> Capture:
    """Make the capture of a response; the configured charset replaces the server's."""
    response = timed_response.response
    headers = dict(response.headers)
    if source.http.charset:
        media_type = headers.get("content-type", "text/xml").partition(";")[0]
        headers["content-type"] = f"{media_type}; charset={source.http.charset}"
    return Capture(
        source.id,
        response.url,
        timed_response.taken,
        response.body,
        status=response.status,
        headers=headers,
    )


def detect_adapter(capture: Capture) -> str:
    """Detect the adapter from the bytes; JSON other than JSON Feed is a list of articles."""
    # On demand: saved articles need no discovery.
    from aggregator.discovery.page_detection import looks_like_html

    if looks_like_json(capture.body):
        # A feed reader knows more of a JSON Feed; its version may stand last.
        if b"jsonfeed.org/version" in capture.body:
            return "feed"
        return "json"
    if looks_like_html(capture):
        return "page"
    if _looks_like_sitemap(capture.body[:_HEAD_BYTES]):
        return "sitemap"
    return "feed"


def _looks_like_sitemap(head: bytes) -> bool:
    if head.startswith(b"\x1f\x8b"):  # sitemaps are kept as .gz
        return True
    return b"<urlset" in head or b"<sitemapindex" in head


def looks_like_json(body: bytes) -> bool:
    """Tell whether a document begins like JSON, alone or as the argument of a function (JSONP)."""
    head = body[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    prefix = _ANTI_HIJACKING_PREFIX.match(head)
    if prefix:
        head = head[prefix.end() :]
    return head[:1] in (b"{", b"[") or _JSONP.match(head) is not None


def url_to_fetch(source: Source, state: SourceState) -> str:
    """Return the URL that the next request goes to.

    A permanent redirect that was seen often enough comes first, then the feed that the source's
    page names, then the configured URL.
    """
    if state.moved_to is not None and state.moved_seen >= REDIRECTS_BEFORE_MOVE:
        return state.moved_to
    if state.discovered_feed is not None:
        return state.discovered_feed
    return str(source.url)


def _fetch_folder(
    source: Source, state: SourceState, context: FetchContext, *, full: bool
) -> Fetched:
    known_files = {} if full else state.folder
    changes = folder.scan(Path(str(source.path)), known_files)
    captures: list[Capture] = []
    rejected = list(changes.rejected)
    size_bytes = 0
    done = 0
    for name in changes.changed_names[: context.max_files]:
        if size_bytes > MAX_FOLDER_BYTES:
            break
        done += 1
        result = folder.read_file(
            changes.root,
            name,
            source=source.id,
            taken=context.now,
            limit_bytes=source.http.max_body or context.limit_bytes,
        )
        if isinstance(result, Capture):
            captures.append(result)
            size_bytes += len(result.body)
        else:
            rejected.append(result)

    left = set(changes.changed_names[done:])
    manifest = {name: stamp for name, stamp in changes.manifest.items() if name not in left}
    return Fetched(
        replace(state, folder=manifest),
        adapter=named_adapter(source.adapter) or "archive",
        captures=tuple(captures),
        rejected=tuple(rejected),
        size_bytes=size_bytes,
        has_more=bool(left),
        changed=bool(captures),
    )


async def _fetch_url(
    source: Source, state: SourceState, context: FetchContext, *, full: bool
) -> Fetched:
    url = url_to_fetch(source, state)
    validators = state.validators
    if full or state.read_again:
        validators = None

    is_known_page = source.adapter == "page" or state.detected_adapter == "page"
    if is_known_page:
        await check_robots(source, url, context)
    timed_response = await _get(source, url, context, validators=validators)
    adapter = _adapter_for_response(source, state, timed_response)

    if adapter == "page" and _is_new_page(source, state) and _has_page_rules(source):
        await check_robots(source, url, context)
    state = _count_redirect(state, timed_response.response, requested=url)
    return _make_fetched(source, state, timed_response, adapter, full=full)


async def fetch_candidate(
    source: Source, state: SourceState, url: str, context: FetchContext
) -> Fetched:
    """Fetch a URL that may be what a page's source should read; the state is as if it was chosen.

    Raises:
        SourceError: it cannot be fetched.
    """
    timed_response = await _get(source, url, context, validators=None)
    adapter = detect_adapter(make_capture(source, timed_response))
    state = replace(state, discovered_feed=url, detected_adapter=None, moved_to=None, moved_seen=0)
    state = _count_redirect(state, timed_response.response, requested=url)
    return _make_fetched(source, state, timed_response, adapter, full=True)


async def check_robots(source: Source, url: str, context: FetchContext) -> None:
    """Check that robots.txt allows a page. Raises SourceError."""
    if not await context.client.is_allowed(url, like=make_request(source, url)):
        raise SourceError("forbidden", NOT_ALLOWED)


def _is_new_page(source: Source, state: SourceState) -> bool:
    """Tell whether a page is expected neither by the configuration nor by an earlier run."""
    return named_adapter(source.adapter) is None and state.detected_adapter != "page"


def _has_page_rules(source: Source) -> bool:
    """Tell whether the source has rules for pages, by itself or by site rules that it names."""
    return bool(source.items) or source.adapter != "auto"


async def _get(
    source: Source, url: str, context: FetchContext, *, validators: Validators | None
) -> TimedResponse:
    async def fetch(target: str) -> TimedResponse:
        own = validators if target == url else None
        request = make_request(source, target, validators=own)
        return await fetch_with_cache(context.client, request, cache=context.cache, now=context.now)

    return await follow_page_redirects(fetch, url)


def _adapter_for_response(source: Source, state: SourceState, timed_response: TimedResponse) -> str:
    """Return the adapter for a response: the configured one, else the detected one.

    A page or JSON from a URL that gave something else before is parsed as a feed, which
    fails: it is probably an error message, and those may name feeds and articles too.
    """
    if timed_response.response.status != 200:
        return "feed"
    named = named_adapter(source.adapter)
    if named is not None:
        return named

    adapter = detect_adapter(make_capture(source, timed_response))
    if adapter in ("page", "json") and state.detected_adapter not in (None, adapter):
        return "feed"
    return adapter


def _make_fetched(
    source: Source, state: SourceState, timed_response: TimedResponse, adapter: str, *, full: bool
) -> Fetched:
    response = timed_response.response
    fetched = Fetched(
        replace(state, validators=response.validators),
        adapter=adapter,
        hints=response.hints,
        http_status=response.status,
        size_bytes=response.wire_bytes,
    )
    if response.status == 304:
        return fetched

    body_hash, exact_hash = hash_document(response.body), hash_bytes(response.body)
    changed = state.body_hash not in (body_hash, exact_hash)
    if not changed and state.body_hash is not None:
        body_hash = state.body_hash
    fetched = replace(
        fetched,
        state=replace(
            fetched.state, body_hash=body_hash, detected_adapter=adapter, read_again=False
        ),
        changed=changed,
        exact_hash=exact_hash,
    )
    if not changed and response.validators is None:
        kept = _validators_of(state, response.url)
        fetched = replace(fetched, state=replace(fetched.state, validators=kept))
    has_to_be_read = changed or full or state.read_again
    if not has_to_be_read:
        return fetched

    # A page that was accepted as a list of articles before is not checked again.
    guessed = adapter == "page" and _is_new_page(source, state) and not _has_page_rules(source)
    return replace(
        fetched, captures=(make_capture(source, timed_response),), is_guessed_page=guessed
    )


def with_exact_hash(fetched: Fetched) -> Fetched:
    """Return the result so that any other byte of the next document counts as a change."""
    exact_hash = fetched.exact_hash or fetched.state.body_hash
    return replace(fetched, state=replace(fetched.state, body_hash=exact_hash))


def _validators_of(state: SourceState, url: str) -> Validators | None:
    """Return the known validators of a URL that sent its known bytes without any.

    Some servers of a cluster send none.
    """
    known = state.validators
    if known is None or known.url != url:
        return None
    return known


def _origin(url: str) -> tuple[str, str]:
    """Return scheme and host with port: what the user trusted with secrets (RFC 6454)."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()


def _count_redirect(state: SourceState, response: Response, *, requested: str) -> SourceState:
    """Count how often the same permanent redirect was seen; any other response resets the count."""
    if state.moved_to == requested:
        return state
    if response.permanent_to is None:
        return replace(state, moved_to=None, moved_seen=0)
    seen = 1
    if response.permanent_to == state.moved_to:
        seen += state.moved_seen
    return replace(state, moved_to=response.permanent_to, moved_seen=seen)
