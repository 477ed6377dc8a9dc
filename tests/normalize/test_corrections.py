"""What a person puts right: what is not believed falls through, what always stands stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.config import Corrections
from aggregator.config.filters import _IGNORABLE_FIELDS, ForcedValues
from aggregator.errors import ItemError
from aggregator.model import Candidate, Enclosure, Image, RawEntry, RawImage, Revision
from aggregator.normalize import html
from aggregator.normalize.corrections import correct_raw_entry, correct_revision
from aggregator.normalize.entry import NormalizeContext, normalize

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
CONTEXT = NormalizeContext(source="news", taken=NOW, timezone=ZoneInfo("UTC"))
CONTENT = (
    "<p>The lamps went out.</p><img src='https://a.example/lamp.jpg' width='800' height='600'>"
)


def said(value: str, where: str = "feed:x") -> tuple[Candidate, ...]:
    return (Candidate(value, where),)


RAW = RawEntry(
    label="item 1",
    url=said("https://a.example/1"),
    guid=Candidate("g1", "feed:id"),
    title=said("Lamps &amp; more - Example"),
    summary=said("What it is about."),
    content_html=said(CONTENT),
    published=said("2026-06-30T10:00:00Z"),
    updated=said("2026-06-30T11:00:00Z"),
    authors=said("Ada"),
    credits=said("AFP"),
    tags=said("sea"),
    language=said("fr"),
    publisher=said("Paper"),
    image=(RawImage("https://a.example/other.jpg", "feed:image"),),
    enclosures=(Enclosure("https://a.example/a.mp3", "audio/mpeg"),),
)


def told(raw: RawEntry = RAW, **corrections: Any) -> Revision:
    rules = Corrections.model_validate(corrections)
    changed = correct_raw_entry(raw, rules)
    body = html.parse(changed.content_html[0].value) if changed.content_html else None
    return correct_revision(
        normalize(changed, body, CONTEXT), changed, corrections=rules, context=CONTEXT
    )


ABSENT: dict[str, dict[str, Any]] = {
    "title": {"title": "The lamps went out."},
    "url": {"url": None, "url_original": None},
    "guid": {"guid": None},
    "summary": {"summary": None},
    "content": {"content_html": None, "image": Image("https://a.example/other.jpg")},
    "published": {"published": NOW, "published_from": "first_seen"},
    "updated": {"at": NOW},
    "authors": {"authors": ()},
    "credits": {"credits": ()},
    "tags": {"tags": ()},
    "language": {"language": None},
    "publisher": {"publisher": None},
    "image": {"image": None},
    "enclosures": {"enclosures": ()},
}


@pytest.mark.parametrize("name", ABSENT)
def test_what_is_not_believed_is_as_if_it_were_not_there(name: str) -> None:
    found = told(ignore=[name])

    assert {key: getattr(found, key) for key in ABSENT[name]} == ABSENT[name]
    assert name in ("title", "published") or name not in found.provenance


def test_every_field_that_may_be_ignored_has_its_row() -> None:
    assert set(_IGNORABLE_FIELDS) == set(ABSENT)


def test_what_is_forced_stands_whatever_the_publisher_says() -> None:
    force = {
        "title": "A < B & C",
        "authors": ["Bo", "Cy"],
        "tags": "land",
        "language": "en",
        "publisher": "Us",
    }

    found = told(force=force)

    assert {name: getattr(found, name) for name in ForcedValues.model_fields} == {
        "title": "A < B & C",
        "authors": ("Bo", "Cy"),
        "tags": ("land",),
        "language": "en",
        "publisher": "Us",
    }
    assert found.provenance["title"] == "corrections"


def test_force_comes_after_ignore() -> None:
    assert told(ignore=["authors"], force={"authors": "Bo"}).authors == ("Bo",)


def test_titles_are_cut_as_people_read_them() -> None:
    assert told(cut_title=[" - Example$", "^Lamps "]).title == "& more"
    assert told(cut_title=["a"]).title == "Lmps & more - Exmple"
    assert told(cut_title=["nothing"]).title == "Lamps & more - Example"


def test_a_title_is_never_cut_to_nothing() -> None:
    assert told(cut_title=[".*"]).title == "Lamps & more - Example"


FUTURE = RawEntry(
    label="item 1",
    title=said("Lamps"),
    published=(*said("nonsense"), *said("2026-08-01T10:00:00Z", "meta:date")),
)


def test_a_date_in_the_future_is_as_the_source_wants_it() -> None:
    kept = told(FUTURE, future="keep")

    assert told(FUTURE).published == NOW
    assert (kept.published, kept.published_from, kept.provenance["published"]) == (
        datetime(2026, 8, 1, 10, tzinfo=UTC),
        "page",
        "meta:date",
    )
    assert [(one.raw, one.where, one.refused) for one in kept.evidence] == [
        ("2026-08-01T10:00:00Z", "meta:date", None)
    ]
    with pytest.raises(
        ItemError, match="item 1: dated 2026-08-01 10:00Z, which lies in the future"
    ):
        told(FUTURE, future="reject")


@pytest.mark.parametrize("future", ["keep", "reject", "first_seen"])
def test_a_date_that_is_not_in_the_future_is_left_alone(future: str) -> None:
    undated = RawEntry(label="item 1", title=said("Lamps"), published=said("nonsense"))

    assert told(future=future) == told()
    assert told(undated, future=future).published_from == "first_seen"
