"""Exit codes: 0 success, 1 a source failed, 2 usage or configuration, 3 internal error, 130 interrupted.

An error is one line on stderr. A traceback is printed only for internal errors with
`-v`. A reader that closes the pipe early (`| head`) is no error.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import typer

from aggregator.cli.report.terminal import forget_secrets, print_stderr
from aggregator.errors import AggregatorError, ConfigError, SourceError, UsageError
from aggregator.interrupt import INTERRUPTED, interruptible

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
FAILED, USAGE_ERROR, INTERNAL_ERROR = 1, 2, 3


def with_exit_code(command: Callable[P, int]) -> Callable[P, None]:
    """Wrap a command so that the process ends with the exit code that it returns, or that its error has.

    The command's `ctx.obj` is the Invocation.
    """

    @wraps(command)
    def run_command(*args: P.args, **kwargs: P.kwargs) -> None:
        forget_secrets()  # of an earlier command in this process
        ctx: Any = kwargs["ctx"]
        raise typer.Exit(
            _run_to_exit_code(lambda: command(*args, **kwargs), verbose=ctx.obj.verbose)
        )

    return run_command


def _run_to_exit_code(work: Callable[[], int], *, verbose: bool) -> int:
    _reopen_closed_streams()
    try:
        with interruptible():
            code = work()
            sys.stdout.flush()
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        return _ignore_broken_pipe()
    except KeyboardInterrupt:
        print_stderr("interrupted")
        return INTERRUPTED
    except AggregatorError as error:
        return _report_error(error)
    except Exception as error:  # noqa: BLE001 - report any bug as an internal error
        return _report_unexpected_error(error, verbose=verbose)
    return code


def _reopen_closed_streams() -> None:
    """Open the null device for a stream that was closed before the start (`>&-`)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - stays open until the process ends


def _report_error(error: AggregatorError) -> int:
    if isinstance(error, ConfigError):
        for problem in error.problems:
            print_stderr(str(problem))
        return USAGE_ERROR

    print_stderr(f"aggregator: {error}")
    if isinstance(error, UsageError):
        return USAGE_ERROR
    if isinstance(error, SourceError):
        return FAILED
    return INTERNAL_ERROR


def _report_unexpected_error(error: Exception, *, verbose: bool) -> int:
    hint = "" if verbose else "; -v shows where"
    print_stderr(f"aggregator: our own failure: {type(error).__name__}: {error}{hint}")
    if verbose:
        print_stderr("".join(traceback.format_exception(error)).rstrip())
    return INTERNAL_ERROR


def _ignore_broken_pipe() -> int:
    """Discard buffered output, so that the interpreter reports no error when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    return 0
