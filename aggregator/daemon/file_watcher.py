"""Watches the files of the configuration and folders of saved articles.

A change is reported once, some tenths of a second after the last write. When watching
starts, everything is reported, because changes before are unknown. What cannot be
watched is checked by the schedule.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from watchfiles import awatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.config import Config

logger = logging.getLogger(__name__)
DEBOUNCE_MS = 500  # rss-funnel's figure: an editor writes a file in several steps
POLL_MS = 100
_MAX_FOLDERS = 100  # beside the main file; in a home directory there may be many
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Change:
    """The meaning of changed paths: whether the configuration, and which sources may have changed."""

    configuration: bool
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """What to watch: folders of the configuration, and of sources, without (`flat`) or with subfolders (`deep`)."""

    configuration: frozenset[Path]
    flat: frozenset[tuple[Path, str]]
    deep: frozenset[tuple[Path, str]]

    @classmethod
    def for_config(cls, config: Config) -> Self:
        """Make the plan for the folders that exist now."""
        flat: set[tuple[Path, str]] = set()
        deep: set[tuple[Path, str]] = set()
        for source in config.sources:
            if source.path is None or not source.enabled:
                continue
            root, is_deep = _split_location(Path(str(source.path)))
            if _exists(root.is_dir):
                (deep if is_deep else flat).add((root, source.id))
        return cls(frozenset(_config_folders(config)), frozenset(flat), frozenset(deep))

    def _is_configuration(self, path: Path) -> bool:
        """Tell whether a path belongs to the configuration; also for a deleted folder."""
        if path.parent not in self.configuration:
            return False
        return path.suffix in _YAML or path in self.configuration or _exists(path.is_dir)

    def interpret(self, paths: set[Path]) -> Change:
        """Return the meaning of changed paths."""
        is_configuration = any(map(self._is_configuration, paths))
        sources: set[str] = set()
        for path in paths:
            above = (path, *path.parents)
            sources.update(source for root, source in self.flat if root == path.parent)
            sources.update(source for root, source in self.deep if root in above)
        return Change(is_configuration, frozenset(sources))


class Watch(Protocol):
    """Watches files as `watch_files` does."""

    async def __call__(
        self, plan: WatchPlan, report: Callable[[Change], None], /, *, stop: asyncio.Event
    ) -> None: ...


async def watch_files(
    plan: WatchPlan, report: Callable[[Change], None], *, stop: asyncio.Event
) -> None:
    """Report each change until `stop` is set; at the start, report that everything may have changed."""
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
        _follow(plan, flat_folders, flat_change, report, stop),
        _follow(plan, deep_folders, deep_change, report, stop, recursive=True),
    )


async def _follow(
    plan: WatchPlan,
    roots: set[Path],
    everything: Change,
    report: Callable[[Change], None],
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
            step=POLL_MS,
            recursive=recursive,
            yield_on_timeout=True,
        ):
            if (
                first
            ):  # the watch stands, for some seconds at most: what came before it was not seen
                report(everything)
            elif (
                burst
                and (change := plan.interpret({Path(name) for _, name in burst})) != _NO_CHANGE
            ):
                report(change)
            first = False
    except (OSError, RuntimeError) as error:
        logger.warning(
            "files are not watched (%s): changes are seen by the schedule, and on SIGHUP", error
        )


_NO_CHANGE = Change(False, frozenset())


def _config_folders(config: Config) -> Iterator[Path]:
    """Yield the folders of the configuration's files, and those beside the main file.

    The folders of the store and of the feeds are left out, because we write there ourselves.
    """
    if not config.files:
        return
    yield from {path.parent for path in config.files}

    ours = {Path(config.output)}
    if config.sqlite_path is not None:
        ours.add(config.sqlite_path.parent)
    beside = []
    try:
        for path in config.files[0].parent.iterdir():
            if path.is_dir() and path not in ours and not path.name.startswith("."):
                beside.append(path)
    except OSError:
        return
    yield from sorted(beside)[:_MAX_FOLDERS]


def _split_location(location: Path) -> tuple[Path, bool]:
    """Return the folder to watch for a location, and whether to watch its subfolders."""
    parts = location.parts
    magic = next((index for index, part in enumerate(parts) if has_magic(part)), None)
    if magic is not None:
        return Path(*parts[:magic]), magic < len(parts) - 1
    if _exists(location.is_file):
        return location.parent, False
    return location, True


def _exists(is_kind: Callable[[], bool]) -> bool:
    """Return the result of a check for a kind of file; an error counts as False."""
    try:
        return is_kind()
    except OSError:
        return False
