from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from aggregator.cli.report.terminal import Column, clean, put_table

if TYPE_CHECKING:
    import pytest

COLUMNS = (Column("source"), Column("items", right=True), Column("title"))
ROWS = (("a", "12", "日股收涨 [bold]x[/bold]"), ("中文源", "3", "a\x1b[2Jb"))


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.TextIOWrapper) -> str:
    monkeypatch.setattr(sys, "stdout", stream)
    put_table(COLUMNS, ROWS)
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]


def test_a_table_in_a_file_is_aligned_by_the_width_of_its_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shown(monkeypatch, io.TextIOWrapper(io.BytesIO(), "ascii")) == (
        "source  items  title\na          12  日股收涨 [bold]x[/bold]\n中文源      3  a\N{REPLACEMENT CHARACTER}[2Jb\n"
    )


def test_a_table_on_a_terminal_is_cut_at_its_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "31")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")

    lines = shown(monkeypatch, Terminal(io.BytesIO(), "utf-8")).splitlines()

    assert lines[1] == "a      12  日股收涨 [bold]x[/b…"


def test_a_table_on_a_narrow_terminal_is_a_line_for_each_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "20")

    assert shown(monkeypatch, Terminal(io.BytesIO(), "utf-8")) == (
        "source  a\nitems   12\ntitle   日股收涨 [bold]x[/bold]\n\n"
        "source  中文源\nitems   3\ntitle   a\N{REPLACEMENT CHARACTER}[2Jb\n"
    )


def test_only_what_is_printable_is_shown() -> None:
    assert clean("a\tb\nc\x00d\x9be\u202ef") == "a b\nc\ufffdd\ufffde\ufffdf"
