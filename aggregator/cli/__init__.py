"""The commands: words on a line -> calls, and how each ends -> an exit code.

Rule: what machines read goes to stdout alone, everything else to stderr. Nothing heavy is imported before a command is
chosen, so that `--version` and `--help` answer at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from aggregator import __version__
from aggregator.cli.commands.add import add
from aggregator.cli.commands.check import check
from aggregator.cli.commands.entries import entries
from aggregator.cli.commands.export import export
from aggregator.cli.commands.fetch import fetch
from aggregator.cli.commands.import_opml import import_
from aggregator.cli.commands.preview import preview
from aggregator.cli.commands.prune import prune
from aggregator.cli.commands.publish import publish
from aggregator.cli.commands.run import run
from aggregator.cli.commands.show import show
from aggregator.cli.commands.sources import sources
from aggregator.cli.commands.test import test
from aggregator.cli.commands.why import why
from aggregator.cli.context import DEFAULT_PATH, Invocation
from aggregator.cli.exit_codes import OURS, with_exit_code
from aggregator.cli.init import init
from aggregator.cli.options import Commands
from aggregator.cli.report.terminal import say

__all__ = ["app", "main"]

app = typer.Typer(
    name="aggregator",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; ends the process with an exit code of docs/commands.md."""
    try:
        app(prog_name="aggregator")
    except OSError as error:  # not of a command: `--install-completion` writes into the home folder
        say(f"aggregator: {error.filename or 'stdout'}: {error.strerror}")
        raise SystemExit(OURS) from None


def _version(wanted: bool) -> None:
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
            help=f"The configuration; {DEFAULT_PATH} where absent.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Say more; tracebacks of our own failures.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Say nothing on stderr but errors.")
    ] = False,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """Follow many unlike sources and serve one clean, merged Atom feed."""
    ctx.obj = Invocation(
        config or DEFAULT_PATH, explicit=config is not None, verbose=verbose, quiet=quiet
    )


for command in (
    init,
    run,
    fetch,
    publish,
    sources,
    entries,
    show,
    why,
    preview,
    add,
    check,
    test,
    prune,
):
    app.command()(with_exit_code(command))
app.command("import")(with_exit_code(import_))  # Python keeps the word for itself
app.command()(with_exit_code(export))
