"""Ctrl-C: real processes that get SIGINT at a chosen point, by their own hand or by ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
# Read by Python when it starts: the import of a module is interrupted, and name lookups never end.
SITECUSTOMIZE = """
import os, signal, socket, sys, threading

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == os.environ.get("INTERRUPTED_IMPORT"):
            os.kill(os.getpid(), signal.SIGINT)

def getaddrinfo(*args, **kwargs):
    os.write(2, b"looking up\\n")
    threading.Event().wait()

sys.meta_path.insert(0, Finder)
if "STUCK_LOOKUPS" in os.environ:
    socket.getaddrinfo = getaddrinfo
"""
SCRIPT = "from aggregator.__main__ import main; main()"  # what a console script does
IMPORTS = [
    ("typer", "--version"),
    ("typer.main", "--help"),
    ("aggregator.cli.exit_codes", "fetch"),
    ("aggregator.cli.commands.export", "run"),
    ("yaml", "check"),
    ("pydantic", "sources"),
    ("sqlalchemy", "fetch"),
    ("aggregator.store.engine", "entries"),
    ("aggregator.daemon.daemon", "run"),
    ("aiohttp", "run"),
    ("feedgen", "fetch"),
]


@pytest.fixture
def start(tmp_path: Path, home: Any) -> Any:
    """Starts a program with what is above in force; `more` is added to its environment."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])

    def started(*words: str, **more: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": path,
            "AGGREGATOR_CONFIG": str(home.path),
            "AGGREGATOR_LOG_FORMAT": "text",
            **more,
        }
        return subprocess.Popen(
            [sys.executable, *words],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


def end_of(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, out, err


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"`{words}` was never said")


@pytest.mark.parametrize(
    ("module", "command"), IMPORTS, ids=[f"{command} {module}" for module, command in IMPORTS]
)
def test_an_interrupt_during_an_import_ends_any_command_without_a_traceback(
    start: Any, home: Any, module: str, command: str
) -> None:
    home.follow()

    assert end_of(start("-c", SCRIPT, command, INTERRUPTED_IMPORT=module)) == (
        130,
        "",
        "interrupted\n",
    )


def test_the_module_is_interrupted_like_the_script(start: Any) -> None:
    process = start("-m", "aggregator", "--version", INTERRUPTED_IMPORT="typer")

    assert end_of(process) == (130, "", "interrupted\n")


def test_even_the_import_of_what_handles_the_interrupt_may_be_interrupted(start: Any) -> None:
    process = start("-c", SCRIPT, "--version", INTERRUPTED_IMPORT="aggregator.interrupt")

    assert end_of(process) == (130, "", "")


def test_until_the_interrupt_is_handled_hardly_anything_is_imported(start: Any) -> None:
    code = (
        "import sys; before = set(sys.modules); import aggregator.__main__;"
        "print(sorted(set(sys.modules) - before - set(sys.builtin_module_names)))"
    )

    process = start("-c", code, PYTHONPATH=str(ROOT))

    assert end_of(process) == (0, "['aggregator', 'aggregator.__main__']\n", "")


HANDLED = """
import os, signal, sys, threading
from aggregator import interrupt

def interrupted():
    os.kill(os.getpid(), signal.SIGINT)

interrupt.GRACE_SECONDS = 0.01
interrupt.quit_on_interrupt()
"""


def test_work_is_interrupted_by_an_exception_and_may_end_tidily(start: Any) -> None:
    code = """
try:
    with interrupt.interruptible():
        interrupted()
except KeyboardInterrupt:
    print("tidy", flush=True)
interrupted()
"""

    assert end_of(start("-c", HANDLED + code)) == (130, "tidy\n", "interrupted\n")


def test_an_interrupt_in_a_destructor_is_not_lost(start: Any) -> None:
    code = """
class Thing:
    __del__ = lambda self: interrupted()

with interrupt.interruptible():
    Thing()
    print("still here", flush=True)
"""

    assert end_of(start("-c", HANDLED + code)) == (130, "", "interrupted\n")


def test_an_interrupt_that_a_library_swallows_still_ends_the_process(start: Any) -> None:
    code = """
with interrupt.interruptible():
    try:
        interrupted()
    except BaseException:
        threading.Event().wait()
"""

    assert end_of(start("-c", HANDLED + code)) == (130, "", "")


def test_an_interrupt_while_the_process_ends_leaves_no_traceback(start: Any) -> None:
    code = "import atexit; atexit.register(interrupted)"

    assert end_of(start("-c", HANDLED + code)) == (130, "", "interrupted\n")


def test_other_errors_in_a_destructor_are_printed_as_ever(start: Any) -> None:
    code = """
class Thing:
    __del__ = lambda self: 1 / 0

Thing()
"""
    status, _, err = end_of(start("-c", HANDLED + code))

    assert status == 0
    assert err.endswith("ZeroDivisionError: division by zero\n")


def test_an_interrupt_that_was_ignored_from_the_start_stays_ignored(start: Any) -> None:
    code = "signal.signal(signal.SIGINT, signal.SIG_IGN)\ninterrupt.quit_on_interrupt()\n"
    work = "with interrupt.interruptible():\n    interrupted()\nprint('done')"
    handled = HANDLED.replace("interrupt.quit_on_interrupt()\n", code)

    assert end_of(start("-c", handled + work)) == (0, "done\n", "")


def test_what_must_end_ends_whatever_its_threads_wait_for(start: Any) -> None:
    code = "threading.Thread(target=threading.Event().wait).start()\ninterrupt.end_within(0.01, code=7)"

    assert end_of(start("-c", HANDLED + code)) == (7, "", "")


def test_a_fetch_that_waits_for_a_name_server_is_interrupted(start: Any, home: Any) -> None:
    home.follow("https://harbour.example/feed")
    code = f"from aggregator import interrupt; interrupt.GRACE_SECONDS = 0.5; {SCRIPT}"

    with start("-c", code, "fetch", STUCK_LOOKUPS="1") as process:
        read_until(process, "looking up")
        process.send_signal(signal.SIGINT)

        assert end_of(process)[:2] == (130, "")


def test_a_daemon_that_serves_ends_well_on_an_interrupt(start: Any, home: Any) -> None:
    home.save("calm", "Calm water")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")

    with start("-c", SCRIPT, "run") as process:
        address = read_until(process, "serving ").split()[-1]
        with urllib.request.urlopen(address) as answer:
            feed = answer.read().decode()
        process.send_signal(signal.SIGINT)
        status, out, err = end_of(process)

    assert "Calm water" in feed
    assert (status, out, "Traceback" in err) == (0, "", False)


def test_a_daemon_does_not_wait_for_a_name_server_to_end(start: Any, home: Any) -> None:
    home.follow("https://harbour.example/feed")
    home.path.write_text('server: {listen: "127.0.0.1:0"}\n', encoding="utf-8")

    with start("-c", SCRIPT, "run", STUCK_LOOKUPS="1") as process:
        read_until(process, "looking up")
        process.send_signal(signal.SIGTERM)
        status, out, err = end_of(process)

    assert (status, out, "Traceback" in err) == (0, "", False)
