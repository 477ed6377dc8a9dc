"""For a selector that matches nothing, the nearest that does: by the fewest changes, at a bounded cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from aggregator.rules import suggest as nearness
from aggregator.rules.selector import Document, compile_selector
from aggregator.rules.suggest import Suggestion, suggest_selector
from aggregator.rules.suggest.relax import MAX_NAMES, _names_of, relaxations

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "nearest.json").read_text(encoding="utf-8")
)
PAGE = """
<html><head><meta property="og:title" content="Harbour"><meta name="author" content="Ann">
<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Quiet", "author": {"name": "Ann"}}</script>
</head><body><main id="main"><ul class="list">
<li class="c-card big"><h3 class="card__title"><a href="/1" data-id="7">One</a></h3>
<time datetime="2024-01-01">Mon</time></li>
<li class="c-card"><h3 class="card__title"><a href="/2">Two</a></h3><time datetime="2024-01-02">Tue</time></li>
</ul></main></body></html>
"""
DATA = {"data": {"articles": [{"title": "a"}, {"title": "b"}]}}


def document(page: str = PAGE) -> Document:
    return Document(
        html.fromstring(page), kind="page", url="https://harbour.example/", source=page, data=DATA
    )


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_the_nearest_selector_is_the_one_with_the_fewest_changes(case: dict[str, Any]) -> None:
    found = suggest_selector(case["selector"], [document()])

    assert found == (Suggestion(case["nearest"], case["count"]) if case["nearest"] else None)


def test_what_is_near_is_counted_over_all_items() -> None:
    page = document()
    items = [page.item(root=element) for element in page.root.iter("li")]

    assert suggest_selector("h3.titel", items) == Suggestion("h3", 2)
    assert suggest_selector("time@datetme", items) == Suggestion("time@datetime", 2)


def test_no_document_has_nothing_near() -> None:
    assert suggest_selector("h3", []) is None


class Wide:
    """An element with very many below it."""

    def iter(self) -> range:
        return range(nearness.MAX_VISITED_ELEMENTS)


@pytest.mark.no_cover
def test_the_larger_the_page_the_fewer_selectors_are_tried() -> None:
    small, huge = document(), Document(Wide(), kind="page")

    assert [nearness._affordable_tries(pages) for pages in ([small], [huge], [small, huge])] == [
        nearness.MAX_TRIES,
        2,
        2,
    ]


def test_of_a_page_with_very_many_names_only_the_most_frequent_are_compared() -> None:
    page = (
        "<div>"
        + "".join(f'<p class="all teaser-{n}">t</p>' for n in range(3 * MAX_NAMES))
        + "</div>"
    )

    names = _names_of([document(page)]).known["class"]

    assert (len(names), next(iter(names))) == (MAX_NAMES, "all")


NAMES = st.text(alphabet="abcXYZ019-_é.#:[]()@*>+~ ,|\"'\\", max_size=30)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(selector=NAMES, name=NAMES)
def test_whatever_is_asked_of_whatever_page_what_is_near_matches_and_nothing_raises(
    selector: str, name: str
) -> None:
    page = html.fromstring("<body><div><p>text</p></div></body>")
    page.find(".//p").set("class", name)
    one = Document(page, kind="page")

    found = suggest_selector(selector, [one])

    assert found is None or len(list(compile_selector(found.selector)(one))) in (1, found.count)


def test_a_selector_in_its_parts_is_written_as_it_was() -> None:
    for text in (
        "li.c-card",
        "ul.list > li a[href]",
        "#main li:first-child + li",
        "h3.card__title ~ time",
    ):
        form = next(relaxations(f"{text}@href", " | after: x", [document()]))

        assert form.render("*") == f"{text}@href* | after: x"
