from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.publish import OUTPUTS

if TYPE_CHECKING:
    from tests.cli.conftest import Project


def test_every_view_in_every_format_is_written_and_listed(fetched: Project) -> None:
    fetched.write(
        "config/aggregator.yaml", "views: [{id: merged}, {id: zh, where: {language: zh}}]\n"
    )

    said = fetched.call("publish")

    head, *rows = (re.split(r"  +", line) for line in said.lines)
    assert (said.code, said.err) == (0, "")
    assert head == ["view", "format", "changed", "entries", "copies", "path"]
    assert [row[:2] for row in rows] == [
        [view, kind] for view in ("merged", "zh") for kind in OUTPUTS
    ]
    assert "日股收涨" in (fetched.root / "var/feeds/zh.atom").read_text(encoding="utf-8")


def test_the_feed_of_a_view_that_was_taken_out_is_named_and_stays(fetched: Project) -> None:
    fetched.write("var/feeds/other.atom", "a feed of another program")
    fetched.write("config/aggregator.yaml", "views: [{id: news}]\n")

    said = fetched.call("publish")

    assert (said.code, len(said.lines)) == (0, 1 + len(OUTPUTS))
    assert said.err.splitlines() == [
        f"{fetched.atom.with_suffix(f'.{kind}')} is a feed of a view that is not configured;"
        " delete it if nothing else writes it"
        for kind in OUTPUTS
    ]
    assert fetched.atom.exists()


def test_what_is_as_it_was_is_not_touched(fetched: Project) -> None:
    before = fetched.atom.stat().st_mtime_ns

    listed = fetched.call("publish", "--format", "json").json

    assert listed == [
        {
            "view": "merged",
            "format": kind,
            "path": str(fetched.root / "var/feeds" / f"merged.{kind}"),
            "changed": False,
            "entries": 3,
            "groups": 0,
            "copies": 0,
        }
        for kind in OUTPUTS
    ]
    assert fetched.atom.stat().st_mtime_ns == before
