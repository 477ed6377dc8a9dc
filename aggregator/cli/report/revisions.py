"""The versions of an entry, each with what it changed.

Rule: a version is compared with the one before it, in what people read; the dates of an entry are no content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.cli.report.diff import mark_changes, pieces
from aggregator.publish.json_record import record, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.cli.report.diff import Piece
    from aggregator.model import Entry
    from aggregator.store.queries import VisibleRevision

FIELDS = (
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
class Past:
    """One version. `changed` maps a field to its value before and after, as text; empty for the first version."""

    revision: VisibleRevision
    changes: Mapping[str, tuple[str, str]]

    def diffs(self) -> dict[str, list[Piece]]:
        """Compare each changed field."""
        return {name: pieces(before, after) for name, (before, after) in self.changes.items()}


def past(history: Iterable[VisibleRevision]) -> tuple[Past, ...]:
    """Compare the versions of an entry, oldest first."""
    versions: list[Past] = []
    for revision in history:
        before = versions[-1].revision.entry if versions else revision.entry
        versions.append(Past(revision, _find_changes(before, revision.entry)))
    return tuple(versions)


def past_record(version: Past, *, diff: bool) -> dict[str, object]:
    """Return a version as JSON; with `diff` also each change, marked as `wdiff` does."""
    revision = version.revision
    found: dict[str, object] = {
        "revision": revision.number,
        "at": rfc3339(revision.at),
        "captured": rfc3339(revision.captured),
        "title": revision.title,
        "changed": list(version.changes),
    }
    return (
        found | {"diff": {name: mark_changes(change) for name, change in version.diffs().items()}}
        if diff
        else found
    )


def _find_changes(before: Entry, after: Entry) -> dict[str, tuple[str, str]]:
    """Find the fields that differ; markup alone counts only where the text is the same."""
    was, now = record(before), record(after)
    changed = {
        name: (_text(was[name]), _text(now[name])) for name in FIELDS if was[name] != now[name]
    }
    if "content_text" in changed:
        changed.pop("content_html", None)
    return changed


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        parts = [f"{key}: {part}" for key, part in value.items() if part is not None]
        return ", ".join(parts)
    return str(value)
