"""Commits results: a whole group in one transaction, each result only while its lease holds.

What a run brought is written together or not at all. A result whose data cannot be written
fails alone, as an `internal` outcome; a database that fails stops the run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from aggregator.store import listing, run_notes
from aggregator.store.captures import store_captures
from aggregator.store.engine import in_values
from aggregator.store.health import store_changes
from aggregator.store.judge import is_good, judge_run
from aggregator.store.merge import IncomingRevision, MergeResult, merge
from aggregator.store.merge.renamed import match_renamed
from aggregator.store.outcomes import outcome_row
from aggregator.store.schedule import STATE, state_row, store_host_waits
from aggregator.store.schema import micros, outcome, source, source_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from aggregator.model import Outcome, Result
    from aggregator.store.content import Compressor

CLAIM_LOST_NOTE = "another run of this source has started: nothing was written"


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


_ClaimedResult: TypeAlias = "tuple[Result, _Claim]"


@dataclass(frozen=True, slots=True)
class _WriteContext:
    """The means of one commit."""

    connection: sa.Connection
    compressor: Compressor
    now: datetime


def commit(
    connection: sa.Connection, results: Sequence[Result], *, now: datetime, compressor: Compressor
) -> list[Outcome]:
    """Write `results`; return their outcomes with what was new, changed and the same, in order."""
    context = _WriteContext(connection, compressor, now)
    claims = _load_claims(connection, results)
    outcomes: dict[int, Outcome] = {}
    live: list[_ClaimedResult] = []
    live_indexes: list[int] = []
    for index, result in enumerate(results):
        claim = claims.get(result.state.source)
        if claim is not None and claim.is_held and claim.lease == result.state.lease:
            live.append((result, claim))
            live_indexes.append(index)
        else:
            notes = (*result.outcome.notes, CLAIM_LOST_NOTE)
            outcomes[index] = replace(result.outcome, notes=notes)

    written = _write_group(context, live)
    outcomes.update(zip(live_indexes, written, strict=True))
    return [outcomes[index] for index in range(len(results))]


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


def _write_group(context: _WriteContext, group: Sequence[_ClaimedResult]) -> list[Outcome]:
    """Write all at once; if that fails, one by one, to find the one whose data cannot be written."""
    if not group:
        return []
    try:
        with context.connection.begin_nested():
            return _write_results(context, group)
    except (sa.exc.StatementError, ValueError, TypeError, ArithmeticError, LookupError) as error:
        _raise_database_error(error)
        if len(group) == 1:
            return [_write_failure(context, *group[0], error)]

        outcomes = []
        for member in group:
            outcomes += _write_group(context, [member])
        return outcomes


def _raise_database_error(error: Exception) -> None:
    """Raise again what is the database's fault and not the data's."""
    if isinstance(error, sa.exc.OperationalError | sa.exc.InternalError):
        raise error


def _write_results(context: _WriteContext, given: Sequence[_ClaimedResult]) -> list[Outcome]:
    group = list(given)
    listings = [listing.unpack(claim.listing) for _, claim in group]
    hashes = [_hash_items(result) for result, _ in group]
    matched = []
    arrivals: list[IncomingRevision] = []
    for number, (result, claim) in enumerate(group):
        repeated = _find_repeated(result, listings[number], hashes[number])
        recognised = _match_renamed(context, result, claim, listings[number], repeated)
        knows_items = bool(recognised) or any(repeated)
        result = judge_run(
            context.connection,
            result,
            claim.source_id,
            failures=claim.failures,
            knows_items=knows_items,
        )
        group[number] = result, claim
        matched.append(len(recognised))
        for index, revision in enumerate(result.revisions):
            repeats, row = repeated[index], recognised.get(index)
            arrivals.append(IncomingRevision(number, revision, result.keep_sightings, repeats, row))

    merged = MergeResult([], [])
    if arrivals:
        merged = merge(context.connection, arrivals, now=context.now, compressor=context.compressor)
    counts = [Counter[str]() for _ in group]
    names: list[list[str]] = [[] for _ in group]
    new_names: set[str] = set()
    for arrival, status, name in zip(arrivals, merged.statuses, merged.names, strict=True):
        counts[arrival.result_index][status] += 1
        names[arrival.result_index].append(name)
        if status == "new":
            new_names.add(name)

    _write_captures(context, group)
    store_host_waits(context.connection, [result.host_waits for result, _ in group])

    judged = []
    outcomes = []
    for number, (given_result, claim) in enumerate(group):
        # Articles that were matched by title bear new guids because of that: one note is enough.
        renewed = 0 if matched[number] else merged.renewed_guids.get(number, 0)
        is_positional = number in merged.positional_guids
        result = _apply_guid_changes(
            context, given_result, claim, handed_on=is_positional, renewed=renewed
        )
        if merged.slowed[number]:
            result = _add_note(result, run_notes.slowed_note(merged.slowed[number]))
        judged.append((result, claim))
        outcomes.append(
            _complete_outcome(
                context, result, claim, counts[number], recognised_items=matched[number]
            )
        )
    _write_states_and_outcomes(context, judged, outcomes)
    listed = []
    for number, (result, _) in enumerate(judged):
        known = listings[number]
        listed.append(listing.listing_after_run(result, known, hashes[number], names[number]))
    _update_listings(context, judged, listings, listed, new_names=new_names)
    return outcomes


def _hash_items(result: Result) -> list[str]:
    is_archive = result.keep_sightings
    return [listing.hash_item(revision, is_archive=is_archive) for revision in result.revisions]


def _find_repeated(
    result: Result, listed: listing.KnownListing, hashes: Sequence[str]
) -> list[str | None]:
    """Return for each revision the name of the article of which the source said just this before.

    A document that is older than the last one repeats nothing: it may come before what is stored.
    """
    names = listed.names_by_hash()
    repeated = []
    for revision, item_hash in zip(result.revisions, hashes, strict=True):
        name = names.get(item_hash)
        is_later = result.keep_sightings or micros(revision.captured) >= listed.taken
        found = name if is_later else None
        if found is None and revision.read is not None and revision.read.known_as is not None:
            raise LookupError("an item that was not read is not known")
        repeated.append(found)
    return repeated


def _write_captures(context: _WriteContext, group: Sequence[_ClaimedResult]) -> None:
    captures = []
    for result, claim in group:
        for capture in result.captures:
            captures.append((claim.source_id, capture))
    store_captures(context.connection, captures, context.compressor)


def _match_renamed(
    context: _WriteContext,
    result: Result,
    claim: _Claim,
    listed: listing.KnownListing,
    repeated: Sequence[str | None],
) -> dict[int, int]:
    """Find articles that changed link and guid, if an earlier document was read whole.

    Returns the rows of their entries by the numbers of the revisions.
    """
    is_first_document = claim.first_complete is None
    if result.keep_sightings or is_first_document or not result.revisions:
        return {}
    return match_renamed(
        context.connection,
        result.revisions,
        listed.names(),
        repeated=repeated,
        source_id=claim.source_id,
    )


def _apply_guid_changes(
    context: _WriteContext, result: Result, claim: _Claim, *, handed_on: bool, renewed: int
) -> Result:
    """Note what became of guids.

    Those that are places in a list, or that were renewed before as well, are ignored from now on.
    """
    if handed_on:
        return _ignore_guids(result, run_notes.GUIDS_POSITIONAL)
    if not renewed or claim.first_complete is None:
        return result

    outcome = replace(result.outcome, renewed_guids=renewed)
    result = replace(result, outcome=outcome)
    if run_notes.has_renewed_guids(context.connection, claim.source_id):
        return _ignore_guids(result, run_notes.GUIDS_ALWAYS_RENEWED)
    return _add_note(result, run_notes.renewed_guids_note(renewed))


def _ignore_guids(result: Result, note: str) -> Result:
    state = replace(result.state, by_url=True)
    return replace(_add_note(result, note), state=state)


def _add_note(result: Result, note: str) -> Result:
    outcome = replace(result.outcome, notes=(*result.outcome.notes, note))
    return replace(result, outcome=outcome)


def _complete_outcome(
    context: _WriteContext,
    result: Result,
    claim: _Claim,
    count: Counter[str],
    *,
    recognised_items: int,
) -> Outcome:
    """Complete an outcome with what the merge counted, and with what a person should know of that."""
    notes = list(result.outcome.notes)
    if recognised_items:
        notes.append(run_notes.renamed_items_note(recognised_items))
    flood = run_notes.flood_note(
        context.connection, claim.source_id, new=count["new"], since=claim.first_complete
    )
    if flood:
        notes.append(flood)

    return replace(
        result.outcome,
        new=count["new"],
        changed=count["changed"],
        same=count["same"],
        notes=tuple(notes),
    )


def _update_listings(
    context: _WriteContext,
    group: Sequence[_ClaimedResult],
    known: Sequence[listing.KnownListing],
    listed: Sequence[listing.KnownListing],
    *,
    new_names: AbstractSet[str],
) -> None:
    """Remember what the documents of these runs list, and what they list no more."""
    rows, before, after = [], set[str](), set[str]()
    for number, (_, claim) in enumerate(group):
        if listed[number] == known[number]:
            continue
        packed = listing.pack(listed[number], context.compressor)
        rows.append({"of": claim.source_id, "listing": packed})
        before |= known[number].names()
        after |= listed[number].names()
    if rows:
        change = sa.update(source_state).where(STATE.source_id == sa.bindparam("of"))
        context.connection.execute(change, rows)
        listing.mark_unlisted(
            context.connection,
            gone=before - after,
            come=after - before - new_names,
            now=context.now,
        )


def _write_states_and_outcomes(
    context: _WriteContext, group: Sequence[_ClaimedResult], outcomes: Sequence[Outcome]
) -> None:
    rows = []
    folders = []
    ends = []
    changes = []
    for (result, claim), ended in zip(group, outcomes, strict=True):
        first_complete = claim.first_complete
        if not first_complete and ended.status == "ok" and result.is_complete:
            first_complete = context.now
        row = state_row(result.state)
        rows.append({"of": claim.source_id, **row, "first_complete": first_complete})
        ends.append(outcome_row(ended, claim.source_id, good=is_good(result)))
        if ended.verdict_change is not None:
            changes.append((claim.source_id, ended.verdict_change))
        listed = {name: list(stamp) for name, stamp in result.state.folder.items()}
        if listed != claim.folder:  # the list of a large folder is rewritten only when it differs
            folders.append({"of": claim.source_id, "folder": listed})

    change = sa.update(source_state).where(STATE.source_id == sa.bindparam("of"))
    context.connection.execute(change, rows)
    if folders:
        context.connection.execute(change, folders)
    context.connection.execute(sa.insert(outcome), ends)
    store_changes(context.connection, changes)


def _write_failure(
    context: _WriteContext, result: Result, claim: _Claim, error: Exception
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
    context.connection.execute(
        sa.update(source_state).where(STATE.source_id == claim.source_id).values(ended)
    )
    context.connection.execute(sa.insert(outcome), outcome_row(broken, claim.source_id, good=None))
    return broken
