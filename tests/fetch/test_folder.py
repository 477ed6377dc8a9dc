"""A folder is read file by file: whatever lies in it, one bad file is one message and the rest is read."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from aggregator.errors import SourceError
from aggregator.fetch import folder
from aggregator.model import Capture

if TYPE_CHECKING:
    from collections.abc import Iterator

TAKEN = datetime(2026, 7, 1, tzinfo=UTC)


def read(root: Path, name: str, limit_bytes: int = 1000) -> Capture | str:
    return folder.read_file(root, name, source="saved", taken=TAKEN, limit_bytes=limit_bytes)


def mark(path: Path) -> tuple[int, int]:
    details = path.stat()
    return details.st_mtime_ns, details.st_size


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    for name, text in {
        "b.txt": "bb",
        "a.txt": "a",
        "c.html": "c",
        ".hidden.txt": "h",
        "deep/er/d.txt": "d",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("", ("a.txt", "b.txt", "c.html", "deep/er/d.txt")),
        ("*.txt", ("a.txt", "b.txt")),
        (".h*", (".hidden.txt",)),
        ("*/*/*.txt", ("deep/er/d.txt",)),
        ("**/*.txt", (".hidden.txt", "a.txt", "b.txt", "deep/er/d.txt")),
        ("b.txt", ("b.txt",)),
        ("*.none", ()),
    ],
)
def test_a_folder_a_pattern_and_a_file_all_name_files(
    saved: Path, pattern: str, names: tuple[str, ...]
) -> None:
    changes = folder.scan(saved / pattern if pattern else saved, {})

    assert changes.changed_names == names
    assert changes.manifest == {name: mark(saved / name) for name in names}


def test_only_what_changed_is_named(saved: Path) -> None:
    known = folder.scan(saved, {}).manifest
    (saved / "a.txt").write_text("longer")
    (saved / "new.txt").write_text("new")
    (saved / "c.html").unlink()

    changes = folder.scan(saved, known)

    assert changes.changed_names == ("a.txt", "new.txt")
    assert set(changes.manifest) == {"a.txt", "b.txt", "new.txt", "deep/er/d.txt"}
    assert folder.scan(saved, changes.manifest).changed_names == ()


def test_a_file_is_a_capture_of_its_bytes(saved: Path) -> None:
    assert read(saved, "b.txt") == Capture("saved", (saved / "b.txt").as_uri(), TAKEN, b"bb")


def test_a_folder_that_is_not_there_is_the_sources_error(tmp_path: Path) -> None:
    for pattern in ("gone", "gone/*.txt", "gone/*/*.txt"):
        with pytest.raises(SourceError) as caught:
            folder.scan(tmp_path / pattern, {})

        assert (caught.value.kind, str(caught.value)) == (
            "missing",
            f"no such folder: {tmp_path / 'gone'}",
        )


@pytest.mark.parametrize("pattern", ["", "/*.txt", "/*/*.txt"])
def test_a_name_that_is_too_long_is_the_sources_error(tmp_path: Path, pattern: str) -> None:
    name = "x" * 300

    with pytest.raises(SourceError) as caught:
        folder.scan(tmp_path / f"{name}{pattern}", {})

    assert (caught.value.kind, str(caught.value)) == (
        "unreadable",
        f"cannot list {tmp_path / name}: File name too long",
    )


def test_a_file_where_a_folder_should_be_is_the_sources_error(saved: Path) -> None:
    with pytest.raises(SourceError, match="Not a directory") as caught:
        folder.scan(saved / "a.txt" / "*.txt", {})

    assert caught.value.kind == "unreadable"


def test_a_huge_file_is_rejected_without_reading_it(saved: Path) -> None:
    with (saved / "huge.txt").open("wb") as file:
        file.truncate(300 * 1024 * 1024)  # sparse: it takes no room

    assert (
        read(saved, "huge.txt")
        == "huge.txt: 314,572,800 bytes, more than the limit of 1,000 (network.max_body)"
    )


def test_a_pipe_in_the_folder_holds_nobody_up(saved: Path) -> None:
    os.mkfifo(saved / "pipe.txt")

    assert folder.scan(saved / "*.txt", {}).changed_names == ("a.txt", "b.txt", "pipe.txt")
    assert read(saved, "pipe.txt") == "pipe.txt: not a regular file"


def test_links_that_lead_nowhere_or_to_themselves_are_one_message_each(saved: Path) -> None:
    (saved / "dangling.txt").symlink_to(saved / "gone")
    (saved / "loop.txt").symlink_to(saved / "loop.txt")
    (saved / "deep" / "back").symlink_to(saved)

    for location in (saved, saved / "*.txt"):
        changes = folder.scan(location, {})
        assert {"dangling.txt", "loop.txt"} < set(changes.changed_names)
        assert not any("back" in name for name in changes.changed_names)
    assert read(saved, "dangling.txt") == "dangling.txt: cannot be read: No such file or directory"
    assert str(read(saved, "loop.txt")).startswith("loop.txt: cannot be read: ")


def test_a_link_to_a_file_is_read_as_that_file(saved: Path) -> None:
    (saved / "link.txt").symlink_to(saved / "b.txt")

    assert "link.txt" in folder.scan(saved / "*.txt", {}).changed_names
    assert read(saved, "link.txt") == Capture("saved", (saved / "link.txt").as_uri(), TAKEN, b"bb")


def test_a_folder_named_like_a_file_is_passed_over(saved: Path) -> None:
    (saved / "x.txt").mkdir()
    (saved / "x.txt" / "inner.txt").write_text("i")

    assert folder.scan(saved / "*.txt", {}).changed_names == ("a.txt", "b.txt")
    assert "x.txt/inner.txt" in folder.scan(saved, {}).changed_names


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_one_message_each(saved: Path) -> None:
    (saved / "a.txt").chmod(0)
    (saved / "deep").chmod(0)
    try:
        assert folder.scan(saved, {}).changed_names == ("a.txt", "b.txt", "c.html", "deep")
        assert read(saved, "a.txt") == "a.txt: cannot be read: Permission denied"
        assert read(saved, "deep") == "deep: cannot be read: Permission denied"
    finally:
        (saved / "deep").chmod(0o755)


def test_a_file_that_would_make_its_reader_wait_is_one_message(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waiting:
        """A regular file of /proc that has nothing to say yet."""

        def __init__(self, descriptor: int, _: str) -> None:
            self.fileno = lambda: descriptor

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            os.close(self.fileno())

        def read(self, _: int) -> None:
            return None

    monkeypatch.setattr(os, "fdopen", Waiting)

    assert read(saved, "a.txt") == "a.txt: cannot be read: it has no content yet"


@pytest.fixture
def deep_folder(saved: Path) -> Iterator[Path]:
    """A folder whose subfolders are nested deeper than Python's stack."""
    with contextlib.chdir(saved):
        for _ in range(1_500):
            Path("d").mkdir()
            os.chdir("d")
    yield saved
    for _ in range(1_500):
        below = saved / "d" / "d"
        if below.exists():
            below.rename(saved / "moved")
        (saved / "d").rmdir()
        if (saved / "moved").exists():
            (saved / "moved").rename(saved / "d")


def test_folders_nested_very_deep_hide_no_file(deep_folder: Path) -> None:
    names = folder.scan(deep_folder, {}).changed_names

    assert names == ("a.txt", "b.txt", "c.html", "deep/er/d.txt")


def test_a_pattern_over_folders_nested_too_deep_is_the_sources_error(deep_folder: Path) -> None:
    with pytest.raises(SourceError, match="its folders are too deep") as caught:
        folder.scan(deep_folder / "**" / "*.txt", {})

    assert caught.value.kind == "unreadable"


def test_a_name_that_is_no_text_is_one_message_and_not_remembered(saved: Path) -> None:
    broken: Any = os.fsencode(saved) + b"/\xff.txt"
    try:
        with open(broken, "wb"):  # noqa: PTH123  no Path has such a name
            pass
    except OSError:
        pytest.skip("this file system has UTF-8 names only")

    changes = folder.scan(saved / "*.txt", {})

    assert sorted(changes.manifest) == list(changes.changed_names) == ["a.txt", "b.txt"]
    assert changes.rejected == (r"'\udcff.txt': the name of the file is not UTF-8",)
