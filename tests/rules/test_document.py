"""The meta elements of a page are read in one place."""

from __future__ import annotations

import pytest
from lxml import html

from aggregator.rules.document import MAX_META, iter_meta


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ('<meta property="OG:Title" content=" Lamps ">', [("og:title", "Lamps")]),
        ('<meta name=" Author " content="Lin He">', [("author", "Lin He")]),
        ('<meta itemprop="datePublished" content="2026">', [("datepublished", "2026")]),
        ('<meta name="a" property="b" itemprop="c" content="x">', [("b", "x")]),
        ('<meta name="a" property="" content="x">', [("a", "x")]),
        ('<meta name="a" content=" ">', []),
        ('<meta content="x">', []),
        ('<meta http-equiv="content-language" content="fr">', []),
    ],
)
def test_a_meta_element_has_one_name_and_a_content(
    element: str, expected: list[tuple[str, str]]
) -> None:
    root = html.fromstring(f"<html><head>{element}</head><body><p>x</p></body></html>")

    assert [(meta.name, meta.content) for meta in iter_meta(root)] == expected


def test_the_caller_may_say_which_attributes_name_an_element() -> None:
    root = html.fromstring(
        '<html><meta http-equiv="content-language" content="fr"><meta itemprop="x" content="y"><p>x'
    )

    found = list(iter_meta(root, name_from=("property", "name", "http-equiv")))

    assert [(meta.name, meta.content) for meta in found] == [("content-language", "fr")]


def test_a_page_of_nothing_but_meta_elements_is_read_to_a_limit() -> None:
    root = html.fromstring('<html><meta name="a" content="x">' * (MAX_META + 5) + "<p>x")

    assert sum(1 for _ in iter_meta(root)) == MAX_META
