"""The lock that keeps a second daemon off a store.

The operating system (or the PostgreSQL server) holds the lock for a living process, so that `kill -9` frees it.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.errors import StoreError
from aggregator.store.engine import lock_number, translate_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.store.engine import Engines

_NAME_PREFIX = "aggregator daemon, pid "  # how the holder calls itself in pg_stat_activity


@contextmanager
def lock_store(engines: Engines) -> Iterator[None]:
    """Hold the store as its one daemon.

    Raises: StoreError where another daemon does.
    """
    held = (
        _lock_on_server(engines) if engines.path is None else lock_file(engines.path, engines.url)
    )
    with held:
        yield


@contextmanager
def lock_file(path: Path, url: str) -> Iterator[None]:
    """Hold the SQLite store at `path` as its one daemon; `url` names it in messages.

    Raises: StoreError where another daemon does.
    """
    try:
        file = path.with_name(path.name + ".lock").open("a+")
    except OSError as error:
        raise StoreError(f"{url}: its lock file cannot be written: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise _already_running_error(url, file.read().strip()) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def _lock_on_server(engines: Engines) -> Iterator[None]:
    with (
        translate_errors(engines.url),
        engines.read.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        key = connection.scalar(sa.select(lock_number("daemon")))
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
            raise _already_running_error(engines.url, _server_lock_holder(connection, key))
        connection.execute(
            sa.select(sa.func.set_config("application_name", f"{_NAME_PREFIX}{os.getpid()}", False))
        )
        try:
            yield
        finally:
            with suppress(sa.exc.SQLAlchemyError):  # the server may be gone, and the lock with it
                connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))
            connection.invalidate()  # the end of the session ends its name, some moments later


def _server_lock_holder(connection: sa.Connection, key: int | None) -> str:
    statement = sa.text(
        "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32 | objid::bigint) = :key"
    )
    return str(connection.scalar(statement, {"key": key}) or "").removeprefix(_NAME_PREFIX)


def _already_running_error(url: str, pid: str) -> StoreError:
    who = f" (pid {pid})" if pid else ""
    return StoreError(
        f"{url}: another daemon{who} is running on this store: stop it first, or use another database"
    )
