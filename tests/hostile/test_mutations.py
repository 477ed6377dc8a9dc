"""Damaged fixtures go from adapter to published feed: what is not foreseen is a failing test."""

from __future__ import annotations

from itertools import islice

import pytest

from aggregator.normalize import html
from aggregator.rules.loader import load_sites
from benchmarks.hostile import Case, check, fixtures, mutations

CASES = 150  # about 2 s; `python -m benchmarks.hostile` takes as many as its time allows
SITES = load_sites(None)


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_damaged_documents_end_as_foreseen(seed: int) -> None:
    findings = []
    for case in islice(mutations(seed, fixtures()), CASES):
        findings += map(str, check(case, SITES))

    assert findings == []


def test_the_same_seed_gives_the_same_cases() -> None:
    first = tuple(islice(mutations(7, fixtures()), 20))

    assert tuple(islice(mutations(7, fixtures()), 20)) == first


@pytest.mark.parametrize("tag", ["a:b", "article&", "x=1", "_"])
def test_element_names_that_css_cannot_spell_are_no_failure(tag: str) -> None:
    cards = ""
    for number in range(6):
        link = f'<a href="/2026/story-{number}">The story of the lamp number {number}</a>'
        cards += f"<{tag}>{link}<time>2026-07-0{number + 1}</time></{tag}>"

    page = f"<html><body><main>{cards}</main></body></html>".encode()

    assert check(Case(tag, "page", page), SITES) == []


@pytest.mark.parametrize("label", ["gb2312", "utf-7", "utf-32", "idna", "base64"])
def test_a_sitemap_may_name_any_encoding(label: str) -> None:
    urls = "<url><loc>https://news.example.org/1</loc></url>"
    body = f'<?xml version="1.0" encoding="{label}"?><urlset>{urls}</urlset>'.encode()

    assert check(Case(label, "sitemap", body), SITES) == []


@pytest.mark.parametrize(
    "tag", ["noframes", "plaintext", "script", "style", "textarea", "title", "xmp"]
)
def test_an_element_without_an_end_does_not_take_the_rest_of_the_text(tag: str) -> None:
    root = html.parse(f"<p>one</p><{tag}><p>two</p><p>three</p>")

    assert html.clean(root, base=None) == "<p>one</p><p>two</p><p>three</p>"


def test_preformatted_text_is_cleaned_once_for_all() -> None:
    once = html.clean(html.parse("<pre>\n\n\n<b>a</b>\n</pre>"), base=None)

    assert html.clean(html.parse(once or ""), base=None) == once
