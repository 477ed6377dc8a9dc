"""Patterns of people's files: what would hold the program for ever is refused, everything else is taken."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config.regex import compile_pattern, is_anchored, required_texts

CASES = json.loads((Path(__file__).parent / "data" / "patterns.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", CASES["taken"])
def test_a_pattern_that_every_text_ends_is_taken(text: str) -> None:
    assert compile_pattern(text).pattern == text


@pytest.mark.parametrize(("text", "message"), CASES["refused"].items())
def test_a_pattern_that_some_text_never_ends_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        compile_pattern(text)


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("([^.]{2,160}) contributed to this (?:report|story)", (" contributed to this ",)),
        ("[(]([^()]*(?:参考了|根据)[^()]*)[)]", ("参考了", "根据")),
        ("^(?:Avec|Source *:) (.*)$", ("Avec", "Source")),
        ("(abc)+d", ("abc",)),
        ("(abc)?d", ("d",)),
        ("(?i:abc)d", ("d",)),
        ("(?!foo)ba", ("ba",)),
        ("(?i)abc", ()),
        ("a|[b]", ()),
        ("x{0}", ()),
        ("", ()),
    ],
)
def test_what_a_pattern_cannot_match_without_is_known_where_it_can_be_told(
    text: str, texts: tuple[str, ...]
) -> None:
    assert required_texts(text) == texts


@settings(deadline=None, max_examples=120, derandomize=True)
@given(
    st.lists(
        st.sampled_from(
            ["a", "b", "(", ")", "|", "?", "*", "[ab]", "(?:", "^", "b{2}", "(?=", "$", "(?i:"]
        )
    ).map("".join),
    st.text("abAB", max_size=8),
)
def test_no_pattern_matches_without_what_it_is_said_to_need(text: str, value: str) -> None:
    try:
        pattern = compile_pattern(text)
    except ValueError:
        return
    needed, found = required_texts(text), pattern.search(value)
    assert found is None or not needed or any(one in value for one in needed)
    assert not is_anchored(text) or (found is None) == (pattern.match(value) is None)
