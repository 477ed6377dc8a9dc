"""The lines around a heading say when an article appeared: those that say little else, and nobody's else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from aggregator.adapters.article.byline_dates import find_date_elements, find_dates

PIECES = (
    "3 July 2026",
    "03.07.2026",
    ", ",
    " | ",
    "14:05",
    " by Ada",
    "Updated ",
    " – ",
    "2026年7月3日",
    "x" * 50,
    " de ",
    "9",
)


def read(body: str) -> list[str]:
    """What is to be read first of each line that is offered, in order."""
    document = html.document_fromstring(f"<body>{body}</body>")
    heading = next(document.iter("h1"), None)
    return [
        readings[0]
        for _, readings in find_date_elements(document.find("body"), heading, document.find("body"))
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("3 July 2026", "3 July 2026"),
        ("Ada Reed | July 3rd, 2026 | Harbour", "July 3rd, 2026"),
        ("By Ada Reed, 3 July 2026", "3 July 2026"),
        ("Samstag 22.12.2012, 10:22 von ada", "22.12.2012 10:22"),
        ("Gespeichert von ada am 24. Juli 2017 - 18:55", "24. Juli 2017 18:55"),
        ("3 de julio de 2026 a las 14:05", "3 de julio de 2026 14:05"),
        ("来源：港报 2026年7月3日 14:05", "2026年7月3日 14:05"),
        ("2026.07.03 14:05 홍보팀", "2026.07.03 14:05"),
        ("Thứ Sáu, 03/07/2026 | 14:05 GMT+7", "03/07/2026 14:05 GMT+7"),
        ("<a href=/x>Harbour</a> <b>3 July 2026</b>", "3 July 2026"),
        ("<b>ada</b><i>03.07.2026</i>", "03.07.2026"),
        ("03.07.26", "2026-07-03"),
        ("<a href=/ada>Ada Reed</a>, 3.7.26", "2026-07-03"),
        ("7/23/26 11:04am", "7/23/26 11:04am"),
    ],
)
def test_a_line_of_little_else_is_a_date(line: str, expected: str) -> None:
    assert read(f"<div><h1>Lamps</h1><div>{line}</div></div>") == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "The vote on 3 May 2026 changed everything for us",
        "Updated 3 July 2026",
        "Aktualisiert am 3. Juli 2026",
        "更新：2026年7月3日",
        "© 3 July 2026 The Lantern",
        "3 July 2026 – 5 July 2026",
        "Version 1.2.2026.1",
        "Lantern 3.7.26",
        "1.3.7.26",
        "July 2026",
        "3 July",
        "2026年7月3日港口议会通过了新的预算案，很多人都知道这件事情",
        "It rained. " * 20 + "3 July 2026",
    ],
)
def test_a_line_that_says_something_else_is_none(line: str) -> None:
    assert read(f"<div><h1>Lamps</h1><div>{line}</div></div>") == []


def test_the_nearest_line_behind_the_heading_comes_first_then_the_one_before_it() -> None:
    before = "<div>1 July 2026</div><p>a</p><p>b</p><div>2 July 2026</div>"
    behind = (
        "<div>3 July 2026</div><p>x</p><div>4 July 2026</div>"
        + "<p>x</p>" * 12
        + "<div>5 July 2026</div>"
    )

    assert read(f"{before}<h1>Lamps</h1>{behind}") == ["3 July 2026", "4 July 2026", "2 July 2026"]


def test_a_byline_counts_wherever_it_is_in_the_article() -> None:
    foot = "<p class=post-meta>Posted by ada in Harbour and in Market on 3 July 2026 with 2 remarks</p>"

    assert read("<h1>Lamps</h1>" + "<p>x</p>" * 20 + foot) == ["3 July 2026"]


@pytest.mark.parametrize(
    "where",
    ["<nav>{}</nav>", "<aside>{}</aside>", "<div class=comments>{}</div>", "<form>{}</form>"],
)
def test_what_is_beside_the_article_is_not_asked(where: str) -> None:
    assert read("<h1>Lamps</h1>" + where.format("<p>3 July 2026</p>")) == []


def test_what_holds_the_heading_is_the_article_whatever_it_is_called() -> None:
    assert read("<form class=sidebar-layout><h1>Lamps</h1><p>3 July 2026</p></form>") == [
        "3 July 2026"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("publié le 01 juillet 2026 à 14h05", ("01 juillet 2026 14h05", "01 juillet 2026")),
        ("Updated 3 July 2026", ()),
        ("The ferry of 3 July 2026 was the last of its kind here", ()),
    ],
)
def test_a_short_line_gives_its_date(text: str, expected: tuple[str, ...]) -> None:
    assert find_dates(text) == expected


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_no_line_raises(line: str) -> None:
    assert len(read(f"<h1>x</h1><p>{line}</p>")) <= 1
    assert len(find_dates(line)) <= 3


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "body",
    [
        "<h1>x</h1>" + "<p>3 July 2026" * 20_000,
        "<h1>x</h1><div>" * 500 + "3 " * 50_000,
        "<h1>x</h1>" + "<span>" * 2_000 + "<div>3 July 2026",
        "<h1>x</h1><p>" + "1.1." * 100_000,
    ],
    ids=["many lines", "deep", "inline", "long"],
)
def test_a_hostile_page_costs_its_length(body: str) -> None:
    begun = time.process_time()
    read(body)

    assert time.process_time() - begun < 2
