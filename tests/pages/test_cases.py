"""Every folder of `data/` is a case: what it serves is fetched, and must give what it expects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = sorted(path.name for path in (Path(__file__).parent / "data").iterdir())


@pytest.mark.parametrize("name", CASES)
def test_a_case_from_the_field_gives_what_it_expects(name: str, play: Callable[..., None]) -> None:
    play(name)
