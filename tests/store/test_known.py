"""What is asked before an article's page is: which of some revisions are news."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aggregator.store import KnownArticle


def test_what_nobody_stated_is_unknown(store: Any, revise: Any) -> None:
    assert store.find_known([]) == []
    assert store.find_known([revise("a"), revise("b")]) == [None, None]


def test_an_article_is_known_by_any_of_its_keys(store: Any, revise: Any, bring: Any) -> None:
    bring(store, [revise("a", keys=("site:1", "url:a"))])

    same, other, unknown = store.find_known(
        [
            revise("a", 1, keys=("url:a",)),
            revise("a", 1, "edited", keys=("x:9", "site:1")),
            revise("b", 1),
        ]
    )

    assert (same, other, unknown) == (
        KnownArticle("1:first", "1:first", has_text=False),
        KnownArticle("1:first", "1:first", has_text=False),
        None,
    )
    assert same.is_unchanged_by(revise("a", 1))
    assert not other.is_unchanged_by(revise("a", 1, "edited"))


def test_a_source_is_measured_by_what_it_said_itself(store: Any, revise: Any, bring: Any) -> None:
    bring(store, [revise("a", 0, "as the feed has it")])
    bring(store, [revise("a", 1, "as the radio has it", source="radio")], source="radio")

    [known] = store.find_known([revise("a", 2, "as the feed has it")])
    [stranger] = store.find_known([revise("a", 2, "as the paper has it", source="paper")])

    [radio] = store.find_known([revise("a", 2, "as the radio has it", source="radio")])

    assert known == KnownArticle("1:as the feed has it", "1:as the feed has it", has_text=False)
    assert radio == KnownArticle("1:as the feed has it", "1:as the radio has it", has_text=False)
    assert radio.is_unchanged_by(revise("a", 2, "as the radio has it"))
    assert stranger == KnownArticle("1:as the feed has it", None, has_text=False)


def test_a_headline_of_another_source_does_not_stand_for_the_page(
    store: Any, revise: Any, bring: Any
) -> None:
    text = "<p>A text of more than the forty letters of a headline.</p>"
    bring(
        store,
        [
            revise("headline", content_html=None, source="sitemap"),
            revise("whole", content_html=text, source="sitemap"),
        ],
        source="sitemap",
    )
    listed = [revise("headline", 1), revise("whole", 1)]

    headline, whole = store.find_known(listed)

    assert [headline.is_unchanged_by(listed[0]), whole.is_unchanged_by(listed[1])] == [False, True]


def test_of_several_versions_the_last_that_a_source_stated_counts(
    store: Any, revise: Any, bring: Any
) -> None:
    for hours, text in enumerate(("first", "second", "third")):
        bring(store, [revise("a", hours, text)])

    assert store.find_known([revise("a", 9, "second")]) == [
        KnownArticle("1:third", "1:third", has_text=False)
    ]


def test_what_was_deleted_is_not_to_be_read_again(
    store: Any, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise("a")])
    store.delete_entries([entry.id for entry in store.entries()], now=start + timedelta(hours=1))

    [known] = store.find_known([revise("a", 2, "edited")])

    assert known == KnownArticle(None)
    assert known.is_unchanged_by(revise("a", 2, "edited"))


def test_five_thousand_are_asked_for_at_once(store: Any, revise: Any, bring: Any) -> None:
    bring(store, [revise(f"n{number}") for number in range(0, 5000, 50)])

    found = store.find_known([revise(f"n{number}", 1) for number in range(5000)])

    assert [number for number, known in enumerate(found) if known is not None] == list(
        range(0, 5000, 50)
    )
