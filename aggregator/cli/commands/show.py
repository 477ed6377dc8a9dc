"""`aggregator show`: one entry, and where each of its values was found.

Rule: an id and a link in any spelling lead to it; where a publisher used an address again, all its entries are shown.
"""

import logging
import re
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.report.terminal import put_json
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.app import App
    from aggregator.cli.report.revisions import Past
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
    from aggregator.cli.report.revisions import past

    ctx.obj.log(logging.WARNING)
    config = ctx.obj.load()
    with open_store(config) as store:
        found = _find_entries(App(config, store), name)
        stated = [store.evidence(entry.id) for entry in found]
        pasts = [past(store.history(entry.id)) if revisions or diff else () for entry in found]
    if format == "json":
        records = zip(found, stated, pasts, strict=True)
        put_json([_record(entry, evidence, past, diff=diff) for entry, evidence, past in records])
    else:
        _print(found, stated, pasts, revisions=revisions, diff=diff)
    return 0


def _find_entries(app: "App", name: str) -> "list[Entry]":
    """Raises UsageError where nothing is found, or the beginning of an id leads to several."""
    found = app.find(name)
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


def _record(
    entry: "Entry", stated: "Sequence[Evidence]", past: "Sequence[Past]", *, diff: bool
) -> dict[str, object]:
    from aggregator.cli.report.revisions import past_record
    from aggregator.publish.json_record import evidence_record, record

    shown = record(entry)
    if stated:
        shown["evidence"] = [evidence_record(one) for one in stated]
    if past:
        shown["revisions"] = [past_record(version, diff=diff) for version in past]
    return shown


def _print(
    found: "Sequence[Entry]",
    stated: "Sequence[Sequence[Evidence]]",
    pasts: "Sequence[Sequence[Past]]",
    *,
    revisions: bool,
    diff: bool,
) -> None:
    from aggregator.cli.report.entry import Sheet

    sheet = Sheet(sys.stdout)
    for place, (entry, evidence, past) in enumerate(zip(found, stated, pasts, strict=True)):
        if place:
            sheet.line()
        sheet.entry(entry, evidence)
        if revisions:
            sheet.revisions(past)
        if diff:
            sheet.diffs(past)
