"""The page of a view: its entries by day, filters, paging, and that no word of a publisher is markup."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from aggregator.model import Enclosure, Image, Teller
from aggregator.publish import OUTPUTS, SourceInfo
from aggregator.store.browse import EntryFilter, EntryPosition, Headline

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = datetime(2026, 7, 2, tzinfo=UTC)
UUID = "6b8f5c0e-2f0a-5d7e-8f6e-000000000001"


def teller(source: str) -> Teller:
    return Teller(source, None, None, 3, 100, 1)


def words(node: Any) -> str:
    return " ".join(node.text_content().split())


def test_browsers_discover_every_feed(get: Callable[..., Any]) -> None:
    for path, root in (("/", "./"), ("/views/zh", "../")):
        links = html.fromstring(get(path).body).xpath("//head/link[@rel='alternate']")

        assert [(link.get("type"), link.get("title"), link.get("href")) for link in links] == [
            (output.media_type, title, f"{root}views/{view}.{kind}")
            for view, title in (("merged", "All <news>"), ("zh", "中文"))
            for kind, output in OUTPUTS.items()
        ]


def test_people_subscribe_to_any_view_in_any_format(
    get: Callable[..., Any], site: Any, entry: Any
) -> None:
    site.entries = [entry]
    menu = html.fromstring(get("/").body).xpath("//details[contains(@class, 'subscribe')]")[0]

    feeds = [f"./views/{view}.{kind}" for view in ("merged", "zh") for kind in OUTPUTS]
    assert menu.xpath(".//a/@href") == [*feeds, "./opml"]
    paths = [address.removeprefix(".") for address in menu.xpath(".//a/@href")]
    assert {get(path).status for path in paths} == {200}


def test_an_entry_shows_its_time_title_summary_source_tags_and_picture(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    site.entries = [
        other(
            summary="Fog  on\nthe sea.",
            tags=("fog",),
            revision=3,
            image=Image("https://img.example/a.jpg", alt="A boat", width=800, height=500),
            enclosures=(Enclosure("https://a.example/1.mp3", "audio/mpeg", duration=2880),),
        )
    ]
    (item,) = html.fromstring(get("/").body).xpath("//li[@class='entry']")

    assert words(item.find("time")) == "05:40"
    text = item.find("div")
    assert (text.get("lang"), text.get("dir")) == ("en", "ltr")
    (link,) = text.xpath("h3/a")
    assert (link.text, link.get("href")) == (
        "Ferry & <script>alert(1)</script>",
        f"./entries/{UUID}",
    )
    assert words(text.find("p")) == "Fog on the sea."
    assert [words(part) for part in text.xpath("ul/li")] == [
        "05:40",
        "Harbour <Gazette>",
        "changed 2 times",
        "▶ 48 min",
        "fog",
    ]
    assert text.xpath("ul//a/@href") == [
        "?source=harbour",
        f"./entries/{UUID}#changes",
        "?tag=fog",
    ]
    assert dict(item.find("img").attrib) == {
        "src": "https://img.example/a.jpg",
        "alt": "A boat",
        "width": "800",
        "height": "500",
        "loading": "lazy",
        "referrerpolicy": "no-referrer",
    }


def test_entries_are_grouped_by_day(
    get: Callable[..., Any], site: Any, entry: Any, other: Callable[..., Any]
) -> None:
    site.entries = [entry, other(title="b"), other(title="c", published=DAY)]
    page = html.fromstring(get("/").body)

    days = page.xpath("//section[@class='day']")
    dates = [words(day.xpath("div")[0]) for day in days]
    assert dates == ["Friday3 July 2026", "Thursday2 July 2026"]
    assert [len(day.xpath("ol/li")) for day in days] == [2, 1]
    assert words(days[1].xpath(".//time")[0]) == ""  # midnight is a date without a time


def test_dates_and_words_are_chinese_where_a_browser_asks_for_it(
    get: Callable[..., Any], site: Any, entry: Any
) -> None:
    site.entries = [entry]
    page = html.fromstring(get("/", Accept_Language="zh-CN").body)

    assert words(page.xpath("//section/div")[0]) == "星期五2026年7月3日"
    assert words(page.xpath("//details/summary")[0]) == "订阅"


def test_the_direction_is_that_of_the_entry(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    site.entries = [other(language=language) for language in ("ar", "fa-AF", "zh-Hans", None)]
    texts = html.fromstring(get("/").body).xpath("//div[@class='text']")

    assert [(text.get("lang"), text.get("dir")) for text in texts] == [
        ("ar", "rtl"),
        ("fa-AF", "rtl"),
        ("zh-Hans", "ltr"),
        (None, "auto"),
    ]


def test_other_tellers_and_copies_are_named_once_three_at_most(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    site.names = {"a": SourceInfo("A"), "b": SourceInfo("B")}
    copy_ids = [f"urn:uuid:{number}" for number in range(3)]
    sources = ["b", "c", "d"]
    site.copies = {
        copy_id: Headline(copy_id, source, "t", None, None, DAY)
        for copy_id, source in zip(copy_ids, sources, strict=True)
    }
    tellers = (teller("harbour"), teller("a"), teller("b"))
    site.entries = [other(tellers=tellers, duplicates=(*copy_ids, "urn:uuid:gone"))]
    (also,) = html.fromstring(get("/?tag=x").body).xpath("//li[@class='also']")

    assert words(also) == "also in A, B, c and 1 more"
    assert also.xpath(".//a/@href") == ["./entries/1"]


def test_what_most_sources_of_the_newest_day_tell_leads(
    get: Callable[..., Any], site: Any, entry: Any, other: Callable[..., Any]
) -> None:
    two, three = [(teller("x"), *map(teller, rest)) for rest in ("a", "ab")]
    site.entries = [
        entry,
        other(title="two", tellers=two),
        other(title="three", tellers=three),
        other(title="old", tellers=(*three, teller("c")), published=DAY),
    ]

    titles = html.fromstring(get("/").body).xpath("//h3/a/text()")
    assert titles == ["three", entry.title, "two", "old"]
    assert "Told by 3 sources" in get("/").text
    assert "Told by" not in get("/?q=x").text
    site.entries = site.entries[:2]
    assert "Told by" not in get("/").text


def test_a_picture_without_a_web_address_and_an_icon_are_not_shown(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    site.entries = [
        other(image=Image("javascript:alert(1)")),
        other(image=Image("https://img.example/pixel.gif", width=1, height=1)),
    ]

    assert html.fromstring(get("/").body).xpath("//img") == []


def test_hostile_words_stay_words(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    hostile = "\"'><img src=x onerror=alert(1)>\ud800"
    fields = ("title", "summary", "publisher", "language", "source")
    site.entries = [other(**dict.fromkeys(fields, hostile), tags=(hostile,))]
    page = html.fromstring(get("/").body)

    assert page.xpath("//img | //script | //@onerror") == []
    assert page.xpath("//h3/a/text()") == [hostile.replace("\ud800", "?")]


def test_a_hostile_search_stays_words(get: Callable[..., Any]) -> None:
    page = html.fromstring(get("/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&tag=%3Cb%3E").body)

    assert page.xpath("//script | //main//b[not(parent::a)]") == []
    assert page.xpath("//h1/text()") == ['Search for “"><script>alert(1)</script>”']
    assert page.xpath("//input[@name='q']/@value") == ['"><script>alert(1)</script>']


def test_the_address_says_what_is_asked_of_the_store(get: Callable[..., Any], site: Any) -> None:
    get("/")
    get(
        f"/views/zh?source=a&language=zh&tag=%E6%B8%AF&q=+x+&limit=5&before=2026-07-03T05:40:00Z,{UUID}"
    )
    get("/?q=&limit=5000&before=2026-07-03T05:40:00")

    at = datetime(2026, 7, 3, 5, 40, tzinfo=UTC)
    assert site.asked == [
        (None, EntryFilter(), 30, None),
        ("zh", EntryFilter("a", "zh", "港", "x"), 5, EntryPosition(at, f"urn:uuid:{UUID}")),
        (None, EntryFilter(), 100, EntryPosition(at)),
    ]


def test_older_entries_are_one_link_away_and_the_newest_too(
    get: Callable[..., Any], site: Any, entry: Any, other: Callable[..., Any]
) -> None:
    site.entries = [entry, other(title="older")]
    paging = html.fromstring(get("/?limit=1&tag=x").body).xpath("//nav[@class='paging']")[0]

    position = f"2026-07-03T05:40:00Z,{UUID}"
    assert paging.xpath("a/@href") == [f"?tag=x&before={position}&limit=1"]
    assert words(paging) == "Older →before 3 July 2026 05:40"

    paging = html.fromstring(get(f"/?tag=x&before={position}").body).xpath(
        "//nav[@class='paging']"
    )[0]
    assert paging.xpath("a/@href") == ["?tag=x"]


def test_a_list_without_older_entries_has_no_paging(
    get: Callable[..., Any], site: Any, entry: Any
) -> None:
    site.entries = [entry]

    assert html.fromstring(get("/").body).xpath("//nav[@class='paging']") == []


def test_menus_narrow_the_list_and_chips_widen_it(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    site.names = {"z": SourceInfo("alpha"), "a": SourceInfo("Beta")}
    site.entries = [other(tags=("x", "y")), other(tags=("y",), language="fr")]
    filters = html.fromstring(get("/?q=fog&source=z").body).xpath("//div[@class='filters']")[0]

    menus = [menu.xpath(".//a/@href") for menu in filters.xpath("details")]
    assert menus == [
        ["?q=fog&source=z", "?q=fog&source=a"],
        ["?q=fog&source=z&language=en", "?q=fog&source=z&language=fr"],
        ["?q=fog&source=z&tag=y", "?q=fog&source=z&tag=x"],
    ]
    chips = filters.xpath("a[@class='chip']")
    assert [(words(chip), chip.get("href")) for chip in chips] == [
        ("Search: fog remove", "?source=z"),
        ("Source: alpha remove", "?q=fog"),
    ]


def test_a_search_keeps_the_filters(get: Callable[..., Any]) -> None:
    form = html.fromstring(get("/?source=a&tag=b&before=2026-07-03").body).xpath("//form")[0]

    assert [(field.get("name"), field.get("value")) for field in form.xpath("input")] == [
        ("q", None),
        ("source", "a"),
        ("tag", "b"),
    ]


def test_nothing_found_says_what_to_do(get: Callable[..., Any]) -> None:
    page = html.fromstring(get("/views/zh?q=zzz").body)

    assert page.xpath("//h2/text()")[-1] == "Nothing matches."
    assert page.xpath("//div[@class='message']//a/@href") == ["?"]


def test_an_empty_installation_says_what_to_do_next(get: Callable[..., Any], site: Any) -> None:
    page = html.fromstring(get("/").body)

    assert page.findtext(".//h1") == "Nothing to read yet."
    assert page.xpath("//p[@class='intro']/text()")[0].startswith("No source is configured.")
    assert page.xpath("//pre/code/text()") == [
        "aggregator add https://blog.example.org/",
        "aggregator import subscriptions.opml",
        "/feed.atom",
    ]
    site.names = {"a": SourceInfo("A")}
    intro = html.fromstring(get("/").body).xpath("//p[@class='intro']/text()")[0]
    assert intro.startswith("The sources are configured.")


def test_the_navigation_shows_the_current_view_and_what_fails(
    get: Callable[..., Any], site: Any, status: Any
) -> None:
    site.statuses = [status(failures=2)]
    current = {}
    for path in ("/", "/views/zh", "/sources"):
        links = html.fromstring(get(path).body).xpath("//a[@aria-current='page']")
        current[path] = [words(link) for link in links]

    assert current == {
        "/": ["All <news>"],
        "/views/zh": ["中文"],
        "/sources": ["Sources ▲ 1 failing"],
    }


def test_a_long_summary_is_cut_between_words(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    site.entries = [other(summary="word " * 200), other(summary="雾" * 400)]
    summaries = html.fromstring(get("/").body).xpath("//p[@class='summary']/text()")

    assert summaries == ["word " * 63 + "word…", "雾" * 320 + "…"]


def test_an_unchanged_page_is_304(get: Callable[..., Any]) -> None:
    first = get("/")

    assert get("/", If_None_Match=first.headers["ETag"]).status == 304


def test_the_style_sheet_loads_nothing_from_elsewhere(get: Callable[..., Any]) -> None:
    answer = get("/style.css")

    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.body == files("aggregator.web").joinpath("style.css").read_bytes()
    assert b"url(" not in answer.body
    assert b"@import" not in answer.body


@pytest.mark.parametrize("path", ["/", "/sources", "/entries/none"])
def test_no_page_has_inline_scripts_or_styles(
    get: Callable[..., Any], site: Any, entry: Any, path: str
) -> None:
    site.entries = [entry]
    page = html.fromstring(get(path).body)

    assert page.xpath("//script | //style | //@style") == []


def test_what_the_environment_filled_in_is_hidden_in_every_page(
    get: Callable[..., Any], site: Any
) -> None:
    assert "hunter2" not in get("/?q=hunter2").text


def test_the_words_of_a_search_are_marked_and_stay_words(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    site.entries = [other(title="Fog <b> and Fog", summary="Sea fog")]
    page = html.fromstring(get('/?q=FOG+"<b>+and"').body)

    marked = [mark.text for mark in page.xpath("//li//mark")]
    assert marked == ["Fog", "<b> and", "Fog", "fog"]
    assert page.findtext(".//title") == 'Search for “FOG "<b> and"”'
