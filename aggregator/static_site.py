"""Writes the whole site as files, for a web server that only serves files.

The site has what the HTTP server shows, but for searches and filters, which nobody answers
there: the feeds, the pages of views with their archives, entries, and sources. A file is
touched only if its bytes change.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING

from aggregator import publish
from aggregator.daemon.page_content import read_entry, read_source
from aggregator.errors import StoreError
from aggregator.opml.write import render, select_outlines
from aggregator.source_status import source_statuses
from aggregator.web.entry_item import entry_path
from aggregator.web.entry_page import render_entry
from aggregator.web.layout import Frame, render_error, root_of
from aggregator.web.list_page import render_list
from aggregator.web.list_query import ListQuery
from aggregator.web.site import EntryList
from aggregator.web.source_pages import render_source, render_sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aggregator.app import App
    from aggregator.config import View
    from aggregator.model import Entry
    from aggregator.publish.archive import ArchivePage
    from aggregator.web.language import Language

# The files of the last time, a line each: what is written no more is deleted.
MANIFEST = ".aggregator-site"


@dataclass(frozen=True, slots=True)
class SiteChanges:
    """How many files were written, stayed the same, and were deleted."""

    written: int
    same: int
    deleted: int


def write_site(app: App, folder: Path, language: Language) -> SiteChanges:
    """Publish the views, and write the site into a folder. Raises StoreError."""
    return _SiteWriter(app, folder, language).write()


class _SiteWriter:
    """Writes one site; it notes every file."""

    def __init__(self, app: App, folder: Path, language: Language) -> None:
        self._app = app
        self._folder = folder
        self._hide_secrets = app.config.secrets.hide_in_document
        main = app.config.feed_view
        others = [view for view in app.config.views if view is not main]
        views = [app.view_info(view) for view in (main, *others)]
        failing = app.store.failing_count()
        self._frame = Frame(language, views=views, failing=failing, is_static=True)
        self._files: dict[str, bool] = {}  # path -> whether its bytes changed
        self._entries: dict[str, None] = {}  # ids of the entries that a page shows

    def write(self) -> SiteChanges:
        self._write_feeds()
        for view in self._app.config.views:
            self._write_view(view)
        self._write_entries()
        self._write_sources()
        self._write("style.css", files("aggregator.web").joinpath("style.css").read_bytes())
        self._write_page("404.html", render_error(self._frame_at("404.html"), 404, "Not Found"))
        self._write(".nojekyll", b"")  # GitHub Pages leaves the files as they are
        deleted = self._delete_former()
        written = sum(self._files.values())
        return SiteChanges(written, len(self._files) - written, deleted)

    def _write_feeds(self) -> None:
        for (view_id, kind), published in self._app.publish().items():
            self._write(f"views/{view_id}.{kind}", published.document.data)
            if published.feed_document is not None:
                self._write(f"feed.{kind}", published.feed_document.data)
        feeds, _ = select_outlines(self._app.config.sources)
        self._write_page("sources.opml", render("aggregator", feeds))

    def _write_view(self, view: View) -> None:
        """Write the page of a view, and the pages of its archive in every format."""
        path = f"views/{view.id}.html"
        if view is self._app.config.feed_view:
            path = "index.html"
        pages = list(self._app.archive_pages(view))
        shown = self._app.view_entries(view)
        self._write_list(path, view, shown, self._first_with_more(view, pages, shown))
        for number, page in enumerate(pages):
            base = f"views/{view.id}/{page.name}"
            for kind in publish.OUTPUTS:
                document = self._app.archive_document(view, page.name, kind)
                if document is not None:
                    self._write(f"{base}.{kind}", document.data)
            entries = self._app.archive_entries(view, page)
            self._write_list(f"{base}.html", view, entries, pages[number + 1 : number + 2])

    def _first_with_more(
        self, view: View, pages: Sequence[ArchivePage], shown: Sequence[Entry]
    ) -> Sequence[ArchivePage]:
        """Return the newest page of an archive with an entry that is not shown; () for none."""
        ids = {entry.id for entry in shown}
        for page in pages:
            if any(entry.id not in ids for entry in self._app.archive_entries(view, page)):
                return (page,)
        return ()

    def _write_list(
        self, path: str, view: View, entries: Sequence[Entry], older: Sequence[ArchivePage]
    ) -> None:
        self._entries |= dict.fromkeys(entry.id for entry in entries)
        frame = self._frame_at(path)
        copies = {copy for entry in entries for copy in entry.duplicates}
        found = EntryList(
            self._app.view_info(view),
            sorted(entries, key=lambda entry: entry.published, reverse=True),
            self._app.store.headlines(copies),
        )
        self._entries |= dict.fromkeys(copies)
        if older:
            address = frame.page_address("views", view.id, older[0].name)
            found = replace(found, has_older=True, older_address=address)
        self._write_page(path, render_list(frame, found, ListQuery()))

    def _write_entries(self) -> None:
        for entry_id in self._entries:
            details = read_entry(self._app, entry_id)
            if details is not None:
                path = f"entries/{entry_path(details.entry.id)}.html"
                self._write_page(path, render_entry(self._frame_at(path), details))

    def _write_sources(self) -> None:
        statuses = source_statuses(self._app.config, self._app.store)
        month = self._app.store.month(None, self._app.clock())
        page = render_sources(self._frame_at("sources.html"), statuses, month)
        self._write_page("sources.html", page)
        for status in statuses:
            details = read_source(self._app, status.source.id)
            if details is not None:
                path = f"sources/{status.source.id}.html"
                self._write_page(path, render_source(self._frame_at(path), details, month))

    def _frame_at(self, path: str) -> Frame:
        return replace(self._frame, root=root_of(f"/{path}"))

    def _write_page(self, path: str, data: bytes) -> None:
        self._write(path, self._hide_secrets(data))

    def _write(self, path: str, data: bytes) -> None:
        self._files[path] = publish.write_file(self._folder / path, data)

    def _delete_former(self) -> int:
        """Delete the files that were written the last time and not now."""
        manifest = self._folder / MANIFEST
        former: set[str] = set()
        with suppress(FileNotFoundError):
            former = set(manifest.read_text(encoding="utf-8").splitlines())
        deleted = 0
        for path in sorted(former - self._files.keys()):
            target = self._folder / path
            if target.resolve().is_relative_to(self._folder.resolve()) and target.is_file():
                try:
                    target.unlink()
                except OSError as error:
                    raise StoreError(f"cannot delete {target}: {error.strerror}") from error
                deleted += 1
        publish.write_file(manifest, "\n".join(sorted(self._files)).encode() + b"\n")
        return deleted
