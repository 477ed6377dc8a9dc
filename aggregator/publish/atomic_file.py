"""Writes documents to files atomically.

A reader sees the old bytes or the new ones, even if the process is killed in between. A
file is not touched if its bytes would stay the same, so its mtime says when it changed.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from aggregator.errors import StoreError
from aggregator.publish.view import view_urn

# A temporary file has mode 0600; a view gets the usual mode under the umask.
_FILE_MODE = 0o666

_HEAD_BYTES = 4096  # of a document; they contain its id

_ADVICE = {
    errno.ENOSPC: "the disk is full, free some space",
    errno.EDQUOT: "the disk quota is used up, free some space",
    errno.EROFS: "the file system is read-only, remount it or set another output folder",
    errno.EACCES: "not allowed, make the folder writable for this user or set another output folder",
    errno.EPERM: "not allowed, make the folder writable for this user or set another output folder",
}


def write_file(path: Path, data: bytes) -> bool:
    """Write `data` to `path` and return True; return False if the file has these bytes already.

    Missing folders are created.

    Raises:
        StoreError: the file cannot be written; the old file is intact.
    """
    try:
        if _has_content(path, data):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace_file(path, data)
    except OSError as e:
        reason = _ADVICE.get(e.errno or 0, e.strerror or str(e))
        raise StoreError(f"cannot write {path}: {reason}") from e
    return True


def remove_view_file(path: Path, view_id: str) -> bool:
    """Delete the published file of a view; tell whether it was deleted.

    A file of the same name without the view's id, such as that of another program, stays.
    """
    try:
        is_ours = is_view_file(path, view_id)
        if is_ours:
            path.unlink()
    except OSError:
        return False
    return is_ours


def is_view_file(path: Path, view_id: str) -> bool:
    """Tell whether a file is a document of this view, by its id. Raises OSError."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return view_urn(view_id).encode() in file.read(_HEAD_BYTES)


def _has_content(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def _replace_file(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _FILE_MODE & ~_read_umask())
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Sync the folder, so that the rename survives a power failure."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_umask() -> int:
    """Read the umask from /proc, because os.umask would affect other threads; without /proc return 0o022."""
    with suppress(OSError, ValueError, StopIteration):
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(
            next(line for line in status.splitlines() if line.startswith("Umask:")).split()[1], 8
        )
    return 0o022
