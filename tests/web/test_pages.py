"""The pages for people: what they show, and that nothing a publisher writes runs there."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from aggregator.publish import OUTPUTS, ViewInfo
from aggregator.web import pages

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_first_page_offers_every_view_to_browsers_and_people(get: Callable[..., Any]) -> None:
    shown = html.fromstring(get("/").body)

    alternates = shown.xpath("//head/link[@rel='alternate']")
    assert [(link.get("type"), link.get("title"), link.get("href")) for link in alternates] == [
        (output.media_type, title, f"/views/{view}.{kind}")
        for view, title in (("merged", "All <news>"), ("zh", "中文"))
        for kind, output in OUTPUTS.items()
    ]
    assert [item.text_content() for item in shown.xpath("//ul[@class='views']/li")] == [
        " ".join(("All <news>", *OUTPUTS)),
        " ".join(("中文", *OUTPUTS)),
    ]
    assert shown.findtext(".//h1") == "All <news>"


def test_the_addresses_on_the_first_page_answer(get: Callable[..., Any]) -> None:
    paths = re.findall(r'href="(/[^"]+)"', get("/").text)

    views = [f"/views/{view}.{kind}" for view in ("merged", "zh") for kind in OUTPUTS]
    assert sorted(paths) == sorted(["/style.css", *views, *views])
    assert {get(path).status for path in paths} == {200}


def test_the_latest_entries_are_linked_as_text(
    get: Callable[..., Any], site: Any, entry: Any
) -> None:
    site.entries = [entry]
    (item,) = html.fromstring(get("/").body).xpath("//ol[@class='entries']/li")

    (link,) = item.iter("a")
    assert (link.text, dict(link.attrib)) == (
        "Ferry & <script>alert(1)</script>",
        {
            "dir": "auto",
            "lang": "en",
            "href": "https://harbour.example.org/a?id=1&lang=en",
            "rel": "noopener noreferrer",
        },
    )
    assert item.find("small").text_content() == "Harbour <Gazette> 2026-07-03 05:40 UTC"
    assert item.find("small/time").get("datetime") == "2026-07-03T05:40:00Z"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", None, '"><script>alert(1)</script>']
)
def test_what_is_no_web_address_is_not_linked(
    get: Callable[..., Any], site: Any, other: Callable[..., Any], url: str | None
) -> None:
    site.entries = [other(url=url)]
    shown = html.fromstring(get("/").body)

    assert shown.xpath("//ol//a | //script") == []


def test_hostile_words_stay_words(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    hostile = "\"'><img src=x onerror=alert(1)>\ud800"
    site.entries = [
        other(
            title=hostile, publisher=hostile, language=hostile, url=f"https://e.example/{hostile}"
        )
    ]
    shown = html.fromstring(get("/").body)

    assert shown.xpath("//img | //script | //@onerror") == []
    assert shown.xpath("//ol//a/text()") == [hostile.replace("\ud800", "?")]


def test_no_more_titles_are_shown_than_the_page_asks_for(
    get: Callable[..., Any], site: Any, other: Callable[..., Any]
) -> None:
    site.entries = [other(title=f"n {number}") for number in range(60)]
    shown = html.fromstring(get("/").body)

    assert shown.xpath("//ol//a/text()") == [f"n {number}" for number in range(50)]


def test_the_first_page_says_so_where_there_is_nothing(get: Callable[..., Any]) -> None:
    assert html.fromstring(get("/").body).xpath("//section/p/text()") == ["Nothing yet."]


def test_an_unchanged_page_is_304(get: Callable[..., Any]) -> None:
    first = get("/")

    assert get("/", If_None_Match=first.headers["ETag"]).status == 304


def test_a_site_without_views_has_a_page_too() -> None:
    assert html.fromstring(pages.render_index((), ())).findtext(".//h1") == "aggregator"


def test_the_id_of_a_view_is_quoted_in_its_address() -> None:
    shown = html.fromstring(pages.render_index((ViewInfo('a/b "c', "T"),), ()))

    assert shown.xpath("//ul//a/@href") == [f"/views/a%2Fb%20%22c.{kind}" for kind in OUTPUTS]


def test_the_style_sheet_loads_nothing_from_elsewhere(get: Callable[..., Any]) -> None:
    answer = get("/style.css")

    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.body == files("aggregator.web").joinpath("style.css").read_bytes()
    assert b"url(" not in answer.body
    assert b"@import" not in answer.body
