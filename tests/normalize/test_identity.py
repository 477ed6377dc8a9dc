"""What makes two items the same article: the publisher's number, else the URL, else the guid, else title and date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.model import Found, RawEntry, Revision
from aggregator.normalize import identity

URL = "https://news.example.org/a/7.html"


def raw(guid: str | None = None, *, trusted: bool = True) -> RawEntry:
    return RawEntry(item="item 1", guid=Found(guid, "feed:id") if guid is not None else None, trusted_guid=trusted)


def keys(entry: RawEntry, **changes: Any) -> tuple[str, ...]:
    given: dict[str, Any] = {
        "site": (), "aliases": (), "address": URL, "host_alias": {}, "title": "Lamps", "stated": "2026-07-01",
    }  # fmt: skip
    return identity.keys_of(entry, "news", **given | changes)


def revision(*of: str, title: str = "Lamps", guid: str | None = None) -> Revision:
    then = datetime(2026, 7, 1, tzinfo=UTC)
    return Revision(
        source="news", keys=of, guarded=False, at=then, captured=then, hash="", url=URL, url_original=URL, title=title,
        published=then, published_from="feed", guid=guid,
    )  # fmt: skip


def test_the_publishers_number_comes_first_then_url_alias_and_guid() -> None:
    found = keys(raw("tag:news.example.org,2026:7"), site=("paper:7",), aliases=("paper:AbC",))

    assert found == ("paper:7", "url://news.example.org/a/7.html", "paper:AbC", "guid:tag:news.example.org,2026:7")


@pytest.mark.parametrize(
    ("guid", "expected"),
    [
        ("https://www.news.example.org/a/7.html?utm_source=x", ("url://news.example.org/a/7.html",)),
        ("urn:uuid:1", ("guid:urn:uuid:1",)),
        ("TAG:x", ("guid:TAG:x",)),
        ("1234", ("guid:news:1234",)),
        (" 1234 ", ("guid:news:1234",)),
        ("  ", ()),
    ],
)
def test_a_guid_holds_everywhere_or_within_its_source(guid: str, expected: tuple[str, ...]) -> None:
    assert identity.guid_keys(raw(guid), "news") == expected


def test_a_guid_that_its_document_repeats_names_nothing() -> None:
    assert keys(raw("1234", trusted=False)) == ("url://news.example.org/a/7.html",)


def test_without_link_and_guid_the_title_and_the_date_are_the_key() -> None:
    assert keys(raw(), address=None) == ("item:news:lamps:2026-07-01",)
    assert keys(raw(), address=None, stated=None) == ("item:news:lamps:",)


def test_hosts_that_stand_for_one_another_have_one_key() -> None:
    alias = {"m.news.example.org": "news.example.org"}

    assert identity.url_key("https://m.news.example.org/a", alias) == identity.url_key("http://www.news.example.org/a/")


def test_a_link_that_items_of_one_document_share_names_none_of_them() -> None:
    one = revision("url:x", "guid:news:1", guid="1")
    two = revision("url:x", "guid:news:2", title="Rivers", guid="2")
    alone = revision("url:y", title="Alone")

    assert identity.distinct([one, two, alone]) == [
        replace(one, keys=("guid:news:1",)), replace(two, keys=("guid:news:2",)), alone,
    ]  # fmt: skip


def test_items_that_share_a_link_and_have_no_guid_are_told_apart_by_title() -> None:
    found = identity.distinct([revision("url:x"), revision("url:x", title="Rivers")])

    assert [item.keys for item in found] == [("url:x#lamps",), ("url:x#rivers",)]


def test_the_same_item_twice_in_one_document_stays_one() -> None:
    twice = [revision("url:x"), revision("url:x")]

    assert identity.distinct(twice) == twice


def test_the_hash_omits_what_is_empty_and_the_order_of_its_fields() -> None:
    assert identity.content_hash({"title": "a", "summary": None, "tags": ()}) == identity.content_hash({"title": "a"})
    assert identity.content_hash({"a": 1, "b": 2}) == identity.content_hash({"b": 2, "a": 1})
    assert identity.content_hash({"title": "a"}) != identity.content_hash({"title": "b"})


def test_the_hash_of_today_is_the_hash_of_ever() -> None:
    """Stored hashes outlive the program: who changes what is hashed raises HASH_VERSION."""
    assert identity.HASH_VERSION == 1
    assert identity.content_hash({"title": "Lamps", "tags": ("a", "b")}) == "b336b126103f7d365014a738ee0911fb"


def test_repeated_guids_are_found() -> None:
    assert identity.repeated(["a", "b", "a", "c", "c"]) == {"a", "c"}
