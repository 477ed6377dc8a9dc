"""The text of an article that only the scripts of its page have."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from aggregator.adapters.article import script_text
from aggregator.adapters.html import parse_page
from aggregator.model import Capture
from aggregator.rules.document import element_text

TEXT = "The ferry to the northern islands sails again from Monday, says the harbour master. " * 4


def find(data: Any) -> tuple[str, str] | None:
    body = (
        "<!doctype html><html><body><div id=__next></div><script id=__NEXT_DATA__ "
        f"type=application/json>{json.dumps(data)}</script></body></html>"
    )
    capture = Capture(
        "s", "https://news.example.org/a", datetime(2026, 7, 4, tzinfo=UTC), body.encode()
    )
    found = script_text.find(parse_page(capture))
    return found and (element_text(found.element).strip(), found.where)


def test_the_longest_text_with_a_title_is_the_article() -> None:
    post = {"title": "Ferry", "body": f"<p>{TEXT}</p><p>{TEXT}</p>"}
    teaser = {"title": "Other", "content": f"<p>{TEXT}</p>"}

    assert find({"props": {"more": [teaser], "post": post}}) == (
        f"{TEXT}{TEXT}".strip(),
        "script:body",
    )
    assert find({"props": {"post": {"headline": "Ferry", "text": TEXT}}}) == (
        TEXT.strip(),
        "script:text",
    )


def test_data_without_an_article_gives_no_text() -> None:
    assert find({"notice": {"body": TEXT}}) is None
    assert find({"post": {"title": "Ferry", "body": "Soon."}}) is None
    assert find({"post": {"title": "Ferry", "body": "<i></i>" * 50}}) is None
