"""Whole cycles over real-sized feeds, cold, beside the readers that are installed: CPU and store.

Each program is started anew for each state of the feeds (see `real_feeds`), polls all of them and
ends. CPU is that of the process and its children. The rivals are the Python package `reader`
(READER_PYTHON names the interpreter that has it, if not this one), newsboat and sfeed; who is
absent is left out. All poll the same feeds one after the other, so that the ratios hold.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import real_feeds
from benchmarks.measure import PROGRAM, Figure, cpu_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.measure import Size

# The most that we may cost, to `reader`.
_GOALS = {"first": 0.25, "unchanged": 0.35, "same": 0.02, "touched": 0.12, "few_new": 0.25}
_MIB = 1024 * 1024
_CONFIG = (
    "{database: sqlite:///store.db, output: feeds, network: {allow_private: true}, "
    "defaults: {full_text: never}, sources: sources.yaml}\n"
)
_READER = """
import sys
from reader import make_reader
reader = make_reader(sys.argv[1])
for url in open(sys.argv[2]).read().split():
    reader.add_feed(url, exist_ok=True)
reader.update_feeds(workers=4, scheduled=False)
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that polls feeds: how it is run once, and the files that it keeps."""

    name: str
    poll: Callable[[], float]
    store: Sequence[Path]

    def store_mib(self) -> float:
        """Return the size of what it keeps."""
        total = 0
        for path in self.store:
            files = [path] if path.is_file() else path.rglob("*")
            total += sum(file.stat().st_size for file in files if file.is_file())
        return total / _MIB


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    figures = []
    with real_feeds.serving() as port:
        urls = real_feeds.addresses(port, size.polled_feeds)
        programs = _programs(place, urls)
        for state in real_feeds.STATES:
            real_feeds.change_state(port, state)
            costs = {program.name: program.poll() for program in programs}
            figures += _figures(state, costs, size.polled_feeds)
    for program in programs:
        figures.append(
            Figure(f"store of {program.name}", program.store_mib(), " MiB", None, "at the end")
        )
    return figures


def _figures(state: str, costs: dict[str, float], feeds: int) -> list[Figure]:
    ours = costs.pop("aggregator")
    detail = f"{ours:.2f} s for {feeds:,} feeds"
    figures = [Figure(f"{state}: a feed", ours / feeds * 1000, " ms", None, detail)]
    for name, cost in costs.items():
        goal = _GOALS[state] if name == "reader" else None
        detail = f"{ours:.2f} s to {cost:.2f} s"
        figures.append(Figure(f"{state}, to {name}", ours / cost, "x", goal, detail))
    return figures


def _programs(place: Path, urls: Sequence[str]) -> list[Program]:
    programs = [_ours(place / "ours", urls)]
    for make in (_reader, _newsboat, _sfeed):
        program = make(place, urls)
        if program is not None:
            programs.append(program)
    return programs


def _ours(folder: Path, urls: Sequence[str]) -> Program:
    folder.mkdir()
    lines = (f'- {{id: s{number}, url: "{url}"}}\n' for number, url in enumerate(urls))
    (folder / "sources.yaml").write_text("".join(lines), encoding="utf-8")
    main = folder / "aggregator.yaml"
    main.write_text(_CONFIG, encoding="utf-8")
    return Program(
        "aggregator",
        partial(cpu_of, *PROGRAM, "-c", main, "fetch", "--force"),
        [folder / "store.db"],
    )


def _reader(place: Path, urls: Sequence[str]) -> Program | None:
    python = os.environ.get("READER_PYTHON", sys.executable)
    known = subprocess.run([python, "-c", "import reader"], capture_output=True, check=False)
    if known.returncode:
        return None
    listed, store = place / "reader.txt", place / "reader.db"
    listed.write_text("\n".join(urls), encoding="utf-8")
    return Program("reader", partial(cpu_of, python, "-c", _READER, store, listed), [store])


def _newsboat(place: Path, urls: Sequence[str]) -> Program | None:
    if shutil.which("newsboat") is None:
        return None
    listed, store, config = place / "urls", place / "newsboat.db", place / "newsboat.conf"
    listed.write_text("\n".join(urls), encoding="utf-8")
    config.write_text("reload-threads 4\n", encoding="utf-8")
    command = ("newsboat", "-u", listed, "-c", store, "-C", config, "-x", "reload")
    return Program("newsboat", partial(cpu_of, *command), [store])


def _sfeed(place: Path, urls: Sequence[str]) -> Program | None:
    if shutil.which("sfeed_update") is None:
        return None
    store, config = place / "sfeed", place / "sfeedrc"
    feeds = "\n".join(f'feed "s{number}" "{url}"' for number, url in enumerate(urls))
    config.write_text(f'sfeedpath="{store}"\nfeeds() {{\n{feeds}\n}}\n', encoding="utf-8")
    return Program("sfeed", partial(cpu_of, "sfeed_update", config), [store])
