"""Writing a document: whole or not at all, and only when it differs."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from aggregator.errors import StoreError
from aggregator.publish import ViewInfo, is_view_file, remove_view_file, write_file
from aggregator.publish.atom import render


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_document_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "var" / "feeds" / "merged.atom"

    assert write_file(path, b"new") is True
    assert _files(path.parent) == {"merged.atom": b"new"}


def test_equal_bytes_touch_nothing(tmp_path: Path) -> None:
    path = tmp_path / "merged.atom"
    write_file(path, b"same")
    os.utime(path, ns=(1, 1))
    before = path.stat()

    assert write_file(path, b"same") is False
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, 1)


def test_the_file_of_a_view_is_known_by_the_id_in_it_and_deleted(tmp_path: Path) -> None:
    path = tmp_path / "zh.atom"
    write_file(path, render(ViewInfo("zh", "中文"), ()))

    assert (is_view_file(path, "zh"), is_view_file(path, "en")) == (True, False)
    assert remove_view_file(path, "zh") is True
    assert _files(tmp_path) == {}


def test_a_file_that_is_not_of_the_view_is_not_deleted(tmp_path: Path) -> None:
    other = render(ViewInfo("en", "English"), ())
    write_file(tmp_path / "zh.atom", other)
    (tmp_path / "link.atom").symlink_to(tmp_path / "zh.atom")
    (tmp_path / "folder.atom").mkdir()

    assert not any(
        remove_view_file(tmp_path / f"{name}.atom", view)
        for name, view in (("zh", "zh"), ("link", "en"), ("folder", "folder"), ("absent", "absent"))
    )
    assert (tmp_path / "zh.atom").read_bytes() == other


def test_other_bytes_of_the_same_length_are_written(tmp_path: Path) -> None:
    path = tmp_path / "merged.atom"
    write_file(path, b"old")

    assert write_file(path, b"new") is True
    assert _files(tmp_path) == {"merged.atom": b"new"}


def test_who_reads_the_old_document_reads_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "merged.atom"
    write_file(path, b"the old document")
    with path.open("rb") as reader:
        start = reader.read(4)
        write_file(path, b"another")

        assert start + reader.read() == b"the old document"


def test_a_document_is_as_readable_as_the_umask_lets_it(tmp_path: Path) -> None:
    path = tmp_path / "merged.atom"
    plain = tmp_path / "plain"
    plain.touch()

    write_file(path, b"new")

    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "the disk is full, free some space"),
        (errno.EROFS, "the file system is read-only, remount it or set another output folder"),
        (
            errno.EACCES,
            "not allowed, make the folder writable for this user or set another output folder",
        ),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_failed_write_says_what_to_do_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    path = tmp_path / "merged.atom"
    write_file(path, b"old")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError) as failure:
        write_file(path, b"new")

    assert str(failure.value) == f"cannot write {path}: {advice}"
    assert _files(tmp_path) == {"merged.atom": b"old"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(StoreError, match="not allowed, make the folder writable"):
        write_file(tmp_path / "merged.atom", b"new")


def test_a_file_in_the_place_of_the_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "feeds").write_bytes(b"")

    with pytest.raises(StoreError, match=r"cannot write .*merged\.atom: Not a directory"):
        write_file(tmp_path / "feeds" / "merged.atom", b"new")


def test_a_write_after_a_failed_one_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "merged.atom"

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fail)
        with pytest.raises(StoreError):
            write_file(path, b"new")

    assert write_file(path, b"new") is True
    assert _files(tmp_path) == {"merged.atom": b"new"}


def test_the_bytes_and_the_new_name_are_synced_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
    )

    write_file(tmp_path / "merged.atom", b"new")

    document, folder = synced
    assert (Path(document).parent, folder) == (tmp_path, str(tmp_path))
