"""The fetcher: polite GET requests that dial public addresses only.

Between requests the fetcher keeps only rate limits and robots.txt. Validators and times
are passed in and returned as values; the caller keeps them.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from aggregator.fetch.messages import FetchSettings, Request, Response
from aggregator.fetch.rate_limit import host_group

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    from aggregator.fetch.client import Fetcher

__all__ = ["FetchSettings", "Fetcher", "LazyFetcher", "Request", "Response", "host_group"]


def __getattr__(name: str) -> object:
    """Import the fetcher and its HTTP library on demand; runs over folders never need them."""
    if name == "Fetcher":
        from aggregator.fetch.client import Fetcher

        return Fetcher
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class LazyFetcher:
    """A fetcher that is made at its first request; an async context manager.

    A run over folders only never loads the HTTP library. `settings` and `clock` are
    those of the fetcher.
    """

    def __init__(self, settings: FetchSettings, *, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._instance: Fetcher | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def get(self, request: Request) -> Response:
        return await (await self._get_fetcher()).get(request)

    async def is_allowed(self, url: str, *, like: Request | None = None) -> bool:
        return await (await self._get_fetcher()).is_allowed(url, like=like)

    def host_group(self, url: str) -> str:
        from aggregator.fetch.request_url import parse_target

        return host_group(parse_target(url).host, self._settings.host_groups)

    async def _get_fetcher(self) -> Fetcher:
        if self._instance is None:
            from aggregator.fetch.client import Fetcher

            self._instance = await self._stack.enter_async_context(
                Fetcher(self._settings, clock=self._clock)
            )
        return self._instance
