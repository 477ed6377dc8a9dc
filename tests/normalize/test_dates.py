"""Dates: data/dates.json holds texts, each with what must be read from it (value in UTC, precision, offset, how).
data/dates_in_words.json does so for months in the words of many languages.

data/dates_chosen.json holds what items state, each with the date that must be believed (value in UTC, where from, and
of its evidence precision, offset, zone) and the rule that says so. All was captured on 4 July 2026 at noon.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Candidate, Evidence, RawEntry, Revision
from aggregator.normalize import dates
from aggregator.normalize.dates import Date, calendars, month_words, natural
from aggregator.normalize.entry import NormalizeContext, normalize

DATA = Path(__file__).parent / "data"
CASES: list[dict[str, Any]] = [
    *json.loads((DATA / "dates.json").read_text("utf-8")),
    *json.loads((DATA / "dates_in_words.json").read_text("utf-8")),
]
CHOSEN: list[dict[str, Any]] = json.loads((DATA / "dates_chosen.json").read_text("utf-8"))
TAKEN = datetime(2026, 7, 4, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stated(text: str, offset: int | None = None) -> Date:
    """A date whose instant is `text` in UTC."""
    return Date(utc(text), "second", offset, "iso")


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case, ensure_ascii=True)[:90])
def test_a_text_is_read_as_stands_beside_it(case: dict[str, Any]) -> None:
    options = dict(case)
    text, expect = options.pop("text"), options.pop("expect")
    zone, taken = ZoneInfo(options.pop("zone", "Europe/Paris")), options.pop("taken", None)

    read = dates.read(text, zone=zone, taken=utc(taken) if taken else TAKEN, **options)

    assert read == (Date(utc(expect[0]), expect[1], expect[2], expect[3]) if expect else None)


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case["rule"])
def test_of_what_an_item_states_that_is_believed_which_the_rule_says(case: dict[str, Any]) -> None:
    captured = utc(case["captured"]) if "captured" in case else None
    stated = {
        name: tuple(Candidate(text, f"feed:{name}") for text in case.get(name, ()))
        for name in ("published", "updated")
    }
    raw = RawEntry(
        label="item 1", title=(Candidate("A title", "feed:title"),), captured=captured, **stated
    )

    revision = normalize(
        raw, None, NormalizeContext("news", TAKEN, ZoneInfo(case.get("zone", "Europe/Paris")))
    )
    evidence = [one for one in revision.evidence if one.field == "published"]

    value, published_from, *facts = case["expect"]
    assert (revision.published, revision.published_from) == (utc(value), published_from)
    assert [[one.precision, one.offset, one.zone] for one in evidence if not one.refused] == (
        [facts] if facts else []
    )
    assert {one.refused for one in evidence if one.refused} == (
        {case["refused"]} if "refused" in case else set()
    )


def test_the_text_of_a_date_is_kept_to_the_letter_with_what_read_it() -> None:
    raw = RawEntry(
        label="item 1",
        title=(Candidate("A title", "feed:title"),),
        published=(Candidate(" Fri, 03 Jul 2026\n 23:40:00 GMT+8 ", "feed:published"),),
        updated=(
            Candidate("vor langer Zeit " * 99, "feed:updated"),
            Candidate("1783122000", "feed:modified"),
        ),
    )

    assert normalize(raw, None, NormalizeContext("news", TAKEN, PARIS)).evidence == (
        Evidence(
            "published",
            "Fri, 03 Jul 2026 23:40:00 GMT+8",
            "feed:published",
            "second",
            480,
            form="rfc5322",
        ),
        Evidence("updated", "1783122000", "feed:modified", "second", 0, form="epoch"),
    )


def test_of_values_that_are_not_believed_the_first_three_stay() -> None:
    stated = tuple(
        Candidate(f"{number} \ud800{'x' * 200}", "feed:published") for number in range(9)
    )
    raw = RawEntry(label="item 1", title=(Candidate("A title", "feed:title"),), published=stated)

    kept = normalize(raw, None, NormalizeContext("news", TAKEN, PARIS)).evidence

    assert [(one.raw[:3], len(one.raw), one.refused) for one in kept] == [
        (f"{number} ?", 100, "does not parse as a date") for number in range(3)
    ]


def test_the_evidence_is_no_part_of_the_content() -> None:
    def revision(*published: str) -> Revision:
        stated = tuple(Candidate(text, "feed:published") for text in published)
        raw = RawEntry(
            label="item 1", title=(Candidate("A title", "feed:title"),), published=stated
        )
        return normalize(raw, None, NormalizeContext("news", TAKEN, PARIS))

    assert (
        revision("2026-07-03").hash
        == revision("2026-07-02T10:00Z").hash
        == revision("nonsense").hash
    )


def test_a_naive_date_is_read_in_the_sources_zone() -> None:
    read = [
        dates.read("2026-01-03 10:00", zone=ZoneInfo(name), taken=TAKEN)
        for name in ("UTC", "Europe/Paris", "Asia/Shanghai", "America/New_York")
    ]

    assert [date.value.hour for date in read if date] == [10, 9, 2, 15]


def test_a_relative_date_stays_the_same_within_its_unit() -> None:
    read = {
        dates.read(
            "3 hours ago", zone=PARIS, taken=TAKEN + timedelta(seconds=seconds), languages=["en"]
        )
        for seconds in (1, 30, 59)
    }

    assert read == {Date(utc("2026-07-04T09:00:00"), "minute", None, "words")}


def test_every_language_has_names_for_twelve_months() -> None:
    from dateparser.data.languages_info import language_order

    lacking = []
    for tag in language_order:
        words = natural.find_calendar_words(tag)
        if words is None or len(set(month_words._month_numbers(words, tag).values())) != 12:
            lacking.append(tag)

    assert lacking == []


def test_a_common_form_needs_no_dateparser() -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from zoneinfo import ZoneInfo\n"
        "from aggregator.normalize import dates\n"
        "for text in ('2026-07-03T10:00:00Z', 'Fri, 03 Jul 2026 10:00:00 GMT', '2026年7月3日'):\n"
        "    assert dates.read(text, zone=ZoneInfo('UTC'), taken=datetime(2026, 7, 4, tzinfo=UTC))\n"
        "assert 'dateparser' not in sys.modules\n"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_past_and_the_next_ten_minutes_are_plausible() -> None:
    read = [stated("2026-07-04T12:10:00", 0), stated("1999-01-01T00:00:00", 0)]

    assert [dates.resolve_future(date, taken=TAKEN, zone=PARIS) for date in read] == read


def test_a_future_date_is_tried_as_the_wall_clock_of_the_sources_zone() -> None:
    shanghai_as_utc = stated("2026-07-04T19:30:00", 0)

    read = dates.resolve_future(shanghai_as_utc, taken=TAKEN, zone=ZoneInfo("Asia/Shanghai"))

    assert read == Date(utc("2026-07-04T11:30:00"), "second", None, "iso:zone")


@pytest.mark.parametrize("offset", [None, 0])
def test_a_date_that_is_future_in_every_reading_is_not_plausible(offset: int | None) -> None:
    assert (
        dates.resolve_future(stated("2026-07-06T00:00:00", offset), taken=TAKEN, zone=PARIS) is None
    )


def test_the_favourite_is_picked_where_nothing_speaks_against_it() -> None:
    assert (
        dates.choose_date_index(
            [stated("2026-07-03T10:00:00", 120), stated("2026-07-03T11:00:00", 120)], zone=PARIS
        )
        == 0
    )


def test_a_midnight_loses_to_a_date_with_a_time() -> None:
    day = Date(utc("2026-07-02T22:00:00"), "day", None, "iso")
    midnight = stated("2026-07-03T00:00:00", 0)

    assert (
        dates.choose_date_index([day, midnight, stated("2026-07-03T08:15:00", 0)], zone=PARIS) == 2
    )
    assert dates.choose_date_index([day, midnight], zone=PARIS) == 0


def test_of_one_wall_clock_under_two_offsets_the_zones_own_wins() -> None:
    as_utc, as_paris = stated("2026-07-03T10:00:00", 0), stated("2026-07-03T08:00:00", 120)
    naive = stated("2026-07-03T08:00:00")

    assert dates.choose_date_index([as_utc, as_paris], zone=PARIS) == 1
    assert dates.choose_date_index([as_utc, naive], zone=PARIS) == 1
    assert dates.choose_date_index([as_paris, as_utc], zone=PARIS) == 0
    assert dates.choose_date_index([as_utc, as_paris], zone=ZoneInfo("UTC")) == 0


@pytest.mark.parametrize(
    ("jalali", "gregorian"),
    [
        ((1357, 11, 22), date(1979, 2, 11)),
        ((1399, 1, 1), date(2020, 3, 20)),
        ((1403, 12, 30), date(2025, 3, 20)),
        ((1405, 1, 1), date(2026, 3, 21)),
    ],
)
def test_a_solar_hijri_day_is_its_gregorian_one(
    jalali: tuple[int, int, int], gregorian: date
) -> None:
    assert calendars.from_jalali(*jalali) == gregorian


def test_every_solar_hijri_year_begins_where_the_last_one_ends() -> None:
    for year in range(1300, 1460):
        last = (12, 30) if calendars._is_leap(year) else (12, 29)
        assert calendars.from_jalali(year + 1, 1, 1) - calendars.from_jalali(
            year, *last
        ) == timedelta(days=1)


PIECES = st.sampled_from(
    [
        "2026",
        "07",
        "3",
        "31",
        "13",
        "9999",
        "0001",
        "1783122000",
        "/",
        "-",
        ".",
        ":",
        "T",
        "Z",
        "+02:00",
        "-9999",
        "GMT+99",
        "W53-7",
        "T24",
        "-366",
        "m=+0.1",
        "Etc/GMT+5",
        "A/../B",
        "/Date(",
        "1.5e+12",
        "CET",
        "IST",
        "Jul",
        "juillet",
        "年",
        "月",
        "日",
        "下午",
        "民國",
        "۱۴۰۵",
        "تیر",
        "2569",
        "ｆｕｌｌ",
        "٣",
        "²",
        "½",
        "\ud800",
        "PM",
        "ago",
        "前",
        "yesterday",
        "Fri,",
        "(",
        ")",
        "%",
        "\u200e",
        " ",
        "\n",
        "\0",
    ]
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    text=st.text(max_size=60)
    | st.lists(PIECES, max_size=9).map("".join)
    | st.lists(PIECES, max_size=9).map(" ".join),
    zone=st.sampled_from(["UTC", "Europe/Paris", "Asia/Kolkata", "Pacific/Kiritimati"]),
    formats=st.lists(
        st.sampled_from(["%d/%m/%Y", "%Y%m%d", "%", "%Q", "%d %B %Y %z", "%j", "[", "%c"]),
        max_size=2,
    ),
    calendar=st.sampled_from(["gregorian", "jalali", "buddhist", "roc"]),
    languages=st.lists(st.sampled_from(["en", "fr", "zh-Hans", "nonsense", ""]), max_size=2),
)
def test_no_text_raises_and_every_date_is_an_instant_since_1995(
    text: str, zone: str, formats: list[str], calendar: calendars.Calendar, languages: list[str]
) -> None:
    here = ZoneInfo(zone)

    read = dates.read(
        text,
        zone=here,
        taken=TAKEN,
        formats=formats,
        calendar=calendar,
        languages=languages,
        reduced=True,
        word_languages=["fr", "th", "agq"],
    )

    if read:
        assert read.value.tzinfo is UTC
        assert read.value.year >= 1994
        assert dates.choose_date_index([read, read], zone=here) == 0
        assert (
            dates.resolve_future(read, taken=TAKEN, zone=here) in (read, None)
            or read.offset is not None
        )
