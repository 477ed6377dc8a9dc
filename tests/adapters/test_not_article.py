"""A page is an article's own when it says so and does not say that it lists others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.adapters.article.not_article import is_article
from aggregator.adapters.html import parse_page
from aggregator.model import Capture

URL = "https://harbour.example/2024/bridge"
OPEN_GRAPH = '<meta property="og:type" content="Article">'


def data(json: str) -> str:
    return f'<script type="application/ld+json">{json}</script>'


NODE = data(f'{{"@type": "NewsArticle", "url": "{URL}", "headline": "A bridge opens"}}')


@pytest.mark.parametrize(
    ("head", "url", "expected"),
    [
        (OPEN_GRAPH, URL, True),
        (NODE, URL, True),
        (NODE, "https://harbour.example/", False),
        (OPEN_GRAPH, "https://harbour.example", False),
        (OPEN_GRAPH + data('{"@type": "CollectionPage"}'), URL, False),
        (NODE + data('{"@graph": [{"@type": ["ItemList"]}]}'), URL, False),
        ('<meta property="og:type" content="website">', URL, False),
        ('<meta name="OG:type" content="article">', URL, True),
        (data('{"@type": "Organization"}'), URL, False),
        ("", URL, False),
    ],
)
def test_a_page_is_an_article_when_it_says_so(head: str, url: str, expected: bool) -> None:
    body = f"<html><head>{head}</head><body><h1>A bridge opens</h1></body></html>"

    assert (
        is_article(
            parse_page(Capture("harbour", url, datetime(2024, 7, 5, tzinfo=UTC), body.encode()))
        )
        is expected
    )
