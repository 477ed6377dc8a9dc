"""Captures in, revisions out: one bad item is one message, whatever is wrong with it."""

from __future__ import annotations

import pickle
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.adapters import ROUGH_TEXT
from aggregator.config import Corrections, Match, Source
from aggregator.errors import SourceError
from aggregator.model import Candidate, Capture, RawEntry, Rejection
from aggregator.parse.captures import (
    MAX_ITEM_CHARACTERS,
    PageRequest,
    ParseResult,
    ParseTask,
    concat,
    parse_captures,
    rules_for,
)
from aggregator.rules.loader import load_sites

TAKEN = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
SITES = load_sites()
HEAD = "<!--1718966343000-->\n[Lamps](https://news.example.org/1)\n------\n\n"


def saved(text: str | bytes, name: str = "lamps.txt") -> Capture:
    return Capture(
        "saved", f"file:///saved/{name}", TAKEN, text.encode() if isinstance(text, str) else text
    )


def feed(items: str) -> Capture:
    body = f"<rss version='2.0'><channel><title>The Paper</title>{items}</channel></rss>"
    return Capture("news", "https://news.example.org/feed", TAKEN, body.encode())


def item(number: int, **parts: str) -> str:
    stated = {"title": f"Title {number}", "link": f"https://news.example.org/{number}"} | parts
    return (
        "<item>"
        + "".join(f"<{name}>{value}</{name}>" for name, value in stated.items() if value)
        + "</item>"
    )


def test_articles_come_in_the_order_of_their_captures() -> None:
    captures = [saved(HEAD.replace("/1)", f"/{number})") + "<p>x</p>") for number in (3, 1, 2)]

    found = parse_captures(captures, ParseTask("saved", "archive"), SITES)

    assert [revision.url for revision in found.revisions] == [
        f"https://news.example.org/{number}" for number in (3, 1, 2)
    ]
    assert found.rejected == ()


def test_a_bad_file_is_one_message_and_the_rest_is_read() -> None:
    bad: dict[str, str | bytes] = {
        "nan.txt": HEAD.replace("1718966343000", "NaN"),
        "binary.txt": b"\x00\x01",
        "empty.txt": b"",
        "text.txt": "hello",
    }
    captures = [
        saved(HEAD + "<p>x</p>"),
        *(saved(text, name) for name, text in bad.items()),
        saved(HEAD + "<p>y</p>"),
    ]

    found = parse_captures(captures, ParseTask("saved", "archive"), SITES)

    assert [revision.content_html for revision in found.revisions] == ["<p>x</p>", "<p>y</p>"]
    assert [rejection.label for rejection in found.rejected] == list(bad)


# What the collector of saved articles writes around an article, and others mean literally.
LIKE_A_SAVED_ARTICLE = {
    "an author in italics": (
        "<div><i>The Lamp<br>or The Wick</i> is read.</div><p>Text.</p>",
        "<p><i>The Lamp<br>or The Wick</i> is read.</p><p>Text.</p>",
    ),
    "a film": (
        '<p>Before</p><video src="https://a.example/v.mp4" controls></video><p>After</p>',
        '<p>Before</p><video src="https://a.example/v.mp4" controls=""></video><p>After</p>',
    ),
    "a word": (
        "<p>In a script:</p><p>Array</p><p>or Object.</p>",
        "<p>In a script:</p><p>Array</p><p>or Object.</p>",
    ),
    "a picture": (
        '<img src="https://a.example/comic.png">',
        '<figure><img src="https://a.example/comic.png"></figure>',
    ),
    "a date in italics": (
        "<div><i>by Ann Lee<br>What we did on 5 May 2019</i></div><p>Text.</p>",
        "<p><i>by Ann Lee<br>What we did on 5 May 2019</i></p><p>Text.</p>",
    ),
    "a date alone": (
        "<div>5 May 2019</div><p>Text.</p>",
        "<p>5 May 2019</p><p>Text.</p>",
    ),
}


