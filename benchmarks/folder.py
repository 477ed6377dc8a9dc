"""2,000 saved articles, from a folder to the published feed, beside one BeautifulSoup parse of the same bodies.

Both sides are fresh processes; the program starts, reads, normalizes, stores, publishes and ends.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from aggregator import config as configuration
from aggregator.app import open_store
from benchmarks import saved_articles
from benchmarks.measure import PROGRAM, Figure, cpu_of, side_by_side

if TYPE_CHECKING:
    from benchmarks.measure import Size

_CONFIG = """
database: sqlite:///store.db
output: feeds
sources: [{{id: saved, path: "{folder}/*.txt", adapter: archive}}]
"""


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    config = prepared(place, size.articles)
    parse = (sys.executable, "-m", __name__, place / "saved")
    ours, soup = side_by_side(size.rounds, lambda: first(config), lambda: cpu_of(*parse))
    _verify(config, size.articles)
    detail = f"fetch {ours:.2f} s, BeautifulSoup {soup:.2f} s for {size.articles:,} articles"
    return [Figure("folder to feed, to one BeautifulSoup parse", ours / soup, "x", 2.0, detail)]


def prepared(place: Path, count: int) -> Path:
    """Make the folder of articles and a configuration that follows it; return the configuration's path."""
    saved_articles.fill(place / "saved", count)
    config = place / "aggregator.yaml"
    config.write_text(_CONFIG.format(folder=place / "saved"), encoding="utf-8")
    return config


def first(config: Path) -> float:
    """Return what the first run of a configuration costs: there is no store yet, and no feed."""
    for path in config.parent.glob("store.db*"):
        path.unlink()
    rmtree(config.parent / "feeds", ignore_errors=True)
    return again(config)


def again(config: Path) -> float:
    """Return what a run costs that finds everything as it left it."""
    return cpu_of(*PROGRAM, "-c", config, "fetch", "--force")


def _verify(config: Path, count: int) -> None:
    """Raises: RuntimeError where the run that was measured did not do the work."""
    feed = config.parent / "feeds" / "merged.atom"
    with closing(open_store(configuration.load_config(config, env={}))) as store:
        entries = sum(1 for _ in store.entries())
    if entries != count or not feed.is_file():
        raise RuntimeError(f"{entries} of {count} articles became entries")


def _parse(folder: Path) -> None:
    from bs4 import BeautifulSoup

    for path in sorted(folder.glob("*.txt")):
        BeautifulSoup(saved_articles.body_of(path.read_text(encoding="utf-8")), "lxml")


if __name__ == "__main__":
    _parse(Path(sys.argv[1]))
