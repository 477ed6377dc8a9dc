"""Each field takes the first candidate that is valid, and the provenance says which it was."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.errors import ItemError
from aggregator.model import Candidate, Enclosure, Image, RawEntry, RawImage, Revision
from aggregator.normalize import html
from aggregator.normalize.entry import NormalizeContext, normalize

TAKEN = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
URL = "https://news.example.org/2026/lamps.html"


def found(*values: str, where: str = "feed:x") -> tuple[Candidate, ...]:
    return tuple(Candidate(value, where) for value in values)


def judged(
    body: str | None = None, /, *, context: dict[str, Any] | None = None, **fields: Any
) -> Revision:
    given: dict[str, Any] = {"label": "item 1", "url": found(URL), "title": found("Lamps")} | fields
    if body is not None:
        given["content_html"] = found(body, where="feed:content")
    about: dict[str, Any] = {
        "source": "news",
        "taken": TAKEN,
        "timezone": ZoneInfo("Europe/Paris"),
    } | (context or {})
    return normalize(
        RawEntry(**given), html.parse(body) if body else None, NormalizeContext(**about)
    )


def test_a_link_that_is_none_gives_way_to_the_next() -> None:
    revision = judged(
        url=(
            Candidate("javascript:alert(1)", "feed:link"),
            Candidate("/a?utm_source=x", "feed:guid"),
        ),
        base_url=URL,
    )

    assert (revision.url, revision.url_original) == (
        "https://news.example.org/a",
        "/a?utm_source=x",
    )
    assert revision.provenance["url"] == "feed:guid"


def test_a_title_of_nothing_but_tags_gives_way_to_the_next() -> None:
    assert (
        judged(title=found("<b> </b>", "Three &amp;amp; four <i>lamps</i>")).title
        == "Three & four lamps"
    )


@pytest.mark.parametrize(
    ("fields", "title", "where"),
    [
        ({"body": "<p>First words.</p><p>More.</p>"}, "First words. More.", "content"),
        ({"body": f"<p>{'word ' * 40}</p>"}, ("word " * 20)[:99].rstrip() + "…", "content"),
        ({"summary": found("A summary")}, "A summary", "content"),
        ({}, URL, "url"),
        ({"url": (), "guid": Candidate("tag:x", "feed:id")}, "tag:x", "url"),
    ],
)
def test_a_missing_title_is_made_of_what_is_there(
    fields: dict[str, Any], title: str, where: str
) -> None:
    body = fields.pop("body", None)

    revision = judged(body, title=(), **fields)

    assert (revision.title, revision.provenance["title"]) == (title, where)


@pytest.mark.parametrize(
    ("body", "fields", "title"),
    [
        ('<img src="/a.png" alt="A lamp" title="The joke">', {}, "A lamp"),
        ('<img src="/a.png" title="The joke">', {}, "The joke"),
        ('<img src="/a.png">', {}, "https://news.example.org/a.png"),
        ('<video src="/v.mp4"></video>', {}, "https://news.example.org/v.mp4"),
        (
            None,
            {"image": (RawImage("/a.png", "feed:enclosure"),)},
            "https://news.example.org/a.png",
        ),
        (None, {"enclosures": (Enclosure("/a.mp3"),)}, "https://news.example.org/a.mp3"),
    ],
)
def test_an_item_of_media_alone_is_named_by_it(
    body: str | None, fields: dict[str, Any], title: str
) -> None:
    revision = judged(body, url=(), title=(), base_url=URL, **fields)

    assert revision.title == title


def test_pictures_of_the_same_words_are_several_entries() -> None:
    keys = [
        judged(f'<img src="/{name}.png" alt="Comic">', url=(), title=(), base_url=URL).keys
        for name in "ab"
    ]

    assert keys == [
        ("item:news:https://news.example.org/a.png:",),
        ("item:news:https://news.example.org/b.png:",),
    ]


def test_recordings_in_the_body_are_enclosures_once_each() -> None:
    body = (
        '<video><source src="/v.webm" type="video/webm; codecs=vp9"><source src="/v.mp4"></video>'
        '<audio src="/a.mp3"></audio><audio src="/a.mp3"></audio><video></video>'
    )

    revision = judged(body, base_url=URL, enclosures=(Enclosure("/e.mp3", "audio/mpeg", 9),))

    assert revision.enclosures == (
        Enclosure("https://news.example.org/e.mp3", "audio/mpeg", 9),
        Enclosure("https://news.example.org/v.webm", "video/webm"),
        Enclosure("https://news.example.org/a.mp3", "audio/mpeg"),
    )


def test_an_item_that_nothing_names_is_rejected_by_name() -> None:
    with pytest.raises(ItemError, match=r"^item 1: neither a title nor a link nor text$"):
        judged(title=(), url=())


@pytest.mark.parametrize(
    ("stated", "published", "evidence"),
    [
        (found("soon", "2026-06-30T10:00:00Z"), datetime(2026, 6, 30, 10, tzinfo=UTC), "feed"),
        (found("2026-06-30 10:00"), datetime(2026, 6, 30, 8, tzinfo=UTC), "feed"),
        (
            found("2026-06-30", where="ld:datePublished"),
            datetime(2026, 6, 29, 22, tzinfo=UTC),
            "page",
        ),
        (
            found("2026-06-30T10:00:00Z", where="body:div[1]"),
            datetime(2026, 6, 30, 10, tzinfo=UTC),
            "body",
        ),
        (found("2027-01-01T00:00:00Z"), TAKEN, "first_seen"),
        (found("0001-01-01T00:00:00Z"), TAKEN, "first_seen"),
        ((), TAKEN, "first_seen"),
    ],
)
def test_a_date_is_believed_where_it_can_be_true(
    stated: Any, published: datetime, evidence: str
) -> None:
    revision = judged(published=stated)

    assert (revision.published, revision.published_from) == (published, evidence)


def test_a_saved_article_without_a_date_is_dated_by_its_capture() -> None:
    captured = datetime(2024, 6, 21, tzinfo=UTC)

    revision = judged(captured=captured)

    assert (revision.published, revision.published_from, revision.at) == (
        captured,
        "archive",
        captured,
    )


def test_the_publishers_own_change_places_the_revision() -> None:
    assert judged(updated=found("2026-06-30T11:00:00Z")).at == datetime(2026, 6, 30, 11, tzinfo=UTC)
    assert judged(updated=found("never")).at == TAKEN


def test_the_stated_image_comes_before_the_first_of_the_body() -> None:
    body = "<figure><img src='/body.jpg' alt='B'><figcaption>In the body</figcaption></figure>"
    stated = (
        RawImage("data:,", "feed:a"),
        RawImage("/lead.jpg", "feed:b", caption="A <b>lead</b>", width=600),
    )

    assert judged(body, image=stated, base_url=URL).image == Image(
        "https://news.example.org/lead.jpg", caption="A lead", width=600
    )
    assert judged(body, base_url=URL).image == Image(
        "https://news.example.org/body.jpg", caption="In the body", alt="B"
    )


def test_an_image_of_a_sites_placeholders_is_none() -> None:
    context = {"placeholders": (re.compile("default"),)}

    assert (
        judged(
            "<img src='/default.png'>",
            image=(RawImage("/default.png", "x"),),
            base_url=URL,
            context=context,
        ).image
        is None
    )


def test_enclosures_are_absolute_and_each_is_there_once() -> None:
    stated = (
        Enclosure("/a.mp3", type="audio/mpeg"),
        Enclosure("https://news.example.org/a.mp3"),
        Enclosure("data:,x"),
    )

    assert judged(enclosures=stated, base_url=URL).enclosures == (
        Enclosure("https://news.example.org/a.mp3", type="audio/mpeg"),
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [("feed:link", "feed"), ("page:url", "page"), ("listing:a@href", "listing")],
)
def test_enclosures_were_found_where_their_item_was(where: str, expected: str) -> None:
    address = (Candidate("https://news.example.org/lamps", where),)

    revision = judged(url=address, enclosures=(Enclosure("https://news.example.org/a.mp3"),))

    assert revision.provenance["enclosures"] == expected


def test_tags_and_authors_are_plain_and_each_is_there_once() -> None:
    revision = judged(
        tags=found("World", "<b>World</b>", " "),
        authors=found("Lin &amp; He", "Lin & He"),
        context={"tags": ("x", "World")},
    )

    assert (revision.tags, revision.authors) == (("World", "x"), ("Lin & He",))


@pytest.mark.parametrize(
    ("stated", "of_source", "title", "expected"),
    [
        (found("fr-FR"), "en", "Lamps", "fr-FR"),
        (found("nonsense!"), "en", "Lamps", "en"),
        (found("zh"), None, "韩国召见俄罗斯大使", "zh-Hans"),
        (found("zh"), None, "韓國召見俄羅斯大使", "zh-Hant"),
        ((), None, "日本の首相は会見で述べました", "ja"),
        ((), None, "Lamps", None),
        (found("en-US"), None, "韩国召见俄罗斯大使", "zh-Hans"),
        (found("en-US"), "zh-TW", "韓國召見俄羅斯大使", "zh-Hant"),
        (found("en-US"), None, "Правительство приняло новый бюджет", "ru"),
        (found("en-US"), None, "Правителството прие бюджета", None),
        (found("zh-TW"), None, "韓國召見俄羅斯大使", "zh-Hant"),
        (found("sr-Latn"), None, "Vlada je usvojila budžet", "sr-Latn"),
        (found("ja"), None, "iPhone 17 Pro", "ja"),
        (found("ja"), None, "東京都知事会見", "ja"),
    ],
)
def test_a_stated_language_wins_and_chinese_is_refined(
    stated: Any, of_source: str | None, title: str, expected: Any
) -> None:
    revision = judged(title=found(title), language=stated, context={"language": of_source})

    assert revision.language == expected


def test_a_block_that_a_site_calls_junk_is_no_content() -> None:
    body = "<p>One</p><p>Advert</p><blockquote><p>Advert</p><p>Two</p></blockquote>"

    revision = judged(body, context={"junk": (re.compile("^Advert$"),)})

    assert revision.content_html == "<p>One</p><blockquote><p>Two</p></blockquote>"


def test_the_same_item_gives_the_same_hash_and_another_word_another() -> None:
    assert (
        judged("<p>x</p>").hash
        == judged("<p> x </p>", published=found("2026-06-30T10:00:00Z")).hash
    )
    assert judged("<p>x</p>").hash != judged("<p>y</p>").hash


def test_a_guid_is_kept_as_it_was_stated() -> None:
    assert judged(guid=Candidate(" tag:X ", "feed:id")).guid == " tag:X "


def test_the_comments_are_where_the_first_usable_candidate_leads() -> None:
    revision = judged(comments=found("mailto:a@b.org", "/a?utm_source=rss#comments"), base_url=URL)

    assert revision.comments == "https://news.example.org/a#comments"
    assert revision.hash == judged().hash


def test_a_title_without_end_is_cut() -> None:
    assert judged(title=found("x" * 150_000)).title == "x" * 999 + "…"
