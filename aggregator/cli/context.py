"""How we were called: which configuration, and how much to say.

Rule: a configuration that was named must exist; without one nothing is guessed, and the message says what to write.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.cli.report.terminal import say
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    import typer

    from aggregator.config import Config, Source

DEFAULT_PATH = Path("config/aggregator.yaml")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options that hold for every command; `explicit` tells that the user named `path`."""

    path: Path
    explicit: bool
    verbose: bool = False
    quiet: bool = False

    @property
    def sites_folder(self) -> Path:
        """Where the user's own site rules are: `sites/` beside the main file."""
        return self.path.parent / "sites"

    def load(self) -> Config:
        """Read the configuration as it is on disk now. Raises ConfigError, UsageError."""
        return self.read(self.site_names())

    def site_names(self) -> Collection[str]:
        """Name the site rules that exist; the user's own are loaded for it. Raises ConfigError."""
        from aggregator.rules.shipped import shipped_names

        if not any(self.sites_folder.glob("*.yaml")):
            return shipped_names()
        from aggregator.rules.loader import load_sites

        return load_sites(self.sites_folder).names

    def read(self, sites: Collection[str]) -> Config:
        """Read the configuration where these site rules exist. Raises ConfigError, UsageError."""
        from aggregator.config import load

        if not self.explicit and not self.path.exists():
            raise UsageError(
                f"no configuration: {self.path} does not exist; write one with `aggregator init`,"
                " or name one with --config"
            )
        return load(self.path, env=os.environ, sites=sites, selector=_selector)

    def log(self, usual: int, *, prints_outcomes: bool = False) -> None:
        """Send log lines to stderr: `usual` is the least level, one lower with `-v`, errors alone with `-q`.

        A command that `prints_outcomes` tells by itself which sources failed: the lines of
        their runs would say it a second time, and come with `-v` alone.
        """
        level = usual
        if self.quiet:
            level = logging.ERROR
        elif self.verbose:
            level = usual - 10

        handler = _Stderr()
        if prints_outcomes and not self.verbose:
            handler.addFilter(_is_no_run)
        logging.basicConfig(
            level=max(level, logging.WARNING),
            format="%(asctime)s %(levelname)s %(message)s",
            handlers=[handler],
            force=True,
        )
        logging.getLogger("aggregator").setLevel(level)


def _selector(text: str) -> None:
    """Raise ValueError for a selector that cannot be understood; loads the parser only where a source has any."""
    from aggregator.rules.selector import compile_selector

    compile_selector(text)


def _is_no_run(record: logging.LogRecord) -> bool:
    """Tell any log line from the one that `app` writes for each run of a source."""
    return record.name != "aggregator.app"


class _Stderr(logging.Handler):
    """Writes to whatever stderr is now: a progress bar that stands there takes lines in above itself."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            say(self.format(record))
        except Exception:  # noqa: BLE001 - as every handler of logging: a log line that is lost ends nothing
            self.handleError(record)


def invocation_of(ctx: typer.Context) -> Invocation:
    """Return how we were called; while a shell completes a word no command runs, and only --config is known."""
    if not isinstance(ctx.obj, Invocation):
        config = ctx.find_root().params.get("config")
        ctx.obj = Invocation(config or DEFAULT_PATH, explicit=config is not None)
    return ctx.obj


def source_named(name: str, config: Config) -> Source:
    """Find a configured source. Raises UsageError, with the id that was probably meant."""
    from aggregator.config.words import nearest

    by_id = {source.id: source for source in config.sources}
    if name in by_id:
        return by_id[name]
    guess = nearest(name, by_id)
    if guess:
        hint = f", did you mean `{guess}`?"
    elif by_id:
        hint = "; `aggregator sources` lists them"
    else:
        hint = ": the configuration has no sources"
    raise UsageError(f"there is no source `{name}`{hint}")
