from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from aggregator import cli
from aggregator.cli import app

if TYPE_CHECKING:
    from tests.cli.conftest import Project

FILES = ["config/aggregator.yaml", "config/sources/news.yaml", "articles/welcome.txt"]
THEN = "then subscribe to http://127.0.0.1:8080/feed.atom; `aggregator add URL` adds a source\n"
TEMPLATES = Path(cli.__file__).parent / "templates"


def init(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["init", *words], prog_name="aggregator")
    return result.exit_code, result.stdout, result.stderr


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def test_it_says_what_it_wrote_and_what_comes_next(empty: Project) -> None:
    assert init("my news") == (
        0,
        "".join(f"my news/{name}\n" for name in FILES),
        "next: cd 'my news' && aggregator run\n" + THEN,
    )
    assert files_in(empty.root / "my news") == set(FILES)


def test_without_a_folder_it_writes_into_the_current_one(empty: Project) -> None:
    code, out, err = init()

    assert (code, out.splitlines(), err.splitlines()[0]) == (0, FILES, "next: aggregator run")


def test_what_it_writes_is_a_configuration_with_one_entry_in_its_feed(empty: Project) -> None:
    init()

    assert empty.call("check").out == "configuration is good: 1 source, 1 view\n"
    assert empty.call("fetch").err == ""
    assert [entry["title"] for entry in empty.call("entries", "--format", "json").json] == [
        "Welcome to your feed"
    ]
    assert empty.atom.read_text(encoding="utf-8").count("<entry") == 1


def test_every_example_in_what_it_writes_is_good_too(empty: Project) -> None:
    init()
    for name in FILES[:2]:
        path = empty.root / name
        text, examples = re.subn(r"(?m)^( *)#(?=\S)", r"\1", path.read_text(encoding="utf-8"))
        assert examples >= 3
        path.write_text(text, encoding="utf-8")

    assert empty.call("check").out == "configuration is good: 5 sources, 2 views\n"


@pytest.mark.parametrize("name", FILES)
def test_it_writes_over_nothing_and_names_what_is_in_the_way(empty: Project, name: str) -> None:
    (empty.root / name).parent.mkdir(parents=True)
    (empty.root / name).write_text("mine", encoding="utf-8")

    assert init() == (2, "", f"aggregator: nothing is written, already there: {name}\n")
    assert (files_in(empty.root), (empty.root / name).read_text(encoding="utf-8")) == (
        {name},
        "mine",
    )


def test_all_that_is_in_the_way_is_named_at_once(empty: Project) -> None:
    (empty.root / "config").write_text("a file", encoding="utf-8")
    (empty.root / "articles").mkdir()
    (empty.root / "articles" / "welcome.txt").symlink_to("nowhere")

    assert init(".") == (
        2,
        "",
        "aggregator: nothing is written, already there: config, articles/welcome.txt\n",
    )


def test_a_second_time_it_refuses(empty: Project) -> None:
    init("x")

    names = ", ".join(f"x/{name}" for name in FILES)
    assert init("x") == (2, "", f"aggregator: nothing is written, already there: {names}\n")


def test_a_folder_that_cannot_be_made_is_named(empty: Project) -> None:
    (empty.root / "place").write_text("a file", encoding="utf-8")

    assert init("place/x") == (2, "", "aggregator: cannot write place/x/config: Not a directory\n")


def test_where_one_file_cannot_be_written_no_other_stays(empty: Project) -> None:
    (empty.root / "articles").symlink_to("/proc/self")  # a folder in which nobody can make a file

    code, out, err = init()

    assert (code, out) == (2, "")
    assert err.startswith("aggregator: cannot write articles/welcome.txt: ")
    assert files_in(empty.root / "config") == set()


def test_it_tells_when_the_environment_names_another_configuration(
    empty: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGGREGATOR_CONFIG", "/etc/aggregator/aggregator.yaml")

    _, _, err = init()

    assert err.splitlines()[-1] == (
        "note: --config or AGGREGATOR_CONFIG names /etc/aggregator/aggregator.yaml;"
        " without it, commands read config/aggregator.yaml"
    )


def test_every_template_is_used(empty: Project) -> None:
    assert {path.name for path in TEMPLATES.iterdir()} == {Path(name).name for name in FILES}


def test_the_daemon_serves_the_first_feed(empty: Project, environment: dict[str, str]) -> None:
    init("x")

    words = [sys.executable, "-m", "aggregator", "run", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        words, env=environment, cwd=empty.root / "x", stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        address = next(line for line in process.stderr if "serving " in line).split()[-1]
        with urllib.request.urlopen(address) as answer:
            feed = answer.read().decode()
        process.terminate()
        process.stderr.read()

    assert "<title>Welcome to your feed</title>" in feed
    assert process.returncode == 0
