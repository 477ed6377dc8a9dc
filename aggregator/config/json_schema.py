"""The configuration as JSON Schema, for editors that complete and check while one writes.

Rule: one schema for both kinds of file, the main one (a mapping) and a file of sources (a list); it is made from the
models, never by hand.
"""

from __future__ import annotations

from typing import Any

from aggregator.config.settings import Config

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Build the schema (JSON Schema 2020-12)."""
    main = Config.model_json_schema(by_alias=True)
    records = bare(main.pop("$defs"))
    records["Source"]["required"] = []  # an absent `id` is made from the address
    listed = {"anyOf": [{"$ref": "#/$defs/Source"}, _text("URL of a source", pattern="^https?://")]}
    several = {
        "type": "array",
        "items": {"anyOf": [{"$ref": "#/$defs/Source"}, _text("URL of a source, or a path")]},
    }
    main = bare(main)
    sources = main["properties"]["sources"]
    main["properties"]["sources"] = {
        "anyOf": [_text("Path of the files of sources"), several],
        "default": "sources/*.yaml",
        "description": sources["description"],
        "examples": sources["examples"],
    }
    kinds = {
        "Main": main,
        "Sources": {"type": "array", "description": "A file of sources.", "items": listed},
    }
    return {
        "$schema": _DRAFT,
        "title": "aggregator configuration",
        "anyOf": [{"$ref": "#/$defs/Main"}, {"$ref": "#/$defs/Sources"}, {"type": "null"}],
        "$defs": dict(sorted((records | kinds).items())),
    }


def _text(description: str, **more: str) -> dict[str, str]:
    return {"type": "string", "description": description} | more


def bare(node: Any) -> Any:
    """Remove the titles that pydantic derives from names, and empty defaults: editors show the description."""
    if isinstance(node, list):
        return [bare(part) for part in node]
    if not isinstance(node, dict):
        return node

    kept = {}
    for key, value in node.items():
        if key in {"properties", "$defs"}:
            # Their keys are names that people chose: one of them may be called `title`.
            kept[key] = {name: bare(part) for name, part in value.items()}
        elif not _is_redundant(key, value):
            kept[key] = bare(value)
    return kept


def _is_redundant(key: str, value: Any) -> bool:
    if key == "title":
        return isinstance(value, str)
    if key == "default":
        return _says_nothing(value)
    return False


def _says_nothing(value: Any) -> bool:
    """Tell the defaults of groups: each of their keys has its own, spelled as people write it."""
    return value is None or value == [] or isinstance(value, dict)
