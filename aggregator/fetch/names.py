"""Resolves host names with the system's resolver.

Rule: look-ups have threads of their own. In asyncio's small default pool a handful of dead names would hold all
threads.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

_THREADS = 16


class SystemResolver:
    """A `Resolve` over getaddrinfo; close it to give its threads back."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names")

    async def __call__(self, host: str, port: int, /) -> tuple[str, ...]:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, _look_up_addresses, host, port
        )

    def close(self) -> None:
        """Stop; a look-up that is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up_addresses(host: str, port: int) -> tuple[str, ...]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))
