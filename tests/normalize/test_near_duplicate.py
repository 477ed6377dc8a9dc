"""Copies are told from rewritten stories and from other stories of the same form."""

from __future__ import annotations

import json
from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalize import near_duplicate
from aggregator.store.search.tokens import fold_text

TONGUES = json.loads((Path(__file__).parent / "data" / "stories.json").read_text(encoding="utf-8"))
STORIES = 24


def facts(chance: Random, tongue: Any) -> dict[str, list[str]]:
    return {name: chance.sample(values, len(values)) for name, values in tongue["slots"].items()}


def told(tongue: Any, order: list[int], slots: dict[str, list[str]], way: int = 0) -> list[str]:
    return [
        tongue["sentences"][number][way].format(
            **{name: values[place % 2] for name, values in slots.items()}
        )
        for place, number in enumerate(order)
    ]


def edited(chance: Random, tongue: Any, story: list[str], where: str) -> list[str]:
    """What another desk makes of it: words changed, the end cut, a place line before, a note after."""
    sentences = story[:-1] if chance.random() < 0.5 else story
    for old, new in chance.sample(tongue["swaps"], 4):
        sentences = [sentence.replace(old, new, 1) for sentence in sentences]
    lead = tongue["lead"].format(where=where) if chance.random() < 0.5 else ""
    tail = [tongue["tail"]] if chance.random() < 0.4 else []
    return [lead + sentences[0], *sentences[1:], *tail]


def corpus(language: str) -> list[tuple[str, str]]:
    """(story, text) of agency reports, edited copies, rewritten reports, and other stories of the same form."""
    tongue, found = TONGUES[language], []
    for number in range(STORIES):
        chance = Random(f"{language}{number}")
        order, slots = chance.sample(range(10), chance.randint(6, 9)), facts(chance, tongue)
        story = told(tongue, order, slots)
        found += [
            (f"{number}", story),
            (f"{number}", edited(chance, tongue, story, slots["where"][0])),
            (f"{number} rewritten", told(tongue, order, slots, way=1)),
            (f"{number} other facts", told(tongue, order, facts(chance, tongue))),
        ]
    return [
        (name, fold_text(("" if language == "zh" else " ").join(sentences)))
        for name, sentences in found
    ]


@cache
def read(text: str) -> tuple[set[int], near_duplicate.ComparedText]:
    return set(near_duplicate.sketch(text)), near_duplicate.prepare_text(text)


def judge(one: str, other: str) -> bool:
    (sketch, words), (other_sketch, other_words) = read(one), read(other)
    return len(
        sketch & other_sketch
    ) >= near_duplicate.MIN_SHARED_HASHES and near_duplicate.are_copies(words, other_words)


@pytest.mark.no_cover
@pytest.mark.parametrize("language", ["en", "fr", "zh"])
def test_copies_are_found_and_nothing_else(language: str) -> None:
    hits = misses = wrong = 0
    for (name, one), (other_name, other) in combinations(corpus(language), 2):
        same, found = name == other_name, judge(one, other)
        hits, misses, wrong = (
            hits + (same and found),
            misses + (same and not found),
            wrong + (found and not same),
        )

    assert hits / (hits + misses) >= 0.95
    assert hits / (hits + wrong) >= 0.99 or wrong == 0


def story(language: str = "en", seed: int = 1) -> str:
    tongue, chance = TONGUES[language], Random(seed)
    return fold_text(" ".join(told(tongue, list(range(8)), facts(chance, tongue))))


@pytest.mark.parametrize(
    ("change", "copied"),
    [
        (lambda text: text, True),
        (lambda text: text.upper().lower().replace(" ", "  ").replace(",", " -- "), True),
        (lambda text: text[: len(text) * 7 // 10], True),
        (lambda text: text[: len(text) // 2], False),
        (lambda text: f"{text} {story(seed=2)} {story('fr')}", False),
        (lambda text: story(seed=2), False),
    ],
    ids=["same", "other marks", "shortened", "half", "among others", "other"],
)
def test_a_copy_is_most_of_a_text_and_not_much_more(change: Any, copied: bool) -> None:
    assert judge(story(), change(story())) is copied


@pytest.mark.parametrize(
    ("count", "letter", "long_enough"), [(79, "a", 0), (80, "a", 1), (39, "京", 0), (40, "京", 1)]
)
def test_short_texts_are_never_compared(count: int, letter: str, long_enough: int) -> None:
    words = fold_text(letter * count if letter == "京" else " ".join([letter] * count))

    assert bool(near_duplicate.sketch(words)) is bool(long_enough)


def test_summaries_are_copies_only_under_the_same_title() -> None:
    summary = story()
    one, same, other = (
        near_duplicate.prepare_text(summary, title)
        for title in ("storm hits harlan", "Storm hits Harlan!", "vote")
    )

    assert (
        near_duplicate.are_copies(
            one, near_duplicate.prepare_text(summary, fold_text("Storm hits Harlan!"))
        ),
        near_duplicate.are_copies(one, other),
    ) == (
        True,
        False,
    )
    assert near_duplicate.are_copies(same, near_duplicate.prepare_text(summary)) is True


def test_a_sketch_is_the_same_on_every_machine() -> None:
    assert near_duplicate.sketch(" ".join(f"word{n}" for n in range(30)))[:3] == (
        84000402,
        91548922,
        501472530,
    )


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.text(), st.text())
def test_judging_is_total_and_has_no_direction(one: str, other: str) -> None:
    first, second = (
        near_duplicate.prepare_text(fold_text(one)),
        near_duplicate.prepare_text(fold_text(other)),
    )

    assert near_duplicate.are_copies(first, second) == near_duplicate.are_copies(second, first)
    assert near_duplicate.unpack_sketch(
        near_duplicate.pack_sketch(near_duplicate.sketch(fold_text(one)))
    ) == near_duplicate.sketch(fold_text(one))
