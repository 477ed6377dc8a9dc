"""Authors near a heading look like names of people, and several in one text are several."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.adapters.article.clean_names import looks_like_name, split_people
from aggregator.adapters.article.metadata import read_metadata
from aggregator.adapters.html import parse_page
from aggregator.model import Capture

TAKEN = datetime(2026, 7, 10, 12, tzinfo=UTC)
URL = "https://www.lamppost.example/world/lamps"
WORDS = "the lamplighter of the old harbour counts his lamps each evening in winter"


def authors(body: str, head: str = "") -> list[str]:
    capture = Capture("lamps", URL, TAKEN, f"<html>{head}<body>{body}".encode())
    return [found.value for found in read_metadata(parse_page(capture), taken=TAKEN).authors]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Ada Wick", ["Ada Wick"]),
        ("By Ada Wick and Bob Stone", ["Ada Wick", "Bob Stone"]),
        ("Ada Wick, Bob Stone & Cy Lund", ["Ada Wick", "Bob Stone", "Cy Lund"]),
        ("Ada Wick, Bob Stone, and Cy Lund", ["Ada Wick", "Bob Stone", "Cy Lund"]),
        ("Bob Stone, Jr., Ada Wick", ["Bob Stone, Jr.", "Ada Wick"]),
        ("Bob Stone Jr.", ["Bob Stone Jr."]),
        ("Stone, Bob", ["Stone, Bob"]),
        ("Von Karl Otto und Petra Sand", ["Karl Otto", "Petra Sand"]),
        ("Ana Souza e Rui Costa", ["Ana Souza", "Rui Costa"]),
        ("José Ortega y Gasset", ["José Ortega y Gasset"]),
        ("王小明 李雷", ["王小明", "李雷"]),
        ("王小明、李雷", ["王小明", "李雷"]),
        ("Иван Петров и Анна Лис", ["Иван Петров", "Анна Лис"]),
    ],
)
def test_a_text_of_several_people_gives_each(value: str, names: list[str]) -> None:
    assert list(split_people(value)) == names


@pytest.mark.parametrize(
    "name",
    ["Ada Wick", "Ludwig van Beethoven", "Dr. Helen Marsh", "叶兵", "أحمد علي", "Ada B. Wick"],
)
def test_names_of_people_look_like_names(name: str) -> None:
    assert looks_like_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "1. November 2023 09:35",
        "Afficher mon profil complet",
        "Gazette Staff",
        "University Communications",
        "the lamps of the harbour",
        "Ada",
        "How the harbour lost its light",
        "",
    ],
)
def test_dates_offices_and_sentences_do_not_look_like_names(name: str) -> None:
    assert not looks_like_name(name)


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("<p>By Ada Wick | July 3, 2026</p>", ["Ada Wick"]),
        ("<p>Posted by Bob Stone on 2026-07-03</p>", ["Bob Stone"]),
        ("<div class=author>Ada Wick</div>", ["Ada Wick"]),
        ("<div class=author>3. Juli 2026 09:35</div>", []),
        (
            "<p><a href=/author/ada>Ada Wick</a> and <a href=/author/bob>Bob Stone</a></p>",
            ["Ada Wick", "Bob Stone"],
        ),
        ("<div>作者：叶兵　来源：港口</div>", ["叶兵"]),
        ("<p>By the time the harbour was lit</p>", []),
        ("<p><span>3 July</span> <span>Автор: Иван Петров</span></p>", ["Иван Петров"]),
        ("<nav><a rel=author href=/a>Ada Wick</a></nav>", []),
        ("<div class=promo>Promoted by <a rel=author href=/b>Acme Boots</a></div>", []),
        ("<a rel=author href=/p>View my complete profile</a>", []),
    ],
)
def test_a_byline_near_the_heading_names_the_authors(byline: str, expected: list[str]) -> None:
    assert authors(f"<main><h1>Ninety lamps</h1>{byline}<p>{WORDS}</p></main>") == expected


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ("Ada Wick, Bob Stone and Cy Lund", ["Ada Wick", "Bob Stone", "Cy Lund"]),
        ("1. November 2023 09:35", []),
        ("Afficher mon profil complet", []),
    ],
)
def test_a_declared_author_is_split_and_is_no_date_or_profile(
    meta: str, expected: list[str]
) -> None:
    assert authors("<p>x", f"<meta name=author content='{meta}'>") == expected
