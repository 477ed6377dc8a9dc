"""A page states its article without selectors: places in their order, names that are names, and nothing that is not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters.article.metadata import Metadata, read_metadata
from aggregator.adapters.article.url_date import find_day, sort_by_url_day
from aggregator.adapters.html import parse_page
from aggregator.adapters.html.json_ld import read_seconds
from aggregator.model import Candidate, Capture

TAKEN = datetime(2026, 7, 10, 12, tzinfo=UTC)
URL = "https://www.lamppost.example/world/lamps"


def read(html: str) -> Metadata:
    return read_metadata(parse_page(Capture("lamps", URL, TAKEN, html.encode())), taken=TAKEN)


def ld(data: str) -> str:
    return f"<script type='application/ld+json'>{data}</script><p>x"


def values(found: tuple[Candidate, ...]) -> list[str]:
    return [one.value for one in found]


def test_places_are_asked_in_their_order() -> None:
    found = read(
        "<html lang=en><meta property=og:title content=Graph><meta name=twitter:title content=Twitter>"
        "<meta property=article:published_time content=2026-07-02><meta name=date content=2026-07-05>"
        "<title>Title</title>"
        + ld('{"@type": "NewsArticle", "headline": "Linked", "datePublished": "2026-07-01"}')
        + "<div itemscope itemtype='https://schema.org/Article'><h1>Heading</h1><b itemprop=headline>Marked</b>"
        "<time itemprop=datePublished datetime=2026-07-03></time></div>"
        "<article><h1>Other</h1><time datetime=2026-07-04></time></article>"
    )

    assert values(found.title) == ["Linked", "Graph", "Marked", "Other", "Twitter", "Title"]
    assert values(found.published) == [
        "2026-07-01",
        "2026-07-02",
        "2026-07-03",
        "2026-07-04",
        "2026-07-05",
    ]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Ninety lamps - Lamp Post", ["Ninety lamps"]),
        ("Lamp Post: Ninety lamps", ["Ninety lamps"]),
        ("Ninety lamps | World | The Lamppost Daily", ["Ninety lamps"]),
        ("九十盏灯_Lamp Post", ["九十盏灯"]),
        ("Ninety lamps - a story", ["Ninety lamps - a story"]),
        ("World", []),
        ("Lamp Post", []),
        ("lamppost.example", []),
    ],
)
def test_the_sites_name_is_no_title_and_no_part_of_one(title: str, expected: list[str]) -> None:
    head = "<meta property=og:site_name content='Lamp Post'><meta property=article:section content=World>"

    assert values(read(f"{head}<title>{title}</title><p>x").title) == expected


@pytest.mark.parametrize(
    ("titles", "first"),
    [
        (("Ninety lamps in …", "Ninety Lamps in the harbour"), "Ninety Lamps in the harbour"),
        (
            ("Ninety lamps in...", "Ninety lamps in [...]", "Ninety lamps in the harbour"),
            "Ninety lamps in the harbour",
        ),
        (("Ninety lamps …", "Nobody counts them"), "Ninety lamps …"),
        (("Wait for it…", "Wait for it…"), "Wait for it…"),
        (("…", "Nobody counts them"), "…"),
    ],
)
def test_a_title_cut_short_gives_way_to_the_whole(titles: tuple[str, ...], first: str) -> None:
    metas = "".join(f"<meta property=og:title content='{title}'>" for title in titles)

    assert read(f"{metas}<p>x").title[0].value == first


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("By Ada Wick", ["Ada Wick"]),
        ("作者：叶兵", ["叶兵"]),
        ("叶兵", ["叶兵"]),
        ("Byron Flame", ["Byron Flame"]),
        ("https://lamppost.example/ada", []),
        ("desk@lamppost.example", []),
        ("@adawick", []),
        ("admin", []),
        ("LampPost", []),
        ("12", []),
        ("Lamppost Ada Wick", ["Ada Wick"]),
        ("Ada Wick Lamppost", ["Ada Wick"]),
        ("Wick d.o.o. - www.wick.example", []),
    ],
)
def test_an_author_is_somebody(author: str, expected: list[str]) -> None:
    assert values(read(f"<meta name=author content='{author}'><p>x").authors) == expected


@pytest.mark.parametrize(
    ("byline", "expected"),
    [("<p><a rel=author>Ada Wick</a></p>", ["Ada Wick"]), ("", ["mlopez2"])],
)
def test_an_account_gives_way_to_a_person(byline: str, expected: list[str]) -> None:
    page = f"<meta name=author content=mlopez2><h1>Ninety lamps of the harbour</h1>{byline}<p>x"

    assert values(read(page).authors) == expected


def test_a_time_told_from_now_has_its_moment_in_its_title() -> None:
    found = read(
        "<h1>Ninety lamps</h1><p>By Ada Wick <abbr title='2026-07-03T05:40:00Z'>3 hours ago</abbr></p>"
    )

    assert values(found.published) == ["2026-07-03T05:40:00Z"]


def test_a_date_with_its_year_comes_before_one_told_from_now() -> None:
    found = read(
        "<html lang=en><h1>Ninety lamps</h1><p class=date>3 hours ago</p><p>3 July 2026</p>"
    )

    assert values(found.published) == ["2026-07-03", "2026-07-10T09:00"]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<title>Ninety lamps • Ada Wick</title><h1>Ninety lamps</h1>", "Ninety lamps"),
        ("<title>Harbour | Ninety lamps</title><h1>NINETY LAMPS</h1>", "Ninety lamps"),
        (
            "<title>Lamps - how ninety of them burn</title><h1>Lamps</h1>",
            "Lamps - how ninety of them burn",
        ),
        (
            "<title>The ninety lamps burn | Lights for all</title><h1>Lights for all</h1><h2>The ninety lamps burn</h2>",
            "The ninety lamps burn",
        ),
        (
            "<title>Lamppost</title><main><h1>The ninety lamps burn</h1></main><main><h1>Our letter of news</h1></main>",
            "The ninety lamps burn",
        ),
        (
            "<title>Lamppost</title><h1><img></h1><h2>The ninety lamps burn</h2>",
            "The ninety lamps burn",
        ),
        ("<title>Lamps at sea</title><h2>Write us a letter</h2>", "Lamps at sea"),
    ],
)
def test_the_heading_says_what_of_a_title_is_the_articles(page: str, expected: str) -> None:
    head, _, body = page.partition("</title>")
    titled = f"<meta property=og:title content='{head.removeprefix('<title>')}'>"
    if "|" not in head and "-" not in head and "•" not in head:
        titled = ""

    assert read(f"{titled}{head}</title><body>{body}<p>x").title[0].value == expected


def test_authors_come_from_the_first_place_that_names_anybody() -> None:
    found = read(
        "<meta name=author content=admin><a rel='author nofollow'>Ada Wick</a><a rel=author>Bo</a><p>x"
    )

    assert found.authors == (
        Candidate("Ada Wick", "page:a[rel=author]"),
        Candidate("Bo", "page:a[rel=author]"),
    )


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            "<link rel=canonical href=/world/lamps-2>",
            ["https://www.lamppost.example/world/lamps-2"],
        ),
        (
            "<meta property=og:url content='https://m.lamppost.example/w/1'>",
            ["https://m.lamppost.example/w/1"],
        ),
        ("<link rel=canonical href='https://www.lamppost.example/'>", []),
        ("<link rel=canonical href='https://example.com/world/lamps'>", []),
        ("<link rel=canonical href='javascript:x'>", []),
        ("<link rel=canonical href='http://[::1'>", []),
        (
            "<link rel=canonical href='https://lamppost.example/?p=7'>",
            ["https://lamppost.example/?p=7"],
        ),
    ],
)
def test_a_canonical_address_is_believed_on_its_own_site_alone(
    head: str, expected: list[str]
) -> None:
    assert values(read(f"{head}<p>x").url) == expected


def test_the_largest_of_the_linked_images_comes_first() -> None:
    found = read(
        ld(
            '{"@type": "Article", "image": ["/plain.jpg", {"url": "/small.jpg", "width": 300, "height": "200"},'
            ' {"contentUrl": "/large.jpg", "width": "1200px", "height": {"value": 800}}, {"x": 1}, 7]}'
        )
    )

    assert [
        (image.url.rpartition("/")[2], image.width, image.height) for image in found.images
    ] == [
        ("large.jpg", 1200, 800),
        ("small.jpg", 300, 200),
        ("plain.jpg", None, None),
    ]


def test_an_enclosure_is_a_file_and_no_player() -> None:
    found = read(
        "<meta property=og:video content='https://v.example.org/embed/7'>"
        "<meta property=og:audio content='/a.mp3?x=1'>"
        + ld('{"@type": "VideoObject", "contentUrl": "/v.mp4#t=1", "duration": "PT1H2M3.5S"}')
    )

    assert [(one.url.rpartition("/")[2], one.type, one.duration) for one in found.enclosures] == [
        ("v.mp4#t=1", "video/mp4", 3723),
        ("a.mp3?x=1", "audio/mpeg", None),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("PT90S", 90), ("P1DT2M", 120), ("PT0S", None), ("1:30", None), ("", None)],
)
def test_durations_of_iso_8601_are_read(text: str, expected: int | None) -> None:
    assert read_seconds(text) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>Published on: <b>3 July 2026, 05:40</b></p>", "2026-07-03T05:40"),
        ("<h1>x</h1><span class=post-date>July 3, 2026</span>", "2026-07-03"),
        ("<p>発表日時</p><p>公開日：2026年7月3日 5:40</p>", "2026-07-03T05:40"),
        ("<p>تاریخ انتشار: 2026-07-03 05:40</p>", "2026-07-03T05:40"),
        ("<p>Опубликовано 3 июля 2026</p>", "2026-07-03"),
        ("<p>This entry was posted on Friday, July 3rd, 2026 at 5:40 am.</p>", "2026-07-03T05:40"),
        (
            "<div>Dieser Artikel wurde am 3. Juli 2026 um 5:40 von Ada verfasst</div>",
            "2026-07-03T05:40",
        ),
        ("<aside><dl><dt>Datum</dt><dd>03.07.2026</dd></dl></aside>", "2026-07-03"),
        (
            "<p><b>Pages:</b><b>90</b><span>Published:</span><span>2026-07-03</span></p>",
            "2026-07-03",
        ),
        ("<dl><dt>Date</dt><dd>of the harbour</dd></dl>", None),
        ("<p>Published by the harbour in 1990 words.</p>", None),
        ("<p>更新时间：2026年7月3日</p>", None),
        ("<p>Updated: 3 July 2026</p>", None),
    ],
)
def test_a_date_in_words_stands_behind_its_label(body: str, expected: str | None) -> None:
    language = "ru" if "июля" in body else "en"

    assert values(read(f"<html lang={language}><body>{body}").published) == (
        [expected] if expected else []
    )


@pytest.mark.parametrize(
    ("address", "day"),
    [
        ("https://a.example/2026/07/03/x", date(2026, 7, 3)),
        ("https://a.example/2026/7/3", date(2026, 7, 3)),
        ("https://a.example/x/2026-07-03/", date(2026, 7, 3)),
        ("https://a.example/cn/x/20260703-slug", date(2026, 7, 3)),
        ("https://a.example/2026/0703/c1.html", date(2026, 7, 3)),
        ("https://a.example/film/2026/jul/03/lamps", date(2026, 7, 3)),
        ("https://a.example/2026/WORLD/07/03/lamps", date(2026, 7, 3)),
        ("https://a.example/2026/junk/03/lamps", None),
        ("https://a.example/a/lamps-20260703/77.html", None),
        ("https://a.example/20260703123/77.html", None),
        ("https://a.example/2026/31/12", None),
        ("https://a.example/x?d=/2026/07/03/", None),
    ],
)
def test_the_day_in_an_address(address: str, day: date | None) -> None:
    assert find_day(address) == day


def test_dates_that_the_address_bears_out_come_first() -> None:
    dates = tuple(
        Candidate(value, "x")
        for value in ("2026-06-01", "nonsense", "2026-07-04T01:00:00Z", "2026-07-03")
    )

    ordered = sort_by_url_day(dates, "https://a.example/2026/07/03/x", taken=TAKEN)

    assert values(ordered) == ["2026-07-04T01:00:00Z", "2026-07-03", "2026-06-01", "nonsense"]
    assert sort_by_url_day(dates, "https://a.example/x", taken=TAKEN) == dates


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "@type",
                    "@id",
                    "@graph",
                    "url",
                    "headline",
                    "author",
                    "name",
                    "image",
                    "audio",
                    "mainEntity",
                ]
            ),
            inner | st.sampled_from(["Article", "WebPage", "#a"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(JSON_LIKE)
def test_linked_data_of_any_shape_never_raises(data: object) -> None:
    assert isinstance(read(ld(json.dumps(data, ensure_ascii=False).replace("<", ""))), Metadata)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(
            [
                "<h1>",
                "<article>",
                "</article>",
                "<time datetime='2026-07-03'>",
                "<p itemprop=name>",
                "<div itemscope>",
                "<b itemscope itemtype=Article>",
                "</b>",
                "<i class=h-entry>",
                "<i class='p-name author h-card'>",
                "</i>",
                "<meta property=og:image content='http://[::1'>",
                "<link rel=canonical href='//'>",
                "Published: 1.1.",
                "<title>",
                "</title>",
                "<base href='http://['>",
                "<a rel=author>",
                "x",
                "<img itemprop=image itemscope>",
            ]
        ),
        max_size=25,
    )
)
def test_markup_in_any_order_never_raises(pieces: list[str]) -> None:
    assert isinstance(read("<body>" + "".join(pieces) + "<p>x"), Metadata)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("false", True),
        ('"False"', True),
        ('"http://schema.org/False"', True),
        ("true", False),
        ("0", False),
    ],
)
def test_a_page_may_say_that_it_is_not_free(stated: str, expected: bool) -> None:
    node = f'{{"@type": "NewsArticle", "headline": "Lamps", "isAccessibleForFree": {stated}}}'

    assert read(ld(node)).is_paid is expected
