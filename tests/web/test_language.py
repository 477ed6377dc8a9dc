"""The languages of the pages: which one is chosen, and that each has every text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from aggregator.web.language import LANGUAGES, choose_language


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        ("", "en"),
        ("*", "en"),
        ("fr, de", "en"),
        ("zh", "zh-Hans"),
        ("zh-TW, en;q=0.9", "zh-Hans"),
        ("en;q=0.3, zh-CN;q=0.8", "zh-Hans"),
        ("en, zh", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=x", "en"),
        (";;,,q=1;" * 100, "en"),
    ],
)
def test_the_language_with_the_most_weight_is_chosen(accepted: str, tag: str) -> None:
    assert choose_language(accepted).tag == tag


def test_every_language_has_the_same_texts_with_the_same_values() -> None:
    placeholders = []
    for language in LANGUAGES:
        found = {
            key: set(re.findall(r"{(\w+)}", text)) - {"month", "number"}
            for key, text in language.texts.items()
        }
        placeholders.append(found)

    assert placeholders[0] == placeholders[1]


def test_dates_follow_the_language() -> None:
    moment = datetime(2026, 11, 28, 7, 5, tzinfo=UTC)

    assert [(one.weekday(moment), one.date_time(moment)) for one in LANGUAGES] == [
        ("Saturday", "28 November 2026 07:05"),
        ("星期六", "2026年11月28日 07:05"),
    ]
