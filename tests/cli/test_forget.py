"""`aggregator forget` lets go of single entries, and the feeds say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from conftest import Project

TOMBSTONES = "{http://purl.org/atompub/tombstones/1.0}"


def ids(project: Project) -> dict[str, str]:
    return {
        entry["title"]: entry["id"] for entry in project.call("entries", "--format", "json").json
    }


def test_entries_go_for_good_and_the_feed_names_them(fetched: Project) -> None:
    known = ids(fetched)
    bridge, market = known["A bridge opens"], known["日股收涨"]

    said = fetched.call("forget", bridge[9:20], "https://news.example.org/story/1?utm_source=x")
    fetched.call("fetch", "--force", "--full")

    assert (said.code, said.out) == (0, f"{bridge}\n{market}\n")
    assert said.err == "deleted: A bridge opens (saved)\ndeleted: 日股收涨 (saved)\n"
    assert ids(fetched) == {"Un pont s’ouvre": known["Un pont s’ouvre"]}
    feed = etree.parse(fetched.atom).getroot()
    deleted = {element.get("ref") for element in feed.findall(f"{TOMBSTONES}deleted-entry")}
    assert deleted == {bridge, market}
    assert feed.nsmap["at"] == TOMBSTONES.strip("{}")


def test_a_dry_run_only_tells(fetched: Project) -> None:
    known = ids(fetched)
    feed = fetched.atom.read_bytes()

    said = fetched.call("forget", known["A bridge opens"], "--dry-run")

    assert (said.code, said.out, said.err) == (
        0,
        known["A bridge opens"] + "\n",
        "would be deleted: A bridge opens (saved)\n",
    )
    assert ids(fetched) == known
    assert fetched.atom.read_bytes() == feed


def test_an_unknown_entry_leaves_all_as_they_are(fetched: Project) -> None:
    known = ids(fetched)

    said = fetched.call("forget", known["A bridge opens"], "https://nowhere.example/")

    assert (said.code, said.out, said.err) == (
        2,
        "",
        "aggregator: there is no entry `https://nowhere.example/`: neither an id nor a link of one\n",
    )
    assert ids(fetched) == known
