"""2,000 small fetches over loopback, beside a bare aiohttp loop over the same addresses.

Both sides are processes of their own with as many requests under way; only the time in the loop counts, not the
imports. A third process polls the same feeds as sources, from the claim to the commit: what a whole cycle costs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from benchmarks import origin
from benchmarks.measure import PROGRAM, Figure, cpu_of, part_of, side_by_side

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from benchmarks.measure import Size

_AT_ONCE = 64
_CONFIG = "{database: sqlite:///store.db, output: feeds, network: {allow_private: true}, sources: sources.yaml}\n"


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    with origin.serving() as port:
        urls = place / "urls.json"
        urls.write_text(json.dumps(origin.addresses(port, size.fetches)), encoding="utf-8")
        ours, bare = side_by_side(
            size.rounds, *(partial(part_of, __name__, side, urls) for side in ("ours", "bare"))
        )
        cycle = cpu_of(
            *PROGRAM, "-c", _sources(place, json.loads(urls.read_text("utf-8"))), "fetch", "--force"
        )
    detail = (
        f"fetcher {_each(ours, size)}, bare aiohttp {_each(bare, size)}, {size.fetches:,} fetches"
    )
    return [
        Figure("fetching, to a bare aiohttp loop", ours / bare, "x", 2.5, detail),
        Figure(
            "a first cycle, a source",
            cycle / size.fetches * 1000,
            "ms",
            None,
            f"{size.fetches:,} new feeds of 5",
        ),
    ]


def _each(seconds: float, size: Size) -> str:
    return f"{seconds / size.fetches * 1000:.2f} ms"


def _sources(place: Path, urls: Iterable[str]) -> Path:
    lines = (f'- {{id: source-{number}, url: "{url}"}}\n' for number, url in enumerate(urls))
    (place / "sources.yaml").write_text("".join(lines), encoding="utf-8")
    (place / "aggregator.yaml").write_text(_CONFIG, encoding="utf-8")
    return place / "aggregator.yaml"


async def _ours(urls: list[str]) -> float:
    from aggregator.fetch import Fetcher, FetchSettings, Request

    async with Fetcher(FetchSettings(concurrency=_AT_ONCE, allow_private=True)) as fetcher:

        async def get(url: str) -> int:
            return len((await fetcher.get(Request(url))).body)

        return await _timed(urls, get)


async def _bare(urls: list[str]) -> float:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def get(url: str) -> int:
            async with session.get(url) as response:
                return len(await response.read())

        return await _timed(urls, get)


async def _timed(urls: list[str], get: Callable[[str], Awaitable[int]]) -> float:
    """Run `get` over all URLs, _AT_ONCE of them under way; return the CPU seconds that it took."""
    waiting = iter(urls)

    async def work() -> None:
        for url in waiting:
            await get(url)

    begun = process_time()
    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return process_time() - begun


if __name__ == "__main__":
    side = {"ours": _ours, "bare": _bare}[sys.argv[1]]
    print(asyncio.run(side(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))))
