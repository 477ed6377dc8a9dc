"""The tables of docs/configuration.md: every key with its kind, default, meaning and an example.

Rule: what people read comes from where the program reads it; only the prose around the tables is written by hand.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aggregator.config.json_schema import schema
from aggregator.config.types import DURATION_FORM, SIZE_FORM

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
    "Forced": "force, in corrections",
    "PageTest": "tests, in a source",
    "Expected": "first and entry, in tests",
}


def tables() -> str:
    """Write all tables as Markdown."""
    records = schema()["$defs"]
    return "\n\n".join(
        "\n".join(_section(title, name, records)) for name, title in SECTIONS.items()
    )


def refreshed(page: str) -> str:
    """Put fresh tables between the two marks of a page.

    Raises:
        ValueError: where the page has no marks.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{head}{BEGIN}\n\n{tables()}\n\n{END}{tail}"


def _section(title: str, name: str, records: dict[str, Any]) -> Iterator[str]:
    record = records[name]
    yield f"### {title}\n"
    yield f"{record['description']}\n"
    yield "| key | type | default | meaning | example |"
    yield "|---|---|---|---|---|"
    needed = record.get("required", ())
    for key, node in record["properties"].items():
        if key in needed:
            default = "needed"
        else:
            default = _code(node.get("default"))
        meaning = _escaped(_meaning(node, records))
        example = _code(next(iter(node.get("examples", ())), None))
        yield f"| `{key}` | {_kind(node)} | {default} | {meaning} | {example} |"


def _meaning(node: dict[str, Any], records: dict[str, Any]) -> str:
    """Read the description; a group whose description is its record's own has it there alone."""
    description: str = (
        node.get("description") or records[node["$ref"].rpartition("/")[2]]["description"]
    )
    return description


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _code(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False)
    return f"`{_escaped(value)}`"


def _kind(node: dict[str, Any]) -> str:
    if "anyOf" in node:
        return _choice(node["anyOf"])
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "$ref" in node:
        return "mapping"
    if node.get("type") == "array":
        kinds = _kind(node["items"]).split(" or ")
        plurals = [f"{kind}s" for kind in kinds]
        return f"list of {' and '.join(plurals)}"
    return _scalar(node)


def _choice(nodes: list[dict[str, Any]]) -> str:
    names = []
    for node in nodes:
        if node.get("pattern") == SIZE_FORM:
            return "size"
        if node.get("type") != "null":
            names.append(_kind(node))
    return " or ".join(dict.fromkeys(names))


def _scalar(node: dict[str, Any]) -> str:
    if node.get("pattern") == DURATION_FORM:
        return "duration"

    kind = node["type"]
    if kind == "integer":
        if "minimum" in node and "maximum" in node:
            return f"{node['minimum']} to {node['maximum']}"
        return "whole number"
    if kind == "boolean":
        return "`true` or `false`"
    if kind == "object":
        return "mapping"
    return "text"
