"""`aggregator doctor`: say what is wrong with a source or the installation, and what to do."""

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.completion import source_ids
from aggregator.cli.context import find_source
from aggregator.cli.exit_codes import FAILED
from aggregator.cli.report.terminal import Column, print_json, print_line, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.doctor.source import Diagnosis
    from aggregator.model import Capture

COLUMNS = (Column("check"), Column("state", styled=True), Column("found", folds=True))


def doctor(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[SOURCE]",
            help="A source; default: the installation with all sources.",
            autocompletion=source_ids,
        ),
    ] = None,
    *,
    ctx: typer.Context,
    format: Annotated[Literal["text", "json"], typer.Option(help="How to print it.")] = "text",  # noqa: A002
) -> int:
    """Say what is wrong with a source or the installation, and propose a repair."""
    ctx.obj.configure_logging(logging.WARNING)
    if name is None:
        return _examine_installation(ctx, as_json=format == "json")
    return _examine_source(ctx, name, as_json=format == "json")


def _examine_installation(ctx: typer.Context, *, as_json: bool) -> int:
    from aggregator.app import open_store, utc_now
    from aggregator.doctor.installation import check_installation

    config = ctx.obj.load()
    with open_store(config) as store:
        checks = list(check_installation(config, store, now=utc_now()))
    if as_json:
        print_json([{"check": one.name, "ok": one.is_well, "found": one.message} for one in checks])
    else:
        states = {True: "ok", False: "wrong"}
        print_table(COLUMNS, ((one.name, states[one.is_well], one.message) for one in checks))
    if all(one.is_well for one in checks):
        return 0
    return FAILED


def _examine_source(ctx: typer.Context, name: str, *, as_json: bool) -> int:
    from aggregator.app import open_store
    from aggregator.doctor.source import diagnose
    from aggregator.rules.loader import load_sites

    config = ctx.obj.load()
    source = find_source(name, config)
    with open_store(config) as store:
        found = diagnose(source, store, load_sites(ctx.obj.sites_folder))
    if as_json:
        print_json(_diagnosis_record(found))
    else:
        for line in _diagnosis_lines(found):
            print_line(line)
    if found.is_well:
        return 0
    return FAILED


def _diagnosis_lines(found: "Diagnosis") -> "Iterator[str]":
    health, name = found.health, found.source.id
    if not found.has_run:
        yield f"{name}: not fetched yet; `aggregator fetch {name}` does it now"
        return
    since = f" since {health.since:%Y-%m-%d %H:%M}Z" if health.since else ""
    yield f"{name}: {health.verdict}{since}"
    for evidence in health.evidence:
        yield f"  {evidence}"
    for symptom in health.symptoms:
        if symptom.runs < symptom.needed:
            yield f"  seen {symptom.runs} of {symptom.needed} times: {symptom.evidence}"
    if health.bad_since is not None:
        yield f"last good capture: {_capture_line(found.good)}"
        yield f"first bad capture: {_capture_line(found.bad)}"
    yield from _repair_lines(found)


def _capture_line(capture: "Capture | None") -> str:
    if capture is None:
        return "none is kept"
    return f"{capture.taken:%Y-%m-%d %H:%M}Z, {len(capture.body):,} bytes, {capture.url}"


def _repair_lines(found: "Diagnosis") -> "Iterator[str]":
    repair = found.repair
    if repair is None:
        return
    if repair.yaml is None:
        yield f"no repair: {repair.reason}"
        return
    yield f"repair: these keys find {repair.found} of {repair.known} known articles again:"
    yield ""
    for line in repair.yaml.splitlines():
        yield f"  {line}"
    yield ""
    yield f"put them in place of the same keys of `{found.source.id}`, then `aggregator preview {found.source.id}`"


def _diagnosis_record(found: "Diagnosis") -> dict[str, object]:
    from aggregator.publish.json_record import rfc3339

    health, repair = found.health, found.repair
    since = rfc3339(health.since) if health.since else None
    record: dict[str, object] = {
        "source": found.source.id,
        "verdict": health.verdict if found.has_run else None,
        "evidence": list(health.evidence),
        "verdict_since": since,
        "last_good": rfc3339(found.good.taken) if found.good else None,
        "first_bad": rfc3339(found.bad.taken) if found.bad else None,
        "repair": None,
    }
    if repair is not None:
        record["repair"] = {
            "known": repair.known,
            "found": repair.found,
            "yaml": repair.yaml,
            "reason": repair.reason,
        }
    return record
