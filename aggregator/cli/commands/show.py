"""`aggregator show`: print one entry with the provenance of each field, or a source.

An entry is found by its id or by its URL in any spelling. If a publisher used a URL for
several articles, all of them are shown.
"""

import logging
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.completion import source_ids
from aggregator.cli.report.terminal import print_json, print_line
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.app import App
    from aggregator.config import Config
    from aggregator.model import Entry, Evidence, LeadReason
    from aggregator.revisions import RevisionDiff
    from aggregator.store import Store

_PREFIX = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}[0-9a-f-]{0,28})", re.IGNORECASE)


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID|URL|SOURCE",
            help="An entry's id, its first 8 digits or more, or its link; or the id of a source.",
            autocompletion=source_ids,
        ),
    ],
    *,
    ctx: typer.Context,
    revisions: Annotated[bool, typer.Option("--revisions", help="List its versions.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what each version changed, word by word.")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Show what this source says of it, and its versions."),
    ] = None,
    format: Annotated[Literal["text", "json"], typer.Option(help="How to print it.")] = "text",  # noqa: A002
) -> int:
    """Show one entry with the provenance of every field, or what is known of a source."""
    from aggregator.app import App, open_store

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        if any(one.id == name for one in config.sources):
            _print_source(config, store, name, format)
            return 0
        entries = find_entries(App(config, store), name)
        if source is not None:
            entries = _find_statements(store, entries, source)
        found = []
        for entry in entries:
            found.append(_load_details(store, entry, source, with_history=revisions or diff))

    if format == "json":
        print_json([_detailed_record(one, diff=diff) for one in found])
    else:
        _print_entries(found, revisions=revisions, diff=diff)
    return 0


@dataclass(frozen=True, slots=True)
class _DetailedEntry:
    """An entry with all that is printed of it; `history` is () if it is not wanted."""

    entry: "Entry"
    evidence: "Sequence[Evidence]"
    lead_reason: "LeadReason | None"
    history: "Sequence[RevisionDiff]"


def _print_source(config: "Config", store: "Store", name: str, format: str) -> None:  # noqa: A002
    """Print the status of a source, what is read for it, and what its pages share."""
    from aggregator.app import utc_now
    from aggregator.cli.report.source import source_details, source_lines
    from aggregator.source_status import source_statuses

    [status] = [one for one in source_statuses(config, store) if one.source.id == name]
    if format == "json":
        print_json(source_details(status))
        return
    for line in source_lines(status, now=utc_now()):
        print_line(line)


def find_entries(app: "App", name: str) -> "list[Entry]":
    """Find entries by id, URL or the start of an id. Raises UsageError for none, or for an ambiguous start."""
    found = app.find_entries(name)
    if found:
        return found

    prefix = _PREFIX.fullmatch(name)
    if prefix and len(prefix[1].replace("-", "")) <= 32:
        found = app.store.find_by_id_prefix(prefix[1])

    if len(found) > 1:
        ids = ", ".join(entry.id for entry in found)
        raise UsageError(f"several ids begin with `{name}`: {ids}")
    if not found:
        raise UsageError(f"there is no entry `{name}`: neither an id nor a link of one")
    return found


def _find_statements(store: "Store", entries: "Sequence[Entry]", source: str) -> "list[Entry]":
    """Return what a source says of these entries. Raises UsageError if it tells none of them."""
    statements = []
    for entry in entries:
        statement = store.statement(entry.id, source=source)
        if statement is not None:
            statements.append(statement)
    if statements:
        return statements

    tellers: dict[str, None] = {}
    for entry in entries:
        tellers |= dict.fromkeys(teller.source for teller in entry.tellers)
        if not entry.tellers:
            tellers[entry.source] = None
    raise UsageError(f"`{source}` does not tell this entry; told by: {', '.join(tellers)}")


def _load_details(
    store: "Store", entry: "Entry", source: str | None, *, with_history: bool
) -> _DetailedEntry:
    from aggregator.revisions import compare_revisions

    lead_reason = store.lead_reason(entry.id) if entry.tellers else None
    history: Sequence[RevisionDiff] = ()
    if with_history:
        history = compare_revisions(store.history(entry.id, source=source))
    return _DetailedEntry(entry, store.evidence(entry.id, source=source), lead_reason, history)


def _detailed_record(found: _DetailedEntry, *, diff: bool) -> dict[str, object]:
    from aggregator.publish.json_record import entry_record, evidence_record
    from aggregator.revisions import revision_record

    record = entry_record(found.entry)
    if found.lead_reason:
        record["lead_reason"] = found.lead_reason
    if found.evidence:
        record["evidence"] = [evidence_record(one) for one in found.evidence]
    if found.history:
        record["revisions"] = [revision_record(version, diff=diff) for version in found.history]
    return record


def _print_entries(found: "Sequence[_DetailedEntry]", *, revisions: bool, diff: bool) -> None:
    from aggregator.cli.report.entry import EntryPrinter

    printer = EntryPrinter(sys.stdout)
    for place, one in enumerate(found):
        if place:
            printer.print_line()
        printer.print_entry(one.entry, one.evidence)
        printer.print_tellers(one.entry.tellers, one.lead_reason)
        if revisions:
            printer.print_revisions(one.history)
        if diff:
            printer.print_diffs(one.history)
