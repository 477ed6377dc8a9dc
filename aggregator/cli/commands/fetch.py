"""`aggregator fetch`: run one cycle now.

Only the table of outcomes goes to stdout; rejected items and notes go to stderr. Views
are published if an entry changed, or if an earlier cycle was killed before it published.
"""

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aggregator.cli.completion import source_ids
from aggregator.cli.context import find_source
from aggregator.cli.exit_codes import FAILED
from aggregator.cli.report.terminal import Column, print_json, print_stderr, print_table
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from aggregator.app import App
    from aggregator.config import Config
    from aggregator.model import Outcome, SourceState

COLUMNS = (
    Column("source"),
    Column("status", styled=True),
    Column("new", right=True),
    Column("changed", right=True),
    Column("same", right=True),
    Column("rejected", right=True),
    Column("ms", right=True),
    Column("message", folds=True),
)


def fetch(
    *,
    ctx: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE", help="Only these sources; default: all.", autocompletion=source_ids
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also sources that are not due; Retry-After is still obeyed."),
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Request whole documents, as if for the first time.")
    ] = False,
    format: Annotated[  # noqa: A002
        Literal["table", "json"], typer.Option(help="How to print the outcomes.")
    ] = "table",
) -> int:
    """Fetch what is due once and publish what changed."""
    import asyncio

    from aggregator.app import App, open_store

    ctx.obj.configure_logging(logging.WARNING, prints_outcomes=True)
    config = ctx.obj.load()
    names = _check_names(sources or (), config)
    with open_store(config) as store:
        app = App(config, store)
        began = app.clock()
        outcomes = asyncio.run(_run_cycle(app, names, force=force, full=full, quiet=ctx.obj.quiet))
        try:
            if any(outcome.new or outcome.changed for outcome in outcomes) or _has_stale_view(app):
                app.publish()
        finally:
            _print_outcomes(outcomes, format)
        if not ctx.obj.quiet:
            _print_messages(outcomes)
            _print_unfetched(app, names, outcomes, began=began, force=force)
    return FAILED if any(outcome.status == "failed" for outcome in outcomes) else 0


def _check_names(wanted: "Iterable[str]", config: "Config") -> tuple[str, ...]:
    """Return the ids of the named sources; () means all. Raises UsageError."""
    ids = []
    for name in dict.fromkeys(wanted):
        source = find_source(name, config)
        if not source.enabled:
            raise UsageError(
                f"source `{source.id}` is disabled (`enabled: false`, {source.origin})"
            )
        ids.append(source.id)
    return tuple(ids)


async def _run_cycle(
    app: "App", names: "Sequence[str]", *, force: bool, full: bool, quiet: bool
) -> "list[Outcome]":
    from aggregator.cli.report.progress import show_progress

    async with app:
        due = _count_due(app, names, force=force)
        with show_progress(due, quiet=quiet) as advance:
            outcomes = await app.cycle(names or None, force=force, full=full, progress=advance)
    order = {source: place for place, source in enumerate(app.sources)}
    return sorted(_merge_outcomes(outcomes), key=lambda outcome: order[outcome.source])


def _count_due(app: "App", names: "Sequence[str]", *, force: bool) -> int:
    from aggregator.source_status import is_due

    now = app.clock()
    wanted = set(names or app.sources)
    expected = 0
    for state in app.store.states():
        if state.source in wanted and (force or is_due(state, now)):
            expected += 1
    return expected


def _merge_outcomes(outcomes: "Iterable[Outcome]") -> "list[Outcome]":
    """Merge the outcomes of each source; a large folder is read in several runs."""
    joined: dict[str, Outcome] = {}
    for outcome in outcomes:
        known = joined.get(outcome.source)
        joined[outcome.source] = _add_outcomes(known, outcome) if known else outcome
    return list(joined.values())


def _add_outcomes(one: "Outcome", next_one: "Outcome") -> "Outcome":
    from dataclasses import replace

    sums = {}
    for name in ("ms", "found", "new", "changed", "same"):
        sums[name] = getattr(one, name) + getattr(next_one, name)

    size_bytes = (one.size_bytes or 0) + (next_one.size_bytes or 0)
    notes = dict.fromkeys(one.notes + next_one.notes)
    return replace(
        next_one,
        started=one.started,
        **sums,
        rejected=one.rejected + next_one.rejected,
        notes=tuple(notes),
        size_bytes=size_bytes,
    )


