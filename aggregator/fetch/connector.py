"""Connections that dial public addresses only.

The address that is checked is the address that is dialled. The resolver returns public
addresses only, and the socket checks its address again before it connects. So neither a
second DNS answer nor a host in numeric form can bypass the check.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.fetch.private_address import refusal_reason
from aggregator.fetch.response_head import LenientResponseHandler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import AddrInfoType
    from aiohttp.client_proto import ResponseHandler

# Idle connections are kept for the next hop or the next feed of one host, not for the next poll: 10,000 hosts in one
# cycle would otherwise hold a file descriptor each.
_IDLE_SECONDS = 1.0
_DNS_CACHE_SECONDS = 60
_RESOLVER_THREADS = 16


class AddressRefusedError(OSError):
    """An address that may not be dialled; the message names it and says why."""


class Resolve(Protocol):
    """Looks up the numeric addresses of a host, best first. Raises: OSError (`socket.gaierror`)."""

    async def __call__(self, host: str, port: int, /) -> Sequence[str]: ...


class SystemResolver:
    """Resolves host names with the system's resolver, in threads of its own.

    A few dead names would block all threads of asyncio's small default pool.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="names")

    async def __call__(self, host: str, port: int, /) -> tuple[str, ...]:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, _look_up_addresses, host, port
        )

    def close(self) -> None:
        """Stop the threads; a running look-up ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up_addresses(host: str, port: int) -> tuple[str, ...]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


class GuardedResolver(AbstractResolver):
    """Makes a `Resolve` usable by aiohttp; when guarded, it returns only addresses that may be dialled."""

    def __init__(self, resolve: Resolve, *, guarded: bool) -> None:
        self._resolve = resolve
        self._guarded = guarded

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's signature; both families are wanted
    ) -> list[ResolveResult]:
        """Look `host` up. Raises: AddressRefusedError where all its addresses are, OSError where it has none."""
        addresses = await self._resolve(host, port)
        if self._guarded:
            addresses = _public_addresses(host, addresses)
        if not addresses:
            raise OSError(f"{host} has no address")
        return [_resolve_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Nothing to close: the look-up belongs to the fetcher."""


class LenientConnector(TCPConnector):
    """A connector whose connections repair the headers of their answers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        handler: type[ResponseHandler] = LenientResponseHandler
        self._factory = partial(handler, loop=self._loop)


def make_connector(resolve: Resolve, *, guarded: bool) -> TCPConnector:
    """Make a connector without a limit of connections: the rate limiter counts requests."""
    return LenientConnector(
        limit=0,
        resolver=GuardedResolver(resolve, guarded=guarded),
        ttl_dns_cache=_DNS_CACHE_SECONDS,
        keepalive_timeout=_IDLE_SECONDS,
        socket_factory=guarded_socket if guarded else None,
    )


def guarded_socket(info: AddrInfoType) -> socket.socket:
    """Make the socket that is about to be connected to `info`. Raises: AddressRefusedError."""
    family, kind, protocol, _, address = info
    reason = refusal_reason(str(address[0]))
    if reason is not None:
        raise AddressRefusedError(f"{address[0]} is refused ({reason})")
    return socket.socket(family, kind, protocol)


def _public_addresses(host: str, addresses: Sequence[str]) -> list[str]:
    """Return the addresses that may be dialled.

    Raises:
        AddressRefusedError: there are addresses, and all are refused.
    """
    public = [address for address in addresses if refusal_reason(address) is None]
    if public or not addresses:
        return public

    first = addresses[0]
    reason = refusal_reason(first)
    raise AddressRefusedError(f"{host} is refused: its address {first} is {reason}")


def _resolve_result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )
