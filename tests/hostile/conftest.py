"""A hostile origin on loopback, and what became of everything it served: one run for all tests."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import subprocess
import sys
import threading
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]
import pytest

from aggregator import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
DRIVE = Path(__file__).with_name("drive.py")
MARK = "HOSTILE-MARK"  # stands in all that must never be published
BOMB_MIB = 300
HARMLESS = b"A healthy story"
HEAD = b'<?xml version="1.0"?>'
END = b"</channel></rss>"


def rss(item: bytes, doctype: bytes = b"") -> bytes:
    return HEAD + doctype + b'<rss version="2.0"><channel><title>t</title>' + item + END


def item(title: bytes, more: bytes = b"") -> bytes:
    link = b"https://example.org/%d" % (len(title) + len(more))
    return b"<item><title>" + title + b"</title><link>" + link + b"</link>" + more + b"</item>"


@cache
def spaces(mib: int) -> bytes:
    """Compress that many MiB of spaces to about a thousandth."""
    packer, part = zlib.compressobj(9, zlib.DEFLATED, 31), b" " * 1024 * 1024
    return b"".join([*(packer.compress(part) for _ in range(mib)), packer.flush()])


def brotli_spaces(mib: int) -> bytes:
    packer, part = brotli.Compressor(quality=1), b" " * 1024 * 1024
    return b"".join([*(packer.process(part) for _ in range(mib)), packer.finish()])


def zstd_spaces(mib: int) -> bytes:
    packer, part = zstd.ZstdCompressor(level=1), b" " * 1024 * 1024
    return b"".join([*(packer.compress(part) for _ in range(mib)), packer.flush()])


def laughs() -> bytes:
    levels = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    return rss(
        item(b"&l11;"), b'<!DOCTYPE rss [<!ENTITY l0 "' + MARK.encode() * 4 + b'">' + levels + b"]>"
    )


def quadratic() -> bytes:
    doctype = b'<!DOCTYPE rss [<!ENTITY q "' + MARK.encode() * 5_000 + b'">]>'
    return rss(item(b"&q;" * 2_000), doctype)


def external(where: bytes) -> bytes:
    return rss(item(b"before &x; after"), b'<!DOCTYPE rss [<!ENTITY x SYSTEM "' + where + b'">]>')


def attributes() -> bytes:
    many = b" ".join(b'a%d="%d"' % (n, n) for n in range(40_000))
    return rss(b"<item " + many + b"><title>attributes</title></item>")


def json_feed(depth: int) -> bytes:
    return (
        b'{"version":"https://jsonfeed.org/version/1.1","title":"t","items":'
        + b"[" * depth
        + b"]" * depth
        + b"}"
    )


PLAIN: dict[str, Callable[[], bytes]] = {
    "attributes": attributes,
    "comments": lambda: rss(b"<!--" * 40_000),
    "laughs": laughs,
    "quadratic": quadratic,
    "external-file": lambda: external(b"file:///etc/passwd"),
    "external-http": lambda: external(b"http://127.0.0.1:{port}/leak"),
    "deep-xml": lambda: rss(b"<a>" * 40_000 + MARK.encode() + b"</a>" * 40_000),
    "deep-html": lambda: rss(
        item(b"deep", b"<description>" + b"&lt;div>" * 100_000 + b"</description>")
    ),
    "deep-json": lambda: json_feed(100_000),
    "markup-bomb": lambda: rss(
        item(b"tables", b"<description>" + b"&lt;table>&lt;b>" * 30_000 + b"</description>")
    ),
    "half-open": lambda: rss(b"<![CDATA[" * 50_000),
}
GOOD_ITEM = item(b"good")


def json_items(count: int, each: bytes) -> bytes:
    head = b'{"version":"https://jsonfeed.org/version/1.1","title":"t","items":['
    return head + b",".join([each] * count) + b"]}"


# One item of each is bad, and takes much memory where it is not cut; the other one is kept.
LARGE: dict[str, Callable[[], bytes]] = {
    "long-name": lambda: rss(item(b"bad", b"<" + b"n" * 9_000_000 + b">x</nnn>") + GOOD_ITEM),
    "long-url": lambda: rss(
        b"<item><title>bad</title><link>https://example.org/"
        + b"u" * 10_000_000
        + b"</link></item>"
        + GOOD_ITEM
    ),
    "long-guid": lambda: rss(
        b"<item><title>bad</title><guid>" + b"g" * 10_000_000 + b"</guid></item>" + GOOD_ITEM
    ),
    "long-item": lambda: rss(
        # One character beyond the BMP makes all of the text's take four bytes.
        item(b"bad", b"<description>\xf0\x9f\x98\x80" + b"word " * 2_800_000 + b"</description>")
        + GOOD_ITEM
    ),
    "many-divs": lambda: rss(
        item(b"bad", b"<description>" + b"&lt;div>" * 150_000 + b"</description>") + GOOD_ITEM
    ),
    "many-json-items": lambda: json_items(900_000, b'{"id":1,"x":[1]}'),
    "empty-json-items": lambda: json_items(4_000_000, b"{}"),
}
PLAIN |= LARGE
CODED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gzip-bomb": ("gzip", lambda: spaces(BOMB_MIB)),
    "gzip-twice": ("gzip, gzip", lambda: gzip.compress(spaces(BOMB_MIB))),
    "gzip-thrice": ("gzip, gzip, gzip", lambda: gzip.compress(gzip.compress(spaces(BOMB_MIB)))),
    "brotli-bomb": ("br", lambda: brotli_spaces(BOMB_MIB)),
    "zstd-bomb": ("zstd", lambda: zstd_spaces(BOMB_MIB)),
}
HOPS = {
    "to-loopback": "http://127.0.0.1:{port}/leak",
    "to-a-name-of-loopback": "http://inside.test:{port}/leak",
    "to-private": "http://10.0.0.1/leak",
    "to-metadata": "http://169.254.169.254/latest/meta-data/",
    "to-metadata-by-name": "http://metadata.test/latest/meta-data/",
    "to-decimal-loopback": "http://2130706433:{port}/leak",
    "to-mapped-loopback": "http://[::ffff:127.0.0.1]:{port}/leak",
    "to-file": "file:///etc/passwd",
    "to-gopher": "gopher://127.0.0.1:{port}/leak",
}


@dataclass
class Hostile:
    """The origin: raw bytes on a socket. `asked` holds each request as it came."""

    asked: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    async def _listen(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.bodies = {
            name: make().replace(b"{port}", b"%d" % self.port) for name, make in PLAIN.items()
        }
        self.coded = {name: (label, make()) for name, (label, make) in CODED.items()}

    async def _close(self) -> None:
        self.server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append(request)
            await self._answer(request.split(" ")[1], writer)
            await writer.drain()
        writer.close()

    async def _answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        name = target.rsplit("/", 1)[1]
        if name in self.bodies:
            writer.write(answer(self.bodies[name]))
        elif name in self.coded:
            label, body = self.coded[name]
            writer.write(answer(body, f"Content-Encoding: {label}"))
        elif name in HOPS:
            writer.write(redirect(HOPS[name].replace("{port}", str(self.port))))
        elif name.startswith("hop-"):
            writer.write(redirect(f"/hop-{int(name[4:]) + 1}"))
        elif name == "smuggle":
            writer.write(redirect("/after HTTP/1.1%0d%0aX-Smuggled: 1"))
        elif name in ("drip", "endless-headers"):
            await self._without_end(name, writer)
        else:
            writer.write(
                answer(
                    rss(item(HARMLESS if name == "healthy" or "after" in target else MARK.encode()))
                )
            )

    async def _without_end(self, name: str, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\n" if name == "endless-headers" else b"HTTP/1.1 200 OK\r\n\r\n"
        )
        while True:
            writer.write(
                b"X-More: " + b"x" * 4_000 + b"\r\n" if name == "endless-headers" else b" "
            )
            await writer.drain()
            await asyncio.sleep(0 if name == "endless-headers" else 1)


def answer(body: bytes, *headers: str) -> bytes:
    lines = [
        "HTTP/1.1 200 OK",
        "Content-Type: application/xml",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, *headers]).encode() + b"\r\n\r\n" + body


def redirect(location: str) -> bytes:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    return head.encode("latin-1")


@dataclass(frozen=True)
class Aftermath:
    """What became of all: by the name of the case, the views, and what the origin was asked."""

    cases: dict[str, dict[str, Any]]
    views: dict[str, str]
    asked: list[str]


def sources(port: int) -> Iterator[dict[str, Any]]:
    base = f"http://127.0.0.1:{port}"
    for name in ("healthy", *PLAIN, *CODED, "drip", "endless-headers", "smuggle", "hop-0"):
        yield {"id": name, "url": f"{base}/{name}"}
    for (
        name
    ) in HOPS:  # the origin plays the proxy of a public host, from where it redirects inwards
        yield {
            "id": name,
            "url": f"http://public.test/{name}",
            "allow_private": False,
            "http": {"proxy": base},
        }
    yield {
        "id": "a-name-of-loopback",
        "url": f"http://inside.test:{port}/leak",
        "allow_private": False,
    }
    yield {"id": "loopback", "url": f"{base}/leak", "allow_private": False}


@pytest.fixture(scope="session")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    """Serve everything once to one process of ours."""
    place = tmp_path_factory.mktemp("hostile")
    hostile = Hostile()
    hostile.start()
    try:
        config = {
            "database": "sqlite:///store.db",
            "output": "feeds",
            "network": {"allow_private": True, "timeout": "2s"},
            "sources": list(sources(hostile.port)),
        }
        (place / "aggregator.yaml").write_text(json.dumps(config))  # JSON is YAML
        done = place / "done.json"
        command = [sys.executable, str(DRIVE), str(place / "aggregator.yaml"), str(done)]
        subprocess.run(command, cwd=ROOT, check=True, timeout=300, stderr=subprocess.DEVNULL)
        told = json.loads(done.read_text())
    finally:
        hostile.stop()
    return Aftermath(told["cases"], told["views"], hostile.asked)
