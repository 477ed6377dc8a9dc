"""What a person types is read in every form that people copy, and what cannot be meant is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aggregator.errors import UsageError
from aggregator.subscribe.user_input import UserInput, parse_user_input, path_for_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("https://example.org/feed", ["https://example.org/feed"]),
        ("  https://example.org/feed \n", ["https://example.org/feed"]),
        ("<https://example.org/feed>", ["https://example.org/feed"]),
        ("“https://example.org/feed”", ["https://example.org/feed"]),
        ("http://example.org", ["http://example.org"]),
        ("HTTPS://Example.org/A", ["HTTPS://Example.org/A"]),
        ("example.org", ["https://example.org", "http://example.org"]),
        (
            "example.org:8080/a?b=c",
            ["https://example.org:8080/a?b=c", "http://example.org:8080/a?b=c"],
        ),
        ("//example.org/a", ["https://example.org/a", "http://example.org/a"]),
        ("localhost:8080", ["https://localhost:8080", "http://localhost:8080"]),
        ("127.0.0.1/x", ["https://127.0.0.1/x", "http://127.0.0.1/x"]),
        ("[::1]:80/x", ["https://[::1]:80/x", "http://[::1]:80/x"]),
        ("中文.example/新闻", ["https://中文.example/新闻", "http://中文.example/新闻"]),
        ("feed://example.org/rss", ["https://example.org/rss", "http://example.org/rss"]),
        ("feed:https://example.org/rss", ["https://example.org/rss"]),
        ("feed://http://example.org/rss", ["http://example.org/rss"]),
        ("itpc://example.org/pod", ["https://example.org/pod", "http://example.org/pod"]),
        ("@example", ["https://www.youtube.com/@example"]),
        ("@ada@social.example.org", ["https://social.example.org/@ada"]),
        ("youtube.com/@example", ["https://youtube.com/@example", "http://youtube.com/@example"]),
        (
            "example.org/?feed=rss",
            ["https://example.org/?feed=rss", "http://example.org/?feed=rss"],
        ),
    ],
)
def test_an_address_in_any_form(text: str, urls: list[str]) -> None:
    assert parse_user_input(text) == UserInput(tuple(urls))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "hello",
        "hello world",
        "ftp://example.org/feed",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "mailto:ada@example.org",
        "https://",
        "https:///feed",
        "https://no host/",
        "http://[::1",
        "a\0b.example",
        "https://exa\x07mple.org/",
        "-",
        "*.txt",
        "example..org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no address: write it as https://example"):
        parse_user_input(text)


def test_a_mistyped_scheme_is_refused_with_the_address_that_was_meant() -> None:
    with pytest.raises(
        UsageError,
        match=r"`htp://example\.org/x` is no address: write it as http://example\.org/x, or",
    ):
        parse_user_input("htp://example.org/x")


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match=r"write them under http\.basic_auth") as caught:
        parse_user_input("https://ada:secret@example.org/")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["saved", "saved/*.txt", "./saved", "saved/1.txt", "{root}/saved"])
def test_files_that_are_there_are_meant(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "1.txt").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    found = parse_user_input(name.format(root=tmp_path))

    assert found == UserInput(path=str(tmp_path / name.removeprefix("./").removeprefix("{root}/")))


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/*.txt", "../nowhere"])
def test_files_that_are_not_there_are_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match="nothing is at"):
        parse_user_input(name)


def test_a_path_is_written_from_the_file_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "config" / "sources" / "added.yaml"

    assert (
        path_for_file(str(tmp_path / "saved" / "*.txt"), file=file, home=tmp_path)
        == "../../saved/*.txt"
    )
    assert path_for_file("/elsewhere/*.txt", file=file, home=tmp_path) == "/elsewhere/*.txt"
