"""The pages for people name every key that there is, and no other."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from pydantic import ValidationError

from aggregator.config import Fields
from aggregator.config.record import Record, ValidationContext
from aggregator.errors import ConfigError
from aggregator.model import Entry
from aggregator.normalize.html.elements import PLAYER_HOSTS
from aggregator.rules import schema
from aggregator.rules.__main__ import NAME, write_schema
from aggregator.rules.filters import PIPES
from aggregator.rules.loader import load_sites
from aggregator.rules.selector import compile_selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

DOCS = Path(__file__).parent.parent.parent / "docs"
RULES = (DOCS / "site-rules.md").read_text(encoding="utf-8")
ENTRY = (DOCS / "entry.md").read_text(encoding="utf-8")


def keys(page: str, heading: str) -> tuple[str, ...]:
    """The keys of the list under a heading."""
    return tuple(re.findall(r"^\* `(\w+)\b", section(page, heading), re.MULTILINE))


def section(page: str, heading: str) -> str:
    return re.split(r"^#+ ", page.partition(f"{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


LISTS = [  # those of fields, article and tests are in configuration.md: sources have them too
    ("## A file", schema.SiteFile),
    ("### editions", schema.Edition),
    ("### identity", schema.Identity),
    ("### urls", schema.Urls),
    ("### listing", schema.Listing),
]


@pytest.mark.parametrize(("heading", "record"), LISTS)
def test_every_key_of_the_rules_is_in_its_list(heading: str, record: type[Record]) -> None:
    assert keys(RULES, heading) == record.yaml_keys()


@pytest.mark.parametrize(("heading", "record"), LISTS)
def test_every_key_of_the_rules_has_its_example(heading: str, record: type[Record]) -> None:
    rows = [line for line in section(RULES, heading).splitlines() if line.startswith("* `")]

    examples = [
        f"* `{key}: {field.examples[0]}` ("
        for field, key in zip(record.model_fields.values(), record.yaml_keys(), strict=True)
        if field.examples
    ]
    assert [
        row for row, example in zip(rows, examples, strict=True) if not row.startswith(example)
    ] == []


def test_every_field_and_every_pipe_is_named() -> None:
    assert [name for name in Fields.yaml_keys() if f"`{name}`" not in RULES] == []
    assert [name for name in PIPES if f"| {name}: " not in RULES] == []


def test_every_key_of_an_entry_is_in_its_list() -> None:
    assert keys(ENTRY, "# An entry: the common schema") == tuple(
        field.name for field in fields(Entry)
    )


def test_the_number_of_players_is_right() -> None:
    assert f"{len(PLAYER_HOSTS)} known players" in ENTRY


def test_the_example_loads_and_its_mistakes_are_told_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", RULES, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config" / "sites" / "paper.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(example, encoding="utf-8")

    assert load_sites(path.parent).get("paper").timezone == "Asia/Tokyo"

    path.write_text(
        example.replace("Asia/Tokyo", "Asia/Tokio").replace("  title:", "  titel:"),
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_sites(path.parent)
    assert all(str(problem) in RULES for problem in caught.value.problems), caught.value
    assert len(caught.value.problems) == 2


def records(record: type[Record] = schema.SiteFile) -> Iterator[type[Record]]:
    """The records that the rules alone have; those they share with sources are held where sources are."""
    yield from (
        value
        for value in vars(schema).values()
        if isinstance(value, type)
        and issubclass(value, Record)
        and value.__module__ == record.__module__
    )


KEYS = [
    pytest.param(record, field, key, id=f"{record.__name__}.{key}")
    for record in records()
    for field, key in zip(record.model_fields.values(), record.yaml_keys(), strict=True)
]


def mistakes(record: type[Record], key: str, example: object) -> list[object]:
    """What is wrong with the one key of a record that is otherwise not there."""
    try:
        record.model_validate(
            {key: example}, context=ValidationContext(Path(), None, compile_selector)
        )
    except ValidationError as e:
        return [detail for detail in e.errors() if detail["loc"][:1] == (key,)]
    return []


@pytest.mark.parametrize(("record", "field", "key"), KEYS)
def test_every_key_is_described_with_an_example_that_is_right(
    record: type[Record], field: FieldInfo, key: str
) -> None:
    assert field.description
    assert field.examples
    assert [mistakes(record, key, yaml.safe_load(example)) for example in field.examples] == [[]]


def test_the_schema_for_editors_is_fresh(tmp_path: Path) -> None:
    write_schema(tmp_path)

    assert (tmp_path / NAME).read_text(encoding="utf-8") == (DOCS / NAME).read_text(
        encoding="utf-8"
    ), f"docs/{NAME} is old: run python -m aggregator.rules"
