"""One source, asked once: from the web or from a folder, whatever it has that is new.

Rule: what did not change is not handed on: a 304, the same bytes, the same folder. State comes in and goes out as a
value.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.adapters import discovery
from aggregator.config import CARRIERS
from aggregator.errors import SourceError
from aggregator.fetch import folder
from aggregator.fetch.messages import Request
from aggregator.model import Capture, Hints

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch.client import Fetcher
    from aggregator.fetch.messages import Response
    from aggregator.model import SourceState

MOVES_BEFORE_BELIEVED = 10  # RULES D1: a hotel's captive portal must not move a feed
MAX_FILES = 5_000  # of a folder in one run; the rest follows at once in the next
MAX_FOLDER_BYTES = 64 * 1024 * 1024
NO_HINTS = Hints()


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one asking brought: captures for an adapter (`carrier`), or nothing where all is as it was.

    `rejected` are files that could not be read; `more` tells that a folder has more to read at once.
    """

    state: SourceState
    carrier: str
    captures: tuple[Capture, ...] = ()
    rejected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hints: Hints = NO_HINTS
    http_status: int | None = None
    size_bytes: int | None = None
    more: bool = False


async def gather(
    source: Source, state: SourceState, fetcher: Fetcher, *, now: datetime, full: bool, limit_bytes: int
) -> Gathered:
    """Ask a source; `full` asks without validators and takes the same bytes again. Raises SourceError."""
    if source.path is not None:
        return await asyncio.to_thread(_from_folder, source, state, now=now, full=full, limit_bytes=limit_bytes)
    return await _from_web(source, state, fetcher, now=now, full=full)


def _from_folder(source: Source, state: SourceState, *, now: datetime, full: bool, limit_bytes: int) -> Gathered:
    location = Path(str(source.path))
    changes = folder.scan(location, {} if full else state.folder)
    captures: list[Capture] = []
    rejected = list(changes.rejected)
    size, done = 0, 0
    for name in changes.names[:MAX_FILES]:
        if size > MAX_FOLDER_BYTES:
            break
        read = folder.read(
            changes.root, name, source=source.id, taken=now, limit_bytes=source.http.max_body or limit_bytes
        )
        done += 1
        if isinstance(read, Capture):
            captures.append(read)
            size += len(read.body)
        else:
            rejected.append(read)
    left = set(changes.names[done:])
    manifest = {name: mark for name, mark in changes.manifest.items() if name not in left}
    return Gathered(
        replace(state, folder=manifest), carrier=_named(source) or "archive", captures=tuple(captures),
        rejected=tuple(rejected), size_bytes=size, more=bool(left),
    )  # fmt: skip


async def _from_web(source: Source, state: SourceState, fetcher: Fetcher, *, now: datetime, full: bool) -> Gathered:
    address = _address(source, state)
    request = _request(source, address, None if full else state)
    if source.adapter == "page" and not await fetcher.allowed(address, like=request):
        raise SourceError("forbidden", "robots.txt does not allow this page to be read by programs")
    response = await fetcher.get(request)
    capture = _capture(source, response, now)
    if response.status == 200 and _may_be_a_page(source, state) and discovery.looks_like_html(capture):
        address, response = await _discovered(source, capture, fetcher)
        capture = _capture(source, response, now)
        state = replace(state, moved_to=address, moved_seen=MOVES_BEFORE_BELIEVED)
    return _judged(source, _moved(state, response, address), capture, response, full=full)


def _judged(source: Source, state: SourceState, capture: Capture, response: Response, *, full: bool) -> Gathered:
    digest = blake2b(response.body, digest_size=16).hexdigest() if response.status == 200 else state.body_hash
    same = response.status == 304 or (digest == state.body_hash and not full)
    return Gathered(
        replace(state, validators=response.validators, body_hash=digest), carrier=_named(source) or "feed",
        captures=() if same else (capture,), hints=response.hints, http_status=response.status,
        size_bytes=response.wire_bytes,
    )  # fmt: skip


async def _discovered(source: Source, page: Capture, fetcher: Fetcher) -> tuple[str, Response]:
    """Follow the feed that a page names. Raises SourceError (`not-a-feed`) where it names none."""
    address = discovery.feed_of(page)
    if address is None:
        raise SourceError(
            "not-a-feed", f"{page.url} is a page that names no feed; say `adapter: page` and how to read it"
        )
    return address, await fetcher.get(_request(source, address, None))


def _may_be_a_page(source: Source, state: SourceState) -> bool:
    """A page is looked at for its feed only as long as the address never gave a feed: an error page names feeds too."""
    return _named(source) is None and state.body_hash is None


def _request(source: Source, address: str, state: SourceState | None) -> Request:
    options = source.http
    auth = options.basic_auth if _origin(address) == _origin(str(source.url)) else None
    headers = options.headers if _origin(address) == _origin(str(source.url)) else {}
    return Request(
        url=address,
        validators=state.validators if state else None,
        headers={name: value.get_secret_value() for name, value in headers.items()},
        basic_auth=(auth.username, auth.password.get_secret_value()) if auth else None,
        allow_private=source.allow_private,
        max_body=options.max_body,
        proxy=options.proxy,
        user_agent=options.user_agent,
        spacing=options.min_interval,
    )


def _origin(address: str) -> tuple[str, str]:
    """Scheme, host and port: what the user trusted with headers and passwords (RFC 6454)."""
    parts = urlsplit(address)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()


def _capture(source: Source, response: Response, now: datetime) -> Capture:
    headers = dict(response.headers)
    if source.http.charset:
        headers["content-type"] = _with_charset(headers.get("content-type", "text/xml"), source.http.charset)
    return Capture(source.id, response.url, now, response.body, status=response.status, headers=headers)


def _with_charset(content_type: str, charset: str) -> str:
    return f"{content_type.partition(';')[0]}; charset={charset}"


def _named(source: Source) -> str | None:
    """The carrier that the source insists on; None where it is to be detected (`auto`, or the name of site rules)."""
    return source.adapter if source.adapter in CARRIERS and source.adapter != "auto" else None


def _address(source: Source, state: SourceState) -> str:
    if state.moved_to is not None and state.moved_seen >= MOVES_BEFORE_BELIEVED:
        return state.moved_to
    return str(source.url)


def _moved(state: SourceState, response: Response, asked: str) -> SourceState:
    """Count the times that one permanent redirect was seen; another answer begins the count anew."""
    if state.moved_to == asked:
        return state
    if response.permanent_to is None:
        return replace(state, moved_to=None, moved_seen=0)
    seen = state.moved_seen + 1 if response.permanent_to == state.moved_to else 1
    return replace(state, moved_to=response.permanent_to, moved_seen=seen)
