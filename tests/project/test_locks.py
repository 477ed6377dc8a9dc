"""The lock files are complete: what they pin needs nothing that they do not pin."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11.0", "3.11.9", "3.12.5", "3.13.1", "3.14.0")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DEPENDENCIES: list[str] = PROJECT["project"]["dependencies"]
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
GROUPS: dict[str, list[Any]] = PROJECT["dependency-groups"]


def group(name: str) -> list[str]:
    found = []
    for one in GROUPS[name]:
        if isinstance(one, dict):
            found += group(one["include-group"])
        else:
            found.append(one)
    return found


ROOTS = {
    "requirements-build.lock": group("build"),
    "requirements.lock": DEPENDENCIES,
    "requirements-test.lock": [*DEPENDENCIES, *chain.from_iterable(EXTRAS.values()), *group("dev")],
}


@dataclass(frozen=True)
class Pin:
    requirement: Requirement
    hashes: int

    @property
    def version(self) -> str:
        [specifier] = self.requirement.specifier
        assert specifier.operator == "=="
        return specifier.version

    def applies(self, python: str) -> bool:
        return self.requirement.marker is None or self.requirement.marker.evaluate(
            environment(python)
        )


def environment(python: str, extra: str = "") -> dict[str, str]:
    return {
        "extra": extra,
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }


def pins(lock: str) -> Iterator[Pin]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    for block in re.split(r"\n(?=\S)", text):
        if block.startswith("#"):
            continue
        requirement, *rest = block.split("\\\n")
        yield Pin(Requirement(requirement.strip()), sum("--hash=sha256:" in line for line in rest))


def needs(name: str, extra: str, python: str) -> Iterator[Requirement]:
    """Yield what an installed package needs on a Python version."""
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(environment(python, extra)):
            requirement.marker = None
            yield requirement


def unpinned(lock: str, python: str) -> list[str]:
    """Return what the roots of a lock need, at any depth, and the lock does not pin."""
    pinned = {
        canonicalize_name(pin.requirement.name): pin for pin in pins(lock) if pin.applies(python)
    }
    waiting = [Requirement(text) for text in ROOTS[lock]]
    done: set[tuple[str, str]] = set()
    missing = []
    while waiting:
        requirement = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate(environment(python)):
            continue
        name = canonicalize_name(requirement.name)
        pin = pinned.get(name)
        if pin is None or not requirement.specifier.contains(pin.version, prereleases=True):
            missing.append(str(requirement))
            continue
        for extra in ("", *requirement.extras):
            if (name, extra) in done:
                continue
            done.add((name, extra))
            try:
                waiting.extend(needs(name, extra, python))
            except PackageNotFoundError:
                continue  # of another Python version or platform: not installed here
    return missing


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", ROOTS)
def test_whatever_a_lock_needs_it_pins(lock: str, python: str) -> None:
    assert unpinned(lock, python) == []


@pytest.mark.parametrize("lock", ROOTS)
def test_every_pin_has_one_version_and_hashes(lock: str) -> None:
    found = list(pins(lock))

    assert len(found) > 5
    assert [str(pin.requirement) for pin in found if not pin.version or not pin.hashes] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_all_locks_pin_the_same_versions(python: str) -> None:
    versions: dict[str, set[str]] = {}
    for lock in ROOTS:
        for pin in pins(lock):
            if pin.applies(python):
                versions.setdefault(pin.requirement.name, set()).add(pin.version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_what_a_lock_does_not_pin_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = "requirements.lock"
    monkeypatch.setitem(ROOTS, lock, [*DEPENDENCIES, "lxml[html_clean]", "nh3>=99"])

    assert unpinned(lock, "3.12.5") == ["nh3>=99", "lxml_html_clean"]
