"""Ids that are made from addresses, and nearest words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config.words import find_nearest, guess_url, id_of_path, id_of_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.config import Config

    Loads = Callable[..., Config]


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("https://www.rfi.fr/cn/rss", "rfi.fr-cn-rss"),
        ("https://blog.example.org/", "blog.example.org"),
        ("http://Example.org:8080/Feed.xml", "example.org-8080-feed.xml"),
        ("https://example.org/podcast/?zoneId=3521", "example.org-podcast-zoneid-3521"),
        ("https://example.org/a#b", "example.org-a"),
        ("https://www.rfi.fr/cn/%E4%B8%AD%E5%9B%BD/rss", "rfi.fr-cn-rss-81770c"),
        ("https://www.voachinese.com/api/z$uvy", "voachinese.com-api-z-uvy-e4cf2b"),
        ("https://例子.example/", "example-4fa04c"),
        ("https://[::1]/", "1-8cc6bb"),
        (
            "https://example.org/" + "long/" * 30,
            "example.org-long-long-long-long-long-long-long-long-long-lon-388e7b",
        ),
    ],
)
def test_an_id_is_made_from_the_url(url: str, identity: str) -> None:
    assert id_of_url(url) == identity


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("../../seeds/*.txt", "seeds"),
        ("saved/RFI/**/*.txt", "rfi"),
        ("/srv/saved/", "saved"),
        ("feed.xml", "feed"),
        ("*.txt", "source-79e81f"),
        ("文章", "source-7d5a89"),
    ],
)
def test_an_id_is_made_from_the_path(path: str, identity: str) -> None:
    assert id_of_path(path) == identity


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (" example.org ", "https://example.org"),
        ("www.example.org/feed", "https://www.example.org/feed"),
        ("//example.org", "https://example.org"),
        ("example.org:8080/x?a=b:c", "https://example.org:8080/x?a=b:c"),
        ("localhost:8080", "https://localhost:8080"),
        ("127.0.0.1/feed", "https://127.0.0.1/feed"),
        ("例子.中国/feed", "https://例子.中国/feed"),
        ("feed://example.org/rss", "https://example.org/rss"),
        ("feed:https://example.org/rss", "https://example.org/rss"),
        ("HTP://example.org", "http://example.org"),
        ("htps://example.org", "https://example.org"),
        ("https:/example.org", "https://example.org"),
        ("https//example.org", "https://example.org"),
        ("http:example.org", "http://example.org"),
    ],
)
def test_the_url_that_was_meant_is_guessed(text: str, meant: str) -> None:
    assert guess_url(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "nonsense",
        "not a url",
        "ftp://example.org",
        "file:///srv/feed.xml",
        "../../seeds/*.txt",
        "seeds/1.txt",
        "feed.xml",
        "me:hunter2@example.org",
        "mailto:me@example.org",
        "https://",
        "example..org",
        "https://[::1",
        "https://example.org:99999/",
        "example.org/a b",
        "example.org/\x1b[31m",
        "example.org/" + "long/" * 50,
    ],
)
def test_no_url_is_guessed_where_none_was_meant(text: str) -> None:
    assert guess_url(text) is None


@settings(deadline=None, max_examples=100, derandomize=True)
@given(host=st.text("ab.-[]:%@0\u0130${}", max_size=20), rest=st.text(max_size=90))
def test_a_made_id_is_always_an_id(host: str, rest: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", id_of_url(f"https://{host}/{rest}"))
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", id_of_url(rest))
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", id_of_path(rest))


def test_made_ids_that_meet_are_told_apart_and_stated_ones_stay(loads: Loads) -> None:
    config = loads(
        """
        sources:
          - https://example.org/a/b
          - https://example.org/a-b
          - https://example.org/stated
          - {id: example.org-stated, url: "https://example.org/other"}
        """
    )

    assert [source.id for source in config.sources] == [
        "example.org-a-b",
        "example.org-a-b-773cff",
        "example.org-stated-15ed4a",
        "example.org-stated",
    ]


@pytest.mark.parametrize(
    ("word", "known", "guess"),
    [
        ("evry", ("every", "keep"), "every"),
        ("EVERY", ("every", "keep"), "every"),
        ("europe/pari", ("Europe/Paris", "Europe/Madrid"), "Europe/Paris"),
        ("zzz", ("every", "keep"), None),
        ("x" * 10**6, ("every",), None),
        ("", ("every",), None),
        ("a", (), None),
    ],
)
def test_the_nearest_word_is_found(word: str, known: tuple[str, ...], guess: str | None) -> None:
    assert find_nearest(word, known) == guess