@pytest.mark.parametrize(
    "place",
    [
        "news.example.org",
        "www.bbc.com/zhongwen/simp",
        "www.voachinese.com/a",
        "cn.nytimes.com",
        "www.rfi.fr/en",
    ],
)
@pytest.mark.parametrize(("text", "kept"), LIKE_A_SAVED_ARTICLE.values(), ids=LIKE_A_SAVED_ARTICLE)
def test_the_rules_of_saved_articles_leave_feeds_alone(text: str, kept: str, place: str) -> None:
    stated = item(
        1,
        link=f"https://{place}/1",
        pubDate="Mon, 01 Jun 2026 10:00:00 GMT",
        description=f"<![CDATA[{text}]]>",
    )

    (entry,) = parse_captures([feed(stated)], ParseTask("news", "feed"), SITES).revisions

    published = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
    assert (entry.content_html, entry.authors, entry.published) == (kept, (), published)


def test_a_feed_keeps_what_the_rules_of_its_host_say_of_feeds() -> None:
    stated = item(
        1,
        link="https://www.voachinese.com/a/lamps/7000001.html",
        description="<![CDATA[<p>一盏灯。</p><p>（本文参考了路透社的报道）</p>]]>",
    )

    (entry,) = parse_captures([feed(stated)], ParseTask("news", "feed"), SITES).revisions

    assert (entry.keys[0], entry.language, entry.publisher, entry.credits) == (
        "voa:7000001",
        "zh-Hans",
        "美国之音",
        ("Reuters",),
    )


def test_a_source_that_names_the_rules_of_saved_articles_has_them() -> None:
    stated = item(1, description="<![CDATA[<div><i>Ann Lee<br>5 May 2019</i></div><p>Text.</p>]]>")
    task = ParseTask("news", "feed", site="saved")

    (entry,) = parse_captures([feed(stated)], task, SITES).revisions

    assert (entry.authors, entry.content_html) == (("Ann Lee",), "<p>Text.</p>")


def test_the_same_captures_give_the_same_revisions_in_any_process() -> None:
    task = ParseTask("saved", "archive")
    captures = [saved(HEAD + "<p>x</p><iframe src='https://player.vimeo.com/video/1'></iframe>")]

    found = parse_captures(captures, task, SITES)

    assert pickle.loads(pickle.dumps(found)) == parse_captures(
        pickle.loads(pickle.dumps(captures)), task, SITES
    )


def test_a_later_capture_of_an_edited_article_is_another_revision_of_it() -> None:
    head = HEAD.replace(
        "https://news.example.org/1", "https://www.voachinese.com/a/lamps/7000001.html"
    )
    first = saved(head + "<div><i>Fri, 21 Jun 2024 10:28:10 GMT</i></div><p>一盏灯。</p>")
    later = saved(
        head.replace("1718966343000", "1718969999000")
        + "<div><i>Fri, 21 Jun 2024 10:28:41 GMT</i></div><p>三盏灯。</p>"
    )

    one, two = parse_captures([later, first], ParseTask("saved", "archive"), SITES).revisions

    assert one.keys == two.keys == ("voa:7000001", "url://voachinese.com/a/lamps/7000001.html")
    assert one.hash != two.hash
    assert one.at - two.at == timedelta(seconds=3656)


def test_the_hash_of_an_article_leaves_its_dates_out() -> None:
    one = saved(HEAD + "<div><i>2024-06-21T10:00:00Z</i></div><p>x</p>")
    two = saved(
        HEAD.replace("1718966343000", "1718969999000")
        + "<div><i>2024-06-21T10:30:00Z</i></div><p>x</p>"
    )

    first, second = parse_captures([one, two], ParseTask("saved", "archive"), SITES).revisions

    assert (first.hash == second.hash, first.published == second.published) == (True, False)


def test_an_item_of_a_feed_meets_the_rules_of_its_host() -> None:
    item_of_rfi = item(
        1,
        link="https://www.rfi.fr/cn/1",
        title="三盏灯 - 要闻分析",
        description="&lt;p&gt;灯&lt;/p&gt;&lt;p&gt;广告&lt;/p&gt;",
    )

    found = parse_captures([feed(item_of_rfi)], ParseTask("news", "feed"), SITES)

    (revision,) = found.revisions
    assert (revision.title, revision.tags, revision.language) == (
        "三盏灯",
        ("要闻分析",),
        "zh-Hans",
    )
    assert revision.publisher == "法国国际广播电台"
    assert found.title == "The Paper"


