"""Sitemaps: what is news has a title, what is old is left out, and nothing is expanded that could explode."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters import sitemap
from aggregator.adapters.sitemap.xml import MAX_INFLATED_BYTES
from aggregator.errors import SourceError
from aggregator.model import (
    Candidate,
    Capture,
    Enclosure,
    ParsedDocument,
    RawEntry,
    RawImage,
    Rejection,
)

DATA = Path(__file__).parent / "data" / "sitemaps"
URL = "https://quay.example.org/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def parse(body: bytes | str) -> ParsedDocument:
    raw = body if isinstance(body, bytes) else body.encode()
    return sitemap.parse(Capture("s", URL, datetime(2026, 7, 4, 12, tzinfo=UTC), raw))


def test_news_has_titles_and_dates_and_other_pages_do_not() -> None:
    parsed = parse((DATA / "news.xml").read_bytes())

    assert parsed == ParsedDocument(
        entries=(
            RawEntry(
                label="url 2",
                base_url=URL,
                url=(Candidate("https://quay.example.org/ferry?a=1&b=2", "sitemap:loc"),),
                title=(Candidate("The ferry that sings & hums", "sitemap:news:title"),),
                published=(
                    Candidate("2026-07-04T08:00:00+02:00", "sitemap:news:publication_date"),
                ),
                updated=(Candidate("2026-07-04T11:00:00+02:00", "sitemap:lastmod"),),
                tags=(
                    Candidate("ferries", "sitemap:news:keywords"),
                    Candidate("music", "sitemap:news:keywords"),
                ),
                language=(Candidate("en", "sitemap:news:language"),),
                publisher=(Candidate("The Quay", "sitemap:news:name"),),
                image=(
                    RawImage(
                        "https://quay.example.org/f.jpg", "sitemap:image:loc", caption="The ferry"
                    ),
                ),
            ),
            RawEntry(
                label="url 3",
                base_url=URL,
                url=(Candidate("https://quay.example.org/film", "sitemap:loc"),),
                title=(Candidate("How the lamp is lit", "sitemap:video:title"),),
                updated=(Candidate("2026-07-03T09:00:00Z", "sitemap:lastmod"),),
                image=(RawImage("https://quay.example.org/l.jpg", "sitemap:video:thumbnail_loc"),),
                enclosures=(Enclosure("https://quay.example.org/l.mp4", duration=75),),
            ),
            RawEntry(
                label="url 1",
                base_url=URL,
                url=(Candidate("https://quay.example.org/old", "sitemap:loc"),),
                updated=(Candidate("2026-07-01", "sitemap:lastmod"),),
            ),
        ),
        rejected=(Rejection("url 4", "no address"),),
    )


def test_an_index_gives_its_sitemaps_the_newest_first() -> None:
    assert parse((DATA / "index.xml").read_bytes()) == ParsedDocument(
        next_urls=(
            "https://quay.example.org/sitemap-news.xml",
            "https://quay.example.org/sitemap-2025.xml",
            "https://quay.example.org/sitemap-2024.xml.gz",
            "https://quay.example.org/sitemap-undated.xml",
        )
    )


def test_a_list_of_addresses_is_a_sitemap() -> None:
    assert [entry.url[0].value for entry in parse((DATA / "plain.txt").read_bytes()).entries] == [
        "https://quay.example.org/1",
        "https://quay.example.org/2",
    ]


def test_a_packed_file_is_unpacked() -> None:
    body = (DATA / "news.xml").read_bytes()

    assert parse(gzip.compress(body)) == parse(body)


def test_what_inflates_without_end_is_cut_and_what_came_before_counts() -> None:
    start = f"<urlset {NS}><url><loc>https://quay.example.org/1</loc></url>".encode()
    end = b"<url><loc>https://quay.example.org/2</loc></url></urlset>"
    parsed = parse(gzip.compress(start + b" " * MAX_INFLATED_BYTES + end, compresslevel=1))

    assert (len(parsed.entries), parsed.is_repaired) == (1, True)


def test_only_the_newest_hundred_are_items() -> None:
    urls = "".join(
        f"<url><loc>/{day}-{hour}</loc>"
        f"<lastmod>2026-{1 + day // 28:02}-{1 + day % 28:02}T{hour:02}:00:00Z</lastmod></url>"
        for day in range(100)
        for hour in range(24)
    )
    parsed = parse(f"<urlset {NS}>{urls}</urlset>")

    assert len(parsed.entries) == 100
    assert [entry.url[0].value for entry in parsed.entries[:2]] == ["/99-23", "/99-22"]
    assert parsed.notes == ("the newest 100 of 2400 URLs",)


def test_the_newest_counts_by_its_instant_not_by_its_letters() -> None:
    times = ("2026-07-04T01:00:00+10:00", "2026-07-03T20:00:00Z", "2026-07-03T23:00:00+01:00")
    urls = "".join(
        f"<url><loc>/{number}</loc><lastmod>{time}</lastmod></url>"
        for number, time in enumerate(times)
    )

    assert [entry.url[0].value for entry in parse(f"<urlset {NS}>{urls}</urlset>").entries] == [
        "/2",
        "/1",
        "/0",
    ]


def test_a_sitemap_that_breaks_off_keeps_what_came_before() -> None:
    parsed = parse(f"<urlset {NS}><url><loc>/1</loc></url><url><loc>/2</l")

    assert ([entry.url[0].value for entry in parsed.entries], parsed.is_repaired) == (["/1"], True)


def test_an_empty_sitemap_is_quiet() -> None:
    assert parse(f"<urlset {NS}></urlset>") == ParsedDocument(is_empty_list=True)
    assert parse(f"<sitemapindex {NS}/>") == ParsedDocument(is_empty_list=True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "an empty sitemap"),
        ("<html><body></body></html>", "no sitemap: XML whose root is <html>"),
        ("<rss><channel/></rss>", "no sitemap: XML whose root is <rss>"),
        ("just a text\nof two lines", "no sitemap: it begins with `just a text of two lines`"),
        ("<", "XML that cannot be read"),
        (b"\x1f\x8bnothing", "a gzip file that cannot be unpacked"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><urlset><url><loc>&x;</loc></url></urlset>', "a DTD"),
        (f"<urlset {NS}>" + "<a>" * 50, "elements without end"),
    ],
)
def test_what_is_no_sitemap_is_a_source_error(body: bytes | str, message: str) -> None:
    with pytest.raises(SourceError) as refused:
        parse(body)

    assert refused.value.kind == "parse"
    assert message in str(refused.value)


PIECES = st.sampled_from(
    [
        "<urlset>",
        "</urlset>",
        "<url>",
        "</url>",
        "<loc>",
        "</loc>",
        "https://x.example/1",
        "&amp;",
        "&x;",
        "<lastmod>",
        "2026-07-04",
        "0001-01-01T00:00:00+14:00",
        "</lastmod>",
        "<sitemapindex>",
        "<sitemap>",
        "<![CDATA[",
        "]]>",
        "\x00",
        "<!DOCTYPE x>",
        "\n",
    ]
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(PIECES, max_size=30).map(lambda parts: "".join(parts).encode())
    | st.binary(max_size=100)
)
def test_any_bytes_give_a_sitemap_or_a_source_error(body: bytes) -> None:
    for document in (body, b"<urlset>" + body, gzip.compress(body)):
        try:
            parse(document)
        except SourceError:
            continue
