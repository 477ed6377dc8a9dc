"""What stands inside a text and is no part of it goes; what a page hides and is its text is shown."""

from __future__ import annotations

import pytest
from lxml import etree

from aggregator.adapters.article.hidden_parts import show_hidden_parts, show_noscript
from aggregator.adapters.article.side_boxes import remove_side_boxes

URL = "https://www.lamppost.example/world/lamps"
WORDS = "the lamplighter of the old harbour counts his lamps each evening in winter"


def rest(html: str) -> str:
    root = etree.fromstring(f"<body><div>{html}</div>", etree.HTMLParser()).find(".//div")
    remove_side_boxes(root, URL)
    return etree.tostring(root, method="html", encoding="unicode")


CARD = "<article><a href=/{0}><img src={0}.jpg><h3>One more lamp</h3></a></article>"
TEXT = f"<p>{WORDS}</p>" * 6


@pytest.mark.parametrize(
    "box",
    [
        f"<h3>Related</h3>{CARD.format(1)}{CARD.format(2)}",
        f"<div class=newsletter-box><h3>Letter</h3><p>{WORDS}</p><img src=n.png><form><input></form></div>",
        "<aside><h4>More</h4><p>Read <a href=/1>about all the other lamps</a></p></aside>",
        f"<div role=dialog><p>{WORDS}</p></div>",
        f"<div class=cookie-banner>{TEXT}</div>",
        "<div class=wp-auth><p>Session expired</p><p><a href=/login>Please log in again.</a></p></div>",
    ],
    ids=["cards", "newsletter", "aside", "dialog", "consent", "login"],
)
def test_what_stands_inside_a_text_and_is_no_part_of_it_goes(box: str) -> None:
    assert rest(TEXT + box + TEXT) == f"<div>{TEXT}{TEXT}</div>"


@pytest.mark.parametrize(
    "part",
    [
        f"<aside><p>{WORDS}</p></aside>",
        "<figure><a href=/big.jpg><img src=small.jpg></a></figure>",
        "<h3><a href=https://a.example/1>A lamp of others</a></h3><h3><a href=https://b.example/2>Another lamp</a></h3>",
        f"<div class=related><img src=own.jpg><p>{WORDS}</p></div>",
    ],
    ids=["quotation", "picture", "sources", "picture-of-its-own"],
)
def test_parts_of_the_text_stay(part: str) -> None:
    html = rest(TEXT + part + TEXT)

    assert html.count("<p>") == (TEXT + part + TEXT).count("<p>")
    assert html.count("<img") == part.count("<img")
    assert html.count("<h3>") == part.count("<h3>")


def body(html: str) -> etree._Element:
    found = etree.fromstring(f"<body>{html}", etree.HTMLParser()).find("body")
    assert found is not None
    return found


def test_a_noscript_with_most_of_the_words_is_text_and_another_is_not() -> None:
    long = body(f"<div><noscript>{TEXT}</noscript></div>")
    short = body(f"<div>{TEXT}<noscript>{TEXT}</noscript></div>")

    show_noscript(long)
    show_noscript(short)

    assert (long.find(".//noscript"), short.find(".//noscript") is None) == (None, False)


def test_hidden_parts_are_shown_if_they_have_most_of_the_words_and_none_is_a_copy() -> None:
    other = WORDS.replace("lamps", "boats")
    steps = body(
        f"<p>{WORDS}</p><div hidden><p>{other} 1</p></div><div style='display: none'><p>{other} 2</p></div>"
    )
    copy = body(f"{TEXT}<div hidden>{TEXT}</div>")

    show_hidden_parts([steps])
    show_hidden_parts([copy])

    assert [element.get("hidden") or element.get("style") for element in steps.iter("div")] == [
        None,
        None,
    ]
    assert [element.get("hidden") for element in copy.iter("div")] == [""]
