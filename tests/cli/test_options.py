from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from aggregator.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Project

NONE = (
    "aggregator: no configuration: config/aggregator.yaml does not exist; write one with `aggregator init`,"
    " or name one with --config\n"
)
COMMANDS = typer.main.get_command(app).list_commands(None)  # type: ignore[attr-defined]
ARGUMENTS = {
    "show": ["x"],
    "why": ["x"],
    "forgive": ["saved"],
    "preview": ["x"],
    "add": ["https://harbour.example/"],
    "import": ["feeds.opml"],
    "forget": ["x"],
    "backup": ["x"],
    "restore": ["x"],
}
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


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "init"])
def test_without_a_configuration_every_command_says_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert invoke(command, *ARGUMENTS.get(command, ())) == (2, "", NONE)
    assert list(tmp_path.iterdir()) == []


def test_an_address_is_not_previewed_without_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert invoke("preview", "https://harbour.example/feed") == (2, "", NONE)
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


def test_an_unknown_command_names_the_nearest() -> None:
    code, out, err = invoke("fetsch")

    assert (code, out, err.splitlines()[-1]) == (
        2,
        "",
        "Error: No such command 'fetsch'. Did you mean 'fetch'?",
    )


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (["fetch", "savd"], ", did you mean `saved`?"),
        (["fetch", "nothing-like-it"], "; `aggregator sources` lists them"),
        (["preview", "savd"], ", did you mean `saved`?"),
        (["entries", "--source", "nothing-like-it"], "; `aggregator sources` lists them"),
    ],
)
def test_an_unknown_source_names_the_nearest_and_not_all(
    project: Project, words: list[str], end: str
) -> None:
    said = project.call(*words)

    assert (said.code, said.out, said.err) == (
        2,
        "",
        f"aggregator: there is no source `{words[-1]}`{end}\n",
    )


def test_where_there_are_no_sources_an_unknown_one_says_so(project: Project) -> None:
    project.write("config/sources/news.yaml", "[]\n")

    said = project.call("fetch", "saved")

    assert said.err == "aggregator: there is no source `saved`: the configuration has no sources\n"
