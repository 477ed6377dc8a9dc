"""A selector is data: it finds a value and says where, or it finds nothing; it never raises once it is compiled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from aggregator.sites.selector import Document, compile_selector

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
    return Document(html.fromstring(PAGE), kind="page", url=URL, source=PAGE)


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
        ("xpath://a/@href", [("/a", "page:a[1]"), ("/b", "page:a[2]")]),
        ("xpath://a[1]/following-sibling::text()[1]", [("tail of A", "page:html/body")]),
        ("xpath:string(//h1)", [("Three lamps", "page")]),
        ("xpath:count(//p)", []),
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
def test_a_selector_finds_its_value_and_says_where(selector: str, expected: list[tuple[str, str]]) -> None:
    assert found(selector) == expected


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("h1[", "CSS: "),
        ("", "CSS: "),
        ("xpath://p[", "XPath: Invalid expression"),
        ("ld:Article", "`ld:Article` names no property"),
        ("url:lamps", "is not of the form url:/regex/"),
        ("url:/(/", "regular expression: "),
        ("h1 | regex: (", "regular expression: "),
        ("h1 | after:", "the pipe `after` needs an argument"),
    ],
)
def test_a_selector_that_does_not_parse_says_so_when_it_is_compiled(selector: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        compile_selector(selector)

    assert message in str(caught.value)


def test_removing_takes_elements_without_text_too() -> None:
    assert [element.tag for element in compile_selector("p").elements(document())] == ["p", "p", "p"]
    assert [element.tag for element in compile_selector("xpath://a/@href").elements(document())] == ["a", "a"]
    assert [element.tag for element in compile_selector("meta:author").elements(document())] == ["meta"]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text(alphabet="abp1 .#[]()@*|:/>=\"'-,~^$\\", max_size=20),
    st.sampled_from(["", "xpath:", "ld:", "url:", "meta:"]),
)
def test_what_compiles_never_raises(text: str, form: str) -> None:
    try:
        selector = compile_selector(form + text)
    except ValueError:
        return

    assert list(selector(document())) is not None
    assert list(selector.elements(document())) is not None
