"""Prints a preview as text or returns it as JSON.

The winning value of a field comes first, the other candidates follow with the reason
why they lost. Texts are cut, links are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from aggregator.cli.report.preview import entry_from_revision
from aggregator.cli.report.terminal import Column, print_line, print_table, replace_unprintable
from aggregator.publish.json_record import entry_record, outcome_record, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.cli.report.preview import Preview, PreviewEntry
    from aggregator.fetch import Response
    from aggregator.model import Revision
    from aggregator.parse.trace import FieldTrace, TracedCandidate
    from aggregator.rules.suggest.unmatched import UnmatchedSelector

_ENTRY_COLUMNS = (
    Column("n", right=True),
    Column("published"),
    Column("title", cuts=True),
    Column("url", folds=True),
)
_FIELD_COLUMNS = (
    Column("field"),
    Column("value", folds=True),
    Column("found in", folds=True),
    Column("why", folds=True),
)
_MAX_TEXT_WIDTH = 72  # columns of a text
_UNCUT_FIELDS = frozenset({"url", "guid", "image", "enclosures"})
_LIST_FIELDS = frozenset({"authors", "tags", "credits", "enclosures"})


def print_preview(preview: Preview, *, limit: int) -> None:
    """Print a preview as text to stdout."""
    for line in _summary_lines(preview):
        print_line(line)
    if preview.items:
        typer.echo()
        print_table(_ENTRY_COLUMNS, map(_entry_row, preview.items[:limit]))
    if len(preview.items) > limit:
        typer.echo(f"… and {len(preview.items) - limit} more; --limit lists them")
    for item in preview.items:
        if item.fields is not None:
            print_line(f"\nentry {item.number}: {item.revision.title}")
            print_table(_FIELD_COLUMNS, _field_rows(item))
    if preview.unmatched_selectors:
        typer.echo("\nrules that find nothing")
        for one in preview.unmatched_selectors:
            print_line(f"  {one.path}: {one}")


def preview_record(preview: Preview, *, limit: int) -> dict[str, object]:
    """Return a preview as JSON: entries in the common schema, explained ones with their `candidates`."""
    responses = [_response_record(response) for response in preview.responses]
    entries = [_preview_entry_record(item) for item in preview.items[:limit]]
    unmatched = [_unmatched_record(one) for one in preview.unmatched_selectors]
    return {
        "source": preview.source,
        "carrier": preview.adapter,
        "fetched": responses,
        "pace": preview.pace,
        "reads": preview.reading,
        "shared": list(preview.shared_texts),
        "outcome": outcome_record(preview.outcome),
        "entries": entries,
        "left_out": list(preview.left_out),
        "silent": unmatched,
    }


def _response_record(response: Response) -> dict[str, object]:
    return {
        "url": response.url,
        "status": response.status,
        "bytes": len(response.body),
        "content_type": _media_type(response) or None,
    }


def _summary_lines(preview: Preview) -> Iterator[str]:
    outcome = preview.outcome
    yield _headline(preview)
    for one in preview.responses:
        size = f"{len(one.body):,} bytes"
        yield f"  fetched   {one.url}  {one.status}  {size}  {_media_type(one)}".rstrip()
    if preview.reading:
        yield f"  reads     {preview.reading}"
    if preview.pace:
        yield f"  pace      {preview.pace}"

    for note in outcome.notes:
        yield f"  note      {note}"
    for message in outcome.rejected:
        yield f"  rejected  {message}"
    for title in preview.left_out:
        yield f"  left out  {title}"
    for shared in preview.shared_texts:
        yield f"  shared    {shared}"


def _headline(preview: Preview) -> str:
    """Return the first line: the source, its adapter, and how many entries there are."""
    name = preview.source
    if preview.adapter:
        name += f" ({preview.adapter})"

    entries = f"{len(preview.items)} entries"
    if len(preview.items) == 1:
        entries = "1 entry"

    line = f"{name}: {entries}"
    if preview.outcome.rejected:
        line += f", {len(preview.outcome.rejected)} rejected"
    if preview.left_out:
        line += f", {len(preview.left_out)} left out by filters"
    return line


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "")


def _entry_row(item: PreviewEntry) -> tuple[str, ...]:
    revision = item.revision
    published = (
        "-" if revision.published_from == "first_seen" else f"{revision.published:%Y-%m-%d %H:%M}Z"
    )
    return str(item.number), published, _shorten(revision.title), revision.url or "-"


def _field_rows(item: PreviewEntry) -> Iterator[tuple[str, ...]]:
    for trace in item.fields or ():
        winners = [candidate for candidate in trace.candidates if candidate.has_won]
        if winners:
            where = winners[0].where
        else:
            where = item.revision.provenance.get(trace.name, "")

        value = "-"
        if trace.value:
            value = _shorten_value(trace.name, trace.value)
        yield trace.name, value, where, _describe_winner(trace, winners, item.revision)

        losers = [candidate for candidate in trace.candidates if not candidate.has_won]
        for loser in losers:
            value = _shorten_value(trace.name, loser.value)
            yield "", value, loser.where, loser.reason


def _describe_winner(trace: FieldTrace, winners: list[TracedCandidate], revision: Revision) -> str:
    """Describe the winning candidate where the field's value does not show it."""
    if not winners or trace.name in _LIST_FIELDS:
        return ""

    winner = winners[0]
    if winner.date is not None:
        return f"from `{_shorten(winner.value)}`{_describe_date_reading(trace.name, revision)}"
    if trace.name == "url" and winner.value != trace.value:
        return f"from `{winner.value}`"
    return ""


