"""Where a key is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.config import Config, load_config
from aggregator.config.key_lines import place_of_source_key, place_of_view_key

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """\
views:
  - id: all
  - id: zh
    where:
      exclude: {title: [a,
        b]}
sources:
  - sources.yaml
  - https://one.example/feed
"""
SOURCES = """\
[{id: two, url: "https://two.example/"}, {id: three, url: "https://three.example/", exclude: {
  title: [a,
  b]}}]
"""


def loaded(folder: Path) -> Config:
    (folder / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    main = folder / "aggregator.yaml"
    main.write_text(MAIN, encoding="utf-8")
    return load_config(main, env={})


def test_the_key_of_a_view_has_its_line_else_the_nearest_above_it(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    places = [
        place_of_view_key(config, "zh", *keys)
        for keys in (("where", "exclude", "title", 1), ("where",), ("limit",))
    ]

    file = tmp_path / "aggregator.yaml"
    assert places == [f"{file}:6", f"{file}:4", f"{file}:3"]
    assert place_of_view_key(config, "merged", "limit") is None
    assert place_of_view_key(Config(), "merged", "limit") is None


def test_the_key_of_a_source_has_its_line_else_the_nearest_above_it(tmp_path: Path) -> None:
    by_id = {source.id: source for source in loaded(tmp_path).sources}

    places = {
        id_: place_of_source_key(source, "exclude", "title", 1) for id_, source in by_id.items()
    }

    assert places == {
        "two": f"{tmp_path}/sources.yaml:1",
        "three": f"{tmp_path}/sources.yaml:3",
        "one.example-feed": f"{tmp_path}/aggregator.yaml:9",
    }
