from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Project


@pytest.fixture(autouse=True)
def _here(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)


def test_a_good_configuration_is_one_line(project: Project) -> None:
    project.write(
        "config/sources/more.yaml", "- https://example.org/feed\n- {path: x, enabled: false}\n"
    )

    said = project.call("check")

    assert (said.code, said.out, said.err) == (
        0,
        "configuration is good: 3 sources (1 disabled), 1 view\n",
        "",
    )


def test_every_problem_of_every_file_is_listed_with_its_place(project: Project) -> None:
    project.write("config/aggregator.yaml", "sources: sources/*.yaml\nserver: {listen: nowhere}\n")
    project.write("config/sources/more.yaml", "- {id: more, path: x, evry: 1h}\n")

    said = project.call("check")

    places = [line.split(": ")[:2] for line in said.err.splitlines()]
    assert (said.code, said.out) == (2, "")
    assert places == [
        ["config/aggregator.yaml:2", "server.listen"],
        ["config/sources/more.yaml:1", "[0].evry"],
    ]


def test_problems_as_json_are_on_stdout(project: Project) -> None:
    project.write("config/aggregator.yaml", "sourcs: []\n")

    said = project.call("check", "--format", "json")

    assert (said.code, said.err) == (2, "")
    [problem] = said.json
    assert list(problem) == ["file", "line", "path", "message"]
    assert problem == {
        "file": "config/aggregator.yaml",
        "line": 1,
        "path": "sourcs",
        "message": "unknown key `sourcs`, did you mean `sources`?",
    }


def test_a_good_configuration_as_json_is_an_empty_list(project: Project) -> None:
    said = project.call("check", "--format", "json")

    assert (said.code, said.json) == (0, [])


def test_ones_own_site_rules_are_adapters(project: Project) -> None:
    project.write("config/sites/g.yaml", "id: gazette\nhosts: [gazette.example.org]\n")
    project.write(
        "config/sources/more.yaml",
        "- {id: more, url: 'https://gazette.example.org/', adapter: gazette}\n",
    )

    assert project.call("check").out == "configuration is good: 2 sources, 1 view\n"
    assert project.call("sources").code == 0


def test_site_rules_are_checked_as_well(project: Project) -> None:
    project.write(
        "config/sites/gazette.yaml",
        "id: gazette\ntimezone: Mars/Base\nhots: [gazette.example.org]\n",
    )

    said = project.call("check")

    assert said.code == 2
    assert all("config/sites/gazette.yaml:" in line for line in said.err.splitlines())
    assert {line.split(":")[1] for line in said.err.splitlines()} == {"2", "3"}


def test_mistakes_in_site_rules_hide_none_in_the_configuration(project: Project) -> None:
    project.write("config/sites/gazette.yaml", "id: gazette\nhots: [gazette.example.org]\n")
    project.write("config/aggregator.yaml", "sourcs: []\n")

    places = [line.split(": ")[0] for line in project.call("check").err.splitlines()]

    assert places == ["config/aggregator.yaml:1", "config/sites/gazette.yaml:2"]


def test_nothing_is_written(project: Project) -> None:
    project.call("check")

    assert not (project.root / "var").exists()


def test_the_effect_of_a_new_filter_is_shown_and_then_reaches_stored_entries(
    fetched: Project,
) -> None:
    fetched.call("publish")
    before = fetched.call("check", "--effect")
    fetched.write(
        "config/sources/news.yaml",
        "- {id: saved, path: ../../saved/*.txt, adapter: archive, exclude: {title: bridge}}\n",
    )
    changed = fetched.call("check", "--effect")
    fetched.call("publish")
    after = fetched.call("check", "--effect")
    why = fetched.call("why", "A bridge opens", "--format", "json")

    assert before.lines[1] == "view merged: 0 entries leave, 0 come in"
    assert changed.lines[1:3] == ["view merged: 1 entry leaves, 0 come in", "  - A bridge opens"]
    assert after.lines[1] == "view merged: 0 entries leave, 0 come in"
    assert [view["reason"] for view in why.json["views"]] == ["filtered"]
