"""One YAML file as plain values, with the line of each.

Rule: a file is data that someone wrote: nothing is constructed but mappings, lists and texts, every limit is checked
before memory is spent, and reading goes on after a problem so that all of them are found. Numbers and booleans stay
text here (`language: no` is Norwegian, `id: 007` is 007); the type of the key decides later.
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

Steps = tuple[str | int, ...]

LIMIT_BYTES = 2**20
LIMIT_DEPTH = 50
LIMIT_ALIASED = 100_000  # values reached again through aliases

# libyaml is 10 times faster; a Python built without it reads the same.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "seq", "map")
)
_NULL, _MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class _RefusedError(Exception):
    """The whole file is refused at this line."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """What a file says. `secrets` are the places that the environment filled, with the text that is written there.

    `data` is made of dict, list, str and None; None for an empty file and for one that cannot be read.
    """

    file: str
    path: Path
    data: Any = None
    lines: Mapping[Steps, int] = field(default_factory=dict)
    secrets: Mapping[Steps, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def existing_path(self, steps: Steps) -> Steps:
        """Keep of `steps` what is written in the file: a reader's shorthand adds steps of its own (`from`, `[0]`)."""
        place: Steps = ()
        for step in steps:
            longer = (*place, step)
            if longer in self.lines:
                place = longer
        return place

    def problem(self, steps: Steps, message: str) -> Problem:
        """Put a message at the place it is about."""
        place = self.existing_path(steps)
        return Problem(self.file, self.lines.get(place, 1), format_path(place), message)


def format_path(steps: Steps) -> str:
    """Write a path for people.

    >>> format_path(("sources", 2, "every"))
    'sources[2].every'
    """
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}"
    return text.removeprefix(".")


def read(path: Path, *, env: Mapping[str, str]) -> YamlDocument:
    """Read one file; what is wrong with it is in `problems`."""
    file, whole = _relative(path), Path(os.path.abspath(path))  # noqa: PTH100  links stay as they are written
    walk = _Walk(file, env)
    try:
        node = _compose(_text(path))
        data = None if node is None else walk.value(node, ())
    except _RefusedError as e:
        return YamlDocument(file, whole, problems=(Problem(file, e.line, "", str(e)),))
    return YamlDocument(
        file, whole, data, walk.lines, walk.secrets, tuple(dict.fromkeys(walk.problems))
    )


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            body = stream.read(LIMIT_BYTES + 1)
    except FileNotFoundError as e:
        raise _RefusedError(1, "no such file") from e
    except (OSError, ValueError) as e:
        raise _RefusedError(1, f"cannot be read: {getattr(e, 'strerror', None) or e}") from e
    if len(body) > LIMIT_BYTES:
        raise _RefusedError(1, "is larger than 1 MiB; spread the sources over several files")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = body.count(b"\n", 0, e.start) + 1
        raise _RefusedError(line, f"is not UTF-8 (byte 0x{body[e.start]:02x})") from e


def _compose(text: str) -> Any:
    try:
        _check_depth(text)
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as e:
        raise _refuse_marked(e) from e
    except yaml.reader.ReaderError as e:
        raise _RefusedError(_unprintable_line(text), f"not valid YAML: {e.reason}") from e


def _refuse_marked(error: yaml.MarkedYAMLError) -> _RefusedError:
    mark = error.problem_mark or error.context_mark
    line = 1
    if mark is not None:
        line = mark.line + 1

    problem = error.problem or ""
    if "nesting depth" in problem:  # the limit of libyaml itself, met before ours
        return _RefusedError(line, f"is nested deeper than {LIMIT_DEPTH} levels")
    what = " ".join(filter(None, (problem, error.context)))
    return _RefusedError(line, f"not valid YAML: {what}")


def _unprintable_line(text: str) -> int:
    """Return the number of the first line that YAML calls unprintable, 1 where there is none."""
    for number, row in enumerate(text.split("\n"), 1):
        if _UNPRINTABLE.search(row):
            return number
    return 1


