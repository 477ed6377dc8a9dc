"""Where the sources are written: inline in the main file, or in the files it names.

Rule: a text with `://` is a source, any other text names files. A file that is named outright must exist; a pattern
may match none.
"""

from __future__ import annotations

from dataclasses import dataclass
from glob import glob, has_magic
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.config.messages import describe_value
from aggregator.config.words import meant_url
from aggregator.config.yaml_document import Steps, YamlDocument, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.errors import Problem

EVERYWHERE = "sources/*.yaml"


@dataclass(frozen=True, slots=True)
class Place:
    """One source as it is written; a bare URL reads as `{url: …}`."""

    document: YamlDocument
    steps: Steps
    mapping: dict[str, Any]

    @property
    def base(self) -> Path:
        """The folder that relative paths start from."""
        return self.document.path.parent

    @property
    def origin(self) -> str:
        """`file:line`."""
        return f"{self.document.file}:{self.document.lines[self.steps]}"

    def written_text(self, key: str) -> str:
        """Read a text as it stands in the file, with `${NAME}` where the environment fills it."""
        place = self.document.existing_path((*self.steps, key))
        text: str = self.document.secrets.get(place, self.mapping[key])
        return text


@dataclass(frozen=True, slots=True)
class SourceListing:
    """Every source of a configuration, in order, with the files besides the main one that hold them."""

    places: tuple[Place, ...]
    documents: tuple[YamlDocument, ...]
    problems: tuple[Problem, ...]


def is_inline(value: Any) -> bool:
    """Tell a source from the name of a file."""
    return not isinstance(value, str) or "://" in value


def places(main: YamlDocument, *, env: Mapping[str, str]) -> SourceListing:
    """Collect the sources that the main file gives or names."""
    value = (main.data or {}).get("sources")
    if value is None:
        value = EVERYWHERE
    if isinstance(value, dict):
        problem = main.problem(("sources",), "must be a path or a list, not a mapping")
        return SourceListing((), (), (problem,))

    listing = _Collector(main, env)
    for steps, element in _elements(value):
        listing.add(steps, element)
    return SourceListing(tuple(listing.places), tuple(listing.documents), tuple(listing.problems))


def _glob_files(pattern: str, base: Path) -> list[Path]:
    """Return the files that a pattern matches, by name, relative patterns from `base`."""
    files = []
    # Not Path.glob: it takes hidden files too, such as those of an editor, and no absolute pattern.
    for name in sorted(glob(pattern, root_dir=base, recursive=True)):  # noqa: PTH207
        path = Path(normpath(base / name))
        if path.is_file():
            files.append(path)
    return files


def _elements(value: Any) -> Iterator[tuple[Steps, Any]]:
    if not isinstance(value, list):
        yield ("sources",), value
        return
    for index, element in enumerate(value):
        yield ("sources", index), element


class _Collector:
    """Gathers sources, and reads each file once however often it is named."""

    def __init__(self, main: YamlDocument, env: Mapping[str, str]) -> None:
        self._main, self._env = main, env
        self._read = {main.path}
        self.places: list[Place] = []
        self.documents: list[YamlDocument] = []
        self.problems: list[Problem] = []

    def add(self, steps: Steps, value: Any) -> None:
        if is_inline(value):
            self._put(self._main, steps, value)
            return
        for path in self._files(steps, value):
            if path not in self._read:
                self._read.add(path)
                self._open(path)

    def _files(self, steps: Steps, value: str) -> list[Path]:
        base = self._main.path.parent
        if not value or "\0" in value:
            self.problems.append(self._main.problem(steps, "must be a path or a URL, not nothing"))
            return []
        if has_magic(value):
            return _glob_files(value, base)

        path = Path(normpath(base / value))
        if path.is_file():
            return [path]

        message = f"no such file: {value}"
        meant = meant_url(value)
        if meant:
            message += f"; for an address write `{meant}`"
        self.problems.append(self._main.problem(steps, message))
        return []

    def _open(self, path: Path) -> None:
        document = read(path, env=self._env)
        self.documents.append(document)
        if document.data is None:
            return
        if not isinstance(document.data, list):
            message = f"must be a list of sources (each begins with `- `), not {describe_value(document.data)}"
            self.problems.append(document.problem((), message))
            return
        for index, value in enumerate(document.data):
            self._put(document, (index,), value)

    def _put(self, document: YamlDocument, steps: Steps, value: Any) -> None:
        if isinstance(value, dict):
            self.places.append(Place(document, steps, value))
        elif isinstance(value, str):
            self.places.append(Place(document, steps, {"url": value}))
        else:
            self.problems.append(
                document.problem(
                    steps, f"must be a URL or a mapping of keys, not {describe_value(value)}"
                )
            )
