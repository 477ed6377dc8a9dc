"""Fills an empty store with one that `aggregator export --format jsonl` wrote."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.cli.report.terminal import print_stderr
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.cli.context import Invocation

_STDIN = "-"


def import_store(invocation: "Invocation", file: str) -> int:
    """Import a store; `file` is `-` for stdin. Raises: UsageError, StoreError; nothing is then written."""
    from aggregator.app import open_store

    with open_store(invocation.load()) as store:
        with _open_lines(file) as lines:
            counts = store.upkeep.import_lines(lines, name=file)
        while store.update_indexes():
            pass
    if not invocation.quiet:
        listed = [f"{counts.get(name, 0)} {plural}" for name, plural in _SHOWN_TABLES.items()]
        print_stderr(f"imported: {', '.join(listed)}")
    return 0


_SHOWN_TABLES = {
    "source": "sources",
    "entry": "entries",
    "revision": "revisions",
    "capture": "captures",
    "outcome": "outcomes",
}


@contextmanager
def _open_lines(file: str) -> "Iterator[Iterable[bytes]]":
    if file == _STDIN:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    with stream:
        yield stream
