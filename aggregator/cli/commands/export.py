"""`aggregator export`: the sources for another reader, or every entry for another program.

Rule: what is exported holds no secret and goes to stdout or to one file, which is whole or untouched. Entries stream:
a million of them need no more memory than a few thousand.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import put, say
from aggregator.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.config import Config


def export(
    *,
    ctx: typer.Context,
    format: Annotated[  # noqa: A002
        Literal["opml", "jsonl"],
        typer.Option(help="opml: the sources that are feeds; jsonl: every entry, a line each."),
    ] = "opml",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write; stdout where absent.")
    ] = None,
) -> int:
    """Write the sources as OPML, or all entries as JSON lines, oldest first."""
    ctx.obj.log(logging.WARNING)
    config = ctx.obj.load()
    if format == "opml":
        _put(_opml(config, quiet=ctx.obj.quiet), output)
    else:
        _put(_entries(config), output)
    return 0


def _opml(config: "Config", *, quiet: bool) -> "Iterator[bytes]":
    from aggregator.opml.write import render, select_outlines

    feeds, left_out = select_outlines(config.sources)
    yield render("aggregator", feeds)
    for source, why in left_out.items() if not quiet else ():
        say(f"{source}: not exported: {why}")


def _entries(config: "Config") -> "Iterator[bytes]":
    """Give a line for each entry, oldest first; the store gives the newest first, and is asked only that long."""
    import orjson

    from aggregator.app import open_store
    from aggregator.cli.backwards import backwards
    from aggregator.publish.json_record import record

    with open_store(config) as store:
        yield from backwards(orjson.dumps(record(entry)) + b"\n" for entry in store.entries())


def _put(parts: "Iterable[bytes]", output: Path | None) -> None:
    if output is None:
        for part in parts:
            put(part)
        return
    from aggregator.cli.backwards import write_stream

    try:
        write_stream(output, parts)
    except OSError as error:
        raise StoreError(f"cannot write {output}: {error.strerror or error}") from error
