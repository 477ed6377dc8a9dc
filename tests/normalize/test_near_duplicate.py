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


def article(
    *sentences: str, title: str = "", is_summary: bool = False
) -> near_duplicate.ArticleText:
    folded = [fold_text(sentence) for sentence in sentences]
    return near_duplicate.read_article(fold_text(title), folded, is_summary=is_summary)


def strength(
    one: near_duplicate.ArticleText, other: near_duplicate.ArticleText, *boilerplate: str
) -> float:
    hashes = set[int]()
    for passage in article(*boilerplate).passages:
        hashes.update((passage.masked, passage.exact))
    return near_duplicate.copy_strength(
        near_duplicate.ComparedText(one, hashes), near_duplicate.ComparedText(other, hashes)
    )


@cache
def read(text: str) -> tuple[set[int], near_duplicate.ComparedText]:
    """Read a folded text without a title."""
    compared = near_duplicate.ComparedText(near_duplicate.read_article("", [text]))
    return set(near_duplicate.sketch(text)), compared


def judge(one: str, other: str) -> bool:
    (sketch, text), (other_sketch, other_text) = read(one), read(other)
    shared = len(sketch & other_sketch)
    is_candidate = shared >= near_duplicate.MIN_SHARED_HASHES
    return is_candidate and near_duplicate.copy_strength(text, other_text) > 0


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
    one, same, other = (
        article(story(), title=title, is_summary=True)
        for title in ("storm hits harlan", "Storm hits Harlan!", "vote")
    )
    whole = article(story(), title="vote")

    assert [strength(one, same), strength(one, other), strength(one, whole)] == [1.0, 0.0, 1.0]


CREDITS = (
    "Our theme music is by the Harlan Quartet and was recorded at Greywater Studios.",
    "Produced by Imke Larsson and edited by Tom Okafor for the Northlight network.",
    "Sponsors of this season are Kestrel Coffee and the Vesna Savings Bank.",
)


def test_what_sources_repeat_is_no_part_of_the_text() -> None:
    one = article("We talk about fishing today.", *CREDITS, title="Fishing")
    other = article("A cake for the whole winter.", *CREDITS, title="Cakes")
    first, second = article(story(), *CREDITS), article(story(), "Read also: a storm, a vote.")

    assert strength(one, other, *CREDITS) == 0.0
    assert strength(first, second, *CREDITS, "Read also: a storm, a vote.") == 1.0


@pytest.mark.parametrize(
    ("title", "own", "copied"),
    [
        ("Episode 7: fishing", "We talk about fishing.", True),
        ("Episode 7: fishing", "", True),
        ("Episode 7: fishing", "We talk about cakes.", False),
        ("Episode 8: fishing", "We talk about fishing.", False),
        ("A cake for the winter", "We talk about fishing.", False),
    ],
)
def test_where_little_is_left_the_title_and_all_that_is_left_must_agree(
    title: str, own: str, copied: bool
) -> None:
    one = article("We talk about fishing.", *CREDITS, title="Episode 7: fishing")
    other = article(own, *CREDITS, title=title)

    assert (strength(one, other, *CREDITS) > 0) is copied


def test_a_title_that_a_source_repeats_says_nothing_by_itself() -> None:
    one, other = (article(*CREDITS, title="Evening show, day 7") for _ in range(2))
    repeated = {one.title_hash}
    for passage in one.passages:
        repeated.add(passage.exact)
        repeated.add(passage.masked)
    texts = [near_duplicate.ComparedText(text, repeated) for text in (one, other)]

    assert near_duplicate.copy_strength(*texts) == 0.0
    assert strength(one, other, *CREDITS) == 1.0


REPORT = """\
The leading index of the Harlan exchange closed at {} points this evening, which analysts of the \
Vesna Savings Bank explain with calm trade in the morning and with little news from abroad.
Shares of the power company Kestrel ended at {} crowns after a quiet day of trading, while those of \
Omber Ferries were bought by funds that bet on a warm and early summer on the coast.
The turnover of all listed companies was {} million crowns, and quotes are as always delayed by a \
quarter of an hour and given without any guarantee, as the exchange notes in its report."""


def report(*numbers: int) -> list[str]:
    return REPORT.format(*numbers).splitlines()


def test_reports_of_one_form_are_told_apart_by_their_numbers() -> None:
    one = article(*report(912, 415, 73), title="Closing report")
    same = article(*report(912, 415, 73), "By AP.", title="Closing report")
    other = article(*report(887, 409, 56), title="Closing report")
    form = report(1, 1, 1)

    assert [strength(one, same) > 0, strength(one, other)] == [True, 0.0]
    assert [strength(one, same, *form) > 0, strength(one, other, *form)] == [True, 0.0]


def test_under_another_title_the_beginning_of_one_is_in_the_other() -> None:
    one = article("Fishing in the cold bay.", *CREDITS, title="Fishing")
    other = article("A cake for the winter.", *CREDITS, title="Cakes")
    lead = article("Our readers waited for this.", story(), title="Cakes")

    assert strength(one, other) == 0.0
    assert strength(article(story(), title="Fishing"), lead) > 0.9


def test_boilerplate_is_what_two_neighbours_repeat() -> None:
    own = article("Fishing in the bay.", "Made in 2026.", title="Fishing")
    print_ = near_duplicate.take_fingerprint
    again = print_(own)
    near = [
        print_(article("A cake.", "Made in 2025.", title="Cakes")),
        print_(article("A vote.", "Made in 2025.", title="Votes")),
    ]
    repeated = near_duplicate.find_boilerplate(print_(own), near)

    first, second = own.passages
    assert (first.masked in repeated, second.masked in repeated) == (False, True)
    assert second.exact not in repeated  # with its number it is a fact
    assert near_duplicate.find_boilerplate(print_(own), [*near[:1], again, again]) == frozenset()


def test_a_sketch_is_the_same_on_every_machine() -> None:
    assert near_duplicate.sketch(" ".join(f"word{n}" for n in range(30)))[:3] == (
        84000402,
        91548922,
        501472530,
    )


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.text(), st.text())
def test_judging_is_total_and_has_no_direction(one: str, other: str) -> None:
    first, second = article(one, title=other), article(other, title=one)

    assert strength(first, second) == strength(second, first)
    assert near_duplicate.unpack_sketch(
        near_duplicate.pack_sketch(near_duplicate.sketch(fold_text(one)))
    ) == near_duplicate.sketch(fold_text(one))
