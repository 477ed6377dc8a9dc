"""Reads one YAML file into plain values, with the line of each.

Only mappings, lists and texts are constructed. Limits are checked before memory is
used. Reading continues after a problem, so that all problems are found. Numbers and
booleans stay text (`language: no` is Norwegian, `id: 007` is 007); the type of the key
decides later.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from aggregator.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

YamlPath = tuple[str | int, ...]

LIMIT_BYTES = 2**20
LIMIT_DEPTH = 50
LIMIT_ALIASED_VALUES = 100_000  # values reached again through aliases

# libyaml is 10 times faster; a Python built without it reads the same.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ALLOWED_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "seq", "map")
)
_NULL, _MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# The values of these keys are for everybody, also if they are from the environment.
_SHOWN_KEYS = frozenset(
    {
        "id",
        "name",
        "title",
        "tags",
        "language",
        "timezone",
        "path",
        "output",
        "public_url",
        "listen",
    }
)


def _is_shown(yaml_path: YamlPath) -> bool:
    """Tell whether the value at a path is meant to be shown."""
    keys = [step for step in yaml_path if isinstance(step, str)]
    return bool(keys) and keys[-1] in _SHOWN_KEYS and "headers" not in keys


class _UnreadableError(Exception):
    """The whole file is unreadable because of this line."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The content of a file.

    `data` consists of dict, list, str and None; it is None for an empty or unreadable
    file. `secrets` map the paths that contain variables to the text with `${NAME}`.
    `variables` are the values of those that are not meant to be shown.
    """

    file: str
    path: Path
    data: Any = None
    lines: Mapping[YamlPath, int] = field(default_factory=dict)
    secrets: Mapping[YamlPath, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def existing_path(self, yaml_path: YamlPath) -> YamlPath:
        """Return the part of a path that exists in the file; validation adds steps (`from`, `[0]`)."""
        existing: YamlPath = ()
        for step in yaml_path:
            longer = (*existing, step)
            if longer in self.lines:
                existing = longer
        return existing

    def make_problem(self, yaml_path: YamlPath, message: str) -> Problem:
        """Make a problem at a path of this file."""
        existing = self.existing_path(yaml_path)
        return Problem(self.file, self.lines.get(existing, 1), format_path(existing), message)


def format_path(yaml_path: YamlPath) -> str:
    """Format a path for messages.

    >>> format_path(("sources", 2, "every"))
    'sources[2].every'
    """
    text = ""
    for step in yaml_path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}"
    return text.removeprefix(".")


def read_yaml(path: Path, *, env: Mapping[str, str]) -> YamlDocument:
    """Read one file; the document lists its problems."""
    file, whole = _display_path(path), Path(os.path.abspath(path))  # noqa: PTH100  links stay as they are written
    reader = _NodeReader(file, env)
    try:
        node = _compose(_read_text(path))
        data = None if node is None else reader.read_value(node, ())
    except _UnreadableError as e:
        return YamlDocument(file, whole, problems=(Problem(file, e.line, "", str(e)),))
    return YamlDocument(
        file,
        whole,
        data,
        reader.lines,
        reader.secrets,
        reader.variables,
        tuple(dict.fromkeys(reader.problems)),
    )


def _display_path(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            body = stream.read(LIMIT_BYTES + 1)
    except FileNotFoundError as e:
        raise _UnreadableError(1, "no such file") from e
    except (OSError, ValueError) as e:
        raise _UnreadableError(1, f"cannot be read: {getattr(e, 'strerror', None) or e}") from e
    if len(body) > LIMIT_BYTES:
        raise _UnreadableError(1, "is larger than 1 MiB; spread the sources over several files")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = body.count(b"\n", 0, e.start) + 1
        raise _UnreadableError(line, f"is not UTF-8 (byte 0x{body[e.start]:02x})") from e


def _compose(text: str) -> Any:
    try:
        _check_depth(text)
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as e:
        raise _refuse_marked(e) from e
    except yaml.reader.ReaderError as e:
        raise _UnreadableError(_unprintable_line(text), f"not valid YAML: {e.reason}") from e


def _refuse_marked(error: yaml.MarkedYAMLError) -> _UnreadableError:
    mark = error.problem_mark or error.context_mark
    line = 1
    if mark is not None:
        line = mark.line + 1

    problem = error.problem or ""
    if "nesting depth" in problem:  # the limit of libyaml itself, met before ours
        return _UnreadableError(line, f"is nested deeper than {LIMIT_DEPTH} levels")
    what = " ".join(filter(None, (problem, error.context)))
    return _UnreadableError(line, f"not valid YAML: {what}")


def _unprintable_line(text: str) -> int:
    """Return the number of the first line with a character that YAML forbids, 1 without one."""
    for number, row in enumerate(text.split("\n"), 1):
        if _UNPRINTABLE.search(row):
            return number
    return 1


# All characters except the printable ones of YAML 1.1 §5.1. The position in yaml's own error depends on the build.
_UNPRINTABLE = re.compile("[^\t\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _check_depth(text: str) -> None:
    """Raise _UnreadableError for deep nesting.

    Composing is recursive, and 50,000 brackets would crash the process; parsing events is not.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > LIMIT_DEPTH:
            raise _UnreadableError(
                _line_number(event), f"is nested deeper than {LIMIT_DEPTH} levels"
            )


