"""JSON that lists articles: by paths, or by the names that keys usually have."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters import json_api
from aggregator.config.page_rules import Fields, PageRules
from aggregator.config.record import ValidationContext
from aggregator.errors import SourceError
from aggregator.model import Candidate, Capture, ParsedDocument, RawEntry, Rejection
from aggregator.parse.captures import ParseTask, parse_captures
from aggregator.rules.compiled import SiteRules, Sites, add_source_rules

DATA = Path(__file__).parent / "data" / "json"
TAKEN = datetime(2026, 7, 4, 12, tzinfo=UTC)
URL = "https://api.example.org/v1/news?page=1"


def parse(data: Any, *, fields: dict[str, Any] | None = None, **own: Any) -> ParsedDocument:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    stated = Fields.model_validate(fields or {}, context=ValidationContext(Path()))
    rules = add_source_rules(PageRules(fields=stated, **own), SiteRules(id="x"))
    return json_api.parse(Capture("s", URL, TAKEN, body), rules)


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"title": f"Title of story {number}", "url": f"/s/{number}", **more}


@pytest.mark.parametrize(
    "name", sorted(path.name.partition(".")[0] for path in DATA.glob("*.expected.json"))
)
def test_well_known_names_need_no_rules(name: str) -> None:
    want = json.loads((DATA / f"{name}.expected.json").read_text(encoding="utf-8"))
    capture = Capture(name, want["url"], TAKEN, (DATA / f"{name}.json").read_bytes())
    zone = want.get("timezone")

    found = parse_captures(
        [capture], ParseTask(name, "json", timezone=zone or "UTC"), Sites([SiteRules(id="saved")])
    )

    values = [
        {
            "title": one.title,
            "url": one.url,
            "published": one.published.isoformat()[:19] + "Z",
            "guid": one.guid,
            "content_html": one.content_html,
            "authors": list(one.authors),
            "tags": list(one.tags),
            "summary": one.summary,
        }
        for one in found.revisions
    ]
    assert [{key: value[key] for key in want["items"][0]} for value in values] == want["items"]
    assert list(found.notes) == want["notes"]


def test_paths_lead_to_the_items_and_into_them() -> None:
    data = {
        "data": {
            "rows": [
                {"h": {"t": "One", "s": "one-1"}, "by": ["A", "B"], "html": "<p>Text</p>"},
                {"h": {"s": "x"}},
                7,
            ]
        }
    }
    parsed = parse(
        data,
        items=("json:data.articles", "json:data.rows"),
        fields={
            "title": "json:h.t",
            "url": ["json:h.s | prefix: https://news.example.org/a/"],
            "authors": "json:by",
            "content": "json:html",
        },
    )

    assert parsed == ParsedDocument(
        entries=(
            RawEntry(
                label="item 1",
                base_url=URL,
                url=(Candidate("https://news.example.org/a/one-1", "json:h.s"),),
                title=(Candidate("One", "json:h.t"),),
                authors=(Candidate("A", "json:by"), Candidate("B", "json:by")),
                content_html=(Candidate("<p>Text</p>", "json:html"),),
            ),
        ),
        rejected=(Rejection("item 2", "no title"), Rejection("item 3", "no link of its own")),
        home=URL,
    )


@pytest.mark.parametrize(
    ("value", "more"),
    [
        ("/v1/news?page=2", ("https://api.example.org/v1/news?page=2",)),
        ("?page=2", ("https://api.example.org/v1/news?page=2",)),
        ("https://cdn.example.net/2.json", ("https://cdn.example.net/2.json",)),
        (URL, ()),
        ("eyJwIjoyfQ", ()),
        (2, ()),
        (None, ()),
    ],
)
def test_the_next_page_is_an_address(value: object, more: tuple[str, ...]) -> None:
    assert parse({"items": [item(1)], "next": value}, next=("json:next",)).next_urls == more


def test_a_cursor_makes_an_address_by_its_prefix() -> None:
    assert parse({"items": [item(1)], "c": 30}, next=("json:c | prefix: ?offset=",)).next_urls == (
        "https://api.example.org/v1/news?offset=30",
    )


def test_an_empty_list_is_quiet() -> None:
    assert parse({"data": {"articles": []}}, items=("json:data.articles",)) == ParsedDocument(
        is_empty_list=True
    )
    assert parse([]).is_empty_list
    assert parse({"status": "ok", "articles": []}).is_empty_list


@pytest.mark.parametrize(
    ("data", "items", "message"),
    [
        (
            {"rows": [item(1)]},
            ("json:data.articles",),
            "`json:data.articles` finds nothing; the document has rows",
        ),
        (
            {"rows": [{"x": 1}]},
            ("json:rows",),
            "`json:rows` finds 1, none usable (item 1: no link of its own)",
        ),
        (
            {"a": {"b": 1}, "c": 2},
            (),
            "no list of objects with a title and a link; the document has a, c",
        ),
        (17, (), "no list of objects with a title and a link; the document is a single value"),
    ],
)
def test_a_document_without_the_list_is_an_error(
    data: Any, items: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SourceError) as refused:
        parse(data, items=items)

    assert refused.value.kind == "no-items"
    assert message in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[" * 100_000, b'"\xff\xfe'])
def test_what_is_no_json_is_a_source_error(body: bytes) -> None:
    with pytest.raises(SourceError, match="JSON that cannot be read") as refused:
        parse(body)

    assert refused.value.kind == "parse"


def test_a_guard_against_scripts_is_passed_over() -> None:
    assert len(parse(b")]}',\n" + json.dumps([item(1)]).encode()).entries) == 1


def test_an_item_without_a_link_is_known_by_its_id() -> None:
    parsed = parse(
        {"rows": [{"title": "No link", "id": 7}, {"title": "No link", "id": 7}]},
        items=("json:rows",),
    )

    assert [entry.guid for entry in parsed.entries] == [Candidate("7", "json:id")]


def test_values_of_any_shape_are_read_or_absent() -> None:
    shapes = {
        "author": {"name": "Ann", "url": "/ann"},
        "image": [{"src": "/1.jpg"}],
        "tags": "a, b",
        "categories": [3, {"name": "c"}],
        "date": {"x": 1},
        "summary": True,
        "language": ["en"],
    }
    (entry,) = parse([item(1, **shapes)]).entries

    assert [found.value for found in entry.authors] == ["Ann"]
    assert [image.url for image in entry.image] == ["/1.jpg"]
    assert [found.value for found in entry.tags] == ["a", "b", "c"]
    assert (entry.published, entry.summary) == ((), ())


def test_of_many_lists_the_longest_of_articles_counts_not_the_menu() -> None:
    menu = [
        {"title": word, "url": f"/{word}"}
        for word in ("World", "Sport", "Art", "Jobs", "Shop", "Help")
    ]
    parsed = parse({"menu": menu, "pages": {"a": {"list": [item(1), item(2), item(3)]}}})

    assert [entry.url[0].value for entry in parsed.entries] == ["/s/1", "/s/2", "/s/3"]
    assert parsed.notes == ("items by their names, at `json:pages.a.list`",)


def test_what_lies_too_deep_is_not_looked_for() -> None:
    deep: Any = [item(1), item(2)]
    for _ in range(60):
        deep = {"x": deep}

    with pytest.raises(SourceError, match="no list of objects"):
        parse(deep)


def test_the_items_of_one_document_are_bounded() -> None:
    assert len(parse([item(number) for number in range(2_050)]).entries) == json_api.MAX_ITEMS


NAMES = ["title", "url", "node", "data", "date", "author", "image", "tags", "content", "x"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.just("https://x.example/1"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(VALUES.map(lambda data: json.dumps(data).encode()) | st.binary(max_size=100))
def test_any_document_gives_items_or_a_source_error(body: bytes) -> None:
    for items in ((), ("json:data", "json:x[0].title")):
        try:
            parse(body, items=items, next=("json:url",))
        except SourceError:
            continue
