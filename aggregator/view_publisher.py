"""Publishes the views of a configuration: their files, and the pages of their archives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aggregator import publish
from aggregator.publish.archive import ArchivePage, last_page, page_before, parse_page
from aggregator.view_files import at_address, describe_view, publish_document, source_info
from aggregator.view_kinds import digest_entries, edit_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from aggregator.config import Config, View
    from aggregator.model import Entry
    from aggregator.publish import PublishedDocument, SourceInfo, ViewInfo
    from aggregator.store import Store
    from aggregator.store.view import Selection
    from aggregator.view_files import PublishedView

# Made of articles, they have no articles to archive.
_MADE_KINDS = frozenset({"edits", "digest"})


@dataclass(frozen=True, slots=True)
class _Count:
    """How many entries of a view arrived on a day, up to a row number."""

    day: date
    count: int
    last_row: int


class ViewPublisher:
    """Publishes the views of one configuration.

    `view_entries` and `selection_of` say what a view shows. What arrived today is counted once:
    later only what came since.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        view_entries: Callable[[View], list[Entry]],
        selection_of: Callable[[View], Selection],
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._store = store
        self._view_entries = view_entries
        self._selection_of = selection_of
        self._clock = clock
        self._counts: dict[str, _Count] = {}

    def publish(self) -> dict[tuple[str, str], PublishedView]:
        """Regenerate every view from the store and write what changed. Raises StoreError."""
        sources = self._describe_sources()
        forgotten = tuple(self._store.upkeep.forgotten_entries(self._clock()))
        published = {}
        for view in self._config.views:
            info = describe_view(self._config, view, sources)
            if view.kind not in _MADE_KINDS:
                info = replace(info, forgotten=forgotten)
            entries = self._published_entries(view, info)
            info, shown = self._prepare(info, entries)
            before = self._newest_page(view)
            for kind in publish.OUTPUTS:
                published[view.id, kind] = self._publish_view(view, kind, info, shown, before)
        return published

    def archive_document(self, view: View, name: str, kind: str) -> PublishedDocument | None:
        """Return a page of a view's archive in a format; None if there is no such page.

        Raises: StoreError.
        """
        page = parse_page(name, view.limit)
        if page is None or not _has_archive(view):
            return None
        entries = self.archive_entries(view, page)
        if not entries:
            return None
        info = describe_view(self._config, view, self._describe_sources())
        info, shown = self._prepare(info, entries)
        before = self._page_before(view, page)
        info = at_address(
            info,
            f"views/{view.id}/{name}.{kind}",
            public_url=self._config.server.public_url,
            before=_address(view, before, kind),
            current=f"views/{view.id}.{kind}",
        )
        output = publish.OUTPUTS[kind]
        data = self._config.secrets.hide_in_document(output.write(info, shown))
        return publish.make_document(data, output.content_type)

    def archive_pages(self, view: View) -> Iterator[ArchivePage]:
        """Yield the pages of a view's archive, the newest first. Raises StoreError."""
        page = self._newest_page(view)
        while page is not None:
            yield page
            page = self._page_before(view, page)

    def archive_entries(self, view: View, page: ArchivePage) -> list[Entry]:
        """Return the entries of a page, in the order in which they arrived. Raises StoreError."""
        selection = self._selection_of(view)
        return self._store.archive.entries(selection, page.day, page.first, page.last)

    def _describe_sources(self) -> Mapping[str, SourceInfo]:
        origins = self._store.source_origins()
        return {
            source.id: source_info(source, origins.get(source.id))
            for source in self._config.sources
        }

    def _published_entries(self, view: View, info: ViewInfo) -> list[Entry]:
        """Return what a view publishes: its entries, or what its kind makes of them."""
        if view.kind == "edits":
            return edit_entries(self._store, self._selection_of(view), view.limit)
        if view.kind == "digest":
            return digest_entries(
                self._store,
                self._selection_of(view),
                info,
                period=view.period,
                zone=ZoneInfo(view.timezone),
                limit=view.limit,
                now=self._clock(),
            )
        return self._view_entries(view)

    def _prepare(self, info: ViewInfo, entries: Sequence[Entry]) -> tuple[ViewInfo, list[Entry]]:
        """Return the view with the links of copies, and its entries as all formats show them."""
        copies = {copy for entry in entries for copy in entry.duplicates}
        info = replace(info, links=self._store.entry_urls(copies))
        return info, publish.published_entries(entries, info)

    def _publish_view(
        self,
        view: View,
        kind: str,
        info: ViewInfo,
        shown: list[Entry],
        before: ArchivePage | None,
    ) -> PublishedView:
        """Write a view in one format; the view at /feed.* is rendered for that address as well."""
        public_url = self._config.server.public_url
        older = _address(view, before, kind)
        hide_secrets = self._config.secrets.hide_in_document
        written = publish_document(
            Path(self._config.output) / f"{view.id}.{kind}",
            at_address(info, f"views/{view.id}.{kind}", public_url=public_url, before=older),
            shown,
            hide_secrets=hide_secrets,
        )
        if view is not self._config.feed_view:
            return written

        output = publish.OUTPUTS[kind]
        as_feed = at_address(info, f"feed.{kind}", public_url=public_url, before=older)
        document = publish.make_document(
            hide_secrets(output.write(as_feed, shown)),
            output.content_type,
            last_modified=written.document.last_modified,
        )
        return replace(written, feed_document=document)

    def _newest_page(self, view: View) -> ArchivePage | None:
        """Return the newest page of the archive, which holds what arrived last; None without entries."""
        if not _has_archive(view):
            return None
        today = self._clock().astimezone(UTC).date()
        count = self._count(view, today)
        if count:
            return last_page(today, count, view.limit)
        return self._last_page_before(view, today)

    def _page_before(self, view: View, page: ArchivePage) -> ArchivePage | None:
        return page_before(page, view.limit) or self._last_page_before(view, page.day)

    def _last_page_before(self, view: View, day: date) -> ArchivePage | None:
        selection = self._selection_of(view)
        earlier = self._store.archive.last_day_before(selection, day)
        if earlier is None:
            return None
        count, _ = self._store.archive.count(selection, earlier)
        return last_page(earlier, count, view.limit)

    def _count(self, view: View, day: date) -> int:
        """Count what arrived today, of which what was counted before is known."""
        known = self._counts.get(view.id)
        if known is None or known.day != day:
            known = _Count(day, 0, 0)
        selection = self._selection_of(view)
        count, last_row = self._store.archive.count(selection, day, after=known.last_row)
        self._counts[view.id] = _Count(day, known.count + count, last_row)
        return known.count + count


def _has_archive(view: View) -> bool:
    """Tell whether a view has an archive: not one that drops old entries."""
    return view.shown_for is None and view.kind not in _MADE_KINDS


def _address(view: View, page: ArchivePage | None, kind: str) -> str | None:
    return None if page is None else f"views/{view.id}/{page.name}.{kind}"
