"""A document -> a file that a web server or a person may read at any moment.

The rule: a reader sees the old bytes or the new ones, never a part, whatever kills us in between; equal bytes touch
nothing, so the file's mtime says when the document last changed.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from aggregator.errors import StoreError
from aggregator.publish.view import view_urn

# A temporary file is private (0600), but a view is for everyone whom the umask lets in.
_MODE = 0o666

_HEAD_BYTES = 4096  # of a document, that hold its id

_ADVICE = {
    errno.ENOSPC: "the disk is full, free some space",
    errno.EDQUOT: "the disk quota is used up, free some space",
    errno.EROFS: "the file system is read-only, remount it or set another output folder",
    errno.EACCES: "not allowed, make the folder writable for this user or set another output folder",
    errno.EPERM: "not allowed, make the folder writable for this user or set another output folder",
}


def write(path: Path, data: bytes) -> bool:
    """Make `path` hold `data`; return False, touching nothing, where it already does. Missing folders are made.

    Raises:
        StoreError: the folder cannot be written; what was there before is whole, and the next write may succeed.
    """
    try:
        if _holds(path, data):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as e:
        reason = _ADVICE.get(e.errno or 0, e.strerror or str(e))
        raise StoreError(f"cannot write {path}: {reason}") from e
    return True


def remove_view_file(path: Path, view_id: str) -> bool:
    """Delete a file that was written for a view; tell whether it could be deleted.

    It is deleted where its head holds the view's own id, which nobody else makes: another
    program's file of the same name stays.
    """
    try:
        is_ours = is_view_file(path, view_id)
        if is_ours:
            path.unlink()
    except OSError:
        return False
    return is_ours


def is_view_file(path: Path, view_id: str) -> bool:
    """Tell whether a file is a document of this view, written by us. Raises OSError."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return view_urn(view_id).encode() in file.read(_HEAD_BYTES)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _MODE & ~_umask())
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    """Read the umask without setting it, which would race with other threads (Linux); elsewhere take the usual one."""
    with suppress(OSError, ValueError, StopIteration):
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(
            next(line for line in status.splitlines() if line.startswith("Umask:")).split()[1], 8
        )
    return 0o022
