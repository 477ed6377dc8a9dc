"""A folder to write a configuration in, and the way to load it as the program would."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from aggregator.config import Config, load_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SITES = ("rfi", "voa")


@pytest.fixture
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """Load a main file, with files of sources beside it: `news="…"` is sources/news.yaml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources").mkdir()

    def loads(main: str = "", /, env: dict[str, str] | None = None, **files: str) -> Config:
        for name, text in files.items():
            (tmp_path / "sources" / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
        path = tmp_path / "aggregator.yaml"
        path.write_text(dedent(main), encoding="utf-8")
        return load_config(path, env=env or {}, sites=SITES)

    return loads
