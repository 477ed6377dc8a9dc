"""The configuration as JSON Schema, for completion and checks in editors.

One schema serves both the main file (a mapping) and files of sources (lists). It is
generated from the models.
"""

from __future__ import annotations

from typing import Any

from aggregator.config.settings import Config

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def build_schema() -> dict[str, Any]:
    """Build the schema (JSON Schema 2020-12)."""
    main = Config.model_json_schema(by_alias=True)
    records = strip_titles(main.pop("$defs"))
    records["Source"]["required"] = []  # an absent `id` is made from the address
    listed = {
        "anyOf": [{"$ref": "#/$defs/Source"}, _text_schema("URL of a source", pattern="^https?://")]
    }
    several = {
        "type": "array",
        "items": {
            "anyOf": [{"$ref": "#/$defs/Source"}, _text_schema("URL of a source, or a path")]
        },
    }
    main = strip_titles(main)
    sources = main["properties"]["sources"]
    main["properties"]["sources"] = {
        "anyOf": [_text_schema("Path of the files of sources"), several],
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


def _text_schema(description: str, **more: str) -> dict[str, str]:
    return {"type": "string", "description": description} | more


def strip_titles(node: Any) -> Any:
    """Remove titles that pydantic derives from names, and empty defaults; editors show the description."""
    if isinstance(node, list):
        return [strip_titles(part) for part in node]
    if not isinstance(node, dict):
        return node

    kept = {}
    for key, value in node.items():
        if key in {"properties", "$defs"}:
            # These keys are names of the configuration; one of them may be `title`.
            kept[key] = {name: strip_titles(part) for name, part in value.items()}
        elif not _is_redundant(key, value):
            kept[key] = strip_titles(value)
    return kept


def _is_redundant(key: str, value: Any) -> bool:
    if key == "title":
        return isinstance(value, str)
    if key == "default":
        return _is_empty_default(value)
    return False


def _is_empty_default(value: Any) -> bool:
    """Tell whether a default is empty, or that of a group whose keys have their own defaults."""
    return value is None or value == [] or isinstance(value, dict)
