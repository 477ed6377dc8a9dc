from __future__ import annotations

import io
import logging
import sys
from typing import TYPE_CHECKING

from aggregator.cli.context import _StderrHandler
from aggregator.cli.report.progress import show_progress
from aggregator.cli.report.terminal import print_stderr

if TYPE_CHECKING:
    import pytest

ERASED = "\r\x1b[2K"  # the line on which the bar was


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def test_what_is_said_while_the_bar_is_shown_stands_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal(io.BytesIO(), "utf-8")
    monkeypatch.setattr(sys, "stderr", stream)
    handler = _StderrHandler()

    with show_progress(2, quiet=False):
        print_stderr("a message")
        handler.emit(logging.makeLogRecord({"msg": "a log line"}))
    stream.flush()

    shown = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
    assert f"{ERASED}a message\n" in shown
    assert f"{ERASED}a log line\n" in shown
