"""The folder of the shipped site rules, and their names.

A module of its own, without the loader's imports: most commands need the names alone.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

PRESETS = Path(__file__).parent / "presets"


@lru_cache(maxsize=1)
def shipped_names() -> frozenset[str]:
    """Return the names of the shipped rules, without loading them."""
    return frozenset(path.stem for path in PRESETS.glob("*.yaml"))
