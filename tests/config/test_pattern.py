"""Patterns of people's files: what would hold the program for ever is refused, everything else is taken."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aggregator.config.pattern import compiled

CASES = json.loads((Path(__file__).parent / "data" / "patterns.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", CASES["taken"])
def test_a_pattern_that_every_text_ends_is_taken(text: str) -> None:
    assert compiled(text).pattern == text


@pytest.mark.parametrize(("text", "message"), CASES["refused"].items())
def test_a_pattern_that_some_text_never_ends_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        compiled(text)
