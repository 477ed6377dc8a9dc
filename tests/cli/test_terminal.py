from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING

import pytest

from aggregator.cli.commands.entries import COLUMNS as ENTRIES
from aggregator.cli.commands.sources import COLUMNS as SOURCES
from aggregator.cli.report.terminal import Column, print_table, replace_unprintable

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (Column("source"), Column("items", right=True), Column("title", cuts=True))
_BOLD = re.compile(r"\x1b\[[01]m")
ROWS = (("a", "12", "日股收涨 [bold]x[/bold]"), ("中文源", "3", "a\x1b[2Jb"))


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def shown(
    monkeypatch: pytest.MonkeyPatch,
    stream: io.TextIOWrapper,
    columns: Sequence[Column] = COLUMNS,
    rows: Sequence[Sequence[str]] = ROWS,
) -> str:
    monkeypatch.setattr(sys, "stdout", stream)
    print_table(columns, rows)
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]


def on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
) -> list[str]:
    """The lines that a terminal shows, without what makes them bold."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(monkeypatch, Terminal(io.BytesIO(), "utf-8"), columns, rows)
    return [_BOLD.sub("", line).rstrip() for line in text.splitlines()]


def test_a_table_in_a_file_is_aligned_by_the_width_of_its_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shown(monkeypatch, io.TextIOWrapper(io.BytesIO(), "ascii")) == (
        "source  items  title\na          12  日股收涨 [bold]x[/bold]\n中文源      3  a\N{REPLACEMENT CHARACTER}[2Jb\n"
    )


def test_a_table_on_a_terminal_is_cut_at_its_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("a", "12", "日股收涨 [bold]x[/bold] " + "and so on " * 3)]

    lines = on_a_terminal(monkeypatch, 55, COLUMNS, rows)

    assert lines == [
        "source  items  title",
        "a          12  日股收涨 [bold]x[/bold] and so on and s…",
    ]


def test_a_table_on_a_narrow_terminal_is_a_line_for_each_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "20")

    assert shown(monkeypatch, Terminal(io.BytesIO(), "utf-8")) == (
        "source  a\nitems   12\ntitle   日股收涨 [bold]x[/bold]\n\n"
        "source  中文源\nitems   3\ntitle   a\N{REPLACEMENT CHARACTER}[2Jb\n"
    )


ENTRY = (
    "2026-03-01 10:00Z",
    "rfi-cn",
    "A headline of quite ordinary length about a harbour and its bridges",
)
STACKED_ENTRY = [
    "published  2026-03-01 10:00Z",
    "source     rfi-cn",
    "title      A headline of quite ordinary length about a harbour and its bridges",
]
HEAD_OF_ENTRIES = "published          source  title"


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, STACKED_ENTRY),
        (60, STACKED_ENTRY),
        (
            80,
            [
                HEAD_OF_ENTRIES,
                "2026-03-01 10:00Z  rfi-cn  A headline of quite ordinary length about a harbour …",
            ],
        ),
        (120, [HEAD_OF_ENTRIES, "  ".join(ENTRY)]),
    ],
)
def test_entries_are_readable_on_a_terminal_of_any_width(
    monkeypatch: pytest.MonkeyPatch, width: int, lines: list[str]
) -> None:
    assert on_a_terminal(monkeypatch, width, ENTRIES, [ENTRY]) == lines


SOURCE = (
    "rfi-cn",
    "failing",
    "broken",
    "412",
    "2026-03-01 10:00Z",
    "timeout: no answer within 30 s",
    "in 116 min: 1 failure",
    "rfi",
    "https://www.rfi.fr/cn/rss",
)
STACKED_SOURCE = [
    "source    rfi-cn",
    "state     failing",
    "verdict   broken",
    "items     412",
    "last run  2026-03-01 10:00Z",
    "result    timeout: no answer within 30 s",
    "next      in 116 min: 1 failure",
    "adapter   rfi",
    "address   https://www.rfi.fr/cn/rss",
]

TABLE_OF_SOURCES = """\
source  state    verdict  items  last run           result               next                adapter  address
rfi-cn  failing  broken     412  2026-03-01 10:00Z  timeout: no answer   in 116 min: 1       rfi      https://www.rfi.fr
                                                    within 30 s          failure                      /cn/rss
"""


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, STACKED_SOURCE),
        (60, STACKED_SOURCE),
        (80, STACKED_SOURCE),
        (120, TABLE_OF_SOURCES.splitlines()),
    ],
)
def test_sources_are_readable_on_a_terminal_of_any_width(
    monkeypatch: pytest.MonkeyPatch, width: int, lines: list[str]
) -> None:
    assert on_a_terminal(monkeypatch, width, SOURCES, [SOURCE]) == lines


def test_a_table_without_rows_is_its_head_however_narrow_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert on_a_terminal(monkeypatch, 20, SOURCES, []) == [
        "source  state  verdict  items  last run  result  next  adapter  address"
    ]


def test_only_what_is_printable_is_shown() -> None:
    assert replace_unprintable("a\tb\nc\x00d\x9be\u202ef") == "a b\nc\ufffdd\ufffde\\u202ef"


def test_a_bidi_control_or_a_line_end_of_unicode_is_shown_as_its_number() -> None:
    assert replace_unprintable("exe.\u202etxt\u2066\u200f\u2028x") == (
        "exe.\\u202etxt\\u2066\\u200f\\u2028x"
    )


def test_a_value_of_several_lines_makes_no_further_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("a", "1", "one\nb       2   two\u2028three")]

    assert shown(monkeypatch, io.TextIOWrapper(io.BytesIO(), "utf-8"), rows=rows) == (
        "source  items  title\na           1  one\\nb       2   two\\u2028three\n"
    )
