"""JSON Feed: what the files beside the other feeds do not show."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters import feed
from aggregator.errors import SourceError
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


def test_a_deep_document_is_refused_not_followed() -> None:
    with pytest.raises(SourceError) as refused:
        parse(
            b'{"version": "%s", "items": ' % VERSION.encode()
            + b"[" * 100_000
            + b"]" * 100_000
            + b"}"
        )

    assert refused.value.kind == "parse"


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
