"""Commits results: all of a group in one transaction, each only while its lease holds.

Rule: entries, captures, outcome and validators of a run are written together or not at all. A result whose data cannot
be written fails alone, as an `internal` outcome; a database that fails stops the run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from aggregator.store import listed_keys, run_notes
from aggregator.store.captures import store_captures
from aggregator.store.engine import in_values
from aggregator.store.merge import IncomingRevision, MergeResult, guids, merge
from aggregator.store.merge.renamed import match_renamed
from aggregator.store.schedule import STATE, outcome_row, state_row, store_host_waits
from aggregator.store.schema import outcome, source, source_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from aggregator.model import Outcome, Result, Revision
    from aggregator.store.content import Compressor

CLAIM_LOST_NOTE = "another run took this source over: nothing was written"


@dataclass(frozen=True, slots=True)
class _Claim:
    """What the store knows of a source whose result has come."""

    source_id: int
    lease: int
    is_held: bool
    failures: int
    first_complete: datetime | None
    folder: Any
    listing: bytes | None


@dataclass(frozen=True, slots=True)
class _WriteContext:
    """The means of one commit."""

    connection: sa.Connection
    compressor: Compressor
    now: datetime


def commit(
    connection: sa.Connection, results: Sequence[Result], *, now: datetime, compressor: Compressor
) -> list[Outcome]:
    """Write `results` and return their outcomes, with what was new, changed and the same, in the same order."""
    claims = _load_claims(connection, results)
    means = _WriteContext(connection, compressor, now)
    finished = [_lost_claim_outcome(result, claims.get(result.state.source)) for result in results]
    live = [index for index, outcome in enumerate(finished) if outcome is None]
    outcomes = _write_group(
        means, [(results[index], claims[results[index].state.source]) for index in live]
    )
    written = dict(zip(live, outcomes, strict=True))
    return [outcome or written[index] for index, outcome in enumerate(finished)]


def _load_claims(connection: sa.Connection, results: Sequence[Result]) -> dict[str, _Claim]:
    columns = (
        source.c.name,
        STATE.source_id,
        STATE.lease,
        STATE.lease_until,
        STATE.failures,
        STATE.first_complete,
    )
    query = (
        sa.select(*columns, STATE.folder, STATE.listing)
        .join(source)
        .with_for_update(of=source_state)
    )
    names = {result.state.source for result in results}
    return {
        row.name: _Claim(
            row.source_id,
            row.lease,
            row.lease_until is not None,
            row.failures,
            row.first_complete,
            row.folder,
            row.listing,
        )
        for row in connection.execute(query.where(in_values(source.c.name, names, connection)))
    }


def _lost_claim_outcome(result: Result, claim: _Claim | None) -> Outcome | None:
    """Return the outcome of a result that may not be written, None for one that may."""
    if claim is not None and claim.is_held and claim.lease == result.state.lease:
        return None
    return replace(result.outcome, notes=(*result.outcome.notes, CLAIM_LOST_NOTE))


def _write_group(means: _WriteContext, group: Sequence[tuple[Result, _Claim]]) -> list[Outcome]:
    """Write all at once; where that breaks, one by one, to find the one whose data does."""
    if not group:
        return []
    try:
        with means.connection.begin_nested():
            return _write_results(means, group)
    except (sa.exc.StatementError, ValueError, TypeError, ArithmeticError, LookupError) as error:
        _raise_database_error(error)
        if len(group) == 1:
            return [_write_failure(means, *group[0], error)]
        return [outcome for member in group for outcome in _write_group(means, [member])]


def _raise_database_error(error: Exception) -> None:
    """Raise again what is the database's fault and not the data's."""
    if isinstance(error, sa.exc.OperationalError | sa.exc.InternalError):
        raise error


def _write_results(means: _WriteContext, group: Sequence[tuple[Result, _Claim]]) -> list[Outcome]:
    listings = [listed_keys.unpack(claim.listing) for _, claim in group]
    known = [
        _match_renamed(means, *member, listed)
        for member, listed in zip(group, listings, strict=True)
    ]
    arrivals = [
        IncomingRevision(number, revision, result.keep_sightings)
        for number, (result, _) in enumerate(group)
        for revision in known[number][0]
    ]
    merged = (
        merge(means.connection, arrivals, now=means.now, compressor=means.compressor)
        if arrivals
        else MergeResult([])
    )
    counts = [Counter[str]() for _ in group]
    for arrival, verdict in zip(arrivals, merged.statuses, strict=True):
        counts[arrival.result_index][verdict] += 1
    captures = [
        (claim.source_id, capture) for result, claim in group for capture in result.captures
    ]
    store_captures(means.connection, captures, means.compressor)
    store_host_waits(means.connection, [result.host_waits for result, _ in group])
    given = [
        frozenset() if found else merged.added_guids for _, found in known
    ]  # new links are told of with their guids
    group = [
        (
            _apply_guid_changes(
                means,
                result,
                claim,
                handed_on=number in merged.positional_guids,
                given=given[number],
            ),
            claim,
        )
        for number, (result, claim) in enumerate(group)
    ]
    outcomes = [
        _complete_outcome(means, result, claim, count, recognised_items=found)
        for (result, claim), count, (_, found) in zip(group, counts, known, strict=True)
    ]
    _write_states_and_outcomes(means, group, outcomes)
    _update_listings(means, group, listings)
    return outcomes


def _match_renamed(
    means: _WriteContext, result: Result, claim: _Claim, listed: listed_keys.ListedKeys
) -> tuple[Sequence[Revision], int]:
    """Recognise what has other links and ids than before, where an earlier document was read whole."""
    if result.keep_sightings or claim.first_complete is None or not result.revisions:
        return result.revisions, 0
    return match_renamed(
        means.connection, result.revisions, listed_keys.all_keys(listed), source_id=claim.source_id
    )


def _apply_guid_changes(
    means: _WriteContext, result: Result, claim: _Claim, *, handed_on: bool, given: AbstractSet[str]
) -> Result:
    """Say what became of guids; those that were caught twice, or handed on, count no more."""
    note = run_notes.GUIDS_POSITIONAL if handed_on else None
    renewed = (
        0
        if handed_on or not given or claim.first_complete is None
        else guids.count_renewed(result.revisions, given)
    )
    if renewed:
        again = run_notes.has_renewed_guids(means.connection, claim.source_id)
        note = run_notes.GUIDS_ALWAYS_RENEWED if again else run_notes.renewed_guids_note(renewed)
    if note is None:
        return result
    outcome = replace(result.outcome, notes=(*result.outcome.notes, note))
    by_url = result.state.by_url or note in (
        run_notes.GUIDS_POSITIONAL,
        run_notes.GUIDS_ALWAYS_RENEWED,
    )
    return replace(result, outcome=outcome, state=replace(result.state, by_url=by_url))


def _complete_outcome(
    means: _WriteContext,
    result: Result,
    claim: _Claim,
    count: Counter[str],
    *,
    recognised_items: int,
) -> Outcome:
    """Complete an outcome with what the merge counted, and with what a person should know of that."""
    flood = run_notes.flood_note(
        means.connection, claim.source_id, new=count["new"], since=claim.first_complete
    )
    known = run_notes.renamed_items_note(recognised_items) if recognised_items else None
    notes = (*result.outcome.notes, *(note for note in (known, flood) if note))
    return replace(
        result.outcome, new=count["new"], changed=count["changed"], same=count["same"], notes=notes
    )


def _update_listings(
    means: _WriteContext,
    group: Sequence[tuple[Result, _Claim]],
    listings: Sequence[listed_keys.ListedKeys],
) -> None:
    """Remember what the documents of these runs list, and what they list no more."""
    rows, before, after = [], set[str](), set[str]()
    for (result, claim), known in zip(group, listings, strict=True):
        listed = listed_keys.keys_after_run(result, known)
        if listed != known:
            rows.append(
                {"of": claim.source_id, "listing": listed_keys.pack(listed, means.compressor)}
            )
            before |= listed_keys.all_keys(known)
            after |= listed_keys.all_keys(listed)
    if rows:
        means.connection.execute(
            sa.update(source_state).where(STATE.source_id == sa.bindparam("of")), rows
        )
        listed_keys.mark_unlisted(
            means.connection, gone=before - after, come=after - before, now=means.now
        )


def _write_states_and_outcomes(
    means: _WriteContext, group: Sequence[tuple[Result, _Claim]], outcomes: Sequence[Outcome]
) -> None:
    rows, folders, ends = [], [], []
    for (result, claim), ended in zip(group, outcomes, strict=True):
        complete = claim.first_complete or (
            means.now if ended.status == "ok" and result.complete else None
        )
        rows.append({"of": claim.source_id, **state_row(result.state), "first_complete": complete})
        ends.append(outcome_row(ended, claim.source_id))
        listed = {name: list(file) for name, file in result.state.folder.items()}
        if listed != claim.folder:  # the list of a large folder is rewritten only when it differs
            folders.append({"of": claim.source_id, "folder": listed})
    change = sa.update(source_state).where(STATE.source_id == sa.bindparam("of"))
    means.connection.execute(change, rows)
    if folders:
        means.connection.execute(change, folders)
    means.connection.execute(sa.insert(outcome), ends)


def _write_failure(
    means: _WriteContext, result: Result, claim: _Claim, error: Exception
) -> Outcome:
    """End a run whose data cannot be written: it is asked again as before, nothing that it brought is known."""
    said = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
    broken = replace(
        result.outcome,
        status="failed",
        new=0,
        changed=0,
        same=0,
        error="internal",
        message=f"cannot be stored: {said}",
    )
    ended = {
        "next_fetch_at": result.state.next_fetch_at,
        "reason": result.state.reason,
        "failures": claim.failures + 1,
        "last_run": result.state.last_run,
        "lease_until": None,
    }
    means.connection.execute(
        sa.update(source_state).where(STATE.source_id == claim.source_id).values(ended)
    )
    means.connection.execute(sa.insert(outcome), outcome_row(broken, claim.source_id))
    return broken
