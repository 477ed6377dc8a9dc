"""JSON in the forms of interfaces and of pages made with Next.js and Nuxt, and the lists in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters import json_api, listing
from aggregator.adapters.json_document.decode import decode_json
from aggregator.adapters.json_document.find_list import find_html
from aggregator.adapters.json_document.keys import looks_like_article
from aggregator.adapters.json_document.script_formats import decode_flight, decode_nuxt
from aggregator.errors import SourceError
from aggregator.model import Capture, ParsedDocument
from aggregator.rules.compiled import SiteRules

TAKEN = datetime(2026, 7, 4, 12, tzinfo=UTC)
URL = "https://news.example.org/latest"
JSON_VALUES = st.recursive(
    st.none() | st.integers(-3, 40) | st.sampled_from(["$1", "$$", "Ref", "Map", "Date", "null"]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=30,
)


def posts(**more: Any) -> list[dict[str, Any]]:
    days = (1, 2, 3)
    return [
        {
            "title": f"Ferry line number {day} reopens",
            "slug": f"ferry-{day}",
            "publishedAt": f"2026-07-0{day}T10:00:00Z",
            **more,
        }
        for day in days
    ]


def flight(*rows: str) -> str:
    """Return the scripts that push some rows, the text cut in two at an odd place."""
    text = "".join(rows)
    parts = (text[:37], text[37:])
    return "".join(f"<script>self.__next_f.push([1,{json.dumps(part)}])</script>" for part in parts)


def parse_page(body: str, url: str = URL) -> ParsedDocument:
    page = f"<!doctype html><html><body><div id=app></div>{body}</body></html>"
    return listing.parse(Capture("s", url, TAKEN, page.encode()), SiteRules(id="x"))


def urls(parsed: ParsedDocument) -> list[str]:
    return [entry.url[0].value for entry in parsed.entries]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"a": 1}', {"a": 1}),
        (')]}\',\n{"a": 1}', {"a": 1}),
        ('{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ('{"a": 1}\r\n\r\n{"a": 2}', [{"a": 1}, {"a": 2}]),
        ('\x1e{"a": 1}\n\x1e{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ('{"a": 1}\n{"a": 2}\n{"a": "cut o', [{"a": 1}, {"a": 2}]),
        ('show({"a": 1});', {"a": 1}),
        ("/**/ window.show_1([1, 2])\n", [1, 2]),
        ("typeof cb === 'function' && cb({\"a\": 1})", {"a": 1}),
    ],
)
def test_json_comes_plain_in_lines_or_as_a_call(text: str, data: Any) -> None:
    assert decode_json(text) == data


@pytest.mark.parametrize(
    "text", ["", "<html>", "{", '{"a": 1} {', "1\n2\n", "show(1)", "a(" * 9_000]
)
def test_what_is_no_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"column|input"):
        decode_json(text)


def test_rows_of_the_app_router_refer_to_each_other() -> None:
    text = "Line one\nand line two of a long text"
    scripts = [
        part.removesuffix("</script>")
        for part in flight(
            '1:HL["/x.css","style"]\n',
            '2:I[4,["5"],"Page"]\n',
            f"3:T{len(text):x},{text}",
            '4:{"title":"One","body":"$3","date":"$D2026-07-01","price":"$$5","none":"$undefined"}\n',
            '5:["$","div",null,{"post":"$4","self":"$5","component":"$L2"}]\n',
        ).split("<script>")
    ]

    post = {"title": "One", "body": text, "date": "2026-07-01", "price": "$5", "none": None}
    assert decode_flight(scripts) == [
        text,
        post,
        ["$", "div", None, {"post": post, "self": None, "component": "$L2"}],
    ]


def test_a_page_of_the_app_router_is_read_by_its_data() -> None:
    rows = f'5:["$","main",null,{{"posts":{json.dumps(posts())}}}]\n'

    parsed = parse_page(flight('1:HL["/x.css","style"]\n', rows))

    assert urls(parsed) == [f"{URL}/ferry-{day}" for day in (1, 2, 3)]
    assert parsed.notes == ("items by JSON state (__next_f: posts)",)


def devalue(data: Any) -> list[Any]:
    """Encode data as Nuxt does; a text that begins with `=` is a date."""
    values: list[Any] = []

    def place(value: Any) -> int:
        index = len(values)
        values.append(None)
        if isinstance(value, dict):
            values[index] = {key: place(child) for key, child in value.items()}
        elif isinstance(value, list):
            values[index] = [place(child) for child in value]
        elif isinstance(value, str) and value.startswith("="):
            values[index] = ["Date", value[1:]]
        else:
            values[index] = value
        return index

    place(data)
    return values


def test_the_payload_of_nuxt_is_decoded() -> None:
    data = {"a": ["x", 1, None], "b": {"when": "=2026-07-01T00:00:00.000Z"}}

    assert decode_nuxt(devalue(data)) == {
        "a": ["x", 1, None],
        "b": {"when": "2026-07-01T00:00:00.000Z"},
    }
    wrapped = [["ShallowReactive", 1], {"a": 2, "b": -1, "c": 4}, ["Set", 3], "x", ["Map", 3, 2]]
    assert decode_nuxt(wrapped) == {"a": ["x"], "b": None, "c": {"x": ["x"]}}
    assert decode_nuxt([{"self": 0}]) == {"self": None}
    assert decode_nuxt({"plain": 1}) == {"plain": 1}


def test_a_page_of_nuxt_is_read_by_its_data() -> None:
    dated = [{**post, "publishedAt": f"={post['publishedAt']}"} for post in posts()]
    data = json.dumps(devalue({"data": {"list": dated}, "serverRendered": True}))

    parsed = parse_page(f"<script type='application/json' id='__NUXT_DATA__'>{data}</script>")

    assert urls(parsed) == [f"{URL}/ferry-{day}" for day in (1, 2, 3)]
    assert next(entry.published[0].value for entry in parsed.entries) == "2026-07-01T10:00:00Z"


@pytest.mark.parametrize(
    ("link", "url", "base"),
    [
        ("", "https://news.example.org/", "https://news.example.org/"),
        ("", "https://news.example.org/blog?page=2#x", "https://news.example.org/blog/"),
        ("", "https://news.example.org/en/index.html", "https://news.example.org/en/"),
        ("<a href='/story/ferry-2?from=home'>x</a>", URL, "https://news.example.org/story/"),
        ("<a href='/other'>x</a>", URL, f"{URL}/"),
    ],
)
def test_a_slug_is_a_link_below_what_the_page_shows(link: str, url: str, base: str) -> None:
    state = json.dumps({"props": {"posts": posts(), "tags": [{"name": "a", "slug": "b"}] * 9}})

    parsed = parse_page(
        f"{link}<script id=__NEXT_DATA__ type=application/json>{state}</script>", url
    )

    assert urls(parsed) == [f"{base}ferry-{day}" for day in (1, 2, 3)]


def test_a_slug_alone_makes_no_article() -> None:
    assert looks_like_article({"title": "Ferry", "slug": "ferry", "date": "2026-07-01"})
    assert not looks_like_article({"name": "News of the harbour", "slug": "news"})


def test_a_link_counts_more_than_a_slug() -> None:
    state = json.dumps({"posts": [{**post, "url": f"/x/{post['slug']}"} for post in posts()]})

    parsed = parse_page(f"<script id=__NEXT_DATA__ type=application/json>{state}</script>")

    assert urls(parsed) == [f"/x/ferry-{day}" for day in (1, 2, 3)]


def test_an_interface_that_names_only_slugs_gives_entries_without_links() -> None:
    body = json.dumps({"posts": posts()}).encode()

    parsed = json_api.parse(Capture("s", URL, TAKEN, body), SiteRules(id="x"))

    assert [entry.url for entry in parsed.entries] == [(), (), ()]
    assert [entry.guid and entry.guid.value for entry in parsed.entries] == [
        "ferry-1",
        "ferry-2",
        "ferry-3",
    ]


def test_html_in_json_is_read_as_a_page() -> None:
    cards = "".join(
        f"<div class=card><h3><a href='/news/{day}-story'>Ferry line number {day} reopens</a></h3>"
        f"<time datetime='2026-07-0{day}'></time></div>"
        for day in (1, 2, 3)
    )
    body = json.dumps({"ok": True, "data": [{"html": cards}], "errors": []}).encode()

    parsed = json_api.parse(Capture("s", URL, TAKEN, body), SiteRules(id="x"))

    assert next(entry.title[0].value for entry in parsed.entries) == "Ferry line number 1 reopens"
    assert parsed.notes[0] == "items in the HTML at `json:data.html`"
    assert find_html({"a": "<a href=1>x</a>"}) == ()


def test_json_with_neither_a_list_nor_html_names_its_keys() -> None:
    with pytest.raises(SourceError, match="the document has status, html"):
        json_api.parse(
            Capture("s", URL, TAKEN, b'{"status": 1, "html": "<p>none</p>"}'), SiteRules(id="x")
        )


@settings(max_examples=60, deadline=None)
@given(JSON_VALUES)
def test_no_payload_raises(data: Any) -> None:
    decode_nuxt(data)
    decode_flight([f"self.__next_f.push([1,{json.dumps('1:' + json.dumps(data))}])"])


def test_rows_that_multiply_are_cut_off() -> None:
    rows = "".join(
        f'{number:x}:["${number + 1:x}","${number + 1:x}"]\n' for number in range(1, 200)
    )
    nuxt = [[number + 1, number + 1] for number in range(200)]
    nuxt[0] = [[1, 1], *nuxt][0]
    start = process_time()

    with pytest.raises(SourceError):
        parse_page(flight(rows))
    decode_nuxt([{"a": 1}, *nuxt[1:]])

    assert process_time() - start < 5
