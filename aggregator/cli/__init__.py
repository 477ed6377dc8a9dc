"""The command line: registers the commands and the options that all of them share.

Machine-readable output goes to stdout, everything else to stderr. Heavy modules are
imported only by the command that needs them, so that `--version` and `--help` are fast.
"""

from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from aggregator import __version__
from aggregator.cli.commands.add import add
from aggregator.cli.commands.backup import backup, restore
from aggregator.cli.commands.check import check
from aggregator.cli.commands.doctor import doctor
from aggregator.cli.commands.entries import entries
from aggregator.cli.commands.export import export
from aggregator.cli.commands.fetch import fetch
from aggregator.cli.commands.forget import forget
from aggregator.cli.commands.forgive import forgive
from aggregator.cli.commands.import_opml import import_
from aggregator.cli.commands.preview import preview
from aggregator.cli.commands.prune import prune, vacuum
from aggregator.cli.commands.publish import publish
from aggregator.cli.commands.run import run
from aggregator.cli.commands.show import show
from aggregator.cli.commands.sources import sources
from aggregator.cli.commands.test import test
from aggregator.cli.commands.why import why
from aggregator.cli.context import DEFAULT_PATH, Invocation, get_invocation
from aggregator.cli.exit_codes import INTERNAL_ERROR, with_exit_code
from aggregator.cli.init import init
from aggregator.cli.log_format import LogFormat
from aggregator.cli.report.terminal import print_stderr

__all__ = ["app", "main"]

# Options that may also stand after a command: `aggregator fetch -c FILE`.
_GLOBAL_OPTIONS = ("config", "verbose", "quiet", "log_format")


class CommandGroup(TyperGroup):
    """The group of all commands; each command also takes the global options.

    An option after the command overrides the same option before it and the environment.
    """

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is None:
            return None
        if any(option.name in _GLOBAL_OPTIONS for option in command.params):
            return command

        for option in self.params:
            if option.name in _GLOBAL_OPTIONS:
                command.params.append(_copy_for_command(option))
        return command

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (interface)
        return list(self.commands)  # in the order of the documentation


def _copy_for_command(option: Any) -> Any:
    command_option = copy(option)
    command_option.expose_value = False
    command_option.callback = _apply_option
    command_option.envvar = None
    command_option.hidden = True
    return command_option


def _apply_option(ctx: Any, option: Any, value: Any) -> None:
    if not value:
        return
    invocation = get_invocation(ctx)
    if option.name == "config":
        ctx.obj = replace(invocation, path=value, explicit=True)
    else:
        chosen: dict[str, Any] = {option.name: value}
        ctx.obj = replace(invocation, **chosen)


app = typer.Typer(
    name="aggregator",
    cls=CommandGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; ends the process with an exit code of docs/commands.md."""
    try:
        app(prog_name="aggregator")
    except OSError as error:  # from `--install-completion`, which writes into the home folder
        print_stderr(f"aggregator: {error.filename or 'stdout'}: {error.strerror}")
        raise SystemExit(INTERNAL_ERROR) from None


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aggregator {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            "-c",
            "--config",
            envvar="AGGREGATOR_CONFIG",
            show_envvar=True,
            metavar="FILE",
            help=f"The configuration file; default: {DEFAULT_PATH}.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Log more, with tracebacks of internal errors.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Print only errors to stderr.")
    ] = False,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            "--log-format",
            help="The log on stderr; default: AGGREGATOR_LOG_FORMAT, then text on a terminal,"
            " logfmt elsewhere.",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Follow many unlike sources and serve one clean, merged Atom feed."""
    ctx.obj = Invocation(
        config or DEFAULT_PATH,
        explicit=config is not None,
        verbose=verbose,
        quiet=quiet,
        log_format=log_format,
    )


for command in (
    init,
    run,
    fetch,
    publish,
    sources,
    forgive,
    entries,
    show,
    why,
    doctor,
    preview,
    add,
    check,
    test,
    forget,
    prune,
    vacuum,
):
    app.command()(with_exit_code(command))
app.command("import")(with_exit_code(import_))  # Python keeps the word for itself
app.command()(with_exit_code(export))
app.command()(with_exit_code(backup))
app.command()(with_exit_code(restore))
