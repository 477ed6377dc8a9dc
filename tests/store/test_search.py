"""Search finds the same on both databases, and follows what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.store import derived
from aggregator.store.search.tokens import query_phrases, searchable_text, split_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.store import Store

TEXTS = {
    "a": "<p>La <b>Straße</b> nach Köln ist 3.5 km lang.</p>",
    "b": "<p>中国总理访问北京大学，发表讲话。</p>",
    "c": "<p>京北新闻：大选，学生投票</p>",
    "d": "<p>New York is not York, and news is new.</p>",
    "e": "<p>한국의 대통령 東京タワー</p>",
}


def names(store: Store, query: str) -> str:
    return "".join(sorted(entry.title[-1] for entry in store.entries(search=query)))


@pytest.fixture
def filled(store: Store, revise: Any, bring: Any) -> Store:
    bring(
        store,
        [revise(name, content_html=html, summary=f"Kurz {name}") for name, html in TEXTS.items()],
    )
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("STRASSE", "a"),
        ("koln strasse", "a"),
        ("3.5", "a"),
        ("5.3", ""),
        ("stras", ""),
        ("北京", "b"),
        ("京北", "c"),
        ("大学", "b"),
        ("北 京", "bc"),
        ('"new york"', "d"),
        ("york new", "d"),
        ('"york new"', ""),
        ("대통령", "e"),
        ("한국", "e"),
        ("タワー", "e"),
        ("title", "abcde"),
        ('"title of d"', "d"),
        ("kurz d", "d"),
        ('"d kurz"', ""),
        ("", "abcde"),
        ("  ", "abcde"),
        ("?!", ""),
        ("NEAR(new york) OR * - ^ : {a b} : \\ ' % _", ""),
        ("title : of", "abcde"),
        ("x" * 5000, ""),
        ("title " * 300, "abcde"),
        ("\x00\ud800"[:1] + " title", "abcde"),
    ],
)
def test_words_and_phrases_are_found(filled: Store, query: str, found: str) -> None:
    assert names(filled, query) == found


def test_what_is_found_comes_newest_first_with_every_other_condition(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(
        store,
        [revise(name, published=start.replace(day=day)) for day, name in enumerate("abcd", 1)],
    )
    bring(store, [revise("e", source="other")], source="other")

    assert [entry.title[-1] for entry in store.entries(search="title", source="news")] == [
        "d",
        "c",
        "b",
        "a",
    ]
    assert [
        entry.title[-1]
        for entry in store.entries(search="title", since=start.replace(day=3), limit=1)
    ] == ["d"]


def test_an_edit_is_found_by_its_new_words_alone(store: Store, revise: Any, bring: Any) -> None:
    bring(store, [revise("a", 0, "alpha beta")])
    bring(store, [revise("a", 1, "beta gamma")])

    assert [names(store, word) for word in ("alpha", "beta", "gamma")] == ["", "a", "a"]


def test_an_older_version_that_comes_late_changes_nothing_found(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise("a", 5, "newest")], keep=True)
    bring(store, [revise("a", 1, "oldest")], keep=True)

    assert [names(store, word) for word in ("newest", "oldest")] == ["a", ""]


def test_entries_that_become_one_are_found_once(store: Store, revise: Any, bring: Any) -> None:
    bring(store, [revise("a", 0, "alpha")], source="news")
    proxied = {"source": "proxy", "guid": "1", "title": "Title of a"}
    bring(
        store, [revise("b", 1, "beta", keys=("url:b", "guid:proxy:1"), **proxied)], source="proxy"
    )
    bring(
        store, [revise("a", 2, "beta", keys=("url:a", "guid:proxy:1"), **proxied)], source="proxy"
    )

    assert [names(store, word) for word in ("alpha", "beta")] == ["a", ""]


def test_articles_with_the_same_bytes_are_found_each(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    same = {
        "guarded": True,
        "url": "https://example.org/1",
        "url_original": None,
        "keys": ("voa:1",),
    }
    bring(store, [revise("x", 0, "storm", title="Storm", **same)])
    bring(store, [revise("y", 90, "vote", title="Vote", published=start.replace(day=9), **same)])
    bring(store, [revise("x", 95, "vote", title="Storm", **same)])

    assert [entry.title for entry in store.entries(search="vote")] == ["Vote", "Storm"]
    assert list(store.entries(search="storm flood")) == []


def test_what_is_forgotten_is_found_no_more_and_its_number_is_not_given_again(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise("a", 0, "alpha"), revise("b", 0, "beta")])
    store.delete_entries([store.find_entries("url:b")[0].id], now=start)
    bring(store, [revise("c", 0, "gamma")])

    assert [names(store, word) for word in ("alpha", "beta", "gamma")] == ["a", "", "c"]


def test_words_that_were_made_in_another_way_never_spoil_the_index(
    store: Store, revise: Any, bring: Any, start: Any, monkeypatch: Any
) -> None:
    """As after an upgrade that folds otherwise: what cannot be taken away exactly is left, and leads nowhere."""
    bring(store, [revise("a", 0, "alpha"), revise("b", 0, "beta")])
    assert names(store, "title") == "ab"
    monkeypatch.setattr(
        derived, "searchable_text", lambda *said: searchable_text(*said).replace("title", "name")
    )
    store.delete_entries([store.find_entries("url:b")[0].id], now=start)
    bring(store, [revise("c", 2, "delta")])
    between = [names(store, word) for word in ("title", "name", "beta")]
    bring(store, [revise("a", 1, "gamma")])
    store.delete_entries([store.find_entries("url:c")[0].id], now=start)

    assert between == ["a", "c", ""]
    assert [names(store, word) for word in ("alpha", "beta", "gamma", "delta", "title")] == [
        "",
        "",
        "a",
        "",
        "",
    ]


def test_a_commit_indexes_nothing_and_the_writer_does_it_next(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise(name, 0, f"word{name}") for name in "abc"], complete=False)
    before = (indexed(store), names(store, "wordb"), store.has_unindexed())
    store.update_indexes()
    found = names(store, "wordb")
    bring(store, [revise("b", 1, "other"), revise("d", 1, "wordd")], complete=False)

    assert before == (0, "", True)
    assert (found, indexed(store)) == ("b", 2)  # what is shown no more has gone at once
    store.update_indexes()
    assert [names(store, word) for word in ("wordb", "other", "wordd", "title")] == [
        "",
        "b",
        "d",
        "abcd",
    ]
    assert (indexed(store), store.has_unindexed()) == (4, False)


def test_indexing_goes_on_where_it_stopped_and_whatever_breaks_it(
    store: Store, revise: Any, bring: Any, monkeypatch: Any
) -> None:
    bring(store, [revise(name, 0, f"word{name}") for name in "abcde"], complete=False)
    more = store.update_indexes(2)
    with monkeypatch.context() as broken:
        broken.setattr(
            derived, "crc32", None
        )  # after the words are in the index, before it is known
        with pytest.raises(TypeError):
            store.update_indexes(2)
    half = indexed(store)
    again = [store.update_indexes(2), store.update_indexes(2)]

    assert (more, half, again, indexed(store)) == (True, 2, [True, False], 5)
    assert [names(store, f"word{name}") for name in "abcde"] == list("abcde")


def test_pruning_indexes_what_is_not_yet(store: Store, revise: Any, bring: Any, start: Any) -> None:
    bring(store, [revise(name) for name in "abc"], complete=False)
    store.prune(start, {}, dry_run=True)
    before = indexed(store)
    store.prune(start, {})

    assert (before, indexed(store)) == (0, 3)


def indexed(store: Store) -> int:
    """How many contents the index holds."""
    table = "search_docsize" if store._engines.path else "search"
    with store._engines.read.connect() as connection:
        return connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0


letters = st.text(alphabet="ab é字京 \"'", max_size=12)


@settings(
    deadline=None,
    derandomize=True,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(letters)
def test_any_query_finds_what_holds_all_its_phrases(filled_randomly: Any, query: str) -> None:
    store, texts = filled_randomly
    sought = query_phrases(query)
    expected = {
        name
        for name, text in texts.items()
        if (sought or not query.strip())
        and all(
            _holds(split_words(searchable_text(f"Title of {name}", None, text)), phrase)
            for phrase in sought
        )
    }

    assert {
        entry.title.removeprefix("Title of ") for entry in store.entries(search=query)
    } == expected


def _holds(words: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(
        list(words[begin : begin + size]) == list(phrase) for begin in range(len(words) - size + 1)
    )


@pytest.fixture
def filled_randomly(store: Store, revise: Any, bring: Any) -> Any:
    from random import Random

    chance = Random(4)
    texts = {
        f"n{n}": "".join(chance.choices("ab é字京 ", k=chance.randint(1, 12))) for n in range(60)
    }
    bring(store, [revise(name, content_html=text) for name, text in texts.items()])
    return store, texts
