"""A selector is data: it finds a value and says where, or it finds nothing; it never raises once it is compiled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from aggregator.rules import list_items
from aggregator.rules.selector import Document, compile_selector

PAGE = """
<html><head>
<meta property="og:title" content=" Lamps "><meta name="Author" content="Lin He"><meta name="empty" content="">
<script type="application/ld+json">{"@graph": [{"@type": ["NewsArticle"], "author": [{"name": "Lin"}, {"name": "He"}],
"n": 7, "flag": true}, {"@type": "Person", "name": "Nobody"}]}</script>
<script type="application/ld+json">{broken</script>
</head><body>
<h1 class="title big">Three <b>lamps</b></h1><p>one<br>two</p><p> </p><p>three</p>
<a rel="tag" href="/a">A</a> tail of A<a rel="tag" href="/b">B</a>
<div>By: Lin He | x</div><script class="data">{"sources": [{"url": "/a.mp3"}, {"url": "/b.mp3"}]}</script>
</body></html>
"""
URL = "https://news.example.org/a/lamps/7.html"


def document() -> Document:
    root = html.fromstring(PAGE)
    return Document(root, kind="page", url=URL, source=PAGE, title="Three lamps")


def found(selector: str) -> list[tuple[str, str]]:
    return [(match.value, match.where) for match in compile_selector(selector)(document())]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("h1.title", [("Three lamps", "page:h1")]),
        ("h1, p", [("Three lamps", "page:h1")]),
        ("p", [("one\ntwo", "page:p[1]")]),
        ("p*", [("one\ntwo", "page:p[1]"), ("three", "page:p[3]")]),
        ("a[rel=tag]@href", [("/a", "page:a[1]")]),
        ("a@href*", [("/a", "page:a[1]"), ("/b", "page:a[2]")]),
        ("body > *", [("Three lamps", "page:h1")]),
        (".missing", []),
        ("a@missing", []),
        ('a[href$="/a"]@href', [("/a", "page:a[1]")]),
        ('a[href*="@"]@href', []),
        ("xpath://a/@href", [("/a", "page:a[1]"), ("/b", "page:a[2]")]),
        ("xpath://a[1]/following-sibling::text()[1]", [("tail of A", "page:html/body")]),
        ("xpath:string(//h1)", [("Three lamps", "page")]),
        ("xpath:count(//p)", []),
        ("xpath://h1[normalize-space(.) = $title]", [("Three lamps", "page:h1")]),
        ("xpath://p[3]", [("three", "page:p[3]")]),
        ("meta:og:title", [("Lamps", "meta:og:title")]),
        ("meta:author", [("Lin He", "meta:author")]),
        ("meta:empty", []),
        ("ld:NewsArticle.author.name", [("Lin", "ld:author.name"), ("He", "ld:author.name")]),
        ("ld:NewsArticle.author[1].name", [("He", "ld:author[1].name")]),
        ("ld:*.name", [("Nobody", "ld:name")]),
        ("ld:NewsArticle.n", [("7", "ld:n")]),
        ("ld:NewsArticle.flag", []),
        ("ld:NewsArticle.author[9].name", []),
        (r"url:/\/(\d+)\.html/", [("7", "url")]),
        ("url:/lamps/", [("lamps", "url")]),
        ("url:/rivers/", []),
        ("const:zh-Hans", [("zh-Hans", "const")]),
        ("div | after: By:", [("Lin He | x", "page:div")]),
        ('div | before: " |" | after: "By: "', [("Lin He", "page:div")]),
        (r"div | regex: By: (\w+)", [("Lin", "page:div")]),
        (r"div | regex: \d+", []),
        ("div | prefix: >", [(">By: Lin He | x", "page:div")]),
        ("xpath://script[@class]/text() | json: sources[1].url", [("/b.mp3", "page:script")]),
        ("div | json: a", []),
    ],
)
def test_a_selector_finds_its_value_and_says_where(
    selector: str, expected: list[tuple[str, str]]
) -> None:
    assert found(selector) == expected


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("h1[", "CSS: "),
        ("", "a selector is missing"),
        ("xpath://p[", "XPath: Invalid expression"),
        ("ld:Article", "`ld:Article` names no property"),
        ("url:lamps", "is not of the form url:/regex/"),
        ("url:/(/", "regular expression: "),
        ("h1 | regex: (", "regular expression: "),
        ("h1 | after:", "the pipe `after` needs an argument"),
    ],
)
def test_a_selector_that_does_not_parse_says_so_when_it_is_compiled(
    selector: str, message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        compile_selector(selector)

    assert message in str(caught.value)


def test_removing_takes_elements_without_text_too() -> None:
    assert [element.tag for element in compile_selector("p").elements(document())] == [
        "p",
        "p",
        "p",
    ]
    assert [
        element.tag for element in compile_selector("xpath://a/@href").elements(document())
    ] == ["a", "a"]
    assert [element.tag for element in compile_selector("meta:author").elements(document())] == [
        "meta"
    ]


DATA = {
    "a": {"b": [{"c": "x", "n": 0.5}, {"c": " "}, {"c": True}, [{"c": "y"}]], "e": []},
    "t": "<b>T</b>",
}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("json:a.b.c", [("x", "json:a.b.c"), ("y", "json:a.b.c")]),
        ("json:a.b[0].n", [("0.5", "json:a.b[0].n")]),
        ("json:t", [("<b>T</b>", "json:t")]),
        ("json:a.b[3].c | prefix: /", [("/y", "json:a.b[3].c")]),
        ("json:a.b[9].c", []),
        ("json:a.x", []),
        ("h1", []),
    ],
)
def test_a_path_through_json(selector: str, expected: list[tuple[str, str]]) -> None:
    data = Document(html.fromstring("<html></html>"), kind="json", url=URL, data=DATA)

    assert [(match.value, match.where) for match in compile_selector(selector)(data)] == expected


LIST = """<html><head><base href="/x/"></head><body><ul class="list"><li class="i"><a href="1">One</a></li>
<li class="i"><h2>Two</h2><a href="2">two</a></li></ul><ol class="none"></ol>
<script id="state" type="application/json">{"p": {"posts": [{"t": "A"}, {"t": "B"}], "none": []}}</script>
<script class="app">window.S = {"p": [{"t": "C"}]}; start();</script></body></html>"""


def listing() -> Document:
    return Document(html.fromstring(LIST), kind="page", url=URL, source=LIST)


@pytest.mark.parametrize(
    ("items", "field", "values"),
    [
        ("li.i", "a@href", [["1"], ["2"]]),
        ("li.i", "h2", [[], ["Two"]]),
        ("li.i", "ul a", [[], []]),
        ("li.i", "xpath://a", [["One"], ["two"]]),
        ("li.i", "xpath:/html/body", [[], []]),
        ("li.i a", "a@href", [["1"], ["2"]]),
        ("xpath://li[h2]", "a", [["two"]]),
        ("script#state | json: p.posts", "json:t", [["A"], ["B"]]),
        ('script.app | after: "S = " | json: p', "json:t", [["C"]]),
        ("xpath://script[1]/text() | json: p.posts[1]", "json:t", [["B"]]),
        ("li.missing", "a", []),
    ],
)
def test_a_field_sees_its_item_alone(items: str, field: str, values: list[list[str]]) -> None:
    found = list(list_items.find_items(compile_selector(items), listing()))

    assert [[match.value for match in compile_selector(field)(item)] for item in found] == values
    assert {item.base_url for item in found} <= {"https://news.example.org/x/"}


def test_where_a_value_is_in_an_item_is_told_from_the_item_on() -> None:
    (first, _) = list_items.find_items(compile_selector("ul > li"), listing())

    assert [match.where for match in compile_selector("a, li")(first)] == ["page:li"]
    assert [match.where for match in compile_selector("xpath://a")(first)] == ["page:a"]


@pytest.mark.parametrize(
    ("selector", "there"),
    [
        ("ul.list > li", True),
        ("ol.none > li", True),
        ("ol.none li.x, p", True),
        ("ol.gone li", False),
        ("article", False),
        ('xpath://ol[@class="none"]/li[a/b]', True),
        ("xpath://ol[@class='gone']/li", False),
        ("xpath://li", False),
        ("script#state | json: p.none", True),
        ("script#state | json: p.gone", False),
    ],
)
def test_a_list_that_is_empty_is_told_from_one_that_is_gone(selector: str, there: bool) -> None:
    assert list_items.has_container(compile_selector(selector), listing()) is there


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.text(alphabet="abp1 .#[]()@*|:/>=\"'-,~^$\\", max_size=20),
    st.sampled_from(["", "xpath:", "ld:", "url:", "meta:", "json:"]),
)
def test_what_compiles_never_raises(text: str, form: str) -> None:
    try:
        selector = compile_selector(form + text)
    except ValueError:
        return

    assert list(selector(document())) is not None
    assert list(selector.elements(document())) is not None
    for item in list_items.find_items(selector, document()):
        assert list(selector(item)) is not None
    assert list_items.has_container(selector, document()) in (True, False)


def test_an_attribute_alone_is_that_of_the_item_itself() -> None:
    card = Document(html.fromstring('<a href="/x" data-id="7"><b>One</b></a>'), kind="listing")

    assert [match.value for match in compile_selector("@href")(card)] == ["/x"]
    assert [match.value for match in compile_selector("@data-id | prefix: n")(card)] == ["n7"]
    with pytest.raises(ValueError, match="a selector is missing"):
        compile_selector("@")
