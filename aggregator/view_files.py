"""The published views as files: their documents, and the files of views that are gone."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from aggregator import publish
from aggregator.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aggregator.config import Config, Source, View
    from aggregator.model import Entry
    from aggregator.publish import PublishedDocument, SourceInfo, ViewInfo
    from aggregator.store.document_columns import SourceOrigin


@dataclass(frozen=True, slots=True)
class PublishedView:
    """A published view in one format; `has_changed` says whether the bytes of its file changed.

    `entries` is how many entries it shows. `groups` of them stand for copies as well, of which
    `copies` are not shown. `feed_document` is the document as it is served at /feed.*, None for
    views that are not.
    """

    path: Path
    has_changed: bool
    document: PublishedDocument
    entries: int
    groups: int
    copies: int
    feed_document: PublishedDocument | None = None


def describe_view(config: Config, view: View, sources: Mapping[str, SourceInfo]) -> ViewInfo:
    """Return what all documents of a view say of it."""
    info = publish.ViewInfo(
        view.id,
        view.title,
        sources=sources,
        description=view.description,
        icon_url=view.icon,
        content=view.content,
        kind=view.kind,
    )
    if not config.server.public_url:
        return info
    return replace(info, home_url=f"{config.server.public_url.rstrip('/')}/")


def at_address(
    info: ViewInfo,
    path: str,
    *,
    public_url: str | None,
    before: str | None = None,
    current: str | None = None,
) -> ViewInfo:
    """Return what a document at `path` says of its view.

    `before` is the path of the archive page before it, `current` that of the feed if the document
    is an archive page itself. Paths are below the root of the server. Without a public URL the
    document names no address of its own, and links are relative.
    """

    def link(to: str | None) -> str | None:
        if to is None:
            return None
        if public_url:
            return f"{public_url.rstrip('/')}/{to}"
        return posixpath.relpath(to, posixpath.dirname(path) or ".")

    own = link(path) if public_url else None
    return replace(info, self_url=own, previous_archive_url=link(before), current_url=link(current))


def source_info(source: Source, origin: SourceOrigin | None) -> SourceInfo:
    """Return what a view says of a source; `origin` is None if nothing is known of what it says."""
    location = strip_credentials(source.display_location)
    if origin is None:
        return publish.SourceInfo(source.name or source.id, location)

    feed_url = strip_credentials(origin.discovered_feed)
    if feed_url is None and origin.adapter == "feed":
        feed_url = location
    name = source.name or origin.feed.title or source.id
    return publish.SourceInfo(name, location, feed_url, origin.feed)


def publish_document(
    path: Path,
    info: ViewInfo,
    shown: Sequence[Entry],
    *,
    hide_secrets: Callable[[bytes], bytes],
) -> PublishedView:
    """Write the document of a view if that changes its file; the suffix names the format. Raises StoreError.

    `shown` are its entries as `publish.published_entries` makes them.
    """
    output = publish.OUTPUTS[path.suffix.removeprefix(".")]
    data = hide_secrets(output.write(info, shown))
    written = publish.write_file(path, data)
    copies = {copy for entry in shown for copy in entry.duplicates}
    hidden = copies - {entry.id for entry in shown}
    return PublishedView(
        path,
        written,
        publish.make_document(data, output.content_type, last_modified=_modified_at(path)),
        entries=len(shown),
        groups=sum(1 for entry in shown if not hidden.isdisjoint(entry.duplicates)),
        copies=len(hidden),
    )


def remove_view_files(former: Config, config: Config) -> dict[Path, bool]:
    """Delete the published files of views that are no longer configured; tell for each if it was deleted."""
    views = {view.id for view in config.views}
    removed = {}
    for view in former.views:
        for kind in publish.OUTPUTS:
            path = Path(former.output) / f"{view.id}.{kind}"
            if view.id not in views and path.exists():
                removed[path] = publish.remove_view_file(path, view.id)
    return removed


def stray_view_files(config: Config) -> list[Path]:
    """List published files of views that are not configured.

    They are not deleted, because another configuration may write them.
    """
    views = {view.id for view in config.views}
    stray = []
    for kind in publish.OUTPUTS:
        for path in sorted(Path(config.output).glob(f"*.{kind}")):
            with suppress(OSError):
                if path.stem not in views and publish.is_view_file(path, path.stem):
                    stray.append(path)
    return stray


def strip_credentials(url: str | None) -> str | None:
    """Return a URL without user name and password."""
    if url is None:
        return None
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _modified_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    except OSError as error:
        raise StoreError(
            f"cannot read {path}, which was written just now: {error.strerror}"
        ) from error
