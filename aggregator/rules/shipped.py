"""The site rules that ship: where they are, and what they are called.

Rule: asking for their names reads none of them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

SHIPPED = Path(__file__).parent / "presets"


@lru_cache(maxsize=1)
def shipped_names() -> frozenset[str]:
    """The names of the rules that ship, without loading them."""
    return frozenset(path.stem for path in SHIPPED.glob("*.yaml"))
