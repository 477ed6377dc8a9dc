from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
import pytest

from aggregator.cli.commands.entries import parse_since
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from tests.cli.conftest import Project

SCHEMA = [
    "id",
    "source",
    "url",
    "url_original",
    "title",
    "summary",
    "content_html",
    "content_text",
    "published",
    "published_from",
    "updated",
    "first_seen",
    "authors",
    "credits",
    "tags",
    "language",
    "publisher",
    "image",
    "enclosures",
    "guid",
    "revision",
    "duplicates",
    "provenance",
    "comments",
    "tellers",
    "contributors",
    "comments_feed",
    "via",
]
NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)
TITLES = ["Un pont s’ouvre", "A bridge opens", "日股收跌"]


def titles(project: Project, *args: str) -> list[str]:
    said = project.call("entries", "--format", "jsonl", *args)
    assert (said.code, said.err) == (0, "")
    return [orjson.loads(line)["title"] for line in said.lines]


def test_a_line_of_jsonl_is_one_entry_with_the_keys_of_the_schema_in_order(
    library: Project,
) -> None:
    lines = library.call("entries", "--format", "jsonl").lines

    entries = [orjson.loads(line) for line in lines]
    assert [list(entry) for entry in entries] == [SCHEMA] * 3
    assert "日股收跌" in lines[2]
    assert {key: entries[2][key] for key in SCHEMA[1:12]} == {
        "source": "saved",
        "url": "https://news.example.org/story/1",
        "url_original": "https://news.example.org/story/1",
        "title": "日股收跌",
        "summary": entries[2]["summary"],
        "content_html": "<p>东京股市今天下午收跌。</p><p>第二段没有变化。</p>",
        "content_text": "东京股市今天下午收跌。\n\n第二段没有变化。",
        "published": "2026-03-01T08:00:00Z",
        "published_from": "archive",
        "updated": "2026-03-01T11:00:00Z",
        "first_seen": "2026-03-01T08:00:00Z",
    }


def test_json_is_one_array_of_the_same_entries(library: Project) -> None:
    lines = library.call("entries", "--format", "jsonl").lines

    assert library.call("entries", "--format", "json").json == [
        orjson.loads(line) for line in lines
    ]


def test_json_of_no_entries_is_an_empty_array(project: Project) -> None:
    assert project.call("entries", "--format", "json").out == "[]\n"


def test_the_table_has_a_line_for_each_entry_newest_first(library: Project) -> None:
    said = library.call("entries")

    assert [re.split(r"  +", line) for line in said.lines] == [
        ["published", "source", "title"],
        ["2026-03-01 10:00Z", "saved", "Un pont s’ouvre"],
        ["2026-03-01 09:00Z", "saved", "A bridge opens"],
        ["2026-03-01 08:00Z", "saved", "日股收跌"],
    ]


def test_the_table_stops_at_twenty_and_json_at_nothing(project: Project) -> None:
    for number in range(4, 25):
        project.save(str(number), number, f"Story {number}", "<p>Text.</p>")
    project.call("fetch")

    assert len(project.call("entries").lines) == 21
    assert len(project.call("entries", "--format", "jsonl").lines) == 24


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--limit", "2"], TITLES[:2]),
        (["--since", "2026-03-01T09:00:00Z"], TITLES[:2]),
        (["--since", "2026-03-01T12:00:00+02:00"], TITLES[:1]),
        (["--since", "2026-03-02"], []),
        (["--search", "BRIDGE"], TITLES[1:2]),
        (["--search", "第二段"], TITLES[2:]),
        (["--source", "saved", "--limit", "1"], TITLES[:1]),
    ],
    ids=" ".join,
)
def test_options_choose_entries(library: Project, options: list[str], expected: list[str]) -> None:
    assert titles(library, *options) == expected


def test_an_unknown_source_is_refused(library: Project) -> None:
    said = library.call("entries", "--source", "savd")

    assert (said.code, said.err) == (
        2,
        "aggregator: there is no source `savd`, did you mean `saved`?\n",
    )


def test_entries_of_a_source_that_was_taken_out_are_still_there(fetched: Project) -> None:
    fetched.write(
        "config/sources/news.yaml", "- {id: other, path: ../../other, adapter: archive}\n"
    )

    assert titles(fetched, "--source", "saved") == [*TITLES[:2], "日股收涨"]


def test_a_moment_that_cannot_be_read_is_refused(library: Project) -> None:
    said = library.call("entries", "--since", "yesterday")

    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "aggregator: --since: give a day (2026-03-01), a moment (RFC 3339) or 12h, 7d, 2w, not `yesterday`\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T10:30", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
        ("2026-03-01T10:30:00Z", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
        ("2026-03-01T10:30:00+08:00", datetime(2026, 3, 1, 2, 30, tzinfo=UTC)),
        ("30m", datetime(2026, 3, 8, 11, 30, tzinfo=UTC)),
        ("12h", datetime(2026, 3, 8, tzinfo=UTC)),
        ("7d", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("1w", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_since_takes_days_moments_and_spans(text: str, expected: datetime) -> None:
    assert parse_since(text, now=NOW) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "7", "7y", "-7d", "999999w", "2026-13-01", "0001-01-01T00:00:00+14:00", "٧d"],
)
def test_since_refuses_anything_else(text: str) -> None:
    with pytest.raises(UsageError, match="--since"):
        parse_since(text, now=NOW)
