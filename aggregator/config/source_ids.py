"""Assigns the ids of all sources: configured ids must be unique, missing ones are made.

A configured id wins over a made one. If two locations make the same id, the later one
gets a hash. Secrets are not part of an id: it is made from the text with `${NAME}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.config.types import check_web_url
from aggregator.config.words import id_of_path, id_of_url, short_hash

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aggregator.config.source_files import SourceDefinition
    from aggregator.errors import Problem

_PLACEHOLDER_ID = "nameless"  # without a valid location, so that other mistakes are reported too


def assign_ids(
    definitions: Iterable[SourceDefinition],
) -> tuple[list[tuple[SourceDefinition, Any]], list[Problem]]:
    """Return each source with its id, in order, and the problems of duplicates.

    Configured ids are returned as written, valid or not.
    """
    definitions = tuple(definitions)
    taken: dict[str, SourceDefinition] = {}
    problems: list[Problem | None] = []

    # Configured ids come first, because they win over made ones.
    for definition in definitions:
        problems.append(_duplicate_id_problem(definition, taken))

    named = []
    for definition in definitions:
        identity = _configured_id(definition)
        if identity is None:
            identity, problem = _make_id(definition, taken)
            problems.append(problem)
        named.append((definition, identity))
    return named, [problem for problem in problems if problem is not None]


def _configured_id(definition: SourceDefinition) -> Any:
    return definition.mapping.get("id")


def _duplicate_id_problem(
    definition: SourceDefinition, taken: dict[str, SourceDefinition]
) -> Problem | None:
    identity = _configured_id(definition)
    if not isinstance(identity, str):
        return None
    first = taken.setdefault(identity, definition)
    if first is definition:
        return None
    if _definition_location(first) == _definition_location(definition):
        advice = "both follow the same address, remove one of them"
    else:
        advice = "give this source another `id`, or remove one of them"
    message = f"`{identity}` is used twice, first at {first.origin}; {advice}"
    return definition.document.make_problem((*definition.yaml_path, "id"), message)


def _make_id(
    definition: SourceDefinition, taken: dict[str, SourceDefinition]
) -> tuple[str, Problem | None]:
    address = _valid_location(definition)
    if address is None:
        return _PLACEHOLDER_ID, None

    if definition.mapping.get("url") is not None:
        text = definition.written_text("url")
        identity = id_of_url(text)
    else:
        text = definition.written_text("path")
        identity = id_of_path(text)

    for candidate in (identity, f"{identity}-{short_hash(text)}"):
        first = taken.setdefault(candidate, definition)
        if first is definition:
            return candidate, None
        if _valid_location(first) == address and _configured_id(first) is None:
            break
    message = f"is listed twice, first at {first.origin}; take one away, or give one an `id`"
    return identity, definition.document.make_problem(definition.yaml_path, message)


def _definition_location(definition: SourceDefinition) -> tuple[Any, Path | None]:
    """Return the URL as written, and the path from the folder of its file, to compare locations."""
    url, path = definition.mapping.get("url"), definition.mapping.get("path")
    if not isinstance(path, str):
        return url, None
    return url, definition.base_folder / path


def _valid_location(definition: SourceDefinition) -> str | None:
    """Return the URL or the path, None without a valid one."""
    url, path = definition.mapping.get("url"), definition.mapping.get("path")
    if url is None and isinstance(path, str):
        return path
    if not isinstance(url, str):
        return None
    try:
        return check_web_url(url)
    except ValueError:
        return None
