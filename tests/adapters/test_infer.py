"""The list of a page that says nothing about itself: found by what repeats and reads like articles, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from aggregator.adapters.html import parse_page
from aggregator.adapters.listing.infer import InferredList, infer_list
from aggregator.adapters.listing.infer.selectors import is_stable
from aggregator.model import Capture

if TYPE_CHECKING:
    from aggregator.rules.selector import Document


def page(body: str, lang: str = "en") -> Document:
    text = f'<!doctype html><html lang="{lang}"><body>{body}</body></html>'
    return parse_page(
        Capture(
            "s",
            "https://www.paper.example.co.uk/news/",
            datetime(2026, 7, 4, tzinfo=UTC),
            text.encode(),
        )
    )


def rows(count: int, form: str) -> str:
    return "".join(form.format(n=n) for n in range(1, count + 1))


NAV = (
    "<ul class=menu>"
    + "".join(
        f"<li><a href=/{w}>{w.title()} news</a></li>" for w in ("world", "sport", "art", "jobs")
    )
    + "</ul>"
)
CARD = '<div class="card"><h3><a href="/a/{n}">Headline of story {n}</a></h3><time datetime="2026-07-0{n}">x</time></div>'

ROW = "<li><a href=/a/the-story-{n}>A headline of words</a> <i>x</i></li>"


def test_what_is_found_is_said_in_selectors_with_the_reasons() -> None:
    assert infer_list(page(NAV + f"<main>{rows(4, CARD)}</main>")) == InferredList(
        items="div.card",
        fields={"title": "h3", "url": "a@href", "published": "time@datetime"},
        count=4,
        reasons={
            "items": "4 alike, 4 dated, titles of 4 words",
            "title": "in 4 of 4 items, such as “Headline of story 1”",
            "url": "in 4 of 4 items, such as “/a/1”",
            "published": "in 4 of 4 items, such as “2026-07-01”",
        },
    )


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (f"<div id=latest>{rows(4, CARD.replace('card', 'css-1x{n}'))}</div>", "div#latest > div"),
        (f"<main>{rows(4, CARD.replace('card', 'post post-{n} odd'))}</main>", "div.post"),
        (
            f"<main>{rows(4, CARD.replace('class=', 'data-story=1 data-x='))}</main>",
            "div[data-story]",
        ),
        (
            f"<main>{rows(4, CARD.replace('card', 'Card_card__3kd9s'))}</main>",
            'div[class*="Card_card__"]',
        ),
        (f"<ul class=latest>{rows(4, ROW)}</ul>", "ul.latest > li"),
        (
            f"<div class=row>{rows(2, CARD)}</div><p>x</p><div class=row>{rows(4, CARD)}</div>",
            "div.card",
        ),
        (f"<div class=row>{rows(4, '<div class=col-md-4>' + CARD + '</div>')}</div>", "div.card"),
    ],
)
def test_the_selector_of_the_items_is_one_that_lasts(body: str, items: str) -> None:
    found = infer_list(page(NAV + body))

    assert found is not None
    assert found.items == items


def test_a_lead_story_of_another_form_belongs_to_its_list() -> None:
    lead = '<div class="card lead"><a href="/a/9"><h2>The headline of the lead story</h2></a></div>'
    found = infer_list(page(f"<main>{lead}{rows(5, CARD)}</main>"))

    assert found is not None
    assert (found.items, found.count) == ("div.card", 6)


@pytest.mark.parametrize(
    "body",
    [
        NAV,
        f"<nav>{rows(6, CARD)}</nav>",
        f"<footer>{rows(6, CARD)}</footer>",
        f"<div role=navigation>{rows(6, CARD)}</div>",
        rows(2, CARD),
        rows(
            6,
            '<div class=card><h3><a href="https://ads.example.com/{n}">Headline of story {n}</a></h3></div>',
        ),
        rows(6, '<div class=card><h3><a href="#c{n}">Headline of story {n}</a></h3></div>'),
        rows(6, '<div class=tag><a href="/tag/{n}">tag {n}</a></div>'),
        rows(6, '<p><a href="/a/1">The same story again</a></p>'),
        rows(6, CARD.replace("Headline of story {n}", "Topic {n}")),
        f"<div class='block-wrap most-popular'>{rows(6, ROW.replace('<i>x</i>', ''))}</div>",
        "<p>No links at all.</p>",
    ],
)
def test_what_is_no_list_of_articles_is_none(body: str) -> None:
    assert infer_list(page(body)) is None


@pytest.mark.parametrize(
    ("language", "title", "menu"),
    [
        ("zh", "渡轮风暴后恢复航行第{n}天", "国际新闻{n}"),
        ("ja", "港の灯台守が引退を発表した{n}", "経済{n}"),
        ("th", "เรือข้ามฟากกลับมาให้บริการ{n}", "กีฬา{n}"),
        ("km", "សាឡាងវិលមកបម្រើការវិញ{n}", "កីឡា"),
    ],
)
def test_titles_of_scripts_without_spaces_are_titles(language: str, title: str, menu: str) -> None:
    item = f'<li class=item><a href="/a/2026070{{n}}.html">{title}</a></li>'
    other = f'<li class=cat><a href="/c/{{n}}">{menu}</a></li>'
    found = infer_list(
        page(f"<ul class=cats>{rows(8, other)}</ul><ul>{rows(5, item)}</ul>", language)
    )

    assert found is not None
    assert (found.items, found.count) == ("li.item", 5)


def test_the_answer_is_the_same_every_time() -> None:
    body = (
        NAV
        + f"<main>{rows(5, CARD)}</main><section>{rows(5, CARD.replace('card', 'box').replace('/a/', '/b/'))}</section>"
    )

    assert len({str(infer_list(page(body))) for _ in range(5)}) == 1


@pytest.mark.parametrize(
    ("name", "stable"),
    [
        ("news-card", True),
        ("article__title", True),
        ("archive-list", True),
        ("h2title", True),
        ("newsList", True),
        ("css-1x2y3", False),
        ("sc-bdVaJa", False),
        ("jsx-2936411203", False),
        ("post-1234", False),
        ("_2pjf1", False),
        ("Card_root__3kd9s", False),
        ("hYtRwq", False),
        ("svelte-1tky8bj", False),
        ("md:w-1/2", False),
        ("123", False),
    ],
)
def test_names_that_a_tool_made_up_do_not_last(name: str, stable: bool) -> None:
    assert is_stable(name) is stable
