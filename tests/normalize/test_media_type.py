"""Media types: the declared one where it says something, else the one of the file's name."""

from __future__ import annotations

import pytest

from aggregator.normalize.media_type import decide_media_type, is_image, is_sound

_MP3 = "https://p.example/1.mp3"


@pytest.mark.parametrize(
    "declared",
    [
        *("file", "audio", "mp3", "", None, "application/mp3", "application/octet-stream", "video"),
        *("binary/octet-stream", "media/mpeg", "image/png", "image/jpeg", "text/html"),
        *("application/x-download", "application/force-download", "unknown", ".mp3", "text/plain"),
    ],
)
def test_a_careless_type_gives_way_to_the_name_of_the_file(declared: str | None) -> None:
    assert decide_media_type(declared, _MP3) == "audio/mpeg"


@pytest.mark.parametrize(
    ("declared", "url", "decided"),
    [
        ("audio/mp3; charset=binary", _MP3, "audio/mp3; charset=binary"),
        ("audio/mpeg", "https://p.example/get?id=7", "audio/mpeg"),
        ("audio/mp4", "https://p.example/1.mp4", "audio/mp4"),
        ("application/ogg", "https://p.example/1.ogg", "application/ogg"),
        ("application/pdf", "https://p.example/1", "application/pdf"),
        ("text/vtt", "https://p.example/1.vtt", "text/vtt"),
        ("application/zip", "https://p.example/1.epub", "application/zip"),
        ("image/jpeg", "https://p.example/1.png", "image/jpeg"),
        ("image/webp", "https://p.example/1.php?file=1.jpg", "image/webp"),
    ],
)
def test_a_declared_type_that_can_be_true_stays(declared: str, url: str, decided: str) -> None:
    assert decide_media_type(declared, url) == decided


@pytest.mark.parametrize(
    ("declared", "url", "decided"),
    [
        ("audio/mpeg", "https://p.example/script.pdf", "application/pdf"),
        ("audio/mpeg", "https://p.example/cover.jpg", "image/jpeg"),
        ("image/jpeg", "https://p.example/film.mp4?x=1#t=3", "video/mp4"),
        ("text/html", "https://p.example/x.torrent", "application/x-bittorrent"),
        ("text/html", "https://p.example/x.zip", "application/zip"),
        (None, "https://p.example/get.php?file=talk.M4A", "audio/mp4"),
        (None, "https://p.example/get?file=talk.epub&token=1", "application/epub+zip"),
        (None, "https://p.example/tal%6b.opus", "audio/opus"),
        (None, "https://p.example/list.m3u8", "application/vnd.apple.mpegurl"),
        ("application/octet-stream", "https://p.example/pic.avif", "image/avif"),
        ("mp3", "https://p.example/stream", "audio/mpeg"),
        (
            "",
            "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a",
            "application/x-bittorrent",
        ),
        ("text/html", "https://p.example/page.html", "text/html"),
    ],
)
def test_a_name_that_contradicts_the_declared_type_wins(
    declared: str | None, url: str, decided: str
) -> None:
    assert decide_media_type(declared, url) == decided


@pytest.mark.parametrize(
    ("declared", "url"),
    [
        ("file", "https://p.example/1"),
        (None, "https://p.me"),
        ("audio", "https://p.example/1.php"),
        ("application/octet-stream", "https://p.example/program.exe"),
        (None, ""),
        ("x" * 1000, "//["),
    ],
)
def test_what_nothing_tells_is_not_guessed(declared: str | None, url: str) -> None:
    assert decide_media_type(declared, url) is None


def test_kinds_are_told_by_the_type() -> None:
    sounds = ("audio/mpeg", "Video/MP4", "application/ogg", "application/vnd.apple.mpegurl")
    others = (None, "", "text/vtt", "application/pdf", "image/png")

    assert ([is_sound(one) for one in sounds], [is_sound(one) for one in others]) == (
        [True] * 4,
        [False] * 5,
    )
    assert [is_image(one) for one in others] == [False, False, False, False, True]
