"""What becomes of the texts that publishers write: tags, entities, characters, blanks."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalize import text

CASES = json.loads((Path(__file__).parent / "data" / "text_plain.json").read_text("utf-8"))
PIECES = [
    *"<>/&;\"'= \n\t!-#",
    "<b",
    "<p>",
    "<br>",
    "</p>",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "&amp;",
    "&lt;",
    "&gt;",
    "lt;",
    "&#",
    "x3c;",
    "中",
    "か",
    "é",
    "e\u0301",
    "\u200b",
    "\u00ad",
    "\u2067",
    "\u2069",
    "\ud83d",
    "\ude00",
    "\x00",
    "\x01",
    "\x02",
    "\u037e",
]
HOSTILE = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.mark.parametrize(
    ("value", "plain", "block"), CASES, ids=[repr(case[0][:40]) for case in CASES]
)
def test_a_text_becomes_plain_as_the_table_says(value: str, plain: str, block: str) -> None:
    assert (text.plain_text(value), text.paragraph_text(value)) == (plain, block)


def test_two_halves_of_a_surrogate_pair_become_their_character() -> None:
    assert text.clean_characters("a\ud83d\ude00b\ud83d") == "a😀b"


def test_cleaning_characters_leaves_tags_entities_and_blanks_alone() -> None:
    assert text.clean_characters("<p>\n &amp;\t\u200b\x00e\u0301</p>") == "<p>\n &amp;\t\u200bé</p>"


@settings(deadline=None, max_examples=200, derandomize=True)
@given(HOSTILE)
def test_whatever_comes_in_is_one_line_of_legal_composed_characters_without_tags(
    value: str,
) -> None:
    found = text.plain_text(value)

    assert found == " ".join(found.split())
    assert not re.search(
        "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|<(?:b|p|br|script)(?:[ /][^<>]*)?>", found
    )
    assert unicodedata.is_normalized("NFC", found)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(HOSTILE)
def test_paragraphs_hold_the_same_text_as_the_line(value: str) -> None:
    isolates = re.compile("[\u200e\u200f\u2066-\u2069]")

    assert isolates.sub("", "".join(text.paragraph_text(value).split())) == "".join(
        text.plain_text(value).split()
    )


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.text())
def test_what_is_plain_already_stays(value: str) -> None:
    once = text.plain_text(value.replace("&", "").replace("<", ""))

    assert text.plain_text(once) == once


@settings(deadline=None, max_examples=200, derandomize=True)
@given(HOSTILE)
def test_folding_twice_is_folding_once(value: str) -> None:
    once = text.fold(value)

    assert text.fold(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ　１", "abc 1"),
        ("Straße", "STRASSE"),
        ("a\u200bb", "ab"),
        ("Cafe\u0301", "CAFÉ"),
        (" a\n b ", "A B"),
        ("\U0001d6ea\u0308\u0301", "\u0390"),
    ],
)
def test_texts_that_a_reader_takes_for_equal_fold_alike(one: str, other: str) -> None:
    assert text.fold(one) == text.fold(other)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "value",
    [
        "a" + "\u0301\u0316" * 50_000,
        '<a "' * 50_000,
        "<a '\"" * 50_000,
        "<a \"<b '" * 50_000,
        "<!--" * 50_000,
        "<script>" * 100_000,
        "<b" * 50_000 + ">" * 50_000,
        "<b></b>" * 50_000,
        "</b>" * 50_000,
        "<x-y>" * 50_000,
        "&" * 100_000,
        "&amp;" * 50_000,
        "\u200b" * 100_000,
        "中\n" * 50_000,
        "<br>" * 50_000,
        "\n " * 50_000,
    ],
    ids=lambda value: repr(value[:12]),
)
def test_hostile_text_costs_no_more_than_prose(value: str) -> None:
    assert isinstance(text.plain_text(value) + text.paragraph_text(value) + text.fold(value), str)
    assert isinstance(text.plain_text(value, "mixed") + text.plain_text(value, "html"), str)


def test_of_a_hundred_marks_on_one_letter_thirty_stay() -> None:
    assert text.compose("q" + "\u0316" * 100) == "q" + "\u0316" * 30


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", 0.0),
        ("one two, three - four", 4.0),
        ("韩国召见俄罗斯大使", 4.5),
        ("VOA 美国之音", 3.0),
        ("ที่นี่", 3.0),
        ("한국 정부", 2.0),
        ("it's ... 5", 2.0),
    ],
)
def test_an_unspaced_character_weighs_half_a_word(value: str, words: float) -> None:
    assert text.count_words(value) == words


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    st.text(
        st.characters() | st.sampled_from("\x0b\x1b\x7f\x85\x9f\xa0\ud83d\ufffd\ufffe\uffff中"),
        max_size=12,
    )
)
def test_a_text_that_counts_as_legal_holds_nothing_that_is_taken_out(value: str) -> None:
    kept = "".join(
        one
        for one in value
        if not re.match("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", one)
    )
    assert text._is_legal(value) == (kept == value)


@pytest.mark.parametrize("before", range(9))
def test_too_many_marks_are_found_wherever_they_begin(before: int) -> None:
    stacked = "a" * before + "e" + "\u0301" * 40 + "b" * 20
    assert len(text.compose(stacked)) < len(stacked) - 9
