"""A second run over an unchanged folder, as a part of the first.

The program's start is not counted: it is what the same command costs with a configuration without sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import folder
from benchmarks.measure import Figure, side_by_side, typical

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measure import Size


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    config, empty = folder.prepared(place / "full", size.articles), _empty(place / "empty")
    first = typical(size.rounds, lambda: folder.first(config))
    if size.rounds > 1:
        folder.again(empty)  # it makes its store, which is not what is measured
    again, start = side_by_side(
        2 * size.rounds - 1, lambda: folder.again(config), lambda: folder.again(empty)
    )
    share = max(again - start, 0.0) / first * 100
    detail = f"first {first:.2f} s, again {again:.3f} s, without sources {start:.3f} s"
    return [Figure("second run beyond the start, of the first", share, "%", 3.0, detail)]


def _empty(place: Path) -> Path:
    place.mkdir(parents=True)
    config = place / "aggregator.yaml"
    config.write_text(
        "{database: sqlite:///store.db, output: feeds, sources: []}\n", encoding="utf-8"
    )
    return config
