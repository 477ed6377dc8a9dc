"""Adds sources to the end of a file of sources.

The existing bytes stay unchanged. Before the file is replaced, the new text is read back
and compared. If the configuration does not load afterwards, everything is restored.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from os.path import abspath, normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from aggregator.config.edit.yaml_writer import plain_value, source_line, source_yaml
from aggregator.config.record import ValidationContext
from aggregator.config.settings import Defaults
from aggregator.config.source import Source
from aggregator.config.source_files import DEFAULT_PATTERN, is_inline
from aggregator.config.yaml_document import read_yaml
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aggregator.config.settings import Config
    from aggregator.config.yaml_document import YamlPath

ADDED_FILE = Path("sources") / "added.yaml"
_FILE_MODE = 0o666
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class SourceAddition:
    """A source to be added, with comments for its keys and the files that it names (path -> bytes).

    `defaults` are values of keys that are not written; they are shown as comments.
    """

    file: Path
    mapping: Mapping[str, Any]
    notes: Mapping[YamlPath, str] = field(default_factory=dict)
    extra_files: Mapping[Path, bytes] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def yaml_text(self) -> str:
        return source_yaml(self.mapping, self.notes, defaults=self.defaults)


def build_source(
    given: Mapping[str, Any],
    config: Config,
    file: Path,
    *,
    check_selector: Callable[[str], object] | None = None,
) -> Source:
    """Build a source from keys as if they were in `file`. Raises pydantic's ValidationError (a ValueError)."""
    values = dict(given)
    for key in Defaults.yaml_keys():
        if key not in given:
            values[key] = getattr(config.defaults, key)

    source = Source.model_validate(
        values, context=ValidationContext(file.parent, None, check_selector)
    )
    is_every_explicit = "every" in given or "every" in config.defaults.model_fields_set
    return source.with_origin(
        origin=str(file), given_keys=given.keys(), is_every_explicit=is_every_explicit
    )


def choose_file(config: Config, named: Path | None, *, env: Mapping[str, str]) -> Path:
    """Return the absolute path for new sources: `named`, else sources/added.yaml beside the main file.

    Raises: UsageError if the configuration would not load this file.
    """
    main = config.files[0]
    path = Path(abspath(named or main.parent / ADDED_FILE))  # noqa: PTH100  links stay as they are written
    if path in config.files[1:]:
        return path

    patterns = _source_patterns(main, env)
    for pattern in patterns:
        absolute = Path(normpath(main.parent / pattern))
        if _matches_glob(path.parts, absolute.parts):
            return path

    if patterns:
        loads = ", ".join(f"`{pattern}`" for pattern in patterns)
        advice = "name one of these with --file"
    else:
        loads = "no file"
        advice = "let it load one, such as `sources: sources/*.yaml`"
    raise UsageError(f"{path} would not be loaded: `sources` of {main} loads {loads}; {advice}")


@contextmanager
def lock_file(file: Path) -> Iterator[None]:
    """Wait for exclusive access to `file`; two concurrent writers would lose a source.

    The lock is on an existing folder above the file's own. On file systems without
    locks, nothing is locked.
    """
    folder = next(
        folder for folder in file.resolve().parents[1:] or file.resolve().parents if folder.is_dir()
    )
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # a folder may be unreadable and yet allow writing below it
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def append_sources(main: Path, sources: Sequence[Mapping[str, Any]], *, file: Path | None) -> Path:
    """Append sources, one per line; return the file: `file`, else sources/added.yaml beside `main`.

    The caller holds `lock_file` and checks that the configuration still loads.
    Raises: UsageError if the file cannot be written.
    """
    named = file or main.parent / ADDED_FILE
    path = named.resolve()
    text = "".join(f"{source_line(source)}\n" for source in sources)
    try:
        before = _read_existing(path) or b""
        _replace_file(path, _append_text(before, text, named))
    except OSError as e:
        raise UsageError(f"cannot write {named}: {e.strerror}") from e
    return named


def _read_existing(file: Path) -> bytes | None:
    """Return the bytes of a file, None if it does not exist."""
    if not file.exists():
        return None
    return file.read_bytes()


def add_source(
    addition: SourceAddition, *, env: Mapping[str, str], load: Callable[[], object]
) -> None:
    """Write a source and its files; `load` loads the whole configuration again.

    Raises: UsageError if the file cannot be extended, and any error of `load`; all
    files are then as before.
    """
    try:
        with lock_file(addition.file):
            _write_addition(addition, env=env, load=load)
    except OSError as e:
        raise UsageError(f"cannot write {addition.file}: {e.strerror}") from e


