"""A source that is added reads back as it was meant, and nothing that was there changes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config import load_config
from aggregator.config.edit.add import (
    SourceAddition,
    add_source,
    append_sources,
    build_source,
    choose_file,
)
from aggregator.config.edit.yaml_writer import plain_value, source_line, source_yaml
from aggregator.config.yaml_document import read_yaml
from aggregator.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from aggregator.config import Config

NEWS: dict[str, Any] = {"id": "news", "url": "https://news.example.org/", "adapter": "feed"}
STRANGE = [
    "",
    "no",
    "007",
    "1e5",
    "~",
    "null",
    "2026-07-03",
    "- a",
    "@a",
    "*a",
    "&a",
    "!a",
    "%a",
    "a: b",
    "a #b",
    "a:",
    "#a",
    "'",
    '"',
    "\\",
    "{a}",
    "[a]",
    "a, b",
    "${HOME}",
    "$${HOME}",
    "$HOME",
    "é 中文 🚢",
    "a\nb",
    "a\r\nb",
    "\ta",
    " a ",
    "a\x85b",
    "a\u2028b",
    "a\ufeffb",
    "a\x07b",
    "\x7f",
    "<<",
    "=",
    "a" * 5000,
    "h2 a@href",
    "time@datetime | after: x",
]


@pytest.fixture
def main(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "aggregator.yaml"
    path.parent.mkdir()
    path.write_text("", encoding="utf-8")
    return path


def loaded(main: Path) -> Config:
    return load_config(main, env={})


def added(
    main: Path, given: dict[str, Any] | None = None, file: Path | None = None, **more: Any
) -> Path:
    path = file or main.parent / "sources" / "added.yaml"
    add_source(SourceAddition(path, given or NEWS, **more), env={}, load=lambda: loaded(main))
    return path


def read_back(text: str, folder: Path, **env: str) -> Any:
    path = folder / "written.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    document = read_yaml(path, env=env)
    assert document.problems == ()
    return document.data


def test_a_source_is_written_as_a_person_would() -> None:
    source = {
        "id": "news",
        "name": "News: the harbour",
        "url": "https://news.example.org/?a=1&b=2",
        "every": None,
        "tags": (),
        "items": "article.card",
        "fields": {
            "title": "h2 a",
            "published": {"from": ["time@datetime", ".date"], "order": "DMY"},
        },
        "tests": [{"capture": "captures/news.html.gz", "min_items": 8, "first": {"title": "007"}}],
    }
    notes: dict[Any, str] = {
        (): "Rules inferred from the page.\nCheck them.",
        ("fields",): "all",
        ("fields", "title"): "12 of 12",
    }

    assert source_yaml(source, notes) == (
        "# Rules inferred from the page.\n"
        "# Check them.\n"
        "- id: news\n"
        "  name: 'News: the harbour'\n"
        "  url: https://news.example.org/?a=1&b=2\n"
        "  items: article.card\n"
        "  fields:  # all\n"
        "    title: h2 a  # 12 of 12\n"
        "    published:\n"
        "      from:\n"
        "        - time@datetime\n"
        "        - .date\n"
        "      order: DMY\n"
        "  tests:\n"
        "    - capture: captures/news.html.gz\n"
        "      min_items: 8\n"
        "      first:\n"
        "        title: '007'\n"
    )


@pytest.mark.parametrize("text", STRANGE)
def test_any_text_reads_back_as_it_was(text: str, tmp_path: Path) -> None:
    source = {
        "id": "x",
        "fields": {"title": text},
        "tags": ["a", text],
        "tests": [{"capture": text, "n": 1}],
    }
    expected = [plain_value(source)]

    assert read_back(source_yaml(source), tmp_path, HOME="/root") == expected
    assert read_back(source_line(source) + "\n", tmp_path, HOME="/root") == expected


@settings(deadline=None, max_examples=80, derandomize=True)
@given(text=st.text(st.characters(codec="utf-8"), max_size=40))
def test_whatever_a_text_holds(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    source = {"id": "x", "name": text, "tags": [text]}
    notes: dict[Any, str] = {(): text, ("name",): text, ("tags",): text}

    assert read_back(source_yaml(source, notes), folder) == [plain_value(source)]
    assert read_back(source_line(source) + "\n", folder) == [plain_value(source)]


@pytest.mark.parametrize("end", ["\n", "\r", "\x85", "\u2028", "\u2029", "\x0b", "\x0c"])
def test_no_comment_becomes_configuration(end: str, tmp_path: Path) -> None:
    evil = f"a{end}- {{id: evil, url: 'https://evil.example/'}}"

    text = source_yaml(NEWS, {(): evil, ("url",): evil})

    assert read_back(text, tmp_path) == [NEWS]


def test_the_first_source_makes_the_file_and_its_folder(main: Path) -> None:
    path = added(main)

    assert path.read_text(encoding="utf-8") == source_yaml(NEWS)
    assert [source.id for source in loaded(main).sources] == ["news"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"# mine\n- https://a.example/ # first\n",
            b"# mine\n- https://a.example/ # first\n- id: news\n",
        ),
        (b"- https://a.example/", b"- https://a.example/\n- id: news\n"),
        (
            b"- https://a.example/\n\n# the end\n",
            b"- https://a.example/\n\n# the end\n- id: news\n",
        ),
        (b"  - https://a.example/\n", b"  - https://a.example/\n  - id: news\n    url: "),
        (b"- https://a.example/\r\n", b"- https://a.example/\r\n- id: news\r\n"),
        (b"\xef\xbb\xbf- https://a.example/\n", b"\xef\xbb\xbf- https://a.example/\n- id: news\n"),
        (b"# nothing yet\n", b"# nothing yet\n- id: news\n"),
        (b"", b"- id: news\n"),
    ],
)
def test_every_byte_that_was_there_stays(before: bytes, after: bytes, main: Path) -> None:
    path = main.parent / "sources" / "added.yaml"
    path.parent.mkdir()
    path.write_bytes(before)

    added(main)

    assert path.read_bytes().startswith(after)
    assert loaded(main).sources[-1].id == "news"


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("[https://a.example/]\n", "is written in brackets"),
        ("[]\n", "is written in brackets"),
        ("- https://a.example/\n...\n", "cannot take another source at its end"),
        (
            "- name: |\n    a\n  url: https://a.example/\n...\n# end\n",
            "cannot take another source at its end",
        ),
        ("- |+\n https://a.example/\n\n...\n", "cannot take another source at its end"),
    ],
)
def test_a_file_that_cannot_take_a_source_is_left_as_it_is(
    before: str, message: str, main: Path
) -> None:
    path = main.parent / "sources" / "added.yaml"
    path.parent.mkdir()
    path.write_text(before, encoding="utf-8")

    with pytest.raises(UsageError, match=message):
        added(main)

    assert path.read_text(encoding="utf-8") == before
    assert [file.name for file in path.parent.iterdir()] == ["added.yaml"]


def test_what_does_not_load_is_taken_back_with_all_that_came_with_it(main: Path) -> None:
    capture = main.parent / "sources" / "captures" / "news.html.gz"

    with pytest.raises(ConfigError, match="did you mean `every`"):
        added(main, {**NEWS, "evry": "1h"}, extra_files={capture: b"x"})

    assert list(main.parent.iterdir()) == [main]


def test_what_was_beside_it_comes_back(main: Path) -> None:
    path = added(main)
    capture = path.parent / "captures" / "news.html.gz"
    capture.parent.mkdir()
    capture.write_bytes(b"old")

    with pytest.raises(ConfigError, match="is used twice"):
        added(main, extra_files={capture: b"new"})

    assert (path.read_text(encoding="utf-8"), capture.read_bytes()) == (source_yaml(NEWS), b"old")


def test_sources_that_are_added_at_the_same_time_all_stay(main: Path) -> None:
    together = Barrier(4)

    def one(number: int) -> None:
        together.wait()
        for turn in range(5):
            added(main, {**NEWS, "id": f"news-{number}-{turn}"})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))

    assert sorted(source.id for source in loaded(main).sources) == [
        f"news-{number}-{turn}" for number in range(4) for turn in range(5)
    ]


def test_files_that_come_with_it_are_written(main: Path) -> None:
    capture = main.parent / "sources" / "captures" / "news.html.gz"

    added(main, extra_files={capture: b"\x1f\x8b"})

    assert capture.read_bytes() == b"\x1f\x8b"


def test_permissions_and_links_stay(main: Path, tmp_path: Path) -> None:
    (main.parent / "sources").mkdir()
    real = tmp_path / "mine.yaml"
    real.write_text("- https://a.example/\n", encoding="utf-8")
    real.chmod(0o640)
    link = main.parent / "sources" / "added.yaml"
    link.symlink_to(real)

    added(main)

    assert (link.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o640)
    assert [source.id for source in loaded(main).sources] == ["a.example", "news"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(main: Path) -> None:
    main.parent.chmod(0o500)

    with pytest.raises(UsageError, match=r"cannot write .*added\.yaml: Permission denied"):
        added(main)


def test_a_file_in_the_place_of_the_folder_is_told(main: Path) -> None:
    (main.parent / "sources").write_text("", encoding="utf-8")

    with pytest.raises(UsageError, match=r"cannot write .*added\.yaml"):
        added(main)


@pytest.mark.parametrize(
    ("sources", "named", "accepted"),
    [
        ("", None, True),
        ("sources: sources/*.yaml", None, True),
        ("sources: '**/*.yaml'", None, True),
        ("sources: [sources/*.yaml, 'https://a.example/']", None, True),
        ("sources: ./sources/a*.yaml", None, True),
        ("sources: sources/*.yaml", "sources/more.yaml", True),
        ("sources: feeds/*.yaml", None, False),
        ("sources: [{url: 'https://a.example/'}]", None, False),
        ("sources: sources/*.yaml", "sources/.hidden.yaml", False),
        ("sources: sources/*.yaml", "sources/deep/more.yaml", False),
        ("sources: sources/*.yaml", "aggregator.yaml", False),
        ("sources: sources/*.yaml", "sources/more.yml", False),
    ],
)
def test_a_file_is_written_only_where_it_is_loaded(
    sources: str, named: str | None, accepted: bool, main: Path
) -> None:
    main.write_text(f"{sources}\n", encoding="utf-8")
    file = main.parent / named if named else None

    def chosen() -> Path:
        return choose_file(loaded(main), file, env={})

    if accepted:
        assert chosen() == (file or main.parent / "sources" / "added.yaml")
    else:
        with pytest.raises(UsageError, match=r"would not be loaded: `sources` of .* loads"):
            chosen()


def test_a_file_that_is_loaded_already_is_taken_as_it_is(
    main: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main.write_text("sources: [mine.yaml]\n", encoding="utf-8")
    (main.parent / "mine.yaml").write_text("- https://a.example/\n", encoding="utf-8")
    monkeypatch.chdir(main.parent)

    assert choose_file(loaded(main), Path("mine.yaml"), env={}) == main.parent / "mine.yaml"


def test_a_draft_is_the_source_that_it_will_be(main: Path) -> None:
    main.write_text("defaults: {every: 30m, timezone: Europe/Paris}\n", encoding="utf-8")
    config = loaded(main)
    given = {**NEWS, "timezone": "Asia/Tokyo", "items": ["article"], "path": None}
    path = added(main, given)

    drafted, real = build_source(given, config, path), loaded(main).sources[0]

    assert drafted.model_dump() == real.model_dump()
    assert (drafted.given_keys, drafted.is_every_explicit) == (real.given_keys | {"path"}, True)


def test_many_are_written_one_a_line(main: Path) -> None:
    sources: list[dict[str, Any]] = [
        {
            "id": "a",
            "url": "https://a.example/",
            "name": "A, “quoted”: yes",
            "tags": ["world", "no", "a b"],
        },
        {"id": "b", "url": "https://b.example/?x=${HOME}", "name": None},
    ]

    path = append_sources(main, sources, file=None)

    assert path == main.parent / "sources" / "added.yaml"
    assert path.read_text(encoding="utf-8") == (
        '- {id: a, url: "https://a.example/", name: "A, “quoted”: yes", tags: [world, "no", "a b"]}\n'
        '- {id: b, url: "https://b.example/?x=$${HOME}"}\n'
    )
    assert [(source.id, source.url) for source in loaded(main).sources] == [
        ("a", "https://a.example/"),
        ("b", "https://b.example/?x=${HOME}"),
    ]


def test_many_keep_what_was_there(main: Path) -> None:
    path = added(main)

    append_sources(main, [{"id": "b", "url": "https://b.example/"}], file=path)

    assert (
        path.read_text(encoding="utf-8")
        == source_yaml(NEWS) + '- {id: b, url: "https://b.example/"}\n'
    )


@pytest.mark.parametrize("before", ["a: [\n", "[]\n"])
def test_many_are_not_written_where_they_cannot_be(before: str, main: Path) -> None:
    path = main.parent / "mine.yaml"
    path.write_text(before, encoding="utf-8")

    with pytest.raises(UsageError, match=r"mine\.yaml is"):
        append_sources(main, [NEWS], file=path)

    assert path.read_text(encoding="utf-8") == before
