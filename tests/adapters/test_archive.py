"""A saved article is read to its last bracket, or rejected with its name and what was seen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters import archive
from aggregator.model import Candidate, Capture, ParsedDocument, RawEntry, Rejection

TAKEN = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = "<!--1718966343000-->\n[Lamps](https://news.example.org/1)\n------\n\n"


def parsed(body: bytes | str, name: str = "lamps.txt") -> ParsedDocument:
    data = body.encode() if isinstance(body, str) else body
    return archive.parse(Capture("saved", (PurePosixPath("/saved") / name).as_uri(), TAKEN, data))


def entry(body: bytes | str) -> RawEntry:
    found = parsed(body)
    assert found.rejected == ()
    return found.entries[0]


def test_a_saved_article_states_its_header_and_its_body() -> None:
    assert parsed(f"{HEAD}<p>Three lamps.</p>\n") == ParsedDocument(
        entries=(
            RawEntry(
                label="lamps.txt",
                base_url="https://news.example.org/1",
                url=(Candidate("https://news.example.org/1", "archive:url"),),
                title=(Candidate("Lamps", "archive:title"),),
                content_html=(Candidate("<p>Three lamps.</p>", "archive:body"),),
                captured=datetime(2024, 6, 21, 10, 39, 3, tzinfo=UTC),
            ),
        )
    )


@pytest.mark.parametrize(
    ("title", "url"),
    [
        ("[视频]：三盏灯", "https://news.example.org/1"),
        ("[a](b) [c]", "https://news.example.org/(1)"),
        ("a ](b", "https://news.example.org/1"),
        ("", "https://news.example.org/1"),
        ("&quot;a&quot; &amp;#22338;", "https://news.example.org/?a=[b]"),
        (r"\[a\]", "https://news.example.org/1"),
    ],
)
def test_the_header_is_split_on_its_last_bracket(title: str, url: str) -> None:
    found = entry(f"<!--1718966343000-->\n[{title}]({url})\n------\n\n<p>x</p>")

    assert (found.title[0].value, found.url[0].value) == (title, url)


@pytest.mark.parametrize(
    "text",
    [
        f"---\nlayout: post\n---\n{HEAD}<p>x</p>",
        f"\ufeff{HEAD}<p>x</p>",
        f"\n\n{HEAD}<p>x</p>",
        HEAD.replace("\n", "\r\n") + "<p>x</p>\r\n",
        HEAD.replace("-->\n", "-->  \n\n").replace("------", "---") + "<p>x</p>",
        f"{HEAD}<div>\n<p>x</p>\n</div>\n",
        HEAD.replace("<!--", "<!-- ").replace("-->", " -->") + "<p>x</p>",
    ],
    ids=[
        "front matter",
        "byte order mark",
        "blank lines",
        "CRLF",
        "blanks",
        "wrapper",
        "spaced epoch",
    ],
)
def test_front_matter_marks_blanks_and_wrappers_are_passed_over(text: str) -> None:
    assert entry(text).content_html[0].value == "<p>x</p>"


def test_an_empty_body_is_still_an_article() -> None:
    assert entry(HEAD).content_html == (Candidate("", "archive:body"),)
    assert entry(HEAD.rstrip("\n")).content_html == (Candidate("", "archive:body"),)


def test_an_epoch_may_be_in_seconds() -> None:
    assert entry(HEAD.replace("1718966343000", "1718966343")).captured == datetime(
        2024, 6, 21, 10, 39, 3, tzinfo=UTC
    )


def test_a_broken_character_does_not_reject_an_article() -> None:
    found = parsed(HEAD.encode() + "<p>灯塔与渔船</p>".encode() + b"\xe7\x81")

    assert found.entries[0].content_html[0].value == "<p>灯塔与渔船</p>\ufffd"
    assert found.notes == ("broken text: 1 character not valid in utf-8",)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the file is empty"),
        (b" \n ", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary data, not a saved article"),
        (HEAD.encode() + b"<p>\xc3\x28</p>", "not valid UTF-8 at byte 68"),
        (b"hello", "not a saved article: it begins with `hello`, not with `<!--epoch-->`"),
        (
            b"x" * 100,
            f"not a saved article: it begins with `{'x' * 59}…`, not with `<!--epoch-->`",
        ),
        (
            HEAD.replace("1718966343000", "NaN"),
            "the time of capture is no epoch in milliseconds: `<!--NaN-->`",
        ),
        (
            HEAD.replace("1718966343000", ""),
            "the time of capture is no epoch in milliseconds: `<!---->`",
        ),
        (
            HEAD.replace("1718966343000", "１７１８"),
            "the time of capture is no epoch in milliseconds: `<!--１７１８-->`",
        ),
        (
            HEAD.replace("1718966343000", "9999999999999"),
            "the time of capture is out of range: `<!--9999999999999-->` is 2286-11-20 17:46Z",
        ),
        (
            HEAD.replace("1718966343000", "0000000000000"),
            "the time of capture is out of range: `<!--0000000000000-->` is 1970-01-01 00:00Z",
        ),
        (
            "<!--1718966343000-->\nLamps\n------\n\n<p>x</p>",
            "the header has no link: `Lamps` is not `[title](url)` with a line of dashes below",
        ),
        (
            "<!--1718966343000-->\n[Lamps](https://a.ex/1)\n\n<p>x</p>",
            "the header has no link: `[Lamps](https://a.ex/1)` is not `[title](url)` with a line of dashes below",
        ),
        (
            "<!--1718966343000-->\n[Lamps]( )\n------\n\n<p>x</p>",
            "the header has no link: `[Lamps]( )`",
        ),
        (
            "<!--1718966343000-->",
            "the header has no link: `` is not `[title](url)` with a line of dashes below",
        ),
    ],
)
def test_what_is_no_saved_article_is_rejected_with_what_was_seen(
    body: bytes | str, message: str
) -> None:
    assert parsed(body) == ParsedDocument(rejected=(Rejection("lamps.txt", message),))


def test_a_message_names_the_file_as_people_see_it() -> None:
    assert parsed(b"", "三盏 灯.txt").rejected == (Rejection("三盏 灯.txt", "the file is empty"),)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_raise(data: bytes, with_head: bool) -> None:
    found = parsed((HEAD.encode() if with_head else b"") + data)

    assert len(found.entries) + len(found.rejected) == 1
