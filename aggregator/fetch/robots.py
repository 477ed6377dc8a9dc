"""Obeys robots.txt when pages are fetched (RFC 9309).

The file is requested once a day for each host, before its first page. Without a file
everything is allowed; while the host fails, nothing is.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from protego import Protego

from aggregator.errors import SourceError
from aggregator.fetch.messages import Request
from aggregator.fetch.request_url import parse_target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from aggregator.fetch.messages import Response

_CACHE_TIME = timedelta(hours=24)
_MAX_HOSTS = 2_000
_MAX_BYTES = 512 * 1024  # RFC 9309 §2.5 asks for 500 KiB at least
_TOO_MANY_REQUESTS = 429


@dataclass(slots=True)
class _HostRules:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rules: Protego | None = None
    valid_until: datetime | None = None


class RobotsCache:
    """The rules of the hosts that were asked, for a day each."""

    def __init__(
        self, get: Callable[[Request], Awaitable[Response]], *, clock: Callable[[], datetime]
    ) -> None:
        self._get = get
        self._clock = clock
        self._hosts: dict[str, _HostRules] = {}

    async def is_allowed(self, url: str, *, agent: str, like: Request | None) -> bool:
        """Tell whether `agent` (a User-Agent header) may fetch `url`. Raises: SourceError where it cannot tell now."""
        target = parse_target(url)
        scheme, rest = target.text.split("://", 1)
        file = f"{scheme}://{rest.partition('/')[0].partition('?')[0]}/robots.txt"
        rules = await self._load_rules(file, like or Request(url))
        return bool(rules.can_fetch(target.text, agent.partition("/")[0]))

    async def _load_rules(self, file: str, like: Request) -> Protego:
        host = self._touch_host(file)
        async with host.lock:
            now = self._clock()
            if host.rules is None or host.valid_until is None or host.valid_until <= now:
                host.rules = Protego.parse(await self._fetch_text(file, like))
                host.valid_until = now + _CACHE_TIME
            return host.rules

    def _touch_host(self, file: str) -> _HostRules:
        host = self._hosts.pop(file, None) or _HostRules()
        self._hosts[file] = host  # least recently used first
        if len(self._hosts) > _MAX_HOSTS:
            del self._hosts[next(iter(self._hosts))]
        return host

    async def _fetch_text(self, file: str, like: Request) -> str:
        basic_auth = None
        if parse_target(like.url).origin == parse_target(file).origin:
            basic_auth = like.basic_auth
        request = Request(
            file,
            basic_auth=basic_auth,
            allow_private=like.allow_private,
            max_body=_MAX_BYTES,
            proxy=like.proxy,
            user_agent=like.user_agent,
            accept="text/plain, */*;q=0.5",
        )
        try:
            response = await self._get(request)
        except SourceError as error:
            if _is_absent(error):
                return ""
            raise _unavailable_error(error) from error
        return response.body.decode("utf-8", "replace")


def _is_absent(error: SourceError) -> bool:
    if error.kind == "blocked":
        return False
    status = error.status or 0
    if status == _TOO_MANY_REQUESTS:
        return False
    return 400 <= status < 500


def _unavailable_error(error: SourceError) -> SourceError:
    return SourceError(
        error.kind,
        f"robots.txt cannot be read ({error})",
        status=error.status,
        retry_after=error.retry_after,
        url=error.url,
    )
