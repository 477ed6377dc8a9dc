"""`aggregator check`: is the configuration good?

Rule: every problem of every file at once, each as `file:line: path: message`; nothing is asked of anyone and nothing
is written.
"""

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.context import Invocation
from aggregator.cli.exit_codes import REFUSED
from aggregator.cli.report.terminal import put_json, say
from aggregator.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection

    from aggregator.config import Config
    from aggregator.errors import Problem


def check(
    *,
    ctx: typer.Context,
    format: Annotated[  # noqa: A002
        Literal["text", "json"], typer.Option(help="json lists the problems on stdout.")
    ] = "text",
) -> int:
    """Validate the configuration and site rules."""
    ctx.obj.log(logging.WARNING)
    config, problems = _check_everything(ctx.obj)
    if format == "json":
        put_json([_record(problem) for problem in problems])
    else:
        for problem in problems:
            say(str(problem))
        if config is not None:
            typer.echo(_good(config))
    return REFUSED if problems else 0


def _check_everything(invocation: Invocation) -> "tuple[Config | None, list[Problem]]":
    """Load everything; the configuration is None unless all of it is good. Raises UsageError where there is none."""
    from aggregator.rules.loader import load_sites
    from aggregator.rules.shipped import shipped_names

    config: Config | None = None
    problems: list[Problem] = []
    names: Collection[str]
    try:
        names = load_sites(invocation.sites_folder).names
    except ConfigError as error:
        problems += error.problems
        names = shipped_names() | {
            path.stem for path in invocation.sites_folder.glob("*.yaml")
        }  # as good as any guess
    try:
        config = invocation.read(names)
    except ConfigError as error:
        problems = [*error.problems, *problems]
    return None if problems else config, problems


def _good(config: "Config") -> str:
    sources = _count(len(config.sources), "source")
    views = _count(len(config.views), "view")

    disabled = sum(not source.enabled for source in config.sources)
    if disabled:
        sources += f" ({disabled} disabled)"
    return f"configuration is good: {sources}, {views}"


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def _record(problem: "Problem") -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "path": problem.path,
        "message": problem.message,
    }