def test_the_title_of_a_feed_stands_in_for_a_publisher() -> None:
    (revision,) = parse_captures(
        [feed(item(1))], ParseTask("news", "feed", tags=("world",), language="en"), SITES
    ).revisions

    assert (revision.publisher, revision.tags, revision.language) == ("The Paper", ("world",), "en")


def test_items_of_one_feed_that_share_a_link_are_told_apart() -> None:
    shared = "https://news.example.org/changelog"

    found = parse_captures(
        [feed(item(1, link=shared) + item(2, link=shared))], ParseTask("news", "feed"), SITES
    )

    assert len({revision.keys for revision in found.revisions}) == 2


def test_a_picture_that_most_of_the_articles_share_is_a_logo_and_no_picture() -> None:
    def pictures(*names: str) -> list[str | None]:
        items = [
            item(number, description=f"&lt;img src='/{name}.jpg'&gt;")
            for number, name in enumerate(names)
        ]
        found = parse_captures([feed("".join(items))], ParseTask("news", "feed"), SITES).revisions
        return [one.image.url.rpartition("/")[2] if one.image else None for one in found]

    assert pictures("logo", "logo", "logo", "a", "b") == [None, None, None, "a.jpg", "b.jpg"]
    assert pictures("pair", "pair", "a", "b", "c") == [
        "pair.jpg",
        "pair.jpg",
        "a.jpg",
        "b.jpg",
        "c.jpg",
    ]
    assert pictures("same", "same", "same", "same") == ["same.jpg"] * 4


def test_a_logo_leaves_the_hash_as_it_was_stated() -> None:
    items = [item(number, description="&lt;img src='/logo.jpg'&gt;") for number in range(5)]

    alone = parse_captures([feed(items[0])], ParseTask("news", "feed"), SITES).revisions[0]
    among = parse_captures([feed("".join(items))], ParseTask("news", "feed"), SITES).revisions[0]

    assert (among.image, among.hash) == (None, alone.hash)
    assert alone.image is not None


def test_an_item_without_anything_is_rejected() -> None:
    found = parse_captures(
        [feed("<item><pubDate>x</pubDate></item>" + item(2))], ParseTask("news", "feed"), SITES
    )

    assert [revision.title for revision in found.revisions] == ["Title 2"]
    assert found.rejected == (Rejection("item 1", "no link, no id, no title, no text"),)


def test_a_feed_with_too_many_items_is_cut_and_says_so() -> None:
    surplus = "<item><title>x</title></item>" * 10_001

    found = parse_captures([feed(surplus)], ParseTask("news", "feed"), SITES)

    assert len(found.revisions) == 10_000
    assert found.rejected == (Rejection(None, "items after number 10000 were left out"),)


def test_an_item_that_is_too_large_is_rejected() -> None:
    found = parse_captures(
        [saved(HEAD + "x" * (MAX_ITEM_CHARACTERS + 1))], ParseTask("saved", "archive"), SITES
    )

    rejection = Rejection("lamps.txt", "more than 2,097,152 characters")
    assert (found.revisions, found.rejected) == ((), (rejection,))


def test_a_document_that_is_no_feed_is_the_sources_error() -> None:
    with pytest.raises(SourceError):
        parse_captures([saved("hello")], ParseTask("news", "feed"), SITES)


def test_an_adapter_that_is_not_there_is_the_sources_error() -> None:
    with pytest.raises(SourceError, match="no adapter reads `fax`; there are feed, page"):
        parse_captures([saved(HEAD)], ParseTask("news", "fax"), SITES)


# --- pages ------------------------------------------------------------------------------------------------------------


def page(*cards: str, url: str = "https://news.example.org/", head: str = "") -> Capture:
    listed = "".join(f"<div class='card'>{card}</div>" for card in cards)
    body = f"<!doctype html><html><head><title>The Paper</title>{head}</head><body><main>{listed}</main></body></html>"
    return Capture(
        "news", url, TAKEN, body.encode(), headers={"content-type": "text/html; charset=utf-8"}
    )


def card(number: int, date: str = "30/06/2026 - 23:40", title: str = "") -> str:
    title = title or f"Title {number}"
    return f"<h2><a href='/{number}'>{title}</a></h2><i>{date}</i>"


