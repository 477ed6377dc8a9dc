"""Copies a SQLite store as a whole: a backup, the way back, and a copy before an upgrade.

A copy shows one moment of the store, whoever writes meanwhile. It is a single file, and it appears
under its name only when it is complete.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.errors import StoreError, UsageError
from aggregator.store.daemon_lock import lock_file
from aggregator.store.engine import BUSY_SECONDS, translate_errors
from aggregator.store.schema import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

logger = logging.getLogger(__name__)
_MIB = 2**20
# The copy, and as much again for the upgrade itself.
_SPACE_FACTOR = 2


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """What a backup holds; `former` is where the store that it replaced is kept, None without one."""

    entries: int
    version: str
    size_bytes: int
    former: Path | None = None


def back_up(url: str, target: Path) -> BackupInfo:
    """Copy the SQLite store at a SQLAlchemy `url` to a file, which is replaced if it exists.

    Raises: UsageError for another database, no store, or the store's own file; StoreError.
    """
    path = _sqlite_path(
        url,
        "use pg_dump, or `aggregator export --format jsonl FILE`, which any database can import",
    )
    if not path.exists():
        raise UsageError(f"{path}: there is no store yet")
    _check_other_file(path, target)
    copy_database(path, target)
    return _read_info(target)


def restore(url: str, file: Path, *, now: datetime) -> BackupInfo:
    """Put a backup in the place of the SQLite store at `url`; the former store is kept beside it.

    Nothing changes before the copy is there and its version and integrity are checked.

    Raises: UsageError for another database or what is no backup; StoreError for a damaged backup,
        one of a newer version, or where a daemon uses the store.
    """
    path = _sqlite_path(url, "use pg_restore, or `aggregator import FILE --format jsonl`")
    if not file.is_file():
        raise UsageError(f"{file}: there is no such file")
    _check_other_file(path, file)
    incoming = path.with_name(f".{path.name}.restore")
    with lock_file(path, str(path)):
        try:
            _check_backup(file)
            copy_database(file, incoming)
            info = _read_info(incoming)
            former = _set_aside(path, now)
            incoming.replace(path)
        except OSError as error:
            raise StoreError(f"{path}: cannot be replaced: {error.strerror}") from error
        finally:
            incoming.unlink(missing_ok=True)
    return BackupInfo(info.entries, info.version, info.size_bytes, former)


def copy_before_upgrade(
    path: Path, version: str, *, free_bytes: Callable[[Path], int] | None = None
) -> Path | None:
    """Keep a copy of a store beside it before it is upgraded from schema `version`.

    A store is upgraded also where there is no room for a copy: the log then says so, and the
    result is None.
    """
    target = path.with_name(f"{path.name}.schema-{version}")
    size = path.stat().st_size
    free = (free_bytes or _free_bytes)(path.parent)
    if free < _SPACE_FACTOR * size:
        logger.warning(
            "%s: upgraded without a copy of it: that takes %d MiB, %d MiB are free",
            path,
            _SPACE_FACTOR * size // _MIB,
            free // _MIB,
        )
        return None
    try:
        copy_database(path, target)
    except StoreError as error:
        logger.warning("%s: upgraded without a copy of it: %s", path, error)
        return None
    logger.warning("%s: before its upgrade to schema %s it was copied to %s", path, HEAD, target)
    return target


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database, as it is at one moment, to a file that is then complete and on disk.

    Raises: StoreError.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with translate_errors(f"copy of {source} to {target}"):
            _copy_pages(source, temporary)
        shutil.copymode(source, temporary)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _copy_pages(source: Path, target: Path) -> None:
    with _open_read_only(source) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer)
        # One file, which can be read also where nobody may write.
        writer.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _open_read_only(path: Path) -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as connection:
        yield connection


def _sqlite_path(url: str, advice: str) -> Path:
    """Return the file of a SQLite store. Raises: UsageError with `advice` for another database."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError(f"database: not understood: {error}") from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise UsageError(f"the database is not a SQLite file: {advice}")
    return Path(parsed.database)


def _check_other_file(path: Path, other: Path) -> None:
    """Raises: UsageError where a backup would be the store itself."""
    with suppress(OSError):
        if path.samefile(other):
            raise UsageError(f"{other} is the store itself: name another file")


def _check_backup(file: Path) -> None:
    """Raises: UsageError for what is no backup; StoreError for a damaged one, or one of a newer version."""
    with translate_errors(str(file)), _open_read_only(file) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not {"alembic_version", "entry"} <= tables:
            raise UsageError(f"{file}: is no store of this program")
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise StoreError(f"{file}: is damaged: {problem}")
    version = _read_info(file).version
    if version > HEAD:
        raise StoreError(
            f"{file}: written by a newer version (schema {version}, ours {HEAD}): upgrade first"
        )


def _read_info(file: Path) -> BackupInfo:
    with translate_errors(str(file)), _open_read_only(file) as connection:
        [version] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        [entries] = connection.execute("SELECT count(*) FROM entry").fetchone()
    return BackupInfo(entries, version, file.stat().st_size)


def _set_aside(path: Path, now: datetime) -> Path | None:
    """Rename the store, with the log that may belong to it; return its new name, None without one."""
    if not path.exists():
        return None
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    former = path.with_name(f"{path.name}.before-restore-{now:%Y%m%dT%H%M%SZ}")
    # The log first: beside another database it would be taken for a part of that.
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(former.with_name(former.name + suffix))
    return former


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
