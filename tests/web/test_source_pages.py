"""The pages of the sources: the health of all, and the runs of one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from lxml import html

from aggregator.config import Source
from aggregator.model import Outcome
from aggregator.source_health import SourceHealth
from aggregator.source_status import SourceStatus
from aggregator.store.daily_figures import DailyFigures

if TYPE_CHECKING:
    from collections.abc import Callable

RAN = datetime(2026, 7, 3, 5, 40, tzinfo=UTC)
FAILED = Outcome(
    "harbour", RAN, 2014, "failed", http_status=503, error="http", message="HTTP <503>"
)
BROUGHT = Outcome(
    "harbour",
    RAN,
    231,
    "ok",
    40,
    2,
    1,
    37,
    ("item 3: no title",),
    http_status=200,
    size_bytes=41208,
)


def words(node: Any) -> str:
    return " ".join(node.text_content().split())


def cells(row: Any) -> list[str]:
    return [" ".join(cell.xpath("string(.)").split()) for cell in row]


def test_those_in_trouble_stand_first_and_the_headline_is_the_verdict(
    get: Callable[..., Any], site: Any, status: Any
) -> None:
    new = SourceStatus(Source(id="new", url="https://new.example/"), None, None, 0)
    disabled = Source(id="off", url="https://off.example/", enabled=False)
    named = Source(id="harbour", name="Harbour <Post>", url="https://harbour.example.org/feed")
    site.statuses = [
        new,
        status(BROUGHT, source=named, items=9406),
        status(source=disabled),
        status(gone=True),
        status(FAILED, failures=8, reason="8 failures in a row"),
    ]
    page = html.fromstring(get("/sources").body)

    assert page.findtext(".//h1") == "One source fails. 2 need nothing."
    assert [cells(row) for row in page.xpath("//tbody/tr")] == [
        [
            "▲ Failing",
            "harbourauto",
            "3 July 2026 05:40http: HTTP <503>",
            "3 July 2026 06:408 failures in a row",
            "none",
            "12",
        ],
        [
            "● Well",
            "Harbour <Post>auto",
            "3 July 2026 05:402 new, 1 changed, 1 rejected",
            "3 July 2026 06:40every 1 h",
            "none",
            "9,406",
        ],
        ["○ New", "newauto", "not yet", "not yet", "none", "0"],
        ["✕ Gone", "harbourauto", "3 July 2026 05:40", "never", "none", "12"],
        ["– Disabled", "offauto", "3 July 2026 05:40", "never", "none", "12"],
    ]
    assert page.xpath("//tbody//a/@href")[0] == "./sources/harbour"


def test_the_verdict_is_a_whole_sentence_in_each_language(
    get: Callable[..., Any], site: Any, status: Any
) -> None:
    verdicts = []
    for statuses in ([], [status()], [status(failures=1)] * 2 + [status()]):
        site.statuses = statuses
        for language in ("en", "zh"):
            answer = get("/sources", Accept_Language=language)
            verdicts.append(html.fromstring(answer.body).findtext(".//h1"))

    assert verdicts == [
        "No source is configured.",
        "尚未配置来源。",
        "One needs nothing.",
        "1 个无需处理。",
        "2 sources fail. One needs nothing.",
        "2 个来源出错。 1 个无需处理。",
    ]


def test_a_source_shows_when_it_is_polled_and_its_runs(
    get: Callable[..., Any], site: Any, status: Any
) -> None:
    site.statuses = [status(FAILED, failures=8, reason="8 failures in a row")]
    site.runs = [FAILED, BROUGHT]
    page = html.fromstring(get("/sources/harbour").body)

    assert page.xpath("//h1//text()") == ["harbour"]
    assert page.xpath("string(//p[@class='soft'])") == (
        "Entries: 12. 8 failures in a row: http: HTTP <503>. Its entries"
    )
    assert page.xpath("//p[@class='soft']/a/@href") == ["../?source=harbour"]
    assert cells(page.xpath("//dd")) == [
        "3 July 2026 05:40",
        "3 July 2026 05:40",
        "3 July 2026 06:40",
        "8 failures in a row",
    ]
    assert [cells(row) for row in page.xpath("//tbody/tr")] == [
        ["3 July 2026 05:40", "http: HTTP <503>", "503", "0", "0", "0", "2,014", ""],
        [
            "3 July 2026 05:40",
            "2 new, 1 changed, 1 rejected",
            "200",
            "40",
            "2",
            "1",
            "231",
            "41,208",
        ],
    ]


def test_a_folder_of_this_machine_is_not_shown(
    get: Callable[..., Any], site: Any, status: Any
) -> None:
    site.statuses = [status(source=Source(id="saved", path="/srv/private/saved"))]

    assert "private" not in get("/sources").text + get("/sources/saved").text


def test_a_source_that_was_never_polled_says_so(get: Callable[..., Any], site: Any) -> None:
    site.statuses = [SourceStatus(Source(id="new", url="https://new.example/"), None, None, 0)]

    assert "It was not polled yet." in get("/sources/new").text


def test_a_month_of_runs_is_a_plot_in_the_list_and_four_charts_on_the_page(
    get: Callable[..., Any], site: Any, status: Any
) -> None:
    site.statuses = [status(BROUGHT)]
    site.figures = {
        ("harbour", date(2026, 7, 1)): DailyFigures(4, 1, 1, 12, 40_000, 200),
        ("harbour", date(2026, 7, 3)): DailyFigures(4, 4, 0, 0, 0, None),
    }
    listed = html.fromstring(get("/sources").body)
    shown = html.fromstring(get("/sources/harbour").body)

    assert words(listed.xpath("//div[@class='spark']/span")[0]) == "12max 12"
    assert listed.xpath("//svg/@aria-label") == [
        "12 new entries in 30 days, at most 12 a day; 5 of 8 polls failed"
    ]
    assert shown.xpath("//svg/@aria-label") == [
        "New entries a day: 6 a day in the median",
        "Polls that failed: 5 of 8",
        "Answer time, mean of the day: 200 ms usually",
        "Bytes a day: 12 % of polls found nothing changed",
    ]
    assert [words(label) for label in shown.xpath("//div[@class='axis']/span")] == [
        "4 Jun",
        "11 Jun",
        "18 Jun",
        "25 Jun",
        "2 Jul",
    ]
    assert shown.xpath("//*[@style]") == []


def test_a_source_without_runs_has_no_charts(
    get: Callable[..., Any], site: Any, status: Any
) -> None:
    site.statuses = [status()]

    assert html.fromstring(get("/sources/harbour").body).xpath("//svg") == []


def test_a_source_that_is_not_well_says_since_when_and_why(
    get: Callable[..., Any], site: Any, status: Any
) -> None:
    well = status(BROUGHT)
    assert well.state is not None
    health = SourceHealth("degraded", ("`published` is known of 0 of 20 items",), RAN, RAN)
    site.statuses = [replace(well, state=replace(well.state, health=health))]

    page = html.fromstring(get("/sources").body)
    own = html.fromstring(get(f"/sources/{well.source.id}").body)
    chinese = html.fromstring(
        get(f"/sources/{well.source.id}", **{"Accept-Language": "zh-CN"}).body
    )

    assert page.findtext(".//h1") == "0 need nothing."
    assert cells(page.xpath("//tbody/tr")[0])[0] == "● WellDegraded"
    assert page.xpath("//a[contains(@href, 'status.atom')]/text()") == ["Changes as a feed"]
    assert own.xpath("string(//p[@class='failing'])") == "Degraded, since 3 July 2026 05:40"
    assert own.xpath("//li[@dir='auto']/text()") == ["`published` is known of 0 of 20 items"]
    assert chinese.xpath("string(//p[@class='failing'])").startswith("质量下降, 始于")
