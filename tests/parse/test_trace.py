"""Why an entry is as it is: every candidate in order, which won, and why the others lost; told by what decides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import Source
from aggregator.errors import SourceError
from aggregator.model import Capture
from aggregator.parse.captures import parse_captures
from aggregator.parse.task import parse_task
from aggregator.parse.trace import ItemTrace, TracedCandidate, trace_items, unmatched_selectors
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from aggregator.parse.captures import ParseTask
    from aggregator.rules.compiled import Sites

TAKEN = datetime(2024, 7, 5, tzinfo=UTC)
MEDIA = 'xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"'


@pytest.fixture(scope="module")
def sites() -> Sites:
    return load_sites()


def feed(*items: str) -> Capture:
    channel = f"<title>Harbour</title><link>https://harbour.example/</link>{''.join(items)}"
    body = f'<rss version="2.0" {MEDIA}><channel>{channel}</channel></rss>'
    return Capture("harbour", "https://harbour.example/feed", TAKEN, body.encode())


def item(*more: str, title: str = "One") -> str:
    return f"<item><title>{title}</title><link>https://harbour.example/{title}</link>{''.join(more)}</item>"


def page(body: str, head: str = "") -> Capture:
    html = f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>"
    return Capture(
        "harbour",
        "https://harbour.example/list",
        TAKEN,
        html.encode(),
        headers={"content-type": "text/html"},
    )


def make_task(carrier: str, **keys: Any) -> ParseTask:
    """What a source with these keys is read with."""
    source = {"id": "harbour", "url": "https://harbour.example/", **keys}
    return parse_task(Source.model_validate(source), carrier)


def won(value: str, where: str) -> TracedCandidate:
    return TracedCandidate(value, where, has_won=True)


def lost(value: str, where: str, reason: str) -> TracedCandidate:
    return TracedCandidate(value, where, has_won=False, reason=reason)


def traced(one: ItemTrace, name: str) -> tuple[str | None, list[TracedCandidate]]:
    """A field's value and candidates, their dates aside."""
    trace = next(trace for trace in one.fields if trace.name == name)
    return trace.value, [
        TracedCandidate(each.value, each.where, each.has_won, each.reason)
        for each in trace.candidates
    ]


def test_what_won_and_why_the_others_lost_is_told_in_their_order(sites: Sites) -> None:
    blank, real, later = (
        f"https://harbour.example/{name}.jpg" for name in ("blank", "boat", "ship")
    )
    pictures = "".join(
        f'<media:content medium="image" url="{url}"/>' for url in (blank, real, later)
    )
    words = "<category>sea</category><category> </category>"

    [one] = trace_items(
        feed(item(pictures, words, "<dc:language>??</dc:language>")), make_task("feed"), sites
    )

    assert traced(one, "title") == ("One", [won("One", "feed:title")])
    assert traced(one, "tags") == ("sea", [won("sea", "feed:category")])
    assert traced(one, "language")[1] == [lost("??", "feed:dc:language", "no language tag")]
    assert traced(one, "image") == (
        real,
        [
            lost(blank, "feed:media:content", "placeholder image"),
            won(real, "feed:media:content"),
            lost(later, "feed:media:content", "later candidate"),
        ],
    )


def test_a_date_is_told_as_it_was_written_and_as_it_was_read(sites: Sites) -> None:
    date = "Thu, 04 Jul 2024 10:00:00 +0200"

    [one] = trace_items(feed(item(f"<pubDate>{date}</pubDate>")), make_task("feed"), sites)

    [candidate] = next(trace for trace in one.fields if trace.name == "published").candidates
    assert traced(one, "published") == ("2024-07-04T08:00:00Z", [won(date, "feed:published")])
    assert candidate.date is not None
    assert (candidate.date.value, candidate.date.precision, candidate.date.offset) == (
        datetime(2024, 7, 4, 8, tzinfo=UTC),
        "second",
        120,
    )


@pytest.mark.parametrize(
    ("date", "reason"),
    [("soon", "does not parse as a date"), ("Fri, 04 Jul 2025 10:00:00 GMT", "in the future")],
)
def test_a_date_that_is_none_gives_way_to_the_moment_of_capture(
    sites: Sites, date: str, reason: str
) -> None:
    [one] = trace_items(feed(item(f"<pubDate>{date}</pubDate>")), make_task("feed"), sites)

    assert traced(one, "published") == (
        "2024-07-05T00:00:00Z",
        [lost(date, "feed:published", reason), won("2024-07-05T00:00:00+00:00", "first_seen")],
    )


def test_a_title_that_is_the_sites_name_gives_way_to_another(sites: Sites) -> None:
    listed = "<article><h2>Harbour</h2><a href=/1>A bridge opens</a></article>"
    given = make_task("page", items="article", fields={"title": ["h2", "a"], "url": "a@href"})

    [one] = trace_items(page(listed, "<title>Harbour</title>"), given, sites)

    assert traced(one, "title") == (
        "A bridge opens",
        [
            lost("Harbour", "listing:h2", "equals the site's name"),
            won("A bridge opens", "listing:a"),
        ],
    )