class _NodeReader:
    """Converts nodes to values and collects their lines."""

    def __init__(self, file: str, env: Mapping[str, str]) -> None:
        self._file, self._env = file, env
        self._seen: set[int] = set()
        self._aliased_count = 0
        self.lines: dict[YamlPath, int] = {}
        self.secrets: dict[YamlPath, str] = {}
        self.variables: dict[str, str] = {}
        self.problems: list[Problem] = []

    def read_value(self, node: Any, yaml_path: YamlPath, *, line: int | None = None) -> Any:
        line = line or _line_number(node)
        self.lines[yaml_path] = line
        if len(yaml_path) > LIMIT_DEPTH:
            raise _UnreadableError(
                line, f"is nested deeper than {LIMIT_DEPTH} levels (an alias inside itself?)"
            )
        if node.tag not in _ALLOWED_TAGS:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self._add_problem(line, yaml_path, f"the tag `{tag}` is not allowed")
            return None

        if isinstance(node, yaml.MappingNode):
            values = {}
            for key, (key_line, child) in self._mapping_pairs(node, yaml_path, depth=0).items():
                values[key] = self.read_value(child, (*yaml_path, key), line=key_line)
            return values

        self._count_aliased(node)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.read_value(child, (*yaml_path, index))
                for index, child in enumerate(node.value)
            ]
        if node.tag == _NULL:
            return None
        return self._fill_variables(node.value, line, yaml_path)

    def _count_aliased(self, node: Any) -> None:
        self._aliased_count += id(node) in self._seen
        self._seen.add(id(node))
        if self._aliased_count > LIMIT_ALIASED_VALUES:
            raise _UnreadableError(
                _line_number(node), f"aliases expand to more than {LIMIT_ALIASED_VALUES:,} values"
            )

    def _mapping_pairs(
        self, node: Any, yaml_path: YamlPath, *, depth: int
    ) -> dict[str, tuple[int, Any]]:
        """Return the pairs of a mapping; its own keys override those merged with `<<`."""
        self._count_aliased(node)
        if depth > LIMIT_DEPTH:
            raise _UnreadableError(_line_number(node), "an alias stands inside itself")
        own: dict[str, tuple[int, Any]] = {}
        merged: dict[str, tuple[int, Any]] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for part in self._merge_parts(value, yaml_path):
                    merged = self._mapping_pairs(part, yaml_path, depth=depth + 1) | merged
            elif not isinstance(key, yaml.ScalarNode):
                self._add_problem(_line_number(key), yaml_path, "a key must be plain text")
            elif key.value in own:
                self._add_problem(
                    _line_number(key),
                    (*yaml_path, key.value),
                    f"is given twice, first on line {own[key.value][0]}",
                )
            else:
                own[key.value] = (_line_number(key), value)
        return merged | own

    def _merge_parts(self, node: Any, yaml_path: YamlPath) -> list[Any]:
        parts = [node]
        if isinstance(node, yaml.SequenceNode):
            parts = list(node.value)
        if all(isinstance(part, yaml.MappingNode) for part in parts):
            return parts
        self._add_problem(
            _line_number(node), yaml_path, "`<<` takes a mapping or a list of mappings"
        )
        return []

    def _fill_variables(self, text: str, line: int, yaml_path: YamlPath) -> str:
        """Replace `${NAME}` by the environment's value; `$${NAME}` stands for the text `${NAME}`."""
        if "${" not in text:
            return text

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name is None:
                return "${"
            if name not in self._env:
                self._add_problem(line, yaml_path, f"the environment has no variable {name}")
            value = self._env.get(name, "")
            self.secrets[yaml_path] = text
            if not _is_shown(yaml_path):
                self.variables[name] = value
            return value

        return _VARIABLE.sub(replace, text)

    def _add_problem(self, line: int, yaml_path: YamlPath, message: str) -> None:
        self.problems.append(Problem(self._file, line, format_path(yaml_path), message))


def _line_number(node: Any) -> int:
    line: int = node.start_mark.line
    return line + 1