def _describe_date_reading(name: str, revision: Revision) -> str:
    """Describe how a date was read: its offset or zone, and its precision."""
    for evidence in revision.evidence:
        if evidence.field != name or evidence.refused is not None:
            continue
        place = f" at {_format_offset(evidence.offset or 0)}"
        if evidence.zone:
            place = f" in {evidence.zone}"
        if evidence.precision == "zone guessed":
            return f"{place}, zone guessed"
        return f"{place}, to the {evidence.precision}"
    return ""


def _format_offset(minutes: int) -> str:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"{sign}{hours:02}:{rest:02}"


def _shorten_value(name: str, value: str) -> str:
    line = " ".join(value.split())
    return line if name in _UNCUT_FIELDS else _shorten(line)


def _shorten(text: str) -> str:
    from rich.cells import cell_len, set_cell_size

    text = " ".join(replace_unprintable(text).split())
    if cell_len(text) <= _MAX_TEXT_WIDTH:
        return text
    told = f"… ({len(text):,} characters)"
    return set_cell_size(text, _MAX_TEXT_WIDTH - cell_len(told)).rstrip() + told


def _preview_entry_record(item: PreviewEntry) -> dict[str, object]:
    entry = entry_record(entry_from_revision(item.revision))
    if item.fields is None:
        return entry
    return entry | {
        "candidates": {
            trace.name: [_candidate_record(one) for one in trace.candidates]
            for trace in item.fields
        }
    }


def _candidate_record(candidate: TracedCandidate) -> dict[str, object]:
    return {
        "value": candidate.value,
        "where": candidate.where or None,
        "won": candidate.has_won,
        "reason": candidate.reason or None,
        "read": _date_record(candidate),
    }


def _date_record(candidate: TracedCandidate) -> dict[str, object] | None:
    """Return how a candidate was read as a date; None for other values."""
    date = candidate.date
    if date is None:
        return None
    return {
        "utc": rfc3339(date.value),
        "precision": date.precision,
        "offset": None if date.offset is None else _format_offset(date.offset),
    }


def _unmatched_record(one: UnmatchedSelector) -> dict[str, object]:
    near = (
        None
        if one.suggestion is None
        else {"selector": one.suggestion.selector, "count": one.suggestion.count}
    )
    return {"path": one.path, "selector": one.selector, "nearest": near}
