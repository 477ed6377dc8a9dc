"""What systemd is told: over a real socket, by its path or its abstract name."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.daemon.service_manager import ServiceManager

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
AGE = timedelta(minutes=30)


@contextmanager
def listening(kind: str) -> Iterator[tuple[str, socket.socket]]:
    """Listen as systemd does; give the value of NOTIFY_SOCKET and the socket."""
    with (
        TemporaryDirectory(prefix="notify-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server,
    ):
        path = f"{folder}/socket"
        server.bind("\0" + path if kind == "abstract" else path)
        server.settimeout(20)
        yield ("@" + path if kind == "abstract" else path), server


def received(server: socket.socket) -> list[str]:
    """Return the messages that have arrived."""
    server.setblocking(False)
    messages = []
    while True:
        try:
            messages.append(server.recv(4096).decode())
        except BlockingIOError:
            return messages


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_messages_arrive_by_path_and_by_abstract_name(kind: str) -> None:
    with listening(kind) as (name, server):
        manager = ServiceManager({"NOTIFY_SOCKET": name}, clock=lambda: 12.5)
        manager.ready()
        manager.status("follows 3 sources,\n1 fails")
        manager.reloading()
        manager.stopping()

        assert manager.is_present
        assert received(server) == [
            "READY=1",
            "STATUS=follows 3 sources, 1 fails",
            "RELOADING=1\nMONOTONIC_USEC=12500000",
            "STOPPING=1",
        ]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "relative"}])
def test_without_a_socket_nobody_is_told(environment: dict[str, str]) -> None:
    manager = ServiceManager(environment)
    manager.ready()

    assert not manager.is_present


def test_a_socket_that_is_gone_is_no_failure() -> None:
    with listening("path") as (name, _):
        pass

    ServiceManager({"NOTIFY_SOCKET": name}).ready()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "1500000"}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_the_watchdog_is_that_of_this_process(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert ServiceManager(environment).watchdog_seconds == seconds


def test_signs_of_life_end_when_the_schedule_stands_still_and_come_again_with_it() -> None:
    now = [0.0]

    async def story(manager: ServiceManager, server: socket.socket) -> list[list[str]]:
        found = []
        feeding = asyncio.create_task(manager.feed_watchdog(AGE))
        for seconds, ticks in ((0.0, False), (1799.0, False), (1801.0, False), (1802.0, True)):
            now[0] = seconds
            if ticks:
                manager.note_tick()
            received(server)
            await rounds()
            found.append(sorted(set(received(server))))
        feeding.cancel()
        return found

    async def rounds() -> None:
        for _ in range(50):
            await asyncio.sleep(0)

    with listening("path") as (name, server):
        manager = ServiceManager(
            {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1"}, clock=lambda: now[0]
        )
        manager.watchdog_seconds = 0  # so that no test waits
        found = asyncio.run(story(manager, server))

    assert found == [["WATCHDOG=1"], ["WATCHDOG=1"], [], ["WATCHDOG=1"]]


def test_the_daemon_tells_its_whole_life(home: Any) -> None:
    home.save("a", "The bridge opens")
    home.follow("{id: saved, path: ../../articles, adapter: archive}")
    with listening("path") as (name, server):
        daemon = subprocess.Popen(
            [sys.executable, "-m", "aggregator", "-c", str(home.path), "run"],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "NOTIFY_SOCKET": name,
                "WATCHDOG_USEC": "60000000",
            },
            stderr=subprocess.DEVNULL,
        )
        try:
            messages = until(server, "WATCHDOG=1")
            daemon.send_signal(signal.SIGHUP)
            reload = until(server, "READY=1")
            daemon.send_signal(signal.SIGTERM)
            end = until(server, "STOPPING=1")
            code = daemon.wait(20)
        finally:
            daemon.kill()
            daemon.wait()

    assert messages[:2] == ["STATUS=follows 1 sources, 0 of them fail", "READY=1"]
    assert any(message.startswith("RELOADING=1\nMONOTONIC_USEC=") for message in reload)
    assert (end[-1], code) == ("STOPPING=1", 0)


def until(server: socket.socket, last: str) -> list[str]:
    """Return the messages up to this one."""
    messages: list[str] = []
    while last not in messages:
        messages.append(server.recv(4096).decode())
    return messages
