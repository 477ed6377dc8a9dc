"""Whatever an item states, judging it gives a revision that can be stored, or rejects it by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ItemError
from aggregator.model import Candidate, Enclosure, RawEntry, RawImage, Revision
from aggregator.normalize import html
from aggregator.normalize.entry import NormalizeContext, normalize
from aggregator.store.content import dump_content

TAKEN = datetime(2026, 7, 4, 12, tzinfo=UTC)

PIECES = [
    "<p>",
    "</p>",
    "<img src=",
    "<b",
    ">",
    "&amp;",
    "&#0;",
    "&#xD800;",
    "<![CDATA[",
    "-->",
    "javascript:",
    "http://",
    "[::1",
    "//a.b/",
    "?utm_source=x",
    "%00",
    "%ff",
    "#!",
    "2026-07-04",
    "T10:00",
    "Z",
    "1783122000",
    "0001",
    "GMT+99",
    "年",
    "下午",
    "\ud800",
    "\x00",
    "\x1b",
    "\u202e",
    "\u200b",
    "\ufeff",
    "e\u0301",
    "İ",
    "ß",
    "א",
    "ه‍",
    "👩‍👩‍👧",
    "中文",
    "\n",
    " ",
    "a",
    "zh",
    "en-Latn-x",
    "urn:",
    "tag:",
]
TEXT = st.text(max_size=30) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
WHERE = st.sampled_from(
    ["feed:title", "archive:body", "ld:datePublished", "meta:og:image", "url:1", ":"]
)
FOUND = st.builds(Candidate, TEXT, WHERE)
SOME = st.lists(FOUND, max_size=3).map(tuple)
NUMBER = st.none() | st.integers(-9, 10**12)

ITEMS = st.builds(
    RawEntry,
    label=st.just("item 1"),
    base_url=st.none() | TEXT,
    url=SOME,
    guid=st.none() | FOUND,
    trusted_guid=st.booleans(),
    title=SOME,
    summary=SOME,
    content_html=SOME,
    published=SOME,
    updated=SOME,
    authors=SOME,
    tags=SOME,
    credits=SOME,
    language=SOME,
    publisher=SOME,
    image=st.lists(st.builds(RawImage, TEXT, WHERE, TEXT, TEXT, NUMBER, NUMBER), max_size=2).map(
        tuple
    ),
    enclosures=st.lists(
        st.builds(Enclosure, TEXT, st.none() | TEXT, NUMBER, NUMBER), max_size=2
    ).map(tuple),
    captured=st.none() | st.just(datetime(2026, 7, 1, tzinfo=UTC)),
)
CONTEXTS = st.builds(
    NormalizeContext,
    source=st.just("news"),
    taken=st.just(TAKEN),
    timezone=st.sampled_from(
        [ZoneInfo("UTC"), ZoneInfo("Europe/Paris"), ZoneInfo("Pacific/Kiritimati")]
    ),
    language=st.sampled_from([None, "fr", "zh-Hans"]),
    calendar=st.sampled_from(["gregorian", "jalali", "buddhist", "roc"]),
    same_text_site=st.sampled_from([None, "paper"]),
)


def judged(raw: RawEntry, context: NormalizeContext) -> Revision | str:
    body: Any = html.parse(raw.content_html[0].value) if raw.content_html else None
    try:
        return normalize(raw, body, context)
    except ItemError as error:
        return str(error)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(ITEMS, CONTEXTS)
def test_an_item_becomes_a_revision_that_can_be_stored_or_is_rejected(
    raw: RawEntry, context: NormalizeContext
) -> None:
    found = judged(raw, context)

    assert found == judged(raw, context)
    if isinstance(found, str):
        assert found.startswith("item 1: ")
        return
    assert found.keys
    assert found.title
    assert (found.published.tzinfo, found.at.tzinfo) == (UTC, UTC)
    assert dump_content(found) == dump_content(replace(found))
