"""OPML: each file of data/opml is one list; beside it stands what must be read from it."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import SourceError
from aggregator.opml import read
from aggregator.opml.read import Subscription, Subscriptions

LISTS = Path(__file__).parent / "data" / "opml"
CASES = sorted(path.name for path in LISTS.glob("*.opml"))
BEGIN, END = '<opml version="2.0"><body>', "</body></opml>"


def essence(body: bytes) -> list[Any]:
    """What a list gives, with everything absent left out."""
    try:
        found = read.read(body)
    except SourceError as error:
        return ["error", error.kind, str(error)]
    return [
        {
            key: value
            for key in ("url", "name", "tags", "reason")
            if (value := _plain(getattr(feed, key)))
        }
        for feed in found.feeds
    ]


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", CASES)
def test_a_list_gives_what_stands_beside_it(name: str) -> None:
    expected = json.loads((LISTS / f"{name}.expected.json").read_text("utf-8"))

    assert essence((LISTS / name).read_bytes()) == expected


def test_a_list_of_too_many_bytes_is_refused_unread() -> None:
    with pytest.raises(SourceError) as refused:
        read.read(b" " * (read.LIMIT_BYTES + 1))

    assert (refused.value.kind, str(refused.value)) == ("too-large", "more than 16 MiB")


def test_outlines_beyond_the_limit_are_left_out_and_said_so() -> None:
    whole, longer = (
        read.read(f"{BEGIN}{'<outline/>' * number}{END}".encode(), max_outlines=500)
        for number in (500, 501)
    )

    assert read.MAX_OUTLINES == 50_000
    assert (len(whole.feeds), whole.is_truncated) == (500, False)
    assert (len(longer.feeds), longer.is_truncated) == (500, True)


def test_long_names_and_many_tags_are_cut() -> None:
    categories = ",".join(f"c{n}" for n in range(100))
    name = "n" * 5_000_000

    found = read.read(
        f'{BEGIN}<outline text="{name}" category="{categories}" xmlUrl="https://h.example/"/>{END}'.encode()
    )

    tags = tuple(f"c{n}" for n in range(20))
    assert found == Subscriptions((Subscription("https://h.example/", "n" * 200, tags),))


def test_a_feed_of_many_folders_has_the_first_of_them_as_tags() -> None:
    folders = "".join(
        f'<outline text="f{n}"><outline xmlUrl="https://h.example/"/></outline>' for n in range(30)
    )

    found = read.read(f"{BEGIN}{folders}{END}".encode())

    assert found.feeds == (
        Subscription("https://h.example/", None, tuple(f"f{n}" for n in range(20))),
    )


def test_half_a_tag_at_the_cut_of_a_long_name_is_no_text() -> None:
    name = "n" * 100 + "&lt;b&gt;" * 1_000

    found = read.read(f'{BEGIN}<outline text="{name}" xmlUrl="https://h.example/"/>{END}'.encode())

    assert found.feeds[0].name == "n" * 100


TRAPS = {
    "outlines that never end": "<outline " * 25_000,
    "values that never end": '<outline a="' * 25_000,
    "quotes of both kinds": "<outline a='x' b=\"" * 25_000,
    "comments": "<!-- " * 200_000,
    "CDATA": "<![CDATA[" * 200_000,
    "folders": '<outline text="a">' * 25_000,
    "tags in values": "<outline a=\"<outline b='\" c='" * 25_000,
    "feeds in deep folders": '<outline text="a">' * 6_000
    + '<outline xmlUrl="https://h.example/"/>' * 6_000,
    "blanks": ("<outline" + " " * 500) * 4_000,
    "names": ("<outline " + "a" * 500) * 4_000,
    "ends": "</outline>" * 50_000,
    "DTDs": "<!DOCTYPE x [" * 150_000,
    "references": "&#38;" * 400_000,
}


@pytest.mark.no_cover
@pytest.mark.parametrize("trap", TRAPS)
def test_what_is_built_to_be_slow_is_read_in_no_time(trap: str) -> None:
    body = (BEGIN + TRAPS[trap]).encode()
    started = process_time()

    read.read(body)

    assert process_time() - started < 2


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(
            [
                "<outline ",
                "/>",
                ">",
                "</outline>",
                "text=",
                "xmlUrl=",
                '"',
                "'",
                "feed:",
                "https://",
                "h.example",
                "[::1",
                "&amp;",
                "&#x0;",
                "&",
                "<",
                "<!--",
                "-->",
                "<![CDATA[",
                "]]>",
                "\x00",
                "\ud800",
                "category=",
                "/",
                ",",
                "中",
            ]
        ),
        max_size=30,
    )
)
def test_any_broken_list_gives_feeds_of_plain_text(fragments: list[str]) -> None:
    found = read.read((BEGIN + "".join(fragments)).encode("utf-8", "surrogatepass"))

    for feed in found.feeds:
        assert (feed.url is None) == (feed.reason is not None)
        assert all(text == " ".join(text.split()) for text in (feed.name or "", *feed.tags))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_list_or_a_source_error(body: bytes) -> None:
    assert essence(body) is not None
