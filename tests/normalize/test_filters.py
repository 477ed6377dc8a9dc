"""The grammar of include and exclude: each row is what is asked for, and who passes."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.config import Match
from aggregator.model import Entry, Revision
from aggregator.normalize.filters import PARTS, make_filter

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
    title="—",
    published=NOW,
    published_from="feed",
)
ITEMS = {
    "english": replace(
        BARE,
        title="Fog on the water",
        language="en",
        tags=("sea",),
        summary="On the pier.",
        url="https://a.example/",
    ),
    "hans": replace(
        BARE,
        title="大雾",
        language="zh-Hans",
        tags=("land",),
        url="https://b.example/live/",
        content_html="<p>港口<b>关</b>闭。</p>",
        summary="pier",
    ),
    "hant": replace(BARE, title="大霧（雾）", language="zh-Hant", authors=("AFP", "A. B.")),
    "nothing": BARE,
}
ALL = set(ITEMS)
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], set[str]]] = {
    "a title": ({"title": "雾"}, {}, {"hans", "hant"}),
    "any of several": ({"title": ["^Fog", "霧"]}, {}, {"english", "hant"}),
    "every part must be found": ({"title": "雾|霧", "content": "港口"}, {}, {"hans"}),
    "words across tags": ({"content": "关闭"}, {}, {"hans"}),
    "a summary where there is no text": ({"content": "pier"}, {}, {"english"}),
    "what is not there is not found": ({"url": "."}, {}, {"english", "hans"}),
    "an author": ({"author": "^AFP$"}, {}, {"hant"}),
    "a tag": ({"tag": "(?i)^SE"}, {}, {"english"}),
    "a language and its kinds": ({"language": ["ZH"]}, {}, {"hans", "hant"}),
    "not in a language": ({}, {"language": ["zh-Hans", "en"]}, {"hant", "nothing"}),
    "excluded": ({}, {"title": "雾|霧"}, {"english", "nothing"}),
    "any part excludes": ({}, {"title": "Fog", "url": "/live/"}, {"hant", "nothing"}),
    "excluded wins": ({"title": "."}, {"author": "AFP"}, {"english", "hans", "nothing"}),
}


def entry_of(revision: Revision) -> Entry:
    shared = {
        field.name: getattr(revision, field.name)
        for field in fields(Entry)
        if hasattr(revision, field.name)
    }
    text = (
        (revision.content_html or "")
        .replace("<p>", "")
        .replace("</p>", "")
        .replace("<b>", "")
        .replace("</b>", "")
    )
    own = {
        "id": "1",
        "updated": NOW,
        "first_seen": NOW,
        "revision": 1,
        "duplicates": (),
        "content_text": text or None,
    }
    return Entry(**shared | own)


@pytest.mark.parametrize(
    "made_of", [lambda revision: revision, entry_of], ids=["revisions", "entries"]
)
@pytest.mark.parametrize("case", CASES)
def test_chosen_are(case: str, made_of: Any) -> None:
    include, exclude, passing = CASES[case]

    test = make_filter(Match.model_validate(include), Match.model_validate(exclude))

    assert test is not None
    assert {name for name, item in ITEMS.items() if test(made_of(item))} == passing


def test_where_nothing_is_asked_for_nothing_is_tested() -> None:
    assert make_filter(None, None) is None
    assert make_filter(Match(), Match()) is None


def test_every_part_that_may_be_written_is_known_here() -> None:
    assert {*PARTS, "language"} == set(Match.model_fields)


def test_an_item_whose_page_is_not_read_yet_misses_nothing_that_the_page_may_bring() -> None:
    asked = {"author": "Ada", "tag": "sea", "content": "pier", "language": "fr"}
    by_title = make_filter(Match(title=("Fog",)), None)
    by_the_rest = make_filter(Match.model_validate(asked), Match(tag=("land",)))

    assert by_title is not None
    assert by_the_rest is not None
    assert {name for name in ITEMS if by_title(ITEMS[name], unread=True)} == {"english"}
    assert {name for name in ITEMS if by_the_rest(ITEMS[name], unread=True)} == ALL - {"hans"}
