"""Dates without a year get the one that their list leaves them."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import html

from aggregator.adapters.listing.yearless import (
    DayOfYear,
    choose_years,
    find_year_above,
    read_day,
)

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("text", "languages", "day"),
    [
        ("Nov 27", (), DayOfYear(11, 27)),
        ("27 Nov", ("en",), DayOfYear(11, 27)),
        ("Fri, November 27th", (), DayOfYear(11, 27)),
        ("Posted: Nov. 27", (), DayOfYear(11, 27)),
        ("27. März", ("de",), DayOfYear(3, 27)),
        ("27 ноября, 10:30", ("ru",), DayOfYear(11, 27, "10:30")),
        ("november 27.", ("hu",), DayOfYear(11, 27)),
        ("11月27日", (), DayOfYear(11, 27)),
        ("11월 27일", ("ko",), DayOfYear(11, 27)),
        ("11-27 08:15", ("zh-CN",), DayOfYear(11, 27, "08:15")),
        ("Feb 29", (), DayOfYear(2, 29)),
        ("Nov 27, 2026", (), None),
        ("Nov 31", (), None),
        ("Top 10", (), None),
        ("5 min", (), None),
        ("11-27", ("de",), None),
        ("How 5 engineers rebuilt the harbour in May", (), None),
    ],
)
def test_a_day_is_read_without_its_year(
    text: str, languages: tuple[str, ...], day: DayOfYear | None
) -> None:
    assert read_day(text, languages) == day


@pytest.mark.parametrize(
    ("text", "languages", "day"),
    [
        ("27.11.", (), DayOfYear(11, 27)),
        ("27/11", (), DayOfYear(11, 27)),
        ("11/27", (), DayOfYear(11, 27)),
        ("11/12", (), None),
        ("11/12", ("en-US",), DayOfYear(11, 12)),
        ("11/12", ("fr",), DayOfYear(12, 11)),
    ],
)
def test_two_numbers_are_a_day_where_a_date_stands(
    text: str, languages: tuple[str, ...], day: DayOfYear | None
) -> None:
    assert read_day(text, languages, is_date=True) == day


def years(*days: tuple[int, int]) -> list[int]:
    found = choose_years([DayOfYear(*day) for day in days], [None] * len(days), TODAY)
    return [day.year for day in found if day is not None]


def test_the_year_is_the_last_in_which_the_day_was_not_in_the_future() -> None:
    assert years((11, 28)) == [2026]
    assert years((11, 29)) == [2026]  # where the site is, it may be the 29th
    assert years((11, 30)) == [2025]
    assert years((2, 29)) == [2024]


def test_a_list_that_goes_back_in_time_never_goes_forward() -> None:
    assert years((11, 27), (1, 2), (12, 20), (3, 3), (11, 5)) == [2026, 2026, 2025, 2025, 2024]


def test_a_list_that_begins_with_its_oldest_item_is_read_from_its_end() -> None:
    assert years((11, 5), (3, 3), (12, 20), (1, 2), (6, 1), (11, 27)) == [
        2024,
        2025,
        2025,
        2026,
        2026,
        2026,
    ]


def test_a_date_with_a_year_tells_where_its_neighbours_are() -> None:
    days = [None, DayOfYear(11, 20)]

    assert choose_years(days, [date(2025, 11, 25), None], TODAY)[1] == date(2025, 11, 20)


def test_the_year_above_an_item_is_the_nearest_heading_that_is_one() -> None:
    body = html.fromstring(
        "<body><h2>2026</h2><ul><li>a</li></ul><h2>Winter 2024</h2><h2> 2025 </h2><ul><li>b</li></ul>"
    )
    items = body.findall(".//li")

    assert [find_year_above(item) for item in items] == [2026, 2025]
    assert find_year_above(html.fromstring("<body><p>x</p><ul><li>c</ul>").find(".//li")) is None
