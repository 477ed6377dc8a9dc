from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest

from aggregator.model import Enclosure, Entry, Image, Outcome, Teller
from aggregator.publish.json_record import (
    entry_json,
    entry_record,
    mark_unsafe,
    outcome_record,
    rfc3339,
)

MOMENT = datetime(2026, 3, 1, 8, tzinfo=UTC)
ENTRY = Entry(
    id="urn:uuid:00000000-0000-0000-0000-000000000000",
    source="news",
    url=None,
    url_original=None,
    title="标题",
    summary=None,
    content_html=None,
    content_text=None,
    published=MOMENT,
    published_from="feed",
    updated=MOMENT,
    first_seen=MOMENT,
    authors=("A", "B"),
    credits=(),
    tags=(),
    language="zh-Hans",
    publisher=None,
    image=Image("https://example.org/a.jpg", width=3),
    enclosures=(Enclosure("https://example.org/a.mp3", length=5),),
    guid=None,
    revision=1,
    duplicates=(),
    provenance={"title": "feed:title"},
)


def test_an_entry_is_the_common_schema() -> None:
    assert entry_record(ENTRY) == {
        "id": ENTRY.id,
        "source": "news",
        "url": None,
        "url_original": None,
        "title": "标题",
        "summary": None,
        "content_html": None,
        "content_text": None,
        "published": "2026-03-01T08:00:00Z",
        "published_from": "feed",
        "updated": "2026-03-01T08:00:00Z",
        "first_seen": "2026-03-01T08:00:00Z",
        "authors": ["A", "B"],
        "credits": [],
        "tags": [],
        "language": "zh-Hans",
        "publisher": None,
        "image": {
            "url": "https://example.org/a.jpg",
            "caption": None,
            "alt": None,
            "width": 3,
            "height": None,
        },
        "enclosures": [
            {
                "url": "https://example.org/a.mp3",
                "type": None,
                "length": 5,
                "duration": None,
                "title": None,
                "kind": None,
                "language": None,
            }
        ],
        "guid": None,
        "revision": 1,
        "duplicates": [],
        "provenance": {"title": "feed:title"},
        "comments": None,
        "tellers": [],
        "contributors": [],
        "comments_feed": None,
        "via": [],
    }


def test_what_several_sources_tell_has_their_records() -> None:
    blog = Teller("blog", "https://example.org/a", None, tier=3, letters=900, revisions=2)
    links = Teller("links", None, "https://links.example/1", tier=0, letters=40, revisions=1)

    record = entry_record(replace(ENTRY, comments="https://example.org/a#c", tellers=(blog, links)))

    assert (record["comments"], record["tellers"]) == (
        "https://example.org/a#c",
        [
            {
                "source": "blog",
                "url": "https://example.org/a",
                "comments": None,
                "tier": 3,
                "letters": 900,
                "revisions": 2,
            },
            {
                "source": "links",
                "url": None,
                "comments": "https://links.example/1",
                "tier": 0,
                "letters": 40,
                "revisions": 1,
            },
        ],
    )


def test_every_field_of_an_entry_and_of_an_outcome_has_its_key_in_order() -> None:
    outcome = Outcome("news", MOMENT, 1, "ok")

    assert list(entry_record(ENTRY)) == [field.name for field in fields(Entry)]
    internal = {"figures", "verdict_change"}
    names = [field.name for field in fields(Outcome) if field.name not in internal]
    assert list(outcome_record(outcome)) == names


def test_a_record_is_json_as_it_is() -> None:
    assert orjson.loads(orjson.dumps(entry_record(ENTRY))) == entry_record(ENTRY)


def test_moments_are_in_utc_with_a_fraction_only_where_there_is_one() -> None:
    tokyo = timezone(timedelta(hours=9))

    assert rfc3339(datetime(2026, 3, 1, 8, tzinfo=tokyo)) == "2026-02-28T23:00:00Z"
    assert rfc3339(MOMENT.replace(microsecond=250_000)) == "2026-03-01T08:00:00.250000Z"


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\n\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>",
    ],
)
def test_a_link_that_a_browser_might_run_is_marked(link: str) -> None:
    assert entry_record(replace(ENTRY, url_original=link))["url_original"] == f"unsafe:{link}"


@pytest.mark.parametrize(
    "link", ["https://a.example/", "HTTP://a.example", "/a?at=10:30", "a/b:c", "#x:y", "", None]
)
def test_a_usual_link_stays_as_it_was_found(link: str | None) -> None:
    assert mark_unsafe(link) == link


def test_an_entry_is_one_line_of_json_for_every_reader() -> None:
    title = "one\u2028two\u2029three\x85four \u202eevif\u2069"

    line = entry_json(replace(ENTRY, title=title)).decode()

    assert line.splitlines() == [line]
    assert not set("\u2028\u2029\x85\u202e\u2069") & set(line)
    assert orjson.loads(line)["title"] == title
