"""The pages for people name every key that there is, and no other."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.errors import ConfigError
from aggregator.model import Entry
from aggregator.normalize.markup import PLAYERS
from aggregator.sites import grammar
from aggregator.sites.loader import load_sites
from aggregator.sites.pipe import PIPES

if TYPE_CHECKING:
    from aggregator.config.record import Record

DOCS = Path(__file__).parent.parent.parent / "docs"
RULES = (DOCS / "site-rules.md").read_text(encoding="utf-8")
ENTRY = (DOCS / "entry.md").read_text(encoding="utf-8")


def keys(page: str, heading: str) -> tuple[str, ...]:
    """The first column of the table under a heading."""
    section = re.split(r"^#+ ", page.partition(f"{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return tuple(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))


@pytest.mark.parametrize(
    ("heading", "record"),
    [
        ("## A file", grammar.SiteFile),
        ("### editions", grammar.Edition),
        ("### identity", grammar.Identity),
        ("### urls", grammar.Urls),
        ("### fields", grammar.FieldRule),
        ("### article", grammar.Article),
    ],
)
def test_every_key_of_the_rules_is_in_its_table(heading: str, record: type[Record]) -> None:
    assert keys(RULES, heading) == record.written_keys()


def test_every_field_and_every_pipe_is_named() -> None:
    assert [name for name in grammar.Fields.written_keys() if f"`{name}`" not in RULES] == []
    assert [name for name in PIPES if f"\\| {name}: " not in RULES] == []


def test_every_key_of_an_entry_is_in_its_table() -> None:
    assert keys(ENTRY, "# An entry: the common schema") == tuple(field.name for field in fields(Entry))


def test_the_number_of_players_is_right() -> None:
    assert f"{len(PLAYERS)} known players" in ENTRY


def test_the_example_loads_and_its_mistakes_are_told_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", RULES, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config" / "sites" / "paper.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(example, encoding="utf-8")

    assert load_sites(path.parent).named("paper").timezone == "Asia/Tokyo"

    path.write_text(example.replace("Asia/Tokyo", "Asia/Tokio").replace("  title:", "  titel:"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_sites(path.parent)
    assert all(str(problem) in RULES for problem in caught.value.problems), caught.value
    assert len(caught.value.problems) == 2
