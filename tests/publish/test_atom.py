"""The Atom document: its bytes, its order, and what it says where an article says nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import FeedInfo, ForgottenEntry
from aggregator.publish import SourceInfo, ViewInfo, atom

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.model import Entry

FIGURE = (
    '<figure class="lead-picture"><img src="https://img.example.org/fog.jpg?w=1&amp;h=2" alt="fog"'
    ' width="1200" height="800"><figcaption>Fog &lt;over&gt; the pier</figcaption></figure>'
)
NAMES = {"a": "http://www.w3.org/2005/Atom", "m": "http://search.yahoo.com/mrss/"}


def _found(document: bytes, xpath: str) -> list[str]:
    found = etree.fromstring(document).xpath(xpath, namespaces=NAMES)
    return [str(node) for node in found]


def test_the_document_is_the_stored_one_to_the_byte(
    view: ViewInfo, articles: dict[str, Entry], data: Path
) -> None:
    document = atom.render(view, list(articles.values()))

    assert document == (data / "merged.atom").read_bytes()


def test_the_entries_stand_in_the_order_they_were_given_in(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    turned = list(articles.values())[::-1]

    assert _found(atom.render(view, turned), "//a:entry/a:id/text()") == [
        entry.id for entry in turned
    ]


def test_every_date_in_the_document_is_one_of_the_entries(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    entries = list(articles.values())
    stated = {at.isoformat() for entry in entries for at in (entry.published, entry.updated)}

    found = re.findall(r"\d{4}-\d\d-\d\dT[^<]+", atom.render(view, entries).decode())

    assert set(found) == stated


def test_forgotten_entries_are_told_to_readers(view: ViewInfo) -> None:
    at = datetime(2026, 7, 4, 12, 30, 5, 123, tzinfo=UTC)
    forgotten = (ForgottenEntry("urn:uuid:5a2b8a86-3a47-5d27-9f4b-7f0c1d1f3f0e", at),)

    document = atom.render(replace(view, forgotten=forgotten), [])

    names = {"at": "http://purl.org/atompub/tombstones/1.0", **NAMES}
    [element] = etree.fromstring(document).xpath("/a:feed/at:deleted-entry", namespaces=names)
    assert dict(element.attrib) == {
        "ref": "urn:uuid:5a2b8a86-3a47-5d27-9f4b-7f0c1d1f3f0e",
        "when": "2026-07-04T12:30:05+00:00",
    }
    assert b"tombstones" not in atom.render(view, [])


def test_the_feed_is_as_new_as_its_newest_entry(view: ViewInfo, articles: dict[str, Entry]) -> None:
    document = atom.render(view, list(articles.values())[::-1])

    assert _found(document, "/a:feed/a:updated/text()") == ["2026-07-03T09:15:30+00:00"]


def test_a_view_without_entries_is_of_the_epoch() -> None:
    document = atom.render(ViewInfo("merged", "Nothing"), [])

    assert document.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:podcast="https://podcastindex.org/namespace/1.0"'
        ' xmlns:wfw="http://wellformedweb.org/CommentAPI/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="http://www.w3.org/2005/Atom">\n'
        "  <id>urn:uuid:59324d44-4f81-5c07-a405-987364a1d1a1</id>\n"
        "  <title>Nothing</title>\n"
        "  <updated>1970-01-01T00:00:00+00:00</updated>\n"
        "  <generator>aggregator</generator>\n"
        "</feed>\n"
    )


def test_the_feeds_id_depends_on_the_view_alone(view: ViewInfo) -> None:
    moved = replace(view, title="Renamed", self_url="https://other.example.net/x", home_url=None)
    ids = [
        _found(atom.render(info, []), "/a:feed/a:id/text()")
        for info in (view, moved, replace(view, id="zh"))
    ]

    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("name", "authors"),
    [
        ("the fullest", ["Ada Lane", "Bo Quay"]),
        ("Arabic, from right to left", ["جريدة الميناء"]),
        ("no author, no link, no content", ["Saved articles"]),
        ("nothing but a title, of a source that is gone", ["All news & more"]),
        ("control characters", ["Cy Dock"]),
        ("no title", ["Harbour Gazette"]),
    ],
)
def test_an_entry_is_signed_by_its_authors_else_publisher_else_source(
    view: ViewInfo, articles: dict[str, Entry], name: str, authors: list[str]
) -> None:
    document = atom.render(view, [articles[name]])

    assert _found(document, "//a:entry/a:author/a:name/text()") == authors


@pytest.mark.parametrize(
    ("url", "home", "author"),
    [
        ("https://www.harbour.example.org/8", None, "harbour.example.org"),
        (None, "https://quay.example.org/feed", "quay.example.org"),
        ("http://[::1", "file://nas/articles", "All news & more"),
    ],
)
def test_an_entry_is_never_signed_by_the_id_of_its_source(
    view: ViewInfo, articles: dict[str, Entry], url: str | None, home: str | None, author: str
) -> None:
    entry = replace(articles["no title"], url=url, publisher=None)
    unnamed = replace(view, sources={entry.source: SourceInfo(entry.source, home)})

    document = atom.render(unnamed, [entry])

    assert _found(document, "//a:entry/a:author/a:name/text()") == [author]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("the fullest", 'Ferry & <em>fog</em>: "no" crossing'),
        ("control characters", "bell null half nonchar end"),
        ("no title", "https://harbour.example.org/8"),
    ],
)
def test_a_title_is_plain_text_and_never_empty(
    view: ViewInfo, articles: dict[str, Entry], name: str, title: str
) -> None:
    document = atom.render(view, [articles[name]])

    assert _found(document, "//a:entry/a:title/text()") == [title]
    assert _found(document, "//a:entry/a:title/@type") == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nothing but a title, of a source that is gone", "Only a title"),
    ],
)
def test_an_entry_that_links_nowhere_has_its_text_as_content(
    view: ViewInfo, articles: dict[str, Entry], name: str, content: str
) -> None:
    document = atom.render(view, [articles[name]])

    assert _found(document, "//a:content[@type='text']/text()") == [content]


def test_links_keep_their_relation_type_and_length(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    document = atom.render(view, [articles["the fullest"]])

    links = etree.fromstring(document).xpath("//a:entry/a:link", namespaces=NAMES)
    assert [dict(link.attrib) for link in links] == [
        {"href": "https://harbour.example.org/a?id=1&lang=en"},
        {"rel": "related", "href": "urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-0000000000ff"},
        {
            "rel": "enclosure",
            "href": "https://cdn.example.org/fog.mp3?a=1&b=2",
            "type": "audio/mpeg",
            "length": "1234567",
        },
        {"rel": "enclosure", "href": "https://cdn.example.org/fog.bin"},
    ]


def test_a_copy_is_linked_where_it_can_be_read(view: ViewInfo, articles: dict[str, Entry]) -> None:
    links = {"urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-0000000000ff": "https://other.example.org/copy"}

    document = atom.render(replace(view, links=links), [articles["the fullest"]])

    assert _found(document, "//a:link[@rel='related']/@href") == ["https://other.example.org/copy"]


def test_other_tellers_and_comments_are_linked_each_once(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    document = atom.render(view, [articles["several tellers"]])

    links = etree.fromstring(document).xpath("//a:entry/a:link", namespaces=NAMES)
    assert [dict(link.attrib) for link in links] == [
        {"href": "https://harbour.example.org/9"},
        {"rel": "via", "href": "https://planet.example/go?to=9&x", "title": "Saved articles"},
        {"rel": "via", "href": "https://other.example.org/9", "title": "gone"},
        {
            "rel": "replies",
            "type": "text/html",
            "href": "https://harbour.example.org/9#comments",
        },
        {"rel": "replies", "type": "text/html", "href": "https://links.example.org/item?id=9"},
    ]


def test_the_comments_of_a_single_source_are_linked(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    entry = replace(articles["no title"], comments="https://harbour.example.org/8#c")

    document = atom.render(view, [entry])

    assert _found(document, "//a:link[@rel='replies']/@href") == ["https://harbour.example.org/8#c"]
    assert _found(document, "//a:link[@rel='via']") == []


def test_the_picture_comes_with_its_size_and_caption(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    document = atom.render(view, [articles["the fullest"]])

    found = etree.fromstring(document).xpath(
        "//m:content[@medium='image'] | //m:thumbnail", namespaces=NAMES
    )
    size = {"url": "https://img.example.org/fog.jpg?w=1&h=2", "width": "1200", "height": "800"}
    assert [dict(element.attrib) for element in found] == [size | {"medium": "image"}, size]
    assert _found(document, "//m:description/text()") == ["Fog <over> the pier"]


def test_a_language_that_is_no_language_tag_is_not_stated(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    document = atom.render(view, list(articles.values()))

    assert _found(document, "//@xml:lang") == ["en", "zh-Hans", "ar"]


@pytest.mark.parametrize("url", [None, "file:///home/me/saved", "javascript:alert(1)"])
def test_a_source_links_to_the_web_or_nowhere(articles: dict[str, Entry], url: str | None) -> None:
    view = ViewInfo("v", "V", sources={"folder": SourceInfo("Saved", url)})

    document = atom.render(view, [articles["no author, no link, no content"]])

    assert _found(document, "//a:source/a:link/@href") == []


def test_a_source_is_told_as_its_feed_tells_itself(articles: dict[str, Entry]) -> None:
    said = FeedInfo(
        "Harbour Gazette",
        "tag:harbour.example.org,2026:feed",
        "https://harbour.example.org/",
        "https://harbour.example.org/i.png",
        "© 2026 Harbour",
    )
    feed_url = "https://harbour.example.org/feed.xml"
    info = SourceInfo("Harbour Gazette", feed_url, feed_url, said)
    view = ViewInfo("v", "V", sources={"harbour": info})

    document = atom.render(view, [articles["no title"]])

    [source] = etree.fromstring(document).xpath("//a:source", namespaces=NAMES)
    found = [(etree.QName(part).localname, part.text, dict(part.attrib)) for part in source]
    assert found == [
        ("id", "tag:harbour.example.org,2026:feed", {}),
        ("title", "Harbour Gazette", {}),
        ("updated", "2026-06-27T00:00:00+00:00", {}),
        ("icon", "https://harbour.example.org/i.png", {}),
        ("rights", "© 2026 Harbour", {}),
        ("link", None, {"rel": "self", "href": feed_url}),
        ("link", None, {"rel": "alternate", "href": "https://harbour.example.org/"}),
    ]


def test_an_id_that_is_no_uri_is_not_that_of_a_source(articles: dict[str, Entry]) -> None:
    entry = articles["no title"]
    told = {"harbour": SourceInfo("H", feed=FeedInfo(id="just 1 name"))}

    with_bad_id = atom.render(ViewInfo("v", "V", sources=told), [entry])
    without_id = atom.render(ViewInfo("v", "V", sources={"harbour": SourceInfo("H")}), [entry])

    assert with_bad_id == without_id


def test_a_view_has_a_description_and_an_icon(view: ViewInfo) -> None:
    told = replace(view, description="Of <the> day", icon_url="https://feeds.example.org/é.png")

    document = atom.render(told, [])

    assert _found(document, "/a:feed/a:subtitle/text()") == ["Of <the> day"]
    assert _found(document, "/a:feed/a:icon/text()") == ["https://feeds.example.org/%C3%A9.png"]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    text=st.text(alphabet=st.characters(), max_size=60),
    markup=st.text(alphabet=st.characters(), max_size=60),
)
def test_whatever_a_publisher_writes_is_read_again(
    view: ViewInfo, articles: dict[str, Entry], text: str, markup: str
) -> None:
    told = replace(
        articles["the fullest"],
        title=text,
        summary=text,
        content_html=markup,
        authors=(text,),
        tags=(text,),
    )
    document = atom.render(view, [told])

    legal = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
    assert _found(document, "//a:content[@type='html']/text()") == [FIGURE + legal.sub("", markup)]
    assert _found(document, "//a:summary/text()") == [s for s in [legal.sub("", text).strip()] if s]
