"""Names the process that holds a claim, so that no later process of this machine has the same name.

The claims of a process that died (`kill -9`, a power cut) are free at once. Nothing is known of a process on
another machine: its claims end by their time.
"""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


def current_process_id() -> str:
    """Name this process: `machine/boot/pid/start`."""
    return _process_id(os.getpid())


def is_dead(name: str) -> bool:
    """Tell whether the named process is certainly gone; False where it cannot be known."""
    machine, _, rest = name.partition("/")
    boot, _, process = rest.partition("/")
    if machine != _machine_id() or not process:
        return False
    if boot != _boot_id():
        return True

    pid, _, start = process.partition("/")
    if not pid.isdigit() or not _is_running(int(pid)):
        return True
    return _start_ticks(int(pid)) != start  # another process has the number now


@lru_cache(maxsize=4)
def _process_id(pid: int) -> str:
    return f"{_machine_id()}/{_boot_id()}/{pid}/{_start_ticks(pid)}"


@lru_cache(maxsize=1)
def _machine_id() -> str:
    """Return the host and its process namespace: in a container the same number is another process."""
    try:
        namespace = str((_PROC / "self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}{namespace}".replace("/", "-")


@lru_cache(maxsize=1)
def _boot_id() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _start_ticks(pid: int) -> str:
    """When a process began, in ticks since boot (proc(5), field 22); "" where the system does not tell."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
