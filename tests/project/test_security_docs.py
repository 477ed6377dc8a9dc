"""The tests that the documents on security name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = [ROOT / "docs" / name for name in ("security.md", "known-attacks.md")]
_NAMED_TEST = re.compile(r"`((?:\w+/)?test_\w+\.py)(?:::(\w+))?`")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_named_test_exists(path: Path) -> None:
    named = _NAMED_TEST.findall(path.read_text(encoding="utf-8"))

    assert named != []
    for file, name in named:
        assert f"def {name}" in (ROOT / "tests" / file).read_text(encoding="utf-8")