def _has_stale_view(app: "App") -> bool:
    """Tell whether a view is missing, or older than the last change of store or configuration."""
    from pathlib import Path

    from aggregator.publish import OUTPUTS

    folder = Path(app.config.output)
    paths = [folder / f"{view.id}.{kind}" for view in app.config.views for kind in OUTPUTS]
    changed = app.store.last_change()
    try:
        written = min(map(_modified_at, paths))
        for path in app.config.files:
            if _modified_at(path) > written:
                return True
    except OSError:
        return True
    return changed is not None and written < changed


def _modified_at(path: "Path") -> "datetime":
    from datetime import UTC, datetime

    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _print_outcomes(outcomes: "Sequence[Outcome]", format: str) -> None:  # noqa: A002
    if format == "json":
        from aggregator.publish.json_record import outcome_record

        print_json([outcome_record(outcome) for outcome in outcomes])
    elif outcomes:
        print_table(COLUMNS, map(_outcome_row, outcomes))


def _outcome_row(outcome: "Outcome") -> tuple[str, ...]:
    counts = (outcome.new, outcome.changed, outcome.same, len(outcome.rejected), outcome.ms)
    message = f"{outcome.error}: {outcome.message}" if outcome.error else ""
    return outcome.source, outcome.status, *map(str, counts), message


def _print_messages(outcomes: "Iterable[Outcome]") -> None:
    for outcome in outcomes:
        for message in outcome.rejected:
            print_stderr(f"{outcome.source}: rejected: {message}")
        for note in outcome.notes:
            print_stderr(f"{outcome.source}: note: {note}")


def _print_unfetched(
    app: "App",
    names: "Sequence[str]",
    outcomes: "Sequence[Outcome]",
    *,
    began: "datetime",
    force: bool,
) -> None:
    """Print why each named or due source was not fetched, and the number of the others."""
    from aggregator.source_status import is_due

    asked = {outcome.source for outcome in outcomes}
    unasked = app.sources.keys() - asked
    expected: list[SourceState] = []
    others: list[SourceState] = []
    for state in app.store.states():
        if state.source not in unasked:
            continue
        if names:
            is_expected = state.source in names
        else:
            is_expected = is_due(state, began)
        if is_expected:
            expected.append(state)
        else:
            others.append(state)

    for state in expected:
        reason = _reason_not_fetched(state, began, force=force)
        print_stderr(f"{state.source}: not asked: {reason}")
    if names:
        return
    if asked or expected:
        polled = [state for state in others if not state.gone]
        _print_not_due(polled, began)
    else:
        print_stderr(_describe_nothing_due(others, began))


def _print_not_due(states: "Iterable[SourceState]", now: "datetime") -> None:
    """Print how many sources are not due, and how many wait even with --force."""
    waiting, later = [], []
    for state in states:
        if _is_waiting(state, now):
            waiting.append(state)
        else:
            later.append(state)

    if later:
        print_stderr(f"{len(later)} not due, {_describe_next(later, now)}; --force asks them too")
    if waiting:
        print_stderr(
            f"{len(waiting)} not asked, the servers asked to wait; {_describe_next(waiting, now)}"
        )


def _describe_next(states: "Iterable[SourceState]", now: "datetime") -> str:
    """Describe the next fetch of these sources: `next is news in 18 min (every 1 h)`."""
    from aggregator.source_status import describe_wait, earliest_fetch

    first = min(states, key=earliest_fetch)
    return (
        f"next is {first.source} {describe_wait(earliest_fetch(first), now=now)} ({first.reason})"
    )


def _reason_not_fetched(state: "SourceState", now: "datetime", *, force: bool) -> str:
    from aggregator.source_status import describe_wait, earliest_fetch, is_due

    if state.not_before is not None and state.not_before > now:
        wait = describe_wait(state.not_before, now=now)
        return f"its server asked to wait, next {wait} ({state.reason})"
    if not force:
        if state.gone:
            return "gone (410); --force asks again"
        if not is_due(state, now):
            wait = describe_wait(earliest_fetch(state), now=now)
            return f"not due, next {wait} ({state.reason}); --force asks now"
    return "another process asks it at this moment"


def _describe_nothing_due(states: "Iterable[SourceState]", now: "datetime") -> str:
    polled = [state for state in states if not state.gone]
    if not polled:
        return "nothing to do: the configuration has no source that is enabled and not gone"

    words = f"nothing is due; {_describe_next(polled, now)}"
    are_all_waiting = all(_is_waiting(state, now) for state in polled)
    if not are_all_waiting:
        words += "; --force asks now"
    return words


def _is_waiting(state: "SourceState", now: "datetime") -> bool:
    """Tell whether the server asked to wait, which --force respects too."""
    return state.not_before is not None and state.not_before > now
