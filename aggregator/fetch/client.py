"""The fetcher: takes a request, returns a response or raises a SourceError.

The steps for each hop are: check the address, wait for the rate limit, read the response,
then follow the redirect or decode the document. One deadline and one size limit hold for
all hops together.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import aiohttp

from aggregator.adapters.html.bot_wall import detect_wall
from aggregator.errors import SourceError
from aggregator.fetch.cache_headers import (
    conditional_headers,
    merge_validators,
    read_hints,
    read_retry_after,
    read_validators,
)
from aggregator.fetch.connector import (
    AddressRefusedError,
    GuardedResolver,
    SystemResolver,
    make_connector,
)
from aggregator.fetch.content_encoding import ACCEPT_ENCODING
from aggregator.fetch.error_mapping import CLIENT_ERRORS, status_error, to_source_error
from aggregator.fetch.messages import FetchSettings, Response
from aggregator.fetch.rate_limit import RateLimiter, host_group
from aggregator.fetch.redirects import REDIRECT_STATUSES, RedirectChain
from aggregator.fetch.request_url import parse_target, refuse_private
from aggregator.fetch.response_body import MAX_HEADER_BYTES, read_response
from aggregator.fetch.robots import RobotsCache

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from types import TracebackType

    from aggregator.fetch.connector import Resolve
    from aggregator.fetch.messages import Request
    from aggregator.fetch.request_url import Target
    from aggregator.fetch.response_body import HopResponse
    from aggregator.model import Validators

_MAX_HEADERS = 256
_MAX_LINE_BYTES = 8190
_NOT_MODIFIED = 304
_KEPT_HEADERS = frozenset(
    {
        "age",
        "cache-control",
        "content-disposition",
        "content-language",
        "content-location",
        "content-type",
        "date",
        "etag",
        "expires",
        "last-modified",
        "link",
        "retry-after",
        "x-robots-tag",
    }
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Fetcher:
    """Fetches documents; an async context manager. `Request` and `Response` say what goes in and comes out.

    `clock` returns the current time, for Expires, Retry-After and the age of robots.txt. `resolve` looks hosts up; None
    is the system's resolver.
    """

    def __init__(
        self,
        settings: FetchSettings | None = None,
        *,
        clock: Callable[[], datetime] = _utc_now,
        resolve: Resolve | None = None,
    ) -> None:
        self._settings = settings or FetchSettings()
        self._clock = clock
        self._system_resolver = SystemResolver()
        self._resolve: Resolve = resolve or self._system_resolver
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._robots = RobotsCache(self.get, clock=clock)

    async def __aenter__(self) -> Self:
        self._rate_limiter = RateLimiter(self._settings)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        self._system_resolver.close()

    async def get(self, request: Request) -> Response:
        """Fetch one document, following its redirects.

        Raises:
            SourceError: of kind dns, connect, tls, timeout, http, gone, forbidden, redirect, too-large, blocked, or
                unreadable (an answer that is not HTTP, a body that cannot be decoded).
        """
        chain = RedirectChain(request)
        deadline = Deadline(self._settings.timeout.total_seconds())
        while True:
            hop_response = await self._fetch_hop(request, chain, deadline)
            if hop_response.status not in REDIRECT_STATUSES:
                return await self._make_response(request, chain, hop_response, deadline)
            chain.follow(
                hop_response.status, hop_response.headers.get("location"), hop_response.cookies
            )

    async def is_allowed(self, url: str, *, like: Request | None = None) -> bool:
        """Tell whether the host's robots.txt allows fetching a page; the file is requested once a day.

        `like` is the request that will fetch the page: its proxy, user agent, password and allow_private are used.

        Raises:
            SourceError: the host cannot tell now (5xx, 429, no connection): wait (RFC 9309 §2.3.1.4).
        """
        agent = (like.user_agent if like else None) or self._settings.user_agent
        return await self._robots.is_allowed(url, agent=agent, like=like)

    def host_group(self, url: str) -> str:
        """Return the group of hosts that shares a rate limit with `url`: its host, or the pattern that covers the host."""
        return host_group(parse_target(url).host, self._settings.host_groups)

    async def _fetch_hop(
        self, request: Request, chain: RedirectChain, deadline: Deadline
    ) -> HopResponse:
        target = chain.current
        proxy = request.proxy or self._settings.proxy
        allow_private = request.allow_private
        if allow_private is None:
            allow_private = self._settings.allow_private
        guarded = not allow_private
        if guarded:
            refuse_private(target)

        async with (
            self._rate_limiter.slot(target.host, spacing=request.spacing),
            deadline.limit_hop(target.host),
        ):
            if guarded and proxy:
                await self._refuse_private_name(target)
            try:
                # We cannot check what a proxy dials, and the proxy itself may be at a private address.
                session = self._session(guarded=guarded and not proxy)
                pending_response = session.get(
                    target.url, headers=chain.headers(), allow_redirects=False, proxy=proxy
                )
                async with pending_response as response:
                    return await read_response(response, self._body_limit(request))
            except CLIENT_ERRORS as error:
                raise to_source_error(error, target) from error

    async def _refuse_private_name(self, target: Target) -> None:
        resolver = GuardedResolver(self._resolve, guarded=True)
        try:
            await resolver.resolve(target.host, target.url.port or 0)
        except AddressRefusedError as error:
            raise SourceError("blocked", str(error)) from error
        except OSError:
            return  # behind a proxy there is often no DNS: the proxy will look it up

    def _body_limit(self, request: Request) -> int:
        return self._settings.max_body if request.max_body is None else request.max_body

    def _session(self, *, guarded: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(guarded)
        if session is None:
            session = self._sessions[guarded] = aiohttp.ClientSession(
                connector=make_connector(self._resolve, guarded=guarded),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={
                    "User-Agent": self._settings.user_agent,
                    "Accept-Encoding": ACCEPT_ENCODING,
                },
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._settings.timeout.total_seconds() / 2
                ),
                auto_decompress=False,
                max_line_size=_MAX_LINE_BYTES,
                max_field_size=MAX_HEADER_BYTES,
                max_headers=_MAX_HEADERS,
            )
        return session

    async def _make_response(
        self,
        request: Request,
        chain: RedirectChain,
        hop_response: HopResponse,
        deadline: Deadline,
    ) -> Response:
        url = chain.current.text
        now = self._clock()
        sent = request.validators
        if not conditional_headers(sent, url):
            sent = None

        # A 304 to a request without validators is invalid, and is rejected like any other status.
        if sent is not None and hop_response.status == _NOT_MODIFIED:
            status = _NOT_MODIFIED
            body = b""
            validators: Validators | None = merge_validators(sent, hop_response.headers)
        else:
            status = 200
            body = await self._read_document(request, chain.current, hop_response, deadline)
            validators = read_validators(hop_response.headers, url)

        return Response(
            status=status,
            url=url,
            body=body,
            headers=_kept_headers(hop_response.headers),
            validators=validators,
            hints=read_hints(hop_response.headers, now),
            permanent_to=chain.permanent_to,
            hops=chain.hops,
            ms=round(deadline.spent_seconds * 1000),
            wire_bytes=len(hop_response.body),
        )

    async def _read_document(
        self, request: Request, target: Target, hop_response: HopResponse, deadline: Deadline
    ) -> bytes:
        with deadline.measure():
            body = await hop_response.decode_document(self._body_limit(request), deadline.ends_at())
        wait = read_retry_after(hop_response.headers, self._clock())
        wall_name = detect_wall(hop_response.status, hop_response.headers, body, host=target.host)
        if wall_name is not None:
            raise SourceError(
                "blocked",
                f"{target.host} answered with {wall_name}",
                status=hop_response.status,
                retry_after=wait,
                url=target.text,
            )
        if not hop_response.has_document():
            raise status_error(hop_response.status, target, wait)
        return body


class Deadline:
    """The time limit of one redirect chain; waiting for the rate limit does not count.

    `spent_seconds` is the time used so far.
    """

    def __init__(self, seconds: float) -> None:
        self._total_seconds = seconds
        self.spent_seconds = 0.0

    @asynccontextmanager
    async def limit_hop(self, host: str) -> AsyncIterator[None]:
        """Limit one hop by the time that is left. Raises: SourceError `timeout`."""
        try:
            with self.measure():
                async with asyncio.timeout(max(self._total_seconds - self.spent_seconds, 0.0)):
                    yield
        except TimeoutError:
            raise SourceError(
                "timeout", f"no complete answer from {host} within {self._total_seconds:g} s"
            ) from None

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Add the time that passes to `spent_seconds`."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.spent_seconds += time.monotonic() - begin

    def ends_at(self) -> float:
        """Return when the time is used up if it is spent from now on, as `time.monotonic()`."""
        return time.monotonic() + self._total_seconds - self.spent_seconds


def _kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in headers.items():
        if name not in _KEPT_HEADERS:
            continue
        kept_value = _valid_utf8(value)
        if name == "link" and name in kept:  # a server may send one header a link
            kept_value = f"{kept[name]}, {kept_value}"
        kept[name] = kept_value
    return kept


def _valid_utf8(value: str) -> str:
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
