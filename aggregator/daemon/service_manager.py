"""Tells systemd how the daemon is (sd_notify): a datagram to the socket that it names.

Without such a socket nothing is sent. That a message is lost is no failure of the daemon.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

logger = logging.getLogger(__name__)


class ServiceManager:
    """The service manager that started this process; `environment` says how to reach it."""

    def __init__(
        self, environment: Mapping[str, str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = _read_address(environment)
        self._clock = clock  # of the kernel, which stands still while the machine is suspended
        self._last_tick = clock()
        self.watchdog_seconds = _read_watchdog(environment)

    @property
    def is_present(self) -> bool:
        """Whether somebody wants to be told."""
        return self._address is not None

    def ready(self) -> None:
        """Say that the daemon serves, or that a reload is over."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """Say in a line how things are, for `systemctl status`."""
        self._send(f"STATUS={' '.join(text.split())}")

    def reloading(self) -> None:
        """Say that a reload begins; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(self._clock() * 1_000_000)}")

    def stopping(self) -> None:
        """Say that the daemon ends."""
        self._send("STOPPING=1")

    def note_tick(self) -> None:
        """Remember that the schedule was looked at."""
        self._last_tick = self._clock()

    async def feed_watchdog(self, max_tick_age: timedelta) -> None:
        """Send signs of life, twice in the time that the watchdog waits, until cancelled.

        They end where the event loop hangs, which cannot send any, and where no tick was noted for
        `max_tick_age`. Only for a manager that has a watchdog.
        """
        period = (self.watchdog_seconds or 0) / 2
        while True:
            if self._clock() - self._last_tick < max_tick_age.total_seconds():
                self._send("WATCHDOG=1")
            await asyncio.sleep(period)

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            logger.debug("the service manager was not told %s: %s", message, error)


def _read_address(environment: Mapping[str, str]) -> str | None:
    name = environment.get("NOTIFY_SOCKET", "")
    if name.startswith("@"):  # in Linux's abstract namespace
        return "\0" + name[1:]
    if name.startswith("/"):
        return name
    return None


def _read_watchdog(environment: Mapping[str, str]) -> float | None:
    """Return the seconds in which a sign of life is expected, None where none is."""
    pid = environment.get("WATCHDOG_PID", "")
    if pid and pid != str(os.getpid()):  # meant for the process that started this one
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 1_000_000
