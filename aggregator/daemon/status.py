"""The status of the daemon, and the content that it serves by HTTP (`web.SiteContent`).

The last published views are served while something fails. The health names each failure
as long as it lasts.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.daemon.metrics import DaemonMetrics, Snapshot, StoreFigures
from aggregator.daemon.page_content import read_entry, read_entry_list, read_source
from aggregator.errors import AggregatorError
from aggregator.opml.write import render, select_outlines
from aggregator.publish.status_feed import render_status
from aggregator.source_status import source_statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aggregator.app import App
    from aggregator.model import Outcome
    from aggregator.publish import PublishedDocument, ViewInfo
    from aggregator.source_status import SourceStatus
    from aggregator.store.browse import EntryFilter, EntryPosition
    from aggregator.store.daily_figures import Month
    from aggregator.view_files import PublishedView
    from aggregator.web.site import EntryDetails, EntryList, SourceDetails

logger = logging.getLogger(__name__)
LOG_INTERVAL = timedelta(hours=1)
MOST_LOGGED = 100
STATUS_ENTRIES = 100  # of the feed of verdicts
MAX_TICK_AGE = timedelta(minutes=30)  # three times the longest time between two ticks


@dataclass(frozen=True, slots=True)
class DaemonHealth:
    """Whether the daemon is healthy, and why not."""

    ok: bool
    reasons: tuple[str, ...]
    details: Mapping[str, object]


@dataclass(slots=True)
class DaemonStatus:
    """The state of the daemon and its last published views; changed on the event loop only.

    Each error is a message for people, None without one.
    """

    started: datetime
    last_tick: datetime | None = None
    published: datetime | None = None
    store_error: str | None = None
    publish_error: str | None = None
    config_error: str | None = None
    dead_parts: dict[str, str] = field(default_factory=dict)  # name -> why it died
    published_views: Mapping[tuple[str, str], PublishedView] = field(default_factory=dict)
    metrics: DaemonMetrics = field(default_factory=DaemonMetrics)
    _logged: dict[str, datetime] = field(default_factory=dict)  # error -> when it was logged

    def note_store_failure(self, error: AggregatorError, now: datetime) -> None:
        """Record a failure of the store; the same one is logged once in LOG_INTERVAL."""
        self.store_error = str(error)
        if self._is_to_be_logged(self.store_error, now):
            logger.error("the store failed, the daemon goes on and tries again: %s", error)

    def note_publish_failure(self, error: AggregatorError, now: datetime) -> None:
        """Record a failure of publishing; the same one is logged once in LOG_INTERVAL."""
        self.publish_error = str(error)
        if self._is_to_be_logged(self.publish_error, now):
            logger.error("publishing failed, the last good feeds stay served: %s", error)

    def _is_to_be_logged(self, error: str, now: datetime) -> bool:
        """Tell whether an error is new.

        Where the disk is full, small writes succeed between large ones that fail: that the store
        worked meanwhile does not make the error new.
        """
        logged = self._logged.get(error)
        if logged is not None and abs(now - logged) < LOG_INTERVAL:
            return False
        if len(self._logged) >= MOST_LOGGED:
            self._logged.clear()
        self._logged[error] = now
        return True


class DaemonSite:
    """The content for the HTTP server; `app` returns the current App, `running` the number of runs."""

    def __init__(
        self,
        status: DaemonStatus,
        app: Callable[[], App],
        running: Callable[[], int],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._status = status
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
        published_view = self._status.published_views.get((name, kind))
        if published_view is None:
            return None
        if view_id is None:
            return published_view.feed_document
        return published_view.document

    def archive(self, view_id: str, page: str, kind: str) -> PublishedDocument | None:
        app = self._app()
        for view in app.config.views:
            if view.id == view_id:
                return app.archive_document(view, page, kind)
        return None

    def failing_count(self) -> int:
        return self._app().store.failing_count()

    def entry_list(
        self,
        view_id: str | None,
        wanted: EntryFilter,
        *,
        limit: int,
        before: EntryPosition | None,
    ) -> EntryList | None:
        return read_entry_list(self._app(), view_id, wanted, limit=limit, before=before)

    def entry(self, entry_id: str) -> EntryDetails | None:
        return read_entry(self._app(), entry_id)

    def sources(self) -> Sequence[SourceStatus]:
        app = self._app()
        return source_statuses(app.config, app.store)

    def source(self, source_id: str) -> SourceDetails | None:
        return read_source(self._app(), source_id)

    def month(self, source_id: str | None) -> Month:
        return self._app().store.month(source_id, self._clock())

    def outcomes(self, source_id: str | None, limit: int) -> Sequence[Outcome]:
        return self._app().store.outcomes(source_id, limit)

    def status_feed(self) -> bytes:
        app = self._app()
        changes = app.store.health.changes(STATUS_ENTRIES)
        return render_status(changes, public_url=app.config.server.public_url)

    def allowed_origins(self) -> Sequence[str]:
        return self._app().config.server.allowed_origins

    def opml(self) -> bytes:
        feeds, _ = select_outlines(self._app().config.sources)
        return render("aggregator", feeds)

    def without_secrets(self, page: bytes) -> bytes:
        return self._app().config.secrets.hide_in_document(page)

    def health(self) -> DaemonHealth:
        status = self._status
        hide = self._app().config.secrets.hide
        details: dict[str, object] = {
            "started": status.started.isoformat(timespec="seconds"),
            "published": status.published.isoformat(timespec="seconds")
            if status.published
            else None,
            "configuration": hide(status.config_error or "good"),
            "running": self._running(),
        }
        store_error = status.store_error
        sources, failing = 0, 0
        try:
            sources, failing = self._app().store.count_sources()
        except AggregatorError as error:
            store_error = store_error or str(error)
        else:
            details |= {"sources": sources, "failing": failing}
        reasons = tuple(map(hide, self._reasons(store_error, sources, failing)))
        return DaemonHealth(not reasons, reasons, details)

    def metrics(self, accept: str) -> tuple[bytes, str]:
        status = self._status
        snapshot = Snapshot(
            is_healthy=self.health().ok,
            running=self._running(),
            last_tick=status.last_tick,
            last_publish=status.published,
            published_entries=self._published_counts(),
        )
        with suppress(AggregatorError):  # the health says that the store fails
            snapshot = replace(snapshot, store=self._read_store_figures())
        return status.metrics.render(snapshot, accept)

    def _read_store_figures(self) -> StoreFigures:
        store = self._app().store
        sources, failing = store.count_sources()
        verdicts = store.health.count_verdicts()
        return StoreFigures(sources, failing, *store.extent(), verdicts=verdicts)

    def _published_counts(self) -> dict[str, int]:
        views = self._status.published_views
        return {view: published.entries for (view, _), published in views.items()}

    def _reasons(self, store_error: str | None, sources: int, failing: int) -> list[str]:
        status = self._status
        reasons = []
        if store_error:
            reasons.append(f"the store fails: {store_error}")
        if status.publish_error:
            reasons.append(f"publishing fails: {status.publish_error}")
        last_sign = status.last_tick or status.started
        if self._clock() - last_sign > MAX_TICK_AGE:
            reasons.append("the schedule stands still")
        for part, error in status.dead_parts.items():
            reasons.append(f"the {part} died and is started again: {error}")
        if status.config_error:
            reasons.append("the configuration on disk does not load, the former one is in use")
        if 2 * failing > sources:
            reasons.append(f"{failing} of {sources} sources fail")
        return reasons
