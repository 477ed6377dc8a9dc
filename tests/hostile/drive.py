"""Run by the tests in a process of its own: each hostile source in a cycle with a healthy one, through the whole way.

Rule: what is measured is this process and all its children, for the time of one cycle. A JSON document goes to the path
that is given: what became of each, and every view at the end.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

from aggregator import config as configuration
from aggregator.app import App, open_store

HEALTHY = "healthy"
NAMES = {
    "public.test": "93.184.216.34",
    "inside.test": "127.0.0.1",
    "metadata.test": "169.254.169.254",
}
_MIB = 1024 * 1024


def name_service(host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
    """Stand in for the system's: a few names, and addresses in numbers."""
    address = NAMES.get(host, host)
    with suppress(OSError):
        socket.inet_pton(socket.AF_INET, address)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]
    raise socket.gaierror(socket.EAI_NONAME, "no such host")


class Memory:
    """The largest memory of this process and its children while it runs, in bytes (Linux)."""

    def __init__(self) -> None:
        self.most = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self._look()

    def _look(self) -> None:
        self.most = max(self.most, sum(map(_size, _family())))


def _family() -> list[str]:
    family = ["self"]
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            family += (task / "children").read_text().split()
    return family


def _size(process: str) -> int:
    """Read the memory of one process; what it shares with others counts in parts."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) * 1024
    return 0


async def cycle(app: App, source: str) -> dict[str, Any]:
    """Take one source its way beside the healthy one."""
    begun, ends, outcomes = time.monotonic(), {}, {}

    def tell(outcome: Any) -> None:
        ends[outcome.source] = time.monotonic() - begun
        outcomes[outcome.source] = outcome

    with Memory() as memory:
        await app.cycle({source, HEALTHY}, force=True, full=True, progress=tell)
    one = outcomes[source]
    return {
        "status": one.status,
        "error": one.error,
        "message": one.message,
        "found": one.found,
        "new": one.new,
        "rejected": list(one.rejected),
        "seconds": ends[source],
        "healthy_seconds": ends[HEALTHY],
        "healthy_status": outcomes[HEALTHY].status,
        "mib": memory.most / _MIB,
    }


async def drive(path: Path) -> dict[str, Any]:
    config = configuration.load_config(path, env={})
    with closing(open_store(config)) as store:
        async with App(config, store) as app:
            await app.cycle(
                {HEALTHY}, force=True
            )  # the parser has started: its start is not what is measured
            names = [source.id for source in config.sources if source.id != HEALTHY]
            cases = {name: await cycle(app, name) for name in names}
            app.publish()
    return {"cases": cases, "views": views(Path(config.output))}


def views(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


if __name__ == "__main__":
    socket.getaddrinfo = name_service  # type: ignore[assignment]
    done = asyncio.run(drive(Path(sys.argv[1])))
    Path(sys.argv[2]).write_text(json.dumps(done), encoding="utf-8")
