"""What the pages of several articles of one source share."""

from __future__ import annotations

import pytest

from aggregator.normalize.html.shared_blocks import find_shared, remove_shared, title_hash

BOX = (
    "<h3>Newsletter</h3><p>Sign up for our daily letter.</p>"
    '<figure><img src="https://a.example/b.jpg"><figcaption>Our letter</figcaption></figure>'
)


def text(name: str, *, middle: str = BOX) -> str:
    return f"<p>The beginning of {name} &amp; “more”.</p>{middle}<p>The end of {name}.</p>"


def stripped(*texts: str) -> list[str]:
    shared = find_shared(texts, [])
    return [remove_shared(one, shared) for one in texts]


def test_blocks_that_three_pages_have_are_removed_with_their_heading_and_picture() -> None:
    assert stripped(text("one"), text("two"), text("three")) == [
        text("one", middle=""),
        text("two", middle=""),
        text("three", middle=""),
    ]


def test_blocks_that_two_pages_have_stay() -> None:
    texts = [text("one"), text("two"), text("three", middle="")]

    assert stripped(*texts) == texts


@pytest.mark.parametrize("middle", ["<h3>Ingredients</h3>", "<p>Yes.</p>", "<p>AFP</p>"])
def test_a_short_block_alone_may_belong_to_each_article(middle: str) -> None:
    texts = [text(name, middle=middle) for name in ("one", "two", "three")]

    assert stripped(*texts) == texts


def test_a_link_alone_is_removed_with_the_list_around_it() -> None:
    link = '<ul><li><a href="https://a.example/app">Our app</a></li></ul>'

    assert stripped(*[text(name, middle=link) for name in ("one", "two", "three")]) == [
        text(name, middle="") for name in ("one", "two", "three")
    ]


def test_the_background_of_a_story_stays_if_most_pages_do_not_have_it() -> None:
    background = f"<p>{'The bridge was closed after the flood of the spring. ' * 6}</p>".replace(
        " </p>", "</p>"
    )
    with_it = [text(f"story {number}", middle=background) for number in range(3)]
    others = [text(f"other {number}", middle="") for number in range(4)]

    assert stripped(*with_it, *others) == [*with_it, *others]
    assert stripped(*with_it) == [text(f"story {number}", middle="") for number in range(3)]


def test_a_text_that_three_pages_have_alone_leaves_nothing() -> None:
    wall = "<p>Please accept all cookies to go on to the article.</p>"

    assert stripped(wall, wall, wall) == ["", "", ""]


def test_a_text_without_shared_blocks_is_returned_as_it_is() -> None:
    assert remove_shared("<P>odd <br/>markup", find_shared([BOX] * 3, [])) == "<P>odd <br/>markup"


def test_titles_that_three_pages_have_are_shared_and_are_no_blocks() -> None:
    shared = find_shared([], ["The Gazette", "The  gazette", "The Gazette", "A headline"])

    assert shared == {title_hash("The Gazette"): "The Gazette"}
    assert remove_shared("<p>The Gazette</p>", shared) == "<p>The Gazette</p>"
