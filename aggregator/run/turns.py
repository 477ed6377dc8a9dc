"""Which sources have had their turn in one cycle: each is asked once, however long the cycle takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.run.result import UNREAD_REASON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from aggregator.model import SourceState


@dataclass(slots=True)
class Turns:
    """The turns of a cycle that began at `began`; `ran` are the sources that ran so far.

    A source runs again only if its run was postponed, or if it has more to read: a large folder.
    """

    began: datetime
    ran: set[str] = field(default_factory=set)
    _finished: set[str] = field(default_factory=set)

    def start(self, states: Iterable[SourceState]) -> None:
        """Note that these sources run."""
        self.ran |= {state.source for state in states}

    def find_finished(self, states: Iterable[SourceState]) -> list[SourceState]:
        """Return those that are due again although they have had their turn, and remember them."""
        finished = [state for state in states if self._is_finished(state)]
        self._finished |= {state.source for state in finished}
        return finished

    def without_finished(
        self, sources: Collection[str] | None, everything: Collection[str]
    ) -> Collection[str] | None:
        """Return the sources that may be claimed; None for all that there are (`everything`)."""
        if not self._finished:
            return sources
        if sources is None:
            sources = everything
        return set(sources) - self._finished

    def _is_finished(self, state: SourceState) -> bool:
        if state.source not in self.ran or state.reason == UNREAD_REASON:
            return False
        return state.last_run is not None and state.last_run >= self.began
