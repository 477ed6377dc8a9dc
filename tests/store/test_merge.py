"""What merging revisions makes of the store."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from aggregator.model import Enclosure, Entry, Image
from aggregator.store.content import urn
from aggregator.store.merge.article import uid_of

if TYPE_CHECKING:
    from aggregator.store import Store


def rows(store: Store, table: str) -> int:
    with store._engines.read.connect() as connection:
        return int(connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)


def titles(store: Store) -> list[str]:
    return [entry.title for entry in store.entries()]


def counts(outcome: Any) -> tuple[int, int, int]:
    return outcome.new, outcome.changed, outcome.same


def test_an_entry_comes_back_as_it_was_stated(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    revision = revise(
        hours=2,
        title="新闻 & more",
        summary="short",
        content_html="<p>one</p><p>two</p>",
        authors=("A", "B"),
        credits=("AFP",),
        tags=("x", "y"),
        language="zh-Hans",
        publisher="The News",
        image=Image("https://example.org/i.jpg", caption="c", width=3),
        enclosures=(Enclosure("https://example.org/a.mp3", "audio/mpeg", 10, 60),),
        guid="tag:1",
    )
    bring(store, [revision], now=start)

    assert list(store.entries()) == [
        Entry(
            id="urn:uuid:4c4407a2-ce30-50bd-8693-842ca6eeeca8",
            source="news",
            url="https://example.org/a",
            url_original="https://example.org/a?from=feed",
            title="新闻 & more",
            summary="short",
            content_html="<p>one</p><p>two</p>",
            content_text="one\n\ntwo",
            published=start,
            published_from="feed",
            updated=start,
            first_seen=start + timedelta(hours=2),
            authors=("A", "B"),
            credits=("AFP",),
            tags=("x", "y"),
            language="zh-Hans",
            publisher="The News",
            image=Image("https://example.org/i.jpg", caption="c", width=3),
            enclosures=(Enclosure("https://example.org/a.mp3", "audio/mpeg", 10, 60),),
            guid="tag:1",
            revision=1,
            duplicates=(),
            provenance={"title": "feed:title", "published": "feed:published"},
        )
    ]


def test_a_poll_that_sees_nothing_new_writes_no_sighting(
    store: Store, revise: Any, bring: Any
) -> None:
    first = bring(store, [revise("a"), revise("b")])
    again = bring(store, [revise("a", 1), revise("b", 1)])

    assert (counts(first), counts(again)) == ((2, 0, 0), (0, 0, 2))
    assert (rows(store, "revision"), rows(store, "content")) == (2, 2)


def test_changed_content_is_a_revision_and_the_newest_is_shown(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise()])
    outcome = bring(store, [revise(hours=3, text="second")])

    [entry] = store.entries()
    assert counts(outcome) == (0, 1, 0)
    assert (entry.content_text, entry.revision, entry.updated) == (
        "second",
        2,
        start + timedelta(hours=3),
    )
    assert [
        (version.number, version.at, version.entry.content_text)
        for version in store.history(entry.id)
    ] == [
        (1, start, "first"),
        (2, start + timedelta(hours=3), "second"),
    ]


def test_a_revision_that_arrives_late_changes_nothing_shown(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise(), revise(hours=5, text="third")], keep=True)
    shown = next(store.entries())
    outcome = bring(store, [revise(hours=2, text="second")], keep=True)

    [entry] = store.entries()
    assert counts(outcome) == (0, 1, 0)
    assert [version.entry.content_text for version in store.history(entry.id)] == [
        "first",
        "second",
        "third",
    ]
    assert (entry.content_html, entry.updated, entry.first_seen) == (
        shown.content_html,
        shown.updated,
        shown.first_seen,
    )


def test_a_missing_date_does_not_move_on_the_second_run(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise(published=start, published_from="first_seen")])
    later = start + timedelta(hours=1)
    outcome = bring(store, [revise(hours=1, published=later, published_from="first_seen")])

    assert counts(outcome) == (0, 0, 1)
    assert [entry.published for entry in store.entries()] == [start]


def test_a_stated_date_replaces_a_guess_and_brings_its_provenance(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise(published_from="first_seen", provenance={"title": "t"})])
    before = start - timedelta(hours=1)
    outcome = bring(
        store,
        [revise(hours=1, published=before, provenance={"title": "t", "published": "ld:date"})],
    )

    [entry] = store.entries()
    assert counts(outcome) == (0, 1, 0)
    assert (entry.published, entry.published_from) == (before, "feed")
    assert (entry.provenance, entry.revision) == ({"title": "t", "published": "ld:date"}, 1)


def test_a_date_that_comes_when_the_article_was_there_already_moves_nothing(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise(published_from="first_seen")])
    stamped = [
        bring(store, [revise(hours=n, published=start + timedelta(hours=n))]) for n in (1, 2)
    ]

    [entry] = store.entries()
    assert list(map(counts, stamped)) == [(0, 0, 1), (0, 0, 1)]
    assert (entry.published, entry.published_from) == (start, "first_seen")


def test_an_article_that_moved_is_shown_where_it_is(store: Store, revise: Any, bring: Any) -> None:
    bring(store, [revise("a", keys=("url:a", "guid:news:1"))])
    moved = revise("b", hours=1, keys=("url:b", "guid:news:1"), title="Title of a")
    outcome = bring(store, [moved])
    again = bring(store, [revise("a", hours=2, keys=("url:a", "guid:news:1"))])

    [entry] = store.entries()
    assert (counts(outcome), counts(again)) == ((0, 1, 0), (0, 0, 1))
    assert (entry.url, entry.revision, entry.updated) == (
        "https://example.org/b",
        1,
        entry.published,
    )


def test_a_new_alias_of_unchanged_content_is_learned(store: Store, revise: Any, bring: Any) -> None:
    bring(store, [revise("a")])
    bring(store, [revise("a", 1, keys=("url:a", "guid:1"))])
    outcome = bring(store, [revise("a", 2, keys=("url:moved", "guid:1"))])

    assert counts(outcome) == (0, 0, 1)
    assert [entry.url for entry in store.entries()] == ["https://example.org/a"]
    assert {
        entry.title for key in ("url:a", "guid:1", "url:moved") for entry in store.find_entries(key)
    } == {"Title of a"}


def test_a_statement_that_links_two_entries_makes_them_one(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(
        store,
        [revise("b", 0, keys=("url:proxy/b", "guid:proxy:1"), source="proxy")],
        source="proxy",
    )
    bring(store, [revise("a", 1, keys=("url:a",))])
    kept, lost = store.find_entries("url:proxy/b")[0].id, store.find_entries("url:a")[0].id
    unwrapped = revise("b", 2, keys=("url:a", "guid:proxy:1"), source="proxy")
    bring(store, [unwrapped], source="proxy")

    [entry] = store.entries()
    assert entry.id == kept
    assert [found.id for name in (kept, lost, "url:a") for found in store.find_entries(name)] == [
        kept,
        kept,
        kept,
    ]
    assert (rows(store, "entry"), rows(store, "revision")) == (1, 3)


def test_an_earlier_capture_that_arrives_late_leaves_the_id(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise("b", 5, "edited", keys=("url:b", "guid:tag:1"))], keep=True)
    kept = store.find_entries("url:b")[0].id
    bring(store, [revise("a", 1, keys=("url:a", "guid:tag:1"), source="old")], keep=True)

    [entry] = store.entries()
    assert (entry.id, entry.source) == (kept, "old")
    assert (rows(store, "entry"), entry.revision) == (1, 1)


def test_a_reused_id_is_another_entry_and_both_answer_to_it(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    common = {"keys": ("voa:7",), "guarded": True}
    bring(store, [revise("a", 0, **common)])
    outcome = bring(
        store, [revise("b", 80, "other", published=start + timedelta(days=3), **common)]
    )

    assert counts(outcome) == (1, 0, 0)
    assert [entry.title for entry in store.find_entries("voa:7")] == ["Title of b", "Title of a"]
    assert titles(store) == ["Title of b", "Title of a"]


def test_a_page_that_changes_at_every_poll_is_slowed_down_and_told_so(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    polls = [
        bring(store, [revise(hours=number / 6, text=f"it is {number} past")])
        for number in range(60)
    ]
    slowed = next(store.entries())

    # 24 edits come at once, then one an hour: 60 polls are ten hours, 25 of them are four.
    assert (slowed.revision, slowed.content_text) == (30, "it is 54 past")
    assert [outcome.notes for outcome in polls[24:26]] == [
        (),
        ("1 page changes at every poll: edits are kept once an hour or once a day",),
    ]


def test_of_a_page_that_always_changes_what_is_really_new_comes_at_once(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    for number in range(40):
        bring(store, [revise(hours=number / 6, text=f"it is {number} past")])
    titled = bring(store, [revise(hours=6.7, text="it is 40 past", title="CORRECTION: 3 dead")])
    longer = bring(store, [revise(hours=6.8, text="it is 41 past, the minister has resigned")])
    clock = bring(store, [revise(hours=6.9, text="it is 42 past, the minister has resigned")])

    assert [counts(one) for one in (titled, longer, clock)] == [(0, 1, 0), (0, 1, 0), (0, 0, 1)]
    assert next(store.entries()).content_text == "it is 41 past, the minister has resigned"


def test_a_poll_that_reaches_further_back_moves_first_seen_and_the_revision(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise(hours=5, at=start)])
    bring(store, [revise(hours=3, at=start)])
    assert [entry.first_seen for entry in store.entries()] == [start + timedelta(hours=3)]
    outcome = bring(store, [revise(hours=9, at=start - timedelta(hours=1))])

    [entry] = store.entries()
    assert counts(outcome) == (0, 0, 1)
    assert [version.at for version in store.history(entry.id)] == [start - timedelta(hours=1)]


def test_what_comes_to_one_holder_of_a_reused_id_leaves_the_ids_of_both(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise("a", 0, keys=("voa:7",), guarded=True)])
    other = {"published": start + timedelta(days=3)}
    bring(store, [revise("b", 80, "other", keys=("voa:7", "url:b"), guarded=True, **other)])
    before = [entry.id for entry in store.entries()]
    bring(store, [revise("b", 90, "edited", keys=("url:b",), **other)])

    assert [entry.id for entry in store.entries()] == before
    assert [entry.revision for entry in store.entries()] == [2, 1]


def test_an_edit_counts_once_when_a_late_source_leads_and_when_the_first_catches_up(
    store: Store, revise: Any, bring: Any
) -> None:
    numbers = []
    for source, hours, text in (
        ("news", 0, "first"),
        ("news", 2, "second"),
        ("about", 4, "third"),
        ("news", 5, "third"),
        ("about", 8, "fourth"),
        ("news", 9, "fourth"),
    ):
        bring(store, [revise(hours=hours, text=text, source=source)], source=source)
        numbers.append([entry.revision for entry in store.entries()])

    assert numbers == [[1], [2], [2], [3], [4], [4]]


def test_edits_of_a_text_count_beyond_those_of_the_headline_that_came_before(
    store: Store, revise: Any, bring: Any
) -> None:
    numbers = []
    for title in ("A storm", "A big storm"):
        changes = {"title": title, "content_html": None, "source": "sitemap"}
        headline = revise(hours=len(numbers), text=title, **changes)
        bring(store, [headline], source="sitemap")
        numbers.append([entry.revision for entry in store.entries()])
    for text in (
        "The whole text of the article on the storm.",
        "The text of it was corrected now.",
    ):
        html = f"<p>{text * 2}</p>"
        bring(store, [revise(hours=len(numbers), text=text, content_html=html)])
        numbers.append([entry.revision for entry in store.entries()])

    assert numbers == [[1], [2], [2], [3]]


def test_saved_articles_are_edited_without_limit(store: Store, revise: Any, bring: Any) -> None:
    bring(store, [revise(hours=hours, text=f"save {hours}") for hours in range(40)], keep=True)

    assert [entry.revision for entry in store.entries()] == [40]


def test_a_document_that_lists_an_article_twice_states_one_version(
    store: Store, revise: Any, bring: Any
) -> None:
    outcomes = [
        bring(store, [revise(hours=h, text="lead"), revise(hours=h, text="short")])
        for h in range(3)
    ]

    assert [counts(outcome) for outcome in outcomes] == [(1, 0, 1), (0, 0, 2), (0, 0, 2)]
    assert [entry.content_text for entry in store.entries()] == ["lead"]


def test_what_was_forgotten_stays_gone_while_it_is_still_listed(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise("a"), revise("b")])
    assert store.delete_entries([store.find_entries("url:a")[0].id], now=start) == 1
    outcome = bring(store, [revise("a", 1, "edited"), revise("b", 1)])

    assert counts(outcome) == (0, 0, 2)
    assert titles(store) == ["Title of b"]
    assert [rows(store, table) for table in ("entry", "revision", "entry_key", "content")] == [
        1,
        1,
        1,
        1,
    ]


def test_what_was_forgotten_stays_gone_whether_its_url_is_link_or_guid(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    # Of two articles one is listed by its URL first, the other by a redirector; then they change.
    for hours, (direct, other) in enumerate([("a", "b"), ("b", "a")]):
        listed = [
            revise(direct, hours, keys=(f"url://{direct}",)),
            revise(other, hours, keys=(f"url://r/{other}", f"guid:url://{other}")),
        ]
        outcome = bring(store, listed)
        store.delete_entries([entry.id for entry in store.entries()], now=start)

    assert counts(outcome) == (0, 0, 2)


def test_equal_contents_of_an_article_are_stored_once(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise(hours=hours) for hours in range(5)], keep=True)

    assert (rows(store, "revision"), rows(store, "content")) == (5, 1)


def test_an_article_that_two_sources_bring_in_one_commit_is_one(
    store: Store, revise: Any, bring: Any
) -> None:
    outcome = bring(
        store, [revise("a", 1, source="second"), revise("a", 0, source="first")], keep=True
    )

    [entry] = store.entries()
    assert (counts(outcome), entry.source) == ((1, 0, 1), "first")


@pytest.mark.parametrize("order", ["claims first", "claims later", "at once"])
def test_a_feed_that_claims_the_id_of_another_article_silences_nobody(
    store: Store, bring: Any, revise: Any, order: str
) -> None:
    """A feed that calls itself one of ours may give any id to its items."""
    claimed = urn(uid_of("url:a"))
    stranger = revise("z", keys=(claimed, "url:z"), source="stranger")
    batches = {
        "claims first": [[stranger], [revise("a"), revise("b")]],
        "claims later": [[revise("a"), revise("b")], [stranger]],
        "at once": [[stranger, revise("a"), revise("b")]],
    }
    for batch in batches[order]:
        bring(store, batch, source=batch[0].source)

    assert sorted(titles(store)) == ["Title of a", "Title of b", "Title of z"]
