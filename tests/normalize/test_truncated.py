"""Where a text breaks off: rows of ends that are cut and ends that are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from time import process_time

import pytest

from aggregator.model import Revision
from aggregator.normalize.text.truncated import is_truncated

NOW = datetime(2026, 7, 1, tzinfo=UTC)
BARE = Revision(
    source="news",
    keys=("url:a",),
    guarded=False,
    at=NOW,
    captured=NOW,
    hash="1",
    url=None,
    url_original=None,
    title="Lamps",
    published=NOW,
    published_from="feed",
)


@pytest.mark.parametrize(
    "text",
    [
        "The lamps went out…",
        "The lamps went out...",
        "The lamps went out […]",
        "The lamps [...]",
        "The lamps (…)",
        "The lamps went out. Read more",
        "The lamps went out. Continue reading →",
        "Lamps. Read the full story »",
        "Les lampes. Lire la suite",
        "Les lampes s'éteignent. Lire l’article complet",
        "灯灭了。阅读全文",
        "灯灭了…继续阅读",
        "灯灭了。点击阅读全文>>",
        "Die Lampen. Weiterlesen",
        "ランプ。続きを読む",
        "Лампы. Читать далее",
        "Las luces. Leer más",
        "more »",
    ],
)
def test_a_text_that_says_so_is_cut(text: str) -> None:
    assert is_truncated(replace(BARE, content_html=f"<p>First.</p><p>{text}</p>"))
    assert is_truncated(replace(BARE, summary=text))


@pytest.mark.parametrize(
    "text",
    [
        "The lamps went out.",
        "他说……",
        "And then....",
        "The bread more",
        "Nobody knew more",
        "He had to continue",
        "… and so it ended.",
        "Das Wort “weiterlesen” ist lang.",
        "阅读是一种乐趣。",
    ],
)
def test_a_text_that_ends_is_whole(text: str) -> None:
    assert not is_truncated(
        replace(
            BARE,
            content_html=f"<p>It was cut […] in the middle.</p><p>A.</p><p>B.</p><p>{text}</p>",
        )
    )


def test_what_an_engine_puts_behind_the_cut_does_not_hide_it() -> None:
    note = "<p>The post <a href='https://a.example/'>Lamps</a> appeared first on Example.</p>"

    assert is_truncated(replace(BARE, content_html=f"<p>The lamps went out […]</p>{note}"))


def test_no_text_at_all_is_cut_and_the_content_comes_before_the_summary() -> None:
    assert is_truncated(BARE)
    assert not is_truncated(
        replace(BARE, content_html="<p>The lamps went out.</p>", summary="The lamps…")
    )


def test_a_picture_alone_is_whole() -> None:
    assert not is_truncated(
        replace(BARE, content_html="<p><img src='https://a.example/1.jpg' alt='Lamps…'></p>")
    )


def test_of_a_long_text_the_end_is_read() -> None:
    text = "<p>The lamps <a href='https://a.example/x'>went out</a>.</p>" * 900

    assert not is_truncated(replace(BARE, content_html=text))
    assert is_truncated(replace(BARE, summary="The lamps went out. " * 900 + "Then…"))
    assert is_truncated(
        replace(BARE, content_html=f"{text}<p><a href='https://a.example/1'>Read more</a></p>")
    )


@pytest.mark.no_cover
def test_a_hostile_end_is_read_in_no_time() -> None:
    started = process_time()
    for text in (
        "read " * 100_000,
        "[" * 500_000,
        "… " * 200_000 + ".",
        "(…" * 100_000,
        "-" * 400_000,
    ):
        is_truncated(replace(BARE, summary=text))
        is_truncated(replace(BARE, content_html="<" * 100_000 + text))

    assert process_time() - started < 1.0


@pytest.mark.parametrize(
    ("ending", "is_cut"),
    [
        (" Click here to continue reading the full story »»»»", True),
        (" […]", True),
        ("…", True),
        (" He spread more", False),
        (" (1987)", False),
    ],
)
def test_of_a_long_line_the_end_is_read(ending: str, is_cut: bool) -> None:
    line = "word " * 200 + ending

    assert is_truncated(replace(BARE, content_html=f"<p>{line}</p>")) is is_cut
