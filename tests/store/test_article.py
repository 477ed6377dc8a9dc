"""Articles, revisions and ids as pure functions of sets of sightings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.store.content import urn
from aggregator.store.merge.article import Article, Sighting, build_articles, revision_spans

if TYPE_CHECKING:
    import random

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
    }
    return Sighting(**values | fields)


def outline(found: tuple[Article, ...]) -> list[tuple[str, list[str]]]:
    return [
        (article.key, [run.first_sighting.hash for run in article.revisions]) for article in found
    ]


def test_any_shared_key_makes_one_article_named_by_its_earliest_sighting() -> None:
    found = build_articles(
        [seen("c b", 3, "three"), seen("b a", 2, "two"), seen("a", 1, "one"), seen("z", 1)]
    )

    assert outline(found) == [("a", ["one", "two", "three"]), ("z", ["one"])]
    assert found[0].keys == {"a", "b", "c"}


def test_an_id_never_changes_between_versions_of_the_program() -> None:
    [article] = build_articles([seen("url:example.org/a", 1)])

    assert urn(article.uid) == "urn:uuid:e3862097-b2f1-5b4c-ae00-f0ac572744ca"


def test_adjacent_sightings_of_one_hash_are_one_revision() -> None:
    runs = revision_spans(
        [seen("a", 1, "x"), seen("a", 2, "x"), seen("a", 3, "y"), seen("a", 4, "x")]
    )

    assert [(run.first_sighting.hash, run.at) for run in runs] == [
        ("x", hour(1)),
        ("y", hour(3)),
        ("x", hour(4)),
    ]


def test_a_revision_takes_the_place_that_the_publisher_states() -> None:
    stated = seen("a", 9, "early", at=hour(1))

    assert [run.first_sighting.hash for run in revision_spans([seen("a", 2, "late"), stated])] == [
        "early",
        "late",
    ]


def test_a_stated_time_that_did_not_move_gives_way_to_the_time_of_capture() -> None:
    runs = revision_spans(
        [
            seen("a", 5, "x", at=hour(1)),
            seen("a", 6, "y", at=hour(1)),
            seen("a", 7, "z", at=hour(2)),
        ]
    )

    assert [run.at for run in runs] == [hour(1), hour(6), hour(7)]


def test_times_never_go_back() -> None:
    runs = revision_spans(
        [
            seen("a", 9, "x", at=hour(1)),
            seen("a", 1, "y", at=hour(1)),
            seen("a", 2, "z", at=hour(3)),
        ]
    )

    assert [run.at for run in runs] == sorted(run.at for run in runs)


def test_the_earliest_stated_date_wins_over_earlier_guesses() -> None:
    guess = seen("a", 1, published=hour(-9), published_from="archive")
    first = seen("a", 1, published=hour(-20), published_from="first_seen")
    late = seen("a", 2, published=hour(0.5), published_where="ld:datePublished")
    stated = seen("a", 3, published=hour(0), published_where="feed:published")

    [article] = build_articles([guess, first, late, stated])

    assert (article.date_winner.published, article.date_winner.published_where) == (
        hour(0),
        "feed:published",
    )


def test_a_date_that_is_stated_of_a_time_after_the_first_sight_gives_way_to_it() -> None:
    guess = seen("a", 1, published=hour(1), published_from="first_seen")
    soon, late = seen("a", 2, published=hour(1.1)), seen("a", 30, published=hour(30))

    assert [article.date_winner for article in build_articles([guess, late])] == [guess]
    assert [article.date_winner for article in build_articles([guess, soon, late])] == [soon]
    assert [article.date_winner for article in build_articles([late])] == [late]


def test_the_newest_link_of_the_shown_source_is_shown() -> None:
    first, moved = seen("url:a guid:1", 1), seen("url:b guid:1", 2)
    again, elsewhere = seen("url:a guid:1", 3), seen("url:c guid:1", 4, source="other")

    assert [
        article.link_winner for article in build_articles([first, moved, again, elsewhere])
    ] == [moved]


def test_an_address_that_is_another_at_every_poll_is_followed_three_times() -> None:
    polls = [seen(f"url:{n} guid:1", n) for n in range(1, 9)]

    assert [article.link_winner for article in build_articles(polls)] == [polls[3]]


def test_a_newer_version_says_itself_where_it_is() -> None:
    first, moved = seen("url:a guid:1", 1), seen("url:b guid:1", 2)
    edited = seen("url:a guid:1", 3, "two")

    assert [article.link_winner for article in build_articles([first, moved, edited])] == [edited]


def test_a_first_revision_is_updated_when_it_was_published() -> None:
    [article] = build_articles([seen("a", 5, at=hour(4))])

    assert article.updated == DAY


def test_updated_is_never_before_published() -> None:
    [article] = build_articles(
        [seen("a", 5, "x", published=hour(9)), seen("a", 6, "y", published=hour(9))]
    )

    assert article.updated == hour(9)


def test_the_source_and_first_seen_are_those_of_the_earliest_capture() -> None:
    [article] = build_articles(
        [seen("a", 2, source="b"), seen("a", 1, "later edit", source="c", at=hour(8))]
    )

    assert (article.source, article.first_seen, article.seen_to) == ("c", hour(1), hour(2))


def guarded(captured: float, title: str, published: float, **fields: Any) -> Sighting:
    return seen(
        "id:7", captured, title, title=title, guarded=True, published=hour(published), **fields
    )


def test_a_reused_id_with_another_title_and_date_is_another_article() -> None:
    found = build_articles(
        [guarded(1, "Storm", 0), guarded(80, "Election", 72), guarded(81, "ＥLECTION ", 72)]
    )

    assert outline(found) == [("id:7", ["Storm"]), ("id:7@2026-03-04", ["Election", "ＥLECTION "])]
    assert [article.keys for article in found] == [{"id:7"}, {"id:7"}]


def test_another_title_within_a_day_is_an_edit() -> None:
    assert outline(build_articles([guarded(1, "Storm", 0), guarded(2, "Great storm", 24)])) == [
        ("id:7", ["Storm", "Great storm"])
    ]


def test_the_same_title_much_later_is_the_same_article() -> None:
    found = build_articles(
        [guarded(1, "Storm", 0), guarded(90, "Election", 72), guarded(999, "Storm", 900)]
    )

    assert outline(found) == [("id:7", ["Storm"]), ("id:7@2026-03-04", ["Election"])]


def test_another_shared_key_outweighs_the_guard() -> None:
    one = seen("id:7 url:x", 1, "Storm", title="Storm", guarded=True)
    two = seen("id:7 url:x", 99, "Election", title="Election", guarded=True, published=hour(98))

    assert outline(build_articles([one, two])) == [("id:7", ["Storm", "Election"])]


def test_edits_in_a_row_count_revisions_without_a_stated_change() -> None:
    stated = seen("a", 3, "c", at=hour(2.5))
    [article] = build_articles(
        [seen("a", 1, "a"), seen("a", 2, "b"), stated, seen("a", 4, "d"), seen("a", 5, "e")]
    )

    assert article.edits_in_a_row == 2


def test_a_stated_date_that_stands_still_counts_as_none() -> None:
    [article] = build_articles(
        [seen("a", number, str(number), at=hour(0)) for number in range(1, 5)]
    )

    assert article.edits_in_a_row == 3


few = st.integers(0, 4)
sightings = st.builds(
    lambda keys, captured, text, title, published, guarded, late: seen(
        " ".join(dict.fromkeys(keys)),
        captured,
        text,
        title=title,
        published=hour(published * 20),
        guarded=guarded,
        at=hour(late or captured),
    ),
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3),
    few,
    st.sampled_from(["x", "y", "z"]),
    st.sampled_from(["Storm", "storm", "Election", "Sport"]),
    few,
    st.booleans(),
    few,
)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(sightings, max_size=10), st.randoms(use_true_random=False))
def test_articles_are_a_function_of_the_set(members: list[Sighting], chance: random.Random) -> None:
    shuffled = [*members, *members[:3]]
    chance.shuffle(shuffled)

    assert build_articles(shuffled) == build_articles(members)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(sightings, max_size=10))
def test_every_sighting_is_of_one_article_and_no_two_articles_share_a_name(
    members: list[Sighting],
) -> None:
    found = build_articles(members)

    assert sum(len(article.sightings) for article in found) == len(set(members))
    assert len({article.uid for article in found}) == len(found)
