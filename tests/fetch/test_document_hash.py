"""What of a document counts as a change, and what only tells when it was made."""

from __future__ import annotations

from time import process_time

import pytest

from aggregator.fetch.document_hash import hash_document

ITEM = "<item><title>Fog</title><pubDate>Mon, 06 Jul 2026 10:00:00 GMT</pubDate></item>"
FEED = (
    "<rss><channel><title>Harbour</title><ttl>60</ttl>"
    "<lastBuildDate>Mon, 06 Jul 2026 10:00:00 GMT</lastBuildDate><!-- made in 12 ms -->"
    f"{ITEM}</channel></rss><!-- cached 10:00 -->"
)
ATOM = (
    "<feed><title>Harbour</title><updated>2026-07-06T10:00:00Z</updated>"
    "<entry><updated>2026-07-06T09:00:00Z</updated></entry></feed>"
)


def is_same(before: str, after: str) -> bool:
    return hash_document(before.encode()) == hash_document(after.encode())


@pytest.mark.parametrize(
    ("document", "old", "new"),
    [
        (
            FEED,
            "<lastBuildDate>Mon, 06 Jul 2026 10:00:00",
            "<lastBuildDate>Mon, 06 Jul 2026 11:00:00",
        ),
        (FEED, "made in 12 ms", "made in 15 ms"),
        (FEED, "cached 10:00", "cached 11:00"),
        (FEED, "<!-- cached 10:00 -->", ""),
        (
            FEED.replace("lastBuildDate", "pubDate"),
            "10:00:00 GMT</pubDate><!--",
            "11:00:00 GMT</pubDate><!--",
        ),
        (ATOM, "<updated>2026-07-06T10", "<updated>2026-07-06T11"),
        (
            ATOM.replace(
                "updated>2026-07-06T10:00:00Z</updated", 'a10:updated x="1">1</a10:updated'
            ),
            ">1<",
            ">2<",
        ),
        (
            FEED.replace("lastBuildDate", "dcterms:modified"),
            "10:00:00 GMT</dct",
            "11:00:00 GMT</dct",
        ),
        (
            FEED.replace("lastBuildDate", "dc:date"),
            "10:00:00 GMT</dc:date>",
            "12:00:00 GMT</dc:date>",
        ),
    ],
)
def test_when_a_feed_was_made_is_no_change(document: str, old: str, new: str) -> None:
    assert old in document
    assert is_same(document, document.replace(old, new))


@pytest.mark.parametrize(
    ("document", "old", "new"),
    [
        (FEED, "Fog", "Rain"),
        (FEED, "<title>Harbour", "<title>Port"),
        (FEED, "<ttl>60", "<ttl>90"),
        (FEED, "<pubDate>Mon, 06", "<pubDate>Mon, 13"),
        (FEED, ITEM, ITEM + ITEM),
        (FEED, "Fog", "Fog<!-- 2 -->"),
        (ATOM, "<updated>2026-07-06T09", "<updated>2026-07-06T08"),
        (FEED, "<!-- made", "<!- made"),
        (FEED.replace("item>", "thing>"), "made in 12 ms", "made in 15 ms"),
        ("<p>12:00</p><!-- 1 -->", "1 -->", "2 -->"),
        ('{"items": []} <!-- 1 -->', "1 -->", "2 -->"),
    ],
)
def test_everything_else_is_one(document: str, old: str, new: str) -> None:
    assert old in document
    assert not is_same(document, document.replace(old, new))


def test_a_comment_that_begins_within_an_item_hides_nothing() -> None:
    document = FEED.replace("Fog", "<![CDATA[<!--]]>").replace("Mon, 06 Jul 2026 10", "--> 1", 2)

    assert not is_same(document, document.replace("--> 1", "--> 2"))


@pytest.mark.parametrize("part", ["<!--", "<pubDate>", "<item", "</item>", "-->", "<updated >"])
def test_hashing_takes_time_in_proportion_to_the_size(part: str) -> None:
    def seconds(count: int) -> float:
        body = b"<rss>" + part.encode() * count + b"<item></item>" + part.encode() * count
        begin = process_time()
        hash_document(body)
        return process_time() - begin

    assert seconds(800_000) < 20 * seconds(100_000) + 0.05
