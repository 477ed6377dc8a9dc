from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from aggregator.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Project

NONE = (
    "aggregator: no configuration at config/aggregator.yaml; write one (docs/configuration.md), or name one with"
    " --config or AGGREGATOR_CONFIG\n"
)
GOOD = "configuration is good: 1 source, 1 view\n"


def invoke(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(args), prog_name="aggregator")
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    "words", [["-c", "FILE", "check"], ["check", "-c", "FILE"], ["check", "--config=FILE"]]
)
def test_the_configuration_is_named_before_or_after_the_command(
    project: Project, words: list[str]
) -> None:
    assert invoke(*(word.replace("FILE", str(project.config)) for word in words)) == (0, GOOD, "")


def test_the_environment_names_the_configuration(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGGREGATOR_CONFIG", str(project.config))

    assert invoke("check") == (0, GOOD, "")


def test_an_option_wins_over_the_environment(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGGREGATOR_CONFIG", "elsewhere.yaml")

    assert invoke("-c", str(project.config), "check") == (0, GOOD, "")


def test_the_last_word_on_the_configuration_wins(project: Project) -> None:
    assert invoke("-c", "elsewhere.yaml", "check", "-c", str(project.config)) == (0, GOOD, "")


def test_the_default_is_found_in_the_current_folder(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)

    assert invoke("check") == (0, GOOD, "")


@pytest.mark.parametrize("command", ["run", "fetch", "publish", "sources", "entries", "check"])
def test_without_a_configuration_every_command_says_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert invoke(command) == (
        2,
        "",
        NONE,
    )
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_that_was_named_must_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert invoke("sources", "-c", "nowhere.yaml") == (2, "", "nowhere.yaml:1: no such file\n")


def test_an_unknown_option_or_command_is_a_usage_error() -> None:
    assert [
        invoke(*words)[0]
        for words in (["fetch", "--bogus"], ["bogus"], ["entries", "--limit", "0"])
    ] == [2, 2, 2]
