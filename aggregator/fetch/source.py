"""One source, asked once: from the web or from a folder, whatever it has that is new.

Rule: what did not change is not handed on: a 304, the same bytes, the same folder. State comes in and goes out as a
value. What carries the items is told by the bytes where the source does not say it; robots.txt is asked before a page.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.adapter_table import named_adapter
from aggregator.errors import SourceError
from aggregator.fetch import folder
from aggregator.fetch.messages import Request
from aggregator.fetch.preview_cache import ask
from aggregator.model import Capture, Hints

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.fetch.messages import Response
    from aggregator.fetch.preview_cache import Answer, Remembered, Web
    from aggregator.model import SourceState, Validators

MOVES_BEFORE_BELIEVED = 10  # RULES D1: a hotel's captive portal must not move a feed
MAX_FILES = 5_000  # of a folder in one run; the rest follows at once in the next
MAX_FOLDER_BYTES = 64 * 1024 * 1024
NO_HINTS = Hints()
_PAGE = "page:"  # before the hash of a body that was found to be a page, where the source did not say so
_AGAIN = ":again"  # behind the hash of a body that is to be read again, changed or not
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one asking brought: captures for an adapter (`carrier`), or nothing where all is as it was.

    `rejected` are files that could not be read; `more` tells that a folder has more to read at once. `guessed` tells
    that nobody said this to be a page: it is one if it lists articles. `changed` tells that these are other bytes than
    the last: captures may also come of the same ones, where they are read again.
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
    guessed: bool = False
    changed: bool = False


async def gather(
    source: Source,
    state: SourceState,
    web: Web,
    *,
    now: datetime,
    full: bool,
    limit_bytes: int,
    remembered: Remembered | None = None,
) -> Gathered:
    """Ask a source; `full` asks without validators and takes the same bytes again. Raises SourceError."""
    if source.path is not None:
        return await asyncio.to_thread(
            _from_folder, source, state, now=now, full=full, limit_bytes=limit_bytes
        )
    return await _from_web(
        source, state, _Asking(web, None if full else remembered, now), full=full
    )


def to_be_read_again(state: SourceState) -> SourceState:
    """Have the document read anew the next time, changed or not: there is more in it than was taken."""
    return replace(state, body_hash=f"{_known_hash(state) or ''}{_AGAIN}")


def request_for(source: Source, address: str, *, validators: Validators | None = None) -> Request:
    """Make a source's request for an address; its passwords and headers are for its own origin alone."""
    options = source.http
    own = _origin(address) == _origin(str(source.url))
    auth = options.basic_auth if own else None
    return Request(
        url=address,
        validators=validators,
        headers={name: value.get_secret_value() for name, value in options.headers.items()}
        if own
        else {},
        basic_auth=(auth.username, auth.password.get_secret_value()) if auth else None,
        allow_private=source.allow_private,
        max_body=options.max_body,
        proxy=options.proxy,
        user_agent=options.user_agent,
        spacing=options.min_interval,
    )


def capture_of(source: Source, answer: Answer) -> Capture:
    """Make the capture of an answer; a charset that the source states stands for what the server says."""
    response = answer.response
    headers = dict(response.headers)
    if source.http.charset:
        headers["content-type"] = _with_charset(
            headers.get("content-type", "text/xml"), source.http.charset
        )
    return Capture(
        source.id,
        response.url,
        answer.taken,
        response.body,
        status=response.status,
        headers=headers,
    )


def _from_folder(
    source: Source, state: SourceState, *, now: datetime, full: bool, limit_bytes: int
) -> Gathered:
    location = Path(str(source.path))
    changes = folder.scan(location, {} if full else state.folder)
    captures: list[Capture] = []
    rejected = list(changes.rejected)
    size, done = 0, 0
    for name in changes.names[:MAX_FILES]:
        if size > MAX_FOLDER_BYTES:
            break
        read = folder.read(
            changes.root,
            name,
            source=source.id,
            taken=now,
            limit_bytes=source.http.max_body or limit_bytes,
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
        replace(state, folder=manifest),
        carrier=_named(source) or "archive",
        captures=tuple(captures),
        rejected=tuple(rejected),
        size_bytes=size,
        more=bool(left),
        changed=bool(captures),
    )


