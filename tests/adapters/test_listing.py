"""Pages that list articles: by rules, by what they state for machines, by their form; and what is no list at all."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters import listing
from aggregator.adapters.html import parse_page
from aggregator.adapters.listing.infer import infer_list
from aggregator.adapters.listing.items import MAX_ITEMS
from aggregator.config.page_rules import Fields, PageRules
from aggregator.config.record import ValidationContext
from aggregator.config.source import Source
from aggregator.errors import SourceError
from aggregator.model import Candidate, Capture, ParsedDocument, RawEntry, Rejection
from aggregator.parse.captures import ParseResult, ParseTask, parse_captures
from aggregator.rules.compiled import SiteRules, Sites, add_source_rules
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from collections.abc import Iterable

DATA = Path(__file__).parent / "data" / "listings"
TAKEN = datetime(2026, 7, 4, 12, tzinfo=UTC)
URL = "https://news.example.org/latest"
NOBODY = Sites([SiteRules(id="saved")])
LAYOUTS = tuple(sorted(path.stem for path in DATA.glob("*.yaml")))
# Persian and Thai pages need to be told their calendar; everything else is right with the address alone.
ALONE = tuple(name for name in LAYOUTS if name not in ("persian", "thai"))


@lru_cache
def source(name: str) -> Source:
    stated = yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    return Source.model_validate(stated, context=ValidationContext(Path()))


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"{name}.expected.json").read_text(encoding="utf-8"))
    return found


def capture_of(name: str, url: str) -> Capture:
    path = next(
        one for one in DATA.glob(f"{name}.*") if one.name in (f"{name}.html", f"{name}.json")
    )
    return Capture(name, url, TAKEN, path.read_bytes())


def read(name: str, rules: PageRules | None) -> ParseResult:
    own = source(name)
    task = ParseTask(
        name,
        own.adapter,
        timezone=own.timezone or "UTC",
        timezone_stated=own.timezone is not None,
        language=own.language,
        page_rules=rules,
        include=own.include,
    )
    return parse_captures([capture_of(name, str(own.url))], task, NOBODY)


def items(found: ParseResult, keys: Iterable[str]) -> list[dict[str, Any]]:
    """What became of the items, as far as the expectation states it."""
    values = [
        {
            "title": one.title,
            "url": one.url,
            "published": None
            if one.published_from == "first_seen"
            else one.published.isoformat()[:19] + "Z",
            "summary": one.summary,
            "image": one.image.url if one.image else None,
        }
        for one in found.revisions
    ]
    return [{key: value[key] for key in keys} for value in values]


def parse(
    body: str, rules: SiteRules | None = None, *, url: str = URL, **own: Any
) -> ParsedDocument:
    made = add_source_rules(PageRules(**own), SiteRules(id="x")) if own else SiteRules(id="x")
    return listing.parse(Capture("s", url, TAKEN, body.encode()), rules or made)


def fields(**stated: Any) -> Fields:
    return Fields.model_validate(stated, context=ValidationContext(Path()))


def links(parsed: ParsedDocument) -> list[tuple[str, str]]:
    return [(entry.title[0].value, entry.url[0].value) for entry in parsed.entries]


# --- layouts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
def test_eight_lines_of_yaml_follow_a_layout(name: str) -> None:
    want = expected(name)
    found = read(name, source(name).own_rules)

    assert len((DATA / f"{name}.yaml").read_text(encoding="utf-8").splitlines()) <= 8
    assert items(found, want["items"][0]) == want["items"]
    assert (found.title, list(found.next_urls), list(map(str, found.rejected))) == (
        want["title"],
        want["more"],
        want.get("rejected", []),
    )
    assert found.filtered == want.get("foreign", 0)


@pytest.mark.parametrize("name", ALONE)
def test_an_address_alone_follows_most_layouts(name: str) -> None:
    want = expected(name)
    found = read(name, None)

    assert items(found, ("title", "url", "published")) == [
        {key: one[key] for key in ("title", "url", "published")} for one in want["items"]
    ]
    assert found.notes[0].startswith("items by ")
    assert list(map(str, found.rejected)) == (want["rejected"] if name == "api" else [])


@pytest.mark.parametrize("name", ["persian", "thai"])
def test_a_calendar_is_all_that_another_layout_needs_to_be_told(name: str) -> None:
    rules = source(name).own_rules
    assert rules is not None
    assert rules.fields.published is not None
    date = fields(published=rules.fields.published.model_dump(by_alias=True) | {"from": ()})
    want = expected(name)

    found = read(name, PageRules(fields=date))

    assert items(found, ("title", "url", "published")) == [
        {key: one[key] for key in ("title", "url", "published")} for one in want["items"]
    ]


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name not in ("api", "script")])
def test_inferred_selectors_put_into_yaml_find_the_same(name: str) -> None:
    capture = capture_of(name, str(source(name).url))
    inferred = infer_list(parse_page(capture))
    assert inferred is not None

    found = read(name, PageRules(items=(inferred.items,), fields=fields(**inferred.fields)))

    assert inferred.count == len(expected(name)["items"])
    assert items(found, ("title", "url")) == [
        {key: one[key] for key in ("title", "url")} for one in expected(name)["items"]
    ]


@pytest.mark.parametrize("name", ["voa", "rfi", "rfi_ld"])
def test_section_pages_of_known_publishers_need_no_rules_of_ones_own(name: str) -> None:
    want = expected(name)

    found = parse_captures([capture_of(name, want["url"])], ParseTask(name, "page"), load_sites())

    assert items(found, want["items"][0]) == want["items"]
    assert (found.title, list(found.next_urls), found.rejected, found.notes) == (
        want["title"],
        want["more"],
        (),
        (),
    )


# --- rules -----------------------------------------------------------------------------------------------------------

CARDS = """<html lang="en"><title>T</title><body><div class="list">
<div class="card"><h2><a href="/a/1">First title</a></h2><time datetime="2026-07-01">1 July</time>
<p>What it is about.</p></div>
<div class="card"><span>no link at all</span></div>
<div class="card"><a href="/a/2"></a></div>
<div class="card"><a href="//other.example.com/x">Another site's page</a></div>
</div></body></html>"""


def test_one_bad_item_is_counted_and_never_fatal() -> None:
    parsed = parse(CARDS, items=(".card",))

    assert links(parsed) == [
        ("First title", "/a/1"),
        ("Another site's page", "//other.example.com/x"),
    ]
    assert parsed.rejected == (
        Rejection("item 2", "no link of its own"),
        Rejection("item 3", "no title"),
    )


def test_what_rules_do_not_state_the_item_says_itself() -> None:
    (entry, *_) = parse(CARDS, items=(".card",)).entries

    assert entry == RawEntry(
        label="item 1",
        base_url=URL,
        url=(Candidate("/a/1", "listing:a@href"),),
        title=(Candidate("First title", "listing:h2"),),
        summary=(Candidate("What it is about.", "listing:p"),),
        published=(Candidate("2026-07-01", "listing:time@datetime"),),
        language=(Candidate("en", "page:html@lang"),),
    )


def test_the_first_selector_that_finds_a_usable_item_counts() -> None:
    parsed = parse(CARDS, items=("article", ".list > span", ".card", "div"))

    assert len(parsed.entries) == 2


def test_every_candidate_of_a_field_is_kept_in_order() -> None:
    rules = fields(
        title=["h2", "p | after: What "], published={"from": [".date", "time@datetime", "time"]}
    )
    (entry,) = parse(CARDS, items=(".card:first-child",), fields=rules).entries

    assert entry.title == (
        Candidate("First title", "listing:h2"),
        Candidate("it is about.", "listing:p | after: What "),
    )
    assert entry.published == (
        Candidate("2026-07-01", "listing:time@datetime"),
        Candidate("1 July", "listing:time"),
    )


def test_a_list_that_is_there_and_empty_is_quiet() -> None:
    parsed = parse("<body><ul class=list></ul></body>", items=("ul.list > li",))

    note = "the list is empty: `ul.list > li` finds nothing in its container"
    assert parsed == ParsedDocument(home=URL, is_empty_list=True, notes=(note,))


def test_an_empty_list_is_quiet_though_another_selector_finds_what_is_no_article() -> None:
    parsed = parse(
        "<body><ul class=list></ul><p class=crumb>Home</p></body>", items=("ul.list > li", ".crumb")
    )

    note = "the list is empty: `ul.list > li` finds nothing in its container"
    assert parsed == ParsedDocument(home=URL, is_empty_list=True, notes=(note,))


def test_a_list_that_is_gone_is_an_error_that_names_what_would_match() -> None:
    with pytest.raises(SourceError) as refused:
        parse(CARDS, items=("div.cards", "article.card"))

    assert refused.value.kind == "no-items"
    assert str(refused.value) == (
        "`div.cards` finds nothing, `div.card` would find 3; `article.card` finds nothing, `.card` would find 3"
    )


def test_items_that_are_all_unusable_are_an_error_that_says_why() -> None:
    with pytest.raises(
        SourceError, match=r"`span` finds 1 items, none usable \(item 1: no link of its own\)"
    ):
        parse(CARDS, items=("span",))


def test_one_address_twice_is_one_item_and_each_gives_what_the_other_lacks() -> None:
    twice = """<body><ul><li><a href="/a/1?utm_source=top"><img src="/1.jpg" alt="A photograph"></a></li>
    <li><h3><a href="/a/1">The real title</a></h3><time datetime="2026-07-01"></time></li></ul></body>"""
    (entry,) = parse(twice, items=("li",)).entries

    assert [found.value for found in entry.title] == ["The real title", "A photograph"]
    assert (entry.published[0].value, entry.image[0].url) == ("2026-07-01", "/1.jpg")


def test_places_in_the_page_itself_are_its_menu_and_no_items() -> None:
    body = """<body><ul><li><a href="#contact">How to reach us</a></li>
    <li><a href="/news/#v1.2">The version of today</a></li><li><a href="/a/1#v1.2">Lamps</a></li>
    <li><a href="/a/1#v1.3">Rivers</a></li></ul></body>"""
    here = "https://news.example.org/news"
    parsed = parse(body, items=("li",), fields=fields(url="a@href"), url=here)

    assert parse(body, items=("li",), url=here).entries == parsed.entries
    assert links(parsed) == [("Lamps", "/a/1#v1.2"), ("Rivers", "/a/1#v1.3")]
    assert parsed.rejected == (
        Rejection("item 1", "no link of its own"),
        Rejection("item 2", "no link of its own"),
    )


def test_an_item_may_be_the_link_itself() -> None:
    parsed = parse(
        '<body><a class="x" href="/a/1"><b>One</b></a></body>',
        items=("a.x",),
        fields=fields(url="a@href"),
    )

    assert links(parsed) == [("One", "/a/1")]


def test_a_rule_that_finds_the_link_means_where_it_leads() -> None:
    rules = fields(url="h2 a", image="img", content=".body", title="h2")
    picture, text = '<img data-src="/1.jpg" src="data:,">', "<div class=body>x <b>y</b></div>"
    body = f'<body><article><h2><a href="/1">T</a></h2>{picture}{text}</article></body>'
    (entry,) = parse(body, items=("article",), fields=rules).entries

    assert entry.url[0].value == "/1"
    assert entry.image[0].url == "https://news.example.org/1.jpg"
    assert entry.content_html == (Candidate("x <b>y</b>", "listing:.body"),)


def test_a_link_that_only_says_more_names_nothing() -> None:
    parsed = parse('<li><a href="/1" title="What it is about">Read more »</a></li>', items=("li",))

    assert parsed.entries[0].title == (Candidate("What it is about", "listing:a@title"),)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<span>5 min</span>", False),
        ("<span class=duration>12:30</span>", False),
        ("<span>3 hours ago</span>", True),
        ("<i>By Ann Lee | 3 July 2026 | World</i>", True),
        ("<abbr title='2026-07-03 10:00'>Friday</abbr>", True),
        ("<b data-timestamp=1783080000>Friday</b>", True),
        ("<span>Room 12</span>", False),
    ],
)
def test_a_date_is_what_reads_as_one_and_is_no_length(text: str, read: bool) -> None:
    (entry,) = parse(f'<html lang=en><li><a href="/1">Title</a> {text}</li>', items=("li",)).entries

    assert bool(entry.published) is read


def test_what_is_removed_holds_no_items() -> None:
    from aggregator.rules.compiled import CompiledListing
    from aggregator.rules.selector import compile_selector

    listing = CompiledListing(items=(compile_selector("li"),), remove=(compile_selector("aside"),))
    body = '<body><li><a href="/1">One</a></li><aside><li><a href="/2">Two</a></li></aside></body>'

    assert links(parse(body, SiteRules(id="x", listing=listing))) == [("One", "/1")]


@pytest.mark.parametrize(
    ("head", "next_rules", "more"),
    [
        ('<link rel="next" href="?page=2">', (), ("https://news.example.org/latest?page=2",)),
        ('<base href="/x/"><link rel="prev next" href="2">', (), ("https://news.example.org/x/2",)),
        ('<link rel="next" href="https://elsewhere.example.com/2">', (), ()),
        ('<link rel="next" href="/latest">', (), ()),
        ('<link rel="next" href="?page=2">', (".nothing",), ()),
        ("", ("a.n",), ("https://news.example.org/p3",)),
        ("", ("a.n@href",), ("https://news.example.org/p3",)),
    ],
)
def test_the_next_page(head: str, next_rules: tuple[str, ...], more: tuple[str, ...]) -> None:
    body = f'<html><head>{head}</head><body><li><a href="/1">One</a></li><a class=n href="/p3">older</a></body></html>'

    assert parse(body, items=("li",), next=next_rules).next_urls == more


# --- without rules ---------------------------------------------------------------------------------------------------


def ld(data: Any) -> str:
    return f'<html><head><script type="application/ld+json">{json.dumps(data)}</script></head><body><p>x</p></body></html>'


ARTICLES = [
    {
        "@type": "NewsArticle",
        "headline": f"A title of number {n}",
        "url": f"/n/{n}",
        "datePublished": f"2026-07-0{n}",
    }
    for n in range(1, 4)
]


@pytest.mark.parametrize(
    ("data", "note"),
    [
        ({"@graph": ARTICLES}, "items by JSON-LD articles"),
        ({"@type": "Blog", "blogPost": ARTICLES}, "items by JSON-LD Blog"),
        (
            {
                "@type": "CollectionPage",
                "mainEntity": {"@type": "ItemList", "itemListElement": ARTICLES},
            },
            "items by JSON-LD ItemList",
        ),
        (
            {
                "@type": "ItemList",
                "itemListElement": [{"@type": "ListItem", "item": one} for one in ARTICLES],
            },
            "items by JSON-LD ItemList",
        ),
    ],
)
def test_lists_of_linked_data(data: Any, note: str) -> None:
    parsed = parse(ld(data))

    assert links(parsed) == [(f"A title of number {n}", f"/n/{n}") for n in (1, 2, 3)]
    assert parsed.entries[0].published == (Candidate("2026-07-01", "ld:datePublished"),)
    assert parsed.notes == (note,)


def test_the_name_of_a_node_is_its_page_and_no_place_in_it() -> None:
    nodes = [
        {"@type": "NewsArticle", "headline": f"The title {n}", "@id": f"/n/{n}/#article"}
        for n in (1, 2, 3)
    ]

    assert links(parse(ld(nodes))) == [(f"The title {n}", f"/n/{n}/") for n in (1, 2, 3)]


def test_microdata_and_microformats() -> None:
    micro = "".join(
        f'<div itemscope itemtype="https://schema.org/NewsArticle"><a itemprop="url" href="/n/{n}">'
        f'<span itemprop="headline">A title of number {n}</span></a>'
        f'<meta itemprop="datePublished" content="2026-07-0{n}"></div>'
        for n in (1, 2, 3)
    )
    entry = "".join(
        f'<div class="h-entry"><a class="u-url p-name" href="/n/{n}">A title of number {n}</a>'
        f'<time class="dt-published" datetime="2026-07-0{n}"></time>'
        f'<div class="h-entry"><a href="/r/{n}">A reply to it all</a></div></div>'
        for n in (1, 2, 3)
    )

    for body, note in ((micro, "items by microdata"), (entry, "items by microformats")):
        parsed = parse(f"<body>{body}</body>")
        assert links(parsed) == [(f"A title of number {n}", f"/n/{n}") for n in (1, 2, 3)]
        assert [one.published[0].value for one in parsed.entries] == [
            "2026-07-01",
            "2026-07-02",
            "2026-07-03",
        ]
        assert parsed.notes == (note,)


@pytest.mark.parametrize(
    "script",
    [
        "window.__INITIAL_STATE__ = %s;\n(function(){var s;}())",
        'window["__PRELOADED_STATE__"]=%s',
        "var pageData = %s; start(pageData)",
    ],
)
def test_the_state_of_scripts(script: str) -> None:
    state = {
        "menu": [{"title": w, "url": f"/{w}"} for w in "abcdefgh"],
        "feed": {"list": ARTICLES},
        "u": None,
    }
    text = script % json.dumps(state).replace('"u": null', '"u":undefined')
    parsed = parse(f"<body><div id=app></div><script>{text}</script></body>")

    assert links(parsed) == [(f"A title of number {n}", f"/n/{n}") for n in (1, 2, 3)]
    assert parsed.notes[0].endswith("feed.list)")


def test_fields_without_items_go_before_what_is_found() -> None:
    parsed = parse(ld({"@graph": ARTICLES}), fields=fields(title="json:datePublished"))

    assert [entry.title[0].value for entry in parsed.entries] == [
        "2026-07-01",
        "2026-07-02",
        "2026-07-03",
    ]


def test_links_to_other_sites_belong_to_no_list_that_nobody_stated() -> None:
    rows = "".join(
        f'<li class=r><h3><a href="https://{host}/story-number-{n}">A headline of some length {n}</a></h3></li>'
        for n, host in enumerate(["news.example.org"] * 4 + ["ads.example.com"])
    )

    assert len(parse(f"<body><ul>{rows}</ul></body>").entries) == 4
    assert len(parse(f"<body><ul>{rows}</ul></body>", items=("li.r",)).entries) == 5


WORDS = ("world", "sport", "culture", "money", "weather")
MENU = "".join(f'<li><a href="/{word}">{word.title()}</a></li>' for word in WORDS)
TEXT = (
    "<article><h1>One article</h1>"
    + "<p>A paragraph of the article, long enough to be read.</p>" * 20
    + "</article>"
)


CRUMBS = {
    "@type": "BreadcrumbList",
    "itemListElement": [{"name": f"The section of number {n}", "item": f"/{n}"} for n in "abc"],
}


@pytest.mark.parametrize(
    "body", [f"<nav>{MENU}</nav>{TEXT}", f"<ul>{MENU}</ul>", "<div id=app></div>", TEXT, ld(CRUMBS)]
)
def test_a_page_without_a_list_is_an_error_and_no_menu(body: str) -> None:
    with pytest.raises(SourceError, match="say where the `items` are") as refused:
        parse(f"<html><body>{body}</body></html>")

    assert refused.value.kind == "no-items"


# --- hostile input ---------------------------------------------------------------------------------------------------

TAGS = st.sampled_from(
    [
        "<ul>",
        "</ul>",
        "<li class=x>",
        "<div class='card h-entry'>",
        "</div>",
        "<a href=/a/1>",
        "<a href='http://[::1'>",
        "<a href='/b/two-three-four'>",
        "</a>",
        "<h2>",
        "A title of some words",
        "标题文字说明",
        "<time datetime=2026-07-01>",
        "3 hours ago",
        "<img data-src=x srcset=', ,'>",
        "<script type=application/ld+json>",
        '{"@type":"ItemList",',
        '"itemListElement":[{"name":"A b c","url":"/x"}]}',
        "</script>",
        "<script>window.__S__={",
        "<base href='://'>",
        "<meta property=og:locale content=xx>",
        "<div itemscope itemtype=x/Article>",
        "<span itemprop=headline>",
        "\x00",
    ]
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(TAGS, max_size=40).map("".join)
    | st.binary(max_size=200).map(lambda body: body.decode("latin-1"))
)
def test_any_bytes_give_a_list_or_a_source_error(body: str) -> None:
    for selectors in ((), (".card", "xpath://li", "script | json: a")):
        with suppress(SourceError):
            parse(f"<html>{body}", items=selectors)


TWICE = tuple(number // 2 for number in range(8_000))


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "body",
    [
        "<div class=h-entry>" * 2_000 + "<a href=/1>A title here</a>" * 2_000,
        "<ul>"
        + "<li><a href=/a/the-story-%d>A headline of number %d</a><p>9 words</p></li>"
        * 4_000
        % TWICE,
        "<table>" + "<tr><td><a href=/x>" * 5_000,
        '<script type="application/json">' + "[" * 50_000 + "</script>",
        '<script type="application/ld+json">'
        + '{"mainEntity":' * 900
        + "1"
        + "}" * 900
        + "</script>",
        "<li class='" + " ".join(f"c{n}" for n in range(5_000)) + "'><a href=/1>x</a></li>" * 500,
    ],
)
def test_what_is_built_to_hold_the_reader_does_not(body: str) -> None:
    start = process_time()
    with suppress(SourceError):
        assert len(parse(f"<html><body>{body}</body></html>").entries) == MAX_ITEMS

    assert process_time() - start < 5
