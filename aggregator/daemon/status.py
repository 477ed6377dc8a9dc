"""What HTTP sees of the daemon (`web.Site`), and how the daemon is.

Rule: what was published last is served, whatever fails meanwhile; what fails is told in words, and no longer than it
lasts.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aggregator.app import App, PublishedView
    from aggregator.model import Entry
    from aggregator.publish import PublishedDocument, ViewInfo

logger = logging.getLogger(__name__)
STANDSTILL = timedelta(minutes=30)  # ticks are never further apart than a third of it


@dataclass(frozen=True, slots=True)
class DaemonHealth:
    """Whether we are well, and why not."""

    ok: bool
    reasons: tuple[str, ...]
    details: Mapping[str, object]


@dataclass(slots=True)
class DaemonStatus:
    """How the daemon is, and what it published last; written in the event loop alone.

    Each error is what to tell people of it, None where all is well.
    """

    started: datetime
    last_tick: datetime | None = None
    published: datetime | None = None
    store_error: str | None = None
    publish_error: str | None = None
    config_error: str | None = None
    dead_parts: dict[str, str] = field(default_factory=dict)  # name -> why it died
    published_views: Mapping[tuple[str, str], PublishedView] = field(default_factory=dict)

    def store_fails(self, error: AggregatorError) -> None:
        """Tell it once, however often it is tried."""
        if self.store_error != str(error):
            logger.error("the store failed, the daemon goes on and tries again: %s", error)
        self.store_error = str(error)

    def publishing_fails(self, error: AggregatorError) -> None:
        """Tell it once, however often it is tried."""
        if self.publish_error != str(error):
            logger.error("publishing failed, the last good feeds stay served: %s", error)
        self.publish_error = str(error)


class DaemonSite:
    """The daemon as HTTP sees it; `app` gives the present one, `running` the number of runs under way."""

    def __init__(
        self,
        condition: DaemonStatus,
        app: Callable[[], App],
        running: Callable[[], int],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._condition = condition
        self._app = app
        self._running = running
        self._clock = clock

    def views(self) -> Sequence[ViewInfo]:
        app = self._app()
        main = app.config.feed_view
        others = [view for view in app.config.views if view is not main]
        return [app.view_info(view) for view in (main, *others)]

    def view(self, view_id: str | None, kind: str) -> PublishedDocument | None:
        name = view_id or self._app().config.feed_view.id
        published_view = self._condition.published_views.get((name, kind))
        return published_view.document if published_view else None

    def latest(self, limit: int) -> Sequence[Entry]:
        app = self._app()
        return app.view_entries(app.config.feed_view, limit)

    def health(self) -> DaemonHealth:
        condition = self._condition
        details: dict[str, object] = {
            "started": condition.started.isoformat(timespec="seconds"),
            "published": condition.published.isoformat(timespec="seconds")
            if condition.published
            else None,
            "configuration": condition.config_error or "good",
            "running": self._running(),
        }
        store_error = condition.store_error
        try:
            states = self._app().store.states()
        except AggregatorError as error:
            store_error = store_error or str(error)
        else:
            details |= {
                "sources": len(states),
                "failing": sum(state.failures > 0 for state in states),
            }
        reasons = tuple(self._reasons(store_error))
        return DaemonHealth(not reasons, reasons, details)

    def _reasons(self, store_error: str | None) -> list[str]:
        status = self._condition
        reasons = []
        if store_error:
            reasons.append(f"the store fails: {store_error}")
        if status.publish_error:
            reasons.append(f"publishing fails: {status.publish_error}")
        last_sign = status.last_tick or status.started
        if self._clock() - last_sign > STANDSTILL:
            reasons.append("the schedule stands still")
        for part, error in status.dead_parts.items():
            reasons.append(f"the {part} died and is started again: {error}")
        return reasons