RULES = Source.model_validate(
    {
        "id": "news",
        "url": "https://news.example.org/",
        "items": ".card",
        "next": "a.next@href",
        "fields": {
            "title": "h2",
            "url": "h2 a@href",
            "published": {"from": "i", "formats": "%d/%m/%Y - %H:%M"},
        },
    }
).own_rules
LISTED = ParseTask("news", "page", page_rules=RULES, timezone="Europe/Paris")


def test_a_page_is_read_by_the_sources_own_rules_and_its_dates_as_they_are_written_there() -> None:
    found = parse_captures(
        [page(card(1, date="05/06/2026 - 23:40"), card(2, date="05/06/2026 - 23:40"))],
        LISTED,
        SITES,
    )

    assert [revision.title for revision in found.revisions] == ["Title 1", "Title 2"]
    assert {revision.published for revision in found.revisions} == {
        datetime(2026, 6, 5, 21, 40, tzinfo=UTC)
    }
    assert [revision.url for revision in found.revisions] == [
        f"https://news.example.org/{number}" for number in (1, 2)
    ]
    assert found.item_count == 2


def test_the_items_of_a_page_want_their_articles_unless_they_may_not_or_have_a_text() -> None:
    captures = [page(card(1))]

    assert [one.url for one in parse_captures(captures, LISTED, SITES).page_requests] == [
        "https://news.example.org/1"
    ]
    assert parse_captures(captures, replace(LISTED, full_text="never"), SITES).page_requests == ()
    assert (
        parse_captures(
            [saved(HEAD)], ParseTask("saved", "archive", full_text="always"), SITES
        ).page_requests
        == ()
    )


def test_a_next_page_is_further_to_read() -> None:
    capture = page(card(1))
    capture = replace(
        capture,
        body=capture.body.replace(b"</main>", b"<a class='next' href='?p=2'>more</a></main>"),
    )

    assert parse_captures([capture], LISTED, SITES).next_urls == ("https://news.example.org/?p=2",)


def test_rules_are_those_of_the_name_else_the_host_else_the_kind_of_page_else_for_anybody() -> None:
    unknown = page(head="<meta name='generator' content='WordPress 6.5'>")
    rfi = page(url="https://www.rfi.fr/cn/")

    def named(task: ParseTask, capture: Capture) -> str:
        return rules_for(task, capture, SITES).id

    assert named(ParseTask("news", "page", site="voa"), rfi) == "voa"
    assert named(ParseTask("news", "page"), rfi) == "rfi"
    assert named(ParseTask("news", "page"), unknown) == "wordpress"
    assert named(ParseTask("news", "archive"), unknown) == "saved"
    assert named(ParseTask("news", "feed"), unknown) == "none"
    assert named(ParseTask("news", "page"), page()) == "none"
    assert rules_for(LISTED, page(), SITES).listing.items[0].source == ".card"


# --- full text --------------------------------------------------------------------------------------------------------


FED = ParseTask("news", "feed")


def text_of_feed(text: str, task: ParseTask = FED, **parts: str) -> tuple[PageRequest, ...]:
    return parse_captures([feed(item(1, description=text, **parts))], task, SITES).page_requests


def test_an_item_of_a_feed_wants_its_article_where_its_text_breaks_off() -> None:
    assert [one.url for one in text_of_feed("The lamps went out […]")] == [
        "https://news.example.org/1"
    ]
    assert len(text_of_feed("")) == 1
    assert text_of_feed("The lamps went out.") == ()
    assert text_of_feed("The lamps…", ParseTask("news", "feed", full_text="never")) == ()
    assert (
        len(text_of_feed("The lamps went out.", ParseTask("news", "feed", full_text="always"))) == 1
    )


def test_an_item_that_leads_elsewhere_or_plays_wants_nothing() -> None:
    sound = "</guid><enclosure url='https://news.example.org/1.mp3' type='audio/mpeg'/><guid>1"

    assert text_of_feed("The lamps…", link="https://elsewhere.example/1") == ()
    assert text_of_feed("The lamps…", guid=sound) == ()
    assert len(text_of_feed("The lamps…", link="https://www.news.example.org/1")) == 1
    assert (
        len(
            text_of_feed(
                "The lamps…",
                ParseTask("news", "feed", full_text="always"),
                link="https://else.example/1",
            )
        )
        == 1
    )