def _write_addition(
    addition: SourceAddition, *, env: Mapping[str, str], load: Callable[[], object]
) -> None:
    path = addition.file.resolve()  # a link stays one
    before = {file: _read_existing(file) for file in (path, *addition.extra_files)}
    folders = dict.fromkeys(file.parent for file in before)
    undo = _Undo(before, tuple(folder for folder in folders if not folder.exists()))
    new: Path | None = None
    try:
        new = _prepare_file(path, before[path], addition, env)
        for beside, data in addition.extra_files.items():
            _replace_file(beside, data)
        new.replace(path)
        load()
    except BaseException:
        if new is not None:
            new.unlink(missing_ok=True)
        undo()
        raise


@dataclass(frozen=True, slots=True)
class _Undo:
    """Restores files (None: the file did not exist) and removes new folders."""

    before: Mapping[Path, bytes | None]
    new_folders: tuple[Path, ...]

    def __call__(self) -> None:
        for file, data in self.before.items():
            with suppress(OSError):
                if data is None:
                    file.unlink(missing_ok=True)
                elif file.read_bytes() != data:
                    _replace_file(file, data)
        for folder in reversed(self.new_folders):
            with suppress(OSError):
                folder.rmdir()


def _prepare_file(
    path: Path, before: bytes | None, addition: SourceAddition, env: Mapping[str, str]
) -> Path:
    """Write the new file beside the old one and check its content. Raises OSError, UsageError."""
    old: list[Any] = []
    if before is not None:
        old = read_yaml(path, env=env).data or []

    data = _append_text(before or b"", addition.yaml_text, addition.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = _write_temporary(path, data)

    read_back = read_yaml(new, env=env)
    if read_back.problems:
        reason = read_back.problems[0].message
    elif read_back.data != [*old, plain_value(addition.mapping)]:
        reason = "it would be read as something else"
    else:
        return new

    new.unlink()
    raise UsageError(
        f"{addition.file} cannot take another source at its end ({reason}); name a file with --file"
    )


def _append_text(before: bytes, text: str, file: Path) -> bytes:
    """Append the text to a file's bytes, with the file's indentation and line ends. Raises UsageError."""
    root = _root_node(before, file)
    if isinstance(root, yaml.SequenceNode) and root.flow_style:
        raise UsageError(
            f"{file} is written in brackets; begin each source with `- `, or name a file with --file"
        )
    column = 0
    if root is not None:
        column = root.start_mark.column

    indent = " " * column
    lines = [f"{indent}{line}\n" for line in text.splitlines()]
    added = "".join(lines).encode()
    if before and not before.endswith(b"\n"):
        added = b"\n" + added
    if b"\r\n" in before:
        added = added.replace(b"\n", b"\r\n")
    return before + added


def _root_node(data: bytes, file: Path) -> Any:
    """Return the root node of a file's YAML, None for an empty file. Raises UsageError."""
    if not data.strip():
        return None
    try:
        return yaml.compose(data.decode("utf-8-sig"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise UsageError(
            f"{file} is not valid YAML; put it right, or name a file with --file"
        ) from e


def _replace_file(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_temporary(path, data).replace(path)


def _write_temporary(path: Path, data: bytes) -> Path:
    """Write a synced temporary file beside `path`, with its permissions. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _file_mode(path))
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)


def _file_mode(path: Path) -> int:
    if path.exists():
        return path.stat().st_mode & 0o777
    umask = os.umask(0o077)
    os.umask(umask)
    return _FILE_MODE & ~umask


def _source_patterns(main: Path, env: Mapping[str, str]) -> list[str]:
    """Return the files and patterns of the key `sources`, as written in the main file."""
    settings = read_yaml(main, env=env).data or {}
    value = settings.get("sources")
    if value is None:
        value = DEFAULT_PATTERN
    if not isinstance(value, list):
        value = [value]

    patterns = []
    for name in value:
        if not is_inline(name):
            patterns.append(name)
    return patterns


def _matches_glob(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tell whether a glob matches a path; `*` matches no hidden name, `**` any number of folders."""
    if not pattern:
        return not parts

    first, rest = pattern[0], pattern[1:]
    if first == "**":
        return any(_matches_glob(parts[skipped:], rest) for skipped in range(len(parts) + 1))

    if not parts:
        return False
    name = parts[0]
    is_hidden = name.startswith(".")
    if is_hidden and not first.startswith("."):
        return False
    if not fnmatchcase(name, first):
        return False
    return _matches_glob(parts[1:], rest)
