"""`aggregator prune` lets go of what has had its time, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project


def test_what_is_still_listed_stays(fetched: Project) -> None:
    said = fetched.call("prune", "--vacuum")

    assert (said.code, said.out, said.err) == (
        0,
        "",
        "deleted: 0 entries, 0 captures, 0 outcomes\n",
    )
    assert len(fetched.call("entries", "--format", "json").json) == 3


def test_a_dry_run_only_tells(fetched: Project) -> None:
    said = fetched.call("prune", "--dry-run")

    assert (said.code, said.out, said.err) == (
        0,
        "",
        "would be deleted: 0 entries, 0 captures, 0 outcomes\n",
    )
