"""`aggregator import --format jsonl` fills an empty store with an exported one."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Project


def move(project: Project) -> None:
    """Let the project use another, empty store."""
    project.write(
        "config/aggregator.yaml",
        f"database: sqlite:///{project.root}/var/new.db\nsources: sources/*.yaml\n",
    )


def test_a_store_is_moved_to_another_database(fetched: Project) -> None:
    file = fetched.root / "store.jsonl"
    fetched.call("export", "--format", "jsonl", str(file))
    before = fetched.call("entries", "--format", "jsonl").out
    move(fetched)

    said = fetched.call("import", str(file), "--format", "jsonl")

    assert (said.code, said.out, said.err) == (
        0,
        "",
        "imported: 1 sources, 3 entries, 3 revisions, 0 captures, 1 outcomes\n",
    )
    assert fetched.call("entries", "--format", "jsonl").out == before
    assert len(fetched.call("entries", "--search", "bridge", "--format", "json").json) == 1
    assert fetched.call("export", "--format", "jsonl").out == file.read_text("utf-8")


def test_a_store_is_read_from_stdin(fetched: Project, environment: dict[str, str]) -> None:
    exported = fetched.call("export", "--format", "jsonl", "--captures").out
    move(fetched)

    done = subprocess.run(
        fetched.process("import", "-", "--format", "jsonl"),
        input=exported,
        capture_output=True,
        text=True,
        env=environment,
    )

    assert (done.returncode, done.stderr) == (
        0,
        "imported: 1 sources, 3 entries, 3 revisions, 3 captures, 1 outcomes\n",
    )


def test_a_store_with_data_stays_as_it_is(fetched: Project) -> None:
    file = fetched.root / "store.jsonl"
    fetched.call("export", "--format", "jsonl", str(file))

    said = fetched.call("import", str(file), "--format", "jsonl")

    assert said.code == 2
    assert "has data already" in said.err
    assert fetched.call("export", "--format", "jsonl").out == file.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere.jsonl",), "cannot read nowhere.jsonl: No such file or directory"),
        (("x", "--dry-run"), "--file and --dry-run are for OPML"),
        (("x", "--file", "y"), "--file and --dry-run are for OPML"),
    ],
)
def test_what_cannot_be_is_said(project: Any, words: tuple[str, ...], message: str) -> None:
    said = project.call("import", *words, "--format", "jsonl")

    assert (said.code, said.err) == (2, f"aggregator: {message}\n")


def test_an_opml_list_may_be_called_one(project: Any) -> None:
    path = project.write("list.opml", '<opml version="2.0"><body/></opml>')

    said = project.call("import", str(path), "--format", "opml")

    assert (said.code, said.err) == (0, "0 added, 0 followed already, 0 refused\n")


def test_vacuum_tells_what_it_gave_back(fetched: Project) -> None:
    said = fetched.call("vacuum")

    assert (said.code, said.out) == (0, "")
    assert said.err.startswith("the database had 0.2 MiB, now 0.")
