"""What people and editors read about the keys is what the program reads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from pydantic import ValidationError

from aggregator.config import Config, Source, build_schema, docs_tables
from aggregator.config.__main__ import write_docs
from aggregator.config.record import Record, ValidationContext
from aggregator.rules.selector import compile_selector

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"


def records(record: type[Record] = Record) -> Iterator[type[Record]]:
    for below in record.__subclasses__():
        if below.__module__.startswith("aggregator.config."):
            yield below
        yield from records(below)


KEYS = [
    pytest.param(field, key, id=f"{record.__name__}.{key}")
    for record in records()
    for field, key in zip(record.model_fields.values(), record.yaml_keys(), strict=True)
]
EXAMPLES = [
    pytest.param(record, field, key, id=f"{record.__name__}.{key}")
    for record in records()
    for field, key in zip(record.model_fields.values(), record.yaml_keys(), strict=True)
    if (record, key) != (Config, "sources")  # files, or sources: the loader reads them
]


@pytest.mark.parametrize(("field", "key"), KEYS)
def test_every_key_is_described_with_an_example(field: object, key: str) -> None:
    described = getattr(field, "description", None), getattr(field, "examples", None)

    assert all(described), key


def mistakes(record: type[Record], key: str, example: object) -> list[object]:
    """What is wrong with the one key of a record that is otherwise not there."""
    try:
        record.model_validate(
            {key: example}, context=ValidationContext(Path(), None, compile_selector)
        )
    except ValidationError as e:
        return [detail for detail in e.errors() if detail["loc"][:1] == (key,)]
    return []


@pytest.mark.parametrize(("record", "field", "key"), EXAMPLES)
def test_every_example_is_right(record: type[Record], field: object, key: str) -> None:
    for example in getattr(field, "examples", None) or ():
        written = yaml.safe_load(example) if isinstance(example, str) else example

        assert mistakes(record, key, written) == [] or mistakes(record, key, example) == [], example


@pytest.mark.parametrize("record", list(records()), ids=lambda record: record.__name__)
def test_every_key_is_named_in_the_page(record: type[Record]) -> None:
    title = docs_tables.SECTIONS["Main" if record is Config else record.__name__]
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    section = page.split(f"\n### {title}\n")[1].split("\n### ")[0]

    written = [row.split("`")[1] for row in section.splitlines() if row.startswith("* `")]
    assert [next(iter(yaml.safe_load(line))) for line in written] == list(record.yaml_keys())


def test_what_is_written_about_the_keys_is_fresh(tmp_path: Path) -> None:
    for name in ("aggregator.schema.json", "configuration.md"):
        shutil.copy(DOCS / name, tmp_path / name)

    write_docs(tmp_path)

    for name in ("aggregator.schema.json", "configuration.md"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (DOCS / name).read_text(
            encoding="utf-8"
        ), f"docs/{name} is old: run python -m aggregator.config"


def test_a_page_without_marks_is_not_overwritten() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        docs_tables.refresh_page("# Configuration\n")


def test_the_schema_knows_the_keys_of_both_files() -> None:
    definitions = build_schema()["$defs"]

    assert tuple(definitions["Main"]["properties"]) == Config.yaml_keys()
    assert tuple(definitions["Source"]["properties"]) == Source.yaml_keys()
    assert not definitions["Main"]["additionalProperties"]
    assert not definitions["Source"]["required"]
    assert definitions["Sources"]["items"]["anyOf"][0] == {"$ref": "#/$defs/Source"}


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    text = json.dumps(build_schema())
    named = {part.split('"')[0] for part in text.split('"$ref": "#/$defs/')[1:]}

    assert named <= set(build_schema()["$defs"])


def test_the_defaults_of_the_schema_are_spelled_as_people_write_them() -> None:
    network = build_schema()["$defs"]["Network"]["properties"]

    assert {key: node["default"] for key, node in network.items() if "default" in node} == {
        "concurrency": 64,
        "per_host": 2,
        "timeout": "30s",
        "max_body": "16MiB",
        "allow_private": False,
    }


def test_the_package_itself_does_not_load_the_configuration() -> None:
    code = "import sys, aggregator.errors, aggregator.model; sys.exit('pydantic' in sys.modules or 'yaml' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
