"""`aggregator check`: validate the configuration.

It prints every problem of every file as `file:line: path: message`. It fetches nothing
and writes nothing.
"""

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.context import Invocation
from aggregator.cli.exit_codes import USAGE_ERROR
from aggregator.cli.report.terminal import print_json, print_stderr, replace_unprintable
from aggregator.errors import ConfigError

MAX_TITLES = 5  # of a view

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from aggregator.config import Config
    from aggregator.errors import Problem


def check(
    *,
    ctx: typer.Context,
    format: Annotated[  # noqa: A002
        Literal["text", "json"], typer.Option(help="json lists the problems on stdout.")
    ] = "text",
    effect: Annotated[
        bool,
        typer.Option("--effect", help="Also show which stored entries leave or enter each view."),
    ] = False,
) -> int:
    """Validate the configuration and site rules."""
    ctx.obj.configure_logging(logging.WARNING)
    config, problems = _check_everything(ctx.obj)
    if format == "json":
        print_json([_problem_record(problem) for problem in problems])
    else:
        _print_text(config, problems, effect=effect)

    if problems:
        return USAGE_ERROR
    return 0


def _print_text(config: "Config | None", problems: "Iterable[Problem]", *, effect: bool) -> None:
    for problem in problems:
        print_stderr(str(problem))
    if config is None:
        return
    typer.echo(_success_message(config))
    if effect:
        _print_effect(config)


def _print_effect(config: "Config") -> None:
    """Print what the configuration changes in the views as they were published, and what would be pruned."""
    from aggregator.app import App, open_store
    from aggregator.effect import describe_effect, find_effects

    with open_store(config) as store:
        app = App(config, store)
        for effect in find_effects(app):
            typer.echo(describe_effect(effect))
            for sign, entries in (("-", effect.leaving), ("+", effect.coming)):
                for entry in entries[:MAX_TITLES]:
                    typer.echo(replace_unprintable(f"  {sign} {entry.title}"))
        expired = app.find_expired().entries
    typer.echo(f"`prune` would delete {_count(len(expired), 'stored entry', 'stored entries')}")


def _check_everything(invocation: Invocation) -> "tuple[Config | None, list[Problem]]":
    """Load all files; the configuration is None if there is any problem.

    Raises: UsageError where there is no configuration.
    """
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
        }  # assume that the user's own files would load
    try:
        config = invocation.load_with_sites(names)
    except ConfigError as error:
        problems = [*error.problems, *problems]
    return None if problems else config, problems


def _success_message(config: "Config") -> str:
    sources = _count(len(config.sources), "source")
    views = _count(len(config.views), "view")

    disabled = sum(not source.enabled for source in config.sources)
    if disabled:
        sources += f" ({disabled} disabled)"
    return f"configuration is good: {sources}, {views}"


def _count(number: int, noun: str, plural: str | None = None) -> str:
    if number == 1:
        return f"1 {noun}"
    nouns = plural or f"{noun}s"
    return f"{number} {nouns}"


def _problem_record(problem: "Problem") -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "path": problem.path,
        "message": problem.message,
    }