@dataclass(frozen=True, slots=True)
class _Asking:
    """Whom to ask, what is remembered of earlier answers, and the present."""

    web: Web
    remembered: Remembered | None
    now: datetime

    async def get(self, request: Request) -> Answer:
        return await ask(self.web, request, remembered=self.remembered, now=self.now)


async def _from_web(source: Source, state: SourceState, asking: _Asking, *, full: bool) -> Gathered:
    address = _address(source, state)
    unconditional = full or (state.body_hash or "").endswith(_AGAIN)
    request = request_for(source, address, validators=None if unconditional else state.validators)
    if source.adapter == "page" or _was_page(state):
        await _ask_robots(asking, request)
    answer = await asking.get(request)
    carrier = (
        _carrier(source, state, capture_of(source, answer))
        if answer.response.status == 200
        else "feed"
    )
    if carrier == "page" and _named(source) is None and not _was_page(state):
        own = (
            source.items or source.adapter != "auto"
        )  # whoever says how a page is read wants the page
        feed = None if own else _feed_of(capture_of(source, answer))
        if feed is None:
            await _ask_robots(asking, request)
        else:
            address, answer = feed, await asking.get(request_for(source, feed))
            state = replace(state, moved_to=address, moved_seen=MOVES_BEFORE_BELIEVED)
            carrier = _carrier(source, replace(state, body_hash=""), capture_of(source, answer))
    return _judged(source, _moved(state, answer.response, address), answer, carrier, full=full)


def _judged(
    source: Source, state: SourceState, answer: Answer, carrier: str, *, full: bool
) -> Gathered:
    response, guessed = answer.response, carrier == "page" and _named(source) is None
    found = blake2b(response.body, digest_size=16).hexdigest()
    digest = state.body_hash if response.status == 304 else f"{_PAGE}{found}" if guessed else found
    same = response.status == 304 or (digest == state.body_hash and not full)
    return Gathered(
        replace(state, validators=response.validators, body_hash=digest),
        carrier=carrier,
        captures=() if same else (capture_of(source, answer),),
        hints=response.hints,
        http_status=response.status,
        size_bytes=response.wire_bytes,
        changed=response.status != 304 and digest != _known_hash(state),
        guessed=guessed and source.adapter == "auto" and not source.items and not _was_page(state),
    )


async def _ask_robots(asking: _Asking, request: Request) -> None:
    if not await asking.web.allowed(request.url, like=request):
        raise SourceError("forbidden", "robots.txt does not allow this page to be read by programs")


def _known_hash(state: SourceState) -> str | None:
    """Return the hash of the last body, whether or not it is to be read again."""
    return None if state.body_hash is None else state.body_hash.removesuffix(_AGAIN)


def _was_page(state: SourceState) -> bool:
    return (state.body_hash or "").startswith(_PAGE)


def _carrier(source: Source, state: SourceState, capture: Capture) -> str:
    """What carries the items: as the source says, else as the bytes look.

    Where an address that gave a feed gives a page now, that is an error: error pages name feeds and articles too.
    """
    named = _named(source)
    if named is not None:
        return named
    carrier = carried(capture, items=bool(source.items))
    if carrier == "page":
        return carrier if state.body_hash is None or _was_page(state) else "feed"
    return carrier


def _feed_of(capture: Capture) -> str | None:
    from aggregator.discovery.page_links import feed_of  # on demand, as below

    return feed_of(capture)


def carried(capture: Capture, *, items: bool) -> str:
    """Tell by the bytes what carries the items; `items` says that somebody knows where items are."""
    from aggregator.discovery.page_links import (
        looks_like_html,  # on demand: saved articles need it not
    )

    if looks_like_html(capture):
        return "page"
    head = capture.body[:_HEAD_BYTES]
    if (
        b"<urlset" in head or b"<sitemapindex" in head or head.startswith(b"\x1f\x8b")
    ):  # sitemaps are kept as .gz
        return "sitemap"
    known = items and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    return "json" if known and b"jsonfeed.org/version" not in head else "feed"


def _origin(address: str) -> tuple[str, str]:
    """Scheme, host and port: what the user trusted with headers and passwords (RFC 6454)."""
    parts = urlsplit(address)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()


def _with_charset(content_type: str, charset: str) -> str:
    return f"{content_type.partition(';')[0]}; charset={charset}"


def _named(source: Source) -> str | None:
    """The carrier that the source insists on; None where it is to be detected (`auto`, or the name of site rules)."""
    return named_adapter(source.adapter)


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
