"""The deadline of one fetch, over all its hops.

Rule: the time runs during a hop, up to its last byte, and stands still while the request waits for the rate limit.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aggregator.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Deadline:
    """The working time of one redirect chain; `spent_seconds` is what was used of it."""

    def __init__(self, seconds: float) -> None:
        self._total_seconds = seconds
        self._time = asyncio.get_running_loop().time
        self.spent_seconds = 0.0

    @asynccontextmanager
    async def limit_hop(self, host: str) -> AsyncIterator[None]:
        """Let the time run for one hop. Raises: SourceError `timeout` when it is over."""
        begin = self._time()
        try:
            async with asyncio.timeout(max(self._total_seconds - self.spent_seconds, 0.0)):
                yield
        except TimeoutError:
            raise SourceError(
                "timeout", f"no complete answer from {host} within {self._total_seconds:g} s"
            ) from None
        finally:
            self.spent_seconds += self._time() - begin
