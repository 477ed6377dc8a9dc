"""The operator's patterns in strangers' texts: found as ever, and given up in time."""

from __future__ import annotations

import time

import pytest

from aggregator.normalize.pattern_search import TimedPattern


@pytest.mark.parametrize("padding", [0, 5_000], ids=["short", "long"])
@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        ("foo.*bar", "a foo and a bar", True),
        ("foo.*bar", "a bar and a foo", False),
        ("foo.*bar", "a foo\nand a bar", False),
        (r"(?i)\bharbour\b", "The HARBOUR opens", True),
        ("直播$", "今天 直播", True),
        (r"^\[ad\]", "[ad] buy", False),
        ("a{e<=1}", "aa", False),
        ("[a[:x]z", ":z", True),
    ],
)
def test_a_pattern_is_found_in_texts_of_any_length(
    pattern: str, text: str, is_found: bool, padding: int
) -> None:
    assert TimedPattern(pattern).is_found("- " * padding + " " + text) is is_found


def test_a_search_that_would_take_hours_is_given_up_and_not_tried_again() -> None:
    pattern = TimedPattern("foo.*bar")
    text = "foo" * 600_000

    begin = time.process_time()
    found = [pattern.is_found(text) for _ in range(100)]

    assert found == [False] * 100
    assert time.process_time() - begin < 2
