"""`aggregator run`: run the daemon until it is told to stop, with the log on stderr."""

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.errors import UsageError
from aggregator.interrupt import end_within

if TYPE_CHECKING:
    from aggregator.config import Config

END_SECONDS = 1.0  # for threads that still wait after everything is stored


def run(
    *,
    ctx: typer.Context,
    listen: Annotated[
        str | None,
        typer.Option(
            "--listen", metavar="ADDRESS", help="host:port to serve on, before server.listen."
        ),
    ] = None,
) -> int:
    """Follow the sources and serve the feeds."""
    from aggregator.daemon.daemon import serve

    ctx.obj.configure_logging(logging.INFO)
    if listen is not None:
        _check_listen(listen)

    def load() -> "Config":
        config: Config = ctx.obj.load()
        return config if listen is None else _with_listen(config, listen)

    serve(load, stopped=lambda: end_within(END_SECONDS, code=0))
    return 0


def _check_listen(listen: str) -> None:
    """Raise UsageError unless it is host:port."""
    from aggregator.config.types import check_listen as checked

    try:
        checked(listen)
    except ValueError as error:
        raise UsageError(f"--listen {error}, not `{listen[:100]}`") from error


def _with_listen(config: "Config", listen: str) -> "Config":
    server = config.server.model_copy(update={"listen": listen})
    return config.model_copy(update={"server": server})
