"""Lines of the log: one for each record, whatever others wrote into its values."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from aggregator.cli.context import Invocation
from aggregator.errors import ConfigError, Problem, SourceError
from tests.cli.conftest import logging_kept

FORGED = "x\n2026-03-01 08:00:00,000 INFO source=news status=ok\u2028y\x1b[2J"
ESCAPED = "x\\n2026-03-01 08:00:00,000 INFO source=news status=ok\\u2028y\\x1b[2J"


def log_line(capsys: pytest.CaptureFixture[str], *values: object) -> str:
    with logging_kept():
        Invocation(Path("x.yaml"), explicit=False, log_format="text").configure_logging(
            logging.INFO
        )
        logging.getLogger("aggregator.test").info("%d: %s", 3, *values)
    return capsys.readouterr().err


@pytest.mark.parametrize("value", [FORGED, Path(FORGED), SourceError("http", FORGED)])
def test_a_value_makes_no_second_line(value: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert log_line(capsys, value)[24:] == f"INFO 3: {ESCAPED}\n"


def test_the_problems_of_a_configuration_have_a_line_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    problems = [Problem("a.yaml", 1, "x", "one"), Problem("a.yaml", 2, "y", "two")]

    assert log_line(capsys, ConfigError(problems))[24:] == (
        "INFO 3: a.yaml:1: x: one\na.yaml:2: y: two\n"
    )


def test_the_lines_of_a_traceback_are_indented(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_kept():
        Invocation(Path("x.yaml"), explicit=False, log_format="text").configure_logging(
            logging.INFO
        )
        try:
            raise ValueError("one\n2026-03-01 INFO forged")
        except ValueError:
            logging.getLogger("aggregator.test").exception("failed")
    first, *others = capsys.readouterr().err.splitlines()

    assert first[24:] == "ERROR failed"
    assert others[-1] == "  2026-03-01 INFO forged"
    assert all(line.startswith("  ") for line in others)
