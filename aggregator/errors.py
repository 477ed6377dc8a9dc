"""The errors of the project, and what becomes of each.

    AggregatorError
    ├── UsageError               the command line asks for what is not there           exit 2
    ├── ConfigError              refuses to start; lists every problem at once         exit 2
    ├── SourceError              one run of one source failed; recorded; the rest goes on   exit 1
    ├── ItemError                one item is rejected and counted; its source goes on
    └── StoreError               stops the run and says what to do                     exit 3

Messages say what failed and what was seen, in lower case, without a full stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

ErrorClass = Literal[
    "dns",
    "connect",
    "tls",
    "timeout",
    "http",
    "redirect",
    "too-large",
    "blocked",
    "forbidden",
    "gone",
    "not-a-feed",
    "no-items",
    "parse",
    "missing",
    "unreadable",
    "internal",
]


class AggregatorError(Exception):
    """The root: every error this project raises on purpose."""


class UsageError(AggregatorError):
    """A command was asked for something that does not exist."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the configuration.

    `path` is the way to the value inside its document (`sources[2].every`), "" for the document itself.
    """

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        path = f" {self.path}:" if self.path else ""
        return f"{self.file}:{self.line}:{path} {self.message}"


class ConfigError(AggregatorError):
    """The configuration does not load; `problems` holds every reason, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SourceError(AggregatorError):
    """One run of one source failed.

    `kind` is stored with the outcome; `retry_after` is what the server asked for, None if it asked for nothing.
    `status` is the HTTP status, None where none was received. `url` is the one that answered, after
    redirects, None where none did.
    """

    def __init__(
        self,
        kind: ErrorClass,
        message: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
        url: str | None = None,
    ) -> None:
        self.kind: ErrorClass = kind
        self.status = status
        self.retry_after = retry_after
        self.url = url
        super().__init__(message)


class ItemError(AggregatorError):
    """One item cannot become an entry. `label` names the item, `reason` says why."""

    def __init__(self, label: str, reason: str) -> None:
        self.label = label
        self.reason = reason
        super().__init__(f"{label}: {reason}")


class StoreError(AggregatorError):
    """The store cannot go on; the message says what to do."""
