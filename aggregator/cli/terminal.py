"""What people and machines see: lines on stderr, tables and JSON on stdout.

Rule: a terminal gets colours and its own width, anything else plain text that loses nothing. No control character of a
stranger's title or message reaches a terminal.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from rich.console import Console

# What a state or a status looks like in a column that is `styled`.
_STYLES = {"ok": "green", "failed": "red", "failing": "red", "gone": "red", "new": "cyan", "disabled": "dim"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. One that `folds` takes several lines, any other is cut at the terminal's edge."""

    name: str
    right: bool = False
    styled: bool = False
    folds: bool = False


def clean(text: str) -> str:
    r"""Replace what is not printable, but for the ends of lines.

    >>> clean("title\x1b[31m")
    'title\ufffd[31m'
    """
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable() or character in "\n\u200c\u200d\u200b\u3000\xa0\xad":
        return character
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"


def say(text: str) -> None:
    """Tell a person something, on stderr."""
    typer.echo(clean(text), err=True)


def put(data: bytes) -> None:
    """Write to stdout as it is: UTF-8 whatever the terminal's encoding."""
    sys.stdout.buffer.write(data)


def put_json(value: object) -> None:
    """Write one JSON document for machines, indented for people, non-ASCII as it is."""
    import orjson

    put(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def console(stream: TextIO) -> Console:
    """Make rich's console for a stream: no markup, no guesses of what a text may mean."""
    from rich.console import Console

    return Console(file=stream, markup=False, emoji=False, highlight=False)


def put_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Write a table to stdout."""
    lines = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich(columns, lines)
    else:
        put(_plain(columns, lines).encode())


def _rich(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        overflow = "fold" if column.folds else "ellipsis"
        justify = "right" if column.right else "left"
        table.add_column(column.name, justify=justify, no_wrap=not column.folds, overflow=overflow)  # type: ignore[arg-type]
    for row in rows:
        styles = (_STYLES.get(cell, "") if column.styled else "" for column, cell in zip(columns, row, strict=True))
        table.add_row(*(Text(cell, style) for cell, style in zip(row, styles, strict=True)))
    console(sys.stdout).print(table)


def _plain(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    from rich.cells import cell_len

    lines = [[column.name for column in columns], *rows]
    widths = [max(cell_len(line[index]) for line in lines) for index in range(len(columns))]

    def padded(cell: str, column: Column, width: int) -> str:
        space = " " * (width - cell_len(cell))
        return space + cell if column.right else cell + space

    return "".join("  ".join(map(padded, line, columns, widths)).rstrip() + "\n" for line in lines)
