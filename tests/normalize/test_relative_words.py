"""Relative dates of languages that write without blanks are English ones."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from aggregator.normalize import dates
from aggregator.normalize.dates.relative_words import to_english

TAKEN = datetime(2026, 11, 28, 18, tzinfo=UTC)
TEXTS = {
    "3 ชั่วโมงที่แล้ว": "3 hour ago",
    "3 ชม. ที่แล้ว": "3 hour ago",
    "เมื่อ 5 วันก่อน": "5 day ago",
    "10 ນາທີກ່ອນ": "10 minute ago",
    "3 ម៉ោងមុន": "3 hour ago",
    "2 ថ្ងៃ មុន": "2 day ago",
    "3 နာရီ အကြာက": "3 hour ago",
    "လွန်ခဲ့သော 2 ရက်": "2 day ago",
    "3 மணி நேரம் முன்": "3 hour ago",
    "2 நாட்களுக்கு முன்பு": "2 day ago",
}


@pytest.mark.parametrize(("text", "english"), TEXTS.items())
def test_a_relative_date_is_translated(text: str, english: str) -> None:
    assert to_english(text) == english


@pytest.mark.parametrize("text", ["3 hours ago", "3 นาที", "ชั่วโมงที่แล้ว", "12 มีนาคม 2569", ""])
def test_any_other_text_is_none(text: str) -> None:
    assert to_english(text) is None


@pytest.mark.parametrize(
    ("text", "language"), [("3 ชั่วโมงที่แล้ว", "th"), ("၃ နာရီ အကြာက", "my"), ("៣ ម៉ោងមុន", "km")]
)
def test_it_counts_from_the_time_of_capture(text: str, language: str) -> None:
    date = dates.read(text, zone=ZoneInfo("UTC"), taken=TAKEN, languages=[language])

    assert date is not None
    assert date.value == datetime(2026, 11, 28, 15, tzinfo=UTC)


def test_a_two_digit_year_proves_the_order_only_behind_the_day() -> None:
    assert dates.find_order(["11/05/26", "11/27/26"]) == "MDY"
    assert dates.find_order(["26/11/27"]) is None
