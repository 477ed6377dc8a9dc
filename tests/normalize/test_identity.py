"""What makes two items the same article: the publisher's number, else the URL, else the guid, else title and date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.model import Candidate, RawEntry, Revision
from aggregator.normalize import html, identity
from aggregator.normalize.entry import NormalizeContext, normalize

URL = "https://news.example.org/a/7.html"


def raw(guid: str | None = None, *, trusted: bool = True) -> RawEntry:
    return RawEntry(
        label="item 1",
        guid=Candidate(guid, "feed:id") if guid is not None else None,
        trusted_guid=trusted,
    )


def keys(entry: RawEntry, **changes: Any) -> tuple[str, ...]:
    given: dict[str, Any] = {
        "site": (),
        "aliases": (),
        "address": URL,
        "host_alias": {},
        "title": "Lamps",
        "published": "2026-07-01",
    }
    return identity.item_keys(entry, "news", **given | changes)


def revision(*of: str, title: str = "Lamps", guid: str | None = None) -> Revision:
    then = datetime(2026, 7, 1, tzinfo=UTC)
    return Revision(
        source="news",
        keys=of,
        guarded=False,
        at=then,
        captured=then,
        hash="",
        url=URL,
        url_original=URL,
        title=title,
        published=then,
        published_from="feed",
        guid=guid,
    )


def test_the_publishers_number_comes_first_then_url_alias_and_guid() -> None:
    found = keys(raw("tag:news.example.org,2026:7"), site=("paper:7",), aliases=("paper:AbC",))

    assert found == (
        "paper:7",
        "url://news.example.org/a/7.html",
        "paper:AbC",
        "guid:tag:news.example.org,2026:7",
    )


@pytest.mark.parametrize(
    ("guid", "expected"),
    [
        (
            "https://www.news.example.org/a/7.html?utm_source=x",
            "guid:url://news.example.org/a/7.html",
        ),
        ("http://news.example.org/a#note-2", "guid:url://news.example.org/a#note-2"),
        ("urn:uuid:1", "guid:urn:uuid:1"),
        ("TAG:x", "guid:TAG:x"),
        ("1234", "guid:news:1234"),
        (" 1234 ", "guid:news:1234"),
        ("  ", None),
    ],
)
def test_a_guid_holds_everywhere_or_within_its_source(guid: str, expected: str | None) -> None:
    assert identity.guid_key(raw(guid), "news") == expected


def test_a_guid_that_is_the_link_is_no_key_of_its_own() -> None:
    assert keys(raw("http://www.news.example.org/a/7.html")) == ("url://news.example.org/a/7.html",)


def test_a_guid_that_is_another_url_is_a_key_behind_the_link() -> None:
    assert keys(raw("https://news.example.org/?p=7")) == (
        "url://news.example.org/a/7.html",
        "guid:url://news.example.org/?p=7",
    )


def test_a_guid_that_is_a_url_is_the_link_of_an_item_without_one() -> None:
    guid = raw("https://news.example.org/?p=7")

    assert keys(guid, address=None) == ("url://news.example.org/?p=7",)
    assert keys(guid, address="https://news.example.org/") == ("url://news.example.org/?p=7",)


def test_a_link_to_a_home_page_counts_only_without_a_guid() -> None:
    home = "https://news.example.org/"

    assert keys(raw("1234"), address=home) == ("guid:news:1234",)
    assert keys(raw(), address=home) == ("url://news.example.org/",)
    assert keys(raw("1234"), address=f"{home}#v1.2") == (
        "url://news.example.org/#v1.2",
        "guid:news:1234",
    )


def test_a_place_in_a_page_is_part_of_the_publishers_number() -> None:
    assert keys(raw(), site=("paper:7",), address=f"{URL}#comment-4") == (
        "paper:7#comment-4",
        "url://news.example.org/a/7.html#comment-4",
    )
    assert keys(raw(), site=("paper:7",), address=f"{URL}#xtor=RSS-1") == (
        "paper:7",
        "url://news.example.org/a/7.html",
    )


def test_a_guid_that_its_document_repeats_names_nothing() -> None:
    assert keys(raw("1234", trusted=False)) == ("url://news.example.org/a/7.html",)


def test_without_link_and_guid_the_title_and_the_date_are_the_key() -> None:
    assert keys(raw(), address=None) == ("item:news:lamps:2026-07-01",)
    assert keys(raw(), address=None, published=None) == ("item:news:lamps:",)


def test_hosts_that_stand_for_one_another_have_one_key() -> None:
    alias = {"m.news.example.org": "news.example.org"}

    assert identity.url_key("https://m.news.example.org/a", alias) == identity.url_key(
        "http://www.news.example.org/a/"
    )


def separate(*revisions: Revision, trusted: bool = True) -> list[Revision]:
    return identity.demote_shared_links(revisions, [trusted] * len(revisions))


def test_a_link_that_items_of_one_document_share_moves_behind_their_guids() -> None:
    one = revision("url:x", "guid:news:1", guid="1")
    two = revision("url:x", "paper:AbC", "guid:news:2", title="Rivers", guid="2")
    alone = revision("url:y", title="Alone")

    assert separate(one, two, alone) == [
        replace(one, keys=("guid:news:1", "url:x")),
        replace(two, keys=("paper:AbC", "guid:news:2", "url:x")),
        alone,
    ]


def test_items_that_share_a_link_and_have_no_guid_are_told_apart_by_title() -> None:
    found = separate(revision("url:x"), revision("url:x", title="Rivers"))

    assert [item.keys for item in found] == [("url:x#lamps", "url:x"), ("url:x#rivers", "url:x")]


def test_guids_that_are_not_trusted_tell_nothing_apart() -> None:
    same_title = [revision("url:x", guid="1"), revision("url:x", guid="2")]

    assert separate(*same_title, trusted=False) == same_title


def test_versions_of_one_guid_are_one_item_under_its_link() -> None:
    versions = [
        revision("url:x", "guid:news:1", guid="1"),
        revision("url:x", "guid:news:1", title="Lamps again", guid="1"),
    ]
    named_by_link = [
        revision("url:x", guid="http://x"),
        revision("url:x", title="Lamps again", guid="http://x"),
    ]

    assert separate(*versions) == versions
    assert separate(*named_by_link) == named_by_link


def test_the_same_item_twice_in_one_document_stays_one() -> None:
    twice = [revision("url:x"), revision("url:x")]

    assert separate(*twice) == twice


def test_a_link_behind_a_publishers_number_stays_where_it_is() -> None:
    numbered = [revision("paper:7", "url:x"), revision("paper:8", "url:x", title="Rivers")]

    assert separate(*numbered) == numbered


def test_the_hash_omits_what_is_empty_and_the_order_of_its_fields() -> None:
    assert identity.content_hash(
        {"title": "a", "summary": None, "tags": ()}
    ) == identity.content_hash({"title": "a"})
    assert identity.content_hash({"a": 1, "b": 2}) == identity.content_hash({"b": 2, "a": 1})
    assert identity.content_hash({"title": "a"}) != identity.content_hash({"title": "b"})


def test_the_hash_of_today_is_the_hash_of_ever() -> None:
    """Stored hashes outlive the program: who changes what is hashed raises HASH_VERSION."""
    assert identity.HASH_VERSION == 1
    assert (
        identity.content_hash({"title": "Lamps", "tags": ("a", "b")})
        == "b336b126103f7d365014a738ee0911fb"
    )


def listed(*items: tuple[str, ...]) -> list[RawEntry]:
    """Items with a guid, a link, a title and a date of publication each; "" for none."""
    entries = []
    for number, item in enumerate(items, 1):
        guid, link, title, published = (*item, "")[:4]
        entries.append(
            RawEntry(
                label=f"item {number}",
                guid=Candidate(guid, "feed:guid") if guid else None,
                url=(Candidate(link, "feed:link"),) if link else (),
                title=(Candidate(title, "feed:title"),) if title else (),
                published=(Candidate(published, "feed:published"),) if published else (),
            )
        )
    return entries


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "0 of 0 guids repeat"),
        ([("1", "/a", "A"), ("2", "/b", "B"), ("", "/c", "C")], "0 of 2 guids repeat"),
        (
            [("1", "/a", "A"), ("1", "/b", "B"), ("1", "/c", "C"), ("2", "/d", "D")],
            "2 of 4 guids repeat",
        ),
        (
            [("1", "https://a.org/a", "A"), ("1", "http://www.a.org/a/?utm_source=x", "a")],
            "0 of 2 guids repeat",
        ),
        ([("1", "/a", "A", "Monday"), ("1", "/a", "B", "Monday")], "0 of 2 guids repeat"),
        ([("1", "/a", "A", "Monday"), ("1", "/a", "B")], "0 of 2 guids repeat"),
        ([("1", "/a", "A", "Monday"), ("1", "/a", "B", "Friday")], "1 of 2 guids repeat"),
        ([("1", "/a", "A", "Monday"), ("1", "/a", "A", "Friday")], "0 of 2 guids repeat"),
        ([("1", "/a#b", "A"), ("1", "/a#c", "B")], "1 of 2 guids repeat"),
        ([("1", "/a", "A"), ("1", "/b", "A")], "0 of 2 guids repeat"),
        ([("1", "", "A"), ("1", "", "B"), ("1", "", "A")], "1 of 3 guids repeat"),
        ([("1", "", "A", "Monday"), ("1", "", "B", "Monday")], "0 of 2 guids repeat"),
        ([("1", "", ""), ("1", "", "")], "1 of 2 guids repeat"),
    ],
    ids=[
        "none",
        "each its own",
        "three of one",
        "listed twice",
        "edited title",
        "edited title, one date",
        "one link, other title and date",
        "given again",
        "places in a page",
        "in two sections",
        "no links",
        "no links, one date",
        "no names",
    ],
)
def test_a_guid_repeats_where_it_names_another_article_as_well(
    items: list[tuple[str, ...]], said: str
) -> None:
    assert str(identity.count_guids(listed(*items))) == said


def test_versions_whose_only_date_is_that_of_their_edit_are_one_article() -> None:
    versions = []
    for item in listed(("1", "/a", "A", "Monday"), ("1", "/a", "B", "Friday")):
        versions.append(replace(item, updated=item.published))

    assert identity.count_guids(versions) == identity.GuidCounts(2, 0)


def test_more_than_a_twentieth_of_repeats_is_trouble() -> None:
    assert [identity.GuidCounts(40, repeated).are_unreliable for repeated in (0, 2, 3, 40)] == [
        False,
        False,
        True,
        True,
    ]
    assert not identity.GuidCounts(0, 0).are_unreliable


def test_of_a_few_repeated_guids_only_those_are_not_trusted() -> None:
    items = listed(("1", "/a", "A"), ("1", "", "B"), ("2", "/c", "C"))

    repeated = identity.count_guids(items).repeated
    found = identity.distrust_guids(items, repeated=repeated, by_url=False)

    assert [item.trusted_guid for item in found] == [False, False, True]


def test_keyed_by_url_an_item_without_a_link_keeps_its_guid() -> None:
    items = listed(("1", "/a", "A"), ("2", "", "B"))

    linked, bare = identity.distrust_guids(items, repeated=(), by_url=True)

    assert (linked.trusted_guid, bare.trusted_guid) == (False, True)


LEAD = "The harbour is quiet."
BODY = (
    "Nobody would say on Monday why "
    + "the ferries of the northern line had not left the quay, " * 3
)


def text_keys(
    *, title: str = "Quiet", lead: str = LEAD, body: str = BODY, hours: float = 0
) -> set[str]:
    published = datetime(2026, 7, 1, 6, tzinfo=UTC) + timedelta(hours=hours)
    return set(
        identity.text_keys("paper", title=title, paragraphs=[lead, body], published=published)
    )


@pytest.mark.parametrize("hours", [-12, -11.9, -1, 0, 5.9, 6, 12])
def test_an_article_filed_again_within_half_a_day_shares_a_key(hours: float) -> None:
    again = text_keys(
        title="QUIET",
        lead="The harbour is quiet, they say.",
        body=BODY.replace(", ", "  "),
        hours=hours,
    )

    assert len(text_keys()) == 2
    assert text_keys() & again


@pytest.mark.parametrize(
    "other",
    [
        {"hours": 24},
        {"hours": -24},
        {"hours": 240},
        {"title": "Quiet again"},
        {"body": BODY.replace("Monday", "Friday")},
    ],
    ids=["the next day", "the day before", "later", "another title", "another text"],
)
def test_what_comes_again_every_day_shares_none(other: dict[str, Any]) -> None:
    assert text_keys().isdisjoint(text_keys(**other))


def test_a_short_text_has_no_key_of_its_own() -> None:
    dense = "港口周一晚间宣布北线渡轮停航原因未明"

    assert text_keys(body=BODY[:100]) == set()
    assert text_keys(body=dense * 3) == set()
    assert len(text_keys(body=dense * 4)) == 2
    assert (
        identity.text_keys(
            "paper", title="Quiet", paragraphs=[], published=datetime(2026, 7, 1, tzinfo=UTC)
        )
        == ()
    )


def filed(
    *,
    url: str = URL,
    published: str = "2026-07-01T06:00:00Z",
    site: str | None = "paper",
    **context: Any,
) -> Revision:
    raw = RawEntry(
        label="item 1",
        url=(Candidate(url, "feed:link"),),
        title=(Candidate("Quiet", "feed:title"),),
        content_html=(Candidate(f"<p>{LEAD}</p><p>{BODY}</p>", "feed:content"),),
        published=(Candidate(published, "feed:published"),),
    )
    taken = datetime(2026, 7, 2, tzinfo=UTC)
    rules = NormalizeContext("news", taken, ZoneInfo("UTC"), same_text_site=site, **context)
    return normalize(raw, html.parse(raw.content_html[0].value), rules)


def test_only_what_nothing_else_names_is_known_by_its_text() -> None:
    one, again = (
        filed(),
        filed(url="https://news.example.org/world/7-1.html", published="2026-07-01T14:00:00Z"),
    )

    assert one.keys[0] == "url://news.example.org/a/7.html"
    assert len(set(one.keys) & set(again.keys)) == 1
    assert filed(aliases=("paper:AbC",)).keys == ("url://news.example.org/a/7.html", "paper:AbC")
    assert (
        filed(site=None).keys
        == filed(published="soon").keys
        == ("url://news.example.org/a/7.html",)
    )