def test_a_link_that_several_items_share_is_the_page_of_none() -> None:
    shared = "https://news.example.org/changelog"

    found = parse_captures(
        [feed(item(1, link=shared) + item(2, link=shared) + item(3))],
        ParseTask("news", "feed"),
        SITES,
    )

    assert [(one.revision_index, one.url) for one in found.page_requests] == [
        (2, "https://news.example.org/3")
    ]


def test_what_a_digest_of_several_wants_counts_on() -> None:
    one = parse_captures([page(card(1), card(2))], LISTED, SITES)

    both = concat([one, one])

    assert [wanted.revision_index for wanted in both.page_requests] == [0, 1, 2, 3]
    assert (len(both.revisions), both.revisions_per_capture, concat([])) == (
        4,
        (2, 2),
        ParseResult(),
    )
    assert pickle.loads(pickle.dumps(both)) == both


ARTICLE = "<h1>Title 1</h1><article class='text'><p>The lamps along the old harbour went out that night.</p>{}</article>"
TOLD = "".join(
    f"<p>Sentence {number} tells what the keeper of the lamps saw from his window then.</p>"
    for number in range(9)
)


def article(text: str = TOLD, url: str = "https://news.example.org/1", head: str = "") -> Capture:
    body = f"<!doctype html><html><head><title>Title 1</title>{head}</head><body>{ARTICLE.format(text)}</body></html>"
    return Capture("news", url, TAKEN, body.encode(), headers={"content-type": "text/html"})


def test_an_article_completes_the_item_that_a_list_states() -> None:
    [wanted] = parse_captures([page(card(1))], LISTED, SITES).page_requests
    head = "<meta property='article:published_time' content='2026-06-30T23:40:12+02:00'>"

    found = parse_captures(
        [article(head=head)],
        replace(LISTED, adapter="article", item=wanted.raw, list_adapter="page"),
        SITES,
    )

    [revision] = found.revisions
    assert (revision.title, revision.url, revision.publisher) == (
        "Title 1",
        "https://news.example.org/1",
        "The Paper",
    )
    assert revision.content_html is not None
    assert "Sentence 8" in revision.content_html
    assert revision.published == datetime(2026, 6, 30, 21, 40, 12, tzinfo=UTC)
    assert (found.page_requests, found.next_urls, found.rejected) == ((), (), ())
    assert revision.provenance["content_html"] == "trafilatura"


