"""The tutorial's sources load as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.sites.selector import compile_selector

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def loaded(folder: Path, text: str) -> int:
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources" / "tutorial.yaml").write_text(text, encoding="utf-8")
    (folder / "aggregator.yaml").write_text("", encoding="utf-8")
    return len(load(folder / "aggregator.yaml", env={}, sites=("rfi",), selector=compile_selector).sources)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_of_the_tutorial_loads(block: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, block) == len(re.findall(r"^- ", block, re.MULTILINE))


def test_all_examples_of_the_tutorial_load_together(tmp_path: Path) -> None:
    assert loaded(tmp_path, "".join(BLOCKS)) >= 14
