"""What people and machines see: lines on stderr, tables and JSON on stdout.

Rule: a terminal gets colours and its own width, a narrow one a line for each value, anything else plain text that
loses nothing. No control character of a stranger's title or message reaches a terminal.
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

_LEAST_FOLDED = 16  # terminal columns for a long value that takes several lines
_LEAST_CUT = 40  # for a long value that is cut: enough of a title to recognize it
_GAP = 2  # terminal columns between two columns of a table
# What a state or a status looks like in a column that is `styled`.
_STYLES = {
    "ok": "green",
    "failed": "red",
    "failing": "red",
    "gone": "red",
    "new": "cyan",
    "disabled": "dim",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Where a terminal has too little room, a value in a column that `folds` takes several
    lines, one in a column that `cuts` ends with `…`, and any other stays whole.
    """

    name: str
    right: bool = False
    styled: bool = False
    folds: bool = False
    cuts: bool = False


def clean(text: str) -> str:
    r"""Replace what is not printable, but for the ends of lines.

    >>> clean("title\x1b[31m")
    'title\ufffd[31m'
    """
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable() or character in "\n\u200c\u200d\u200b\u3000\xa0\xad":
        return character
    if character.isspace():
        return " "
    return "\N{REPLACEMENT CHARACTER}"


def say(text: str) -> None:
    """Tell a person something, on stderr; where a progress bar is shown, above it."""
    bar_is_shown = hasattr(sys.stderr, "rich_proxied_file")
    if bar_is_shown:
        # Without `file`, echo writes to the stream beneath the bar's own, and tears the bar.
        typer.echo(clean(text), file=sys.stderr)
    else:
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
    if not sys.stdout.isatty():
        put(_plain(columns, lines).encode())
        return

    widths = _fitted_widths(columns, lines, width=console(sys.stdout).width)
    if widths is not None:
        _rich(columns, lines, widths)
    elif lines:
        put(_format_stacked(columns, lines).encode())
    else:
        put(_plain(columns, lines).encode())


def _fitted_widths(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int
) -> list[int] | None:
    """Share a terminal's width among the columns of a table.

    Returns None where that leaves too little of a value to be readable.
    """
    widths = _widths(columns, rows)
    flexible = [index for index, column in enumerate(columns) if column.folds or column.cuts]
    flexible_width = sum(widths[index] for index in flexible)
    room = width - _GAP * (len(columns) - 1) - (sum(widths) - flexible_width)

    # The narrowest first: what it does not need is left to the others.
    flexible.sort(key=lambda index: widths[index])
    for done, index in enumerate(flexible):
        needed = widths[index]
        least = _LEAST_CUT if columns[index].cuts else _LEAST_FOLDED
        widths[index] = min(needed, room // (len(flexible) - done))
        if widths[index] < min(needed, least):
            return None
        room -= widths[index]
    return widths if room >= 0 else None


def _format_stacked(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """Write a line for each value that is there, where the terminal has no room for a table."""
    longest = max(len(column.name) for column in columns)
    blocks = []
    for row in rows:
        lines = []
        for column, cell in zip(columns, row, strict=True):
            if cell:
                lines.append(f"{column.name:{longest}}  {cell}\n")
        blocks.append("".join(lines))
    return "\n".join(blocks)


def _rich(columns: Sequence[Column], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            column.name,
            width=width,
            justify="right" if column.right else "left",
            no_wrap=not column.folds,
            overflow="fold" if column.folds else "ellipsis",
        )
    for row in rows:
        styles = (
            _STYLES.get(cell, "") if column.styled else ""
            for column, cell in zip(columns, row, strict=True)
        )
        table.add_row(*(Text(cell, style) for cell, style in zip(row, styles, strict=True)))
    console(sys.stdout).print(table)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    widths = [cell_len(column.name) for column in columns]
    for row in rows:
        for index, width in enumerate(widths):
            widths[index] = max(width, cell_len(row[index]))
    return widths


def _plain(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    from rich.cells import cell_len

    lines = [[column.name for column in columns], *rows]
    widths = _widths(columns, rows)

    def pad_cell(cell: str, column: Column, width: int) -> str:
        space = " " * (width - cell_len(cell))
        return space + cell if column.right else cell + space

    return "".join(
        "  ".join(map(pad_cell, line, columns, widths)).rstrip() + "\n" for line in lines
    )
