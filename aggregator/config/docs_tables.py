"""The lists of docs/configuration.md: every key with an example, its type, default and meaning.

They are generated from the models; only the text around the lists is written by hand.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aggregator.config.json_schema import build_schema
from aggregator.config.types import DURATION_PATTERN, SIZE_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN, END = "<!-- keys: written by python -m aggregator.config -->", "<!-- end of keys -->"

SECTIONS = {
    "Main": "The main file",
    "Server": "server",
    "Defaults": "defaults",
    "Network": "network",
    "View": "views",
    "Where": "where, in a view",
    "Match": "include and exclude",
    "Source": "A source",
    "HttpOptions": "http, in a source",
    "BasicAuth": "basic_auth, in http",
    "Fields": "fields, in a source",
    "FieldRule": "One field",
    "ArticleRules": "article, in a source",
    "Corrections": "corrections, in a source",
    "ForcedValues": "force, in corrections",
    "PageTest": "tests, in a source",
    "ExpectedEntry": "first and entry, in tests",
}


def key_lists() -> str:
    """Return all keys as Markdown lists, one for each record."""
    records = build_schema()["$defs"]
    return "\n\n".join(
        "\n".join(_section_lines(title, name, records)) for name, title in SECTIONS.items()
    )


def refresh_page(page: str) -> str:
    """Replace the lists between the two marks of a page.

    Raises:
        ValueError: the page has no marks.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{head}{BEGIN}\n\n{key_lists()}\n\n{END}{tail}"


def _section_lines(title: str, name: str, records: dict[str, Any]) -> Iterator[str]:
    record = records[name]
    yield f"### {title}\n"
    if _says_more(record["description"]):
        yield f"{record['description']}\n"
    needed = record.get("required", ())
    for key, node in record["properties"].items():
        example = _text(node["examples"][0])
        facts = _facts(node, is_required=key in needed)
        yield f"* `{key}: {example}`{facts}: {_key_description(node, records)}"


def _facts(node: dict[str, Any], *, is_required: bool) -> str:
    """Write what a key takes in brackets; a text, a mapping or a field is seen in the example."""
    facts = []
    kind = _type_name(node)
    if kind not in ("text", "mapping", "field"):
        facts.append(kind)
    if is_required:
        facts.append("required")
    elif node.get("default") is not None:
        facts.append(f"default `{_text(node['default'])}`")
    return f" ({', '.join(facts)})" if facts else ""


def _says_more(description: str) -> bool:
    """Tell whether a record's description has a second sentence: the first is what its key says."""
    return ". " in description or "\n" in description


def _key_description(node: dict[str, Any], records: dict[str, Any]) -> str:
    """Return the description of a key; a group may have it in its record only."""
    description: str = (
        node.get("description") or records[node["$ref"].rpartition("/")[2]]["description"]
    )
    return description


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _type_name(node: dict[str, Any]) -> str:
    if "anyOf" in node:
        return _union_name(node["anyOf"])
    if "enum" in node:
        values = [f"`{value}`" for value in node["enum"]]
        return ", ".join(values)
    if "$ref" in node:
        is_field = node["$ref"].endswith("/FieldRule")
        return "field" if is_field else "mapping"
    if node.get("type") == "array":
        kinds = _type_name(node["items"]).split(" or ")
        plurals = [f"{kind}s" for kind in kinds]
        return f"list of {' and '.join(plurals)}"
    return _scalar_name(node)


def _union_name(nodes: list[dict[str, Any]]) -> str:
    is_size = any(node.get("pattern") == SIZE_PATTERN for node in nodes)
    if is_size:
        return "size"

    kinds = []
    for node in nodes:
        if node.get("type") != "null":
            kinds.append(_type_name(node))
    if "field" in kinds:
        return "field"
    name = " or ".join(dict.fromkeys(kinds))
    return name.replace("text or list of texts", "texts")


def _scalar_name(node: dict[str, Any]) -> str:
    if node.get("pattern") == DURATION_PATTERN:
        return "duration"

    kind = node["type"]
    if kind == "integer":
        if "minimum" in node and "maximum" in node:
            return f"{node['minimum']} to {node['maximum']}"
        return "whole number"
    if kind == "boolean":
        return "boolean"
    if kind == "object":
        return "mapping"
    return "text"
