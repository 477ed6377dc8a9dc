"""Finds the line where a key of a source or a view is written.

The files are read again; a place that is not there any more gives the nearest that is, else None.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.config.yaml_document import read_yaml

if TYPE_CHECKING:
    from aggregator.config.settings import Config
    from aggregator.config.source import Source
    from aggregator.config.yaml_document import YamlDocument, YamlPath


def place_of_source_key(source: Source, *keys: str | int) -> str | None:
    """Return `file:line` of a key of a source, None for a source that no file holds.

    `keys` lead from the source to the key: `"exclude", "title", 0`.
    """
    file, _, line = source.origin.rpartition(":")
    if not file:
        return None
    document = read_yaml(Path(file), env=os.environ)
    for steps in _sources_at(document, int(line)):
        if _is_source(_value_at(document.data, steps), source):
            return _place(document, (*steps, *keys))
    return source.origin


def place_of_view_key(config: Config, view_id: str, *keys: str | int) -> str | None:
    """Return `file:line` of a key of a view, None for a view that no file holds.

    `keys` lead from the view to the key: `"where", "language"`.
    """
    if not config.files:
        return None
    document = read_yaml(config.files[0], env=os.environ)
    views = _value_at(document.data, ("views",))
    if not isinstance(views, list):
        return None
    for index, view in enumerate(views):
        if isinstance(view, dict) and view.get("id") == view_id:
            return _place(document, ("views", index, *keys))
    return None


def _sources_at(document: YamlDocument, line: int) -> list[YamlPath]:
    """Return the list elements that begin on a line: several where a list stands on one line."""
    found = []
    for steps, number in document.lines.items():
        if number == line and _is_list_element(steps):
            found.append(steps)
    return found


def _is_list_element(steps: YamlPath) -> bool:
    """Tell whether a path leads to an element of a list, at most two levels deep."""
    if not steps or len(steps) > 2:
        return False
    return isinstance(steps[-1], int)


def _is_source(value: Any, source: Source) -> bool:
    """Tell whether a mapping is this source; one without an id is known by its line."""
    if not isinstance(value, dict):
        return False
    return value.get("id") in (None, source.id)


def _value_at(data: Any, steps: YamlPath) -> Any:
    for step in steps:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _place(document: YamlDocument, steps: YamlPath) -> str:
    line = document.lines.get(document.existing_path(steps), 1)
    return f"{document.file}:{line}"
