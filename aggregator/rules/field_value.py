"""Reads one value as the rule of its field says: dates, what to cut off, names with a meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.normalize import dates
from aggregator.rules.compiled import NO_FIELD, CompiledField, load_zone

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from datetime import datetime


def read_date(
    value: str, rule: CompiledField, *, timezone: str, taken: datetime
) -> dates.Date | None:
    """Read a date in the forms that a field's rule names, None if it is none."""
    return dates.read(
        value,
        zone=load_zone(timezone),
        taken=taken,
        formats=rule.formats,
        strip=rule.strip,
        order=rule.order,
        calendar=rule.calendar,
    )


def cut_value(value: str, rule: CompiledField = NO_FIELD) -> str:
    """Cut off what the rule says is no part of the value, by its first pattern that matches."""
    match = _first_cut(value, rule)
    if match is None:
        return value
    return value[: match.start()] + value[match.end() :]


def tags_from_cut(value: str, rule: CompiledField) -> Iterator[str]:
    """Yield the tag in what `cut` cuts off (the group `tag` of the pattern), if there is one."""
    match = _first_cut(value, rule)
    if match is None:
        return
    tag = match.groupdict().get("tag")
    if tag:
        yield tag


def _first_cut(value: str, rule: CompiledField) -> re.Match[str] | None:
    for pattern in rule.cut:
        match = pattern.search(value)
        if match:
            return match
    return None


def find_names(value: str, rule: CompiledField) -> list[str]:
    """Return what the rule's names in a text stand for, each once, in the order of the text.

    The text itself is the only name if the rule declares none.
    """
    if not rule.names:
        return [value]

    positions = []
    for name, meaning in rule.names.items():
        position = value.find(name)
        if position >= 0:
            positions.append((position, meaning))
    return list(dict.fromkeys(meaning for _, meaning in sorted(positions)))
