"""The configuration that ships loads. What is tested is a copy: the folder `config` belongs to its user."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

from aggregator.config import View, load_config
from aggregator.rules.selector import compile_selector

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "tests" / "data" / "shipped"
FILES = sorted(path.relative_to(SHIPPED) for path in SHIPPED.rglob("*.yaml"))
PAGES = ("README.md", "docs/commands.md", "docs/configuration.md", "docs/sources.md")


def examples() -> list[str]:
    """The lists of sources that the pages show."""
    blocks = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        blocks += re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [block for block in blocks if isinstance(yaml.safe_load(block), list)]


def test_the_configuration_that_is_shipped_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SHIPPED)

    config = load_config(Path("config/aggregator.yaml"), env={}, sites=("rfi", "voa"))

    assert {(source.id, source.adapter, source.origin) for source in config.sources} == {
        ("rfi-cn", "rfi", "config/sources/rfi.yaml:2"),
        ("seeds", "archive", "config/sources/seeds.yaml:3"),
        ("voa-zh", "voa", "config/sources/voa.yaml:3"),
    }
    assert (config.database, config.output) == (
        f"sqlite:///{SHIPPED}/var/aggregator.db",
        SHIPPED / "var/feeds",
    )
    assert config.views[0] == config.feed_view == View(id="merged", title="All news", limit=100)


@pytest.mark.parametrize("example", examples())
def test_every_example_of_a_page_can_be_pasted_beside_what_ships(
    example: str, tmp_path: Path
) -> None:
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    main = tmp_path / "config" / "aggregator.yaml"
    before = load_config(main, env={}, sites=("rfi", "voa")).sources
    (main.parent / "sources" / "news.yaml").write_text(example, encoding="utf-8")

    after = load_config(main, env={}, sites=("rfi", "voa"), check_selector=compile_selector).sources

    assert len(after) == len(before) + len(yaml.safe_load(example))
    assert len({source.path or source.url for source in after}) == len(after)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_every_shipped_file_shows_editors_the_schema(file: Path) -> None:
    head, _, place = (
        (SHIPPED / file).read_text(encoding="utf-8").splitlines()[0].partition("$schema=")
    )

    assert head == "# yaml-language-server: "
    assert ((ROOT / file).parent / place).resolve() == ROOT / "docs/aggregator.schema.json"


def test_the_copy_is_what_ships() -> None:
    shipped = {str(file): (SHIPPED / file).read_bytes() for file in FILES}
    present = {
        str(path.relative_to(ROOT)): path.read_bytes() for path in (ROOT / "config").rglob("*.yaml")
    }
    different = sorted(
        name for name in shipped.keys() | present.keys() if shipped.get(name) != present.get(name)
    )

    if different and "CI" not in os.environ:
        names = ", ".join(different)
        pytest.skip(
            f"changed by the user of this folder: {names}; if that is to ship, copy it to tests/data/shipped"
        )
    assert different == []
