"""How a command ends: 0 all well, 1 some source failed, 2 usage or configuration, 3 our own failure, 130 interrupted.

Rule: one clear line on stderr and never a traceback, unless the failure is ours and `-v` asks for it. A reader that
closes the pipe (`| head`) has what it wanted: that is no failure.
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

from aggregator.cli.report.terminal import say
from aggregator.errors import AggregatorError, ConfigError, SourceError, UsageError
from aggregator.interrupt import INTERRUPTED, interruptible

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
FAILED, REFUSED, OURS = 1, 2, 3


def with_exit_code(command: Callable[P, int]) -> Callable[P, None]:
    """Make a command that returns its exit code end with it, whatever it raises; its `ctx` holds the Invocation."""

    @wraps(command)
    def ending(*args: P.args, **kwargs: P.kwargs) -> None:
        ctx: Any = kwargs["ctx"]
        raise typer.Exit(_code(lambda: command(*args, **kwargs), verbose=ctx.obj.verbose))

    return ending


def _code(work: Callable[[], int], *, verbose: bool) -> int:
    _open_what_is_closed()
    try:
        with interruptible():
            code = work()
            sys.stdout.flush()
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        return _unheard()
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except AggregatorError as error:
        return _report_error(error)
    except Exception as error:  # noqa: BLE001 - the last line of defence: it must be told, and told as ours
        return _unforeseen(error, verbose=verbose)
    return code


def _open_what_is_closed() -> None:
    """Let what is said to a stream that was closed before the start (`>&-`) go nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  as long as we live


def _report_error(error: AggregatorError) -> int:
    if isinstance(error, ConfigError):
        for problem in error.problems:
            say(str(problem))
        return REFUSED

    say(f"aggregator: {error}")
    if isinstance(error, UsageError):
        return REFUSED
    if isinstance(error, SourceError):
        return FAILED
    return OURS


def _unforeseen(error: Exception, *, verbose: bool) -> int:
    hint = "" if verbose else "; -v shows where"
    say(f"aggregator: our own failure: {type(error).__name__}: {error}{hint}")
    if verbose:
        say("".join(traceback.format_exception(error)).rstrip())
    return OURS


def _unheard() -> int:
    """Let nothing that is still in the buffers complain when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    return 0
