"""Which entries a view shows: each row is a `where` and the articles that pass it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import Where
from aggregator.model import Enclosure, Image
from aggregator.publish.selection import in_order, make_predicate, split_filter

if TYPE_CHECKING:
    from aggregator.model import Entry
    from aggregator.publish.selection import Order

CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a language and its kinds": ({"language": ["zh"]}, {"hans", "hant"}),
    "a kind of a language": ({"language": ["zh-hans"]}, {"hans"}),
    "several languages": ({"language": ["en", "zh-Hant"]}, {"english", "hant"}),
    "no kind of it": ({"language": ["en-GB"]}, set()),
    "sources": ({"source": ["radio", "voice"]}, {"hans", "hant"}),
    "tags": ({"tag": ["sea", "land"]}, {"english", "hans"}),
    "a title": ({"include": {"title": "雾"}}, {"hans", "hant"}),
    "any of several titles": ({"include": {"title": ["^Fog", "霧"]}}, {"english", "hant"}),
    "every part must hold": ({"include": {"title": "雾|霧", "content": "港口"}}, {"hans"}),
    "a text that is only a summary": ({"include": {"content": "pier"}}, {"english"}),
    "what an entry lacks is not found": ({"include": {"url": "."}}, {"english", "hans"}),
    "an author": ({"include": {"author": "^AFP$"}}, {"hant"}),
    "a tag by pattern": ({"include": {"tag": "(?i)^SE"}}, {"english"}),
    "a publisher": ({"publisher": ["afp", "Reuters"]}, {"hant"}),
    "a publisher by pattern": ({"include": {"publisher": "^A"}}, {"hant"}),
    "a pattern in any text": ({"include": {"text": "pier|港口"}}, {"english", "hans"}),
    "a pattern in the title": ({"include": {"text": "霧"}}, {"hant"}),
    "a picture": ({"has": "image"}, {"hans", "hant"}),
    "a picture and a recording": ({"has": ["image", "enclosure"]}, {"hant"}),
    "excluded": ({"exclude": {"title": "雾|霧"}}, {"english", "nothing"}),
    "excluded wins": (
        {"language": ["zh"], "include": {"title": "."}, "exclude": {"author": "AFP"}},
        {"hans"},
    ),
}


@pytest.fixture
def entries(articles: dict[str, Entry]) -> dict[str, Entry]:
    bare = replace(
        next(iter(articles.values())),
        source="paper",
        title="—",
        url=None,
        summary=None,
        content_text=None,
        authors=(),
        tags=(),
        language=None,
        publisher=None,
        image=None,
        enclosures=(),
    )
    return {
        "english": replace(
            bare,
            title="Fog on the water",
            language="en",
            tags=("sea",),
            summary="On the pier.",
            url="https://a.example/",
        ),
        "hans": replace(
            bare,
            source="radio",
            title="大雾",
            language="zh-Hans",
            tags=("land",),
            content_text="港口关闭。",
            image=Image("https://b.example/i.jpg"),
            url="https://b.example/",
        ),
        "hant": replace(
            bare,
            source="voice",
            title="大霧（雾）",
            language="zh-Hant",
            authors=("AFP", "A. B."),
            publisher="AFP",
            image=Image("https://a.example/i.jpg"),
            enclosures=(Enclosure("https://a.example/a.mp3"),),
        ),
        "nothing": bare,
    }


@pytest.mark.parametrize("case", CASES)
def test_a_view_shows(case: str, entries: dict[str, Entry]) -> None:
    given, shown = CASES[case]
    where = Where.model_validate(given)

    test = make_predicate(where)

    assert test is not None
    assert {name for name, entry in entries.items() if test(entry)} == shown


def test_a_view_without_conditions_has_no_test() -> None:
    assert make_predicate(Where()) is None
    assert make_predicate(Where.model_validate({"age": "7d"})) is None


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("newest", ["edited", "second", "third"]),
        ("oldest", ["third", "second", "edited"]),
        ("updated", ["third", "edited", "second"]),
    ],
)
def test_a_view_is_in_the_order_it_asks_for(
    entries: dict[str, Entry], order: Order, names: list[str]
) -> None:
    times = {"edited": (10, 11), "second": (9, 9), "third": (8, 12)}
    shown = []
    for name, (published, updated) in times.items():
        day = datetime(2026, 7, 3, tzinfo=UTC)
        at = {"published": day.replace(hour=published), "updated": day.replace(hour=updated)}
        shown.append(replace(entries["nothing"], title=name, **at))

    assert [entry.title for entry in in_order(shown, order)] == names


@pytest.mark.parametrize(
    ("given", "found", "rest"),
    [
        ({}, (None, None, None, ()), {}),
        ({"language": ["zh"], "source": ["radio"], "tag": ["sea"]}, ("zh", "radio", "sea", ()), {}),
        ({"language": ["zh-Hans"]}, (None, None, None, ()), {"language": ["zh-Hans"]}),
        ({"language": ["ZH"]}, (None, None, None, ()), {"language": ["ZH"]}),
        (
            {"source": ["a", "b"], "tag": ["sea"], "exclude": {"title": "x"}},
            (None, None, "sea", ("a", "b")),
            {"exclude": {"title": "x"}},
        ),
    ],
)
def test_the_store_finds_what_it_can_and_the_rest_is_tested(
    given: dict[str, Any], found: tuple[Any, ...], rest: dict[str, Any]
) -> None:
    narrowed = split_filter(Where.model_validate(given))

    assert (narrowed.language, narrowed.source, narrowed.tag, narrowed.sources) == found
    assert narrowed.rest == Where.model_validate(rest)
