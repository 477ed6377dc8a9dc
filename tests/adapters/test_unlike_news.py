"""Shops and indexes repeat as lists of articles do, and are none."""

from __future__ import annotations

import pytest
from lxml import html

from aggregator.adapters.listing.infer.unlike_news import is_index, is_shop
from aggregator.adapters.listing.unlinked_title import names_only_link


@pytest.mark.parametrize(
    "price",
    [
        "<span>€ 3,99</span>",
        "<span>1.299,00 €</span>",
        "<b>from $25.00</b>",
        "<i>1 200 руб.</i>",
        "<span>3980円</span>",
        "<p class='product-price'>19</p>",
    ],
)
def test_items_with_a_price_are_a_shop(price: str) -> None:
    items = [html.fromstring(f"<li><a href='/p'>Blue lamp</a>{price}</li>") for _ in range(4)]

    assert is_shop(items)


def test_prices_in_sentences_make_no_shop() -> None:
    text = "The council pays $3 million for the bridge"
    items = [html.fromstring(f"<li><h3>{text}</h3><p>{text}, it said.</p></li>") for _ in range(4)]

    assert not is_shop(items)


@pytest.mark.parametrize(
    ("titles", "index"),
    [
        (("Anchors", "Bollards", "Cranes", "Docks and piers", "Engines"), True),
        (("1. Sails", "2. Ropes", "3. Knots", "4. Tides", "5. Wind"), True),
        (("Chapter 1: Sails", "Chapter 2: Ropes", "Chapter 3: Tides"), False),
        (("Sails", "Ropes", "Knots", "Tides", "Wind"), False),
        (("Day 5: Sails", "Day 4: Ropes", "Day 3: Knots", "Day 2: Tides", "Day 1: Wind"), False),
        (("Anchors", "Bollards", "Cranes"), False),
        (("渡轮1", "渡轮2", "渡轮3", "渡轮4", "渡轮5"), False),
    ],
)
def test_titles_in_order_are_an_index(titles: tuple[str, ...], index: bool) -> None:
    assert is_index(titles) is index


@pytest.mark.parametrize(("text", "only"), [("[PDF]", True), ("more »", False), ("Title", False)])
def test_a_file_type_names_only_the_link(text: str, only: bool) -> None:
    assert names_only_link(text) is only
