"""Describes for the log what a new configuration changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.config.record import Record
    from aggregator.config.settings import Config

_MAX_NAMED_IDS = 3  # ids of each kind in one log line


def describe_changes(before: Config, after: Config) -> str:
    """Describe how many sources and views there are, and which were added, removed and changed.

    >>> from aggregator.config import Config, View
    >>> describe_changes(Config(), Config(views=(View(id="merged"), View(id="zh"))))
    'sources: 0, views: 1 to 2 (1 added: zh, 1 changed: merged)'
    """
    parts = [
        _describe_counts("sources", _values_by_id(before.sources), _values_by_id(after.sources)),
        _describe_counts("views", _values_by_id(before.views), _values_by_id(after.views)),
    ]

    changed = []
    for name in ("database", "output", "server", "defaults", "network"):
        if getattr(before, name) != getattr(after, name):
            changed.append(name)
    if changed:
        parts.append(f"changed: {', '.join(changed)}")
    return ", ".join(parts)


def describe_losses(before: Config, after: Config) -> str | None:
    """Describe what was probably removed by mistake: a folder's last file of sources, or the last source.

    Return None if nothing was. A file that still exists was removed from the main file on purpose.
    """
    folders_left = {file.parent for file in after.files[1:]}
    deleted_from = set()
    still_there = set()
    for file in before.files[1:]:
        if file.exists():
            still_there.add(file.parent)
        else:
            deleted_from.add(file.parent)

    emptied = sorted(map(str, deleted_from - folders_left - still_there))
    if emptied:
        return f"no file of sources is left in {', '.join(emptied)}"
    if before.sources and not after.sources:
        return "no source is left"
    return None


def _values_by_id(records: Iterable[Record]) -> Mapping[str, Mapping[str, object]]:
    """Map ids to the values of the keys, without the place in the file."""
    found = {}
    for record in records:
        values = dict(record)
        found[str(values["id"])] = values
    return found


def _describe_counts(noun: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    removed = [key for key in before if key not in after]
    added = []
    changed = []
    for key, value in after.items():
        if key not in before:
            added.append(key)
        elif value != before[key]:
            changed.append(key)

    details = []
    for kind, ids in (("added", added), ("removed", removed), ("changed", changed)):
        if ids:
            details.append(f"{len(ids)} {kind}: {_join_ids(ids)}")

    text = f"{noun}: {len(after)}"
    if len(before) != len(after):
        text = f"{noun}: {len(before)} to {len(after)}"
    if details:
        text += f" ({', '.join(details)})"
    return text


def _join_ids(ids: list[str]) -> str:
    text = ", ".join(ids[:_MAX_NAMED_IDS])
    more = len(ids) - _MAX_NAMED_IDS
    if more > 0:
        text += f" and {more} more"
    return text
