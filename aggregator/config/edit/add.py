"""Sources are added to a file of sources.

Rule: every byte that is there stays, the new source stands behind it. What would be read is compared with what was
meant before the file is touched; when the whole configuration does not load afterwards, all is as it was.
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

from aggregator.config.edit.yaml_writer import line_of, plain, source_yaml
from aggregator.config.record import Setting
from aggregator.config.settings import Defaults
from aggregator.config.source import Source
from aggregator.config.source_files import EVERYWHERE, is_inline
from aggregator.config.yaml_document import read
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aggregator.config.settings import Config
    from aggregator.config.yaml_document import Steps

ADDED = Path("sources") / "added.yaml"
_MODE = 0o666
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Addition:
    """What is to be added: a source as it will be written, comments in it, and files that it names (path -> bytes).

    `defaults` are keys that hold without being written; they are shown as comments.
    """

    file: Path
    mapping: Mapping[str, Any]
    notes: Mapping[Steps, str] = field(default_factory=dict)
    beside: Mapping[Path, bytes] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return source_yaml(self.mapping, self.notes, defaults=self.defaults)


def draft(
    given: Mapping[str, Any],
    config: Config,
    file: Path,
    *,
    selector: Callable[[str], object] | None = None,
) -> Source:
    """Make the source that these keys would be in `file`. Raises pydantic's ValidationError (a ValueError)."""
    values = dict(given)
    for key in Defaults.written_keys():
        if key not in given:
            values[key] = getattr(config.defaults, key)

    source = Source.model_validate(values, context=Setting(file.parent, None, selector))
    every_stated = "every" in given or "every" in config.defaults.model_fields_set
    return source.with_origin(origin=str(file), stated=given.keys(), every_stated=every_stated)


def file_for(config: Config, named: Path | None, *, env: Mapping[str, str]) -> Path:
    """The file that new sources are written to: `named`, else sources/added.yaml beside the main file; absolute.

    Raises: UsageError where the configuration would not load it.
    """
    main = config.files[0]
    path = Path(abspath(named or main.parent / ADDED))  # noqa: PTH100  links stay as they are written
    if path in config.files[1:]:
        return path

    patterns = _patterns(main, env)
    for pattern in patterns:
        absolute = Path(normpath(main.parent / pattern))
        if _matches(path.parts, absolute.parts):
            return path

    if patterns:
        loads = ", ".join(f"`{pattern}`" for pattern in patterns)
        advice = "name one of these with --file"
    else:
        loads = "no file"
        advice = "let it load one, such as `sources: sources/*.yaml`"
    raise UsageError(f"{path} would not be loaded: `sources` of {main} loads {loads}; {advice}")


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Wait until nobody else writes to `file`: two that read it before either wrote would lose a source.

    What is locked is a folder above the file's own, which may yet have to be made; nothing where there are no locks.
    """
    folder = next(
        folder for folder in file.resolve().parents[1:] or file.resolve().parents if folder.is_dir()
    )
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # it may be read by nobody, and written below all the same
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def append(main: Path, sources: Sequence[Mapping[str, Any]], *, file: Path | None) -> Path:
    """Write many sources, one a line; gives the file: `file`, else sources/added.yaml beside the `main` file.

    Whether the configuration loads with them is for the caller to see, and that it is `alone`.
    Raises: UsageError where it cannot be written.
    """
    named = file or main.parent / ADDED
    path = named.resolve()
    text = "".join(f"{line_of(source)}\n" for source in sources)
    try:
        before = _read_existing(path) or b""
        _put(path, _append_text(before, text, named))
    except OSError as e:
        raise UsageError(f"cannot write {named}: {e.strerror}") from e
    return named


def _read_existing(file: Path) -> bytes | None:
    """Return the bytes of a file, None where it does not exist."""
    if not file.exists():
        return None
    return file.read_bytes()


def add(addition: Addition, *, env: Mapping[str, str], load: Callable[[], object]) -> None:
    """Write it all; `load` loads the whole configuration anew and raises where it would not.

    Raises: UsageError where the file cannot take it, and whatever `load` raises; nothing has changed then.
    """
    try:
        with alone(addition.file):
            _add(addition, env=env, load=load)
    except OSError as e:
        raise UsageError(f"cannot write {addition.file}: {e.strerror}") from e


def _add(addition: Addition, *, env: Mapping[str, str], load: Callable[[], object]) -> None:
    path = addition.file.resolve()  # a link stays one
    before = {file: _read_existing(file) for file in (path, *addition.beside)}
    folders = dict.fromkeys(file.parent for file in before)
    undo = _Undo(before, tuple(folder for folder in folders if not folder.exists()))
    new: Path | None = None
    try:
        new = _prepare_file(path, before[path], addition, env)
        for beside, data in addition.beside.items():
            _put(beside, data)
        new.replace(path)
        load()
    except BaseException:
        if new is not None:
            new.unlink(missing_ok=True)
        undo()
        raise


@dataclass(frozen=True, slots=True)
class _Undo:
    """Files as they were, None for those that were not there, and the folders that were not."""

    before: Mapping[Path, bytes | None]
    new_folders: tuple[Path, ...]

    def __call__(self) -> None:
        for file, data in self.before.items():
            with suppress(OSError):
                if data is None:
                    file.unlink(missing_ok=True)
                elif file.read_bytes() != data:
                    _put(file, data)
        for folder in reversed(self.new_folders):
            with suppress(OSError):
                folder.rmdir()


def _prepare_file(
    path: Path, before: bytes | None, addition: Addition, env: Mapping[str, str]
) -> Path:
    """Write the new file beside the old one, and see that it says what was meant. Raises: OSError, UsageError."""
    old: list[Any] = []
    if before is not None:
        old = read(path, env=env).data or []

    data = _append_text(before or b"", addition.text, addition.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = _temporary(path, data)

    read_back = read(new, env=env)
    if read_back.problems:
        reason = read_back.problems[0].message
    elif read_back.data != [*old, plain(addition.mapping)]:
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

    added = "".join(" " * column + line + "\n" for line in text.splitlines()).encode()
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


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _temporary(path, data).replace(path)


def _temporary(path: Path, data: bytes) -> Path:
    """A new file beside `path`, on the disk, with its permissions. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _mode(path))
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)


def _mode(path: Path) -> int:
    if path.exists():
        return path.stat().st_mode & 0o777
    umask = os.umask(0o077)
    os.umask(umask)
    return _MODE & ~umask


def _patterns(main: Path, env: Mapping[str, str]) -> list[str]:
    """Return the files that the main file names, as they are written there."""
    settings = read(main, env=env).data or {}
    value = settings.get("sources")
    if value is None:
        value = EVERYWHERE
    if not isinstance(value, list):
        value = [value]
    return [name for name in value if not is_inline(name)]


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tell whether a glob matches a path: `*` matches no hidden name, `**` any number of folders."""
    if not pattern:
        return not parts

    first, rest = pattern[0], pattern[1:]
    if first == "**":
        return any(_matches(parts[skipped:], rest) for skipped in range(len(parts) + 1))

    if not parts:
        return False
    name = parts[0]
    is_hidden = name.startswith(".")
    if is_hidden and not first.startswith("."):
        return False
    return fnmatchcase(name, first) and _matches(parts[1:], rest)
