from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from aggregator.cli.commands.export import write_stream
from aggregator.store.schema import HEAD

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

SOURCES = """\
- {id: plain, url: "https://plain.example/feed"}
- {id: named, url: "https://named.example/feed?a=1&b=2", name: "Tom & “Ann” <3 华语", tags: [世界, "a, b/c", "News & Views", radio]}
- {id: rfi-cn, url: "https://www.rfi.fr/cn/rss", adapter: rfi, name: RFI, tags: [世界]}
- {id: off, url: "https://off.example/feed", enabled: false}
- {id: a-page, url: "https://page.example/", adapter: page, items: article}
- {id: map, url: "https://map.example/sitemap.xml", adapter: sitemap}
- {id: token, url: "https://token.example/feed?key=${TOKEN}"}
"""  # noqa: E501  (one source a line)
LEFT_OUT = """\
a-page: not exported: no feed (page)
map: not exported: no feed (sitemap)
token: not exported: a secret stands in its address
saved: not exported: no feed (files of this machine)
"""


def prepared(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "s3cret")
    project.write("config/sources/feeds.yaml", SOURCES)


def test_only_feeds_are_exported_and_the_others_are_named(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(project, monkeypatch)

    said = project.call("export")

    assert (said.code, said.err) == (0, LEFT_OUT)
    assert [line.split('xmlUrl="')[1].split('"')[0] for line in said.lines if "xmlUrl" in line] == [
        "https://plain.example/feed",
        "https://named.example/feed?a=1&amp;b=2",
        "https://www.rfi.fr/cn/rss",
    ]
    assert "s3cret" not in said.out


def test_what_is_exported_comes_back_by_an_import(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(project, monkeypatch)
    path = project.root / "feeds.opml"
    assert project.call("-q", "export", "--output", str(path)).err == ""
    project.write("config/sources/feeds.yaml", "")

    said = project.call("import", str(path), "--format", "json")

    assert [(fate["url"], fate["name"], fate["tags"]) for fate in said.json] == [
        ("https://plain.example/feed", "plain", []),
        (
            "https://named.example/feed?a=1&b=2",
            "Tom & “Ann” <3 华语",
            ["世界", "a, b/c", "News & Views", "radio"],
        ),
        ("https://www.rfi.fr/cn/rss", "RFI", ["世界"]),
    ]
    assert {fate["fate"] for fate in said.json} == {"added"}
    assert project.call("-q", "export").out == path.read_text("utf-8")


def test_the_whole_store_is_a_row_a_line(library: Any) -> None:
    said = library.call("export", "--format", "jsonl")

    lines = [orjson.loads(line) for line in said.lines]
    titles = {line["entry"]["title"] for line in lines if "entry" in line}
    bodies = [orjson.loads(line["content"]["body"]) for line in lines if "content" in line]
    assert (said.code, said.err) == (0, "")
    assert lines[0] == {"aggregator store": 1, "schema": HEAD}
    assert lines[-1] == {"end": len(lines) - 2}
    assert titles == {"日股收跌", "A bridge opens", "Un pont s’ouvre"}
    assert [body["title"] for body in bodies if "pont" in body["title"]] == ["Un pont s’ouvre"]
    assert {name for line in lines[1:-1] for name in line} == {
        "content",
        "entry",
        "entry_key",
        "outcome",
        "revision",
        "source",
        "source_state",
    }


def test_documents_that_were_fetched_are_exported_where_asked_for(library: Any) -> None:
    said = library.call("export", "--format", "jsonl", "--captures")

    captures = [line for line in said.lines if line.startswith('{"capture":')]
    assert len(captures) == 4


@pytest.mark.parametrize("words", [("{path}",), ("--output", "{path}")])
def test_the_store_goes_to_a_file(library: Any, tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "store.jsonl"

    said = library.call("export", "--format", "jsonl", *(word.format(path=path) for word in words))

    assert (said.code, said.out) == (0, "")
    assert path.read_text("utf-8") == library.call("export", "--format", "jsonl").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a", "--output", "b"), "FILE and --output name the same thing: use one of them"),
        (("--captures",), "--captures is for --format jsonl"),
    ],
)
def test_options_that_do_not_go_together_are_named(
    library: Any, words: tuple[str, ...], message: str
) -> None:
    said = library.call("export", *words)

    assert (said.code, said.err) == (2, f"aggregator: {message}\n")


def test_a_folder_that_is_not_there_is_told(library: Any, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "entries.jsonl"

    said = library.call("export", "--format", "jsonl", "--output", str(path))

    assert (said.code, said.err) == (
        3,
        f"aggregator: cannot write {path}: No such file or directory\n",
    )


def test_a_file_is_the_old_one_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "entries.jsonl"
    path.write_bytes(b"old")

    def broken() -> Any:
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left on device"):
        write_stream(path, broken())

    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [
        ("entries.jsonl", b"old")
    ]
