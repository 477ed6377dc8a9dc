"""Statements, revisions and what is shown, as pure functions of sets of sightings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.store.content import urn
from aggregator.store.merge.article import build_article, uid_of
from aggregator.store.merge.statement import (
    Sighting,
    SourceRank,
    lead_reason,
    make_statements,
    revision_spans,
)

if TYPE_CHECKING:
    import random

    from aggregator.model import LeadReason
    from aggregator.store.merge.article import Article
    from aggregator.store.merge.statement import RevisionSpan

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def hour(number: float) -> datetime:
    return DAY + timedelta(hours=number)


def seen(keys: str, captured: float, text: str = "one", **fields: Any) -> Sighting:
    values: dict[str, Any] = {
        "source": "news",
        "keys": tuple(keys.split()),
        "guarded": False,
        "at": hour(captured),
        "captured": hour(captured),
        "hash": text,
        "title": "A title",
        "published": DAY,
        "published_from": "feed",
        "published_where": None,
        "digest": text.encode(),
        "letters": 500,
        "text_hash": text.encode(),
    }
    return Sighting(**values | fields)


def article(*sightings: Sighting, **ranks: SourceRank) -> Article:
    return build_article(sightings, ranks)


def spans(*sightings: Sighting) -> tuple[RevisionSpan, ...]:
    [statement] = make_statements(sightings, {})
    return statement.spans


# --- revisions of one statement ----------------------------------------------------------------------------------------


def test_an_id_never_changes_between_versions_of_the_program() -> None:
    assert urn(uid_of("url:example.org/a")) == "urn:uuid:e3862097-b2f1-5b4c-ae00-f0ac572744ca"


def test_adjacent_sightings_of_one_hash_are_one_revision_and_a_return_is_no_edit() -> None:
    runs = spans(seen("a", 1, "x"), seen("a", 2, "x"), seen("a", 3, "y"), seen("a", 4, "x"))

    assert [(run.first_sighting.hash, run.at, run.is_edit) for run in runs] == [
        ("x", hour(1), False),
        ("y", hour(3), True),
        ("x", hour(4), False),
    ]


def test_a_revision_takes_the_place_that_the_publisher_states() -> None:
    stated = seen("a", 9, "early", at=hour(1))

    assert [run.first_sighting.hash for run in spans(seen("a", 2, "late"), stated)] == [
        "early",
        "late",
    ]


def test_a_stated_time_that_did_not_move_gives_way_to_the_time_of_capture() -> None:
    runs = spans(
        seen("a", 5, "x", at=hour(1)), seen("a", 6, "y", at=hour(1)), seen("a", 7, "z", at=hour(2))
    )

    assert [run.at for run in runs] == [hour(1), hour(6), hour(7)]


def test_times_never_go_back() -> None:
    runs = spans(
        seen("a", 9, "x", at=hour(1)), seen("a", 1, "y", at=hour(1)), seen("a", 2, "z", at=hour(3))
    )

    assert [run.at for run in runs] == sorted(run.at for run in runs)


def test_edits_in_a_row_count_revisions_without_a_stated_change() -> None:
    stated = seen("a", 3, "c", at=hour(2.5))
    [statement] = make_statements(
        [seen("a", 1, "a"), seen("a", 2, "b"), stated, seen("a", 4, "d"), seen("a", 5, "e")], {}
    )

    assert statement.edits_in_a_row == 2


def test_a_modified_date_of_the_moment_of_the_poll_counts_as_none() -> None:
    polls = [
        seen("a", number, str(number), at=hour(number) - timedelta(seconds=20))
        for number in range(1, 5)
    ]
    [statement] = make_statements(polls, {})

    assert statement.edits_in_a_row == 3


def test_a_stated_date_that_stands_still_counts_as_none() -> None:
    [statement] = make_statements(
        [seen("a", number, str(number), at=hour(0)) for number in range(1, 5)], {}
    )

    assert statement.edits_in_a_row == 3


def test_the_newest_link_is_shown_and_links_that_take_turns_are_not() -> None:
    first, moved = seen("url:a guid:1", 1), seen("url:b guid:1", 2)

    assert article(first, moved, seen("url:a guid:1", 3)).link_winner == moved


def test_an_address_that_is_another_at_every_poll_is_followed_three_times() -> None:
    polls = [seen(f"url:{n} guid:1", n) for n in range(1, 9)]

    assert article(*polls).link_winner == polls[3]


def test_a_newer_version_says_itself_where_it_is() -> None:
    edited = seen("url:a guid:1", 3, "two")

    assert article(seen("url:a guid:1", 1), seen("url:b guid:1", 2), edited).link_winner == edited


# --- dates -----------------------------------------------------------------------------------------------------------


def test_the_earliest_stated_date_wins_over_earlier_guesses() -> None:
    guess = seen("a", 1, published=hour(-9), published_from="archive")
    first = seen("a", 1, published=hour(-20), published_from="first_seen")
    late = seen("a", 2, published=hour(0.5), published_where="ld:datePublished")
    stated = seen("a", 3, published=hour(0), published_where="feed:published")

    winner = article(guess, first, late, stated).date_winner

    assert (winner.published, winner.published_where) == (hour(0), "feed:published")


def test_a_date_that_is_stated_of_a_time_after_the_first_sight_gives_way_to_it() -> None:
    guess = seen("a", 1, published=hour(1), published_from="first_seen")
    soon, late = seen("a", 2, published=hour(1.1)), seen("a", 30, published=hour(30))

    assert article(guess, late).date_winner == guess
    assert article(guess, soon, late).date_winner == soon
    assert article(late).date_winner == late


def test_the_date_of_the_publisher_outweighs_an_earlier_one_of_a_link_blog() -> None:
    blog = seen("a", 1, source="blog", tier=0, published=hour(-5))
    own = seen("a", 9, source="news", tier=3, published=hour(-2))

    assert article(blog, own).date_winner == own


def test_a_first_revision_is_updated_when_its_publisher_says_so() -> None:
    assert article(seen("a", 5, at=hour(4))).updated == hour(4)


def test_a_modified_date_of_the_moment_of_the_poll_says_nothing() -> None:
    assert article(seen("a", 5, at=hour(5) - timedelta(seconds=20))).updated == DAY


def test_updated_is_never_before_published() -> None:
    edited = article(seen("a", 5, "x", published=hour(9)), seen("a", 6, "y", published=hour(9)))

    assert edited.updated == hour(9)


def test_the_source_and_first_seen_are_those_of_the_earliest_capture() -> None:
    found = article(seen("a", 2, source="b"), seen("a", 1, "later edit", source="c", at=hour(8)))

    assert (found.source, found.first_seen, found.seen_to) == ("c", hour(1), hour(2))


# --- which statement leads -----------------------------------------------------------------------------------------------

LEADS = [
    (
        "a text leads before a headline of the publisher",
        "text",
        seen("a", 1, source="planet", tier=0, letters=3000),
        seen("a", 1, source="sitemap", tier=3, letters=0),
    ),
    (
        "the publisher's excerpt leads before the whole text of a stranger",
        "publisher",
        seen("a", 1, source="news", tier=3, letters=300),
        seen("a", 1, source="planet", tier=0, letters=3000),
    ),
    (
        "the longer text of one publisher leads",
        "size",
        seen("a", 9, source="saved", letters=1780),
        seen("a", 1, source="rss", letters=100),
    ),
    (
        "texts of one size are equal: the earliest stated date decides",
        "date",
        seen("a", 9, source="x", letters=610, published=hour(-1)),
        seen("a", 1, source="b", letters=1100),
    ),
    (
        "of equals the source's id decides, never the time of capture",
        "id",
        seen("a", 9, source="a"),
        seen("a", 1, source="b"),
    ),
    (
        "a short report leads before an excerpt",
        "size",
        seen("a", 9, source="x", letters=473),
        seen("a", 1, source="b", letters=93),
    ),
    (
        "a stated date leads before a guess",
        "date",
        seen("a", 9, source="x"),
        seen("a", 1, source="b", published_from="first_seen", published=hour(-9)),
    ),
]


@pytest.mark.parametrize(
    ("reason", "lead", "other"), [row[1:] for row in LEADS], ids=[row[0] for row in LEADS]
)
def test_the_lead_does_not_depend_on_arrival(
    reason: LeadReason, lead: Sighting, other: Sighting
) -> None:
    found = [article(lead, other), article(other, lead)]

    assert [one.lead.current for one in found] == [lead, lead]
    assert [lead_reason(one.statements) for one in found] == [reason, reason]


def test_a_single_teller_leads_without_a_reason() -> None:
    assert lead_reason(article(seen("a", 1)).statements) is None


def test_priority_leads_only_with_a_text_of_its_own() -> None:
    own = seen("a", 1, source="blog", tier=3, letters=900)
    label = seen("a", 1, source="links", tier=0, letters=8, title="A title (2026) [pdf]")
    told = seen("a", 1, source="links", tier=0, letters=900)

    assert article(own, label, links=SourceRank(priority=10)).lead.source == "blog"
    preferred = article(own, told, links=SourceRank(priority=10))
    assert (preferred.lead.source, lead_reason(preferred.statements)) == ("links", "priority")


def test_a_source_that_is_gone_gives_the_lead_to_one_that_is_followed() -> None:
    gone = seen("a", 1, source="gone", letters=3000)
    followed = seen("a", 1, source="news", letters=100)

    found = article(gone, followed, gone=SourceRank(is_active=False))
    assert (found.lead.source, lead_reason(found.statements)) == ("news", "followed")


def test_a_statement_that_another_has_left_behind_does_not_lead() -> None:
    dropped = seen("a", 1, "first", source="a")
    corrected = [seen("a", 1, "first", source="b"), seen("a", 5, "second", source="b")]

    found = article(dropped, *corrected)
    assert (found.lead.current.hash, lead_reason(found.statements)) == ("second", "version")


def test_a_correction_that_shortens_the_text_leaves_the_longer_one_behind() -> None:
    dropped = seen("a", 1, "first", source="a", letters=1295)
    corrected = [
        seen("a", 1, "first", source="b", letters=1295),
        seen("a", 5, "second", source="b", letters=1049),
    ]

    assert article(dropped, *corrected).lead.current.hash == "second"


def test_a_feed_that_turns_to_excerpts_leaves_no_text_behind() -> None:
    whole = seen("a", 1, "whole", source="saved", letters=1295)
    feed = [
        seen("a", 1, "whole", source="feed", letters=1295),
        seen("a", 5, "excerpt", source="feed", letters=180),
    ]

    assert article(whole, *feed).lead.current == whole


def test_of_two_versions_the_one_with_the_later_modified_date_leads() -> None:
    old = seen("a", 5, "first", source="a", at=hour(1))
    new = seen("a", 5, "second", source="b", at=hour(2))

    assert article(old, new).lead.current == new


def test_a_title_that_its_publisher_corrected_in_another_statement_is_shown() -> None:
    saved = seen("a", 1, "page", source="saved", letters=3000, title="Two dead")
    feed = [
        seen("a", 1, "x", source="rss", letters=100, title="Two dead"),
        seen("a", 5, "y", source="rss", letters=100, title="Three dead"),
    ]

    found = article(saved, *feed)

    assert (found.lead.source, found.title) == ("saved", "Three dead")


def test_a_title_that_the_lead_has_given_up_does_not_come_back_from_another_statement() -> None:
    titles = {"a": "Bridge opens", "b": "Bridge closed"}
    lead = [
        seen("a", at, text, source="a", title=titles[text]) for at, text in ((1, "a"), (2, "b"))
    ]
    cache = [
        seen("a", at, text, source="b", title=titles[text])
        for at, text in ((1, "a"), (3, "b"), (4, "a"))
    ]

    found = article(*lead, *cache)

    assert (found.lead.current.hash, found.title) == ("b", "Bridge closed")


def test_an_edit_of_a_statement_that_is_not_shown_moves_nothing_that_is() -> None:
    own = seen("a", 1, "own", source="blog", letters=3000)
    links = [seen("a", hours, str(hours), source="links", tier=0) for hours in (1, 2, 3)]

    assert article(own, *links).updated == article(own).updated


# --- edits that several statements tell ----------------------------------------------------------------------------------


def test_one_correction_in_several_statements_is_one_edit() -> None:
    feeds = []
    for name, hours in (("a", 3), ("b", 5), ("c", 9)):
        feeds += [seen("a", 1, "first", source=name), seen("a", hours, "second", source=name)]

    found = article(*feeds)

    assert (found.edits, found.updated) == (1, hour(3))


def test_a_correction_whose_time_is_stated_does_not_move_updated_once_more() -> None:
    page = seen("a", 5, "second", source="a", at=hour(3))
    feed = [seen("a", 1, "first", source="b"), seen("a", 7, "second", source="b")]

    assert [article(page, *feed[:1]).updated, article(page, *feed).updated] == [hour(3), hour(3)]


def test_a_correction_is_an_edit_also_if_the_lead_came_after_it() -> None:
    late = seen("a", 4, "second", source="a")
    feed = [seen("a", 1, "first", source="b"), seen("a", 5, "second", source="b")]

    found = article(late, *feed)

    assert (found.lead.source, found.edits, found.updated) == ("a", 1, hour(5))


def test_statements_that_each_saw_one_correction_make_two_edits() -> None:
    early = [seen("a", 1, "first", source="b"), seen("a", 3, "second", source="b")]
    late = [seen("a", 4, "second", source="a"), seen("a", 8, "third", source="a")]

    found = article(*early, *late)

    assert (found.lead.current.hash, found.edits, found.updated) == ("third", 2, hour(8))


def test_a_text_in_another_form_is_no_edit_of_the_first() -> None:
    feed = [seen("a", 1, "feed", source="b"), seen("a", 3, "feed edited", source="b")]
    page = seen("a", 5, "page", source="a")

    assert (article(*feed, page).edits, article(*feed, page).updated) == (0, DAY)


def test_a_page_that_is_read_after_its_headline_edits_nothing() -> None:
    feed = seen("a", 1, "whole", source="b")
    page = [seen("a", 2, "headline", source="a", letters=0), seen("a", 4, "whole", source="a")]

    found = article(feed, *page)

    assert (found.lead.source, found.edits, found.updated) == ("a", 0, DAY)


def test_statements_that_exchange_two_states_do_not_count_in_a_circle() -> None:
    to = [seen("a", 1, "x", source="a"), seen("a", 3, "y", source="a")]
    fro = [seen("a", 2, "y", source="b"), seen("a", 4, "x", source="b")]

    assert article(*to, *fro).edits == 1


def test_an_edit_of_something_else_than_the_text_moves_updated() -> None:
    first = [seen("a", 1, "x", source="b"), seen("a", 2, "y", source="b")]
    own = [
        seen("a", 1, "x", source="a"),
        seen("a", 3, "y", source="a"),
        seen("a", 7, "y with a link", source="a", text_hash=b"y"),
    ]

    assert (article(*first, *own).edits, article(*first, *own).updated) == (2, hour(7))


few = st.integers(0, 4)
sightings = st.builds(
    lambda source, captured, text, title, published, late, tier, letters: seen(
        "url:a",
        captured,
        text,
        source=source,
        title=title,
        published=hour(published * 20),
        at=hour(late or captured),
        tier=tier,
        letters=letters,
    ),
    st.sampled_from("abc"),
    few,
    st.sampled_from(["x", "y", "z"]),
    st.sampled_from(["Storm", "storm", "Election", "Sport"]),
    few,
    few,
    st.integers(0, 3),
    st.sampled_from([0, 39, 40, 700, 3000]),
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.lists(sightings, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_what_is_shown_is_a_function_of_the_set(
    members: list[Sighting], chance: random.Random
) -> None:
    shuffled = [*members, *members[:3]]
    chance.shuffle(shuffled)

    assert build_article(shuffled, {}) == build_article(members, {})


def test_nothing_has_no_revisions() -> None:
    assert revision_spans([]) == ()
