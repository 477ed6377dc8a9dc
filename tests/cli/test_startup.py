from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from aggregator import __version__
from aggregator.cli import app

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

HEAVY = {
    "rich",
    "pydantic",
    "sqlalchemy",
    "aiohttp",
    "lxml",
    "feedparser",
    "yaml",
    "asyncio",
    "orjson",
    "aggregator.app",
}
COMMANDS = [
    "init",
    "run",
    "fetch",
    "publish",
    "sources",
    "forgive",
    "entries",
    "show",
    "why",
    "doctor",
    "preview",
    "add",
    "check",
    "test",
    "forget",
    "prune",
    "vacuum",
    "import_",
    "export",
    "backup",
    "restore",
]


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(imported: Any, option: str) -> None:
    assert imported(option) & HEAVY == set()


def test_the_module_is_the_command(environment: dict[str, str], tmp_path: Path) -> None:
    words = [sys.executable, "-m", "aggregator", "--version"]
    done = subprocess.run(
        words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert (done.stdout, done.stderr) == (f"aggregator {__version__}\n", "")


def test_the_commands_are_those_of_the_documentation() -> None:
    assert [
        command.callback.__name__ for command in app.registered_commands if command.callback
    ] == COMMANDS
