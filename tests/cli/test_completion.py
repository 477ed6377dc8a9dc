"""What shells offer, asked for as their scripts do; bash itself where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Project

BASH = """
source <(_AGGREGATOR_COMPLETE=source_bash aggregator)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"$(complete -p aggregator | sed 's/.* -F \\([^ ]*\\) .*/\\1/')" aggregator
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def shell(project: Project, tmp_path: Path, environment: dict[str, str]) -> dict[str, str]:
    """An environment where the command is found, and a project with sources of several names."""
    project.write(
        "config/sources/others.yaml", "- {id: savings, url: 'https://bank.example/feed'}\n"
    )
    project.write("bin/aggregator", f'#!/bin/sh\nexec {sys.executable} -m aggregator "$@"\n').chmod(
        0o755
    )
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    return {**environment, "PATH": path, "AGGREGATOR_CONFIG": str(project.config)}


def offered(shell: dict[str, str], *words: str) -> list[str]:
    """Complete the last word as bash's script asks for it."""
    line = {"COMP_WORDS": "\n".join(["aggregator", *words]), "COMP_CWORD": str(len(words))}
    asked = {**shell, **line, "_AGGREGATOR_COMPLETE": "complete_bash"}
    done = subprocess.run(["aggregator"], env=asked, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_options_and_choices_are_completed(shell: dict[str, str]) -> None:
    assert offered(shell, "p") == ["publish", "preview", "prune"]
    assert offered(shell, "fetch", "--f") == ["--force", "--full", "--format"]
    assert offered(shell, "entries", "--format", "json") == ["json", "jsonl"]


@pytest.mark.parametrize(
    "words", [["fetch"], ["fetch", "--force"], ["preview"], ["entries", "--source"]]
)
def test_the_ids_of_sources_are_completed(shell: dict[str, str], words: list[str]) -> None:
    assert offered(shell, *words, "sav") == ["saved", "savings"]


def test_the_ids_of_views_are_completed(shell: dict[str, str]) -> None:
    assert offered(shell, "why", "--view", "m") == ["merged"]


def test_what_may_declare_tests_is_completed(shell: dict[str, str]) -> None:
    assert offered(shell, "test", "sa") == ["saved", "savings"]
    assert offered(shell, "test", "r") == ["reuters", "rfa", "rferl", "rfi"]


@pytest.mark.parametrize("words", [["-c", "FILE", "fetch"], ["fetch", "-c", "FILE"]])
def test_the_ids_are_those_of_the_configuration_that_was_named(
    project: Project, shell: dict[str, str], words: list[str]
) -> None:
    shell["AGGREGATOR_CONFIG"] = "nowhere.yaml"

    assert offered(
        shell, *(word.replace("FILE", str(project.config)) for word in words), "savi"
    ) == ["savings"]


@pytest.mark.parametrize("text", ["sources: [", "sourcs: []"])
def test_a_configuration_that_does_not_load_is_passed_over_in_silence(
    project: Project, shell: dict[str, str], text: str
) -> None:
    project.write("config/aggregator.yaml", text)

    assert offered(shell, "fetch", "") == []
    assert offered(shell, "test", "rfi") == ["rfi"]


def test_zsh_is_offered_the_same(shell: dict[str, str]) -> None:
    asked = {
        **shell,
        "_AGGREGATOR_COMPLETE": "complete_zsh",
        "_TYPER_COMPLETE_ARGS": "aggregator fetch sav",
    }

    done = subprocess.run(["aggregator"], env=asked, capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("""_arguments '*: :(("saved"\n"savings"))'\n""", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["exp"], ["export"]),
        (["fetch", "--force", "save"], ["saved"]),
        (["fetch", ""], ["saved", "savings"]),
    ],
)
def test_bash_completes_with_its_script(
    shell: dict[str, str], words: list[str], expected: list[str]
) -> None:
    command = ["bash", "--norc", "-c", BASH, "bash", "aggregator", *words]

    done = subprocess.run(command, env=shell, capture_output=True, text=True, check=True)

    assert (done.stdout.split(), done.stderr) == (expected, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_where_completion_cannot_be_installed_it_says_so(
    shell: dict[str, str], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.write_text("no folder", encoding="utf-8")
    command = ["bash", "--norc", "-c", "aggregator --install-completion; exit $?"]

    done = subprocess.run(
        command, env={**shell, "HOME": str(home)}, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (
        3,
        "",
        f"aggregator: {home}: File exists\n",
    )
