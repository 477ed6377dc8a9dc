"""A page is split into blocks that stay or go as one: a link within a sentence goes with the sentence."""

from __future__ import annotations

from lxml import html

from aggregator.adapters.article.blocks import split_into_blocks


def tags(body: str) -> list[str]:
    document = html.document_fromstring(f"<body>{body}</body>")
    return [block.element.tag for block in split_into_blocks(document.find("body"))]


def test_links_and_emphasis_in_a_text_between_line_breaks_are_no_blocks() -> None:
    text = "The lamplighter of the <a href=/h>old harbour</a> begins his <em>round</em> at dusk.<br><br>"

    assert tags(f"<div>{text}<p>Ninety lamps.</p></div>") == ["div", "p"]


def test_a_picture_in_a_link_is_a_block() -> None:
    text = "The lamplighter of the old harbour begins his round at dusk. <a href=/l><img src=/l.jpg></a>"

    assert tags(f"<div>{text}<p>Ninety lamps.</p></div>") == ["div", "img", "p"]


def test_a_row_of_links_is_one_block_for_each() -> None:
    links = "<a href=/h>News of the harbour</a><a href=/m>News of the market</a>"

    assert tags(f"<div>{links}<p>Ninety lamps.</p></div>") == ["div", "a", "a", "p"]
