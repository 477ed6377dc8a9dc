"""Rules change the text of an article where they say so, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from aggregator.model import Candidate, RawEntry
from aggregator.rules.apply import apply_rules
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.rules.compiled import SiteRules

TAKEN = datetime(2026, 7, 1, tzinfo=UTC)
PAPER = """
    id: paper
    hosts: [paper.example.org]
    fields:
      title: {from: [], cut: ' - The Paper$'}
      authors: '.by | split: "\\s*(?:,|and)\\s+"'
    article:
      remove: ["xpath://h1[normalize-space(.) = $title]", .icon]
      captions: [.caption]
"""


@pytest.fixture
def rules(tmp_path: Path) -> SiteRules:
    (tmp_path / "paper.yaml").write_text(dedent(PAPER), encoding="utf-8")
    return load_sites(tmp_path).get("paper")


def read(rules: SiteRules, text: str) -> tuple[str, tuple[str, ...]]:
    """Return the body that is left, and the authors."""
    raw = RawEntry(
        "1",
        title=(Candidate("Three  lamps - The Paper", "feed:title"),),
        content_html=(Candidate(text, "feed:content"),),
    )
    entry = apply_rules(raw, rules, url=None, timezone="UTC", taken=TAKEN)
    body = etree.tostring(entry.body.find("body"), encoding="unicode", method="html")
    authors = tuple(found.value for found in entry.raw.authors)
    return body.removeprefix("<body>").removesuffix("</body>"), authors


def test_a_heading_that_repeats_the_title_can_be_named(rules: SiteRules) -> None:
    body, _ = read(rules, "<h1>Three lamps</h1><h1>Four lamps</h1><p>Text.</p>")

    assert body == "<h1>Four lamps</h1><p>Text.</p>"


def test_one_text_can_hold_several_values(rules: SiteRules) -> None:
    _, authors = read(rules, "<p class='by'>Ann Lee, Bo Quay and Cy Dock</p>")

    assert authors == ("Ann Lee", "Bo Quay", "Cy Dock")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '<div><img src="a.png"></div><p class="caption">A</p>x',
            '<div><figure><img src="a.png"><figcaption class="caption">A</figcaption></figure></div>x',
        ),
        (
            '<a href="b"><img src="a.png"></a><i class="icon">+</i><p class="caption">A</p>',
            '<figure><a href="b"><img src="a.png"></a><figcaption class="caption">A</figcaption></figure>',
        ),
        (
            '<figure><img src="a.png"></figure><p class="caption">A lamp</p>',
            '<figure><img src="a.png"><figcaption class="caption">A lamp</figcaption></figure>',
        ),
    ],
    ids=["in a box", "in a link", "in a figure"],
)
def test_a_caption_goes_to_the_image_before_it(rules: SiteRules, text: str, expected: str) -> None:
    body, _ = read(rules, text)

    assert body == expected


@pytest.mark.parametrize(
    "text",
    [
        '<img src="a.png"><p>Text.</p><p class="caption">No caption</p>',
        '<img src="a.png">Text.<p class="caption">No caption</p>',
        '<p class="caption">No caption</p><img src="a.png">',
        '<img src="a.png"><p class="caption"> </p>',
        '<img src="a.png"><p class="caption"><img src="b.png">Two</p>',
        '<figure><figcaption>A</figcaption><img src="a.png"></figure><p class="caption">B</p>',
        '<img src="a.png"><p>A lamp</p>',
    ],
    ids=[
        "after a paragraph",
        "after text",
        "before the image",
        "blank",
        "with an image of its own",
        "after another caption",
        "not named",
    ],
)
def test_what_is_no_caption_stays_where_it_is(rules: SiteRules, text: str) -> None:
    body, _ = read(rules, text)

    assert body == text
