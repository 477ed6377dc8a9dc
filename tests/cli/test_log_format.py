"""The forms of the log: what logfmt and JSON say, other programs read as it was meant."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.cli.log_format import choose_formatter
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from conftest import Project

AT = 1767225600.25  # 2026-01-01T00:00:00.250Z
HOSTILE = [
    "plain",
    "",
    "two words",
    'a "quoted" word',
    "a=b",
    "back\\slash",
    'end\\"',
    "one\ntwo\r\n level=error",
    "tab\there",
    "\x1b[31mred\u2028\u202e",
    "日股收涨",
]
PAIR = re.compile(r'([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^ "=]*))(?: |$)')


def record(message: str, *args: object, fields: Any = None, error: Any = None) -> Any:
    made = logging.LogRecord("aggregator.x", logging.INFO, "x.py", 1, message, args, error)
    made.created = AT
    if fields is not None:
        made.fields = fields
    return made


def line(name: str, made: Any, **environment: str) -> str:
    return choose_formatter(name, environment).format(made)


def parse_logfmt(text: str) -> dict[str, str]:
    """Read a line as parsers of logfmt do: values in quotes have the escapes of JSON and of Go."""
    found, end = {}, 0
    for pair in PAIR.finditer(text):
        assert pair.start() == end, text
        end = pair.end()
        value = pair[3]
        if pair[2] is not None:
            value = re.sub(r"\\(x..|u....|.)", lambda escape: _unescaped(escape[1]), pair[2])
        found[pair[1]] = value
    assert end == len(text), text
    return found


def _unescaped(escape: str) -> str:
    if escape[0] in "xu":
        return chr(int(escape[1:], 16))
    return {"n": "\n", "r": "\r", "t": "\t"}.get(escape, escape)


@pytest.mark.parametrize("value", HOSTILE)
def test_logfmt_and_json_keep_any_value_on_one_line(value: str) -> None:
    made = record("it is %s", value, fields={"source": value, "found": 3, "error": None})
    expected = {"time": "2026-01-01T00:00:00.250Z", "level": "info", "source": value}

    logfmt, as_json = line("logfmt", made), line("json", made)

    assert logfmt.isprintable()
    assert as_json.isprintable()
    assert parse_logfmt(logfmt) == expected | {"found": "3"}
    assert json.loads(as_json) == expected | {"found": 3}


def test_a_record_without_fields_has_a_message() -> None:
    assert line("logfmt", record("serving %s", "http://a.example/?b=c")) == (
        'time=2026-01-01T00:00:00.250Z level=info msg="serving http://a.example/?b=c"'
    )


def test_a_traceback_stays_on_its_line() -> None:
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        made = record("failed", error=sys.exc_info())

    found = parse_logfmt(line("logfmt", made))

    assert found["msg"] == "failed"
    assert found["traceback"].startswith("Traceback (most recent call last):\n")
    assert found["traceback"].endswith("ValueError: one\ntwo")
    assert json.loads(line("json", made))["traceback"] == found["traceback"]


def test_the_journal_adds_the_time_itself() -> None:
    status = os.fstat(2)
    ours, others = f"{status.st_dev}:{status.st_ino}", "1:1"
    made = record("serving")

    lines = [line(name, made, JOURNAL_STREAM=ours) for name in ("text", "logfmt", "json")]

    assert lines == ["INFO serving", "level=info msg=serving", '{"level":"info","msg":"serving"}']
    assert line("logfmt", made, JOURNAL_STREAM=others).startswith("time=2026")


def test_an_option_comes_before_the_environment() -> None:
    made = record("serving")

    assert line("json", made, AGGREGATOR_LOG_FORMAT="text").startswith("{")
    assert line("", made, AGGREGATOR_LOG_FORMAT="json").startswith("{")
    assert line("", made).startswith("time=")
    with pytest.raises(UsageError, match="AGGREGATOR_LOG_FORMAT: `xml` is not one of text, logfmt"):
        line("", made, AGGREGATOR_LOG_FORMAT="xml")


def test_a_run_of_a_source_is_a_line_of_fields(project: Project) -> None:
    said = project.call("-v", "--log-format", "json", "fetch", "saved")
    after = project.call("-v", "fetch", "saved", "--force", "--log-format", "logfmt")

    [run] = [json.loads(found) for found in said.err.splitlines() if '"source"' in found]
    del run["time"], run["ms"]
    assert run == {
        "level": "info",
        "source": "saved",
        "status": "ok",
        "found": 3,
        "new": 3,
        "changed": 0,
        "same": 0,
        "rejected": 0,
    }
    assert " level=info source=saved status=unchanged " in after.err
