"""YAML that someone wrote: its lines, its limits, and what may be in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config import yaml_document
from aggregator.config.yaml_document import YamlDocument, read_yaml
from aggregator.errors import Problem

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["libyaml", "python"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "python":
        monkeypatch.setattr(yaml_document, "_Loader", yaml.SafeLoader)


def reads(folder: Path, body: bytes | str, **env: str) -> YamlDocument:
    path = folder / "a.yaml"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return read_yaml(path, env=env)


def refusal(folder: Path, body: bytes | str) -> tuple[int, str]:
    result = reads(folder, body)
    (problem,) = result.problems
    assert result.data is None
    return problem.line, problem.message


@pytest.mark.usefixtures("loader")
def test_every_value_knows_its_line(tmp_path: Path) -> None:
    result = reads(tmp_path, "a: 1\nb:\n  - x\n  - {c: [y,\n    z]}\n  - |\n    text\n")

    assert result.data == {"a": "1", "b": ["x", {"c": ["y", "z"]}, "text\n"]}
    assert result.lines == {
        (): 1,
        ("a",): 1,
        ("b",): 2,
        ("b", 0): 3,
        ("b", 1): 4,
        ("b", 1, "c"): 4,
        ("b", 1, "c", 0): 4,
        ("b", 1, "c", 1): 5,
        ("b", 2): 6,
    }


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("body", ["", "# nothing\n", "---\n", "~", "\ufeff"])
def test_an_empty_file_has_no_data_and_no_problem(tmp_path: Path, body: str) -> None:
    result = reads(tmp_path, body)

    assert (result.data, result.problems) == (None, ())


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert reads(tmp_path, "\ufeffa: b").data == {"a": "b"}


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        (b"a: b\nc: \xff\n", 2, "is not UTF-8 (byte 0xff)"),
        ("a: b".encode("utf-16"), 1, "is not UTF-8 (byte 0xff)"),
        ("a: b\n\nc: \x01\n", 3, "not valid YAML: "),
        ("a:\n\t- b\n", 2, "not valid YAML: "),
        ("a: [b\nc: d\n", 2, "not valid YAML: "),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML: "),
        ("a: 1\nb: *absent\n", 2, "not valid YAML: "),
        ("a: '\n\n", 3, "not valid YAML: "),
        ("%YAML 9.9\n---\na: b\n", 1, "not valid YAML: "),
        ("a: b\nc: " + "[" * 100_000, 2, "is nested deeper than 50 levels"),
        ("[" * 51 + "]" * 51, 1, "is nested deeper than 50 levels"),
        ("- " * 60 + "a", 1, "is nested deeper than 50 levels"),
        ("a: &a\n  b: [*a]\n", 1, "is nested deeper than 50 levels (an alias inside itself?)"),
        ("a: &a\n  <<: *a\n", 1, "an alias stands inside itself"),
        ("#" * 2**20 + "\n", 1, "is larger than 1 MiB; spread the sources over several files"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_the_line(
    tmp_path: Path, body: bytes | str, line: int, message: str
) -> None:
    at, said = refusal(tmp_path, body)

    assert said.startswith(message)
    assert (
        at in {line, line + 1} if message == "not valid YAML: " else at == line
    )  # the two builds differ by a line


def test_a_file_of_just_under_the_limit_is_read(tmp_path: Path) -> None:
    assert reads(tmp_path, "#" * (2**20 - 4) + "\na: ").data == {"a": None}


@pytest.mark.parametrize("form", ["[{0}]", "{{<<: [{0}]}}"])
def test_aliases_that_multiply_are_refused(tmp_path: Path, form: str) -> None:
    laughs = ["a: &a {x: 1}"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        laughs.append(f"{name}: &{name} " + form.format(", ".join(["*" + before] * 9)))

    assert refusal(tmp_path, "\n".join(laughs)) == (1, "aliases expand to more than 100,000 values")


def test_nothing_is_constructed(tmp_path: Path) -> None:
    result = reads(
        tmp_path,
        "a: !!python/object/apply:os.getcwd []\nb: !!binary aGk=\nc: !x y\nd: !!str 5\ne: !!int '5'\n",
    )

    file = result.file
    assert result.data == {"a": None, "b": None, "c": None, "d": "5", "e": "5"}
    assert result.problems == (
        Problem(file, 1, "a", "the tag `!!python/object/apply:os.getcwd` is not allowed"),
        Problem(file, 2, "b", "the tag `!!binary` is not allowed"),
        Problem(file, 3, "c", "the tag `!x` is not allowed"),
    )


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    result = read_yaml(tmp_path, env={})

    assert result.problems == (Problem(str(tmp_path), 1, "", "cannot be read: Is a directory"),)


def test_what_came_from_the_environment_is_remembered(tmp_path: Path) -> None:
    result = reads(tmp_path, "a: ${X}\nb: [x, 'y${X}']\nc: $${X}\n", X="x")

    assert result.data == {"a": "x", "b": ["x", "yx"], "c": "${X}"}
    assert result.secrets == {("a",): "${X}", ("b", 1): "y${X}"}


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    body=st.text(st.sampled_from("ab:-[]{}&*<!|>'\"#%\n \t,?${}~\0\x85é"), max_size=60)
    | st.binary(max_size=40)
)
def test_no_bytes_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, body: bytes | str
) -> None:
    result = reads(tmp_path_factory.getbasetemp(), body)

    assert (
        result.data is not None
        or result.problems
        or result.lines in ({}, {(): 1})
        or len(result.lines) == 1
    )
