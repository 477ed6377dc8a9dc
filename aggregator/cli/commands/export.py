"""`aggregator export`: write the sources as OPML, or all entries as JSON lines.

The output contains no secrets. A file is either replaced completely or left as it was.
Entries stream through a temporary file, so memory use is constant.
"""

import logging
import os
import tempfile
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import hide_in_document, print_stderr, write_stdout
from aggregator.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.config import Config

_LINES_PER_BLOCK = 1_000  # compressed together: a tenth of the space on disk


def export(
    *,
    ctx: typer.Context,
    format: Annotated[  # noqa: A002
        Literal["opml", "jsonl"],
        typer.Option(help="opml: the sources that are feeds; jsonl: every entry, a line each."),
    ] = "opml",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write; default: stdout.")
    ] = None,
) -> int:
    """Write the sources as OPML, or all entries as JSON lines, oldest first."""
    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    if format == "opml":
        _write_output(_render_opml(config, quiet=ctx.obj.quiet), output)
    else:
        _write_output(map(hide_in_document, _entry_lines(config)), output)
    return 0


def _render_opml(config: "Config", *, quiet: bool) -> "Iterator[bytes]":
    from aggregator.opml.write import render, select_outlines

    feeds, left_out = select_outlines(config.sources)
    yield render("aggregator", feeds)
    for source, why in left_out.items() if not quiet else ():
        print_stderr(f"{source}: not exported: {why}")


def _entry_lines(config: "Config") -> "Iterator[bytes]":
    """Yield a line for each entry, oldest first.

    The store gives the newest first. All of it is read before the first line is
    yielded, so a slow reader does not hold a transaction open.
    """
    from aggregator.app import open_store
    from aggregator.publish.json_record import entry_json

    with open_store(config) as store:
        yield from reverse_lines(entry_json(entry) + b"\n" for entry in store.entries())


def _write_output(parts: "Iterable[bytes]", output: Path | None) -> None:
    if output is None:
        for part in parts:
            write_stdout(part)
        return
    try:
        write_stream(output, parts)
    except OSError as error:
        raise StoreError(f"cannot write {output}: {error.strerror or error}") from error


def reverse_lines(lines: "Iterable[bytes]") -> "Iterator[bytes]":
    r"""Yield the lines in opposite order, through a compressed temporary file.

    Each line ends with a newline and contains no other.

    >>> list(reverse_lines([b"a\n", b"b\n"]))
    [b'b\n', b'a\n']
    """
    from aggregator import zstd

    stream = iter(lines)
    with tempfile.TemporaryFile() as spool:
        ends = [0]
        while block := list(islice(stream, _LINES_PER_BLOCK)):
            spool.write(zstd.compress(b"".join(block), level=1))
            ends.append(spool.tell())
        for begin, end in zip(ends[-2::-1], ends[:0:-1], strict=True):
            spool.seek(begin)
            block = zstd.decompress(spool.read(end - begin)).splitlines(keepends=True)
            yield from reversed(block)


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