def test_the_text_of_a_page_is_found_without_trafilatura(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    [wanted] = parse_captures([page(card(1))], LISTED, SITES).page_requests

    found = parse_captures(
        [article()], replace(LISTED, adapter="article", item=wanted.raw, list_adapter="page"), SITES
    )

    [revision] = found.revisions
    assert revision.provenance["content_html"] == ROUGH_TEXT
    assert revision.content_html is not None
    assert [f"Sentence {number}" in revision.content_html for number in (0, 8)] == [True, True]


def test_the_pages_of_an_article_are_put_together_and_the_next_is_named() -> None:
    rules = Source.model_validate(
        {
            "id": "news",
            "url": "https://news.example.org/",
            "article": {"body": ".text", "next": "a.on@href"},
        }
    ).own_rules
    task = ParseTask(
        "news",
        "article",
        page_rules=rules,
        item=RawEntry("item 1", title=(Candidate("Title 1", "feed:title"),)),
    )
    first, second = (
        article(TOLD + "<a class='on' href='/1/2'>on</a>"),
        article("<p>The end of it all.</p>", "https://news.example.org/1/2"),
    )

    one = parse_captures([first], task, SITES)
    both = parse_captures([first], replace(task, next_pages=(second,)), SITES)

    assert (one.next_urls, both.next_urls) == (("https://news.example.org/1/2",), ())
    assert both.revisions[0].content_html is not None
    assert both.revisions[0].content_html.endswith("<p>The end of it all.</p>")


def test_a_page_without_an_article_is_one_message() -> None:
    task = ParseTask(
        "news", "article", item=RawEntry("item 7", title=(Candidate("Title 7", "page:h2"),))
    )

    found = parse_captures(
        [replace(article(), body=b"<!doctype html><html><body></body></html>")], task, SITES
    )

    assert found.revisions == ()
    assert [rejection.label for rejection in found.rejected] == ["item 7"]


# --- what a person decides --------------------------------------------------------------------------------------------


def test_what_filters_leave_out_is_counted_and_wants_nothing() -> None:
    task = replace(LISTED, include=Match(title=("Title",)), exclude=Match(title=("live",)))

    found = parse_captures(
        [page(card(1), card(2, title="Title 2 live"), card(3, title="Weather"))], task, SITES
    )

    assert [revision.title for revision in found.revisions] == ["Title 1"]
    assert (
        found.filtered,
        found.item_count,
        len(found.page_requests),
        found.revisions_per_capture,
    ) == (2, 3, 1, (1,))


def test_a_text_is_asked_for_when_there_is_one() -> None:
    task = replace(LISTED, include=Match(content=("keeper of the lamps",)))
    [wanted] = parse_captures([page(card(1))], task, SITES).page_requests
    read = replace(task, adapter="article", item=wanted.raw, list_adapter="page")

    assert parse_captures([article()], read, SITES).filtered == 0
    assert (
        parse_captures(
            [article()], replace(read, include=Match(content=("elephants",))), SITES
        ).filtered
        == 1
    )
    assert parse_captures([page(card(1))], replace(task, full_text="never"), SITES).filtered == 1


def test_corrections_hold_for_lists_and_for_articles() -> None:
    corrections = Corrections.model_validate(
        {"force": {"authors": "The Paper"}, "ignore": "published", "cut_title": "^Title "}
    )
    task = replace(LISTED, corrections=corrections)
    [wanted] = parse_captures([page(card(1))], task, SITES).page_requests

    stated = parse_captures([page(card(1))], task, SITES).revisions[0]
    read = parse_captures(
        [article()], replace(task, adapter="article", item=wanted.raw, list_adapter="page"), SITES
    ).revisions[0]

    assert {(one.title, one.authors, one.published_from) for one in (stated, read)} == {
        ("1", ("The Paper",), "first_seen")
    }


def test_an_item_dated_in_the_future_may_be_refused() -> None:
    task = replace(LISTED, corrections=Corrections(future="reject"))

    found = parse_captures([page(card(1), card(2, date="30/06/2027 - 10:00"))], task, SITES)

    assert [revision.title for revision in found.revisions] == ["Title 1"]
    assert [rejection.reason for rejection in found.rejected] == [
        "dated 2027-06-30 08:00Z, which lies in the future"
    ]


def version(
    number: int, *, guid: str = "urn:av:1", link: str = "https://news.example.org/1"
) -> str:
    return (
        f"<entry><title>v{number}</title><id>{guid}</id><link href='{link}'/>"
        f"<updated>2026-06-0{number}T00:00:00Z</updated><content>text {number}</content></entry>"
    )


def atom(*entries: str) -> Capture:
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title>{''.join(entries)}</feed>"
    return Capture("news", "https://news.example.org/feed", TAKEN, body.encode())


def test_versions_of_one_guid_are_all_kept_under_the_same_keys() -> None:
    found = parse_captures([atom(*map(version, (1, 3, 2)))], ParseTask("news", "feed"), SITES)

    assert [(one.title, one.keys) for one in found.revisions] == [
        (title, ("url://news.example.org/1", "guid:urn:av:1")) for title in ("v1", "v3", "v2")
    ]
    assert (found.notes, found.ignore_guids) == ((), False)


def test_guids_of_which_more_than_a_twentieth_repeat_count_for_nothing() -> None:
    repeated = [
        item(number, guid="same", pubDate=f"0{number} Jul 2026 12:00 GMT") for number in (1, 2)
    ]

    found = parse_captures([feed("".join(repeated))], ParseTask("news", "feed"), SITES)

    assert [one.keys for one in found.revisions] == [
        ("url://news.example.org/1",),
        ("url://news.example.org/2",),
    ]
    assert found.notes == ("keyed by URL: 1 of 2 guids repeat",)
    assert found.ignore_guids


def test_a_guid_that_repeats_once_among_many_alone_is_not_trusted() -> None:
    items = [item(number, guid=f"g{number % 24}") for number in range(25)]

    found = parse_captures([feed("".join(items))], ParseTask("news", "feed"), SITES)

    without_guid = [one.url for one in found.revisions if len(one.keys) == 1]
    assert without_guid == ["https://news.example.org/0", "https://news.example.org/24"]
    assert (found.notes, found.ignore_guids) == ((), False)


def test_remarks_on_one_page_are_told_apart_by_the_places_they_link_to() -> None:
    link = "https://news.example.org/1#comment-{}"
    items = [item(number, link=link.format(number), guid=link.format(number)) for number in (4, 6)]

    found = parse_captures([feed("".join(items))], ParseTask("news", "feed"), SITES)

    assert [(one.url, one.keys) for one in found.revisions] == [
        (link.format(number), (f"url://news.example.org/1#comment-{number}",)) for number in (4, 6)
    ]


def test_the_page_of_a_remark_is_not_read_for_its_text() -> None:
    cut = {"description": "It begins well and then it goes on …"}
    items = item(1, **cut) + item(2, link="https://news.example.org/1#comment-2", **cut)

    found = parse_captures([feed(items)], ParseTask("news", "feed"), SITES)

    assert [request.url for request in found.page_requests] == ["https://news.example.org/1"]


def test_items_with_one_link_keep_it_behind_what_tells_them_apart() -> None:
    items = [
        item(number, link="https://news.example.org/log", guid=f"g{number}") for number in (1, 2)
    ]

    found = parse_captures([feed("".join(items))], ParseTask("news", "feed"), SITES)

    assert [one.keys for one in found.revisions] == [
        (f"guid:news:g{number}", "url://news.example.org/log") for number in (1, 2)
    ]


def tiers(capture: Capture, task: ParseTask) -> list[int]:
    return [one.tier for one in parse_captures([capture], task, SITES).revisions]


def test_each_item_says_how_sure_it_is_that_its_source_is_its_publisher() -> None:
    elsewhere = item(2, link="https://harbour.example/2")
    links = feed(item(1) + elsewhere)

    assert tiers(links, ParseTask("news", "feed")) == [3, 0]
    assert tiers(links, ParseTask("news", "feed", publisher_sites=("harbour.example",))) == [0, 3]


def test_an_entry_that_was_taken_from_its_publisher_says_so() -> None:
    source = "<source><link href='https://harbour.example/'/></source>"
    taken = version(1, link="https://harbour.example/1").replace("<content>", f"{source}<content>")

    assert tiers(atom(taken), ParseTask("news", "feed")) == [2]


def test_a_saved_article_and_an_articles_own_page_are_their_publishers_word() -> None:
    lamps = saved(HEAD + "<p>x</p>")
    own_page = article(url="https://m.example.net/1")
    stated = RawEntry(
        label="item 1",
        url=(Candidate("https://news.example.org/1", "feed:link"),),
        title=(Candidate("Lamps", "feed:title"),),
    )

    assert tiers(lamps, ParseTask("saved", "archive", publisher_sites=("other.example",))) == [3]
    assert tiers(own_page, ParseTask("news", "article", item=stated)) == [3]


def test_the_comments_of_an_item_stay_when_its_own_page_is_read() -> None:
    stated = RawEntry(
        label="item 1",
        base_url="https://news.example.org/",
        url=(Candidate("/1", "feed:link"),),
        title=(Candidate("Lamps", "feed:title"),),
        comments=(Candidate("1#comments", "feed:comments"),),
    )

    task = ParseTask("news", "article", item=stated)
    [revision] = parse_captures([article()], task, SITES).revisions

    assert revision.comments == "https://news.example.org/1#comments"


@pytest.mark.parametrize("name", ["feedburner", "pheedo"])
def test_the_address_that_a_redirect_replaced_is_the_link(name: str) -> None:
    original = "https://news.example.org/lamps"
    body = f"""<rss version='2.0' xmlns:{name}='http://example.org/{name}'><channel><item><title>Lamps</title>
    <link>https://feeds.example.net/~r/1</link><{name}:origLink>{original}</{name}:origLink></item></channel></rss>"""
    capture = Capture("news", "https://feeds.example.net/news", TAKEN, body.encode())

    [revision] = parse_captures([capture], ParseTask("news", "feed"), SITES).revisions

    assert (revision.url, revision.keys) == (original, ("url://news.example.org/lamps",))
