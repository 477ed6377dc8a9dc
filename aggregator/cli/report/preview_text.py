"""A dry run on a terminal, in a file, or as JSON.

Rule: what won stands first, each loser below it with why; a link is never cut, a text is. No control character of a
stranger reaches a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from aggregator.cli.report.preview import entry_of
from aggregator.cli.report.terminal import Column, clean, put_table
from aggregator.publish.json_record import outcome_record, record, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.cli.report.preview import Item, Trial
    from aggregator.fetch import Response
    from aggregator.model import Revision
    from aggregator.parse.trace import FieldTrace, TracedCandidate
    from aggregator.rules.suggest.unmatched import UnmatchedSelector

_TABLE = (
    Column("n", right=True),
    Column("published"),
    Column("title", cuts=True),
    Column("url", folds=True),
)
_SHEET = (
    Column("field"),
    Column("value", folds=True),
    Column("found in", folds=True),
    Column("why", folds=True),
)
_WIDEST = 72  # columns of a text
_WHOLE = frozenset({"url", "guid", "image", "enclosures"})
_LISTED = frozenset({"authors", "tags", "credits", "enclosures"})


def show(trial: Trial, *, limit: int) -> None:
    """Write a dry run to stdout, for people."""
    for line in _head(trial):
        typer.echo(clean(line))
    if trial.items:
        typer.echo()
        put_table(_TABLE, map(_row, trial.items[:limit]))
    if len(trial.items) > limit:
        typer.echo(f"… and {len(trial.items) - limit} more; --limit lists them")
    for item in trial.items:
        if item.fields is not None:
            typer.echo(clean(f"\nentry {item.number}: {item.revision.title}"))
            put_table(_SHEET, _fields(item))
    if trial.silent:
        typer.echo("\nrules that find nothing")
        for one in trial.silent:
            typer.echo(clean(f"  {one.path}: {one}"))


def record_of(trial: Trial, *, limit: int) -> dict[str, object]:
    """Return a dry run as JSON: entries in the common schema, each that was explained with its `candidates`."""
    return {
        "source": trial.source,
        "carrier": trial.carrier,
        "fetched": [_response_record(response) for response in trial.responses],
        "pace": trial.pace,
        "outcome": outcome_record(trial.outcome),
        "entries": [_entry_record(item) for item in trial.items[:limit]],
        "left_out": list(trial.left_out),
        "silent": [_silent_record(one) for one in trial.silent],
    }


def _response_record(response: Response) -> dict[str, object]:
    return {
        "url": response.url,
        "status": response.status,
        "bytes": len(response.body),
        "content_type": _media_type(response) or None,
    }


# --- for people ------------------------------------------------------------------------------------------------------


def _head(trial: Trial) -> Iterator[str]:
    outcome = trial.outcome
    rejected = f", {len(outcome.rejected)} rejected" if outcome.rejected else ""
    left_out = f", {len(trial.left_out)} left out by filters" if trial.left_out else ""
    carrier = f" ({trial.carrier})" if trial.carrier else ""
    entries = f"{len(trial.items)} entr{'y' if len(trial.items) == 1 else 'ies'}"
    yield f"{trial.source}{carrier}: {entries}{rejected}{left_out}"
    for one in trial.responses:
        yield f"  fetched   {one.url}  {one.status}  {len(one.body):,} bytes  {_media_type(one)}".rstrip()
    if trial.pace:
        yield f"  pace      {trial.pace}"
    yield from (f"  note      {note}" for note in outcome.notes)
    yield from (f"  rejected  {message}" for message in outcome.rejected)
    yield from (f"  left out  {title}" for title in trial.left_out)


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "")


def _row(item: Item) -> tuple[str, ...]:
    revision = item.revision
    published = (
        "-" if revision.published_from == "first_seen" else f"{revision.published:%Y-%m-%d %H:%M}Z"
    )
    return str(item.number), published, _short(revision.title), revision.url or "-"


def _fields(item: Item) -> Iterator[tuple[str, ...]]:
    for trace in item.fields or ():
        winners = [candidate for candidate in trace.candidates if candidate.has_won]
        if winners:
            where = winners[0].where
        else:
            where = item.revision.provenance.get(trace.name, "")

        value = "-"
        if trace.value:
            value = _cut(trace.name, trace.value)
        yield trace.name, value, where, _how(trace, winners, item.revision)

        for candidate in trace.candidates:
            if not candidate.has_won:
                yield "", _cut(trace.name, candidate.value), candidate.where, candidate.reason


def _how(trace: FieldTrace, winners: list[TracedCandidate], revision: Revision) -> str:
    """Say what the winner was, where that is not what the value shows."""
    if not winners or trace.name in _LISTED:
        return ""

    winner = winners[0]
    if winner.date is not None:
        return f"from `{_short(winner.value)}`{_read(trace.name, revision)}"
    if trace.name == "url" and winner.value != trace.value:
        return f"from `{winner.value}`"
    return ""


def _read(name: str, revision: Revision) -> str:
    """Say how a date was read: by which offset or zone, and how exact it is."""
    for evidence in revision.evidence:
        if evidence.field != name or evidence.refused is not None:
            continue
        if evidence.zone:
            place = f" in {evidence.zone}"
        else:
            place = f" at {_offset(evidence.offset or 0)}"
        return f"{place}, to the {evidence.precision}"
    return ""


def _offset(minutes: int) -> str:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"{sign}{hours:02}:{rest:02}"


def _cut(name: str, value: str) -> str:
    line = " ".join(value.split())
    return line if name in _WHOLE else _short(line)


def _short(text: str) -> str:
    from rich.cells import cell_len, set_cell_size

    text = " ".join(clean(text).split())
    if cell_len(text) <= _WIDEST:
        return text
    told = f"… ({len(text):,} characters)"
    return set_cell_size(text, _WIDEST - cell_len(told)).rstrip() + told


# --- for machines ----------------------------------------------------------------------------------------------------


def _entry_record(item: Item) -> dict[str, object]:
    entry = record(entry_of(item.revision))
    if item.fields is None:
        return entry
    return entry | {
        "candidates": {
            trace.name: [_candidate(one) for one in trace.candidates] for trace in item.fields
        }
    }


def _candidate(candidate: TracedCandidate) -> dict[str, object]:
    return {
        "value": candidate.value,
        "where": candidate.where or None,
        "won": candidate.has_won,
        "reason": candidate.reason or None,
        "read": _date_record(candidate),
    }


def _date_record(candidate: TracedCandidate) -> dict[str, object] | None:
    """Return how a candidate was read as a date; None where it is no date."""
    date = candidate.date
    if date is None:
        return None
    return {
        "utc": rfc3339(date.value),
        "precision": date.precision,
        "offset": None if date.offset is None else _offset(date.offset),
    }


def _silent_record(one: UnmatchedSelector) -> dict[str, object]:
    near = (
        None
        if one.suggestion is None
        else {"selector": one.suggestion.selector, "count": one.suggestion.count}
    )
    return {"path": one.path, "selector": one.selector, "nearest": near}
