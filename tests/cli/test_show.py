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


# --- several tellers ---------------------------------------------------------------------------------------------------

BRIDGE = "https://news.example.org/story/2"


def test_all_tellers_are_listed_and_why_the_first_is_shown(told_twice: Project) -> None:
    assert told_twice.call("show", BRIDGE).lines[-4:] == [
        "tellers: 2, shown: saved (closest to the publisher)",
        f"  saved          {BRIDGE}  (35 letters, its publisher, 1 revision)",
        f"  links          {BRIDGE}  (21 letters, not its publisher, 2 revisions)",
        "                 https://links.test/item/77  (comments)",
    ]


def test_json_holds_the_tellers_and_why_the_first_is_shown(told_twice: Project) -> None:
    [entry] = told_twice.call("show", BRIDGE, "--format", "json").json

    assert (entry["source"], entry["comments"], entry["lead_reason"]) == (
        "saved",
        None,
        "publisher",
    )
    assert entry["tellers"] == [
        {
            "source": "saved",
            "url": BRIDGE,
            "comments": None,
            "tier": 3,
            "letters": 35,
            "revisions": 1,
        },
        {
            "source": "links",
            "url": BRIDGE,
            "comments": "https://links.test/item/77",
            "tier": 0,
            "letters": 21,
            "revisions": 2,
        },
    ]


def test_another_teller_is_shown_with_its_own_versions(told_twice: Project) -> None:
    said = told_twice.call("show", BRIDGE, "--source", "links", "--revisions", "--diff")

    assert said.lines[0] == "Bridge open"
    assert "  source         links" in said.lines
    assert not any(line.startswith("tellers") for line in said.lines)
    assert said.lines[-6].startswith("revisions: 2")
    assert said.lines[-1] == "  content_text: We have waited [-nine-]{+ten+} years."


def test_the_versions_without_a_source_are_those_that_are_shown(told_twice: Project) -> None:
    [entry] = told_twice.call("show", BRIDGE, "--revisions", "--format", "json").json
    [statement] = told_twice.call(
        "show", BRIDGE, "--revisions", "--source", "links", "--format", "json"
    ).json

    assert [version["title"] for version in entry["revisions"]] == ["A bridge opens"]
    assert [version["title"] for version in statement["revisions"]] == ["Bridge open"] * 2
    assert (statement["id"], statement["title"]) == (entry["id"], "Bridge open")


def test_the_first_version_is_called_so_whatever_its_number(told_twice: Project) -> None:
    said = told_twice.call("show", BRIDGE, "--revisions")

    assert said.lines[-2:] == [
        "revisions: 1",
        "  2  2026-03-01 08:00:00Z  A bridge opens  (first)",
    ]


def test_a_source_that_does_not_tell_the_entry_is_refused(told_twice: Project) -> None:
    said = told_twice.call("show", BRIDGE, "--source", "nobody")

    assert (said.code, said.out) == (2, "")
    assert said.err == "aggregator: `nobody` does not tell this entry; told by: saved, links\n"
