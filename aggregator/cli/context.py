"""The global options of a command: which configuration to load, and how much to log.

A configuration file that the user names must exist. Without one, the error message
says how to write one.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.cli.log_format import choose_formatter
from aggregator.cli.report.terminal import hide_secrets, print_stderr
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    import typer

    from aggregator.config import Config, Source

DEFAULT_PATH = Path("config/aggregator.yaml")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options. `explicit` is true when the user named `path`."""

    path: Path
    explicit: bool
    verbose: bool = False
    quiet: bool = False
    log_format: str | None = None

    @property
    def sites_folder(self) -> Path:
        """The folder of the user's own site rules: `sites/` beside the main file."""
        return self.path.parent / "sites"

    def load(self) -> Config:
        """Load the configuration from disk. Raises ConfigError, UsageError."""
        return self.load_with_sites(self.site_names())

    def site_names(self) -> Collection[str]:
        """Return the names of all site rules. Raises ConfigError where the user's own do not load."""
        from aggregator.rules.shipped import shipped_names

        if not any(self.sites_folder.glob("*.yaml")):
            return shipped_names()
        from aggregator.rules.loader import load_sites

        return load_sites(self.sites_folder).names

    def load_with_sites(self, sites: Collection[str]) -> Config:
        """Load the configuration; `sites` are the names of site rules that a source may use.

        Raises: ConfigError, UsageError.
        """
        from aggregator.config import load_config

        if not self.explicit and not self.path.exists():
            raise UsageError(
                f"no configuration: {self.path} does not exist; write one with `aggregator init`,"
                " or name one with --config"
            )
        config = load_config(self.path, env=os.environ, sites=sites, check_selector=_check_selector)
        hide_secrets(config.secrets)
        return config

    def configure_logging(self, usual: int, *, prints_outcomes: bool = False) -> None:
        """Send log lines to stderr, from level `usual` up; `-v` lowers it by one, `-q` leaves errors only.

        A command that `prints_outcomes` reports failed sources itself. The log lines of
        the runs would repeat that, so they appear with `-v` only.
        """
        level = usual
        if self.quiet:
            level = logging.ERROR
        elif self.verbose:
            level = usual - 10

        handler = _StderrHandler()
        handler.setFormatter(choose_formatter(self.log_format, os.environ))
        if prints_outcomes and not self.verbose:
            handler.addFilter(_is_not_run_line)
        logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
        logging.getLogger("aggregator").setLevel(level)


def _check_selector(text: str) -> None:
    """Raise ValueError for an invalid selector.

    The import is here so that configurations without selectors do not load the parser.
    """
    from aggregator.rules.selector import compile_selector

    compile_selector(text)


def _is_not_run_line(record: logging.LogRecord) -> bool:
    """Return False for the log line that `app` writes for each run of a source."""
    return record.name != "aggregator.app"


class _StderrHandler(logging.Handler):
    """Writes to the current `sys.stderr`, so that lines appear above a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print_stderr(self.format(record))
        except Exception:  # noqa: BLE001 - as in logging's own handlers, a lost log line ends nothing
            self.handleError(record)


def get_invocation(ctx: typer.Context) -> Invocation:
    """Return the global options of a command.

    While a shell completes a word no command runs, and only --config is known.
    """
    if not isinstance(ctx.obj, Invocation):
        config = ctx.find_root().params.get("config")
        ctx.obj = Invocation(config or DEFAULT_PATH, explicit=config is not None)
    return ctx.obj


def find_source(name: str, config: Config) -> Source:
    """Return a configured source by its id. Raises UsageError that suggests the nearest id."""
    from aggregator.config.words import find_nearest

    by_id = {source.id: source for source in config.sources}
    if name in by_id:
        return by_id[name]
    guess = find_nearest(name, by_id)
    if guess:
        hint = f", did you mean `{guess}`?"
    elif by_id:
        hint = "; `aggregator sources` lists them"
    else:
        hint = ": the configuration has no sources"
    raise UsageError(f"there is no source `{name}`{hint}")
