"""Reads what the pages show from the store; every function is called in a worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from aggregator.revisions import compare_revisions
from aggregator.source_status import SourceStatus
from aggregator.store.browse import narrow_selection
from aggregator.web.site import EntryDetails, EntryList, SourceDetails

if TYPE_CHECKING:
    from aggregator.app import App
    from aggregator.config import View
    from aggregator.model import Entry
    from aggregator.store.browse import EntryFilter, EntryPosition

_MAX_STATEMENTS = 12
_MAX_COPIES = 20
_MAX_REVISIONS = 6
_OUTCOMES_SHOWN = 50


def read_entry_list(
    app: App,
    view_id: str | None,
    wanted: EntryFilter,
    *,
    limit: int,
    before: EntryPosition | None,
) -> EntryList | None:
    """Return a page of a view, None if there is no such view."""
    view = _find_view(app, view_id)
    if view is None:
        return None
    info = app.view_info(view)
    selection = narrow_selection(app.selection_of(view), wanted)
    if selection is None:
        return EntryList(info)

    found = app.store.browse(limit + 1, selection=selection, search=wanted.search, before=before)
    if view.keep is not None:
        oldest = app.clock() - view.keep
        found = [entry for entry in found if entry.published >= oldest]
    entries = found[:limit]
    duplicates = {copy for entry in entries for copy in entry.duplicates}
    copies = app.store.headlines(duplicates)
    return EntryList(info, entries, copies, has_older=len(found) > limit)


def _find_view(app: App, view_id: str | None) -> View | None:
    if view_id is None:
        return app.config.feed_view
    for view in app.config.views:
        if view.id == view_id:
            return view
    return None


def read_entry(app: App, entry_id: str) -> EntryDetails | None:
    """Return an entry by its UUID or a former one, with all that is known of it; None if there is none."""
    try:
        uid = UUID(entry_id.removeprefix("urn:uuid:"))
    except ValueError:
        return None
    found = app.store.find_entries(uid.urn)
    if not found:
        return None

    entry = found[0]
    copies = app.store.headlines(entry.duplicates[:_MAX_COPIES])
    revisions = compare_revisions(app.store.history(entry.id))
    return EntryDetails(
        entry,
        statements=_read_statements(app, entry),
        copies=tuple(copies.values()),
        revisions=revisions[-_MAX_REVISIONS:],
        left_out=max(0, len(revisions) - _MAX_REVISIONS),
    )


def _read_statements(app: App, entry: Entry) -> list[Entry]:
    statements = []
    for teller in entry.tellers[:_MAX_STATEMENTS]:
        statement = app.store.statement(entry.id, source=teller.source)
        if statement is not None:
            statements.append(statement)
    return statements


def read_source(app: App, source_id: str) -> SourceDetails | None:
    """Return a source with its newest runs, None if it is not configured."""
    for source in app.config.sources:
        if source.id == source_id:
            break
    else:
        return None

    states = {state.source: state for state in app.store.states()}
    outcomes = app.store.outcomes(source_id, _OUTCOMES_SHOWN)
    items = app.store.entry_counts().get(source_id, 0)
    last = outcomes[0] if outcomes else None
    return SourceDetails(SourceStatus(source, states.get(source_id), last, items), outcomes)
