"""`aggregator show`: print one entry with the provenance of each field.

An entry is found by its id or by its URL in any spelling. If a publisher used a URL for
several articles, all of them are shown.
"""

import logging
import re
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import print_json
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.app import App
    from aggregator.cli.report.revisions import RevisionDiff
    from aggregator.model import Entry, Evidence

_PREFIX = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}[0-9a-f-]{0,28})", re.IGNORECASE)


def show(
    name: Annotated[
        str, typer.Argument(metavar="ID|URL", help="An id, its first 8 digits or more, or a link.")
    ],
    *,
    ctx: typer.Context,
    revisions: Annotated[bool, typer.Option("--revisions", help="List its versions.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what each version changed, word by word.")
    ] = False,
    format: Annotated[Literal["text", "json"], typer.Option(help="How to print it.")] = "text",  # noqa: A002
) -> int:
    """Show one entry with the provenance of every field."""
    from aggregator.app import App, open_store
    from aggregator.cli.report.revisions import compare_revisions

    ctx.obj.configure_logging(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        found = _find_entries(App(config, store), name)
        stated = [store.evidence(entry.id) for entry in found]
        histories = [
            compare_revisions(store.history(entry.id)) if revisions or diff else ()
            for entry in found
        ]
    if format == "json":
        records = zip(found, stated, histories, strict=True)
        print_json(
            [
                _entry_with_revisions(entry, evidence, history, diff=diff)
                for entry, evidence, history in records
            ]
        )
    else:
        _print_entries(found, stated, histories, revisions=revisions, diff=diff)
    return 0


def _find_entries(app: "App", name: str) -> "list[Entry]":
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


def _entry_with_revisions(
    entry: "Entry", stated: "Sequence[Evidence]", history: "Sequence[RevisionDiff]", *, diff: bool
) -> dict[str, object]:
    from aggregator.cli.report.revisions import revision_record
    from aggregator.publish.json_record import entry_record, evidence_record

    shown = entry_record(entry)
    if stated:
        shown["evidence"] = [evidence_record(one) for one in stated]
    if history:
        shown["revisions"] = [revision_record(version, diff=diff) for version in history]
    return shown


def _print_entries(
    found: "Sequence[Entry]",
    stated: "Sequence[Sequence[Evidence]]",
    histories: "Sequence[Sequence[RevisionDiff]]",
    *,
    revisions: bool,
    diff: bool,
) -> None:
    from aggregator.cli.report.entry import EntryPrinter

    printer = EntryPrinter(sys.stdout)
    for place, (entry, evidence, history) in enumerate(zip(found, stated, histories, strict=True)):
        if place:
            printer.print_line()
        printer.print_entry(entry, evidence)
        if revisions:
            printer.print_revisions(history)
        if diff:
            printer.print_diffs(history)
