"""The RSS document: whole bytes, and every rule of RSS 2.0 that a reader or validator insists on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from aggregator.model import Enclosure, FeedInfo
from aggregator.publish import SourceInfo, ViewInfo, rss

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.model import Entry
    from aggregator.publish.view import ContentMode

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_ONCE_IN_CHANNEL = ("title", "link", "description", "lastBuildDate", "generator", "docs", "image")
_ONCE_IN_ITEM = (
    *("title", "link", "description", "guid", "pubDate", "comments", "enclosure", "source"),
    _CONTENT,
)
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+")


def _faults(document: bytes) -> list[str]:
    """Return what RSS 2.0 (rssboard.org/rss-specification) and its profile forbid in a document."""
    root = etree.fromstring(document)
    channel = root[0]
    faults = []
    if (root.tag, root.get("version"), len(root), channel.tag) != ("rss", "2.0", 1, "channel"):
        faults.append("no rss 2.0 with one channel")
    faults += _faults_of_counts(channel, ("title", "link", "description"), _ONCE_IN_CHANNEL)
    faults += _faults_of_values(channel)
    for picture in channel.iter("image"):
        faults += _faults_of_counts(picture, ("url", "title", "link"), ())
    guids = []
    for item in channel.iter("item"):
        faults += _faults_of_counts(item, ("title", "guid", "pubDate"), _ONCE_IN_ITEM)
        faults += _faults_of_values(item)
        guids.append(item.findtext("guid"))
    if len(guids) != len(set(guids)):
        faults.append("a guid twice")
    return faults


def _faults_of_counts(
    element: Any, required: tuple[str, ...], once: tuple[str, ...]
) -> Iterator[str]:
    for name in required:
        if not element.findtext(name):
            yield f"{element.tag} without {name}"
    for name in once:
        if len(element.findall(name)) > 1:
            yield f"{element.tag} with several {name}"


def _faults_of_values(element: Any) -> Iterator[str]:
    for name in ("link", "comments", "docs"):
        for url in element.findall(name):
            if not _URI.fullmatch(url.text or ""):
                yield f"{name} is no URI: {url.text}"
    for name in ("pubDate", "lastBuildDate"):
        for date in element.findall(name):
            if date.text != format_datetime(parsedate_to_datetime(date.text)):
                yield f"{name} is no date of RFC 822: {date.text}"
    yield from _faults_of_attributes(element)


def _faults_of_attributes(element: Any) -> Iterator[str]:
    for guid in element.findall("guid"):
        if guid.get("isPermaLink") != "false" or not _URI.fullmatch(guid.text):
            yield f"guid is no permanent id: {guid.text}"
    for enclosure in element.findall("enclosure"):
        stated = enclosure.attrib
        is_whole = set(stated) == {"url", "length", "type"} and stated["length"].isdigit()
        if not is_whole or not re.fullmatch(".+/.+", stated["type"]):
            yield f"enclosure lacks something: {dict(stated)}"
    for source in element.findall("source"):
        if not source.text or not _URI.fullmatch(source.get("url") or ""):
            yield "source without a URL or a title"


def test_the_document_is_the_stored_one_to_the_byte(
    view: ViewInfo, articles: dict[str, Entry], data: Path
) -> None:
    document = rss.render(view, list(articles.values()))

    assert document == (data / "merged.rss").read_bytes()


def test_the_whole_view_is_valid(view: ViewInfo, articles: dict[str, Entry]) -> None:
    url = "https://harbour.example.org/"
    said = FeedInfo("Harbour", "tag:harbour.example.org,2026:f", url, f"{url}i.png", "© Harbour")
    sources = dict.fromkeys(view.sources, SourceInfo("Harbour", url, f"{url}feed", said))
    whole = replace(view, description="Of the day", icon_url=f"{url}v.png", sources=sources)

    assert _faults(rss.render(whole, list(articles.values()))) == []


@pytest.mark.parametrize("content", ["full", "summary", "none"])
def test_every_article_is_valid_alone_and_without_a_public_url(
    articles: dict[str, Entry], content: ContentMode
) -> None:
    view = ViewInfo("v", "", content=content)

    faults = {name: _faults(rss.render(view, [entry])) for name, entry in articles.items()}

    assert faults == {name: [] for name in articles}


def test_a_view_without_entries_is_valid_and_of_the_epoch(view: ViewInfo) -> None:
    document = rss.render(view, [])

    assert _faults(document) == []
    assert etree.fromstring(document).findtext("channel/lastBuildDate") == (
        "Thu, 01 Jan 1970 00:00:00 +0000"
    )


@pytest.mark.parametrize(
    ("valid", "broken"),
    [
        (b'version="2.0"', b'version="1.0"'),
        (b"<title>All news &amp; more</title>", b""),
        (b"<link>https://feeds.example.org/</link>", b"<link>/</link>"),
        (b"<lastBuildDate>Fri,", b"<lastBuildDate>Mon,"),
        (b"<pubDate>Fri, 03 Jul", b"<pubDate>2026-07-03"),
        (b'<guid isPermaLink="false">', b"<guid>"),
        (b"<pubDate>", b"<pubDate/><pubDate>"),
        (b' length="1234567" type', b" type"),
        (b'<source url="https://harbour.example.org/">', b"<source>"),
        (b"-000000000002</guid>", b"-000000000001</guid>"),
    ],
)
def test_the_check_refuses_a_broken_document(
    view: ViewInfo, articles: dict[str, Entry], valid: bytes, broken: bytes
) -> None:
    document = rss.render(view, list(articles.values()))

    assert valid in document
    try:
        faults = _faults(document.replace(valid, broken, 1))
    except ValueError as error:  # a date that nobody can read
        faults = [str(error)]
    assert faults != []


def test_an_enclosure_of_unknown_type_and_length_is_stated(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    files = (
        Enclosure("https://cdn.example.org/1.vtt", "text/vtt", kind="captions", language="en"),
        Enclosure("https://cdn.example.org/1", title="The ferry", language="fr"),
        Enclosure("https://cdn.example.org/2.mp3", "audio/mpeg", 7, 95),
    )
    entry = replace(articles["no title"], enclosures=files)

    item = etree.fromstring(rss.render(view, [entry])).find("channel/item")
    wanted = ("enclosure", "content", "transcript", "title", "duration")
    media = [part for part in item.iter() if part.prefix or part.tag == "enclosure"]
    found = [
        (etree.QName(part).localname, dict(part.attrib), part.text)
        for part in media
        if etree.QName(part).localname in wanted and part.getparent().prefix != "atom"
    ]

    assert [(name, values) for name, values, _ in found] == [
        (
            "enclosure",
            {
                "url": "https://cdn.example.org/1",
                "length": "0",
                "type": "application/octet-stream",
            },
        ),
        (
            "transcript",
            {
                "url": "https://cdn.example.org/1.vtt",
                "type": "text/vtt",
                "language": "en",
                "rel": "captions",
            },
        ),
        ("content", {"url": "https://cdn.example.org/1", "lang": "fr"}),
        ("title", {"type": "plain"}),
        (
            "content",
            {
                "url": "https://cdn.example.org/2.mp3",
                "type": "audio/mpeg",
                "fileSize": "7",
                "duration": "95",
            },
        ),
    ]


def test_the_duration_is_that_of_the_enclosure(view: ViewInfo, articles: dict[str, Entry]) -> None:
    root = etree.fromstring(rss.render(view, [articles["the fullest"], articles["emoji"]]))

    durations = root.findall(".//{http://www.itunes.com/dtds/podcast-1.0.dtd}duration")

    assert [duration.text for duration in durations] == ["95"]


def test_the_first_comments_are_rss_and_further_ones_are_linked(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    item = etree.fromstring(rss.render(view, [articles["several tellers"]])).find("channel/item")

    links = item.findall("{http://www.w3.org/2005/Atom}link")
    assert item.findtext("comments") == "https://harbour.example.org/9#comments"
    assert [(link.get("rel"), link.get("href")) for link in links] == [
        ("via", "https://planet.example/go?to=9&x"),
        ("via", "https://other.example.org/9"),
        ("replies", "https://links.example.org/item?id=9"),
    ]


def test_a_feed_is_the_source_rather_than_its_site(articles: dict[str, Entry]) -> None:
    said = FeedInfo(home="https://harbour.example.org/")
    feed_url = "https://harbour.example.org/feed"
    view = ViewInfo("v", "V", sources={"harbour": SourceInfo("H", feed_url, feed_url, said)})

    [source] = etree.fromstring(rss.render(view, [articles["no title"]])).iter("source")

    assert (source.get("url"), source.text) == (feed_url, "H")


def test_every_date_is_one_of_the_entries(view: ViewInfo, articles: dict[str, Entry]) -> None:
    entries = list(articles.values())
    moments = [at for entry in entries for at in (entry.published, entry.updated)]
    stated = {format_datetime(at.astimezone(UTC)) for at in moments}

    root = etree.fromstring(rss.render(view, entries))

    found = {date.text for date in root.iter("pubDate", "lastBuildDate")}
    assert found <= stated
