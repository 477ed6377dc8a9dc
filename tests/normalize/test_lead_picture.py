"""The picture on top of a published content."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.model import Entry, Image
from aggregator.normalize.lead_picture import (
    add_lead_picture,
    remove_lead_picture,
    summary_as_content,
)

FOG = "https://img.example/fog.jpg"
FIGURE = f'<figure class="lead-picture"><img src="{FOG}" alt=""></figure>'


def _published(entry: Entry, **values: Any) -> str | None:
    return add_lead_picture(replace(entry, **values)).content_html


@pytest.fixture
def entry() -> Entry:
    at = datetime(2026, 7, 3, tzinfo=UTC)
    return Entry(
        id="urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-000000000001",
        source="harbour",
        url=None,
        url_original=None,
        title="Fog",
        summary="Fog & co.",
        content_html="<p>Fog.</p>",
        content_text="Fog.",
        published=at,
        published_from="feed",
        updated=at,
        first_seen=at,
        authors=(),
        credits=(),
        tags=(),
        language=None,
        publisher=None,
        image=Image(FOG),
        enclosures=(),
        guid=None,
        revision=1,
        duplicates=(),
        provenance={},
    )


def test_the_picture_and_its_caption_are_on_top(entry: Entry) -> None:
    image = Image(f"{FOG}?a=1&b=2", 'Fog <over> "the" pier', 'a "fog"', 800, 600)

    assert _published(entry, image=image) == (
        '<figure class="lead-picture">'
        f'<img src="{FOG}?a=1&amp;b=2" alt="a &quot;fog&quot;" width="800" height="600">'
        '<figcaption>Fog &lt;over&gt; "the" pier</figcaption></figure><p>Fog.</p>'
    )


@pytest.mark.parametrize(
    "shown",
    [
        FOG,
        "https://img.example/fog-300x200.jpg",
        "https://img.example/fog.jpg?w=300&amp;quality=80",
        "https://images.weserv.nl?url=img.example/fog.jpg&amp;w=300",
    ],
)
def test_a_picture_that_the_content_shows_in_any_size_is_not_shown_twice(
    entry: Entry, shown: str
) -> None:
    content = f'<p>Fog.</p><p><img alt="" src="{shown}"></p>'

    assert _published(entry, content_html=content) == content


@pytest.mark.parametrize(
    "content",
    [f'<p><a href="{FOG}">Fog</a></p>', '<p><img src="https://img.example/pier.jpg"></p>'],
)
def test_a_link_to_the_picture_and_another_picture_do_not_show_it(
    entry: Entry, content: str
) -> None:
    assert _published(entry, content_html=content) == FIGURE + content


def test_an_entry_without_content_has_one_of_picture_and_summary(entry: Entry) -> None:
    assert _published(entry, content_html=None) == f"{FIGURE}<p>Fog &amp; co.</p>"
    assert _published(entry, content_html=None, summary=None) == FIGURE


def test_an_entry_without_a_picture_stays(entry: Entry) -> None:
    assert _published(entry, image=None) == "<p>Fog.</p>"
    assert _published(entry, image=None, content_html=None) is None


def test_what_was_added_is_taken_away(entry: Entry) -> None:
    published = _published(entry, image=Image(FOG, "a </figure> b"))

    assert published is not None
    assert remove_lead_picture(published) == entry.content_html
    assert remove_lead_picture("<p>Fog.</p>") == "<p>Fog.</p>"
    assert remove_lead_picture(FIGURE + summary_as_content("a < b")) == "<p>a &lt; b</p>"


def test_to_add_it_twice_is_to_add_it_once(entry: Entry) -> None:
    once = add_lead_picture(entry)

    assert add_lead_picture(once) == once
