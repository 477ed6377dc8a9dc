"""JSON Feed: what the files beside the other feeds do not show."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters import feed
from aggregator.model import Candidate, Capture, ParsedDocument, RawEntry, Rejection

VERSION = "https://jsonfeed.org/version/1.1"


def parse(document: object) -> ParsedDocument:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    taken = datetime(2026, 7, 4, 12, tzinfo=UTC)
    return feed.parse(Capture("s", "https://feeds.example/feed.json", taken, body))


def test_the_smallest_feed_is_one_item() -> None:
    parsed = parse({"version": VERSION, "title": "T", "items": [{"id": "1", "content_text": "x"}]})

    assert parsed == ParsedDocument(
        entries=(
            RawEntry(
                label="item 1",
                base_url="https://feeds.example/feed.json",
                guid=Candidate("1", "feed:id"),
                content_html=(Candidate("x", "feed:content_text", "html"),),
                publisher=(Candidate("T", "feed:channel:title", "text"),),
            ),
        ),
        title="T",
    )


GOOD = '{"id": "1", "title": "good"}'
# An item as JSON, and the reason why it is rejected; None if it is kept.
BAD_ITEMS = {
    "a number beyond all": ('{"id": "2", "title": "bad", "x": 1e999}', None),
    "5,000 digits": (f'{{"id": "2", "title": "bad", "x": {"9" * 5_000}}}', None),
    "more than int64": ('{"id": "2", "title": "bad", "x": 18446744073709551617}', None),
    "NaN": ('{"id": "2", "title": "bad", "x": [NaN, -Infinity]}', None),
    "half a pair": ('{"id": "2", "title": "bad", "x": "\\ud800"}', None),
    "a key twice": ('{"id": "2", "title": "x", "title": "bad"}', None),
    "depth": (
        f'{{"title": "bad", "x": {"[" * 20_000}{"]" * 20_000}}}',
        "JSON that is nested too deeply",
    ),
    "values": (f'{{"title": "bad", "x": [{"[]," * 600_000}1]}}', "more than 50000 values"),
    "no comma": (
        '{"title": "bad" "id": 1}',
        "JSON that cannot be read: Expecting ',' delimiter: line 1 column 17 (char 16)",
    ),
}


@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("name", BAD_ITEMS)
def test_a_bad_item_costs_itself_alone(name: str, place: str) -> None:
    bad, reason = BAD_ITEMS[name]
    titles = ["bad", "good"] if reason is None else ["good"]
    number = 1 if place == "first" else 2
    items = [bad, GOOD] if place == "first" else [GOOD, bad]

    parsed = parse(f'{{"version": "{VERSION}", "items": [{", ".join(items)}]}}'.encode())

    assert sorted(entry.title[0].value for entry in parsed.entries) == titles
    assert parsed.rejected == ((Rejection(f"item {number}", reason),) if reason else ())


def test_items_by_the_hundred_thousand_are_decoded_up_to_the_limit() -> None:
    items = ", ".join([GOOD] * 200_000)

    parsed = parse(f'{{"version": "{VERSION}", "items": [{items}], "title": "t"}}'.encode())

    assert len(parsed.entries) == 10_000
    assert parsed.rejected == (Rejection(None, "items after number 10000 were left out"),)


def test_items_beyond_the_limit_are_left_out_and_said_so() -> None:
    parsed = parse({"version": VERSION, "items": [{"id": str(n)} for n in range(10_001)]})

    assert len(parsed.entries) == 10_000
    assert parsed.rejected == (Rejection(None, "items after number 10000 were left out"),)


def test_a_home_page_that_is_no_address_is_absent() -> None:
    parsed = parse({"version": VERSION, "home_page_url": "http://[::1", "items": []})

    assert parsed == ParsedDocument()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["url", "name", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [
        "id",
        "url",
        "external_url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "image",
        "banner_image",
        "date_published",
        "date_modified",
        "authors",
        "author",
        "tags",
        "language",
        "attachments",
    ]
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6) | VALUES, max_size=3), VALUES)
def test_fields_of_any_type_are_read_or_absent(items: list[object], other: object) -> None:
    parsed = parse({"version": VERSION, "title": other, "authors": other, "items": items})

    assert len(parsed.entries) + len(parsed.rejected) == len(items)
