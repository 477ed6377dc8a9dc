"""Describes one source: its status, what is read for it, and what the pages of its articles share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.source_status import (
    describe_adapter,
    describe_due,
    describe_reading,
    describe_result,
    source_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aggregator.source_status import SourceStatus


def source_details(status: SourceStatus) -> dict[str, object]:
    """Return a source as JSON: as `sources` does, with `reads` and `shared`."""
    record = source_record(status)
    record["reads"] = None
    record["shared"] = []
    if status.state is not None:
        record["reads"] = describe_reading(status.source, status.state)
        record["shared"] = [part.text for part in status.state.shared_parts if part.text]
    return record


def source_lines(status: SourceStatus, *, now: datetime) -> Iterator[str]:
    """Yield the lines that describe a source to people."""
    source, state = status.source, status.state
    items = "1 item" if status.items == 1 else f"{status.items} items"
    yield f"{source.id}: {status.state_name}, {items}"
    yield f"  address   {source.display_location}"
    yield f"  adapter   {describe_adapter(status)}"
    reading = describe_reading(source, state) if state is not None else None
    if reading:
        yield f"  reads     {reading}"
    yield f"  result    {describe_result(status.outcome)}"
    yield f"  next      {describe_due(status, now=now)}"
    if status.outcome is not None:
        for note in status.outcome.notes:
            yield f"  note      {note}"
    for part in state.shared_parts if state is not None else ():
        yield f"  shared    {part.text or 'found by an older version'}"
