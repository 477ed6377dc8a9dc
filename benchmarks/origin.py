"""An origin on loopback: a small feed at every path, with validators; a process of its own.

It costs nothing that is measured, and it sees only this machine. It prints its port and serves until SIGTERM.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING

from aiohttp import web

from benchmarks.measure import running
from benchmarks.words import ENGLISH, paragraph, title

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTS = tuple(
    f"127.0.0.{number}" for number in range(1, 33)
)  # each is a host with its own pace; Linux has them all
_ITEMS = 5


@contextmanager
def serving() -> Iterator[int]:
    """Run the origin; give its port, the same on all HOSTS."""
    with running(sys.executable, "-m", __name__) as origin:
        yield int(origin.stdout.readline() if origin.stdout else 0)


def addresses(port: int, count: int) -> list[str]:
    """List that many URLs, spread over the hosts."""
    return [f"http://{HOSTS[number % len(HOSTS)]}:{port}/{number}.xml" for number in range(count)]


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def feed(number: int) -> bytes:
    """Write the feed of that number, about 3 kB."""
    random = Random(number)
    items = "".join(_item(random, f"{number}-{item}") for item in range(_ITEMS))
    head = f"<title>Feed {number}</title><link>https://example.org/{number}</link><description>invented</description>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def _item(random: Random, name: str) -> str:
    return (
        f"<item><title>{title(random, ENGLISH)}</title><link>https://example.org/{name}</link>"
        f'<guid isPermaLink="false">{name}</guid><pubDate>Mon, 06 Jul 2026 10:00:00 GMT</pubDate>'
        f"<description>{paragraph(random, ENGLISH, 300)}</description></item>"
    )


async def _answer(request: web.Request) -> web.Response:
    number = int(request.match_info["number"])
    headers = {"ETag": f'"{number}"', "Last-Modified": "Mon, 06 Jul 2026 10:00:00 GMT"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=feed(number), content_type="application/rss+xml", headers=headers)


async def _serve() -> None:
    app = web.Application()
    app.router.add_get("/{number:[0-9]+}.xml", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    for host in HOSTS:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
