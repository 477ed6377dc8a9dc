"""The diagnosis of one source: its verdict, the captures before and after, and a repair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.doctor.repair import Repair, propose_repair
from aggregator.health.verdict import CALM
from aggregator.normalize.url import document_key
from aggregator.source_health import WELL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from aggregator.config import Source
    from aggregator.model import Capture, SourceState
    from aggregator.rules.compiled import Sites
    from aggregator.source_health import SourceHealth
    from aggregator.store import Store


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of a source; captures are None where the store has none of that time.

    `repair` is None where nothing is to be repaired by rules.
    """

    source: Source
    health: SourceHealth
    has_run: bool
    good: Capture | None = None
    bad: Capture | None = None
    repair: Repair | None = None

    @property
    def is_well(self) -> bool:
        """Whether nothing needs to be done."""
        return self.health.verdict in CALM


def diagnose(source: Source, store: Store, sites: Sites) -> Diagnosis:
    """Say what is wrong with a source. Raises StoreError."""
    state = next((one for one in store.states() if one.source == source.id), None)
    if state is None or state.last_run is None:
        return Diagnosis(source, WELL, has_run=False)

    health = state.health
    if health.bad_since is None:
        return Diagnosis(source, health, has_run=True)

    captures = _captures_of_list(source, state, store.captures(source.id))
    good, bad = _before_and_after(captures, health.bad_since)
    repair = None
    if good is not None and bad is not None and state.detected_adapter == "page":
        repair = propose_repair(source, good, bad, sites)
    return Diagnosis(source, health, True, good, bad, repair)


def _captures_of_list(
    source: Source, state: SourceState, captures: Iterable[Capture]
) -> list[Capture]:
    """Return the captures of the source's own document, without those of articles' pages."""
    urls = {source.url, state.moved_to, state.discovered_feed}
    if state.validators is not None:
        urls.add(state.validators.url)
    keys = {document_key(url) for url in urls if url}
    return [capture for capture in captures if document_key(capture.url) in keys]


def _before_and_after(
    captures: Iterable[Capture], bad_since: datetime
) -> tuple[Capture | None, Capture | None]:
    """Return the last capture before a moment, and the first one after it."""
    good = None
    for capture in captures:
        if capture.taken >= bad_since:
            return good, capture
        good = capture
    return good, None
