"""Folders of saved articles as a source: lists the files, finds those that changed, and reads them.

Only regular files up to the size limit are read. A file that cannot be read gives one message and never ends the
run. A file counts as unchanged while its size and modification time stay the same.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from fnmatch import translate
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.errors import SourceError
from aggregator.model import Capture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

# Stands for the time and size of a file that cannot be asked: a dangling link, a closed folder.
UNREADABLE_STAMP = (0, -1)


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What to read of a folder: the changed files in the order of their names, and the new manifest.

    `rejected` has a message for each file whose name is not text, and so cannot be stored.
    """

    root: Path
    changed_names: tuple[str, ...]
    manifest: Mapping[str, tuple[int, int]]
    rejected: tuple[str, ...] = ()


def scan(location: Path, known: Mapping[str, tuple[int, int]]) -> FolderChanges:
    """Compare a folder (or a glob, or one file) with what is `known` of it.

    Raises:
        SourceError: the folder itself cannot be listed (`missing`, `unreadable`).
    """
    root = location
    try:
        root, pattern = _split_location(location)
        manifest = _build_manifest(root, pattern)
    except FileNotFoundError as e:
        raise SourceError("missing", f"no such folder: {root}") from e
    except OSError as e:
        raise SourceError("unreadable", f"cannot list {root}: {e.strerror}") from e
    except RecursionError as e:  # glob() has no limit of its own
        raise SourceError("unreadable", f"cannot list {root}: its folders are too deep") from e

    notes = []
    for name in sorted(manifest):
        if not _is_utf8(name):
            del manifest[name]
            notes.append(f"{name!a}: the name of the file is not UTF-8")

    changed = [name for name, stamp in manifest.items() if known.get(name) != stamp]
    return FolderChanges(root, tuple(sorted(changed)), manifest, tuple(notes))


def read_file(
    root: Path, name: str, *, source: str, taken: datetime, limit_bytes: int
) -> Capture | str:
    """Read one file: its capture, or the message that rejects it."""
    path = root / name
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            details = os.fstat(file.fileno())
            if not stat.S_ISREG(details.st_mode):
                return f"{name}: not a regular file"
            if details.st_size > limit_bytes:
                return f"{name}: {details.st_size:,} bytes, more than the limit of {limit_bytes:,} (network.max_body)"
            body: bytes | None = file.read(limit_bytes)
            if body is None:  # some files of /proc would keep the reader waiting
                return f"{name}: cannot be read: it has no content yet"
            return Capture(source=source, url=path.as_uri(), taken=taken, body=body)
    except OSError as e:
        return f"{name}: cannot be read: {e.strerror}"


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _split_location(location: Path) -> tuple[Path, str | None]:
    """Split `folder/*.txt` into folder and pattern; a folder has the pattern None, a file is its own pattern."""
    parts = location.parts
    magic = next((index for index, part in enumerate(parts) if has_magic(part)), None)
    if magic is not None:
        return Path(*parts[:magic]), "/".join(parts[magic:])
    if location.is_file():
        return location.parent, location.name
    return location, None


def _build_manifest(root: Path, pattern: str | None) -> dict[str, tuple[int, int]]:
    if pattern is None:
        return dict(_walk_tree(root))
    if not has_magic(pattern):
        return {pattern: _path_stamp(root / pattern)}
    if "/" not in pattern:
        return dict(_list_directory(root, pattern))

    root.stat()  # a folder that is missing is an error, which glob() hides
    manifest: dict[str, tuple[int, int]] = {}
    for path in root.glob(pattern):
        if not path.is_dir():
            manifest[str(path.relative_to(root))] = _path_stamp(path)
    return manifest


def _list_directory(root: Path, pattern: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the files of one directory level, without a Path for each: 2,000 files take a few milliseconds."""
    matches = re.compile(translate(pattern)).match
    wants_hidden = pattern.startswith(".")
    with os.scandir(root) as entries:
        for entry in entries:
            if not matches(entry.name):
                continue
            if entry.name.startswith(".") and not wants_hidden:
                continue
            if not _is_folder(entry):
                yield entry.name, _entry_stamp(entry)


def _walk_tree(root: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield every file below a folder; links to folders are not followed, to avoid cycles.

    A subfolder that cannot be listed counts as one unreadable file.
    """
    subfolders: list[str] = []
    yield from _list_level(root, "", subfolders)
    while subfolders:
        name = subfolders.pop()
        try:
            yield from _list_level(root / name, f"{name}/", subfolders)
        except OSError:
            yield name, UNREADABLE_STAMP


def _list_level(
    folder: Path, prefix: str, subfolders: list[str]
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the files of one level; the names of its folders are added to `subfolders`."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                subfolders.append(name)
            elif not _is_folder(entry):
                yield name, _entry_stamp(entry)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _entry_stamp(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        details = entry.stat()
    except OSError:
        return UNREADABLE_STAMP
    return details.st_mtime_ns, details.st_size


def _path_stamp(path: Path) -> tuple[int, int]:
    try:
        details = path.stat()
    except OSError:
        return UNREADABLE_STAMP
    return details.st_mtime_ns, details.st_size
