"""One source as YAML that a person can read and change.

Rule: what is written reads back as the same values, whatever they hold; a comment is one line of printable text, so
that no stranger's title can become configuration.
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

    from aggregator.config.yaml_document import Steps

_INDENT = "  "
_LONGEST_NOTE = 200
_NO_NOTES: Mapping[Steps, str] = {}
_NO_DEFAULTS: Mapping[str, str] = {}
_WORD = re.compile(r"[a-z](?:[a-z0-9._-]*[a-z0-9])?")
_MEANS_MORE = frozenset(
    {"n", "no", "y", "yes", "on", "off", "true", "false", "null"}
)  # to other readers of YAML
# What JSON leaves as it is and YAML would not (YAML 1.1 §5.1), and the ends of lines that only YAML knows.
_UNQUOTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def source_yaml(
    given: Mapping[str, Any],
    notes: Mapping[Steps, str] = _NO_NOTES,
    *,
    defaults: Mapping[str, str] = _NO_DEFAULTS,
) -> str:
    r"""Write a source as one element of a list of sources, keys in their order.

    `given` holds texts, numbers, lists and mappings of them; what is empty is left out. `notes` are comments: the one
    at `()` stands above the source, any other behind its key. `defaults` are keys that hold without being written: they
    stand below the source as comments.

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
            lines.append(f"# {_note(line)}")

    lines.extend(_as_list_element(_mapping(given, notes, ())))

    for key, value in defaults.items():
        lines.append(f"{_INDENT}# {key}: {value}")
    return "".join(f"{line}\n" for line in lines)


def line_of(given: Mapping[str, Any]) -> str:
    """Write a source on one line, as an element of a list; a hundred times as fast as `written`.

    >>> line_of({"id": "news", "tags": ["world"]})
    '- {id: news, tags: [world]}'
    """
    pairs = []
    for key, value in given.items():
        if not _is_empty(value):
            pairs.append(f"{key}: {_flowing(value)}")
    return f"- {{{', '.join(pairs)}}}"


def plain(value: Any) -> Any:
    """Give a value as a file of YAML gives it back: mappings, lists and texts."""
    if isinstance(value, Mapping):
        filled = {}
        for key, item in value.items():
            if not _is_empty(item):
                filled[str(key)] = plain(item)
        return filled

    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _mapping(given: Mapping[str, Any], notes: Mapping[Steps, str], steps: Steps) -> Iterator[str]:
    for key, value in given.items():
        if not _is_empty(value):
            yield from _pair(key, value, notes, (*steps, key))


def _pair(key: str, value: Any, notes: Mapping[Steps, str], steps: Steps) -> Iterator[str]:
    comment = ""
    note = _note(notes.get(steps, ""))
    if note:
        comment = f"  # {note}"

    if isinstance(value, Mapping):
        yield f"{key}:{comment}"
        for line in _mapping(value, notes, steps):
            yield _INDENT + line
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield f"{key}:{comment}"
        for number, item in enumerate(value):
            for line in _element(item, notes, (*steps, number)):
                yield _INDENT + line
    else:
        yield f"{key}: {_scalar(value)}{comment}"


def _element(value: Any, notes: Mapping[Steps, str], steps: Steps) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _as_list_element(_mapping(value, notes, steps))
    else:
        yield f"- {_scalar(value)}"


def _as_list_element(lines: Iterable[str]) -> Iterator[str]:
    """Indent the lines of a mapping and put the dash of a list before the first."""
    start = "- "
    for line in lines:
        yield start + line
        start = _INDENT


def _scalar(value: Any) -> str:
    """Quote a text where it needs it; `${` means the environment when it is read, so it is written `$${`."""
    text: str = plain(value).replace("${", "$${")
    if not isinstance(value, str):
        return text
    if text.isprintable():
        return _dump_scalar(text)
    return _quote(text)


def _flowing(value: Any) -> str:
    if isinstance(value, str):
        if _WORD.fullmatch(value) and value not in _MEANS_MORE:
            return str(value)
        return _quote(value.replace("${", "$${"))

    if isinstance(value, Mapping):
        return line_of(value).removeprefix("- ")
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_flowing, value))}]"
    return str(plain(value))


def _quote(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNQUOTABLE.sub(lambda match: f"\\U{ord(match[0]):08X}", quoted)


def _dump_scalar(text: str) -> str:
    dumped: str = yaml.safe_dump(text, allow_unicode=True, width=sys.maxsize)
    return dumped.removesuffix("...\n").removesuffix("\n")


def _note(text: str) -> str:
    line = replace_unprintable(" ".join(text.split()))
    if len(line) > _LONGEST_NOTE:
        line = line[:_LONGEST_NOTE].rstrip() + "…"
    return line


def _is_empty(value: Any) -> bool:
    """Tell whether nothing needs to be written: None, no text, or a mapping of nothing but such values."""
    if value is None:
        return True
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    if isinstance(value, Sequence):
        return len(value) == 0
    return False