# What YAML calls printable is the rest (YAML 1.1 §5.1); the reader itself counts in other units in each build.
_UNPRINTABLE = re.compile("[^\t\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _check_depth(text: str) -> None:
    """Composing is recursive, in C as well, where 50,000 brackets end the process; events are not."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > LIMIT_DEPTH:
            raise _RefusedError(_line(event), f"is nested deeper than {LIMIT_DEPTH} levels")


class _Walk:
    """Turns nodes into values, and remembers their lines on the way."""

    def __init__(self, file: str, env: Mapping[str, str]) -> None:
        self._file, self._env = file, env
        self._seen: set[int] = set()
        self._again = 0
        self.lines: dict[Steps, int] = {}
        self.secrets: dict[Steps, str] = {}
        self.problems: list[Problem] = []

    def value(self, node: Any, steps: Steps, *, line: int | None = None) -> Any:
        line = line or _line(node)
        self.lines[steps] = line
        if len(steps) > LIMIT_DEPTH:
            raise _RefusedError(
                line, f"is nested deeper than {LIMIT_DEPTH} levels (an alias inside itself?)"
            )
        if node.tag not in _CORE:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self._say(line, steps, f"the tag `{tag}` is not allowed")
            return None

        if isinstance(node, yaml.MappingNode):
            values = {}
            for key, (key_line, child) in self._pairs(node, steps, depth=0).items():
                values[key] = self.value(child, (*steps, key), line=key_line)
            return values

        self._spend(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*steps, index)) for index, child in enumerate(node.value)]
        if node.tag == _NULL:
            return None
        return self._fill_variables(node.value, line, steps)

    def _spend(self, node: Any) -> None:
        self._again += id(node) in self._seen
        self._seen.add(id(node))
        if self._again > LIMIT_ALIASED:
            raise _RefusedError(
                _line(node), f"aliases expand to more than {LIMIT_ALIASED:,} values"
            )

    def _pairs(self, node: Any, steps: Steps, *, depth: int) -> dict[str, tuple[int, Any]]:
        """List the keys of a mapping; what `<<` brings in gives way to the mapping's own keys."""
        self._spend(node)
        if depth > LIMIT_DEPTH:
            raise _RefusedError(_line(node), "an alias stands inside itself")
        own: dict[str, tuple[int, Any]] = {}
        merged: dict[str, tuple[int, Any]] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for part in self._parts(value, steps):
                    merged = self._pairs(part, steps, depth=depth + 1) | merged
            elif not isinstance(key, yaml.ScalarNode):
                self._say(_line(key), steps, "a key must be plain text")
            elif key.value in own:
                self._say(
                    _line(key),
                    (*steps, key.value),
                    f"is given twice, first on line {own[key.value][0]}",
                )
            else:
                own[key.value] = (_line(key), value)
        return merged | own

    def _parts(self, node: Any, steps: Steps) -> list[Any]:
        parts = [node]
        if isinstance(node, yaml.SequenceNode):
            parts = list(node.value)
        if all(isinstance(part, yaml.MappingNode) for part in parts):
            return parts
        self._say(_line(node), steps, "`<<` takes a mapping or a list of mappings")
        return []

    def _fill_variables(self, text: str, line: int, steps: Steps) -> str:
        """Put the environment's values where `${NAME}` stands; `$${NAME}` is the text `${NAME}`."""
        if "${" not in text:
            return text

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name is None:
                return "${"
            if name not in self._env:
                self._say(line, steps, f"the environment has no variable {name}")
            self.secrets[steps] = text
            return self._env.get(name, "")

        return _VARIABLE.sub(replace, text)

    def _say(self, line: int, steps: Steps, message: str) -> None:
        self.problems.append(Problem(self._file, line, format_path(steps), message))


def _line(node: Any) -> int:
    line: int = node.start_mark.line
    return line + 1
