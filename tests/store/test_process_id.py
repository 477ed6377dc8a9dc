"""Who holds a claim, and what becomes of the claims of the dead."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.store.process_id import current_process_id, is_dead

if TYPE_CHECKING:
    from aggregator.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_TELL = "from aggregator.store.process_id import current_process_id; print(current_process_id())"


def test_this_process_is_not_dead() -> None:
    assert not is_dead(current_process_id())


def test_a_process_that_ended_is_dead() -> None:
    name = subprocess.run(
        [sys.executable, "-c", _TELL], capture_output=True, text=True, check=True
    ).stdout.strip()

    assert is_dead(name)


@pytest.mark.parametrize("name", ["elsewhere/boot/1/1", "", "one"])
def test_of_a_process_elsewhere_nothing_is_known(name: str) -> None:
    assert not is_dead(name)


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="this system does not tell when a process began"
)
def test_a_later_process_with_the_same_number_is_another_one() -> None:
    machine_boot, _, _ = current_process_id().rpartition(f"/{os.getpid()}/")

    assert is_dead(f"{machine_boot}/{os.getpid()}/1")


def test_after_a_reboot_every_earlier_process_is_dead() -> None:
    machine, _, rest = current_process_id().partition("/")

    assert is_dead(f"{machine}/another-boot/{rest.partition('/')[2]}")


def test_the_claims_of_a_killed_process_are_free_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.sync_sources([("a", "https://example.org/a", NOW)])
    machine, boot, _, _ = current_process_id().rsplit("/", 3)
    monkeypatch.setattr(
        "aggregator.store.schedule.current_process_id", lambda: f"{machine}/{boot}/{2**22 + 1}/1"
    )
    store.claim(NOW, limit=1, lease=timedelta(hours=1))
    monkeypatch.undo()

    assert [state.source for state in store.claim(NOW, limit=1, lease=timedelta(hours=1))] == ["a"]


def test_the_claims_of_a_living_process_stay_its_own(store: Store) -> None:
    store.sync_sources([("a", "https://example.org/a", NOW)])
    store.claim(NOW, limit=1, lease=timedelta(hours=1))

    assert store.claim(NOW, limit=1, lease=timedelta(hours=1), force=True) == []
