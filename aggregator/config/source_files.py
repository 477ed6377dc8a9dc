"""Collects the definitions of sources: inline in the main file, or from the files that it names.

A text with `://` is a source, any other text names files. A named file must exist; a
pattern may match none.
"""

from __future__ import annotations

from dataclasses import dataclass
from glob import glob, has_magic
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.config.messages import describe_value
from aggregator.config.words import guess_url
from aggregator.config.yaml_document import YamlDocument, YamlPath, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.errors import Problem

DEFAULT_PATTERN = "sources/*.yaml"


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """One source as it is written; a URL alone is read as `{url: …}`."""

    document: YamlDocument
    yaml_path: YamlPath
    mapping: dict[str, Any]

    @property
    def base_folder(self) -> Path:
        """The folder of its file, where relative paths start."""
        return self.document.path.parent

    @property
    def origin(self) -> str:
        """`file:line`."""
        return f"{self.document.file}:{self.document.lines[self.yaml_path]}"

    def written_text(self, key: str) -> str:
        """Return a text as it is written in the file, with `${NAME}` unfilled."""
        path_in_file = self.document.existing_path((*self.yaml_path, key))
        text: str = self.document.secrets.get(path_in_file, self.mapping[key])
        return text


@dataclass(frozen=True, slots=True)
class SourceListing:
    """The definitions of all sources in order, and the documents besides the main one."""

    definitions: tuple[SourceDefinition, ...]
    documents: tuple[YamlDocument, ...]
    problems: tuple[Problem, ...]


def is_inline(value: Any) -> bool:
    """Tell whether a value is a source rather than the name of a file."""
    return not isinstance(value, str) or "://" in value


def collect_sources(main: YamlDocument, *, env: Mapping[str, str]) -> SourceListing:
    """Collect the sources of the main file and of the files that it names."""
    value = (main.data or {}).get("sources")
    if value is None:
        value = DEFAULT_PATTERN
    if isinstance(value, dict):
        problem = main.make_problem(("sources",), "must be a path or a list, not a mapping")
        return SourceListing((), (), (problem,))

    collector = _SourceCollector(main, env)
    for yaml_path, element in _source_elements(value):
        collector.add(yaml_path, element)
    return SourceListing(
        tuple(collector.definitions), tuple(collector.documents), tuple(collector.problems)
    )


def _glob_files(pattern: str, base: Path) -> list[Path]:
    """Return the files that a pattern matches, sorted by name; relative patterns start at `base`."""
    files = []
    # Path.glob would include hidden files, such as those of an editor, and reject absolute patterns.
    for name in sorted(glob(pattern, root_dir=base, recursive=True)):  # noqa: PTH207
        path = Path(normpath(base / name))
        if path.is_file():
            files.append(path)
    return files


def _source_elements(value: Any) -> Iterator[tuple[YamlPath, Any]]:
    if not isinstance(value, list):
        yield ("sources",), value
        return
    for index, element in enumerate(value):
        yield ("sources", index), element


class _SourceCollector:
    """Collects sources; reads each file once, even if it is named several times."""

    def __init__(self, main: YamlDocument, env: Mapping[str, str]) -> None:
        self._main, self._env = main, env
        self._read_paths = {main.path}
        self.definitions: list[SourceDefinition] = []
        self.documents: list[YamlDocument] = []
        self.problems: list[Problem] = []

    def add(self, yaml_path: YamlPath, value: Any) -> None:
        if is_inline(value):
            self._add_source(self._main, yaml_path, value)
            return
        for path in self._find_files(yaml_path, value):
            if path not in self._read_paths:
                self._read_paths.add(path)
                self._read_file(path)

    def _find_files(self, yaml_path: YamlPath, value: str) -> list[Path]:
        base = self._main.path.parent
        if not value or "\0" in value:
            self.problems.append(
                self._main.make_problem(yaml_path, "must be a path or a URL, not nothing")
            )
            return []
        if has_magic(value):
            return _glob_files(value, base)

        path = Path(normpath(base / value))
        if path.is_file():
            return [path]

        message = f"no such file: {value}"
        meant = guess_url(value)
        if meant:
            message += f"; for an address write `{meant}`"
        self.problems.append(self._main.make_problem(yaml_path, message))
        return []

    def _read_file(self, path: Path) -> None:
        document = read_yaml(path, env=self._env)
        self.documents.append(document)
        if document.data is None:
            return
        if not isinstance(document.data, list):
            message = f"must be a list of sources (each begins with `- `), not {describe_value(document.data)}"
            self.problems.append(document.make_problem((), message))
            return
        for index, value in enumerate(document.data):
            self._add_source(document, (index,), value)

    def _add_source(self, document: YamlDocument, yaml_path: YamlPath, value: Any) -> None:
        if isinstance(value, dict):
            self.definitions.append(SourceDefinition(document, yaml_path, value))
        elif isinstance(value, str):
            self.definitions.append(SourceDefinition(document, yaml_path, {"url": value}))
        else:
            self.problems.append(
                document.make_problem(
                    yaml_path, f"must be a URL or a mapping of keys, not {describe_value(value)}"
                )
            )
