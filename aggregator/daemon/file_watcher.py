"""Files that change under a running daemon: its configuration, and folders of saved articles.

Rule: a change is told once, some tenths of a second after the last write; what changed while nobody watched is told as
soon as somebody does. What cannot be watched is looked at by the schedule instead.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Self

from watchfiles import awatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.config import Config

logger = logging.getLogger(__name__)
DEBOUNCE_MS = 500  # rss-funnel's figure: an editor writes a file in several steps
STEP_MS = 100
_MOST_FOLDERS = 100  # beside the main file: whoever keeps it in a home directory has many
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Change:
    """What a burst of changes means: whether the configuration may be another, and whose folders are."""

    configuration: bool
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """What to watch: folders of the configuration, and folders of sources, `flat` or with what is below (`deep`)."""

    configuration: frozenset[Path]
    flat: frozenset[tuple[Path, str]]
    deep: frozenset[tuple[Path, str]]

    @classmethod
    def for_config(cls, config: Config) -> Self:
        """Plan with the folders that exist now."""
        flat: set[tuple[Path, str]] = set()
        deep: set[tuple[Path, str]] = set()
        for source in config.sources:
            if source.path is None or not source.enabled:
                continue
            root, is_deep = _root(Path(str(source.path)))
            if _exists(root.is_dir):
                (deep if is_deep else flat).add((root, source.id))
        return cls(frozenset(_folders(config)), frozenset(flat), frozenset(deep))

    def _is_configuration(self, path: Path) -> bool:
        """Tell a file or a folder of the configuration; also a folder that is not there any more."""
        if path.parent not in self.configuration:
            return False
        return path.suffix in _YAML or path in self.configuration or _exists(path.is_dir)

    def meaning(self, paths: set[Path]) -> Change:
        """Return what a burst of changed paths means."""
        is_configuration = any(map(self._is_configuration, paths))
        sources: set[str] = set()
        for path in paths:
            above = (path, *path.parents)
            sources.update(source for root, source in self.flat if root == path.parent)
            sources.update(source for root, source in self.deep if root in above)
        return Change(is_configuration, frozenset(sources))


async def watch_files(
    plan: WatchPlan, tell: Callable[[Change], None], *, stop: asyncio.Event
) -> None:
    """Tell each change until `stop` is set; at the beginning, that everything may have changed."""
    flat_folders = set(plan.configuration)
    flat_sources = set()
    for root, source in plan.flat:
        flat_folders.add(root)
        flat_sources.add(source)
    deep_folders = {root for root, _ in plan.deep}
    deep_sources = frozenset(source for _, source in plan.deep)

    flat_change = Change(True, frozenset(flat_sources))
    deep_change = Change(False, deep_sources)
    await asyncio.gather(
        _follow(plan, flat_folders, flat_change, tell, stop),
        _follow(plan, deep_folders, deep_change, tell, stop, recursive=True),
    )


async def _follow(
    plan: WatchPlan,
    roots: set[Path],
    everything: Change,
    tell: Callable[[Change], None],
    stop: asyncio.Event,
    *,
    recursive: bool = False,
) -> None:
    if not roots:
        return
    first = True
    try:
        async for burst in awatch(
            *roots,
            stop_event=stop,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            recursive=recursive,
            yield_on_timeout=True,
        ):
            if (
                first
            ):  # the watch stands, for some seconds at most: what came before it was not seen
                tell(everything)
            elif burst and (change := plan.meaning({Path(name) for _, name in burst})) != _NOTHING:
                tell(change)
            first = False
    except (OSError, RuntimeError) as error:
        logger.warning(
            "files are not watched (%s): changes are seen by the schedule, and on SIGHUP", error
        )


_NOTHING = Change(False, frozenset())


def _folders(config: Config) -> Iterator[Path]:
    """Yield the folders of the configuration: its files', and those beside the main one.

    Not where the store and the feeds are written: that is our own doing.
    """
    if not config.files:
        return
    yield from {path.parent for path in config.files}

    ours = {Path(config.database.removeprefix("sqlite:///")).parent, Path(config.output)}
    beside = []
    try:
        for path in config.files[0].parent.iterdir():
            if path.is_dir() and path not in ours and not path.name.startswith("."):
                beside.append(path)
    except OSError:
        return
    yield from sorted(beside)[:_MOST_FOLDERS]


def _root(location: Path) -> tuple[Path, bool]:
    """Give the folder to watch for a location, and whether also what is below: the part above the first pattern."""
    parts = location.parts
    magic = next((index for index, part in enumerate(parts) if has_magic(part)), None)
    if magic is not None:
        return Path(*parts[:magic]), magic < len(parts) - 1
    if _exists(location.is_file):
        return location.parent, False
    return location, True


def _exists(is_kind: Callable[[], bool]) -> bool:
    """Ask for a kind of file; what has too long a name, or may not be entered, is none."""
    try:
        return is_kind()
    except OSError:
        return False
