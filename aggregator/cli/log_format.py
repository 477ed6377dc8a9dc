"""The forms of the log: text for people, logfmt and JSON for programs; a record is one line in each.

A record may carry `fields` (`extra={"fields": …}`), which logfmt and JSON give instead of its text.
"""

from __future__ import annotations

import logging
import os
import sys
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any, Literal, get_args

from aggregator.errors import ConfigError, UsageError
from aggregator.escapes import escape_json, escape_unseen

if TYPE_CHECKING:
    from collections.abc import Mapping

LogFormat = Literal["text", "logfmt", "json"]
ENVIRONMENT_NAME = "AGGREGATOR_LOG_FORMAT"


def choose_formatter(wanted: str | None, environment: Mapping[str, str]) -> logging.Formatter:
    """Return the formatter that is wanted, else that of the environment, else that of the stream.

    Raises: UsageError for an unknown format.
    """
    name = wanted or environment.get(ENVIRONMENT_NAME) or _default_format()
    if name not in get_args(LogFormat):
        raise UsageError(
            f"{ENVIRONMENT_NAME}: `{name}` is not one of {', '.join(get_args(LogFormat))}"
        )
    with_time = not _is_journal(environment.get("JOURNAL_STREAM", ""))
    if name == "text":
        return _TextFormatter(with_time=with_time)
    if name == "json":
        return _JsonFormatter(with_time=with_time)
    return _LogfmtFormatter(with_time=with_time)


def quote_value(text: str) -> str:
    r"""Return a value as logfmt has it: in quotes where a parser needs them.

    >>> quote_value('a "b" = c'), quote_value("ok"), quote_value("")
    ('"a \\"b\\" = c"', 'ok', '""')
    """
    plain = text.isprintable() and not any(sign in text for sign in ' "=\\')
    if plain and text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escape_unseen(escaped)}"'


def _default_format() -> LogFormat:
    return "text" if sys.stderr.isatty() else "logfmt"


def _is_journal(stream: str) -> bool:
    """Tell whether stderr is the stream of the journal, `device:inode`, which adds times itself."""
    try:
        status = os.fstat(2)
    except OSError:
        return False
    return stream == f"{status.st_dev}:{status.st_ino}"


class _TextFormatter(logging.Formatter):
    """Formats a record so that no text in it passes for another record.

    Line ends in its values are escaped. The problems of a configuration and tracebacks take
    several lines; those of a traceback are indented.
    """

    def __init__(self, *, with_time: bool) -> None:
        time = "%(asctime)s " if with_time else ""
        super().__init__(f"{time}%(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        escaped = copy(record)
        if isinstance(record.args, tuple):
            escaped.args = tuple(map(_escape_value, record.args))
        return super().format(escaped)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (interface)
        return indent(super().formatException(ei), "  ")


def _escape_value(value: object) -> object:
    if isinstance(value, str):
        return escape_unseen(value)
    if isinstance(value, (BaseException, Path)) and not isinstance(value, ConfigError):
        return escape_unseen(str(value))
    return value


class _FieldFormatter(logging.Formatter):
    """Makes the fields of a record: time, level, and what it says."""

    def __init__(self, *, with_time: bool) -> None:
        super().__init__()
        self._with_time = with_time

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        """Return the fields in their order; those without a value are left out."""
        found: dict[str, object] = {}
        if self._with_time:
            at = datetime.fromtimestamp(record.created, UTC)
            found["time"] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found["level"] = record.levelname.lower()
        stated = getattr(record, "fields", None)
        if stated is None:
            found["msg"] = record.getMessage()
        else:
            found |= {name: value for name, value in stated.items() if value is not None}
        if record.exc_info:
            found["traceback"] = self.formatException(record.exc_info)
        return found


class _LogfmtFormatter(_FieldFormatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = self.fields(record)
        return " ".join(f"{name}={quote_value(str(value))}" for name, value in fields.items())


class _JsonFormatter(_FieldFormatter):
    def format(self, record: logging.LogRecord) -> str:
        import orjson

        data = orjson.dumps(self.fields(record), default=str)
        return escape_json(data).decode()
