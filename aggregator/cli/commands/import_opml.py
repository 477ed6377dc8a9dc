"""`aggregator import`: add the feeds of an OPML file, or fill a store with an exported one.

Nothing is fetched; the daemon spreads the first polls. If the configuration does not
load afterwards, its files are restored.
"""

import json
import logging
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.commands.import_store import import_store
from aggregator.cli.report.terminal import Column, print_json, print_stderr, print_table
from aggregator.errors import SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.cli.context import Invocation
    from aggregator.opml.read import Subscriptions
    from aggregator.subscribe.import_plan import ImportResult

DEFAULT_FILE = Path("sources/imported.yaml")  # beside the main file
MAX_FILE_BYTES = 15 * 2**16  # a file may have 1 MiB; the rest is room for what people add by hand
COLUMNS = (
    Column("fate", styled=True),
    Column("source"),
    Column("address", folds=True),
    Column("message", folds=True),
)
STDIN = "-"


def import_(
    *,
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What to import; `-` reads it from stdin.")
    ],
    to: Annotated[
        Path | None,
        typer.Option("--file", metavar="YAML", help=f"File to append to; default: {DEFAULT_FILE}."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be added.")
    ] = False,
    format: Annotated[  # noqa: A002
        Literal["table", "json", "opml", "jsonl"],
        typer.Option(
            help="What FILE is: opml or jsonl, a store that `export` wrote;"
            " for OPML also how to print the result for each feed: table or json."
        ),
    ] = "table",
) -> int:
    """Add the feeds of an OPML file, or fill an empty store with an exported one."""
    ctx.obj.configure_logging(logging.WARNING)
    if format == "jsonl":
        if to is not None or dry_run:
            raise UsageError("--file and --dry-run are for OPML")
        return import_store(ctx.obj, file)
    return _import_opml(ctx.obj, file, to, dry_run=dry_run, format=format)


def _import_opml(
    invocation: "Invocation",
    file: str,
    to: Path | None,
    *,
    dry_run: bool,
    format: str,  # noqa: A002
) -> int:
    from aggregator.config.edit.add import choose_file
    from aggregator.subscribe.import_plan import plan_import

    config = invocation.load()
    listed = _read_opml(file)
    found = plan_import(listed.feeds, config)
    new = [fate for fate in found if fate.verdict == "added"]
    first = choose_file(config, to or invocation.path.parent / DEFAULT_FILE, env=os.environ)
    paths = [] if dry_run or not new else _write_sources(invocation, new, first)
    _print_results(found, format)
    if not invocation.quiet:
        _print_summary(found, paths, cut=listed.is_truncated, dry_run=dry_run)
    return 0


def _read_opml(file: str) -> "Subscriptions":
    from aggregator.opml import read

    try:
        if file == STDIN:
            body = sys.stdin.buffer.read(read.LIMIT_BYTES + 1)
        else:
            with Path(file).open("rb") as stream:
                body = stream.read(read.LIMIT_BYTES + 1)
        return read.read(body)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot read {file}: {getattr(error, 'strerror', None) or error}"
        ) from error
    except SourceError as error:
        raise UsageError(f"{file} is not an OPML list: {error}") from error


def _write_sources(
    invocation: "Invocation", new: "Sequence[ImportResult]", first: Path
) -> list[Path]:
    """Append the new sources and load the configuration again.

    Raises: ConfigError, UsageError; the files are then as they were before.
    """
    from aggregator.config.edit.add import lock_file

    with lock_file(first):
        return _append_and_reload(invocation, new, first)


def _append_and_reload(
    invocation: "Invocation", new: "Sequence[ImportResult]", first: Path
) -> list[Path]:
    from aggregator.config.edit.add import append_sources

    before: dict[Path, bytes | None] = {}
    try:
        for path, part in _split_over_files(new, first):
            before[path] = path.read_bytes() if path.exists() else None
            mappings = [fate.mapping for fate in part]
            append_sources(invocation.path, mappings, file=path)
        followed = {source.id for source in invocation.load().sources}
        are_followed = all(fate.id in followed for fate in new)
        if not are_followed:
            raise UsageError(
                f"{first} is not among the files that `sources` names in {invocation.path}"
            )
    except BaseException:
        _restore_files(before)
        raise
    return list(before)


def _split_over_files(
    new: "Iterable[ImportResult]", first: Path
) -> "Iterator[tuple[Path, list[ImportResult]]]":
    """Split sources over the first file and as many further files beside it as they need."""
    path, size, number = first, _file_size(first), 1
    part: list[ImportResult] = []
    for fate in new:
        need = _yaml_size(fate)
        while size + need > MAX_FILE_BYTES:
            if part:
                yield path, part
            number += 1
            path, part = first.with_stem(f"{first.stem}-{number}"), []
            size = _file_size(path)
        part.append(fate)
        size += need
    yield path, part


def _file_size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _yaml_size(fate: "ImportResult") -> int:
    """Return an upper bound of a source's size in YAML, in bytes: ASCII JSON is never shorter."""
    return len(json.dumps(fate.mapping)) + 16 + 8 * len(fate.tags)


def _restore_files(before: dict[Path, bytes | None]) -> None:
    from aggregator.publish import write_file

    for path, data in before.items():
        if data is None:
            path.unlink(missing_ok=True)
        else:
            write_file(path, data)


def _print_results(found: "Sequence[ImportResult]", format: str) -> None:  # noqa: A002
    if format == "json":
        print_json([_result_record(fate) for fate in found])
    else:
        print_table(COLUMNS, map(_row, found))


def _row(fate: "ImportResult") -> tuple[str, ...]:
    return fate.verdict, fate.id or "-", fate.url or "-", _result_message(fate)


def _result_message(fate: "ImportResult") -> str:
    return ": ".join(part for part in (fate.name, fate.why) if part)


def _result_record(fate: "ImportResult") -> dict[str, object]:
    return {
        "fate": fate.verdict,
        "id": fate.id,
        "url": fate.url,
        "name": fate.name,
        "tags": list(fate.tags),
        "why": fate.why,
    }


def _print_summary(
    found: "Sequence[ImportResult]", paths: "Sequence[Path]", *, cut: bool, dry_run: bool
) -> None:
    from aggregator.opml.read import MAX_OUTLINES

    counts = Counter(fate.verdict for fate in found)
    added = "added"
    if paths:
        added += f" to {', '.join(map(str, paths))}"
    if dry_run:
        added = "would be added"
    print_stderr(
        f"{counts['added']} {added}, {counts['followed']} followed already, {counts['refused']} refused"
    )
    if cut:
        print_stderr(f"what stands after {MAX_OUTLINES:,} outlines was left out")
