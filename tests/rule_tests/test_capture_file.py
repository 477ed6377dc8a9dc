"""Captures as files: what a test names is read as it was fetched, and a recording never overwrites another."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import PageTest
from aggregator.errors import SourceError
from aggregator.model import Capture
from aggregator.rule_tests import capture_file

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2024, 7, 5, 12, tzinfo=UTC)
URL = "https://harbour.example/list"


def declared(path: Path, **keys: Any) -> PageTest:
    return PageTest.model_validate({"capture": str(path), **keys})


def capture(body: bytes = b"<html>") -> Capture:
    return Capture("harbour", URL, NOW, body)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.html", "text/html"),
        ("a.html.gz", "text/html"),
        ("a.xml", "application/xml"),
        ("a.JSON", "application/json"),
        ("a.txt.gz", "text/plain"),
        ("a", "application/octet-stream"),
    ],
)
def test_a_capture_is_read_plain_or_packed_and_its_name_tells_what_it_is(
    tmp_path: Path, name: str, media_type: str
) -> None:
    (tmp_path / name).write_bytes(gzip.compress(b"hello") if name.endswith(".gz") else b"hello")

    read = capture_file.read(declared(tmp_path / name), source="harbour", url=URL, now=NOW)

    assert read == Capture("harbour", URL, NOW, b"hello", headers={"content-type": media_type})


def test_a_test_says_itself_where_when_and_as_what_its_capture_was_taken(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"hello")
    stated = {
        "url": "https://harbour.example/1",
        "taken": "2024-07-01T10:00:00+02:00",
        "content_type": "text/x; charset=y",
    }

    read = capture_file.read(
        declared(tmp_path / "a.html", **stated), source="harbour", url=URL, now=NOW
    )

    assert read == Capture(
        "harbour",
        "https://harbour.example/1",
        datetime(2024, 7, 1, 8, tzinfo=UTC),
        b"hello",
        headers={"content-type": "text/x; charset=y"},
    )


def test_a_capture_without_any_address_has_that_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello")

    read = capture_file.read(declared(tmp_path / "a.txt"), source="rules", url=None, now=NOW)

    assert read.url == (tmp_path / "a.txt").as_uri()


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("no.html", None, "missing"),
        ("broken.gz", b"no gzip", "unreadable"),
        ("cut.gz", gzip.compress(b"x" * 999, mtime=0)[:-9], "unreadable"),
        ("spoilt.gz", gzip.compress(b"x" * 999, mtime=0)[:10] + b"\xff" * 99, "unreadable"),
    ],
)
def test_a_capture_that_cannot_be_read_is_told_with_its_file(
    tmp_path: Path, name: str, body: bytes | None, kind: str
) -> None:
    if body is not None:
        (tmp_path / name).write_bytes(body)

    with pytest.raises(SourceError, match=name) as caught:
        capture_file.read(declared(tmp_path / name), source="harbour", url=URL, now=NOW)

    assert caught.value.kind == kind


def test_a_capture_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.gz", "wb", compresslevel=1) as stream:
        for _ in range(65):
            stream.write(bytes(2**20))

    with pytest.raises(SourceError, match="larger than 64 MiB"):
        capture_file.read(declared(tmp_path / "bomb.gz"), source="harbour", url=URL, now=NOW)


@pytest.mark.parametrize(
    ("carrier", "body", "name"),
    [
        ("page", b"<html>", "harbour.html.gz"),
        ("article", b"<html>", "harbour.html.gz"),
        ("feed", b"<rss/>", "harbour.xml.gz"),
        ("feed", b" {}", "harbour.json.gz"),
        ("sitemap", b"<urlset/>", "harbour.xml.gz"),
        ("json", b"[]", "harbour.json.gz"),
        ("archive", b"<!--1-->", "harbour.txt.gz"),
    ],
)
def test_a_recording_is_read_as_it_was_written(
    tmp_path: Path, carrier: str, body: bytes, name: str
) -> None:
    path = capture_file.write(capture(body), tmp_path / "captures", name="harbour", carrier=carrier)

    assert path == tmp_path / "captures" / name
    assert capture_file.read(declared(path), source="harbour", url=URL, now=NOW).body == body


def test_what_is_recorded_already_is_not_written_again_and_nothing_is_written_over(
    tmp_path: Path,
) -> None:
    bodies = (b"one", b"one", b"two", b"one", b"two")

    paths = [
        capture_file.write(capture(body), tmp_path, name="harbour", carrier="page").name
        for body in bodies
    ]

    first, second = "harbour.html.gz", "harbour-2.html.gz"
    assert paths == [first, first, second, first, second]
    assert gzip.decompress((tmp_path / first).read_bytes()) == b"one"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "captures").write_bytes(b"a file")

    with pytest.raises(SourceError, match="cannot write"):
        capture_file.write(capture(), tmp_path / "captures", name="harbour", carrier="page")
