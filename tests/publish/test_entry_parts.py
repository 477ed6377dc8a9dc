"""How much of an entry a view shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Image
from aggregator.publish.entry_parts import published_entry

if TYPE_CHECKING:
    from aggregator.model import Entry
    from aggregator.publish import ViewInfo
    from aggregator.publish.view import ContentMode

FIGURE = '<figure class="lead-picture"><img src="https://img.example/1.jpg" alt=""></figure>'


@pytest.mark.parametrize(
    ("content", "summary", "shown"),
    [
        ("full", "Short.", ("Short.", f"{FIGURE}<p>Long.</p>", "Long.\n\nLonger.")),
        ("summary", "Short.", ("Short.", f"{FIGURE}<p>Short.</p>", None)),
        ("summary", None, ("Long.", f"{FIGURE}<p>Long.</p>", None)),
        ("none", "Short.", (None, None, None)),
    ],
)
def test_a_view_shows_as_much_text_as_it_asks_for(
    view: ViewInfo,
    articles: dict[str, Entry],
    content: ContentMode,
    summary: str | None,
    shown: tuple[str | None, ...],
) -> None:
    entry = replace(
        articles["emoji"],
        summary=summary,
        content_html="<p>Long.</p>",
        content_text="Long.\n\nLonger.",
        image=Image("https://img.example/1.jpg"),
    )

    published = published_entry(entry, replace(view, content=content))

    assert (published.summary, published.content_html, published.content_text) == shown


def test_a_long_first_paragraph_is_cut(view: ViewInfo, articles: dict[str, Entry]) -> None:
    entry = replace(articles["emoji"], summary=None, content_text="雾" * 500)

    published = published_entry(entry, replace(view, content="summary"))

    assert published.summary == "雾" * 300 + "…"
