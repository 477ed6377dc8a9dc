from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from aggregator.cli.report.entry import EntryPrinter

if TYPE_CHECKING:
    from tests.cli.conftest import Project

LINK = "https://news.example.org/story/1"


def entry_id(project: Project) -> str:
    [entry] = project.call("show", LINK, "--format", "json").json
    return str(entry["id"])


def test_every_field_is_shown_with_where_it_was_found(library: Project) -> None:
    said = library.call("show", LINK)

    assert said.code == 0
    assert said.lines[0] == "日股收跌"
    [entry] = library.call("show", LINK, "--format", "json").json
    shown = [
        key for key, value in entry.items() if value not in (None, [], {}) and key != "provenance"
    ]
    assert sorted(re.split(r" +", line.strip())[0] for line in said.lines[1:]) == sorted(shown)
    assert set(entry["provenance"]) <= set(entry)
    assert any(
        entry["provenance"]["title"] in line for line in said.lines if line.startswith("  title ")
    )


@pytest.mark.parametrize(
    "spelling",
    [
        "http://news.example.org/story/1",
        "https://www.news.example.org/story/1/",
        f"{LINK}?utm_source=x",
    ],
)
def test_a_link_leads_to_its_entry_in_any_spelling(library: Project, spelling: str) -> None:
    assert [entry["url"] for entry in library.call("show", spelling, "--format", "json").json] == [
        LINK
    ]


def test_an_id_leads_to_its_entry_whole_bare_or_shortened(library: Project) -> None:
    whole = entry_id(library)
    bare = whole.removeprefix("urn:uuid:")

    found = [
        library.call("show", name, "--format", "json").json
        for name in (whole, bare, bare[:8], bare[:11].upper())
    ]

    assert [[entry["id"] for entry in entries] for entries in found] == [[whole]] * 4


@pytest.mark.parametrize(
    "name", ["https://news.example.org/story/99", "ffffffff", "nonsense", "fffffff-", ""]
)
def test_what_does_not_exist_is_refused(library: Project, name: str) -> None:
    said = library.call("show", name)

    assert (said.code, said.out) == (2, "")
    assert said.err == f"aggregator: there is no entry `{name}`: neither an id nor a link of one\n"


def test_the_versions_are_listed_with_what_they_changed(library: Project) -> None:
    assert library.call("show", LINK, "--revisions").lines[-3:] == [
        "revisions: 2",
        "  1  2026-03-01 08:00:00Z  日股收涨  (first)",
        "  2  2026-03-01 11:00:00Z  日股收跌  (title, content_text)",
    ]


def test_what_each_version_changed_is_shown_word_by_word(library: Project) -> None:
    text = library.call("show", LINK, "--diff").out

    assert text.endswith(
        "revision 1 → 2, 2026-03-01 11:00:00Z\n"
        "  title: 日股收[-涨-]{+跌+}\n"
        "  content_text: 东京股市今天[-收涨-]{+下午收跌+}。\n\n第二段没有变化。\n"
    )


def test_json_holds_the_versions_and_their_changes(library: Project) -> None:
    [entry] = library.call("show", LINK, "--diff", "--format", "json").json

    assert entry["revision"] == 2
    assert entry["revisions"] == [
        {
            "revision": 1,
            "at": "2026-03-01T08:00:00Z",
            "captured": "2026-03-01T08:00:00Z",
            "title": "日股收涨",
            "changed": [],
            "diff": {},
        },
        {
            "revision": 2,
            "at": "2026-03-01T11:00:00Z",
            "captured": "2026-03-01T11:00:00Z",
            "title": "日股收跌",
            "changed": ["title", "content_text"],
            "diff": {
                "title": "日股收[-涨-]{+跌+}",
                "content_text": "东京股市今天[-收涨-]{+下午收跌+}。\n\n第二段没有变化。",
            },
        },
    ]


def test_an_entry_of_one_version_has_nothing_to_compare(library: Project) -> None:
    assert (
        library.call("show", "https://news.example.org/story/2", "--diff").lines[-1]
        == "one revision: nothing to compare"
    )


def test_no_control_character_of_a_stranger_reaches_the_terminal(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    printer = EntryPrinter(sys.stdout)

    printer.print_line("odd \x1b[31m title\x9b")

    assert (
        capsysbinary.readouterr().out.decode()
        == "odd \N{REPLACEMENT CHARACTER}[31m title\N{REPLACEMENT CHARACTER}\n"
    )


def test_a_date_is_shown_as_it_was_stated(project: Project) -> None:
    project.save(
        "4",
        4,
        "A dated one",
        "<div><i>2026-03-01 07:30</i></div><p>The old bridge opens again.</p>",
    )
    assert project.call("fetch").code == 0
    link = "https://news.example.org/story/4"

    text = project.call("show", link)
    [entry] = project.call("show", link, "--format", "json").json

    [line] = [line for line in text.lines if line.startswith("  published_raw ")]
    assert "  2026-03-01 07:30 (minute, UTC, iso)  " in line
    assert entry["evidence"] == [
        {
            "field": "published",
            "raw": "2026-03-01 07:30",
            "where": entry["provenance"]["published"],
            "precision": "minute",
            "offset": None,
            "zone": "UTC",
            "form": "iso",
            "refused": None,
        }
    ]
