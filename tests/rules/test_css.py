"""CSS that people copy from a browser finds what the browser finds, whichever library reads it."""

from __future__ import annotations

import pytest
from lxml import html

from aggregator.rules.document import Document
from aggregator.rules.selector import compile_selector

PAGE = """
<html><body><main>
<article id="one"><h2>Tide</h2><p>Low water</p><img src="/tide.png"></article>
<article id="two" class="wide ad"><h2>Ferry</h2><p>Sails <b>at noon</b></p></article>
<article id="three" class="wide"><p>No headline</p><!-- a note --><p>Second line</p></article>
</main><aside><a href="/next">Next page</a> tail <a href="/all">All</a></aside></body></html>
"""


def document() -> Document:
    return Document(html.fromstring(PAGE), kind="page", source=PAGE)


def ids(selector: str) -> list[str]:
    return [match.value for match in compile_selector(f"{selector}@id*")(document())]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("article:has(img)", ["one"]),
        ("article:has(> h2)", ["one", "two"]),
        ("article:has(h2 + p b)", ["two"]),
        ("article:not(:has(h2))", ["three"]),
        ("article:is(.wide, #one)", ["one", "two", "three"]),
        ("article:not(.ad, #one)", ["three"]),
        (":where(main) > .wide:first-of-type", []),
        ("main > *:nth-of-type(2)", ["two"]),
        ("article:nth-child(2 of .wide)", ["three"]),
        ('article:-soup-contains("noon")', ["two"]),
        ("article:nth-last-of-type(1)", ["three"]),
        (':root main > [id^="t"]', ["two", "three"]),
        ('article:-soup-contains("at@noon")', []),
        ('article:not([id*="@"], .wide)', ["one"]),
    ],
)
def test_selectors_of_browsers_find_elements(selector: str, expected: list[str]) -> None:
    assert ids(selector) == expected


def test_what_beautifulsoup_finds_has_the_text_and_the_place_in_our_tree() -> None:
    found = compile_selector("article:has(b) p")(document())
    linked = compile_selector("aside:has(a) > a@href*")(document())

    assert [(match.value, match.where) for match in found] == [
        ("Sails at noon", "page:main/article[2]/p")
    ]
    assert [match.value for match in linked] == ["/next", "/all"]


def test_an_item_is_searched_with_itself_and_nothing_around_it() -> None:
    page = document()
    [item] = page.root.xpath("//article[@id='two']")
    one = page.item(root=item)

    assert [match.value for match in compile_selector(":has(b)@id*")(one)] == ["two"]
    assert list(compile_selector("main:has(article)")(one)) == []


def test_what_rules_have_removed_is_not_found_again() -> None:
    page, selector = document(), compile_selector("article:has(h2)@id*")
    before = [match.value for match in selector(page)]
    [first] = page.root.xpath("//article[@id='one']")
    first.getparent().remove(first)

    assert (before, [match.value for match in selector(page)]) == (["one", "two"], ["two"])


@pytest.mark.parametrize("selector", ["p:unknown(2)", "p:has(", "p::before", "p:nth-child(x)"])
def test_what_is_no_css_says_why(selector: str) -> None:
    with pytest.raises(ValueError, match=r"^CSS: "):
        compile_selector(selector)
