"""What counts as a word."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.store.search.tokens import (
    FIELD_SEPARATOR,
    fold_text,
    query_phrases,
    searchable_text,
    split_words,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't re-use  3.5%", ["don", "t", "re", "use", "3", "5"]),
        ("ÉCOLE Straße Œuvre ΣΊΣΥΦΟΣ", ["ecole", "strasse", "oeuvre", "σισυφοσ"]),
        ("e\u0301cole ﬁn ｆｕｌｌ", ["ecole", "fin", "full"]),
        ("北京2026年，GDP增长", ["北", "京", "2026", "年", "gdp", "增", "长"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("が行 한국의", ["が", "行", "한", "국", "의"]),
        ("हिन्दी समाचार।", ["हिन्दी", "समाचार"]),
        ("مُدَرِّس שָׁלוֹם", ["مدرس", "שלום"]),
        ("ข่าว", ["ข", "\u0e48", "า", "ว"]),
        ("«voilà» … “так”—да", ["voila", "так", "да"]),
        ("", []),
    ],
)
def test_words_are_folded_and_dense_scripts_are_single_characters(
    text: str, words: list[str]
) -> None:
    assert split_words(fold_text(text)) == words


def test_inline_tags_join_and_others_part() -> None:
    html = (
        '<p>un<b>believ</b>able<br>line<img alt="a > b" src="x">end</p><p>AT&amp;T &lt;tag&gt;</p>'
    )

    assert split_words(searchable_text("T", None, html))[3:] == [
        "unbelievable",
        "line",
        "end",
        "at",
        "t",
        "tag",
    ]


def test_a_summary_that_the_content_repeats_is_indexed_once() -> None:
    assert split_words(searchable_text("T", "One two…", "<p>One two three</p>")) == [
        "t",
        FIELD_SEPARATOR,
        FIELD_SEPARATOR,
        "one",
        "two",
        "three",
    ]
    assert split_words(searchable_text("T", "Zero", "<p>One</p>")) == [
        "t",
        FIELD_SEPARATOR,
        "zero",
        FIELD_SEPARATOR,
        "one",
    ]


def test_a_word_is_cut_where_a_database_could_not_index_it() -> None:
    assert [len(word) for word in split_words(fold_text("x" * 5000 + " " + "é" * 700 + " y"))] == [
        600,
        600,
        1,
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('one "two three', [["one"], ["two", "three"]]),
        ("“deux mots” «x y»", [["deux", "mots"], ["x", "y"]]),
        ("「北京」大学", [["北", "京"], ["大", "学"]]),
        ('"" \' * ( NEAR ) AND -x title:y ^z', [["near"], ["and"], ["x"], ["title", "y"], ["z"]]),
        (f" {FIELD_SEPARATOR} ", []),
    ],
)
def test_a_query_is_words_and_phrases_and_nothing_else(query: str, found: list[list[str]]) -> None:
    assert query_phrases(query) == found


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text())
def test_folding_is_total_and_settled(text: str) -> None:
    once = fold_text(text)

    assert all(word.strip() == word != "" for word in split_words(once))
    assert FIELD_SEPARATOR not in once


@pytest.mark.no_cover
@pytest.mark.parametrize("piece", ["<", '<a "', "<a href=", '"', "&", "字", "é", "x"])
def test_folding_hostile_markup_is_linear(piece: str) -> None:
    begin = time.process_time()
    searchable_text("t", None, piece * 100_000)

    assert time.process_time() - begin < 2
