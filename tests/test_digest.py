"""Captures in, revisions out: one bad item is one message, whatever is wrong with it."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.digest import MAX_ITEM_CHARACTERS, MAX_ITEMS, Job, digest
from aggregator.errors import SourceError
from aggregator.model import Capture
from aggregator.sites.loader import load_sites

TAKEN = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
SITES = load_sites()
HEAD = "<!--1718966343000-->\n[Lamps](https://news.example.org/1)\n------\n\n"


def saved(text: str | bytes, name: str = "lamps.txt") -> Capture:
    return Capture("saved", f"file:///saved/{name}", TAKEN, text.encode() if isinstance(text, str) else text)


def feed(items: str) -> Capture:
    body = f"<rss version='2.0'><channel><title>The Paper</title>{items}</channel></rss>"
    return Capture("news", "https://news.example.org/feed", TAKEN, body.encode())


def item(number: int, **parts: str) -> str:
    stated = {"title": f"Title {number}", "link": f"https://news.example.org/{number}"} | parts
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in stated.items() if value) + "</item>"


def test_articles_come_in_the_order_of_their_captures() -> None:
    captures = [saved(HEAD.replace("/1)", f"/{number})") + "<p>x</p>") for number in (3, 1, 2)]

    found = digest(captures, Job("saved", "archive"), SITES)

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
    captures = [saved(HEAD + "<p>x</p>"), *(saved(text, name) for name, text in bad.items()), saved(HEAD + "<p>y</p>")]

    found = digest(captures, Job("saved", "archive"), SITES)

    assert [revision.content_html for revision in found.revisions] == ["<p>x</p>", "<p>y</p>"]
    assert [message.partition(":")[0] for message in found.rejected] == list(bad)


def test_the_same_captures_give_the_same_revisions_in_any_process() -> None:
    job = Job("saved", "archive")
    captures = [saved(HEAD + "<p>x</p><iframe src='https://player.vimeo.com/video/1'></iframe>")]

    found = digest(captures, job, SITES)

    assert pickle.loads(pickle.dumps(found)) == digest(pickle.loads(pickle.dumps(captures)), job, SITES)


def test_a_later_capture_of_an_edited_article_is_another_revision_of_it() -> None:
    head = HEAD.replace("https://news.example.org/1", "https://www.voachinese.com/a/lamps/7000001.html")
    first = saved(head + "<div><i>Fri, 21 Jun 2024 10:28:10 GMT</i></div><p>一盏灯。</p>")
    later = saved(
        head.replace("1718966343000", "1718969999000")
        + "<div><i>Fri, 21 Jun 2024 10:28:41 GMT</i></div><p>三盏灯。</p>"
    )

    one, two = digest([later, first], Job("saved", "archive"), SITES).revisions

    assert one.keys == two.keys == ("voa:7000001", "url://voachinese.com/a/lamps/7000001.html")
    assert one.hash != two.hash
    assert one.at - two.at == timedelta(seconds=3656)


def test_the_hash_of_an_article_leaves_its_dates_out() -> None:
    one = saved(HEAD + "<div><i>2024-06-21T10:00:00Z</i></div><p>x</p>")
    two = saved(HEAD.replace("1718966343000", "1718969999000") + "<div><i>2024-06-21T10:30:00Z</i></div><p>x</p>")

    first, second = digest([one, two], Job("saved", "archive"), SITES).revisions

    assert (first.hash == second.hash, first.published == second.published) == (True, False)


def test_an_item_of_a_feed_meets_the_rules_of_its_host() -> None:
    item_of_rfi = item(
        1,
        link="https://www.rfi.fr/cn/1",
        title="三盏灯 - 要闻分析",
        description="&lt;p&gt;灯&lt;/p&gt;&lt;p&gt;广告&lt;/p&gt;",
    )

    found = digest([feed(item_of_rfi)], Job("news", "feed"), SITES)

    (revision,) = found.revisions
    assert (revision.title, revision.tags, revision.language) == ("三盏灯", ("要闻分析",), "zh-Hans")
    assert revision.publisher == "法国国际广播电台"
    assert found.title == "The Paper"


def test_the_title_of_a_feed_stands_in_for_a_publisher() -> None:
    (revision,) = digest([feed(item(1))], Job("news", "feed", tags=("world",), language="en"), SITES).revisions

    assert (revision.publisher, revision.tags, revision.language) == ("The Paper", ("world",), "en")


def test_items_of_one_feed_that_share_a_link_are_told_apart() -> None:
    shared = "https://news.example.org/changelog"

    found = digest([feed(item(1, link=shared) + item(2, link=shared))], Job("news", "feed"), SITES)

    assert len({revision.keys for revision in found.revisions}) == 2


def test_an_item_without_anything_is_rejected() -> None:
    found = digest([feed("<item><pubDate>x</pubDate></item>" + item(2))], Job("news", "feed"), SITES)

    assert [revision.title for revision in found.revisions] == ["Title 2"]
    assert found.rejected == ("item 1: no link, no id, no title, no text",)


def test_a_feed_with_too_many_items_is_cut_and_says_so() -> None:
    found = digest([feed("".join(map(item, range(MAX_ITEMS + 2))))], Job("news", "feed"), SITES)

    assert len(found.revisions) == MAX_ITEMS
    assert found.rejected == ("items after number 10000 were left out",)


def test_an_item_that_is_too_large_is_rejected() -> None:
    found = digest([saved(HEAD + "x" * (MAX_ITEM_CHARACTERS + 1))], Job("saved", "archive"), SITES)

    assert (found.revisions, found.rejected) == ((), ("lamps.txt: more than 2,097,152 characters",))


def test_a_document_that_is_no_feed_is_the_sources_error() -> None:
    with pytest.raises(SourceError):
        digest([saved("hello")], Job("news", "feed"), SITES)


def test_an_adapter_that_is_not_there_is_the_sources_error() -> None:
    with pytest.raises(SourceError, match="no adapter reads `fax`; there are archive, feed"):
        digest([saved(HEAD)], Job("news", "fax"), SITES)
