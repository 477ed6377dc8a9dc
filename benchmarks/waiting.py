"""1,000 sources on hosts of their own, each of which takes 200 ms to answer: the wall time of a cycle, to the ideal.

The ideal is what the waiting alone takes with as many requests under way as are configured. The origin is a
process of its own; each source has a loopback address, so that no host is shared. What answers 304 is measured: beyond
it the time belongs to the parser.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Figure, part_of, running, typical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Size

LATENCY_SECONDS = 0.2
AT_ONCE = 64
_ANSWER = b'HTTP/1.1 304 Not Modified\r\nETag: "same"\r\n\r\n'
_FIRST = b'HTTP/1.1 200 OK\r\nETag: "same"\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\n\r\n%s'
_FEED = b'<rss version="2.0"><channel><title>t</title></channel></rss>'


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    ideal = -(-size.waits // AT_ONCE) * LATENCY_SECONDS
    with _serving(size.waits) as port:
        config = _config(place, port, size.waits)
        seconds = typical(size.rounds, lambda: float(part_of(__name__, "cycle", config)))
    detail = f"{seconds:.2f} s, ideal {ideal:.2f} s: {size.waits:,} sources, {AT_ONCE} at once, {LATENCY_SECONDS:g} s each"
    return [Figure("a cycle of slow hosts, to the ideal", seconds / ideal, "x", 1.15, detail)]


def _host(number: int) -> str:
    return f"127.8.{number // 250}.{number % 250 + 1}"


def _config(place: Path, port: int, sources: int) -> Path:
    path = place / "aggregator.yaml"
    settings = {
        "database": "sqlite:///store.db",
        "output": "feeds",
        "network": {"allow_private": True, "concurrency": AT_ONCE},
        "sources": [
            {"id": f"s{number}", "url": f"http://{_host(number)}:{port}/", "adapter": "feed"}
            for number in range(sources)
        ],
    }
    path.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    return path


@contextmanager
def _serving(hosts: int) -> Iterator[int]:
    with running(sys.executable, "-m", __name__, "serve", str(hosts)) as origin:
        yield int(origin.stdout.readline() if origin.stdout else 0)


async def _serve(hosts: int) -> None:
    loop, port = asyncio.get_running_loop(), 0
    for number in range(hosts):
        listener = socket.create_server((_host(number), port), backlog=16)
        port = listener.getsockname()[1]
        await loop.create_server(_Slow, sock=listener)
    print(port, flush=True)
    await asyncio.Event().wait()


class _Slow(asyncio.Protocol):
    """Answer each question after the latency."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        answer = _ANSWER if b"If-None-Match" in data else _FIRST % (len(_FEED), _FEED)
        asyncio.get_running_loop().call_later(LATENCY_SECONDS, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        if isinstance(self._transport, asyncio.Transport) and not self._transport.is_closing():
            self._transport.write(answer)


async def _cycle(path: str) -> float:
    """Poll everything; return the seconds of the second time, when all is as it was."""
    from aggregator import config as configuration
    from aggregator.app import App, open_store

    config = await asyncio.to_thread(configuration.load_config, Path(path), env={})
    with closing(open_store(config)) as store:
        async with App(config, store) as app:
            await app.cycle(force=True)
            begun = time.monotonic()
            outcomes = await app.cycle(force=True)
            seconds = time.monotonic() - begun
    if failed := [outcome.message for outcome in outcomes if outcome.status != "unchanged"]:
        raise RuntimeError(f"{len(failed)} sources did not answer 304: {failed[0]}")
    return seconds


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve(int(sys.argv[2])))
    else:
        print(asyncio.run(_cycle(sys.argv[2])))
