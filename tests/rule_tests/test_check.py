"""A capture held against what a declared test expects: silence where all is as it says, else what differs and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import ExpectedEntry, PageTest, Source
from aggregator.model import Capture
from aggregator.parse.task import parse_task
from aggregator.rule_tests.check import adapter_of, mismatches
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from aggregator.parse.captures import ParseTask
    from aggregator.rules.compiled import Sites

TAKEN = datetime(2024, 7, 5, tzinfo=UTC)
ITEM = """<item><title>A &amp; B</title><link>https://harbour.example/1</link>
<pubDate>Thu, 04 Jul 2024 10:00:00 +0200</pubDate><author>ann@harbour.example (Ann Lee)</author>
<category>sea</category><category>ships</category><media:credit>AFP</media:credit>
<media:content medium="image" url="https://harbour.example/boat.jpg"/><dc:language>en</dc:language>
<description>The lead of it.</description>
<content:encoded>&lt;p&gt;The &lt;b&gt;bridge&lt;/b&gt; opens.&lt;/p&gt;</content:encoded>
</item>"""
SPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)
GONE = "1 rejected, the first: item 2: no link, no id, no title, no text; 1 left out by filters"
CARD = '<li class="c-card"><h3><a href="/{n}">Story number {n}</a></h3></li>'


@pytest.fixture(scope="module")
def sites() -> Sites:
    return load_sites()


def capture(body: str, url: str = "https://harbour.example/") -> Capture:
    return Capture("harbour", url, TAKEN, body.encode())


def feed(*items: str) -> Capture:
    channel = f"<title>Harbour</title><link>https://harbour.example/</link>{''.join(items)}"
    return capture(f'<rss version="2.0" {SPACES}><channel>{channel}</channel></rss>')


def make_task(carrier: str, **keys: Any) -> ParseTask:
    return parse_task(
        Source.model_validate({"id": "harbour", "url": "https://harbour.example/", **keys}), carrier
    )


def expecting(**keys: Any) -> PageTest:
    return PageTest.model_validate({"capture": "a.xml", **keys})


PASSING = {
    "title": "A & B",
    "url": "http://www.harbour.example/1/?utm_source=x",
    "published": "2024-07-04T08:00:00Z",
    "updated": "2024-07-05T00:00:00Z",
    "summary": "The lead of it.",
    "authors": ["Ann Lee"],
    "tags": "ships",
    "credits": "AFP",
    "language": "en",
    "publisher": "Harbour",
    "image": "https://harbour.example/boat.jpg",
    "contains": ["bridge  opens", "THE BRIDGE"],
    "lacks": "read more",
}
FAILING = {
    "title": ("A", "expected `A`, found `A & B`"),
    "url": (
        "https://harbour.example/2",
        "expected `https://harbour.example/2`, found `https://harbour.example/1`",
    ),
    "published": (
        "2024-07-04T10:00:00Z",
        "expected `2024-07-04T10:00:00Z`, found `2024-07-04T08:00:00Z`",
    ),
    "updated": ("soon", "`soon` is no date and time with an offset (RFC 3339)"),
    "summary": ("x" * 99, f"expected `{'x' * 80}…`, found `The lead of it.`"),
    "authors": (["Ann Lee", "Bo"], "expected `Ann Lee, Bo`, found `Ann Lee`"),
    "tags": (["sea", "sun"], "expected `sun`, found `sea, ships`"),
    "credits": ("AP", "expected `AP`, found `AFP`"),
    "language": ("fr", "expected `fr`, found `en`"),
    "publisher": ("Quay", "expected `Quay`, found `Harbour`"),
    "image": (
        "https://harbour.example/2.jpg",
        "expected `https://harbour.example/2.jpg`, found `https://harbour.example/boat.jpg`",
    ),
    "contains": (["bridge", "closes"], "`closes` is not in the text of 17 characters"),
    "lacks": ("Bridge", "`Bridge` is in the text"),
}


def test_every_key_of_an_expectation_is_compared() -> None:
    assert set(PASSING) == set(FAILING) == set(ExpectedEntry.model_fields)


def test_what_is_as_expected_is_passed_over_in_silence(sites: Sites) -> None:
    assert (
        mismatches(
            expecting(min_items=1, first=PASSING), feed(ITEM), task=make_task("feed"), sites=sites
        )
        == ()
    )


@pytest.mark.parametrize("name", FAILING)
def test_each_difference_is_told_with_what_was_expected_and_what_was_found(
    sites: Sites, name: str
) -> None:
    value, message = FAILING[name]

    found = mismatches(
        expecting(first={name: value}), feed(ITEM), task=make_task("feed"), sites=sites
    )

    assert found == (f"first.{name}: {message}",)


def test_what_is_not_there_at_all_is_nothing(sites: Sites) -> None:
    bare = "<item><title>One</title></item>"
    expected = {name: PASSING[name] for name in ("url", "image", "authors", "credits", "summary")}

    found = mismatches(expecting(first=expected), feed(bare), task=make_task("feed"), sites=sites)

    assert [message.rpartition(", ")[2] for message in found] == ["found nothing"] * 5


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"min_items": 2}, (f"expected at least 2 items, found 1 ({GONE})",)),
        ({}, ()),
        ({"min_items": 1}, ()),
    ],
)
def test_items_are_counted_as_a_run_counts_them(
    sites: Sites, keys: dict[str, Any], expected: tuple[str, ...]
) -> None:
    sport = "<item><title>Sport</title></item>"

    found = mismatches(
        expecting(**keys),
        feed(ITEM, "<item/>", sport),
        task=make_task("feed", exclude={"title": "Sport"}),
        sites=sites,
    )

    assert found == expected


def test_a_test_that_says_nothing_wants_one_item_and_one_of_none_wants_none(sites: Sites) -> None:
    empty, of_feed = feed(), make_task("feed")

    assert mismatches(expecting(), empty, task=of_feed, sites=sites) == (
        "expected at least 1 item, found 0",
    )
    assert mismatches(expecting(min_items=0), empty, task=of_feed, sites=sites) == ()


def test_a_selector_that_matches_nothing_is_told_with_the_nearest(sites: Sites) -> None:
    page = capture(
        f"<html><body><ul>{''.join(CARD.format(n=n) for n in range(14))}</ul></body></html>"
    )
    given = make_task(
        "page",
        items="li.c-card",
        fields={"title": "h3", "url": "a@href", "published": "tme@datetime"},
    )
    lost = make_task("page", items="li.card")

    [few] = mismatches(expecting(min_items=20), page, task=given, sites=sites)
    [none] = mismatches(expecting(min_items=12), page, task=lost, sites=sites)

    assert few == "expected at least 20 items, found 14; selector tme@datetime matches nothing"
    assert none.startswith("expected at least 12 items: ")
    assert "li.card" in none
    assert "li.c-card" in none
    assert "matches nothing" not in none  # the adapter said so already


def test_an_articles_own_page_is_read_as_an_article(sites: Sites) -> None:
    text = "".join(
        f"<p>The bridge opens again, for the time number {n}, and ships pass beneath it.</p>"
        for n in range(9)
    )
    head = "<title>A bridge opens</title>"
    page = capture(
        f"<html lang=en><head>{head}</head><body><main><h1>A bridge opens</h1>{text}</main></body></html>",
        "https://harbour.example/1",
    )
    given = make_task("page", article={"body": "main", "fields": {"authors": ".author"}})

    good = mismatches(
        expecting(entry={"title": "A bridge opens", "contains": "number 8"}),
        page,
        task=given,
        sites=sites,
    )
    bad = mismatches(
        expecting(entry={"title": "Two", "authors": "Ann"}), page, task=given, sites=sites
    )

    assert good == ()
    assert bad == (
        "entry.title: expected `Two`, found `A bridge opens`; selector .author matches nothing",
        "entry.authors: expected `Ann`, found nothing",
    )


@pytest.mark.parametrize("body", ["", "<html><body></body></html>", "%PDF-1.7"])
def test_a_page_that_is_no_article_is_told(sites: Sites, body: str) -> None:
    [found] = mismatches(
        expecting(entry={"title": "One"}), capture(body), task=make_task("page"), sites=sites
    )

    assert found.startswith("expected an article")


@pytest.mark.parametrize(
    ("body", "carrier"),
    [
        ("<!--1718966343000-->\n[One](https://harbour.example/1)\n---\n", "archive"),
        ("\ufeff---\na: b\n---\n<!--1718966343-->\n[One](x)\n---\n", "archive"),
        ("<!-- a comment --><html></html>", "feed"),
        ("<!doctype html><title>x</title>", "page"),
        ("<urlset></urlset>", "sitemap"),
        ('{"a": []}', "json"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "feed"),
        ("<rss/>", "feed"),
    ],
)
def test_the_bytes_tell_what_carries_the_items(body: str, carrier: str) -> None:
    assert adapter_of(capture(body)) == carrier
