"""`aggregator export`: write the sources as OPML, or the whole store as JSON lines.

The output contains no secrets. A file is either replaced completely or left as it was.
Rows stream, so memory use is constant.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import hide_in_document, print_stderr, write_stdout
from aggregator.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.config import Config


def export(
    *,
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="File to write; default: stdout."),
    ] = None,
    format: Annotated[  # noqa: A002
        Literal["opml", "jsonl"],
        typer.Option(help="opml: the sources that are feeds; jsonl: the whole store."),
    ] = "opml",
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="The same as FILE.")
    ] = None,
    captures: Annotated[
        bool, typer.Option("--captures", help="jsonl: also the documents that were fetched.")
    ] = False,
) -> int:
    """Write the sources as OPML, or the whole store as JSON lines."""
    ctx.obj.configure_logging(logging.WARNING)
    if file is not None and output is not None:
        raise UsageError("FILE and --output name the same thing: use one of them")
    if captures and format != "jsonl":
        raise UsageError("--captures is for --format jsonl")
    config = ctx.obj.load()
    target = file or output
    if format == "opml":
        _write_output(_render_opml(config, quiet=ctx.obj.quiet), target)
    else:
        lines = _store_lines(config, with_captures=captures)
        _write_output(map(hide_in_document, lines), target)
    return 0


def _render_opml(config: "Config", *, quiet: bool) -> "Iterator[bytes]":
    from aggregator.opml.write import render, select_outlines

    feeds, left_out = select_outlines(config.sources)
    yield render("aggregator", feeds)
    for source, why in left_out.items() if not quiet else ():
        print_stderr(f"{source}: not exported: {why}")


def _store_lines(config: "Config", *, with_captures: bool) -> "Iterator[bytes]":
    from aggregator.app import open_store

    with open_store(config) as store:
        yield from store.upkeep.export_lines(with_captures=with_captures)


def _write_output(parts: "Iterable[bytes]", output: Path | None) -> None:
    if output is None:
        for part in parts:
            write_stdout(part)
        return
    try:
        write_stream(output, parts)
    except OSError as error:
        raise StoreError(f"cannot write {output}: {error.strerror or error}") from error


def write_stream(path: Path, parts: "Iterable[bytes]") -> None:
    """Write a stream to a file, which is replaced only after the stream has ended. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
