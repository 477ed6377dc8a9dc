"""Output: lines on stderr, tables and JSON on stdout.

On a terminal a table is coloured and fits the width; where that is too narrow, each
value gets a line. Elsewhere tables are plain text without cuts. Control characters
from foreign titles and messages never reach a terminal; bidi controls are escaped.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from aggregator.escapes import escape_bidi, escape_json, escape_line_ends
from aggregator.redaction import NO_SECRETS, Secrets, merge_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from rich.console import Console

_MIN_FOLDED_WIDTH = 16  # terminal columns for a long value that takes several lines
_MIN_CUT_WIDTH = 40  # for a long value that is cut: enough to recognize a title
_COLUMN_GAP = 2  # terminal columns between two columns of a table
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


@dataclass(slots=True)
class _Hidden:
    secrets: Secrets = NO_SECRETS


# Of the whole process, because all that it prints leaves through here, also before and after
# the commands. After a reload, former values are still hidden: they may be in the store.
_hidden = _Hidden()


def hide_secrets(secrets: Secrets) -> None:
    """Hide these values, too, in all that is printed from now on."""
    _hidden.secrets = merge_secrets([_hidden.secrets, secrets])


def forget_secrets() -> None:
    """Hide nothing until the next `hide_secrets`."""
    _hidden.secrets = NO_SECRETS


def replace_unprintable(text: str) -> str:
    r"""Replace unprintable characters except line ends; bidi controls are escaped, secrets hidden.

    >>> replace_unprintable("title\x1b[31m \u202etxt.exe")
    'title\ufffd[31m \\u202etxt.exe'
    """
    text = _hidden.secrets.hide(text)
    if text.isprintable():
        return text
    return "".join(map(_printable_character, escape_bidi(text)))


def replace_in_line(text: str) -> str:
    """Replace unprintable characters, and escape line ends: the text stays on one line."""
    return replace_unprintable(escape_line_ends(text))


def _printable_character(character: str) -> str:
    if character.isprintable() or character in "\n\u200c\u200d\u200b\u3000\xa0\xad":
        return character
    if character.isspace():
        return " "
    return "\N{REPLACEMENT CHARACTER}"


def print_stderr(text: str) -> None:
    """Print a line to stderr, above the progress bar if one is shown."""
    bar_is_shown = hasattr(sys.stderr, "rich_proxied_file")
    if bar_is_shown:
        # Without `file`, echo writes to the stream beneath the bar and breaks the bar.
        typer.echo(replace_unprintable(text), file=sys.stderr)
    else:
        typer.echo(replace_unprintable(text), err=True)


def print_line(text: str) -> None:
    """Print a line to stdout."""
    typer.echo(replace_unprintable(text))


def write_stdout(data: bytes) -> None:
    """Write UTF-8 to stdout, whatever the terminal's encoding."""
    sys.stdout.buffer.write(hide_in_document(data))


def hide_in_document(data: bytes) -> bytes:
    """Return a document without secrets, for stdout or a file."""
    return _hidden.secrets.hide_in_document(data)


def print_json(value: object) -> None:
    """Print a value as one indented JSON document in UTF-8."""
    import orjson

    data = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    write_stdout(escape_json(data))


def make_console(stream: TextIO) -> Console:
    """Make a rich console for a stream, without markup, emoji and highlighting."""
    from rich.console import Console

    return Console(file=stream, markup=False, emoji=False, highlight=False)


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print a table to stdout."""
    lines = [[replace_in_line(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        write_stdout(_format_plain_table(columns, lines).encode())
        return

    widths = _fit_widths(columns, lines, width=make_console(sys.stdout).width)
    if widths is not None:
        _print_rich_table(columns, lines, widths)
    elif lines:
        write_stdout(_format_stacked(columns, lines).encode())
    else:
        write_stdout(_format_plain_table(columns, lines).encode())


def _fit_widths(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int
) -> list[int] | None:
    """Share a terminal's width among the columns of a table.

    Returns None where that leaves too little of a value to be readable.
    """
    widths = _column_widths(columns, rows)
    flexible = [index for index, column in enumerate(columns) if column.folds or column.cuts]
    flexible_width = sum(widths[index] for index in flexible)
    room = width - _COLUMN_GAP * (len(columns) - 1) - (sum(widths) - flexible_width)

    # The narrowest first: what it does not need is left to the others.
    flexible.sort(key=lambda index: widths[index])
    for done, index in enumerate(flexible):
        needed = widths[index]
        least = _MIN_CUT_WIDTH if columns[index].cuts else _MIN_FOLDED_WIDTH
        widths[index] = min(needed, room // (len(flexible) - done))
        if widths[index] < min(needed, least):
            return None
        room -= widths[index]
    return widths if room >= 0 else None


def _format_stacked(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """Format each value on its own line, for terminals too narrow for a table."""
    longest = max(len(column.name) for column in columns)
    blocks = []
    for row in rows:
        lines = []
        for column, cell in zip(columns, row, strict=True):
            if cell:
                lines.append(f"{column.name:{longest}}  {cell}\n")
        blocks.append("".join(lines))
    return "\n".join(blocks)


def _print_rich_table(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], widths: Sequence[int]
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _COLUMN_GAP, 0, 0))
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            column.name,
            width=width,
            justify="right" if column.right else "left",
            no_wrap=not column.folds,
            overflow="fold" if column.folds else "ellipsis",
        )

    for row in rows:
        cells = []
        for column, cell in zip(columns, row, strict=True):
            style = ""
            if column.styled:
                style = _STYLES.get(cell, "")
            cells.append(Text(cell, style))
        table.add_row(*cells)
    make_console(sys.stdout).print(table)


def _column_widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    widths = [cell_len(column.name) for column in columns]
    for row in rows:
        for index, width in enumerate(widths):
            widths[index] = max(width, cell_len(row[index]))
    return widths


def _format_plain_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    from rich.cells import cell_len

    lines = [[column.name for column in columns], *rows]
    widths = _column_widths(columns, rows)

    def pad_cell(cell: str, column: Column, width: int) -> str:
        space = " " * (width - cell_len(cell))
        return space + cell if column.right else cell + space

    return "".join(
        "  ".join(map(pad_cell, line, columns, widths)).rstrip() + "\n" for line in lines
    )
