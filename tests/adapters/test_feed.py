"""Feeds: each file of data/feeds is one document; beside it stands what must be read from it."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters import feed
from aggregator.adapters.feed import xml_repair
from aggregator.errors import SourceError
from aggregator.model import Candidate, Capture, Rejection

FEEDS = Path(__file__).parent / "data" / "feeds"
CASES = sorted(path.name.removesuffix(".expected.json") for path in FEEDS.glob("*.expected.json"))
ITEM = b"<item><title>A title</title><link>https://harbour.example/1</link></item>"


def capture(body: bytes, headers: dict[str, str] | None = None) -> Capture:
    taken = datetime(2026, 7, 4, 12, tzinfo=UTC)
    return Capture("s", "https://feeds.example/all.xml", taken, body, headers=headers or {})


def outcome(body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """What a document gives, with everything absent left out."""
    try:
        seen: dict[str, Any] = essence(feed.parse(capture(body, headers)))
        seen.pop("declined", None)  # which reader read it is a matter of test_feed_fast
        return seen
    except SourceError as error:
        return {"error": [error.kind, str(error)]}


def essence(value: Any) -> Any:
    if isinstance(value, Candidate):
        return [value.value, value.where]
    if isinstance(value, Rejection):
        return str(value)
    if is_dataclass(value):
        pairs = ((field.name, getattr(value, field.name), field.default) for field in fields(value))
        return {
            name: essence(part)
            for name, part, default in pairs
            if part is not None and part != default
        }
    if isinstance(value, tuple):
        return [essence(part) for part in value]
    return value.total_seconds() if isinstance(value, timedelta) else value


def rss(items: bytes) -> bytes:
    return (
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>'
        + items
        + b"</channel></rss>"
    )


@pytest.mark.parametrize("name", CASES)
def test_a_document_gives_what_stands_beside_it(name: str) -> None:
    expected = json.loads((FEEDS / f"{name}.expected.json").read_text("utf-8"))
    headers = expected.pop("given", {})

    assert outcome((FEEDS / name).read_bytes(), headers) == expected


def test_every_document_has_its_expectation() -> None:
    documents = {path.name for path in FEEDS.iterdir() if not path.name.endswith(".expected.json")}

    assert documents == set(CASES)
    assert len(CASES) > 220


def test_items_beyond_the_limit_are_left_out_and_said_so() -> None:
    parsed = feed.parse(capture(rss(ITEM * 10_002)))

    assert len(parsed.entries) == 10_000
    assert parsed.rejected == (Rejection(None, "items after number 10000 were left out"),)
    assert parsed.is_repaired is False


def test_an_item_with_too_much_text_is_rejected_and_the_others_stay() -> None:
    huge = (
        b"<item><title>b</title><description>"
        + b"x" * (2 * 1024 * 1024 + 1)
        + b"</description></item>"
    )

    parsed = feed.parse(capture(rss(ITEM + huge + ITEM)))

    assert [entry.label for entry in parsed.entries] == ["item 1", "item 3"]
    assert parsed.rejected == (
        Rejection("item 2", "a text of 2097153 characters, over the limit of 2097152"),
    )


@pytest.mark.parametrize(
    "file",
    [
        "data:image/png;base64," + "A" * 2_300_000,
        "data:image/png;base64," + ("A" * 76 + "\n") * 30_000,
        "data:image/svg+xml;utf8," + "%20" * 800_000,
    ],
)
def test_a_file_within_a_text_that_is_too_long_costs_the_file_alone(file: str) -> None:
    html = f"<p>Words</p><img alt='A lamp' src='{file}'><p>More</p>"
    item = f"<item><title>b</title><description><![CDATA[{html}]]></description></item>"
    parsed = feed.parse(capture(rss(ITEM + item.encode())))
    json_feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"content_html": html}]}
    parsed_json = feed.parse(capture(json.dumps(json_feed).encode()))

    short = "<p>Words</p><img alt='A lamp' src='data:,'><p>More</p>"
    assert parsed.rejected == parsed_json.rejected == ()
    assert parsed.entries[1].content_html == (Candidate(short, "feed:description"),)
    assert parsed_json.entries[0].content_html == (Candidate(short, "feed:content_html"),)


def test_a_file_within_a_text_of_the_usual_length_stays() -> None:
    html = f"<img src='data:image/png;base64,{'A' * 5_000}'>"
    item = f"<item><description><![CDATA[{html}]]></description></item>"

    parsed = feed.parse(capture(rss(item.encode())))

    assert parsed.entries[0].content_html == (Candidate(html, "feed:description"),)


def test_entities_of_a_dtd_do_not_grow_a_document_past_their_limit() -> None:
    value = "x" * 1_000
    references = "&a;" * 2_000
    body = f"<!DOCTYPE rss [<!ENTITY a '{value}'>]>" + rss(b"").decode().partition("?>")[2].replace(
        "</channel>",
        f"<item><title>b</title><description>{references}</description></item></channel>",
    )

    parsed = feed.parse(capture(body.encode()))

    text = parsed.entries[0].content_html[0].value
    assert (text.count("x"), text.count("&a;")) == (1_048_000, 952)


GOOD = b"<item><title>good</title><link>https://news.example.org/good</link></item>"
TITLE = b"<item><title>bad</title>"
# What an item of a feed has, the reason why it is rejected (None if it is kept), and the notes.
COSTLY: dict[str, tuple[bytes, str | None, tuple[str, ...]]] = {
    "attributes": (
        b"<item><title "
        + b" ".join(b"a%d='1'" % n for n in range(40_000))
        + b">bad</title></item>",
        None,
        ("cut, being over a limit: attributes (39,872)",),
    ),
    "element name": (
        TITLE + b"<" + b"n" * 100_000 + b">x</" + b"n" * 100_000 + b"></item>",
        None,
        ("cut, being over a limit: element names (1)",),
    ),
    "categories": (
        TITLE + b"<category><![CDATA[c]]></category>" * 40_000 + b"</item>",
        None,
        ("cut, being over a limit: categories (39,000)",),
    ),
    "categories with elements": (
        TITLE + b"<category><b>c</b></category>" * 5_000 + b"</item>",
        "more than 1000 categories",
        (),
    ),
    "author": (
        TITLE + b"<author>" + b"a" * 200_000 + b"</author></item>",
        None,
        ("cut, being over a limit: authors (1)",),
    ),
    "author in CDATA": (
        TITLE + b"<dc:creator><![CDATA[" + b"a" * 200_000 + b"]]></dc:creator></item>",
        None,
        ("cut, being over a limit: authors (1)",),
    ),
    "depth": (
        TITLE + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</item>",
        "elements nested deeper than 50000",
        (),
    ),
    "much depth": (
        TITLE + b"<a>" * 1_500_000 + b"</a>" * 1_500_000 + b"</item>",
        "more than 50000 elements",
        (),
    ),
    "elements": (TITLE + b"<a/>" * 1_500_000 + b"</item>", "more than 50000 elements", ()),
}


@pytest.mark.no_cover
@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("trap", COSTLY)
def test_what_would_hold_the_parser_costs_one_item_and_no_time(trap: str, place: str) -> None:
    bad, reason, notes = COSTLY[trap]
    titles = ["bad", "good"] if reason is None else ["good"]
    number = 1 if place == "first" else 2
    started = process_time()

    parsed = feed.parse(capture(rss(bad + GOOD if place == "first" else GOOD + bad)))

    assert sorted(entry.title[0].value for entry in parsed.entries) == titles
    assert parsed.rejected == ((Rejection(f"item {number}", reason),) if reason else ())
    assert parsed.notes == notes
    assert process_time() - started < 2


def test_depth_that_belongs_to_no_item_is_refused() -> None:
    with pytest.raises(SourceError) as refused:
        feed.parse(capture(rss(b"<a>" * 50_001)))

    message = "elements nested deeper than 50000"
    assert (refused.value.kind, str(refused.value)) == ("parse", message)


def test_a_long_list_of_authors_is_cut_between_two_names() -> None:
    names = b"Ann &amp; Lee, " * 3_000

    parsed = feed.parse(
        capture(rss(TITLE + b"<author><name>" + names + b"</name></author></item>"))
    )

    assert parsed.entries[0].authors[0].value.endswith("& Lee, Ann & Lee")


SLOW = {
    "comments": b"<!--x-->" * 40_000,
    "open comments": b"<!-- " * 40_000,
    "open CDATA": b"<![CDATA[" * 40_000,
    "open declarations": b"<!x " * 20_000,
    "open tags": b"<a " * 10_000,
    "ampersands": b"&" * 40_000,
    "nesting": b"<a>" * 10_000 + b"</a>" * 10_000,
    "elements": b"<a></a>" * 20_000,
}


@pytest.mark.no_cover
@pytest.mark.parametrize("trap", SLOW)
def test_what_is_built_to_be_slow_is_read_in_no_time(trap: str) -> None:
    started = process_time()

    feed.parse(capture(rss(ITEM + b"<item><title>b</title>" + SLOW[trap] + b"</item>")))

    assert process_time() - started < 2


def test_paragraphs_without_ends_are_no_depth_beyond_their_item() -> None:
    body = (
        b"<item><title>t</title><description>" + b"<p>text<br>" * 20_000 + b"</description></item>"
    )

    assert xml_repair.prepare_xml(rss(body * 3).decode()) is not None


def test_a_long_text_behind_an_empty_author_is_no_long_author() -> None:
    body = (
        b"<item><author/><description>"
        + b"&lt;p&gt;the author wrote&lt;/p&gt; " * 500
        + b"</description></item>"
    )

    parsed = feed.parse(capture(rss(body)))

    assert len(parsed.entries) == 1


def test_a_picture_as_data_inside_the_text_is_no_trap() -> None:
    picture = b'<img alt="a" src="data:image/png;base64,' + b"QUJD" * 20_000 + b'">'

    parsed = feed.parse(
        capture(rss(b"<item><description><![CDATA[" + picture + b"]]></description></item>"))
    )

    assert parsed.entries[0].content_html == (Candidate(picture.decode(), "feed:description"),)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_any_bytes_give_a_feed_or_a_source_error(body: bytes) -> None:
    assert outcome(body, {}) is not None


FRAGMENTS = st.sampled_from(
    [
        "<item>",
        "</item>",
        "<title>",
        "</title>",
        "<link>",
        "</link>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?x",
        "?>",
        "&amp;",
        "&",
        "&#0;",
        "&#x110000;",
        "&nbsp;",
        "<guid isPermaLink='x'>",
        "</guid>",
        "<media:content url='http://[::1'",
        ">",
        "<",
        "/>",
        "\x00",
        "\ud800",
        "é",
        "中",
        "<content type='xhtml'>",
        "</content>",
        "<entry>",
        "</entry>",
        "<link href='http://[::1'/>",
        "<enclosure length='-1'/>",
        "<itunes:duration>99:99:99:99</itunes:duration>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]>",
        "<source url='x'>",
        "</source>",
        "<category/>",
        "<pubDate>\u0660</pubDate>",
        "<author>a@b.example (x",
        "<summary type='base64'>",
        "xml:base='http://[::1'",
        "<skipHours><hour>99</hour>",
    ]
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(FRAGMENTS, max_size=25),
    st.sampled_from(["rss", "feed xmlns='http://www.w3.org/2005/Atom'", "rdf:RDF"]),
)
def test_any_broken_feed_gives_what_it_has_or_a_source_error(
    fragments: list[str], root: str
) -> None:
    body = f"<{root}><channel>{''.join(fragments)}</channel>".encode("utf-8", "surrogatepass")

    assert outcome(body, {}) is not None


def test_a_title_without_kana_has_the_language_of_the_other_titles() -> None:
    titles = ("首相が会見", "大雪注意報", "お知らせ", "Windows")
    items = "".join(
        f"<item><title>{title}</title><link>https://a.example/{title}</link></item>"
        for title in titles
    )
    feed_of = "<rss version='2.0'><channel>{}{}</channel></rss>"

    silent = feed.parse(capture(feed_of.format("", items).encode()))
    stated = feed.parse(capture(feed_of.format("<language>zh</language>", items).encode()))

    assert [entry.language for entry in silent.entries] == [
        (),
        (Candidate("ja", "feed:titles"),),
        (),
        (),
    ]
    assert {entry.language for entry in stated.entries} == {(Candidate("zh", "feed:language"),)}
