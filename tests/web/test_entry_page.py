"""The page of an entry: the article, who tells it, its copies, versions and provenance."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from aggregator.model import Enclosure, Image, Teller
from aggregator.publish import SourceInfo
from aggregator.revisions import compare_revisions
from aggregator.store.browse import Headline
from aggregator.store.queries import VisibleRevision
from aggregator.web.site import EntryDetails

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = timedelta(minutes=1)


def words(node: Any) -> str:
    return " ".join(node.text_content().split())


@pytest.fixture
def page(get: Callable[..., Any], site: Any) -> Callable[..., Any]:
    """Ask for the page of an entry with these details."""

    def ask(details: EntryDetails, **headers: str) -> Any:
        site.details["one"] = details
        return html.fromstring(get("/entries/one", **headers).body)

    return ask


def test_the_article_is_shown_with_its_content_as_it_was_sanitized(
    page: Callable[..., Any], other: Callable[..., Any]
) -> None:
    entry = other(
        content_html="<p>Fog &amp; <em>sea</em></p>",
        summary="A summary.",
        authors=("Ines Okafor", "B"),
        credits=("AFP",),
        tags=("fog",),
        comments="https://harbour.example.org/c",
    )
    shown = page(EntryDetails(entry))

    assert shown.findtext(".//h1") == "Ferry & <script>alert(1)</script>"
    content = shown.xpath("//div[@class='content']")[0]
    assert html.tostring(content[0]) == b"<p>Fog &amp; <em>sea</em></p>"
    assert words(shown.xpath("//p[@class='kicker']")[0]) == "Harbour <Gazette> · fog"
    assert words(shown.xpath("//p[@class='intro']")[0]) == "A summary."
    byline = [words(part) for part in shown.xpath("//p[@class='byline']/*")]
    assert byline == [
        "Ines Okafor, B",
        "3 July 2026 05:40",
        "With AFP",
        "Comments",
        "Read the original ↗",
    ]
    links = shown.xpath("//p[@class='byline']/a")
    assert [(link.get("href"), link.get("rel")) for link in links] == [
        ("https://harbour.example.org/c", "noopener noreferrer"),
        ("https://harbour.example.org/a?id=1&lang=en", "noopener noreferrer"),
    ]


def test_hostile_values_stay_words(page: Callable[..., Any], other: Callable[..., Any]) -> None:
    hostile = "\"'><img src=x onerror=alert(1)>\ud800"
    entry = other(
        title=hostile,
        summary=hostile,
        url="javascript:alert(1)",
        comments="data:text/html,x",
        authors=(hostile,),
        tags=(hostile,),
        language=hostile,
        source=hostile,
        enclosures=(Enclosure("javascript:alert(1)", "audio/mpeg"),),
        provenance={"title": hostile},
    )
    copy = Headline("urn:uuid:2", hostile, hostile, None, hostile, entry.published)
    shown = page(EntryDetails(entry, (entry, entry), (copy,)))

    assert shown.findtext(".//h1") == hostile.replace("\ud800", "?")
    assert shown.xpath("//img | //script | //@onerror | //audio") == []
    assert [url for url in shown.xpath("//@href | //@src") if ":" in url] == []


def test_the_lead_picture_has_its_caption_unless_the_text_has_the_picture(
    page: Callable[..., Any], other: Callable[..., Any]
) -> None:
    image = Image("https://img.example/a.jpg", caption="The <ship>", width=800, height=500)
    shown = page(EntryDetails(other(image=image, content_html="<p>x</p>")))
    again = page(EntryDetails(other(image=image, content_html=f'<img src="{image.url}">')))

    assert shown.xpath("//figure/img/@src") == ["https://img.example/a.jpg"]
    assert words(shown.xpath("//figcaption")[0]) == "The <ship>"
    assert again.xpath("//figure") == []


def test_recordings_have_native_players_and_other_files_links(
    page: Callable[..., Any], other: Callable[..., Any]
) -> None:
    enclosures = (
        Enclosure("https://a.example/1.mp3", "audio/mpeg", length=5_900_000, duration=372),
        Enclosure("https://a.example/1.mp4", "video/mp4", title="Film"),
        Enclosure("https://a.example/1.pdf", "application/pdf"),
        Enclosure("https://a.example/1.vtt", "text/vtt", kind="captions"),
        Enclosure("https://a.example/1.jpg", "image/jpeg"),
    )
    players = page(EntryDetails(other(enclosures=enclosures))).xpath("//div[@class='player']")

    assert [words(player) for player in players] == [
        "Listen6 min · MPEG · 5.9 MB · download",
        "FilmMP4 · download",
        "FilePDF · download",
    ]
    media = [dict(node.attrib) for player in players for node in player.xpath("audio | video")]
    assert media == [
        {"src": "https://a.example/1.mp3", "controls": "", "preload": "none"},
        {"src": "https://a.example/1.mp4", "controls": "", "preload": "none"},
    ]


def test_all_statements_are_told_the_first_one_first(
    page: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    site.names = {"a": SourceInfo("Source A"), "b": SourceInfo("المصدر")}
    tellers = tuple(Teller(source, None, None, 3, 9, 1) for source in "ab")
    entry = other(source="a", tellers=tellers)
    late = other(source="a", title="late", published=entry.published + 34 * MINUTE)
    first = other(source="b", title="first", language="ar", url=None)
    told = page(EntryDetails(entry, (late, first))).xpath("//section[@id='told']")[0]

    assert words(told.find("h2")) == "Told by 2 sources"
    assert [[words(part) for part in item] for item in told.xpath("ol/li")] == [
        ["المصدر3 July 2026 05:40 first", "first"],
        ["Source A06:14 +34 min", "late", "This text is shown."],
    ]
    assert told.xpath("ol/li/p[2]/@dir") == ["rtl", "ltr"]


def test_one_teller_is_no_list(page: Callable[..., Any], entry: Any) -> None:
    assert page(EntryDetails(entry)).xpath("//aside") == []


def test_copies_lead_to_their_pages(page: Callable[..., Any], entry: Any) -> None:
    copy = Headline("urn:uuid:2", "post", "A copy", None, "en", entry.published)
    copies = page(EntryDetails(entry, copies=(copy,))).xpath("//section[@id='copies']")[0]

    assert [words(item) for item in copies.xpath("ol/li")] == ["post3 July 2026 05:40A copy"]
    assert copies.xpath("ol//a/@href") == ["../entries/2"]


def test_versions_stand_newest_first_each_with_what_it_changed(
    page: Callable[..., Any], other: Callable[..., Any]
) -> None:
    titles = ("Ninety states <b>", "Ninety-one states <b>")
    entries = [
        other(title=title, revision=number, content_html=f"<p>{number}</p>")
        for number, title in enumerate(titles, start=1)
    ]
    at = entries[0].published
    history = [VisibleRevision(entry.revision, at, at, entry) for entry in entries]
    details = EntryDetails(entries[-1], revisions=compare_revisions(history), left_out=2)
    changes = page(details).xpath("//section[@id='changes']")[0]

    newest, oldest = changes.xpath("ol/li")
    assert [words(part) for part in newest] == [
        "3 July 2026 05:40Version 2",
        "TitleNinety-one states <b>",
    ]
    assert newest.xpath(".//ins/text() | .//del/text()") == ["-one"]
    assert words(oldest) == "3 July 2026 05:40First version"
    assert words(changes.xpath("p")[0]) == "2 older versions are not shown."


def test_provenance_is_there_on_demand(page: Callable[..., Any], other: Callable[..., Any]) -> None:
    entry = other(provenance={"title": "feed:title", "published": "ld:datePublished"})
    provenance, dates = page(EntryDetails(entry)).xpath("//details[not(@open)]")

    assert words(provenance.find("summary")) == "Where each value was found2 fields"
    assert [[words(cell) for cell in row] for row in provenance.xpath(".//tr")] == [
        ["Field", "Found in"],
        ["title", "feed:title"],
        ["published", "ld:datePublished"],
    ]
    assert words(dates.xpath(".//tr")[0]) == "Published2026-07-03T05:40:00Z (feed)"


def test_the_article_keeps_its_language_and_the_frame_that_of_the_browser(
    page: Callable[..., Any], other: Callable[..., Any]
) -> None:
    shown = page(EntryDetails(other(language="ar")), Accept_Language="zh")

    (article,) = shown.xpath("//article")
    (byline,) = shown.xpath("//p[@class='byline']")
    languages = [(node.get("lang"), node.get("dir")) for node in (shown, article, byline)]
    assert languages == [("zh-Hans", "ltr"), ("ar", "rtl"), ("zh-Hans", "ltr")]


def test_tables_scroll_by_the_keyboard_and_a_value_that_looks_like_one_is_left_alone(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    content = '<p title="<table x>"><img src="https://a.example/b"></p><pre>x</pre>'
    site.details["x"] = EntryDetails(other(content_html=content))

    text = get("/entries/x").text

    assert '<p title="<table x>"><img alt="" src="https://a.example/b"></p>' in text
    assert '<pre tabindex="0">x</pre>' in text
