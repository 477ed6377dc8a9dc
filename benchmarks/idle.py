"""The idle daemon: 1,000 sources, none of them due.

It is measured after it has settled, over a span in which no source becomes due; Linux only (/proc).
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator import config as configuration
from aggregator.app import open_store
from benchmarks.measure import PROGRAM, Figure, resident_mib, running, spent
from benchmarks.origin import free_port

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from benchmarks.measure import Size

_LATER = timedelta(days=1)
_START_SECONDS = 60
_SETTLED_SECONDS = 15  # the folders are looked at once more some seconds after the start
_CONFIG = """
database: sqlite:///store.db
output: feeds
server: {{listen: "127.0.0.1:{port}"}}
sources: sources.yaml
"""


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    port = free_port()
    path = _prepared(place, port, size.sources)
    with running(*PROGRAM, "-c", path, "run") as daemon:
        _await(daemon, f"http://127.0.0.1:{port}/healthz")
        time.sleep(min(_SETTLED_SECONDS, size.idle_seconds))
        watch, before = time.monotonic(), spent(daemon.pid)
        time.sleep(size.idle_seconds)
        used, passed = spent(daemon.pid) - before, time.monotonic() - watch
        memory = resident_mib(daemon.pid)
    detail = f"{used:.2f} s of CPU in {passed:.0f} s, {size.sources:,} sources"
    return [
        Figure("idle daemon, of one core", used / passed * 100, "%", 0.5, detail),
        Figure("idle daemon, resident memory", memory, "MiB", 120.0, f"{size.sources:,} sources"),
    ]


def _prepared(place: Path, port: int, sources: int) -> Path:
    path = place / "aggregator.yaml"
    path.write_text(_CONFIG.format(port=port), encoding="utf-8")
    lines = (
        f'- {{id: source-{number}, url: "http://127.0.0.1:9/{number}"}}\n'
        for number in range(sources)
    )
    (place / "sources.yaml").write_text("".join(lines), encoding="utf-8")
    config = configuration.load_config(path, env={})
    due = datetime.now(UTC) + _LATER
    with closing(open_store(config)) as store:
        store.sync_sources([(source.id, source.location, due) for source in config.sources])
    return path


def _await(daemon: subprocess.Popen[str], url: str) -> None:
    """Wait until the daemon answers, well or ill. Raises: RuntimeError where it ended, TimeoutError."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if daemon.poll() is not None:
            raise RuntimeError(f"the daemon ended with status {daemon.returncode}")
        with suppress(OSError):
            return _ask(url)
        time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer within {_START_SECONDS} s")


def _ask(url: str) -> None:
    with suppress(urllib.error.HTTPError):
        urllib.request.urlopen(url, timeout=5).close()
