"""Invented articles, one for each thing a document can stumble over: `data/articles.json`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import Enclosure, Entry, Image, Teller
from aggregator.publish import SourceInfo, ViewInfo

_DATA = Path(__file__).parent / "data"
_CASES: dict[str, dict[str, Any]] = json.loads(
    (_DATA / "articles.json").read_text(encoding="utf-8")
)
_ABSENT: dict[str, Any] = {
    **dict.fromkeys(
        ("url_original", "summary", "content_html", "content_text", "language", "publisher", "guid")
    ),
    "published_from": "feed",
    "revision": 1,
    "provenance": {},
}


def _entry(stated: dict[str, Any]) -> Entry:
    published = datetime.fromisoformat(stated["published"])
    image = stated.get("image")
    values: dict[str, Any] = {
        "published": published,
        "updated": datetime.fromisoformat(stated["updated"]),
        "first_seen": published,
        "image": Image(**image) if image else None,
        "enclosures": tuple(Enclosure(**enclosure) for enclosure in stated.get("enclosures", ())),
        **{
            name: tuple(stated.get(name, ()))
            for name in ("authors", "credits", "tags", "duplicates")
        },
        "tellers": tuple(Teller(**teller) for teller in stated.get("tellers", ())),
    }
    return Entry(**_ABSENT | stated | values)


@pytest.fixture(scope="session")
def data() -> Path:
    return _DATA


@pytest.fixture(scope="session")
def articles() -> dict[str, Entry]:
    """Every case by its name, in the order of the view."""
    return {name: _entry(stated) for name, stated in _CASES["articles"].items()}


@pytest.fixture(scope="session")
def view() -> ViewInfo:
    return ViewInfo(
        "merged",
        "All news & more",
        self_url="https://feeds.example.org/feed.atom",
        home_url="https://feeds.example.org/",
        sources={name: SourceInfo(**info) for name, info in _CASES["sources"].items()},
    )


@pytest.fixture(scope="session")
def hundred(articles: dict[str, Entry]) -> list[Entry]:
    """As many articles as a view carries, of a usual length, each with its own id, link and minute."""
    first = articles["the fullest"]
    newest = datetime(2026, 7, 3, 5, 40, tzinfo=UTC)
    return [
        replace(
            first,
            id=f"urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-{i:012d}",
            url=f"https://harbour.example.org/{i}",
            content_html="<p>大雾 &amp; fog on the pier.</p>" * 150,
            published=newest - timedelta(minutes=i),
            updated=newest - timedelta(minutes=i),
        )
        for i in range(100)
    ]
