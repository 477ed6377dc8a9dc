"""Checks of the installation: versions, database, disk, clock, folders, port, sources."""

from __future__ import annotations

import http.client
import os
import platform
import shutil
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.health.verdict import CALM
from aggregator.source_status import source_statuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.config import Config
    from aggregator.store import Store

MIN_FREE_BYTES = 512 * 1024 * 1024
CLOCK_TOLERANCE = timedelta(minutes=10)
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # no clock of a running machine is before this program
_ANSWER_SECONDS = 3.0
_LIBRARIES = ("aiohttp", "SQLAlchemy", "feedparser", "feedgen", "lxml", "pydantic")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; where it is wrong, `message` says what to do."""

    name: str
    is_well: bool
    message: str


def check_installation(config: Config, store: Store, *, now: datetime) -> Iterator[Check]:
    """Check all parts of an installation whose configuration loads and whose store opens."""
    yield _check_versions()
    yield Check(
        "configuration", True, f"sources: {len(config.sources)}, views: {len(config.views)}"
    )
    yield _check_database(store)
    yield from _check_folders(config)
    yield _check_clock(store, now)
    yield _check_port(config)
    yield from _check_sources(config, store)


def _check_versions() -> Check:
    found = [f"Python {platform.python_version()}"]
    missing = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(
            "versions", False, f"not installed: {', '.join(missing)}; install aggregator anew"
        )
    return Check("versions", True, ", ".join(found))


def _check_database(store: Store) -> Check:
    damage = store.health.find_damage()
    if damage is not None:
        return Check("database", False, damage)
    entries, size_bytes = store.extent()
    return Check("database", True, f"{entries:,} entries, {size_bytes / 2**20:,.1f} MiB, whole")


def _check_folders(config: Config) -> Iterator[Check]:
    folders = {"output": Path(config.output)}
    if config.database.startswith("sqlite:///"):
        folders["database folder"] = Path(config.database.removeprefix("sqlite:///")).parent
    for name, folder in folders.items():
        yield _check_folder(name, folder)


def _check_folder(name: str, folder: Path) -> Check:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not os.access(there, os.W_OK | os.X_OK):
        return Check(
            name, False, f"{there} cannot be written by this user: change its owner or mode"
        )

    free_bytes = shutil.disk_usage(there).free
    free = f"{free_bytes / 2**30:,.1f} GiB free"
    if free_bytes < MIN_FREE_BYTES:
        return Check(name, False, f"{folder}: {free}; free space, or lower `keep` and run prune")
    return Check(name, True, f"{folder}, {free}")


def _check_clock(store: Store, now: datetime) -> Check:
    newest = store.outcomes(None, 1)
    if now < EARLIEST:
        return Check("clock", False, f"it says {now:%Y-%m-%d %H:%M}Z, which is past: set it")
    if newest and newest[0].started > now + CLOCK_TOLERANCE:
        started = f"{newest[0].started:%Y-%m-%d %H:%M}Z"
        return Check("clock", False, f"it is behind: the last run was at {started}; set it")
    return Check("clock", True, f"{now:%Y-%m-%d %H:%M}Z")


def _check_port(config: Config) -> Check:
    server = config.server
    try:
        status = _ask_health(server.host, server.port)
    except ConnectionRefusedError:
        return Check("port", True, f"{server.listen} is free: no daemon runs")
    except (OSError, http.client.HTTPException) as error:
        message = f"{server.listen} does not answer as aggregator ({error}): set server.listen"
        return Check("port", False, message)
    if status == http.HTTPStatus.OK:
        return Check("port", True, f"the daemon answers at {server.listen}")
    message = f"{server.listen}/healthz answers {status}: it names the reasons"
    return Check("port", False, message)


def _ask_health(host: str, port: int) -> int:
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (a comparison)
    socket.create_connection((address, port), timeout=_ANSWER_SECONDS).close()
    connection = http.client.HTTPConnection(address, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    finally:
        connection.close()


def _check_sources(config: Config, store: Store) -> Iterator[Check]:
    well = 0
    for status in source_statuses(config, store):
        if status.verdict is None or status.verdict in CALM:
            well += 1
            continue
        evidence = "; ".join(status.evidence)
        name = status.source.id
        message = f"{status.verdict}: {evidence}; see `aggregator doctor {name}`"
        yield Check(f"source {name}", False, message)
    yield Check("sources", True, f"{well} of {len(config.sources)} need nothing")