def test_what_a_correction_decides_is_told_as_corrected(sites: Sites) -> None:
    future = feed(
        item(
            "<pubDate>Fri, 04 Jul 2025 10:00:00 GMT</pubDate>",
            "<description>&lt;p&gt;At sea &lt;img src=/a.jpg&gt;</description>",
        )
    )
    corrections = {"future": "keep", "ignore": "image", "force": {"title": "Always"}}

    [one] = trace_items(future, make_task("feed", corrections=corrections), sites)

    assert traced(one, "title") == ("Always", [won("Always", "corrections")])
    assert traced(one, "image") == (
        None,
        [lost("https://harbour.example/a.jpg", "body:img", "corrected")],
    )
    assert traced(one, "published") == (
        "2025-07-04T10:00:00Z",
        [
            won("Fri, 04 Jul 2025 10:00:00 GMT", "feed:published"),
            lost("2024-07-05T00:00:00+00:00", "first_seen", "corrected"),
        ],
    )


def test_what_filters_leave_out_and_what_is_rejected_is_there_too(sites: Sites) -> None:
    capture = feed(
        item(title="Sport"), "<item><title> </title><guid>7</guid></item>", item(title="Sea")
    )
    given = make_task("feed", exclude={"title": "Sport"})

    told = [
        (one.label, one.revision.title if one.revision else None, one.passes_filters)
        for one in trace_items(capture, given, sites)
    ]

    assert told == [("item 1", "Sport", False), ("item 2", "7", True), ("item 3", "Sea", True)]


def test_the_explained_revisions_are_those_of_a_run(sites: Sites) -> None:
    given = make_task("feed", tags=["sea"])
    same = '<item><title>Twin</title><link>https://harbour.example/</link><guid isPermaLink="false">{}</guid></item>'
    capture = feed(
        *(same.format(number) for number in (1, 2)), item("<description>Text</description>")
    )

    explained = trace_items(capture, given, sites)

    assert (
        tuple(one.revision for one in explained)
        == parse_captures([capture], given, sites).revisions
    )


def test_a_document_that_cannot_be_read_is_told_as_a_run_tells_it(sites: Sites) -> None:
    with pytest.raises(SourceError):
        trace_items(
            Capture("harbour", "https://harbour.example/", TAKEN, b"nothing"),
            make_task("feed"),
            sites,
        )


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (
            {"items": "li.card"},
            ["items: selector li.card matches nothing, nearest is li.c-card (2)"],
        ),
        ({"items": ["li.card", "li.c-card"]}, []),
        (
            {"items": "li.c-card", "fields": {"title": "h3", "summary": "p.lead"}},
            ["fields.summary: selector p.lead matches nothing"],
        ),
        (
            {
                "items": "li.c-card",
                "fields": {"title": ["h4", "h3"], "published": "time@datetme"},
                "next": "a.more@href",
            },
            [
                "fields.published: selector time@datetme matches nothing, nearest is time@datetime (2)",
                "next: selector a.more@href matches nothing, nearest is a@href (2)",
            ],
        ),
    ],
)
def test_rules_of_a_list_that_find_nothing_are_told(
    sites: Sites, own: dict[str, Any], expected: list[str]
) -> None:
    cards = "".join(
        f'<li class=c-card><h3><a href="/{n}">Story {n}</a></h3><time datetime=2024-07-0{n}></time></li>'
        for n in (1, 2)
    )

    found = unmatched_selectors(page(f"<ul>{cards}</ul>"), make_task("page", **own), sites)

    assert [f"{one.path}: {one}" for one in found] == expected


def test_rules_of_an_article_and_of_json_that_find_nothing_are_told(sites: Sites) -> None:
    own = {
        "article": {"body": ["main", "auto"], "fields": {"authors": ".author"}},
        "items": "json:data.article",
    }
    article = page("<article><p class=authors>Ann</p></article>")
    data = Capture(
        "harbour", "https://harbour.example/api", TAKEN, b'{"data": {"articles": [1, 2]}}'
    )

    of_article = unmatched_selectors(article, make_task("article", **own), sites)
    of_data = unmatched_selectors(data, make_task("json", **own), sites)
    right = unmatched_selectors(
        data, make_task("json", items="json:data.articles", next="json:data"), sites
    )

    assert [str(one) for one in of_article] == [
        "selector .author matches nothing, nearest is .authors (1)"
    ]
    assert [str(one) for one in of_data] == [
        "selector json:data.article matches nothing, nearest is json:data.articles (2)"
    ]
    assert right == ()


@pytest.mark.parametrize("carrier", ["page", "article", "json", "feed", "archive", "sitemap"])
def test_a_document_of_another_kind_has_no_silent_rules_and_raises_nothing(
    sites: Sites, carrier: str
) -> None:
    capture = Capture("harbour", "https://harbour.example/", TAKEN, b"%PDF-1.7 \x00\xff")

    assert unmatched_selectors(capture, make_task(carrier), sites) == ()
