"""Writes a source as YAML for people to read and edit.

It reads back as the same values. A comment is one line of printable text, so that a
foreign title cannot add configuration.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml

from aggregator.config.words import replace_unprintable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.config.yaml_document import YamlPath

_INDENT = "  "
_MAX_NOTE_CHARACTERS = 200
_NO_NOTES: Mapping[YamlPath, str] = {}
_NO_DEFAULTS: Mapping[str, str] = {}
_PLAIN_WORD = re.compile(r"[a-z](?:[a-z0-9._-]*[a-z0-9])?")
# Words that some YAML readers do not take for text.
_AMBIGUOUS_WORDS = frozenset({"n", "no", "y", "yes", "on", "off", "true", "false", "null"})
# Characters that JSON leaves unescaped and YAML does not allow (YAML 1.1 §5.1), and YAML's own line ends.
_MUST_ESCAPE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def source_yaml(
    given: Mapping[str, Any],
    notes: Mapping[YamlPath, str] = _NO_NOTES,
    *,
    defaults: Mapping[str, str] = _NO_DEFAULTS,
) -> str:
    r"""Write a source as one element of a list of sources, keys in their order.

    `given` contains texts, numbers, lists and mappings; empty values are left out.
    `notes` are comments: the one at `()` is put above the source, any other behind its
    key. `defaults` are put below the source as comments.

    >>> print(source_yaml({"id": "news", "url": "https://news.example.org/"}, {("url",): "a feed"}), end="")
    - id: news
      url: https://news.example.org/  # a feed
    >>> print(source_yaml({"id": "news"}, defaults={"every": "1h"}), end="")
    - id: news
      # every: 1h
    """
    lines = []
    for line in notes.get((), "").splitlines():
        if line.strip():
            lines.append(f"# {_format_note(line)}")

    lines.extend(_as_list_element(_mapping_lines(given, notes, ())))

    for key, value in defaults.items():
        lines.append(f"{_INDENT}# {key}: {value}")
    return "".join(f"{line}\n" for line in lines)


def source_line(given: Mapping[str, Any]) -> str:
    """Write a source on one line as an element of a list; a hundred times as fast as `source_yaml`.

    >>> source_line({"id": "news", "tags": ["world"]})
    '- {id: news, tags: [world]}'
    """
    pairs = []
    for key, value in given.items():
        if not _is_empty(value):
            pairs.append(f"{key}: {_format_flow(value)}")
    return f"- {{{', '.join(pairs)}}}"


def plain_value(value: Any) -> Any:
    """Return a value as `read_yaml` gives it back: mappings, lists and texts."""
    if isinstance(value, Mapping):
        filled = {}
        for key, item in value.items():
            if not _is_empty(item):
                filled[str(key)] = plain_value(item)
        return filled

    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence):
        return [plain_value(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _mapping_lines(
    given: Mapping[str, Any], notes: Mapping[YamlPath, str], yaml_path: YamlPath
) -> Iterator[str]:
    for key, value in given.items():
        if not _is_empty(value):
            yield from _pair_lines(key, value, notes, (*yaml_path, key))


def _pair_lines(
    key: str, value: Any, notes: Mapping[YamlPath, str], yaml_path: YamlPath
) -> Iterator[str]:
    comment = ""
    note = _format_note(notes.get(yaml_path, ""))
    if note:
        comment = f"  # {note}"

    if isinstance(value, Mapping):
        yield f"{key}:{comment}"
        for line in _mapping_lines(value, notes, yaml_path):
            yield _INDENT + line
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield f"{key}:{comment}"
        for number, item in enumerate(value):
            for line in _element_lines(item, notes, (*yaml_path, number)):
                yield _INDENT + line
    else:
        yield f"{key}: {_format_scalar(value)}{comment}"


def _element_lines(value: Any, notes: Mapping[YamlPath, str], yaml_path: YamlPath) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _as_list_element(_mapping_lines(value, notes, yaml_path))
    else:
        yield f"- {_format_scalar(value)}"


def _as_list_element(lines: Iterable[str]) -> Iterator[str]:
    """Indent the lines of a mapping, with the dash of a list before the first."""
    start = "- "
    for line in lines:
        yield start + line
        start = _INDENT


def _format_scalar(value: Any) -> str:
    """Quote a text if needed, and escape `${`, which would name a variable, as `$${`."""
    text: str = plain_value(value).replace("${", "$${")
    if not isinstance(value, str):
        return text
    if text.isprintable():
        return _dump_scalar(text)
    return _quote(text)


def _format_flow(value: Any) -> str:
    if isinstance(value, str):
        if _PLAIN_WORD.fullmatch(value) and value not in _AMBIGUOUS_WORDS:
            return str(value)
        return _quote(value.replace("${", "$${"))

    if isinstance(value, Mapping):
        return source_line(value).removeprefix("- ")
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_format_flow, value))}]"
    return str(plain_value(value))


def _quote(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _MUST_ESCAPE.sub(lambda match: f"\\U{ord(match[0]):08X}", quoted)


def _dump_scalar(text: str) -> str:
    dumped: str = yaml.safe_dump(text, allow_unicode=True, width=sys.maxsize)
    return dumped.removesuffix("...\n").removesuffix("\n")


def _format_note(text: str) -> str:
    line = replace_unprintable(" ".join(text.split()))
    if len(line) > _MAX_NOTE_CHARACTERS:
        line = line[:_MAX_NOTE_CHARACTERS].rstrip() + "…"
    return line


def _is_empty(value: Any) -> bool:
    """Tell whether a value is left out: None, an empty text or list, or a mapping of empty values."""
    if value is None:
        return True
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    if isinstance(value, Sequence):
        return len(value) == 0
    return False
