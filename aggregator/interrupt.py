"""What Ctrl-C does: the process ends with exit code 130, without a traceback and within seconds.

    while the program loads, and while it ends    the process ends at once
    while a command works                         KeyboardInterrupt, so that the command ends tidily
    GRACE_SECONDS later                           the process ends, even if a thread or a library still waits

KeyboardInterrupt alone is not enough. Raised during an import it leaves a traceback. Raised in a callback of the
garbage collector it is printed and forgotten. A library's bare `except:` swallows it. And nothing stops a thread that
waits for a name server.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import contextmanager
from threading import Thread, Timer
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTED = 130  # what shells report of a program that SIGINT has ended
GRACE_SECONDS = 5.0


def quit_on_interrupt() -> None:
    """Let Ctrl-C end the process at once, from now on. Where SIGINT is ignored (`nohup`) it stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _quit)
        sys.unraisablehook = _quit_if_interrupted


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt; only after `quit_on_interrupt`, which is in force again afterwards."""
    if signal.getsignal(signal.SIGINT) is not _quit:
        yield
        return

    _start_signal_watcher()
    # asyncio cancels its main task on Ctrl-C only if it finds this very handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, _quit)


def end_within(seconds: float, *, code: int) -> None:
    """End the process after `seconds` with an exit code, unless it has ended by then."""
    timer = Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()


def _quit(*_: object) -> NoReturn:
    # `sys.stderr` may be locked by the code that was interrupted.
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(INTERRUPTED)


def _quit_if_interrupted(unraisable: sys.UnraisableHookArgs) -> None:
    if unraisable.exc_type is KeyboardInterrupt:
        _quit()
    sys.__unraisablehook__(unraisable)


def _start_signal_watcher() -> None:
    """Start a thread that sees each signal at once, even while the main thread waits inside a C library."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    Thread(target=_end_after_grace, args=(reader,), daemon=True).start()


def _end_after_grace(reader: int) -> None:
    while os.read(reader, 1) != bytes([signal.SIGINT]):
        pass
    time.sleep(GRACE_SECONDS)
    os._exit(INTERRUPTED)
