"""`aggregator run`: the daemon.

Rule: it blocks until it is told to stop; what it says goes to the log on stderr.
"""

import logging

import typer


def run(*, ctx: typer.Context) -> int:
    """Follow the sources and serve the feeds."""
    from aggregator.daemon.daemon import serve

    ctx.obj.log(logging.INFO)
    serve(ctx.obj.load)
    return 0
