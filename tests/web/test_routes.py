"""The paths: what each gives, and what becomes of those that do not exist or fail."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
from lxml import html

from aggregator.errors import StoreError
from aggregator.publish import OUTPUTS, make_document
from aggregator.web.site import EntryDetails

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@pytest.mark.parametrize("kind", list(OUTPUTS))
def test_every_output_has_its_paths(get: Callable[..., Any], site: Any, kind: str) -> None:
    for view_id in (None, "zh"):
        site.documents[view_id, kind] = make_document(
            f"{view_id} {kind}".encode(), OUTPUTS[kind].content_type
        )

    assert [get(f"/feed.{kind}").text, get(f"/views/zh.{kind}").text] == [
        f"None {kind}",
        f"zh {kind}",
    ]


def test_a_view_may_have_a_name_in_any_script(get: Callable[..., Any], site: Any) -> None:
    site.documents["新闻 1", "atom"] = make_document(b"<feed/>", "application/atom+xml")

    assert get("/views/%E6%96%B0%E9%97%BB%201.atom").body == b"<feed/>"


@pytest.mark.parametrize(
    "path",
    [
        "/views/none.atom",
        "/feed.rss2",
        "/views/none",
        "/entries/none",
        "/sources/none",
        "/views/../feed",
        "/views/a/b.atom",
        "/%00",
        "/favicon.ico",
    ],
)
def test_what_does_not_exist_is_a_page_that_says_so(get: Callable[..., Any], path: str) -> None:
    answer = get(path)

    page = html.fromstring(answer.body)
    assert (answer.status, page.findtext(".//h1")) == (404, "There is no such page.")
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        "text/html; charset=utf-8",
        "no-store",
    )


def test_a_404_says_nothing_of_the_path_that_was_asked(get: Callable[..., Any]) -> None:
    assert "alert" not in get("/<script>alert(1)</script>").text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/feed.atom", "/views/zh.atom", "/healthz"])
def test_nothing_but_get_and_head_is_allowed(
    get: Callable[..., Any], path: str, method: str
) -> None:
    answer = get(path, method=method)

    assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")


def test_health_is_200_with_details_while_all_is_well(get: Callable[..., Any], site: Any) -> None:
    site.state = type(site.state)(details={"sources": 3, "last": datetime(2026, 7, 3, tzinfo=UTC)})
    answer = get("/healthz")

    names = ("Content-Type", "Cache-Control")
    assert [answer.status, *(answer.headers[name] for name in names)] == [
        200,
        "application/json; charset=utf-8",
        "no-store",
    ]
    assert json.loads(answer.body) == {
        "ok": True,
        "reasons": [],
        "details": {"sources": 3, "last": "2026-07-03 00:00:00+00:00"},
    }


def test_health_is_503_with_reasons_when_it_is_not(get: Callable[..., Any], site: Any) -> None:
    site.state = type(site.state)(ok=False, reasons=("磁盘已满",))
    answer = get("/healthz")

    assert (answer.status, json.loads(answer.body)) == (
        503,
        {"ok": False, "reasons": ["磁盘已满"], "details": {}},
    )


def test_a_store_that_cannot_be_read_is_logged_and_its_message_kept_inside(
    get: Callable[..., Any], site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    site.failure = StoreError("cannot open /srv/secret.db")
    with caplog.at_level(logging.ERROR, logger="aggregator.web"):
        answer = get("/")

    assert (answer.status, answer.headers["Retry-After"], "secret" in answer.text) == (
        503,
        "60",
        False,
    )
    assert [record.message for record in caplog.records] == ["/: cannot open /srv/secret.db"]


def test_an_unforeseen_failure_is_a_guarded_500(get: Callable[..., Any], site: Any) -> None:
    site.failure = RuntimeError("/srv/secret.db")
    answer = get("/")

    assert (
        answer.status,
        answer.headers["Server"],
        answer.headers["X-Content-Type-Options"],
        "secret" in answer.text,
    ) == (
        500,
        "aggregator",
        "nosniff",
        False,
    )


def test_the_host_that_was_asked_for_is_nowhere_in_an_answer(
    talk: Callable[..., Any], site: Any, entry: Any
) -> None:
    site.entries = [entry]

    async def all_paths(ask: Callable[..., Awaitable[Any]]) -> Any:
        paths = ("/", "/feed.atom", "/nowhere", "/healthz", "/sources", "/opml")
        return await asyncio.gather(*(ask(path, Host="evil.example.net") for path in paths))

    for answer in talk(all_paths):
        assert "evil" not in answer.text + str(answer.headers)


def test_the_sources_are_opml(get: Callable[..., Any]) -> None:
    answer = get("/opml")

    assert (answer.status, answer.headers["Content-Type"], answer.body) == (
        200,
        "text/x-opml; charset=utf-8",
        b"<opml/>",
    )


def test_a_page_varies_with_the_language_that_a_browser_asks_for(get: Callable[..., Any]) -> None:
    asked = {"en": "en-GB", "zh-Hans": "fr;q=0.9, zh-TW;q=0.8, en;q=0.2"}
    languages = {}
    for language, header in asked.items():
        answer = get("/sources", Accept_Language=header)
        languages[language] = (html.fromstring(answer.body).get("lang"), answer.headers["Vary"])

    assert languages == {
        "en": ("en", "Accept-Encoding, Accept-Language"),
        "zh-Hans": ("zh-Hans", "Accept-Encoding, Accept-Language"),
    }
    assert get("/feed.atom").headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path", ["/", "/views/zh", "/entries/one", "/sources", "/sources/harbour", "/a/b/c"]
)
def test_every_link_of_ours_is_relative_and_leads_below_the_root(
    get: Callable[..., Any], site: Any, entry: Any, status: Any, path: str
) -> None:
    site.entries = [entry]
    site.statuses = [status()]
    site.details["one"] = EntryDetails(entry)
    page = html.fromstring(get(path).body)

    addresses = {*page.xpath("//@href"), *page.xpath("//@action")}
    ours = {address for address in addresses if "harbour.example.org" not in address}
    assert {address for address in ours if address.startswith(("/", "http"))} == set()
    base = f"https://example.org/news{path}"
    outside = {a for a in ours if not urljoin(base, a).startswith("https://example.org/news/")}
    assert outside == set()
    sheet = urljoin(base, page.xpath("//link[@rel='stylesheet']/@href")[0])
    assert sheet == "https://example.org/news/style.css"


@pytest.mark.parametrize(
    "query", ["before=yesterday", "before=2026-07-03T05:40:00Z,x", "limit=0", "limit=many"]
)
def test_an_address_that_cannot_be_read_is_400(get: Callable[..., Any], query: str) -> None:
    answer = get(f"/?{query}")

    page = html.fromstring(answer.body)
    assert (answer.status, page.findtext(".//h1")) == (400, "This address cannot be read.")


def test_figures_for_prometheus_come_in_the_format_that_is_asked_for(
    get: Callable[..., Any], site: Any
) -> None:
    answer = get("/metrics", Accept="application/openmetrics-text")

    assert (answer.text, answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        "aggregator_healthy 1.0\n",
        "text/plain; version=1.0.0; charset=utf-8",
        "no-store",
    )
    assert site.asked == ["application/openmetrics-text"]


def test_the_changes_of_verdicts_are_a_feed_without_secrets(get: Callable[..., Any]) -> None:
    answer = get("/status.atom")

    assert (answer.status, answer.headers["Content-Type"], answer.body) == (
        200,
        "application/atom+xml; charset=utf-8",
        b"<feed>***</feed>",
    )
