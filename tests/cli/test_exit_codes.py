from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from aggregator.cli.context import DEFAULT_PATH, Invocation
from aggregator.cli.exit_codes import with_exit_code
from aggregator.errors import ConfigError, Problem, SourceError, StoreError, UsageError

if TYPE_CHECKING:
    from tests.cli.conftest import Project

PROBLEMS = ConfigError(
    [Problem("a.yaml", 3, "views", "must be a list"), Problem("a.yaml", 4, "", "is odd")]
)
ENDS = [
    (PROBLEMS, 2, "a.yaml:3: views: must be a list\na.yaml:4: is odd\n"),
    (UsageError("there is no such thing"), 2, "aggregator: there is no such thing\n"),
    (StoreError("the disk is full"), 3, "aggregator: the disk is full\n"),
    (SourceError("timeout", "no answer"), 1, "aggregator: no answer\n"),
    (KeyboardInterrupt(), 130, "interrupted\n"),
    (
        ValueError("odd\x1b[2J"),
        3,
        "aggregator: our own failure: ValueError: odd\N{REPLACEMENT CHARACTER}[2J; -v shows where\n",
    ),
]


def end_of(error: BaseException, *, verbose: bool = False) -> tuple[int, str]:
    app = typer.Typer(rich_markup_mode=None)

    def command(*, ctx: typer.Context) -> int:
        ctx.obj = Invocation(DEFAULT_PATH, explicit=False, verbose=verbose)
        raise error

    def prepare(*, ctx: typer.Context) -> None:
        ctx.obj = Invocation(DEFAULT_PATH, explicit=False, verbose=verbose)

    app.callback()(prepare)
    app.command()(with_exit_code(command))
    command.__annotations__["ctx"] = typer.Context
    prepare.__annotations__["ctx"] = typer.Context
    result = CliRunner().invoke(app, ["command"])
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("error", "code", "said"), ENDS, ids=[type(error).__name__ for error, _, _ in ENDS]
)
def test_every_error_ends_with_its_code_and_one_clear_message(
    error: BaseException, code: int, said: str
) -> None:
    assert end_of(error) == (code, said)


def test_a_failure_of_ours_shows_where_it_happened_only_with_v() -> None:
    code, said = end_of(ValueError("odd"), verbose=True)

    assert code == 3
    assert said.startswith(
        "aggregator: our own failure: ValueError: odd\nTraceback (most recent call last):\n"
    )


def test_a_reader_that_has_enough_ends_the_command_in_peace(
    fetched: Project, environment: dict[str, str]
) -> None:
    for number in range(4, 60):  # more than a pipe holds at once
        fetched.save(str(number), number, f"Story {number}", f"<p>{'More to say. ' * 400}</p>")
    fetched.call("fetch", "--force")

    words = fetched.process("entries", "--format", "jsonl")
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)


def test_nobody_need_listen_at_all(fetched: Project, environment: dict[str, str]) -> None:
    words = ["sh", "-c", 'exec "$@" >&-', "sh", *fetched.process("entries")]

    ended = subprocess.run(words, env=environment, stderr=subprocess.PIPE, check=False)

    assert (ended.returncode, ended.stderr) == (0, b"")
