from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from aggregator.cli.commands.export import reverse_lines, write_stream

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


def test_entries_are_a_line_each_oldest_first(library: Any) -> None:
    newest_first = library.call("entries", "--format", "jsonl")

    said = library.call("export", "--format", "jsonl")

    assert (said.code, said.err) == (0, "")
    assert said.lines == newest_first.lines[::-1]
    assert [orjson.loads(line)["published"] for line in said.lines] == [
        "2026-03-01T08:00:00Z",
        "2026-03-01T09:00:00Z",
        "2026-03-01T10:00:00Z",
    ]


def test_entries_go_to_a_file(library: Any, tmp_path: Path) -> None:
    path = tmp_path / "entries.jsonl"

    said = library.call("export", "--format", "jsonl", "--output", str(path))

    assert (said.code, said.out) == (0, "")
    assert path.read_text("utf-8") == library.call("export", "--format", "jsonl").out


def test_a_folder_that_is_not_there_is_told(library: Any, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "entries.jsonl"

    said = library.call("export", "--format", "jsonl", "--output", str(path))

    assert (said.code, said.err) == (
        3,
        f"aggregator: cannot write {path}: No such file or directory\n",
    )


def test_lines_are_turned_round_however_many_there_are() -> None:
    lines = [b"%d\n" % number for number in range(2_345)]

    assert list(reverse_lines(iter(lines))) == lines[::-1]
    assert list(reverse_lines([])) == []


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
