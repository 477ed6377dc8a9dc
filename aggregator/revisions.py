"""The revisions of an entry, each with what it changed.

Each revision is compared with the one before it. Dates are not compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.publish.diff import compare_texts, mark_changes
from aggregator.publish.json_record import entry_record, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.model import Entry
    from aggregator.publish.diff import Piece
    from aggregator.store.queries import VisibleRevision

COMPARED_FIELDS = (
    "title",
    "url",
    "summary",
    "content_text",
    "content_html",
    "authors",
    "credits",
    "tags",
    "language",
    "publisher",
    "image",
    "enclosures",
    "guid",
)


@dataclass(frozen=True, slots=True)
class RevisionDiff:
    """A revision and its changes.

    `changes` maps a field to its text before and after; it is empty for the first revision.
    """

    revision: VisibleRevision
    changes: Mapping[str, tuple[str, str]]

    def word_diffs(self) -> dict[str, list[Piece]]:
        """Compare the texts of each changed field word by word."""
        return {
            name: compare_texts(before, after) for name, (before, after) in self.changes.items()
        }


def compare_revisions(history: Iterable[VisibleRevision]) -> tuple[RevisionDiff, ...]:
    """Compare the revisions of an entry, oldest first."""
    versions: list[RevisionDiff] = []
    for revision in history:
        before = versions[-1].revision.entry if versions else revision.entry
        versions.append(RevisionDiff(revision, _find_changes(before, revision.entry)))
    return tuple(versions)


def revision_record(version: RevisionDiff, *, diff: bool) -> dict[str, object]:
    """Return a revision as JSON; with `diff` also each change, marked as `wdiff` does."""
    revision = version.revision
    found: dict[str, object] = {
        "revision": revision.number,
        "at": rfc3339(revision.at),
        "captured": rfc3339(revision.captured),
        "title": revision.title,
        "changed": list(version.changes),
    }
    return (
        found
        | {"diff": {name: mark_changes(change) for name, change in version.word_diffs().items()}}
        if diff
        else found
    )


def _find_changes(before: Entry, after: Entry) -> dict[str, tuple[str, str]]:
    """Find the fields that differ; markup alone counts only where the text is the same."""
    was, now = entry_record(before), entry_record(after)
    changed = {
        name: (_format_value(was[name]), _format_value(now[name]))
        for name in COMPARED_FIELDS
        if was[name] != now[name]
    }
    if "content_text" in changed:
        changed.pop("content_html", None)
    return changed


def _format_value(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_format_value, value))
    if isinstance(value, dict):
        parts = [f"{key}: {part}" for key, part in value.items() if part is not None]
        return ", ".join(parts)
    return str(value)
